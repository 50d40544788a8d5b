"""Linked pages: what is asked, what an answer becomes, how long it may take."""

import time
from importlib.metadata import version

import pytest

from fetching.clocks import NOON, FakeClock
from fetching.servers import answer, in_turn, page, site
from thread_archive.captures import PageRequest
from thread_archive.exceptions import (
    BlockedAddressError,
    InstanceUnreachableError,
    NotAPageError,
    RateLimitedError,
    ServerFailedError,
    TooLargeError,
)
from thread_archive.fetching import PageLimits, SystemClock
from thread_archive.fetching.addresses import ANY_ADDRESS

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def moved(location: str, status: int = 302, **headers: str) -> bytes:
    return page(b"moved", status, location=location, **headers)


def test_page_becomes_an_exchange(client, serve) -> None:
    """With the bytes as they came, the headers that tell about a page, and its URL without the fragment."""
    body = "<p>Grüße</p>".encode("latin-1")
    told = {"Content_Language": "de", "X_Robots_Tag": "noarchive", "Link": "</a>; rel=canonical", "ETag": '"e"'}
    server = serve(site(page(body, X_Secret="1", **told)))
    (exchange,) = client.get_page(PageRequest(url=f"{server.url}/a?b=c#d"))
    assert exchange.url == exchange.final_url == f"{server.url}/a?b=c"
    assert (exchange.status, exchange.method, exchange.logged_in) == (200, "GET", False)
    assert (exchange.body, exchange.wire_bytes, exchange.requested_at) == (body, len(body), NOON)
    assert exchange.headers == {
        "content-type": "text/html; charset=utf-8",
        "content-language": "de",
        "x-robots-tag": "noarchive",
        "link": "</a>; rel=canonical",
        "etag": '"e"',
    }
    assert server.targets == ["/robots.txt", "/a?b=c"]


def test_each_redirect_is_an_exchange(client, serve) -> None:
    """With its status and place, and no body; the last one is the page."""
    other = serve(site(page(b"<p>There</p>")))
    server = serve(site(in_turn(moved("/two", 301), moved(f"{other.url}/three#x", 307))))
    one, two, three = client.get_page(PageRequest(url=f"{server.url}/one"))
    assert [step.url for step in (one, two, three)] == [f"{server.url}/one", f"{server.url}/two", f"{other.url}/three"]
    assert [step.status for step in (one, two, three)] == [301, 307, 200]
    assert [step.headers.get("location") for step in (one, two)] == ["/two", f"{other.url}/three#x"]
    assert [step.body for step in (one, two, three)] == [b"", b"", b"<p>There</p>"]
    assert server.targets == ["/robots.txt", "/one", "/two"]
    assert other.targets == ["/robots.txt", "/three"]


def test_request_carries_nothing_about_us_but_who_asks(client_with, serve) -> None:
    """No cookie that was set on the way, no referrer, no login; the language is left to the page."""
    script = in_turn(moved("/two", set_cookie="session=1; Path=/"), page(set_cookie="b=2"), page())
    server = serve(site(script, robots=page(b"", 404, set_cookie="robot=1")))
    client = client_with(contact="https://example.org/me")
    for _ in range(2):
        client.get_page(PageRequest(url=f"{server.url}/one"))
    usual = {
        "host": f"lemmy.test:{server.port}",
        "user-agent": f"thread-archive/{version('thread-archive')} (+https://example.org/me)",
        "accept-encoding": "gzip, deflate",
    }
    robots, *pages = (asked.headers for asked in server.asked)
    assert robots == usual | {"accept": "text/plain, */*;q=0.1"}
    accept = "text/html, application/xhtml+xml, text/plain;q=0.8, */*;q=0.1"
    assert pages == [usual | {"accept": accept, "accept-language": "*"}] * 3


@pytest.mark.parametrize("wait", [0, 20])
def test_short_bodies_that_are_not_wanted_keep_the_connection(client, serve, wait: int) -> None:
    """A redirect and a robots.txt that is not there cost no new connection; one that is in no hurry does."""
    slow = [answer(b"", 302, location="/two", content_length="99999999"), b"x" * 99]
    server = serve(site(in_turn(slow if wait else moved("/two"), page())))
    assert client.get_page(PageRequest(url=f"{server.url}/one"))[1].status == 200
    assert server.connections == (2 if wait else 1)


def test_unchanged_page_is_a_304_without_a_body(client, serve) -> None:
    """What an earlier visit learned is sent back word for word."""
    server = serve(site(page(b"", 304, etag='W/"e"')))
    request = PageRequest(url=server.url, etag='W/"e"', last_modified="Tue, 24 Nov 2026 11:00:00 GMT")
    (exchange,) = client.get_page(request)
    assert (exchange.status, exchange.body, exchange.headers["etag"]) == (304, b"", 'W/"e"')
    robots, asked = (one.headers for one in server.asked)
    assert asked["if-none-match"] == 'W/"e"'
    assert asked["if-modified-since"] == "Tue, 24 Nov 2026 11:00:00 GMT"
    assert not {"if-none-match", "if-modified-since"} & set(robots)


@pytest.mark.parametrize("etag", ["", "ключ"])
def test_unchanged_is_no_answer_where_that_was_not_asked(client, serve, etag: str) -> None:
    """A cache before the site may say so to everybody: without a copy of ours it is a page that did not come."""
    server = serve(site(page(b"", 304)))
    with pytest.raises(ServerFailedError, match=r"lemmy\.test says that the page has not changed") as caught:
        client.get_page(PageRequest(url=server.url, etag=etag))
    assert (caught.value.url, server.targets) == (f"{server.url}", ["/robots.txt", "/"])


def test_conditions_are_for_the_server_that_they_came_from(client, serve) -> None:
    """An ETag identifies a reader as a cookie does: only the origin of the link gets its own back."""
    other = serve(site(page()))
    server = serve(site(in_turn(moved("/two"), moved(other.url))))
    client.get_page(PageRequest(url=server.url, etag='"e"', last_modified="x"))
    assert ["if-none-match" in asked.headers for asked in server.asked[1:]] == [True, True]
    assert not {"if-none-match", "if-modified-since"} & set(other.asked[-1].headers)


@pytest.mark.parametrize("etag", ["", '"e"\r\nX: y', '"é"', '"\0"'])
def test_condition_that_no_header_can_hold_is_left_out(client, serve, etag: str) -> None:
    """It may come from an archive that somebody else made."""
    server = serve(site(page()))
    client.get_page(PageRequest(url=server.url, etag=etag, last_modified=etag))
    assert not {"if-none-match", "if-modified-since", "x"} & set(server.asked[1].headers)


@pytest.mark.parametrize(
    "content_type", ["text/html", "TEXT/HTML;charset=koi8-r", "application/xhtml+xml", "text/plain", " text/html ;x"]
)
def test_text_is_read(client, serve, content_type: str) -> None:
    """Whatever else its header says; the bytes are not decoded, so that a wrong charset breaks nothing."""
    body = b"<p>\xf0\xcf \xff</p>"
    server = serve(site(answer(body, content_type=content_type)))
    assert client.get_page(PageRequest(url=server.url))[-1].body == body


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "video/mp4", "application/json", "text/csv"])
def test_what_is_not_text_is_not_downloaded(client, serve, content_type: str) -> None:
    """The exchange says its type and is empty: the server is not even asked to send on."""
    server = serve(site(lambda _: [answer(PDF, content_type=content_type, content_length="9000000"), 5.0]))
    started = time.monotonic()
    (exchange,) = client.get_page(PageRequest(url=server.url))
    assert (exchange.status, exchange.body, exchange.wire_bytes) == (200, b"", 0)
    assert exchange.headers["content-type"] == content_type
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("body", "what"), [(PDF, "a PDF"), (b"\x89PNG\r\n\x1a\n\0\0", "a picture"), (b"PK\x03\x04\x14\0", "a ZIP file")]
)
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", ""])
def test_what_only_says_that_it_is_a_page_is_refused(client, serve, body: bytes, what: str, content_type: str) -> None:
    """The error says what it is, and where; asking again would not help."""
    server = serve(site(answer(body, content_type=content_type)))
    with pytest.raises(NotAPageError, match=what) as caught:
        client.get_page(PageRequest(url=f"{server.url}/a"))
    assert caught.value.url == f"{server.url}/a"
    assert server.targets == ["/robots.txt", "/a"]


def test_page_without_a_content_type_is_read(client, serve) -> None:
    """Some servers do not say."""
    server = serve(site(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n<p>x</p>"))
    (exchange,) = client.get_page(PageRequest(url=server.url))
    assert (exchange.body, exchange.headers) == (b"<p>x</p>", {})


@pytest.mark.parametrize("status", [201, 204, 300, 400, 401, 402, 403, 404, 410, 451])
def test_final_status_below_500_is_an_answer(client, serve, status: int) -> None:
    """What it means for the article is for others to say; it is asked for once."""
    server = serve(site(page(b"" if status == 204 else b"<p>Sorry</p>", status)))
    (exchange,) = client.get_page(PageRequest(url=server.url))
    assert (exchange.status, len(server.asked)) == (status, 2)


@pytest.mark.parametrize("status", [500, 502, 503, 520])
def test_failing_server_is_asked_once_more(client, serve, clock: FakeClock, status: int) -> None:
    """A second later; then the error names host and status. Its error page is not read, whatever it is."""
    broken = page(b"x" * 99, status, content_encoding="br")
    server = serve(site(broken))
    with pytest.raises(ServerFailedError, match=rf"lemmy\.test answered with the error {status}"):
        client.get_page(PageRequest(url=server.url))
    assert (len(server.asked), clock.slept) == (3, [1])
    server.script = site(in_turn(broken, page()))
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200


@pytest.mark.parametrize("status", [429, 503])
def test_limit_is_waited_for_within_a_minute(client, serve, clock: FakeClock, status: int) -> None:
    """As long as the server asks, if that is soon."""
    server = serve(site(in_turn(page(status=status, retry_after="50"), page())))
    assert client.get_page(PageRequest(url=server.url))[-1].status == 200
    assert clock.slept == [50]


@pytest.mark.parametrize("asks", ["60", "3600", "Tue, 24 Nov 2026 13:00:00 GMT"])
def test_longer_limit_is_an_error_at_once(client, serve, clock: FakeClock, asks: str) -> None:
    """An article does not hold up its thread; the error says when to try again."""
    server = serve(site(page(status=429, retry_after=asks)))
    with pytest.raises(RateLimitedError, match=r"lemmy\.test asks us to make fewer requests.*in \d+ seconds"):
        client.get_page(PageRequest(url=server.url))
    assert (len(server.asked), clock.slept) == (2, [])


def test_waits_of_all_steps_share_one_minute(client, serve, clock: FakeClock) -> None:
    """Robots.txt, redirects and page together, however many hosts take part."""
    limited = page(status=429, retry_after="25")
    server = serve(site(in_turn(limited, moved("/two"), limited, moved("/three"), limited, page())))
    with pytest.raises(RateLimitedError):
        client.get_page(PageRequest(url=server.url))
    assert clock.slept == [25, 25]


def test_answers_share_the_minute_too(client_with, serve) -> None:
    """Slow redirects, each within the time for one answer, end when the time for all is used up."""
    server = serve(site(lambda asked: [0.25, moved(asked.target + "x")]))
    limits = PageLimits(seconds=0.4, seconds_in_all=0.6)
    started = time.monotonic()
    with pytest.raises(InstanceUnreachableError, match=r"within 0\.\d+ seconds|was used up"):
        client_with(page_limits=limits, clock=SystemClock()).get_page(PageRequest(url=server.url))
    assert time.monotonic() - started < 0.9


def test_wait_for_the_turn_counts_too(client_with, serve, clock: FakeClock) -> None:
    """The pace of a host may use up what is left: then it is not asked."""
    server = serve(site(in_turn(page(status=429, retry_after="57"), moved("/two"))))
    with pytest.raises(InstanceUnreachableError, match="time was used up"):
        client_with(rate=0.5).get_page(PageRequest(url=server.url))
    assert (server.targets, clock.slept) == (["/robots.txt", "/", "/"], [2, 57, 2])


def test_page_beyond_ten_megabytes_is_too_large(client, serve) -> None:
    """An API may answer with more; the error says how much is accepted."""
    server = serve(site(page(b"", content_length=str(10 * 1024 * 1024 + 1))))
    with pytest.raises(TooLargeError, match="larger than the 10 MiB") as caught:
        client.get_page(PageRequest(url=server.url))
    assert (caught.value.url, len(server.asked)) == (server.url, 2)


@pytest.fixture
def public_client(client_with, serve):
    """A client for which every name is a public address, and a site on its port 80 that sends on to `place`."""

    def make(place: str):
        server = serve(site(in_turn(moved(place), page())))
        return client_with(
            allow_private_network=False, rule=ANY_ADDRESS, resolver=lambda host, port: [("127.0.0.1", server.port)]
        )

    return make


def test_plain_http_is_allowed_for_links(public_client) -> None:
    """Much of what is old has no other address."""
    assert [step.status for step in public_client("http://b.test/x").get_page(PageRequest(url="http://a.test/"))] == [
        302,
        200,
    ]


@pytest.mark.parametrize("place", ["http://a.test:8080/", "https://a.test:8443/", "http://a.test:22/"])
def test_other_ports_are_refused_in_links_and_redirects(public_client, place: str) -> None:
    """80 and 443 only: others are not web sites."""
    with pytest.raises(BlockedAddressError, match=r"Port \d+ of a\.test"):
        public_client("/").get_page(PageRequest(url=place))
    with pytest.raises(BlockedAddressError, match=r"Port \d+ of a\.test"):
        public_client(place).get_page(PageRequest(url="http://b.test/"))


def test_private_network_lifts_the_rules_for_links(client, serve) -> None:
    """Addresses, ports and plain http, redirects included: --allow-private-network is for the whole run."""
    other = serve(site(page()))
    server = serve(site(moved(other.url)))
    assert client.get_page(PageRequest(url=server.url))[-1].url == f"{other.url}"


def test_robots_can_be_ignored_by_who_says_so(client, serve) -> None:
    """Then it is not even asked for, at no step."""
    server = serve(site(in_turn(moved("/two"), page()), robots=answer(b"User-agent: *\nDisallow: /")))
    assert len(client.get_page(PageRequest(url=server.url, ignore_robots=True))) == 2
    assert server.targets == ["/", "/two"]
