"""What an address tells besides the thread: other software, a saved copy, another way of writing a host."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Server, faults, grow, thread
from runs import add, archive_in, rows, v3
from thread_archive.archiving import Receipt, targets
from thread_archive.archiving.receipts import Problem
from thread_archive.archiving.redacting import redact
from thread_archive.cli.options import find_thread
from thread_archive.exceptions import UnknownThreadError
from thread_archive.store import takedowns
from thread_archive.takedowns import MARK

STRANGE = "xn--strae-oqa.test"


def problem(receipt: Receipt, exit_code: int = 3) -> Problem:
    assert (receipt.status, receipt.exit_code) == ("failed", exit_code)
    assert receipt.error is not None
    return receipt.error


def runs(name: str, version: str) -> faults.Change:
    return faults.says(f'{{"software": {{"name": "{name}", "version": "{version}"}}}}')


@pytest.mark.parametrize(
    ("path", "software"),
    [
        ("/c/boats/p/1/a-title", "piefed"), ("/c/boats@far.test/p/1/a-title#comment_2", "piefed"),
        ("/post/1/comment/2", "piefed"),
        ("/post/1", "piefed"), ("/api/alpha/post?id=1", "piefed"), ("/m/boats/t/1/a-title", "mbin"),
        ("/m/boats/t/1/-/comment/2", "mbin"), ("/m/boats@far.test/t/1", "kbin"), ("/api/entry/1", "mbin"),
    ],
)  # fmt: skip
def test_a_server_of_other_software_is_asked_what_it_runs_and_that_is_told(
    tmp_path: Path, path: str, software: str
) -> None:
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        server.faults.add(runs(software, "1.7.5"), path="/nodeinfo/2")
        (receipt,) = add(archive, server, f"http://home.test{path}")
        error = problem(receipt)
        assert error.message == f"home.test runs {software} 1.7.5, which thread-archive cannot read yet."
        assert "give the address of the thread on one of them, as in https://INSTANCE/post/ID" in error.next
        assert ("The community is at home on far.test" in error.next) == ("far.test" in path)
        assert all("nodeinfo" in target for target in server.targets())


def test_no_thread_of_lemmys_is_taken_for_that_of_an_address_which_other_software_writes(tmp_path: Path) -> None:
    with Server(grow(thread(v3()), 3, Random(1))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/m/boats/t/1/a-title")
        assert "runs lemmy 0.19.20, which has no addresses like /m/boats/t/1" in problem(receipt).message
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://home.test/c/boats/p/1/a-title", "By its address it runs PieFed"),
        ("https://web.archive.org/web/2023/http://home.test/post/1", "web.archive.org is not read yet"),
    ],
)
@pytest.mark.parametrize(
    "door",
    [faults.says("", 401), faults.says("", 404), faults.says("<title>Captcha</title>", 200, "text/html")],
    ids=["a password", "nothing", "a wall"],
)
def test_what_an_address_tells_is_told_at_a_closed_door_too(
    tmp_path: Path, address: str, told: str, door: faults.Change
) -> None:
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        server.faults.add(door, path="/api/")
        (receipt,) = add(archive, server, address)
        assert problem(receipt).message.startswith("home.test runs Lemmy 0.19.20 and ")
        assert told in problem(receipt).message


def test_of_a_dead_server_the_address_still_tells_the_software(tmp_path: Path) -> None:
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "https://dead.test/m/boats/t/1/a-title")
        assert "By its address it runs Mbin or kbin, which thread-archive cannot read yet" in problem(receipt).message


@pytest.mark.parametrize(
    ("before", "copy"),
    [("https://web.archive.org/web/2023/", "web.archive.org"), ("https://archive.ph/", "archive.ph")],
)
def test_the_saved_copy_of_a_thread_whose_server_is_gone_is_not_read_and_that_is_said(
    tmp_path: Path, before: str, copy: str
) -> None:
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, f"{before}https://dead.test/post/1", allow_private_network=False)
        error = problem(receipt)
        assert error.message.startswith("dead.test is gone, or cannot be reached now.")
        assert error.message.endswith(f"The saved copy of the thread on {copy} is not read yet.")
        assert "typing errors" not in error.next
        assert "Other Lemmy servers keep the threads of servers that are gone" in error.next
        (receipt,) = add(archive, server, "https://dead.test/post/1")
        assert "saved copy" not in problem(receipt).message


def test_what_a_saved_copy_could_help_with_names_it(tmp_path: Path) -> None:
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "https://web.archive.org/web/2023/http://home.test/post/9")
        assert problem(receipt).type == "ThreadGoneError"
        assert "The saved copy of the thread on web.archive.org is not read yet" in problem(receipt).message


def test_a_saved_copy_of_a_thread_that_is_still_there_is_the_thread(tmp_path: Path) -> None:
    with Server(grow(thread(v3()), 3, Random(1))) as server, archive_in(tmp_path) as archive:
        copy = "See https://web.archive.org/web/*/http://home.test/post/1."
        (first, second) = add(archive, server, copy, "http://home.test/post/1")
        assert (first.status, first.url, first.stored) == ("complete", copy, 3)
        assert (second.status, second.thread) == ("complete", first.thread)
        assert rows(archive, "SELECT count(*) FROM captures WHERE kind = 'visit'") == [(1,)]


def test_both_ways_of_writing_a_host_are_one_instance(tmp_path: Path) -> None:
    with Server(grow(thread(v3(STRANGE)), 3, Random(1))) as server, archive_in(tmp_path) as archive:
        receipts = add(archive, server, "http://straße.test/post/1", f"http://{STRANGE.upper()}/post/1")
        assert {receipt.status for receipt in receipts} == {"complete"}
        assert {source.instance for receipt in receipts for source in receipt.sources} == {STRANGE}
        assert rows(archive, "SELECT count(*) FROM instances WHERE domain LIKE '%stra%'") == [(1,)]
        ((ap_id, name),) = rows(archive, "SELECT ap_id, name FROM people ORDER BY id LIMIT 1")
        for who in (f"{name}@straße.test", f"@{name}@Straße.test\u200b", f"http://straße.test/u/{name}", ap_id):
            assert targets.person(archive, who).name == ap_id


def test_a_redacted_person_is_mentioned_by_no_way_of_writing_the_host(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        redact(archive, targets.person(archive, "mara@Straße.test"), now=datetime(2026, 4, 1, tzinfo=UTC))
        text = f"@mara@straße.test, @mara@{STRANGE} and https://straße.test/u/mara, not @mara@strasse.test"
        assert takedowns.load(archive).rewrite(text) == f"{MARK}, {MARK} and {MARK}, not @mara@strasse.test"


def test_a_thread_of_other_software_that_a_server_has_is_found_by_any_address_of_it(tmp_path: Path) -> None:
    world = grow(thread(v3()), 3, Random(1))
    ap_id = "https://mbin.test/m/boats/t/7"
    world.posts[1] = replace(world.posts[1], ap_id=ap_id)
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert receipt.thread == ap_id
        found = find_thread(archive, "http://home.test/post/1")
        assert find_thread(archive, f"See <{ap_id}/a-title>.") == found
        with pytest.raises(UnknownThreadError):
            find_thread(archive, "https://mbin.test/m/boats/p/7/a-title")


def test_a_comment_is_found_by_an_address_in_a_sentence(tmp_path: Path) -> None:
    with Server(grow(thread(v3()), 3, Random(1))) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        found = targets.comment(archive, "this one: <http://home.test/post/1/2>.")
        assert found.name == "http://home.test/comment/2"
        assert targets.comment(archive, "see https://other.test/comment/7!").name == "https://other.test/comment/7"
        mbin = "https://mbin.test/m/boats/t/1/-/comment/7"
        assert targets.comment(archive, f"{mbin}.").name == mbin
