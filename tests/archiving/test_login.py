"""Logging in where asked: after asking as a visitor, to that exact host, and without a trace."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archiving.test_markers import everything_in
from fake_lemmy import Account, Instance, Request, Server, faults, mirror, thread
from fake_lemmy.answers import Answer
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving.accounts import CodeNeededError, find_door, instance_in, log_in, log_out
from thread_archive.exceptions import AccessDeniedError, InputError, ServerFailedError
from thread_archive.fetching.client import Client

URL = "http://home.test/post/1"
TOKEN = "a-very-secret-token"
ACCOUNT = Account(person_id=3, name="mara_finch", password="correct horse", token=TOKEN)


def tokens(instance: str) -> str | None:
    return TOKEN if instance == "home.test" else None


@pytest.mark.parametrize("instance", [v3(private=True), v4(private=True)], ids=["0.19", "1.0"])
def test_a_private_thread_is_refused_to_visitors_and_given_to_an_account(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["one", "two"])
    world.accounts.append(ACCOUNT)
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.before.clear()
        (refused,) = add(archive, server, URL)
        assert (refused.exit_code, refused.error.type) == (3, "AccessDeniedError")  # type: ignore[union-attr]
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert (receipt.status, receipt.stored) == ("complete", 2)
        assert rows(archive, "SELECT DISTINCT restricted FROM comments") == [(1,)]
        assert rows(archive, "SELECT restricted FROM posts") == [(1,)]
        archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert TOKEN.encode() not in everything_in(tmp_path)


def test_only_what_visitors_are_not_shown_is_asked_for_with_the_login(tmp_path: Path) -> None:
    world = thread(v4(), ["one", "two"])
    world.accounts.append(ACCOUNT)
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert receipt.status == "complete"
        assert not [request for request in server.requests if "authorization" in request.headers]
        assert rows(archive, "SELECT DISTINCT restricted FROM comments") == [(0,)]


def test_comments_that_1_0_hides_from_visitors_are_restricted(tmp_path: Path) -> None:
    world = thread(v4(), ["one", "two"], post={"nsfw": True, "local": False})
    world.accounts.append(ACCOUNT)
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 2, ())
        assert rows(archive, "SELECT DISTINCT restricted FROM comments") == [(1,)]
        assert rows(archive, "SELECT restricted FROM posts") == [(0,)]


def test_the_login_never_goes_to_the_threads_home(tmp_path: Path) -> None:
    home = thread(v3("elsewhere.test"), ["one"])
    copy = mirror(home, v3("home.test", private=True))
    copy.accounts.append(Account(person_id=1003, name="mara_finch", password="x", token=TOKEN))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1001", login=True, tokens=lambda _: TOKEN)
        assert receipt.error is None
        sent = {request.domain for request in server.requests if "authorization" in request.headers}
        assert sent == {"home.test"}


def test_comments_that_visitors_are_shown_are_stored_though_the_login_is_refused(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one", "two", "three"])) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.losing(2))
        server.faults.add(refusing_logins)
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert "refuses the login" in receipt.sources[0].error.message  # type: ignore[union-attr]
        assert rows(archive, "SELECT body, restricted FROM comments WHERE ap_id IS NOT NULL ORDER BY id") == [
            ("one", 0),
            ("three", 0),
        ]


def echo(request: Request, answer: Answer, status: int) -> Answer:
    """The answer as a server gives it that repeats the login in its body and its headers."""
    sent = request.headers.get("authorization")
    if sent is None:
        return answer
    body = {**answer.body, "sent": sent} if status == 200 else {"error": f"bad {sent}"}
    return replace(answer, status=status, body=body, headers={**answer.headers, "etag": f'"{sent}"'})


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (401, 3)])
@pytest.mark.parametrize("instance", [v3(private=True), v4(private=True)], ids=["0.19", "1.0"])
def test_a_server_that_repeats_the_login_does_not_bring_it_into_the_archive_or_the_receipt(
    tmp_path: Path, instance: Instance, status: int, exit_code: int
) -> None:
    world = thread(instance, ["one", "two"])
    world.accounts.append(ACCOUNT)
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(lambda request, answer: echo(request, answer, status))
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert receipt.exit_code == exit_code
        assert TOKEN not in json.dumps(receipt.as_json())
        withheld = [told for (told,) in rows(archive, "SELECT withheld FROM exchanges WHERE logged_in")]
        assert all(("/sent" if status == 200 else "/error") in json.loads(told) for told in withheld)
        assert TOKEN.encode() not in everything_in(tmp_path)


def asking(server: Server) -> Client:
    return Client(rate=0, allow_private_network=True, resolver=server.resolver)


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
def test_a_name_and_a_password_give_a_token(instance: Instance) -> None:
    world = thread(instance)
    world.accounts.append(ACCOUNT)
    with Server(world) as server, asking(server) as client:
        there = find_door(client, *instance_in("http://home.test"))
        assert log_in(client, there, name="mara_finch", password="correct horse") == TOKEN
        with pytest.raises(AccessDeniedError, match="incorrect_login") as refused:
            log_in(client, there, name="mara_finch", password="battery staple")
        assert "battery" not in str(refused.value)


def test_an_account_with_an_authenticator_is_asked_for_its_code() -> None:
    world = thread(v3())
    world.accounts.append(Account(person_id=3, name="mara_finch", password="x", token=TOKEN, totp="123456"))
    with Server(world) as server, asking(server) as client:
        there = find_door(client, *instance_in("http://home.test"))
        with pytest.raises(CodeNeededError):
            log_in(client, there, name="mara_finch", password="x")
        assert log_in(client, there, name="mara_finch", password="x", code="123456") == TOKEN


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
def test_who_logs_out_is_forgotten_at_the_instance(instance: Instance) -> None:
    world = thread(instance)
    world.accounts.append(Account(person_id=3, name="mara_finch", password="x", token=TOKEN))
    with Server(world) as server, asking(server) as client:
        there = find_door(client, *instance_in("http://home.test"))
        log_out(client, there, token=TOKEN)
        assert world.account(TOKEN) is None
        log_out(client, there, token=TOKEN)
        server.faults.add(faults.says("{}", 404), path="logout")
        with pytest.raises(ServerFailedError, match="answered 404 to the logout"):
            log_out(client, there, token=TOKEN)


def test_a_login_on_0_18_is_refused_before_a_password_is_asked_for() -> None:
    with Server(thread(v3(version="0.18.5"))) as server, asking(server) as client:
        with pytest.raises(InputError, match="within URLs"):
            find_door(client, *instance_in("http://home.test"))
        assert not [request for request in server.requests if request.method == "POST"]


def test_who_has_no_login_is_told_so_where_one_would_be_used(tmp_path: Path) -> None:
    with Server(thread(v3(private=True))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True)
        assert receipt.exit_code == 3
        assert "No login is kept for home.test." in receipt.error.message  # type: ignore[union-attr]
        assert "thread-archive login home.test" in receipt.error.next  # type: ignore[union-attr]


@pytest.mark.parametrize("instance", [v3(private=True), v4(private=True)], ids=["0.19", "1.0"])
def test_a_login_that_is_refused_is_to_be_renewed(tmp_path: Path, instance: Instance) -> None:
    with Server(thread(instance)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True, tokens=lambda _: "wrong")
        assert receipt.exit_code == 3
        assert "home.test refuses the login that is kept for it" in receipt.error.message  # type: ignore[union-attr]
        assert "Log in again" in receipt.error.next  # type: ignore[union-attr]


def unreadable(_instance: str) -> str | None:
    raise InputError("The keyring cannot be read.", next="Unlock it.")


def test_a_keyring_that_cannot_be_read_ends_with_its_own_error(tmp_path: Path) -> None:
    with Server(thread(v3(private=True))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True, tokens=unreadable)
        assert receipt.exit_code == 2
        assert receipt.error.message == "The keyring cannot be read."  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [(lambda _: None, "No login is kept for home.test."), (unreadable, "The keyring cannot be read.")],
    ids=["none", "unreadable"],
)
def test_what_visitors_are_shown_is_archived_though_there_is_no_login(
    tmp_path: Path, tokens: Callable[[str], str | None], message: str
) -> None:
    world = thread(v4(), ["one", "two"], post={"nsfw": True, "local": False})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        (visited,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored, receipt.missing) == ("partial", visited.stored, visited.missing)
        assert message in receipt.sources[0].error.message  # type: ignore[union-attr]


def refusing_logins(request: Request, answer: Answer) -> Answer:
    return Answer.json({"error": "not_logged_in"}, 401) if "authorization" in request.headers else answer


def test_what_visitors_are_shown_is_archived_though_the_login_is_refused(tmp_path: Path) -> None:
    world = thread(v4(), ["one", "two"], post={"nsfw": True, "local": False})
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(refusing_logins)
        (receipt,) = add(archive, server, URL, login=True, tokens=tokens)
        assert (receipt.status, receipt.error) == ("partial", None)
        assert "refuses the login" in receipt.sources[0].error.message  # type: ignore[union-attr]
