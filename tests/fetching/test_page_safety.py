"""Links that mean harm: anybody can post one, and its server answers as it likes. On real sockets."""

import contextlib
import gzip
import time
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetching.clocks import NOON
from fetching.memory import printed_by
from fetching.servers import Asked, Step, answer, page, site
from thread_archive.captures import PageRequest
from thread_archive.exceptions import (
    BlockedAddressError,
    FetchError,
    InstanceUnreachableError,
    ServerFailedError,
    TooLargeError,
)
from thread_archive.fetching import Client, PageLimits, SystemClock, system_resolver
from thread_archive.fetching.addresses import PUBLIC_ONLY, AddressRule, checked
from thread_archive.fetching.asker import Answer
from thread_archive.fetching.limits import MEBIBYTE
from thread_archive.fetching.redirects import followed

PRIVATE = [
    "127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "127.1", "0", "0.0.0.0", "169.254.169.254", "100.100.100.200",
    "10.0.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fd00::1]", "[fe80::1]",
    "[fec0::1]", "[ff02::1]", "inside.test",
]  # fmt: skip
HOSTILE = [
    ("file:///etc/passwd", "not file ones"),
    ("ftp://public.test/", "not ftp ones"),
    ("gopher://public.test/", "not gopher ones"),
    ("data:text/html,x", "not data ones"),
    ("javascript:alert(1)", "not javascript ones"),
    ("http://me:hunter2@public.test/", "user name or password"),
    ("http://public.test:22/", "Port 22"),
    ("https://public.test:8443/", "Port 8443"),
    ("http://public.test:0/", "not a URL"),
]


class Standing(AddressRule):
    """The rule of the program, but public.test is public although it is on loopback."""

    def check(self, host: str, addresses: list[str]) -> None:
        if host != "public.test":
            super().check(host, addresses)


@pytest.fixture
def inside(serve):
    """What nobody may reach: a server on this machine."""
    return serve(site(page(b"secret")))


@pytest.fixture
def public(client_with, serve, inside) -> Callable[..., Client]:
    """A client with the rules of the program, for which public.test follows a script; all ports else lead inside."""

    def make(script, **options) -> Client:
        server = serve(site(script))

        def resolver(host: str, port: int) -> list[tuple[str, int]]:
            if host == "public.test":
                return [("127.0.0.1", server.port)]
            numbers = "127.0.0.1" if host == "inside.test" else host
            return [(address, inside.port) for address, _ in system_resolver(numbers, port)]

        rule = Standing(PUBLIC_ONLY.allows, PUBLIC_ONLY.reason, PUBLIC_ONLY.next)
        return client_with(allow_private_network=False, rule=rule, resolver=resolver, **options)

    return make


def moved(location: str) -> bytes:
    return page(b"moved", 302, location=location)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", PRIVATE)
def test_private_address_is_refused_in_every_spelling(public, inside, host: str, scheme: str) -> None:
    """As a link, as the place of a redirect, and without looking at its robots.txt: nothing connects to it."""
    url = f"{scheme}://{host}/latest/meta-data/"
    client = public(moved(url))
    for link in (url, "http://public.test/"):
        for ignore_robots in (False, True):
            with pytest.raises(BlockedAddressError, match="not an address of the public internet") as caught:
                client.get_page(PageRequest(url=link, ignore_robots=ignore_robots))
            assert "--allow-private-network" in caught.value.next
    assert inside.connections == 0


@pytest.mark.parametrize(("url", "message"), HOSTILE)
def test_url_is_refused_by_its_text(public, inside, url: str, message: str) -> None:
    """As a link and as the place of a redirect; a password is not repeated."""
    client = public(moved(url))
    for link in (url, "http://public.test/"):
        with pytest.raises(BlockedAddressError, match=message) as caught:
            client.get_page(PageRequest(url=link))
        assert "hunter2" not in f"{caught.value} {caught.value.url}"
    assert inside.connections == 0


def test_name_that_turns_private_is_refused(client_with, serve) -> None:
    """A name is looked up for each connection, and checked each time: a robots.txt from outside opens nothing."""
    server = serve(lambda _: [answer(b"", 404, connection="close"), None])
    answers = [[("127.0.0.1", server.port)], [("10.9.9.9", server.port)]]
    client = client_with(
        allow_private_network=False,
        rule=AddressRule(lambda address: str(address) == "127.0.0.1", "is not public", ""),
        resolver=lambda *_: answers.pop(0),
    )
    with pytest.raises(BlockedAddressError, match=r"public\.test \(10\.9\.9\.9\) is not public"):
        client.get_page(PageRequest(url="http://public.test/"))
    assert (server.targets, answers) == (["/robots.txt"], [])


def test_downgrade_is_refused(client, serve, certified) -> None:
    """https never leads to http, on a private network neither."""
    server = serve(site(moved("http://lemmy.test/")), tls=certified)
    with pytest.raises(BlockedAddressError, match="from https to plain http"):
        client.get_page(PageRequest(url=f"https://lemmy.test:{server.port}/"))
    assert server.targets == ["/robots.txt", "/"]


@pytest.mark.parametrize("loop", [True, False])
def test_redirects_end(client, serve, loop: bool) -> None:
    """Five are followed, whether they lead in a circle or ever on."""
    server = serve(site(lambda asked: moved("/" if loop else f"{asked.target}x")))
    with pytest.raises(ServerFailedError, match=r"lemmy\.test redirects us more than 5 times"):
        client.get_page(PageRequest(url=f"{server.url}/"))
    assert len(server.asked) == 1 + 6


def test_redirect_to_upper_case_and_default_port_is_the_same_site(public) -> None:
    """A harmless spelling of a public place is followed."""
    client = public(lambda asked: moved("HTTP://PUBLIC.test:80/b") if asked.target == "/a" else page())
    assert [step.url for step in client.get_page(PageRequest(url="http://public.test/a"))] == [
        "http://public.test/a",
        "http://public.test/b",
    ]


DRIP = [step for _ in range(99) for step in (b"x", 0.3)]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", page(b"", content_length="99")])
def test_drip_ends_at_the_deadline(client_with, serve, head: bytes) -> None:
    """A byte every 0.3 seconds, in a header or in the body: the time for an answer is for all of it."""
    server = serve(site(lambda _: [head, *DRIP]))
    client = client_with(page_limits=PageLimits(seconds=1, seconds_in_all=1.5), clock=SystemClock())
    started = time.monotonic()
    with pytest.raises(InstanceUnreachableError, match=r"did not give a whole answer within 1 seconds"):
        client.get_page(PageRequest(url=server.url))
    assert 0.9 < time.monotonic() - started < 2


def test_endless_body_is_left(client_with, serve) -> None:
    """A body without a length is taken up to the limit."""
    server = serve(site(lambda _: [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", *[b"x" * 60_000] * 9999]))
    with pytest.raises(TooLargeError):
        client_with(page_limits=PageLimits(wire_bytes=MEBIBYTE)).get_page(PageRequest(url=server.url))


def test_endless_redirect_is_not_waited_for(client_with, serve) -> None:
    """Chunks go before a length (RFC 9112, 6.3): a body that calls itself short need not end."""
    head = answer(b"", 302, location="/page", content_length="5", transfer_encoding="chunked")
    server = serve(site(lambda asked: page() if asked.target == "/page" else [head, *[b"1\r\nx\r\n", 0.05] * 99]))
    client = client_with(page_limits=PageLimits(seconds=1), clock=SystemClock())
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200


@pytest.mark.parametrize(
    "broken",
    [
        [page(b"<p>x", content_length="99"), None],
        page(gzip.compress(b"<p>x" * 99)[:-9], content_encoding="gzip"),
        page(b"<p>not gzip", content_encoding="gzip"),
        page(b"<p>x", content_encoding="br"),
        page(b"<p>x", transfer_encoding="chunked"),
        page(b"<p>x", content_length="4\r\nContent-Length: 5"),
    ],
)
def test_damaged_page_is_an_error(client, serve, broken: bytes | list[Step]) -> None:
    """Cut off, cut short within its compression, or not what it says: never half a page."""
    server = serve(site(lambda _: broken))
    with pytest.raises(InstanceUnreachableError, match=r"lemmy\.test"):
        client.get_page(PageRequest(url=server.url))
    assert server.targets == ["/robots.txt", "/", "/"]


def test_page_ends_where_its_length_says(client, serve) -> None:
    """What follows is no part of it."""
    server = serve(site(lambda _: [page(b"<p>x</p>", content_length="4"), None]))
    assert client.get_page(PageRequest(url=server.url))[-1].body == b"<p>x"


BOMB = """
import sys
from fetching.memory import peak
from thread_archive.captures import PageRequest
from thread_archive.exceptions import TooLargeError
from thread_archive.fetching import Client
with Client(rate=0, allow_private_network=True) as client:
    client.get_page(PageRequest(url=sys.argv[1] + "/small"))
    before = peak()
    try:
        client.get_page(PageRequest(url=sys.argv[2]))
    except TooLargeError:
        assert sys.argv[2].endswith("/large")
    print(peak() - before)
"""


@pytest.mark.parametrize("where", ["page", "robots.txt"])
def test_bomb_costs_no_memory(serve, bomb: bytes, where: str) -> None:
    """300 MB in 300 KB, as a page (too large) or as a robots.txt (its beginning counts): growth below 30 MB."""
    packed = page(bomb, content_encoding="gzip")

    def script(asked: Asked) -> bytes:
        return packed if asked.target == "/large" else page()

    server = serve(site(script))
    trapped = server if where == "page" else serve(site(page(), robots=packed))
    small, large = (f"http://127.0.0.1:{one.port}" for one in (server, trapped))
    assert printed_by(BOMB, small, f"{large}/large") < 30 * MEBIBYTE
    assert "/large" in trapped.targets


@given(st.text() | st.text().map("https://{}".format) | st.text().map("http://public.test{}".format))
def test_any_text_is_a_link_or_refused(url: str) -> None:
    """No link raises anything but an error of ours."""
    with Client(rate=0, resolver=lambda *_: []) as client, pytest.raises(FetchError):
        client.get_page(PageRequest(url=url))


@given(st.text() | st.text().map("//{}".format) | st.text().map("http://{}".format), st.sampled_from(["", "s"]))
def test_any_location_is_followed_or_refused(location: str, secure: str) -> None:
    """Whatever a header holds."""
    headers = httpx.Headers({"location": location.encode("utf-8", "replace")})
    answered = Answer(status=302, headers=headers, body=b"", wire_bytes=0, asked_at=NOON)
    start = httpx.URL(f"http{secure}://public.test/a")
    steps = followed(
        start, ask=lambda _: answered, check=lambda url: checked(url, allow_private_network=False), limit=1
    )
    asked = []
    with contextlib.suppress(FetchError):
        for url, _ in steps:
            asked.append(url)
    assert asked[0] == start
    assert all(url.scheme in ("https", f"http{secure}") and not url.userinfo and not url.fragment for url in asked)
