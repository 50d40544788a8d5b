"""Redirects: followed by hand, each step checked as if it were the first."""

import pytest

from fetching.servers import answer, in_turn
from thread_archive.captures import Request
from thread_archive.exceptions import BlockedAddressError, ServerFailedError
from thread_archive.fetching.addresses import AddressRule

REDIRECT_STATUSES = [301, 302, 303, 307, 308]


def moved(location: str, status: int = 302) -> bytes:
    return answer(b"moved", status, location=location)


@pytest.mark.parametrize("status", REDIRECT_STATUSES)
def test_redirect_is_followed(client, serve, status: int) -> None:
    """Each kind, relative too; the exchange says what was asked and where it ended, and counts all bytes."""
    server = serve(in_turn(moved("/post/2?x=y#comments", status), answer(b'{"id":2}')))
    exchange = client.get(Request(url=f"{server.url}/post/1"))
    assert (exchange.url, exchange.final_url) == (f"{server.url}/post/1", f"{server.url}/post/2?x=y")
    assert (exchange.status, exchange.body, exchange.wire_bytes) == (200, b'{"id":2}', 5 + 8)
    assert server.targets == ["/post/1", "/post/2?x=y"]


def test_redirect_without_a_place_is_an_answer(client, serve) -> None:
    """Nowhere to go."""
    assert client.get(Request(url=serve(answer(b"", 302)).url)).status == 302


def test_five_redirects_are_followed_and_a_sixth_is_not(client, serve) -> None:
    """A loop ends; that is not tried again."""
    server = serve(lambda asked: moved(f"/{int(asked.target[1:]) + 1}") if asked.target != "/0" else answer())
    assert client.get(Request(url=f"{server.url}/0")).status == 200
    with pytest.raises(ServerFailedError, match="more than 5 times"):
        client.get(Request(url=f"{server.url}/1"))
    assert server.targets == ["/0", "/1", "/2", "/3", "/4", "/5", "/6"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("https://private.test/", r"private\.test \(10\.0\.0\.1\)"),
        ("https://127.0.0.2/", r"127\.0\.0\.2 is not public"),
        ("//169.254.169.254/latest/meta-data/", r"169\.254\.169\.254 is not"),
        ("http://lemmy.test/", "from https to plain http"),
        ("https://other.test:22/", "Port 22"),
        ("https://other.test:8443/", "Port 8443"),
        ("file:///etc/passwd", "not file ones"),
        ("https://me:hunter2@lemmy.test/", "user name or password"),
    ],
)
def test_redirect_is_checked_from_scratch(client_with, serve, certified, location: str, message: str) -> None:
    """A server cannot send us to a private address, another port, plain http, a file, nor with a password."""
    server = serve(moved(location), tls=certified)

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        return [{"lemmy.test": ("127.0.0.1", server.port), "private.test": ("10.0.0.1", port)}.get(host, (host, port))]

    # One address of loopback stands for the public internet.
    rule = AddressRule(lambda address: str(address) == "127.0.0.1", "is not public", "")
    client = client_with(allow_private_network=False, resolver=resolver, rule=rule)
    with pytest.raises(BlockedAddressError, match=message) as caught:
        client.get(Request(url="https://lemmy.test/"))
    assert "hunter2" not in f"{caught.value} {caught.value.url}"
    assert len(server.asked) == 1


def test_redirect_within_the_typed_port_is_followed(client_with, serve, certified) -> None:
    """An instance on its own port may send us to another path there."""
    server = serve(in_turn(moved("/post/2"), answer()), tls=certified)
    rule = AddressRule(lambda address: True, "", "")
    client = client_with(allow_private_network=False, rule=rule)
    request = Request(url=f"https://lemmy.test:{server.port}/post/1")
    assert client.get(request, typed_ports={("lemmy.test", server.port)}).status == 200
    with pytest.raises(BlockedAddressError):
        client.get(request)


def test_downgrade_is_refused_on_a_private_network_too(client, serve, certified) -> None:
    """--allow-private-network allows plain http where it is asked for, not where a server turns encryption off."""
    server = serve(moved("http://lemmy.test/"), tls=certified)
    with pytest.raises(BlockedAddressError, match="from https to plain http"):
        client.get(Request(url=f"https://lemmy.test:{server.port}/"))


@pytest.mark.parametrize("location", ["https://[::1", "https://lemmy.test:99999/", "http://\x80.test/", "https://"])
def test_redirect_to_no_address_is_an_error(client, serve, location: str) -> None:
    """Whatever stands in Location, it ends in an error of ours."""
    with pytest.raises((ServerFailedError, BlockedAddressError)):
        client.get(Request(url=serve(moved(location)).url))
