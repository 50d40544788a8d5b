"""Addresses in what people write: one form for one place, and the profiles that mentions stand for."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from thread_archive.urls import host_of

MAX_LENGTH = 8_000
# Names of parameters that say how a reader came to a page, never which page it is.
TRACKING = re.compile(
    r"utm_\w*|mc_[ce]id|_hs(?:enc|mi)|hsCtaTracking|(?:fb|g|d|tw|msclk|y|wicked)clid|gclsrc|[gw]braid"
    r"|msclkid|igshid|igsh|mkt_tok|oly_(?:anon|enc)_id|vero_(?:conv|id)|wickedid|ref_src|__s",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_LINKED = ("http://", "https://", "mailto:")
# RFC 3986: what may stand in a path, a query and a fragment as it is, and "%".
_PATH, _QUERY = "/%:@!$&'()*+,;=~-._", "/%:@!$&'()*+,;=~-._?"
# A community or person as an instance shows those of others (lemmy-ui; /m/ is Mbin's).
_ACTOR_PATH = re.compile(r"/([cmu])/([^/@?#]{1,200})@([^/@?#]{1,255})/?(?:[?#].*)?")
_SORTS = {"c": "community", "m": "community", "u": "mention"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A web address in its one form; `domain` is its host without `www.`, `kind` what it leads to."""

    url: str
    domain: str
    kind: str = "link"


def resolved(href: str, base: str = "") -> str | None:
    """
    Where a link leads that was written on the page `base`: an http, https or mailto address; None for any other.

    The address of a community or person as another instance shows it (`/c/name@host`) leads to its own instance.
    """
    if actor := actor_of(href):
        return actor.url
    if not _SCHEME.match(href):
        try:
            href = urljoin(base, href) if base else ""
        except ValueError:
            return None
    return href if href[:8].lower().startswith(_LINKED) else None


def leads_nowhere(address: str) -> bool:
    """Whether no page can link to an address: it is of another scheme than the web's and mail's, or is none at all."""
    if not address[:8].lower().startswith(_LINKED) and _SCHEME.match(address):
        return True
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https"):
            host_of(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    except ValueError:
        return True
    return False


def actor_of(path: str) -> Address | None:
    """The community or person that a path like `/c/name@host` stands for on any instance."""
    match = _ACTOR_PATH.fullmatch(path) if "@" in path else None
    url = profile(*match.groups()) if match else ""
    return Address(url=url, domain=urlsplit(url).netloc, kind=_SORTS[match[1]]) if match and url else None


def profile(sort: str, name: str, host: str) -> str:
    """The address of the community (`c`, `m`) or person (`u`) of that name; empty where `host` is none."""
    try:
        return f"https://{host_of(f'https://{host}')}/{sort if sort == 'u' else 'c'}/{quote(name, safe='%')}"
    except ValueError:
        return ""


def normalised(url: str) -> Address | None:
    """
    `url` as an Address; None where it is no http or https address, or longer than MAX_LENGTH characters.

    Scheme and host in lower case and A-labels, no default port, no user information, no parameters that TRACKING
    names, no text directive; what else has no place in an address is percent-encoded. The fragment stays.
    """
    if len(url) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return None
        host = host_of(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
        path = quote(parts.path or "/", safe=_PATH)
        query = quote("&".join(part for part in parts.query.split("&") if not _tracks(part)), safe=_QUERY)
        fragment = quote(parts.fragment.partition(":~:")[0], safe=_QUERY)
    except ValueError:
        return None
    found = f"{parts.scheme}://{host}{path}{'?' if query else ''}{query}{'#' if fragment else ''}{fragment}"
    return actor_of(path) or Address(url=found, domain=host.removeprefix("www."))


def _tracks(parameter: str) -> bool:
    return TRACKING.fullmatch(parameter.partition("=")[0]) is not None


def base_of(post_ap_id: str) -> str:
    """What relative links of a thread start from: its post's server."""
    scheme, _, rest = post_ap_id.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/"
