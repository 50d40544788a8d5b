"""
What an actor's ap_id says of its name and of its host: nobody is shown by a name that belongs to another account.

Lemmy, PieFed and Mbin name people and communities in the path (`/u/ada`, `/c/boats`, `/m/boats`), Mastodon and Pleroma
too (`/users/ada`, `/@ada`). Others put a number or a made-up id there (`/ap/users/1162`, and Misskey
`/users/9fyx0c8b2q`), which says nothing of the name.
"""

import re
import unicodedata
from urllib.parse import unquote

from thread_archive.urls.hosts import host_in

_PATH = re.compile(r"https?://[^/?#]*(/[^?#]*)", re.IGNORECASE)
_NAMED = re.compile(r"/(?:u|c|m|user|users|accounts|video-channels|profile)/([^/]+)/?|/@([^/@]+)/?")
# Numbers, UUIDs, and the ids that Misskey and its forks make: 10, 16 or 24 signs in base 36, or a ULID.
_OPAQUE = re.compile(
    r"[0-9]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[a-z]*[0-9])(?:[0-9a-z]{10}|[0-9a-z]{16}|[0-9a-z]{24}|[0-9a-hjkmnp-tv-z]{26})",
    re.IGNORECASE,
)
# Nothing that is called something else may be an id there: these programs name everybody in the path.
_ALWAYS_NAMED = ("/u/", "/c/", "/m/", "/@")


def name_in(ap_id: str) -> str:
    """The name that the path of an actor's ap_id tells; empty where it tells none."""
    path = _PATH.match(ap_id)
    found = _NAMED.fullmatch(path[1]) if path else None
    if found is None:
        return ""
    name = unquote(found[1] or found[2])
    return "" if _OPAQUE.fullmatch(name) and not found[0].startswith(_ALWAYS_NAMED) else name


def fitting_name(ap_id: str, name: str) -> str:
    """What an actor is called: `name` as a server tells it, or what its ap_id says where that is another name."""
    own = name_in(ap_id)
    return name if not own or own == name or _folded(own) == _folded(name) else own


def handle(ap_id: str | None, name: str | None, here: str = "") -> str:
    """
    How an actor is named where a text stands alone: `name@host`, or the name for one of the server `here`; empty where
    nobody is known. Any server may have an account of the same name.
    """
    host = host_in(ap_id or "")
    return f"{name}@{host}" if name and host and host != here else name or ""


def is_same_server(host: str, other: str) -> bool:
    """Whether two hosts are one server by their names alone: `www.` before one makes no other."""
    return host.removeprefix("www.") == other.removeprefix("www.")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
