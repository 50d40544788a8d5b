"""Which addresses we talk to."""

import traceback
from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetching.conftest import loopback
from thread_archive.captures import Request
from thread_archive.exceptions import BlockedAddressError
from thread_archive.fetching import Client, system_resolver
from thread_archive.fetching.addresses import checked, host_of, is_loopback, is_public

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.1.2.3",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:2::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
]  # fmt: skip
ALLOWED = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
    "172.32.0.0", "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2606:4700::1111", "2a00:1450:4001::1", "2001:200::1", "2003::1", "3ffe::1", "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_address_is_refused(address: str) -> None:
    """Whatever is not handed out for public use is refused, in each family and wrapping."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ALLOWED)
def test_public_address_is_allowed(address: str) -> None:
    """Neighbours of the refused ranges, and wrapped public addresses, pass."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_known_in_each_spelling(address: str) -> None:
    """The rule for unencrypted logins knows this machine."""
    assert is_loopback(ip_address(address))
    assert not is_loopback(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "127.1", "0", "0.0.0.0", "169.254.169.254", "[::1]",
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fd00::1]",
    ],
)  # fmt: skip
def test_spelling_of_a_private_address_is_refused(host: str) -> None:
    """The decision falls on what this machine's resolver makes of a spelling, not on the spelling."""
    with Client(resolver=system_resolver) as client, pytest.raises(BlockedAddressError) as caught:
        client.get(Request(url=f"https://{host}/post/1"))
    assert "--allow-private-network" in caught.value.next
    assert caught.value.url == f"https://{host}/post/1"


def test_one_private_answer_among_public_ones_refuses_the_host(client_with, clock) -> None:
    """A name with one public and one private address is refused before anything connects, and not tried again."""
    asked = []

    def mixed(host: str, port: int) -> list[tuple[str, int]]:
        asked.append(host)
        return [("203.0.114.1", port), ("127.0.0.1", port)]

    with pytest.raises(BlockedAddressError, match=r"lemmy\.test \(127\.0\.0\.1\)"):
        client_with(allow_private_network=False, resolver=mixed).get(Request(url="https://lemmy.test/"))
    assert asked == ["lemmy.test"]
    assert clock.slept == []


def test_second_look_up_that_turns_private_is_refused(client_with, serve, certified) -> None:
    """A name is looked up once a connection and checked each time: rebinding gains nothing."""
    server = serve(b"", tls=certified)
    answers = [[("10.9.9.9", server.port)]]

    def rebinding(host: str, port: int) -> list[tuple[str, int]]:
        return answers.pop(0)

    with pytest.raises(BlockedAddressError):
        client_with(allow_private_network=False, resolver=rebinding).get(Request(url="https://lemmy.test/"))
    assert answers == []
    assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://lemmy.test/", "plain http"),
        ("https://lemmy.test:22/", "Port 22"),
        ("https://lemmy.test:8536/", "Port 8536"),
        ("file:///etc/passwd", "not file ones"),
        ("ftp://lemmy.test/", "not ftp ones"),
        ("gopher://lemmy.test/", "not gopher ones"),
        ("/post/1", "not relative ones"),
        ("https:///post/1", "Only web addresses"),
        ("https://me:hunter2@lemmy.test/", "user name or password"),
        ("https://lemmy.test:99999/", "not a URL"),
        ("https://lemmy.test:0/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://me:hunter2/x@lemmy.test/", "not a URL"),
        ("ftp://me:hunter2@lemmy.test/", "user name or password"),
    ],
)
def test_url_is_refused_by_its_text(url: str, message: str) -> None:
    """Schemes, ports, user names and plain http are refused before a look-up, without repeating a password."""
    with pytest.raises(BlockedAddressError, match=message) as caught:
        checked(url, typed_ports=(), allow_private_network=False)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value)) + caught.value.url


@pytest.mark.parametrize(
    ("url", "host"), [("https://Straße.test/a", "xn--strae-oqa.test"), ("https://💩.test/", "xn--ls8h.test")]
)
def test_host_is_asked_for_by_the_name_that_browsers_give_it(url: str, host: str) -> None:
    """Not by that of somebody else."""
    assert host_of(checked(url, allow_private_network=False)) == host


def test_port_that_was_typed_is_allowed_on_its_host_only() -> None:
    """An instance may run on any port, if it was the user who said so."""
    typed = {("lemmy.test", 8536)}
    assert checked("https://Lemmy.Test:8536/", typed_ports=typed, allow_private_network=False).port == 8536
    for url in ("https://other.test:8536/", "https://lemmy.test:8537/"):
        with pytest.raises(BlockedAddressError):
            checked(url, typed_ports=typed, allow_private_network=False)


def test_private_network_lifts_ports_and_plain_http_but_not_passwords() -> None:
    """--allow-private-network is for servers at home, not for any URL."""
    assert checked("http://lemmy.test:8536/", typed_ports=(), allow_private_network=True)
    for url in ("http://me@lemmy.test/", "file:///etc/passwd"):
        with pytest.raises(BlockedAddressError):
            checked(url, typed_ports=(), allow_private_network=True)


def test_fragment_is_not_sent() -> None:
    """A fragment is for browsers."""
    url = checked("https://lemmy.test/post/1?a=b#c", typed_ports=(), allow_private_network=False)
    assert str(url) == "https://lemmy.test/post/1?a=b"


@given(st.text() | st.text().map("https://{}".format) | st.text().map("https://lemmy.test{}".format))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    """No text raises anything else."""
    try:
        url = checked(text, typed_ports=(), allow_private_network=False)
    except BlockedAddressError:
        return
    assert isinstance(url, httpx.URL)
    assert url.scheme == "https"


def test_loopback_resolver_of_the_tests_is_refused_by_default(client_with, serve) -> None:
    """Without the option, loopback is refused whatever name leads there."""
    server = serve(b"")
    with pytest.raises(BlockedAddressError):
        client_with(allow_private_network=False, resolver=lambda *_: loopback("", server.port)).get(
            Request(url="https://lemmy.test/")
        )
    assert server.connections == 0
