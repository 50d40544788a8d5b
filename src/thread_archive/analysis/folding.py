"""
Texts as words that can be compared, each with its place in the text.

What does not tell one text from another is folded away: case, punctuation and quotation marks, white space, Markdown's
signs, addresses, code, how an accent is composed. A word keeps the offsets of the characters it was made of. Scripts
that put no spaces between words (Chinese, Japanese, Thai and their neighbours) are taken by the character.
"""

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from thread_archive.scripts import UNSPACED

LONGEST = 200_000
"""Characters of a text that are read; Lemmy allows 10,000 in a comment and 50,000 in a post."""

_SPACELESS_SIGN = re.compile(f"[{UNSPACED}]")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
# Vowel signs of India's scripts are part of a word, which \w does not know.
_WORD = re.compile(r"[\w\u0900-\u0963\u0966-\u0dff]+")
_MIXED_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
# Soft hyphens, zero-width signs, Arabic's vowel marks and its stretching sign.
_UNSEEN = re.compile("[\u00ad\u0640\u064b-\u0652\u0670\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]")
_CLUSTER = re.compile("[^\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+")

_FENCED = re.compile(r"^([ \t>]*+)(`{3,}+|~{3,}+)[^\n]*+\n(?:(?!\1\2)[^\n]*+\n)*+(?:\1\2)?[^\n]*+", re.MULTILINE)
_DESTINATION = re.compile(r"\]\([^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500})?(?:[ \t]+\"[^\"\n]{0,500}\")?\)")
_ADDRESS = re.compile(r"(?:https?://|gemini://|ftp://|www\.)[^\s<>\[\]]+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a text in order: `texts[n]` is made of the characters from `starts[n]` to `ends[n]`."""

    texts: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]


def fold(text: str) -> list[str]:
    """The words of `text`, without their places: the quick form of `place`."""
    folded, _ = _folded(text)
    return _pattern(folded).findall(folded)


def place(text: str) -> Words:
    """The words of `text`, the same as `fold` gives, with their places in it."""
    folded, offsets = _folded(text)
    found = list(_pattern(folded).finditer(folded))
    starts = array("l", [match.start() for match in found])
    ends = array("l", [match.end() for match in found])
    if offsets is not None:
        starts = array("l", [offsets[at] for at in starts])
        ends = array("l", [offsets[at] for at in ends])
    return Words(texts=[match[0] for match in found], starts=starts, ends=ends)


def spaceless(word: str) -> bool:
    """Whether `word` is a character of a script that puts no spaces between words."""
    return len(word) == 1 and word >= "\u0e00" and _SPACELESS_SIGN.match(word) is not None


def _pattern(folded: str) -> re.Pattern[str]:
    if folded.isascii():
        return _ASCII_WORD
    return _MIXED_WORD if _SPACELESS_SIGN.search(folded) else _WORD


def _folded(text: str) -> tuple[str, Sequence[int] | None]:
    """`text` in lower case with signs blanked, and where its characters stood, if not where they stand now."""
    text = _blanked(text[:LONGEST])
    if text.isascii():
        return text.lower(), None
    lower = text.lower()
    if len(lower) != len(text) or _UNSEEN.search(text) or not unicodedata.is_normalized("NFC", text):
        lower, offsets = _recomposed(text)
    else:
        offsets = None
    # Written both ways by whoever types.
    return lower.replace("ё", "е").replace("ς", "σ"), offsets


def _blanked(text: str) -> str:
    """`text` with spaces in the place of what is not prose."""
    if "```" in text or "~~~" in text:
        text = _FENCED.sub(_blank, text)
    if "](" in text:
        text = _DESTINATION.sub(_blank, text)
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(_blank, text)
    if "&" in text:
        text = _ENTITY.sub(_blank, text)
    return text.replace("_", " ")


def _blank(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def _recomposed(text: str) -> tuple[str, Sequence[int]]:
    """Accents composed, unseen characters left out; with the place of each character, and of the end."""
    pieces: list[str] = []
    offsets = array("l")
    for match in _CLUSTER.finditer(text):
        cluster = match[0]
        if _UNSEEN.match(cluster):
            continue
        # "İ" becomes an "i" with a dot of its own, which would part the word.
        piece = unicodedata.normalize("NFC", cluster.lower()).replace("i\u0307", "i")
        pieces.append(piece)
        offsets.extend([match.start()] * len(piece))
    offsets.append(len(text))
    return "".join(pieces), offsets
