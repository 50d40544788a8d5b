"""A login goes where it belongs, and is seen nowhere else."""

import json
import logging
import traceback

import pytest

from fetching.clocks import FakeClock
from fetching.servers import answer, in_turn
from thread_archive.captures import Request
from thread_archive.exceptions import (
    AccessDeniedError,
    BlockedAddressError,
    InstanceUnreachableError,
    RateLimitedError,
    ServerFailedError,
    ThreadArchiveError,
)

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2VjcmV0LXNpZ25hdHVyZQ"
PASSWORD = "correct horse battery staple"


def test_token_is_sent_as_bearer_over_https(client, serve, certified) -> None:
    """Lemmy from 0.19 on reads it from there."""
    server = serve(answer(), tls=certified)
    exchange = client.get(Request(url=f"https://lemmy.test:{server.port}/"), token=TOKEN)
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert exchange.logged_in
    assert TOKEN not in repr(exchange)


def test_token_is_sent_to_loopback_without_encryption(client, serve) -> None:
    """A server on this machine may be asked over http."""
    server = serve(answer())
    assert client.get(Request(url=server.url), token=TOKEN).logged_in
    assert "authorization" in server.asked[0].headers


@pytest.mark.parametrize("method", ["get", "post"])
def test_login_is_not_sent_unencrypted_to_another_machine(client_with, method: str) -> None:
    """Not even with --allow-private-network, and the decision falls on the address, not on the name."""
    client = client_with(resolver=lambda host, port: [("127.0.0.1", port), ("192.168.7.7", port)])
    with pytest.raises(BlockedAddressError, match=r"lemmy\.test \(192\.168\.7\.7\) would get the login unencrypted"):
        if method == "get":
            client.get(Request(url="http://lemmy.test/"), token=TOKEN)
        else:
            client.post_json("http://lemmy.test/", {"password": PASSWORD})


def test_plain_connection_kept_from_before_does_not_carry_a_login(client_with, serve) -> None:
    """A connection that was made without a login, under a wider rule, is not reused for one."""
    server = serve(answer())
    addresses = [[("127.0.0.1", server.port)], [("192.168.7.7", server.port)]]
    client = client_with(resolver=lambda *_: addresses.pop(0))
    client.get(Request(url=server.url))
    with pytest.raises(BlockedAddressError):
        client.get(Request(url=server.url), token=TOKEN)
    assert len(server.asked) == 1


def test_redirect_does_not_carry_the_token_elsewhere(client, serve) -> None:
    """Another port is another server; back at home the token is sent again."""
    home = serve(answer())
    away = serve(answer(status=302, location=f"{home.url}/back"))
    home.script = lambda asked: answer(status=302, location=away.url) if asked.target == "/" else answer()
    exchange = client.get(Request(url=f"{home.url}/"), token=TOKEN)
    assert (exchange.status, exchange.final_url) == (200, f"{home.url}/back")
    assert ["authorization" in asked.headers for asked in home.asked] == [True, True]
    assert ["authorization" in asked.headers for asked in away.asked] == [False]


@pytest.mark.parametrize("host", ["other.test", "sub.lemmy.test", "lemmy.test.other.test"])
def test_redirect_to_another_name_loses_the_token(client, serve, host: str) -> None:
    """The same machine under another name is another host."""
    server = serve(answer())
    server.script = in_turn(answer(status=307, location=f"http://{host}:{server.port}/"), answer())
    client.get(Request(url=server.url), token=TOKEN)
    assert ["authorization" in asked.headers for asked in server.asked] == [True, False]


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX: y", f"{TOKEN} ", "", "ключ", f'"{TOKEN}"'])
def test_what_is_no_token_is_refused_unsent_and_unsaid(client, serve, token: str) -> None:
    """A token with a line break would be quoted by the HTTP library's error."""
    server = serve(answer())
    with pytest.raises(AccessDeniedError) as caught:
        client.get(Request(url=server.url), token=token)
    assert server.asked == []
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_login_posts_json_once(client, serve) -> None:
    """Name and password go in the body; the answer is for the caller."""
    server = serve(answer(b'{"jwt": "x"}'))
    payload = {"username_or_email": "ann", "password": PASSWORD, "totp_2fa_token": None}
    exchange = client.post_json(f"{server.url}/api/v3/user/login", payload)
    assert (exchange.method, exchange.status, exchange.body) == ("POST", 200, b'{"jwt": "x"}')
    assert (exchange.url, exchange.logged_in) == (f"{server.url}/api/v3/user/login", False)
    (asked,) = server.asked
    assert (asked.method, asked.headers["content-type"], json.loads(asked.body)) == (
        "POST",
        "application/json",
        payload,
    )


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (answer(status=502), ServerFailedError),
        (answer(status=429), RateLimitedError),
        (answer(b'{"error":"rate_limit_error"}', 400), RateLimitedError),
        (b"", InstanceUnreachableError),
    ],
)
def test_failed_login_is_not_repeated(client, serve, clock: FakeClock, failure: bytes, error: type) -> None:
    """Three wrong logins may lock an account; only the person repeats one."""
    server = serve(lambda _: [failure, None])
    with pytest.raises(error) as caught:
        client.post_json(server.url, {"password": PASSWORD})
    assert (len(server.asked), clock.slept) == (1, [])
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_login_does_not_follow_redirects(client, serve) -> None:
    """A password is not sent on."""
    server = serve(answer(status=307, location="/elsewhere"))
    assert client.post_json(server.url, {"password": PASSWORD}).status == 307
    assert len(server.asked) == 1


def test_login_keeps_the_pace_of_its_host(client_with, serve, clock: FakeClock) -> None:
    """It counts like any other request."""
    server = serve(answer())
    client = client_with(rate=1)
    client.get(Request(url=server.url))
    client.post_json(server.url, {})
    assert clock.slept == [1]


@pytest.mark.parametrize("status", [200, 401])
def test_answer_that_repeats_the_token_comes_without_it(client, serve, status: int) -> None:
    """A proxy that explains what it was asked; what the answer says besides stays."""
    body = json.dumps({"error": "no", "request": [f"authorization: Bearer {TOKEN}"]}).encode()
    server = serve(answer(body, status, etag=f'"{TOKEN}"', link=f"</{TOKEN}>; rel=next", server="nginx"))
    exchange = client.get(Request(url=server.url), token=TOKEN)
    assert (exchange.status, json.loads(exchange.body)) == (status, {"error": "no", "request": [""]})
    assert exchange.withheld == ("/request/0",)
    assert exchange.headers == {"content-type": "application/json", "server": "nginx"}


@pytest.mark.parametrize("location", ["/?t={}", "http://other.test/{}", "http://{}.test/", "ftp://lemmy.test/{}"])
def test_redirect_does_not_carry_the_token_in_its_address(client, serve, location: str) -> None:
    """It is not followed, and its address is told nowhere."""
    server = serve(answer(status=302, location=location.format(TOKEN)))
    exchange = client.get(Request(url=server.url), token=TOKEN)
    assert (exchange.status, len(server.asked)) == (302, 1)
    assert TOKEN not in repr(exchange)


def test_answer_reached_by_a_redirect_comes_without_the_token_too(client, serve) -> None:
    """The other server was not told it, but the first one may have told it."""
    server = serve(answer())
    server.script = in_turn(
        answer(status=302, location=f"http://other.test:{server.port}/"), answer(json.dumps({"seen": TOKEN}).encode())
    )
    exchange = client.get(Request(url=server.url), token=TOKEN)
    assert (exchange.status, exchange.body) == (200, b'{"seen": ""}')


FAILING = [
    [answer(status=502)],
    [answer(status=429)],
    [None],
    [answer(content_length="99"), None],
    [b"nonsense\r\n\r\n", None],
    [answer(status=302, location="ftp://lemmy.test/")],
]


@pytest.mark.parametrize("steps", FAILING)
def test_secrets_are_in_no_log_and_no_error(client_with, serve, caplog, steps) -> None:
    """With every logger at its loudest: neither token nor password, nor the cookie that a login's answer sets."""
    for logger in (None, "httpcore", "httpx", "stamina"):
        caplog.set_level(logging.DEBUG, logger)
    server = serve(in_turn([answer(b'{"jwt":"x"}', set_cookie=f"jwt={TOKEN}")], steps))
    client = client_with(patience=0)
    client.post_json(server.url, {"password": PASSWORD})
    with pytest.raises(ThreadArchiveError) as caught:
        client.get(Request(url=server.url), token=TOKEN)
    seen = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(client) + repr(vars(client))
    seen += "".join(repr(vars(record)) for record in caplog.records)
    assert TOKEN not in seen
    assert PASSWORD not in seen
