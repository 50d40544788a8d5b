"""
Host names in one form: lower-case A-labels (RFC 5890), made as browsers make them.

That is UTS 46, non-transitional: `straße.example` is `xn--strae-oqa.example`, and not `strasse.example`, which belongs
to somebody else. The A-labels are also what is shown: they cannot be mistaken for another name.
"""

import re
from urllib.parse import SplitResult, unquote, urlsplit

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
# Zero width joiners have rules of their own in names (RFC 5892, A.1 and A.2), which browsers hold them to.
_JOINER = re.compile("[\u200c\u200d]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def a_labels(host: str) -> str:
    """
    A host name in lower-case A-labels, without a trailing dot; what is percent-encoded in it counts as decoded.

    Raises ValueError where it is none.
    """
    host = unquote(host)
    # Not in lower case before it is mapped: Python's has a rule for the last sigma of a word, and UTS 46 has not.
    host = host.lower() if host.isascii() else ".".join(map(_a_label, _mapped(host).split(".")))
    host = host.rstrip(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("no host name")
    return host


def _mapped(host: str) -> str:
    # Its tables take a while to load, and most hosts are ASCII.
    import idna

    mapped: str = idna.uts46_remap(host, std3_rules=False)
    return mapped


def _a_label(label: str) -> str:
    import idna

    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except (idna.InvalidCodepoint, idna.InvalidCodepointContext):
        # UTS 46 and browsers take symbols, for example emoji, which IDNA 2008 does not.
        if _JOINER.search(label):
            raise
        return f"xn--{label.encode('punycode').decode('ascii')}"


def host_of(url: str) -> str:
    """
    The host of a web address in lower-case A-labels, with its port unless that is the scheme's own.

    IPv6 addresses keep their brackets, a trailing dot goes. Raises ValueError where there is none, or with user
    information.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("user information in an address")
    host, port = _written(parts), parts.port
    host = host.lower() if host.startswith("[") else a_labels(host)
    if port in (None, _DEFAULT_PORTS.get(parts.scheme)):
        return host
    if not port:
        raise ValueError("no port")
    return f"{host}:{port}"


def _written(parts: SplitResult) -> str:
    """The host as it is written there, which `hostname` is not: IPv6 addresses keep their brackets."""
    place = parts.netloc.rpartition("@")[2]
    return f"[{parts.hostname}]" if place.startswith("[") else place.partition(":")[0]


def with_a_labels(url: str) -> str:
    """A web address with its host in A-labels, for the rest as it is; raises ValueError where the host is none."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = _written(parts)
    if host.isascii():
        return url
    return parts._replace(netloc=parts.netloc.replace(host, a_labels(host))).geturl()


def host_in(ap_id: str) -> str:
    """
    The host, with its port, in an ap_id or an address: in lower case, and in A-labels where it can be; it may be none.
    """
    host = ap_id.partition("://")[2].partition("/")[0]
    if host.isascii():
        return host.lower()
    name, colon, port = host.partition(":")
    try:
        return f"{a_labels(name)}{colon}{port}"
    except ValueError:
        return host.lower()


def typed_ports(instance: str) -> frozenset[tuple[str, int]]:
    """The (host, port) of an instance that is named with a port, IPv6 without brackets; nothing for one that is not."""
    host, colon, port = instance.rpartition(":")
    return frozenset({(host.strip("[]"), int(port))} if colon and port.isdigit() else ())
