"""Addresses that stand bare in text: `https://…`, `www.…`, `@person@host`, `!community@host`, `/c/…`, `/u/…`."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping
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
# What emphasis begins and ends with; an address may have these too.
_MARKS = "*_~^"
_WORD_END = re.compile(r"[\s<]")
# Marks before a full stop of Chinese, a dash, a closing quotation mark: no address goes on there.
_BEFORE_PUNCTUATION = re.compile(r"([*_~^])[^\x00-\x7f\w]")
START = r"(?<![a-zA-Z0-9])[hH][tT][tT][pP][sS]?:/(?=/)|(?<![^\W_])(?:www\.|(?<!/)/[cmu]/)"
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


def address_at(text: str, start: int, end: int, opened: Callable[[], Mapping[str, int]]) -> Bare | None:
    """
    The bare address that starts at `start` and ends before `end`, if any.

    `opened` counts the marks (`_`, `~`, `^`) that began emphasis before it: so many at its end are none of its own.
    """
    sign = text[start]
    if not _may_start(text, start):
        return None
    if sign == "@":
        return _actor(_MENTION.match(text, start, end), "mention")
    if sign in "!/":
        return _actor(_COMMUNITY.match(text, start, end), "community")
    scheme = text.find(":", start, start + 6) + 1 if sign in "hH" else 0
    if not scheme and not text.startswith("www.", start):
        return None
    return _link(text, start, end, scheme, opened)


def _may_start(text: str, start: int) -> bool:
    """Whether the sign at `start` does not stand within a word; underscores that begin emphasis are none."""
    if text[start] in "hH":
        # As in lemmy-ui: text in scripts without spaces goes right up to an address.
        return not (start and text[start - 1].isascii() and text[start - 1].isalnum())
    while start and text[start - 1] == "_":
        start -= 1
    return not (start and text[start - 1].isalnum())


def _actor(match: re.Match[str] | None, kind: str) -> Bare | None:
    if match is None:
        return None
    groups = match.groupdict()
    sort = groups.get("sort") or ("u" if kind == "mention" else "c")
    url = profile(sort, groups["name"], groups["host"])
    return Bare(kind="mention" if sort == "u" else kind, url=url, end=match.end()) if url else None


def _link(text: str, start: int, end: int, scheme: int, opened: Callable[[], Mapping[str, int]]) -> Bare | None:
    begin, limit = scheme or start, min(end, start + _LONGEST)
    stop = _WORD_END.search(text, begin, limit)
    word = text[begin : stop.start() if stop else limit]
    if any(mark in word for mark in _MARKS):
        word = word[: _end_of(word, opened())]
    length = _linkify().test_schema_at(word, text[start:scheme] or "//", 0)
    # One that is cut off by the limit would lead elsewhere.
    if not length or (begin + length == limit < end and stop is None):
        return None
    # lemmy-ui takes these off whatever stands around it.
    raw = text[start : begin + length].rstrip("*")
    return Bare(kind="link", url=raw if scheme else f"https://{raw}", end=start + len(raw))


def _end_of(word: str, opened: Mapping[str, int]) -> int:
    """Where marks end the emphasis in which `word` stands; its length where none do."""
    left, end = Counter(opened), len(word)
    for double in ("**", "~~"):
        if left[double[0]] > 1:
            end = min(end, max(word.find(double), 0) or end)
    for match in _BEFORE_PUNCTUATION.finditer(word, 0, end):
        if left[match[1]]:
            end = len(word[: match.start()].rstrip(_MARKS))
            break
    for at in range(end - 1, -1, -1):
        if word[at].isalnum():
            break
        if left[word[at]]:
            left[word[at]] -= 1
            end = at
    return end
