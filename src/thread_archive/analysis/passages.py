"""The passages of one text that stand in others, and which of them are quotes."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from thread_archive.analysis.alignment import Match, Run, matches
from thread_archive.analysis.texts import Text

LEAST, LEAST_SHORT = 85.0, 95.0
"""The least score of a quote, and of one below `LONG` characters (docs/decisions/0010-quotes.md)."""
LONG, SHORT, SHORTEST = 40, 25, 8
"""Characters: a quote; a quote that must be nearly exact; a whole `>` paragraph that must be exact."""

# A whole sentence, word for word, with no mark: shorter ones thank and agree.
_SENTENCE = 30
# Inside somebody's own sentence: from here on nobody writes the same by chance; names and phrases are shorter.
_CERTAIN = 60
# The part of a sentence that is the sentence.
_MOST_OF = 0.75
# Pairs of words that even a short quote with a word replaced has in common with its source.
_SHARED_SEEDS = 3
# Words that one comment may have aligned, and characters that its `>` blocks may have looked through.
_MOST_WORDS, _MOST_CHARACTERS = 200_000, 20_000_000
# What to look through one more text costs, however short it is, in characters.
_A_TEXT = 200

_BEFORE = re.compile(r"[\"'“”„«»‚‘’「『][*_ \u00a0\u202f]{0,3}\Z")
_BEHIND = re.compile(r"[.,!?…。！？،؛]{0,3}[*_ \u00a0\u202f]{0,3}[\"'“”«»‘’」』]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """
    A match with the text at `order` among those that may be quoted; `marked` where it stands in a `>` block.

    `second_hand`: the other text quotes it too.
    """

    match: Match
    order: int
    marked: bool
    second_hand: bool

    @property
    def first(self) -> int:
        """Its first word."""
        return self.match.run.first

    @property
    def after(self) -> int:
        """The word after its last one."""
        return self.match.run.after

    def rank(self) -> tuple[float, int, int, bool, int]:
        """Longest and nearest to the words first; then who says it before who quotes it; then the order."""
        return (-self.match.weight * self.match.score, self.first, self.after, self.second_hand, self.order)


class Search:
    """
    One text's search through the `texts` that it may quote: first `above`, its ancestors, then what heads the thread.

    `likely` are the places of those that share several shingles with it: only there unmarked passages are looked for.
    """

    def __init__(self, *, text: Text, above: Sequence[Text], shared: Sequence[Text], likely: Sequence[int]) -> None:
        self._text = text
        self._texts = (*above, *shared)
        self._above = range(len(above))
        self._likely = likely
        self._words_left, self._characters_left = _MOST_WORDS, _MOST_CHARACTERS

    def run(self) -> Iterator[Passage]:
        """The quotes in order, none over another."""
        paragraphs = self._text.paragraphs
        for number, (first, after, marked) in enumerate(paragraphs):
            if marked:
                yield from _chosen(self._marked(first, after))
            elif self._likely:
                yield from _chosen(self._unmarked(first, after, last=number == len(paragraphs) - 1))

    def _marked(self, first: int, after: int) -> list[Passage]:
        found = list(self._passages(first, after, self._likely, marked=True))
        if not any((passage.first, passage.after) == (first, after) for passage in found):
            found.extend(self._passages(first, after, self._possible(first, after), marked=True))
        return found or list(self._exact(first, after))

    def _possible(self, first: int, after: int) -> Iterator[int]:
        """The other texts that share some neighbouring words with a `>` paragraph, though no longer rows of them."""
        size = self._text.seed
        seeds = frozenset(self._text.seeds[first : after - size + 1])
        for order, other in enumerate(self._texts):
            self._characters_left -= _A_TEXT
            if self._characters_left <= 0:
                return
            theirs = other.shingles(size)
            if order not in self._likely and not seeds.isdisjoint(theirs) and len(seeds & theirs) >= _SHARED_SEEDS:
                yield order

    def _unmarked(self, first: int, after: int, *, last: bool) -> list[Passage]:
        passages = self._passages(first, after, self._likely, marked=False)
        return [passage for passage in passages if self._deliberate(passage, first, after, last=last)]

    def _passages(self, first: int, after: int, orders: Iterable[int], *, marked: bool) -> Iterator[Passage]:
        if self._text.weight(first, after) < SHORT:
            return
        for order in orders:
            self._words_left -= after - first
            if self._words_left < 0:
                return
            for match in matches(self._text, first, after, self._texts[order], LEAST):
                if match.weight >= (SHORT if match.score >= LEAST_SHORT else LONG):
                    yield self._passage(match, order, marked=marked)

    def _exact(self, first: int, after: int) -> Iterator[Passage]:
        """A short `>` paragraph, word for word in what is answered or above it."""
        weight = self._text.weight(first, after)
        if not SHORTEST <= weight < LONG:
            return
        phrase = self._text.phrase(first, after)
        for order in self._above or range(len(self._texts)):
            other = self._texts[order]
            self._characters_left -= _A_TEXT + len(other.joined)
            if self._characters_left <= 0:
                return
            place = other.find(phrase)
            if place is not None:
                run = Run(first=first, after=after, there_first=place[0], there_after=place[1])
                yield self._passage(Match(run=run, score=100.0, weight=weight), order, marked=True)

    def _deliberate(self, passage: Passage, first: int, after: int, *, last: bool) -> bool:
        """Whether an unmarked passage is repeated on purpose: a phrase, a name or a signature is not."""
        run, weight, other = passage.match.run, passage.match.weight, self._texts[passage.order]
        if last and first > 0 and _ends(other, run):
            return False
        if _in_quotation_marks(self._text, run.first, run.after):
            return True
        here = _part_of_sentence(self._text, run.first, run.after)
        there = _part_of_sentence(other, run.there_first, run.there_after)
        if weight < LONG:
            alone = not last and (run.first, run.after) == (first, after)
            return alone or (weight >= _SENTENCE and here == there == 1)
        exact = passage.match.score >= LEAST_SHORT
        return here >= _MOST_OF or (exact and (weight >= _CERTAIN or there >= _MOST_OF))

    def _passage(self, match: Match, order: int, *, marked: bool) -> Passage:
        run, other = match.run, self._texts[order]
        second_hand = other.quoted(run.there_first) and other.quoted(run.there_after - 1)
        if order in self._above:
            # An article may put its own people's words in quotation marks; a comment quotes them from somewhere.
            second_hand = second_hand or _in_quotation_marks(other, run.there_first, run.there_after)
        return Passage(match=match, order=order, marked=marked, second_hand=second_hand)


def _ends(other: Text, run: Run) -> bool:
    """Whether the run is what `other` ends with, in a paragraph of its own, as signatures do."""
    if len(other.paragraphs) < 2:
        return False
    first, _, marked = other.paragraphs[-1]
    return not marked and run.there_first >= first


def _part_of_sentence(text: Text, first: int, after: int) -> float:
    """How much of the sentences in which these words stand they are, 0 to 1."""
    return (after - first) / (text.sentence(after - 1)[1] - text.sentence(first)[0])


def _in_quotation_marks(text: Text, first: int, after: int) -> bool:
    start, end = text.starts[first], text.ends[after - 1]
    return bool(_BEFORE.search(text.source, max(0, start - 4), start) and _BEHIND.match(text.source, end))


def _chosen(found: list[Passage]) -> list[Passage]:
    """The best passages that do not stand over one another, in order."""
    chosen: list[Passage] = []
    for passage in sorted(found, key=Passage.rank):
        at = bisect_left(chosen, passage.first, key=lambda other: other.first)
        free_before = at == 0 or chosen[at - 1].after <= passage.first
        if free_before and (at == len(chosen) or passage.after <= chosen[at].first):
            chosen.insert(at, passage)
    return chosen
