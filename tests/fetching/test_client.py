"""What a request gives: an Exchange, a redirect followed, a retry, or an error."""

import gzip
import logging
from importlib.metadata import version

import pytest

from fetching.clocks import NOON, FakeClock
from fetching.servers import Asked, answer, in_turn
from thread_archive.captures import ACTIVITY_JSON, PageRequest, Request
from thread_archive.exceptions import RateLimitedError, ServerFailedError, TooLargeError
from thread_archive.fetching import Limits

LIMITED_V3 = answer(b'{"error":"rate_limit_error"}', 400, cache_control="public, max-age=60")
LIMITED_V4 = answer(b'{"error":"too_many_requests"}', 429)


def test_answer_becomes_an_exchange(client, serve, clock: FakeClock) -> None:
    """All parts of it: decoded body, bytes on the wire, the headers that are kept, the time of asking."""
    wire = gzip.compress(b'{"post": 1}' * 100)
    server = serve(answer(wire, content_encoding="gzip", X_Secret="1", Set_Cookie="jwt=abc", ETag='"e"', Vary="x"))
    exchange = client.get(Request(url=f"{server.url}/api/v3/post?id=1#top"))
    assert exchange.url == exchange.final_url == f"{server.url}/api/v3/post?id=1#top"
    assert (exchange.status, exchange.method, exchange.logged_in) == (200, "GET", False)
    assert exchange.body == b'{"post": 1}' * 100
    assert exchange.wire_bytes == len(wire)
    assert exchange.requested_at == NOON
    assert exchange.headers == {"content-type": "application/json", "etag": '"e"'}
    assert server.targets == ["/api/v3/post?id=1"]


def test_request_is_honest_and_bare(client_with, serve) -> None:
    """It says who asks, takes only what can be decoded within bounds, and carries nothing else."""
    server = serve(answer())
    client_with(contact="https://example.org/me").get(Request(url=server.url, accept=ACTIVITY_JSON))
    assert server.asked[0].headers == {
        "host": f"lemmy.test:{server.port}",
        "user-agent": f"thread-archive/{version('thread-archive')} (+https://example.org/me)",
        "accept": "application/activity+json",
        "accept-encoding": "gzip, deflate",
    }


@pytest.mark.parametrize(
    ("contact", "shown"), [(None, ""), ("", ""), ("\r\nX: y\0", " (+X: y)"), ("naïve", " (+na\xc3\xafve)")]
)
def test_contact_is_never_invented_nor_a_header_of_its_own(client_with, serve, contact, shown: str) -> None:
    """No contact, none shown; control characters cannot make a second header; other letters are UTF-8."""
    server = serve(answer())
    client_with(contact=contact).get(Request(url=server.url))
    assert server.asked[0].headers["user-agent"] == f"thread-archive/{version('thread-archive')}{shown}"


def test_cookies_are_neither_kept_nor_sent(client, serve) -> None:
    """A cookie would tell a server which requests belong together."""
    server = serve(answer(set_cookie="session=1; Path=/"))
    for _ in range(2):
        client.get(Request(url=server.url))
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, None]


def test_proxy_and_netrc_of_the_environment_are_not_used(client, serve, monkeypatch, tmp_path) -> None:
    """A proxy would be talked to instead of the checked address; a netrc holds passwords."""
    server = serve(answer())
    netrc = tmp_path / "netrc"
    netrc.write_text("machine lemmy.test login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client.get(Request(url=server.url)).status == 200
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("host", ["xn--i-7iq.test", "xn--a.test", "xn--0", "xn--.test", "xn--i-7iq.test."])
def test_name_that_idna_refuses_is_asked_for_as_it_is_written(client, serve, host: str) -> None:
    """Emoji have domains too, and whether there is such a name is for the resolver to say; links and redirects too."""

    def script(asked: Asked) -> bytes:
        return answer(status=302, location=there) if asked.headers["host"].startswith("lemmy.test") else answer()

    server = serve(script)
    there, via = f"http://{host}:{server.port}/", f"http://lemmy.test:{server.port}/"
    for url in (there, via):
        assert client.get(Request(url=url)).status == 200
        assert client.get_page(PageRequest(url=url))[-1].status == 200
    names = {asked.headers["host"].partition(":")[0] for asked in server.asked}
    assert names == {host, "lemmy.test"}


@pytest.mark.parametrize("status", [200, 204, 300, 304, 400, 401, 403, 404, 410, 418])
def test_final_status_below_500_is_an_answer(client, serve, status: int) -> None:
    """What it means is for the source to say; it is asked for once."""
    server = serve(answer(b"" if status in (204, 304) else b'{"error":"couldnt_find_post"}', status))
    assert client.get(Request(url=server.url)).status == status
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("limited", "slept"),
    [
        (answer(status=429, retry_after="7"), [7]),
        (answer(status=503, retry_after="7"), [7]),
        (answer(status=429, retry_after="Tue, 24 Nov 2026 12:01:00 GMT"), [60]),
        (answer(status=429, retry_after="Tue, 24 Nov 2026 11:00:00 GMT"), [5]),
        (answer(status=429, retry_after="0"), [5]),
        (answer(status=429, retry_after="99999"), [300]),
        (LIMITED_V3, [5]),
        (LIMITED_V4, [5]),
        (answer(b"", 429), [5]),
    ],
)
def test_limit_is_waited_for(client, serve, clock: FakeClock, limited: bytes, slept: list[float]) -> None:
    """As long as the server asks, at most five minutes; where it does not say, five seconds."""
    server = serve(in_turn(limited, answer()))
    assert client.get(Request(url=server.url)).status == 200
    assert clock.slept == slept


def test_unexplained_limits_are_waited_for_longer_each_time(client_with, serve, clock: FakeClock) -> None:
    """5, 10, 20 seconds and so on, until patience ends; the error then says so, and what may help."""
    server = serve(LIMITED_V3)
    waits = []
    with pytest.raises(RateLimitedError, match=r"lemmy\.test asks us to make fewer requests.*--rate") as caught:
        client_with(patience=100, on_wait=lambda *wait: waits.append(wait)).get(Request(url=server.url))
    assert clock.slept == [5, 10, 20, 40]
    assert waits[0] == (server.url.split("/")[2], 5, "lemmy.test asks us to make fewer requests.")
    assert len(server.asked) == 5
    assert caught.value.retry_after is None
    assert caught.value.url == server.url


def test_wrong_retry_after_is_believed_once(client_with, serve, clock: FakeClock) -> None:
    """A server that says "1" again and again would otherwise be asked every second."""
    server = serve(answer(status=429, retry_after="1"))
    with pytest.raises(RateLimitedError) as caught:
        client_with(patience=60).get(Request(url=server.url))
    assert clock.slept == [1, 10, 20]
    assert caught.value.retry_after == 1


def test_wait_beyond_patience_is_an_error_at_once(client_with, serve, clock: FakeClock) -> None:
    """It names the time that the server asked for, and the next request is not made before it either."""
    server = serve(answer(status=429, retry_after="120"))
    client = client_with(patience=60)
    for _ in range(2):
        with pytest.raises(RateLimitedError, match="in 120 seconds"):
            client.get(Request(url=server.url))
    assert (len(server.asked), clock.slept) == (1, [])


def test_limit_without_headers_waits_for_the_window_of_the_last_200(client, serve, clock: FakeClock) -> None:
    """Lemmy 1.0's 429 says nothing; the last 200 told when the window ends."""
    told = answer(x_ratelimit_remaining="3", x_ratelimit_reset="20")
    server = serve(in_turn(told, LIMITED_V4, answer()))
    client.get(Request(url=server.url))
    clock.sleep(6)
    client.get(Request(url=server.url))
    assert clock.slept == [6, 15]


def test_window_that_is_over_is_forgotten(client, serve, clock: FakeClock) -> None:
    """An old reset says nothing about a new limit."""
    server = serve(in_turn(answer(x_ratelimit_remaining="3", x_ratelimit_reset="20"), LIMITED_V4, answer()))
    client.get(Request(url=server.url))
    clock.sleep(30)
    client.get(Request(url=server.url))
    assert clock.slept == [30, 5]


def test_backoff_has_jitter(client_with, serve, clock: FakeClock) -> None:
    """Chance adds up to half of the wait, never takes from it."""

    class Most:
        def uniform(self, a: float, b: float, /) -> float:
            return b

    server = serve(in_turn(LIMITED_V3, answer(status=502), answer()))
    client_with(random=Most()).get(Request(url=server.url))
    assert clock.slept == [7.5, 1.5]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 530])
def test_failing_server_is_asked_three_times_more(client, serve, clock: FakeClock, status: int) -> None:
    """With growing waits; then the error names the status."""
    server = serve(answer(b"<html>", status, content_type="text/html"))
    with pytest.raises(ServerFailedError, match=rf"lemmy\.test answered with the error {status}") as caught:
        client.get(Request(url=f"{server.url}/post/1"))
    assert len(server.asked) == 4
    assert clock.slept == [1, 2, 4]
    assert caught.value.url == f"{server.url}/post/1"


def test_failure_that_passes_is_not_seen(client, serve) -> None:
    """Two failures of different kinds, then the answer."""
    server = serve(in_turn([answer(status=502)], [answer(content_length="99"), None], [answer(b'{"at": "last"}')]))
    assert client.get(Request(url=server.url)).body == b'{"at": "last"}'


def test_limits_do_not_use_up_the_retries_of_failures(client, serve) -> None:
    """They are counted apart."""
    server = serve(in_turn(*[LIMITED_V4] * 4, *[answer(status=502)] * 3, answer()))
    assert client.get(Request(url=server.url)).status == 200


def test_too_large_answer_is_not_tried_again(client_with, serve, clock: FakeClock) -> None:
    """It would be as large the next time."""
    server = serve(answer(b"x" * 101))
    with pytest.raises(TooLargeError) as caught:
        client_with(limits=Limits(wire_bytes=100)).get(Request(url=server.url))
    assert (len(server.asked), clock.slept, caught.value.url) == (1, [], server.url)


def test_connection_is_usable_after_a_refused_answer(client_with, serve) -> None:
    """What is left unread of one answer does not become the next one's."""
    server = serve(lambda asked: answer(b"x" * 101) if asked.target == "/large" else answer(b'{"ok":1}'))
    client = client_with(limits=Limits(wire_bytes=100))
    for _ in range(3):
        with pytest.raises(TooLargeError):
            client.get(Request(url=f"{server.url}/large"))
        assert client.get(Request(url=server.url)).body == b'{"ok":1}'


def test_refused_answer_leaves_no_connection_behind(client_with, serve) -> None:
    """The rest of it is not waited for: the connection is closed, also where nothing was read of the body."""
    server = serve(lambda _: [answer(b"", content_length="101"), 5.0])
    client = client_with(limits=Limits(wire_bytes=100))
    with pytest.raises(TooLargeError):
        client.get(Request(url=server.url))
    (connection,) = server.accepted
    connection.settimeout(2)
    assert connection.recv(1) == b""


def test_retries_write_nothing_to_stderr(client, serve, capfd) -> None:
    """People are told through on_wait; stamina's warning has nowhere to go unless someone sets up logging."""
    handlers, logging.root.handlers = logging.root.handlers, []
    try:
        client.get(Request(url=serve(in_turn(answer(status=502), answer())).url))
    finally:
        logging.root.handlers = handlers
    assert capfd.readouterr().err == ""
