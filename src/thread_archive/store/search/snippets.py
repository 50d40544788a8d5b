"""
Snippets: the passage of a text that has most of what was looked for, marked.

Not FTS5's own `snippet()`, which evaluates the whole expression again for each hit (a prefix of many words: seconds).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from thread_archive.spoilers import CLOSE, OPEN, conceal
from thread_archive.store.queries import Form, Term
from thread_archive.store.scripts import LETTERS
from thread_archive.store.search.results import END, FOUND

# Characters of a snippet, and of what stands before the first find in it.
_LENGTH = 220
_BEFORE = 70
# How far a cut may move to fall between words.
_SLACK = 24
# Finds beyond these are not needed to choose a passage.
_MOST_FINDS = 400
_MARKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOKEN = re.compile(r"[^\W_]+")
_ALONE = re.compile(f"[{LETTERS}]")
_NO_MATCH = re.compile(r"(?!)")


class _Folding(dict[int, str]):
    """Characters as the index compares them: small, without diacritics; one for one, so that places stay the same."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = unicodedata.normalize("NFD", character)[0].lower()
        self[code] = plain if len(plain) == 1 else character
        return self[code]


_FOLDING = _Folding()


def folded(text: str) -> str:
    """`text` as the index compares it (`unicode61 remove_diacritics 2`), of the same length."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


class Marker:
    """Marks terms in texts; made once a search."""

    def __init__(self, terms: Iterable[Term], *, substrings: bool = False) -> None:
        self._pattern = _pattern(tuple(terms), substrings=substrings)

    def snippet(self, text: str) -> str:
        """The best passage of `text` on one line, with FOUND and END around each find; `…` where it is cut."""
        clean = _clean(text)
        finds = list(self._finds(clean))
        start, stop = _passage(clean, finds)
        inside = self._mark(clean, finds, start, stop)
        return f"{'…' if start else ''}{inside}{'…' if stop < len(clean) else ''}"

    def marked(self, text: str) -> str:
        """All of `text` on one line, with FOUND and END around each find."""
        clean = _clean(text)
        return self._mark(clean, list(self._finds(clean)), 0, len(clean))

    def _mark(self, text: str, finds: Sequence[tuple[int, int, str]], start: int, stop: int) -> str:
        parts: list[str] = []
        place = start
        for begin, end, _ in finds:
            if begin >= place and end <= stop and not _is_hidden(text, begin, end):
                parts += [text[place:begin], FOUND, text[begin:end], END]
                place = end
        return conceal("".join([*parts, text[place:stop]]).strip())

    def _finds(self, text: str) -> Iterator[tuple[int, int, str]]:
        for number, match in enumerate(self._pattern.finditer(folded(text))):
            if number >= _MOST_FINDS:
                return
            yield match.start(), match.end(), match[0]


@lru_cache(maxsize=64)
def _pattern(terms: tuple[Term, ...], *, substrings: bool) -> re.Pattern[str]:
    # Longer ones first: an alternative that begins another must not hide it.
    sources = sorted({source for term in terms if (source := _source(term, substrings=substrings))}, key=len)
    return re.compile("|".join(reversed(sources))) if sources else _NO_MATCH


def _source(term: Term, *, substrings: bool) -> str:
    words = _TOKEN.findall(folded(unicodedata.normalize("NFC", term.text)))
    if not words:
        return ""
    source = r"[\W_]+".join(map(re.escape, words))
    if substrings:
        return source
    # A letter of a script without spaces is a word by itself.
    before = "" if _ALONE.match(words[0][0]) else r"(?<![^\W_])"
    after = r"[^\W_]*" if term.form is Form.PREFIX else "" if _ALONE.match(words[-1][-1]) else r"(?![^\W_])"
    return f"{before}{source}{after}"


def _clean(text: str) -> str:
    return " ".join(_MARKS.sub("", unicodedata.normalize("NFC", text)).split())


def _is_hidden(text: str, begin: int, end: int) -> bool:
    """Whether a find is in a spoiler, or partly."""
    around = text[max(0, begin - 1) : end + 1]
    return OPEN in around or CLOSE in around


def _passage(text: str, finds: list[tuple[int, int, str]]) -> tuple[int, int]:
    """Where to cut: the window with most different finds, the first of these."""
    if len(text) <= _LENGTH + _SLACK:
        return 0, len(text)
    best, most = 0, -1
    for number, (begin, _, _) in enumerate(finds):
        inside = {what for at, end, what in finds[number : number + 40] if end <= begin + _LENGTH - _BEFORE}
        if len(inside) > most:
            best, most = begin, len(inside)
    start = max(0, min(best - _BEFORE, len(text) - _LENGTH)) if finds else 0
    stop = min(len(text), start + _LENGTH)
    if start:
        space = text.find(" ", start, start + _SLACK)
        start = space + 1 if space >= 0 and space < best else start
    if stop < len(text):
        space = text.rfind(" ", stop - _SLACK, stop)
        stop = space if space > start else stop
    return start, stop
