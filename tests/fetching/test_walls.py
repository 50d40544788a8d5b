"""Walls against bots: known by their means, not tried again, and never seen in a page that was asked for."""

import pytest

from fetching.clocks import FakeClock
from fetching.servers import answer, page, site
from thread_archive.captures import PageRequest, Request
from thread_archive.exceptions import BotWallError, RateLimitedError, ServerFailedError
from thread_archive.fetching.walls import wall

HEAD = b"<!doctype html><html><head>"
WALLS = {
    "Anubis": HEAD + b'<script id="anubis_version" type="application/json">"v1.21.0"</script>',
    "Anubis, other templates": HEAD + b'<link rel="stylesheet" href="/.within.website/x/cmd/anubis/static/css/x.css">',
    "go-away": HEAD + b'<link href="/.well-known/.git.example/git/go-away/cmd/go-away/assets/style.css">',
    "go-away without scripts": HEAD + b'<meta http-equiv="refresh" content="0; url=/x?__goaway_challenge=refresh">',
    "Cloudflare": HEAD + b'<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>',
    "Cloudflare, older": HEAD + b"<script>window._cf_chl_opt={}</script>",
    "DDoS-Guard": HEAD + b'<script src="https://check.ddos-guard.net/check.js"></script>',
    "Sucuri": HEAD + b"<script>var s={},sucuri_cloudproxy_js='',S='YQ=='</script>",
    "haproxy-protection": HEAD + b'<script src="/.basedflare/js/challenge.min.js"></script>',
    "no vendor's": HEAD + b"<title>Checking your browser &hellip;</title></head><body><p>Please wait.</p></body>",
    "capitals, and a byte order mark": b"\xef\xbb\xbf\n<HTML><HEAD><TITLE>Just a Moment...</TITLE></HEAD></HTML>",
}
each_wall = pytest.mark.parametrize("body", WALLS.values(), ids=WALLS)


@each_wall
@pytest.mark.parametrize("status", [200, 202, 429, 503])
def test_a_wall_is_named_whatever_its_status_and_asked_once(
    client, serve, clock: FakeClock, body: bytes, status: int
) -> None:
    server = serve(page(body, status))
    with pytest.raises(BotWallError, match=rf"lemmy\.test does not let programs in: .*\({status}\)") as caught:
        client.get(Request(url=f"{server.url}/api/v3/site"))
    assert (caught.value.exit_code, caught.value.url) == (3, f"{server.url}/api/v3/site")
    assert "--contact" in caught.value.next
    assert (len(server.asked), clock.slept) == (1, [])


@pytest.mark.parametrize("header", ["cf_mitigated", "x_vercel_mitigated", "x_amzn_waf_action"])
@pytest.mark.parametrize("status", [200, 202, 403, 429, 503])
def test_a_wall_that_a_header_names_needs_no_page(client, serve, header: str, status: int) -> None:
    server = serve(answer(b"", status, retry_after="10", **{header: "challenge"}))
    with pytest.raises(BotWallError):
        client.get(Request(url=server.url))
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitedError), (503, ServerFailedError)])
def test_an_ordinary_page_with_a_failure_is_no_wall(client_with, serve, status: int, error: type[Exception]) -> None:
    server = serve(page(HEAD + b"<title>503 Service Temporarily Unavailable</title>", status))
    with pytest.raises(error):
        client_with(patience=2).get(Request(url=server.url))


def test_what_people_write_about_walls_is_none(client, serve) -> None:
    quoted = b'{"body": "<script id=\\"anubis_version\\">, _cf_chl_opt, Just a moment"}'
    assert client.get(Request(url=serve(answer(quoted)).url)).body == quoted


def test_cloudflares_script_in_a_page_that_it_let_pass_is_no_wall() -> None:
    body = HEAD + b'<title>News</title><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert wall("h", "", 200, {"content-type": "text/html"}, body) is None


def test_a_title_alone_is_not_believed_of_a_page_that_links_on() -> None:
    linked = HEAD + b"<title>The challenge</title>" + b'<a href="/x">x</a>' * 9
    assert wall("h", "", 200, {}, linked) is None


@each_wall
def test_a_linked_page_that_came_is_what_was_asked_for(client, serve, body: bytes) -> None:
    server = serve(site(page(body)))
    (exchange,) = client.get_page(PageRequest(url=f"{server.url}/article"))
    assert exchange.body == body


def test_a_linked_page_behind_a_wall_is_asked_for_once(client, serve) -> None:
    server = serve(site(page(b"", 503, cf_mitigated="challenge")))
    with pytest.raises(BotWallError):
        client.get_page(PageRequest(url=f"{server.url}/article"))
    assert server.targets == ["/robots.txt", "/article"]


@pytest.mark.parametrize("status", [200, 202])
def test_any_page_in_place_of_an_api_that_is_known_is_a_wall(client, serve, status: int) -> None:
    server = serve(page(b"<p>Nothing that anybody knows.</p>", status))
    assert client.get(Request(url=server.url)).status == status
    with pytest.raises(BotWallError, match="does not let programs in"):
        client.get(Request(url=server.url), api=True)


@pytest.mark.parametrize(
    "body", [b"<" * 2_000_000, b"<title" * 400_000, b"<title>" + b"x" * 2_000_000, b" " * 2_000_000 + b"<"]
)
def test_a_hostile_page_is_judged_at_once(body: bytes) -> None:
    for _ in range(20):
        assert wall("h", "", 200, {}, body) is None
