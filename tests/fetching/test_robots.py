"""robots.txt, as RFC 9309 has it."""

import gzip
import subprocess
import sys
import threading
import time
import tracemalloc

import httpx
import pytest

from fetching.clocks import FakeClock
from fetching.servers import Server, answer, in_turn, page, site
from thread_archive.captures import PageRequest
from thread_archive.exceptions import (
    BlockedAddressError,
    InstanceUnreachableError,
    RateLimitedError,
    RobotsRefusedError,
)
from thread_archive.fetching import PageLimits, SystemClock
from thread_archive.fetching.addresses import AddressRule
from thread_archive.fetching.robots import KEPT_SITES, Rules

LIMIT = 500 * 1024
CLOSED = b"User-agent: *\nDisallow: /\n"


def robots_txt(text: bytes, status: int = 200, **headers: str) -> bytes:
    return answer(text, status, **{"content_type": "text/plain"} | headers)


def allows(text: str, path: str = "/a") -> bool:
    return Rules.read(text.encode(), limit=LIMIT).verdict(httpx.URL(f"https://lemmy.test{path}"))[0]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("<!doctype html><p>Not found", True),
        ("User-agent: *\nDisallow: /", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("user-agent:*#all\r\ndisallow:/", False),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /\nAllow: /a", True),
        ("User-agent: *\nDisallow: /*a$", False),
        ("User-agent: *\nDisallow: /b", True),
        ("User-agent: thread-archive\nDisallow: /", False),
        ("User-agent: Thread-Archive/2.0\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: thread-archive\nAllow: /", True),
        ("User-agent: thread-archive\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: otherbot\nUser-agent: thread-archive\nDisallow: /", False),
        ("User-agent: otherbot\nDisallow: /", True),
        ("User-agent: otherbot\nUser-agent: onebot\nDisallow: /\nUser-agent: *\nAllow: /", True),
        ("User-agent: thread\nDisallow: /", True),
        ("User-agent: thread-archiver\nDisallow: /", True),
        ("User-agent: *bot\nDisallow: /", True),
        ("User-agent:\nDisallow: /", True),
        ("Disallow: /", True),
    ],
)
def test_rules_are_read_for_our_name_only(text: str, allowed: bool) -> None:
    """Our own group, else the one for all; a name that ours begins with is another's."""
    assert allows(text) is allowed


def test_query_and_escapes_are_part_of_what_is_compared() -> None:
    """Rules may forbid a query; one letter may be written in two ways."""
    text = "User-agent: *\nDisallow: /*?print\nDisallow: /caf%C3%A9"
    assert [allows(text, path) for path in ("/a", "/a?print=1", "/café", "//caf%c3%a9x")] == [True, False, False, True]


def test_many_names_over_many_rules_cost_nothing() -> None:
    """500 KB that would make protego keep 500 million rules: read within a second, in a few megabytes."""
    names = "".join(f"user-agent: a{number}\n" for number in range(13_000))
    text = (names + "disallow: /\n" * 20_000).encode()
    tracemalloc.start()
    started = time.process_time()
    rules = Rules.read(text, limit=LIMIT)
    assert rules.verdict(httpx.URL("https://lemmy.test/a")) == (True, 0.0)
    assert time.process_time() - started < 2
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\0\0", bytes(range(256)) * 9, "user-agent: *\ndisallow: /\ud800".encode("utf-8", "replace")]
)
def test_bytes_of_any_kind_are_rules(body: bytes) -> None:
    """What cannot be understood forbids nothing, and never fails."""
    assert Rules.read(body, limit=LIMIT).verdict(httpx.URL("https://lemmy.test/a"))[1] == 0


def test_protego_is_loaded_for_pages_only() -> None:
    """The program starts without it."""
    code = "import sys, thread_archive.fetching; sys.exit('protego' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


def test_what_is_not_allowed_is_not_fetched(client, serve) -> None:
    """The error says who forbids it, and what a person may do."""
    server = serve(site(page(), robots=robots_txt(CLOSED)))
    with pytest.raises(
        RobotsRefusedError, match=r"robots\.txt of lemmy\.test does not allow.*--ignore-robots"
    ) as caught:
        client.get_page(PageRequest(url=f"{server.url}/a#b"))
    assert caught.value.url == f"{server.url}/a"
    assert server.targets == ["/robots.txt"]


def test_redirect_to_what_is_not_allowed_is_not_followed(client, serve) -> None:
    """Neither on the same site nor on another one, which is asked for its own robots.txt."""
    other = serve(site(page(), robots=robots_txt(CLOSED)))
    closed = robots_txt(b"User-agent: *\nDisallow: /closed\n")
    server = serve(site(in_turn(page(status=302, location=other.url), page(status=302, location="/closed")), closed))
    for _ in range(2):
        with pytest.raises(RobotsRefusedError):
            client.get_page(PageRequest(url=f"{server.url}/a"))
    assert other.targets == ["/robots.txt"]
    assert server.targets == ["/robots.txt", "/a", "/a"]


@pytest.mark.parametrize("status", [204, 301, 304, 400, 401, 403, 404, 410, 418])
def test_site_without_robots_allows_everything(client, serve, status: int) -> None:
    """4xx means that there are no rules (RFC 9309, 2.3.1.3), whatever the error page says."""
    server = serve(site(page(), robots=robots_txt(b"" if status in (204, 304) else CLOSED, status)))
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200


@pytest.mark.parametrize("status", [500, 502, 503, 520])
def test_site_whose_robots_fails_allows_nothing(client, serve, clock: FakeClock, status: int) -> None:
    """5xx means no (2.3.1.4): after a second attempt, and with the reason."""
    server = serve(site(page(), robots=robots_txt(b"", status)))
    with pytest.raises(RobotsRefusedError, match=rf"did not give its robots\.txt.*the error {status}") as caught:
        client.get_page(PageRequest(url=f"{server.url}/a"))
    assert caught.value.url == f"{server.url}/a"
    assert (server.targets, clock.slept) == (["/robots.txt"] * 2, [1])


@pytest.mark.parametrize(
    "robots",
    [
        [5.0],
        [step for byte in b"HTTP/1.1 200 OK\r\nX-Slow: yes" for step in (bytes([byte]), 0.05)],
        [robots_txt(b"", content_length="99"), *[step for _ in range(99) for step in (b"#", 0.05)]],
        [None],
        [robots_txt(b"User-agent", content_length="99"), None],
        [robots_txt(b"not gzip", content_encoding="gzip")],
        [robots_txt(CLOSED, content_encoding="br")],
    ],
    ids=["silent", "dripping header", "dripping body", "cut off", "cut short", "damaged", "unreadable"],
)
def test_site_whose_robots_cannot_be_had_allows_nothing(client_with, serve, robots) -> None:
    """Unreachable means no, too; and a slow one holds nobody up."""
    server = serve(site(page(), robots=robots))
    client = client_with(page_limits=PageLimits(seconds=0.3, seconds_in_all=0.5), clock=SystemClock())
    started = time.monotonic()
    with pytest.raises(RobotsRefusedError, match=r"did not give its robots\.txt"):
        client.get_page(PageRequest(url=server.url))
    assert time.monotonic() - started < 1
    assert set(server.targets) == {"/robots.txt"}


def test_site_that_is_not_there_is_unreachable(client_with) -> None:
    """No word of robots.txt where there is no server: the error is the page's."""
    client = client_with(resolver=lambda *_: [])
    for _ in range(2):
        with pytest.raises(InstanceUnreachableError, match=r"no host named lemmy\.test") as caught:
            client.get_page(PageRequest(url="https://lemmy.test/a"))
        assert caught.value.url == "https://lemmy.test/a"


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_first_500_kilobytes_of_a_huge_one_count(client, serve, encoding: str) -> None:
    """The rest is ignored, a rule that is cut in two with it; nobody waits for the end."""
    head = b"User-agent: *\nDisallow: /closed\n"
    # The last line that is read is cut behind its first slash.
    filler = b"#" * (LIMIT - len(head) - len(b"\nDisallow: /")) + b"\nDisallow: /other\nDisallow: /late\n"
    body = head + filler + b"#" * 9_000_000
    wire = gzip.compress(body, 1) if encoding else body
    server = serve(site(page(), robots=robots_txt(wire, content_encoding=encoding or "identity")))
    for path in ("/late", "/other", "/open"):
        assert client.get_page(PageRequest(url=server.url + path))[-1].status == 200
    with pytest.raises(RobotsRefusedError):
        client.get_page(PageRequest(url=f"{server.url}/closed"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirected_robots_is_followed(client, serve, status: int) -> None:
    """To another host too; it counts for the site that sent us there (2.3.1.2), and is not itself asked about."""
    other = serve(site(page(), robots=page(status=500)))
    other.script = in_turn(robots_txt(CLOSED))
    server = serve(site(page(), robots=robots_txt(b"", status, location=f"{other.url}/their.txt")))
    with pytest.raises(RobotsRefusedError, match="does not allow"):
        client.get_page(PageRequest(url=server.url))
    assert other.targets == ["/their.txt"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/robots.txt", "more than 5 times"),
        ("http://10.0.0.1/robots.txt", r"10\.0\.0\.1 is not public"),
        ("file:///etc/passwd", "not file ones"),
        ("http://lemmy.test:22/", "Port 22"),
        ("http://lemmy.test:99999/", "not a URL"),
    ],
)
def test_robots_that_leads_nowhere_allows_nothing(client_with, serve, place: str, reason: str) -> None:
    """In a loop, to a private address, to a file: the same rules as for any redirect, and no means no."""
    server = serve(site(page(), robots=robots_txt(b"", 302, location=place)))
    rule = AddressRule(lambda address: address.is_loopback, "is not public", "")
    client = client_with(
        allow_private_network=False,
        rule=rule,
        resolver=lambda host, port: [("127.0.0.1", server.port) if host == "lemmy.test" else (host, port)],
    )
    with pytest.raises(RobotsRefusedError, match=reason):
        client.get_page(PageRequest(url="http://lemmy.test/a"))
    assert set(server.targets) == {"/robots.txt"}


def test_private_address_is_refused_as_such(client_with) -> None:
    """The robots.txt that would be asked first is not what the error is about."""
    client = client_with(allow_private_network=False)
    with pytest.raises(BlockedAddressError, match=r"127\.0\.0\.1") as caught:
        client.get_page(PageRequest(url="http://lemmy.test/a"))
    assert caught.value.url == "http://lemmy.test/a"


def test_limited_robots_is_a_limit_and_not_remembered(client, serve, clock: FakeClock) -> None:
    """429 says nothing about what is allowed; when the limit is over, the site is asked again."""
    server = serve(site(page(), robots=robots_txt(b"", 429, retry_after="90")))
    for _ in range(2):
        with pytest.raises(RateLimitedError, match="in 90 seconds"):
            client.get_page(PageRequest(url=server.url))
    assert server.targets == ["/robots.txt"]
    server.script = site(page())
    clock.sleep(90)
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200


def test_site_is_asked_once_a_day(client, serve, clock: FakeClock) -> None:
    """However many of its pages are fetched; another port is another site."""
    servers = [serve(site(page())) for _ in range(2)]
    for number in range(3):
        for server in servers:
            client.get_page(PageRequest(url=f"{server.url}/{number}"))
    assert [server.targets for server in servers] == [["/robots.txt", "/0", "/1", "/2"]] * 2
    clock.sleep(24 * 3600)
    client.get_page(PageRequest(url=servers[0].url))
    assert servers[0].targets[4:] == ["/robots.txt", "/"]


def test_failure_is_remembered_for_ten_minutes(client, serve, clock: FakeClock) -> None:
    """A thousand links to a site that is down do not each wait for it; later it may be up again."""
    server = serve(site(page(), robots=robots_txt(b"", 500)))
    for path in ("/a", "/b"):
        with pytest.raises(RobotsRefusedError) as caught:
            client.get_page(PageRequest(url=server.url + path))
        assert caught.value.url == server.url + path
    assert len(server.asked) == 2
    server.script = site(page())
    clock.sleep(600)
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200


def test_failure_for_lack_of_time_is_not_remembered(client, serve, clock: FakeClock) -> None:
    """A site that another one left little time for has not failed."""
    late = serve(site(page(), robots=robots_txt(b"", 500)))
    server = serve(site(in_turn(page(status=429, retry_after="45"), page(status=302, location=late.url))))
    with pytest.raises(RobotsRefusedError):
        client.get_page(PageRequest(url=server.url))
    late.script = site(page())
    assert client.get_page(PageRequest(url=late.url))[-1].status == 200


def test_threads_ask_a_site_once(client_with, serve) -> None:
    """Those who come while it is being asked wait for what it says."""
    server: Server = serve(site(page(), robots=[0.1, robots_txt(b"")]))
    client = client_with(clock=SystemClock())
    threads = [threading.Thread(target=client.get_page, args=(PageRequest(url=f"{server.url}/a"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(server.targets) == ["/a"] * 4 + ["/robots.txt"]


def test_few_sites_are_remembered(client, serve) -> None:
    """A run over ten thousand sites does not keep them all: the ones that were asked last."""
    server = serve(site(page()))

    def asked_for(number: int) -> list[str]:
        before = len(server.asked)
        client.get_page(PageRequest(url=f"http://h{number}.test:{server.port}/"))
        return server.targets[before:]

    for number in [*range(KEPT_SITES), 0, KEPT_SITES]:
        asked_for(number)
    assert asked_for(0) == ["/"]
    assert asked_for(1) == ["/robots.txt", "/"]


@pytest.mark.parametrize(
    ("delay", "waits"), [("3", 3), ("0.5", 1), ("3600", 10), ("-1", 1), ("soon", 1), ("1e999", 1), ("nan", 1)]
)
def test_crawl_delay_is_kept_between_pages(client_with, serve, clock: FakeClock, delay: str, waits: float) -> None:
    """Up to ten seconds, never below our own pace; not between robots.txt and the first page."""
    server = serve(site(page(), robots=robots_txt(f"User-agent: *\nCrawl-delay: {delay}\n".encode())))
    client = client_with(rate=1)
    for _ in range(3):
        client.get_page(PageRequest(url=server.url))
    assert clock.slept == [1, waits, waits]
