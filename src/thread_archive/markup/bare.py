"""Addresses that stand bare in text: `https://…`, `www.…`, `@person@host`, `!community@host`, `/c/…`, `/u/…`."""

import functools
import re
from dataclasses import dataclass

from linkify_it import LinkifyIt

from thread_archive.markup.addresses import profile

# As long as PostgreSQL's names are allowed to be in Lemmy, and as DNS lets a host be.
_HOST = r"(?P<host>[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?(?::[0-9]{1,5}(?![0-9]))?)"
_DOTTED = rf"(?=[a-zA-Z0-9_-]+\.[a-zA-Z0-9]){_HOST}"
# The server's rule (MENTIONS_REGEX in lemmy_utils, 0.18 to 1.0) plus the hyphen that other software has in names. A
# host without a dot counts: the server notifies that person.
_MENTION = re.compile(rf"@(?P<name>[\w.-]{{1,255}})@{_HOST}")
# lemmy-ui's rule (instanceLinkRegex, 1.0): the server has none for communities. The host needs a dot.
_COMMUNITY = re.compile(rf"(?:!|/(?P<sort>[cmu])/)(?P<name>[a-zA-Z0-9._%+-]{{1,255}})@{_DOTTED}")
# linkify-it looks for the end of brackets as far as a word goes, which would take quadratic time.
_LONGEST = 2_000
# What starts none of these: marks that would belong to the emphasis around an address.
_EMPHASIS = "*_~^"
START = r"(?<!\w)(?:[hH][tT][tT][pP][sS]?:/(?=/)|www\.)|(?<![\w/])/[cmu]/"
"""Where one may start that no sign of Markdown announces; `@` and `!` are such signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """An address in text, up to the offset `end`: where it leads, and its kind (`link`, `mention`, `community`)."""

    kind: str
    url: str
    end: int


@functools.cache
def _linkify() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False})


def address_at(text: str, start: int, end: int) -> Bare | None:
    """The bare address that starts at `start` and ends before `end`, if any."""
    sign = text[start]
    if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        return None
    if sign == "@":
        return _actor(_MENTION.match(text, start, end), "mention")
    if sign in "!/":
        return _actor(_COMMUNITY.match(text, start, end), "community")
    if sign in "hH":
        return _link(text, start, end, scheme=text.find(":", start, start + 6) + 1)
    return _link(text, start, end, scheme=0) if sign == "w" and text.startswith("www.", start) else None


def _actor(match: re.Match[str] | None, kind: str) -> Bare | None:
    if match is None:
        return None
    groups = match.groupdict()
    sort = groups.get("sort") or ("u" if kind == "mention" else "c")
    url = profile(sort, groups["name"], groups["host"])
    return Bare(kind="mention" if sort == "u" else kind, url=url, end=match.end()) if url else None


def _link(text: str, start: int, end: int, *, scheme: int) -> Bare | None:
    tail = text[scheme or start : min(end, start + _LONGEST)]
    length = _linkify().test_schema_at(tail, text[start:scheme] or "//", 0)
    # One that is cut off by the limit would lead elsewhere.
    if not length or (length == len(tail) and start + _LONGEST < end):
        return None
    raw = text[start : (scheme or start) + length].rstrip(_EMPHASIS)
    return Bare(kind="link", url=raw if scheme else f"https://{raw}", end=start + len(raw))
