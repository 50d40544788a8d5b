"""
By which names a site is asked for: a request that names another one is refused.

A page of a stranger can give its own name the address of this machine (DNS rebinding), and a browser then lets its
scripts read what is served here. The `Host` header (RFC 9110 §7.2) still says the stranger's name.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from thread_archive.exceptions import InputError
from thread_archive.urls import a_labels

# The header's value (RFC 3986 §3.2.2): a name or an IPv4 address, or an IPv6 address in brackets, then maybe a port.
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9._-]{1,254}))(?::[0-9]{0,5})?", re.IGNORECASE)
_LOOPBACK = "localhost"

NOT_ONE = (400, "A request has to name one host.")
NOT_OURS = (
    421,
    "This site does not answer to the name by which it was asked for. Its owner can add names: "
    "thread-archive serve --allow-host NAME.",
)


def normal(host: str) -> str:
    """
    A host name or IP address in one form: lower-case A-labels without a trailing dot; an address as `ipaddress` writes
    it, without brackets and zone.

    Raises ValueError where it is neither.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    address = _address(bare.partition("%")[0])
    return str(address) if address else a_labels(bare)


def named(value: str) -> str | None:
    """The host that a `Host` header names, in its normal form; None where the value is none."""
    match = _HOST.fullmatch(value)
    if match is None:
        return None
    try:
        return normal(match["six"] or match["name"])
    except ValueError:
        return None


def refusal(scope: Any, allowed: Collection[str]) -> tuple[int, str] | None:
    """
    The status and the words with which a request is refused that does not name one of the `allowed` hosts (in their
    normal form), this machine's loopback or the very address at which it came in; None where it names one.

    What a proxy says in other headers counts for nothing: anybody can send them.
    """
    values = [value for name, value in scope["headers"] if name.lower() == b"host"]
    host = named(values[0].decode("latin-1")) if len(values) == 1 else None
    if host is None:
        return NOT_ONE
    return None if host in allowed or _is_loopback(host) or host == _arrived_at(scope) else NOT_OURS


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """The names that somebody allows, in their normal form. Raises InputError for what is no host name."""
    return tuple(map(_checked, names))


def _checked(name: str) -> str:
    try:
        return normal(name)
    except ValueError as error:
        raise InputError(
            f"{name!r} is no host name.",
            next="Give the name alone, as in archive.example.org, without a scheme, a port or a path.",
        ) from error


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == _LOOPBACK


def _arrived_at(scope: Any) -> str | None:
    """The address of this machine that a request came to: no name, so that nobody can have pointed one at it."""
    server = scope.get("server")
    address = _address(str(server[0]).partition("%")[0]) if server else None
    return str(address) if address else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
