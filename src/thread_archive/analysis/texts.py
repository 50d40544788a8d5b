"""A text made ready for comparison: what is cheap at once, the rest when somebody asks."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from re import compile as pattern

from thread_archive.analysis.folding import fold, place, spaceless
from thread_archive.analysis.paragraphs import paragraphs

MOST_PLACES = 8
"""How many places of one pair of words are looked at: what repeats itself without end must not cost without end."""

# Between two words: what ends a sentence, if a blank follows; what ends one whatever follows.
_STOP = pattern(r"[.!?…؟]")
_BLANK = pattern(r"\s")
_END = pattern(r"[。！？．\u0964]|\n[ \t>]*+\n")


class Text:
    """
    A text, its shingles (hashes of neighbouring words, to find quickly what it may share with another), and its words.

    Words are counted from 0; a range of words is (first, after the last). Weights are in characters of Latin script: a
    Chinese or Japanese character says about what two of them say.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        words = fold(source)
        self.wide = not source.isascii() and sum(map(spaceless, words[:100])) * 2 > min(len(words), 100)
        self._shingles = {self.shingle: _shingles(words, self.shingle)}

    @property
    def shingle(self) -> int:
        """How many words in a row are worth a closer look; where a word is a character, more."""
        return 8 if self.wide else 4

    @property
    def seed(self) -> int:
        """How many words in a row are where a closer look begins."""
        return 4 if self.wide else 2

    def shingles(self, size: int) -> frozenset[int]:
        """The hashes of all `size` neighbouring words."""
        if size not in self._shingles:
            self._shingles[size] = _shingles(self.words, size)
        return self._shingles[size]

    @cached_property
    def _placed(self) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
        found = place(self.source)
        return found.texts, found.starts, found.ends

    @property
    def words(self) -> Sequence[str]:
        """The folded words."""
        return self._placed[0]

    @property
    def starts(self) -> Sequence[int]:
        """Where each word starts in the source, in characters."""
        return self._placed[1]

    @property
    def ends(self) -> Sequence[int]:
        """Where each word ends in the source."""
        return self._placed[2]

    @cached_property
    def _pieces(self) -> list[str]:
        return [word if spaceless(word) else word + " " for word in self.words]

    @cached_property
    def _lengths(self) -> list[int]:
        return list(accumulate(map(len, self._pieces), initial=0))

    @cached_property
    def _weights(self) -> list[int]:
        # Thai, Lao, Khmer and Burmese are alphabets, though without spaces.
        return list(
            accumulate(
                (2 if len(piece) == 1 and piece >= "\u2e80" else len(piece) for piece in self._pieces), initial=0
            )
        )

    @cached_property
    def joined(self) -> str:
        """All words in a row, as they are compared."""
        return "".join(self._pieces)

    def phrase(self, first: int, after: int) -> str:
        """The words from `first` to before `after`, as they are compared."""
        return self.joined[self._lengths[first] : self._lengths[after]]

    def find(self, phrase: str) -> tuple[int, int] | None:
        """The words that are `phrase`, the first time they come."""
        at = self.joined.find(phrase)
        while at >= 0:
            first, after = bisect_left(self._lengths, at), bisect_left(self._lengths, at + len(phrase))
            if self._lengths[first] == at and self._lengths[after] == at + len(phrase):
                return first, after
            at = self.joined.find(phrase, at + 1)
        return None

    def weight(self, first: int, after: int) -> int:
        """How much the words from `first` to before `after` say, in characters of Latin script."""
        return max(0, self._weights[after] - self._weights[first] - 1)

    @cached_property
    def seeds(self) -> list[int]:
        """The hash of each `seed` neighbouring words, in order."""
        return _hashes(self.words, self.seed)

    @cached_property
    def _places(self) -> dict[int, dict[int, list[int]]]:
        return {}

    def places(self, size: int) -> dict[int, list[int]]:
        """Where each `size` neighbouring words stand, by their hash."""
        if size not in self._places:
            found: dict[int, list[int]] = {}
            for at, seed in enumerate(_hashes(self.words, size)):
                known = found.setdefault(seed, [])
                if len(known) < MOST_PLACES:
                    known.append(at)
            self._places[size] = found
        return self._places[size]

    @cached_property
    def paragraphs(self) -> list[tuple[int, int, bool]]:
        """Each paragraph with words in it: its first word, the word after its last one, whether in a `>` block."""
        found = []
        for paragraph in paragraphs(self.source):
            first, after = bisect_left(self.starts, paragraph.start), bisect_left(self.starts, paragraph.end)
            if first < after:
                found.append((first, after, paragraph.marked))
        return found

    @cached_property
    def _sentences(self) -> list[int]:
        """The words with which a sentence begins, and the number of words."""
        begins = {first for first, _, _ in self.paragraphs} | {0, len(self.words)}
        begins.update(
            number
            for number in range(1, len(self.words))
            if self.starts[number] - self.ends[number - 1] > 0
            and _is_end(self.source, self.ends[number - 1], self.starts[number])
        )
        return sorted(begins)

    def sentence(self, word: int) -> tuple[int, int]:
        """The words of the sentence in which `word` stands."""
        at = bisect_right(self._sentences, word)
        return self._sentences[at - 1], self._sentences[at] if at < len(self._sentences) else len(self.words)

    def quoted(self, word: int) -> bool:
        """Whether `word` stands in a `>` block: then somebody else said it before."""
        at = bisect_right(self.paragraphs, (word, len(self.words) + 1, True)) - 1
        return at >= 0 and self.paragraphs[at][2]


def _is_end(source: str, start: int, end: int) -> bool:
    """Whether a sentence ends between two words, `start` and `end` being where the one ends and the other starts."""
    stop = _STOP.search(source, start, end)
    # One after the other: looked for together, a blank would be looked for behind each of many marks.
    ends = stop is not None and _BLANK.search(source, stop.end(), end) is not None
    return ends or _END.search(source, start, end) is not None


def _hashes(words: Sequence[str], size: int) -> list[int]:
    return list(map(hash, zip(*(words[offset:] for offset in range(size)), strict=False)))


def _shingles(words: Sequence[str], size: int) -> frozenset[int]:
    return frozenset(_hashes(words, size))
