"""Whether two texts are the same text: a linked page, and a post's body that repeats it."""

import re
from itertools import islice
from unicodedata import normalize

from thread_archive.scripts import UNSPACED

SHINGLE = 5
SAME = 0.9
# Beyond this nothing more is learnt of two texts.
MAX_WORDS = 100_000

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['’][^\W_{UNSPACED}]+)*")


def words(text: str) -> list[str]:
    """The words of `text`, without case and punctuation; one for each sign of a script that puts no spaces between."""
    return [
        match[0].replace("’", "'") for match in islice(_WORD.finditer(normalize("NFKC", text).casefold()), MAX_WORDS)
    ]


def same_text(one: str, other: str) -> bool:
    """Whether at least SAME of the shorter text's five-word shingles are in the other; texts without words are not."""
    shorter, longer = sorted((shingles(words(one)), shingles(words(other))), key=len)
    if not shorter:
        return False
    return len(shorter & longer) >= SAME * len(shorter)


def shingles(found: list[str]) -> set[tuple[str, ...]]:
    """All runs of SHINGLE words, or the one run of all words where there are fewer."""
    if not found:
        return set()
    count = max(1, len(found) - SHINGLE + 1)
    return {tuple(found[start : start + SHINGLE]) for start in range(count)}
