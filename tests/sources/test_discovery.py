"""What a server says that it runs, and what is told where it does not get to say it."""

import pytest

from fake_lemmy import Server, faults, thread
from fake_lemmy.faults import Change
from runs import v3, v4
from thread_archive.exceptions import (
    BotWallError,
    ClosedDoorError,
    FetchError,
    PayloadError,
    UnsupportedSoftwareError,
)
from thread_archive.fetching.client import Client
from thread_archive.sources import Discovery, discover

PLAIN_PAGE = faults.says("<html><title>A site</title><p>Text.</p></html>", 200, "text/html")
ANUBIS = faults.says('<html><script id="anubis_version">"v1"</script></html>', 200, "text/html")
CHALLENGE = faults.says("<html><title>Just a moment...</title></html>", 403, "text/html", cf_mitigated="challenge")
NOT_LEMMY = ("not answer as a Lemmy", "no Lemmy", "Use the address of the Lemmy instance itself")


def discovered(server: Server, base: str = "http://home.test") -> Discovery:
    steps = discover(base)
    with Client(rate=0, allow_private_network=True, resolver=server.resolver, patience=0.1) as client:
        request = next(steps)
        while True:
            try:
                try:
                    answer = client.get(request)
                except FetchError as error:
                    request = steps.throw(error)
                else:
                    request = steps.send(answer)
            except StopIteration as stop:
                found: Discovery = stop.value
                return found


def failure(*changes: tuple[Change, str], version: str = "0.19.12") -> FetchError:
    with Server(thread(v3(version=version))) as server:
        for change, path in changes:
            server.faults.add(change, path=path)
        with pytest.raises(FetchError) as caught:
            discovered(server)
        assert len(server.requests) <= 4
        return caught.value


BEHIND = {
    "a challenge": (CHALLENGE, BotWallError, "403"),
    "Anubis": (ANUBIS, BotWallError, "200"),
    "202": (faults.says("", 202, "text/html", x_amzn_waf_action="challenge"), BotWallError, "202"),
    "a page": (PLAIN_PAGE, ClosedDoorError, "a web page (200)"),
    "another page that is no challenge": (faults.says("<p>x", 404, "text/html"), ClosedDoorError, "404"),
    "403": (faults.html(403), ClosedDoorError, "403"),
    "401": (faults.says("", 401, "text/html", www_authenticate="Basic"), ClosedDoorError, "401"),
    "410": (faults.says("", 410, "text/html"), ClosedDoorError, "410"),
    "451": (faults.says("", 451, "text/html"), ClosedDoorError, "451"),
    "nothing": (faults.says("", 404, "text/plain"), ClosedDoorError, "404"),
}


@pytest.mark.parametrize(("change", "kind", "words"), BEHIND.values(), ids=BEHIND)
def test_a_lemmy_behind_a_closed_door_is_called_a_lemmy(change: Change, kind: type[FetchError], words: str) -> None:
    error = failure((change, "/api/"))
    assert type(error) is kind
    assert error.exit_code == 3
    assert error.message.startswith("home.test runs Lemmy 0.19.12 and ")
    assert words in error.message
    assert not any(wrong in str(error) for wrong in NOT_LEMMY)
    assert "login" not in error.next


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (CHALLENGE, BotWallError),
        (ANUBIS, BotWallError),
        (faults.html(403), ClosedDoorError),
        (faults.says("", 401, "text/html"), ClosedDoorError),
        (faults.says("", 410, "text/html"), ClosedDoorError),
        (faults.says("", 451, "text/html"), ClosedDoorError),
    ],
)
def test_a_door_before_everything_is_named_too(change: Change, kind: type[FetchError]) -> None:
    error = failure((change, ""))
    assert type(error) is kind
    assert not any(wrong in str(error) for wrong in NOT_LEMMY)


@pytest.mark.parametrize("path", ["nodeinfo", "/api/v4"])
def test_a_wall_before_some_paths_only_hides_nothing(path: str) -> None:
    with Server(thread(v3())) as server:
        server.faults.add(CHALLENGE, path=path)
        found = discovered(server)
        assert (found.dialect, found.software.version) == ("lemmy_v3", "0.19.20")


def test_a_parked_domain_may_be_one() -> None:
    error = failure((PLAIN_PAGE, ""))
    assert isinstance(error, UnsupportedSoftwareError)
    assert "parked or for sale" in error.message


def test_a_domain_that_sends_everybody_elsewhere_is_said_to() -> None:
    with Server(thread(v3()), thread(v3("parking.test"))) as server:
        server.faults.add(faults.redirects("http://parking.test/lander"), domain="home.test")
        server.faults.add(PLAIN_PAGE, path="/lander")
        with pytest.raises(UnsupportedSoftwareError, match=r"web page, that of parking\.test"):
            discovered(server)


@pytest.mark.parametrize("answer", [faults.says("", 404, "text/plain"), faults.says('{"error": "forbidden"}', 200)])
def test_what_gives_neither_pages_nor_an_api_is_no_lemmy(answer: Change) -> None:
    error = failure((answer, ""))
    assert isinstance(error, UnsupportedSoftwareError)
    assert "does not answer as a Lemmy server does" in error.message


@pytest.mark.parametrize("silent", [False, True], ids=["by NodeInfo", "by /site"])
@pytest.mark.parametrize("version", ["0.16.7", "0.9.0", "0.16.7-yunohost", "v0.15.1"])
def test_a_version_that_is_too_old_is_told_so(version: str, silent: bool) -> None:
    old = faults.says(f'{{"site_view": null, "version": "{version}"}}')
    hidden = [(faults.says("", 404), "nodeinfo")] if silent else []
    error = failure((old, "/site"), *hidden, version=version)
    assert isinstance(error, UnsupportedSoftwareError)
    assert f"runs Lemmy {version}, which is too old: thread-archive reads Lemmy 0.18, 0.19 and 1.0" in error.message


@pytest.mark.parametrize("version", ["0.17.4", "0.18.5", "0.160.0", "1.0.0", "unknown version"])
def test_a_version_that_is_not_known_to_be_too_old_is_read(version: str) -> None:
    with Server(thread(v3(advertised=version))) as server:
        assert discovered(server).site.version == version


def test_a_site_answer_that_makes_no_sense_is_still_said_to() -> None:
    with Server(thread(v3())) as server:
        server.faults.add(faults.says('{"version": 5}'), path="/api/v3/site")
        with pytest.raises(PayloadError):
            discovered(server)


@pytest.mark.parametrize("instance", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
def test_a_server_says_by_which_host_it_calls_itself(instance) -> None:  # type: ignore[no-untyped-def]
    with Server(thread(instance)) as server:
        assert discovered(server).site.host == "home.test"


@pytest.mark.parametrize("body", ["{}", "[]", b'{"version":"\xff"}', '{"site_view":null}'])
def test_a_server_that_answers_everything_with_the_same_json_is_no_lemmy(body: bytes | str) -> None:
    error = failure((faults.says(body), ""))
    assert isinstance(error, UnsupportedSoftwareError)
    assert "does not answer as a Lemmy server does" in error.message
