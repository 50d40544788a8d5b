"""
A thread out of what people paste: its address, perhaps with words, marks and invisible characters around it.

Every step is linear in the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from thread_archive.urls.forms import HOST
from thread_archive.urls.others import explained
from thread_archive.urls.refusals import refused
from thread_archive.urls.threads import SCHEME, ThreadURL, find
from thread_archive.urls.visible import visible

# What ends an address wherever it stands: blanks, quotation marks, brackets. Other marks may be part of one.
_BODY = r"[^\s<>\"'`{}|()\[\]^]"
_ADDRESS = re.compile(
    rf"(?:{SCHEME})(?:\[[0-9a-fA-F:.]{{2,45}}\])?{_BODY}*|(?<![\w.@:/%+\\-])(?:{HOST})[/?#]{_BODY}*", re.IGNORECASE
)
_SCHEME = re.compile(SCHEME, re.IGNORECASE)
# Behind one of these an address is held in another; behind anything else a new one begins.
_HOLDS = frozenset("/=:*?&#")
# Where a sentence goes on right behind the number of a thread.
# … or behind what a browser made of a blank, a mark or an invisible character there.
_ESCAPED_MARK = r"%(?:0[9ad]|2[0-9a-e]|3[a-f]|5[b-e]|60|7[b-e]|c2|e[23]|ef)"
_GOES_ON = re.compile(rf"(?<=[0-9])(?:[^\x00-\x7f\u202d\u202e]|[.,;:!&*~\\](?![0-9])|{_ESCAPED_MARK})", re.IGNORECASE)
# What people copy from the source of a page, or from JSON.
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " ", "\\/": "/"}
_ESCAPE = re.compile("|".join(map(re.escape, _ESCAPES)), re.IGNORECASE)
_ENCODED = re.compile(r"https?%(?:25)*3a%(?:25)*2f", re.IGNORECASE)
# What turns text around is no mark within an address: what is read then is not what is written.
_TURNS = "\u202d\u202e"


def parse_thread_url(text: str) -> ThreadURL:
    """
    The one thread whose address is in `text`, in any of the forms and of what may hold them.

    Words, brackets, quotation marks, Markdown and HTML may be around it, and invisible characters in it; an address
    that lines break is put together. Several addresses of one post are one thread. Raises UnsupportedURLError where
    there is none, and where there are several: which of them is meant is not guessed.
    """
    shown = _ESCAPE.sub(lambda match: _ESCAPES[match[0].lower()], visible(text))
    found = _threads(shown)
    if not found and _ENCODED.search(shown):
        found = _threads(_unquoted(shown))
    if not found and " " not in (joined := "".join(line.strip() for line in shown.splitlines())):
        # As browsers do with what is pasted: an e-mail breaks an address that is too long for its lines.
        found = _threads("".join(joined.split()))
    if not found:
        raise explained(text, _addresses(shown))
    if len(found) > 1:
        raise refused(
            text,
            f"names more than one thread: {found[0].canonical}, {found[1].canonical}{', …' if len(found) > 2 else ''}.",
            next="Give their addresses one by one, as in https://INSTANCE/post/ID; `add -` reads one a line.",
        )
    return found[0]


def _threads(text: str) -> list[ThreadURL]:
    """The different threads in `text`, in the order in which they are named."""
    found: dict[tuple[str, int | None, str], ThreadURL] = {}
    for address in _addresses(text):
        if (url := _thread(address)) is None:
            continue
        key = (url.instance, url.post_id, url.canonical if url.post_id is None or url.path else "")
        known = found.setdefault(key, url)
        if known.comment_id is None and url.comment_id is not None:
            found[key] = replace(url, scheme=known.scheme)
    return list(found.values())


def _addresses(text: str) -> Iterator[str]:
    """What may be an address in `text`, without the marks behind it."""
    for match in _ADDRESS.finditer(text):
        start = 0
        for scheme in _SCHEME.finditer(match[0], 1):
            if match[0][scheme.start() - 1] not in _HOLDS:
                yield _trimmed(match[0][start : scheme.start()])
                start = scheme.start()
        yield _trimmed(match[0][start:])


def _trimmed(address: str) -> str:
    end = len(address)
    while end and address[end - 1] not in "/\\" and _is_mark(address[end - 1]):
        end -= 1
    return address[:end]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" or character in _TURNS


def _thread(address: str) -> ThreadURL | None:
    """The thread at `address`, or at so much of it as stands before what may be the rest of a sentence."""
    if found := find(address):
        return found
    # The last address in it is the one that is meant; its host may hold any letters.
    path = address.find("/", max((match.end() for match in _SCHEME.finditer(address)), default=0))
    ends = [match.start() for match in _GOES_ON.finditer(address, path)] if path >= 0 else []
    return next((found for end in (*ends[:1], *ends[-1:]) if (found := find(address[:end]))), None)


def _unquoted(text: str) -> str:
    for _ in range(3):
        if not _ENCODED.search(text):
            break
        text = unquote(text)
    return text
