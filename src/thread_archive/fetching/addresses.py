"""
Which addresses we talk to. A thread's URL, an ap_id and a redirect are all chosen by strangers, and must not make this
machine ask a router, a cloud's metadata service or a neighbour's printer.

The ranges are listed here, from IANA's special-purpose registries (RFC 6890 and its updates): what
`ipaddress.is_global` says differs between patch releases of Python, and is true for 6to4, NAT64 and multicast.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from thread_archive.exceptions import BlockedAddressError
from thread_archive.urls import with_a_labels

IPAddress = IPv4Address | IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
LAST_PORT = 65535

NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is a metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by number, but the inside of one cloud
        "169.254.0.0/16",  # link-local; 169.254.169.254 is a metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# IPv6 is the other way round: only this block is handed out at all, less what is special inside it.
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address may hide in it
        "3fff::/20",  # documentation
    )
)
V4_MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")


def unwrapped(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052) one leads to; others as they are."""
    if isinstance(address, IPv6Address) and (address in V4_MAPPED or address in NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Whether `address` belongs to the public internet."""
    inner = unwrapped(address)
    if isinstance(inner, IPv4Address):
        return not any(inner in network for network in NOT_PUBLIC_V4)
    return inner in GLOBAL_UNICAST_V6 and not any(inner in network for network in NOT_PUBLIC_V6)


def is_loopback(address: IPAddress) -> bool:
    """Whether `address` is this machine itself."""
    return unwrapped(address).is_loopback


@dataclass(frozen=True, slots=True)
class AddressRule:
    """What a host's addresses must fulfil, and what to tell when one does not."""

    allows: Callable[[IPAddress], bool]
    reason: str
    next: str

    def check(self, host: str, addresses: list[str]) -> None:
        """Raise BlockedAddressError if any of the `addresses` (numeric) of `host` is not allowed: one is enough."""
        for address in addresses:
            if not self.allows(ip_address(address)):
                where = host if host == address else f"{host} ({address})"
                raise BlockedAddressError(f"{where} {self.reason}.", next=self.next)


PRIVATE_HINT = "For a server on your own network, add --allow-private-network."
PUBLIC_ONLY = AddressRule(is_public, "is not an address of the public internet", PRIVATE_HINT)
LOOPBACK_ONLY = AddressRule(
    is_loopback, "would get the login unencrypted, and is not this machine", "Use the https address of the instance."
)
ANY_ADDRESS = AddressRule(lambda _: True, "", "")


def port_of(url: httpx.URL) -> int:
    """The TCP port that `url` (http or https) leads to."""
    return DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def host_of(url: httpx.URL) -> str:
    """The host of `url` as it is looked up: lower case, A-labels, IPv6 without brackets."""
    return url.raw_host.decode("ascii").lower()


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port: what a login is bound to."""
    return url.scheme, host_of(url), port_of(url)


def _parsed(url: str | httpx.URL) -> httpx.URL:
    parsed = httpx.URL(with_a_labels(url) if isinstance(url, str) else url)
    if parsed.port is not None and not 0 < parsed.port <= LAST_PORT:
        raise httpx.InvalidURL("no such port")
    return parsed


def checked(
    url: str | httpx.URL,
    *,
    typed_ports: Container[tuple[str, int]] = (),
    allow_private_network: bool,
    link: bool = False,
) -> httpx.URL:
    """
    `url` without its fragment, if its text tells nothing against asking for it; addresses are checked when connecting.

    `typed_ports` holds the (host, port) that the user typed; everything else gets 80 and 443 only. A `link` may be
    http:// too: much of what people link to has no other address, and nothing secret goes there.
    Raises BlockedAddressError; its message never repeats the user name or password of a URL.
    """
    try:
        parsed = _parsed(url)
    except (httpx.InvalidURL, ValueError):
        # Without the cause: it quotes the part of the URL that it did not understand.
        raise BlockedAddressError(
            "That is not a URL that can be fetched.", next="Check the address for stray characters."
        ) from None
    if parsed.userinfo:
        raise BlockedAddressError(
            "The address holds a user name or password, which we do not send.", next="Remove what stands before the @."
        )
    if parsed.scheme not in DEFAULT_PORTS or not parsed.raw_host:
        raise BlockedAddressError(
            f"Only web addresses can be fetched, not {parsed.scheme or 'relative'} ones.",
            next="Use an https:// address.",
            url=str(parsed),
        )
    if not allow_private_network:
        _check_public(parsed, typed_ports, link=link)
    return parsed.copy_with(fragment=None) if parsed.fragment else parsed


def _check_public(url: httpx.URL, typed_ports: Container[tuple[str, int]], *, link: bool) -> None:
    host, port = host_of(url), port_of(url)
    if url.scheme != "https" and not link:
        raise BlockedAddressError(
            f"{host} would be asked over plain http, which anyone on the way can read and change.",
            next=f"Use https://. {PRIVATE_HINT}",
            url=str(url),
        )
    if port not in DEFAULT_PORTS.values() and (host, port) not in typed_ports:
        raise BlockedAddressError(
            f"Port {port} of {host} is not a web server's{'' if link else ', and was not typed by you'}.",
            next=PRIVATE_HINT if link else f"Give the address with its port yourself. {PRIVATE_HINT}",
            url=str(url),
        )
