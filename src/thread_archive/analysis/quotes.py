"""Who quotes whom: passages of a comment that stand in what it answers, marked with `>` or not."""

import re
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from thread_archive.analysis.alignment import Match, Run, matches
from thread_archive.analysis.texts import Text

LEAST, LEAST_SHORT = 85.0, 95.0
"""The least score of a quote, and of one below `LONG` characters (measured: docs/decisions/0010-quotes.md)."""
LONG, SHORT, SHORTEST = 40, 25, 8
"""Characters: a quote; a quote that must be nearly exact; a whole `>` paragraph that must be exact."""

# Words in a row inside somebody's own sentence: from here on nobody writes the same by chance, name or phrase.
_CERTAIN = 60
# The part of a sentence that is the sentence.
_MOST_OF = 0.75
# As deep as Lemmy lets a comment be.
_DEEPEST = 50
_MOST_TARGETS = 24
# Characters of all texts that a matcher keeps ready; about forty bytes of memory each.
_KEPT = 250_000
# Words times texts, and characters, that one comment's `>` blocks may have looked through.
_MOST_WORDS, _MOST_CHARACTERS = 200_000, 20_000_000

_BEFORE = re.compile(r"[\"'“”„«»‚‘’「『][*_ \u00a0\u202f]{0,3}\Z")
_BEHIND = re.compile(r"[.,!?…。！？،؛]{0,3}[*_ \u00a0\u202f]{0,3}[\"'“”«»‘’」』]")
_STOPS = ".!?…。！？؟"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A text that may be quoted, by the name that its owner gives it: Markdown of a post or comment, plain text else."""

    key: Hashable
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """
    Characters `start` to `end` of a body stand in the target named `target`, from `target_start` to `target_end`.

    `score` is 0 to 100, 100 for the same words; `marked` says that the passage stands in a `>` block.
    """

    start: int
    end: int
    target: Hashable
    target_start: int
    target_end: int
    score: float
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    match: Match
    text: Text
    order: int
    second_hand: bool

    def key(self) -> tuple[float, int, int, bool, int]:
        """What is longest and nearest to the words comes first; then who said them, not who quotes them; then order."""
        run = self.match.run
        return (-self.match.weight * self.match.score, run.first, run.after, self.second_hand, self.order)


class Matcher:
    """
    Finds what comments of one thread quote.

    `shared` is what every comment of the thread may quote (post, then the article's paragraphs), the rest is given with
    each comment. What was prepared is kept, as far as it is not too much; comments in thread order find their ancestors
    ready.
    """

    def __init__(self, shared: Iterable[Target] = ()) -> None:
        self._shared = tuple(shared)
        self._shared_texts = [Text(target.text) for target in self._shared]
        self._shared_shingles: dict[int, frozenset[int]] = {}
        self._holders: dict[int, dict[int, list[int]]] = {}
        self._kept: OrderedDict[str, Text] = OrderedDict()
        self._characters = 0

    def find(self, body: str, above: Sequence[Target] = ()) -> list[Quote]:
        """
        The quotes in the Markdown `body`, in order, none over another.

        `above` are its parent and further ancestors, nearest first; of equal passages the nearest target counts, and
        one that says it before one that quotes it. A `>` block that matches nothing is not in the result: what it quotes
        is not here. A withdrawn text is given as "" or not at all. Never raises; time is linear in the lengths.
        """
        text = self._prepared(body)
        near = [self._prepared(target.text) for target in above[:_DEEPEST]]
        likely = self._likely(text, near)
        marked = ">" in body and any(mark for _, _, mark in text.paragraphs)
        if not likely and not marked:
            return []
        targets = (*above[:_DEEPEST], *self._shared)
        search = _Search(text=text, texts=[*near, *self._shared_texts], near=len(near), likely=likely)
        return [_quote(text, targets[found.order].key, found, mark) for found, mark in search.run()]

    def _prepared(self, source: str) -> Text:
        text = self._kept.get(source)
        if text is not None:
            self._kept.move_to_end(source)
            return text
        text = self._kept[source] = Text(source)
        self._characters += len(source)
        while self._characters > _KEPT and len(self._kept) > 1:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)
        return text

    def _likely(self, text: Text, near: Sequence[Text]) -> list[int]:
        """The texts (by their order) that share several shingles with `text`, most first."""
        shingles = text.shingles(text.shingle)
        shares: Counter[int] = Counter()
        for order, other in enumerate(near):
            theirs = other.shingles(text.shingle)
            if not shingles.isdisjoint(theirs):
                shares[order] = len(shingles & theirs)
        for shingle in shingles & self._all_shared(text.shingle):
            for number in self._holding(text.shingle)[shingle]:
                shares[len(near) + number] += 1
        return [order for order, count in sorted(shares.items(), key=_most_first)[:_MOST_TARGETS] if count > 1]

    def _all_shared(self, size: int) -> frozenset[int]:
        if size not in self._shared_shingles:
            self._shared_shingles[size] = frozenset().union(*(text.shingles(size) for text in self._shared_texts))
        return self._shared_shingles[size]

    def _holding(self, size: int) -> dict[int, list[int]]:
        """Which of the shared texts hold a shingle."""
        if size not in self._holders:
            holders: dict[int, list[int]] = {}
            for number, text in enumerate(self._shared_texts):
                for shingle in text.shingles(size):
                    known = holders.setdefault(shingle, [])
                    if len(known) < _MOST_TARGETS:
                        known.append(number)
            self._holders[size] = holders
        return self._holders[size]


def _most_first(share: tuple[int, int]) -> tuple[int, int]:
    return -share[1], share[0]


class _Search:
    """One comment's search through the texts that it may quote."""

    def __init__(self, *, text: Text, texts: Sequence[Text], near: int, likely: Sequence[int]) -> None:
        self._text = text
        self._texts = texts
        self._above = range(near)
        self._likely = likely
        self._words_left, self._characters_left = _MOST_WORDS, _MOST_CHARACTERS

    def run(self) -> Iterator[tuple[_Candidate, bool]]:
        """The quotes, and whether each is marked."""
        for number, (first, after, mark) in enumerate(self._text.paragraphs):
            if mark:
                found = self._marked(first, after)
            elif self._likely:
                last = number > 0 and number + 1 == len(self._text.paragraphs)
                found = self._unmarked(first, after, last=last)
            else:
                continue
            for candidate in _chosen(found):
                yield candidate, mark

    def _marked(self, first: int, after: int) -> list[_Candidate]:
        found = list(self._passages(first, after, self._likely))
        if not any(candidate.match.run.after - candidate.match.run.first == after - first for candidate in found):
            cost = (after - first) * len(self._texts)
            if cost <= self._words_left:
                self._words_left -= cost
                others = [order for order in range(len(self._texts)) if order not in self._likely]
                found.extend(self._passages(first, after, others))
        if not found:
            found.extend(self._exact(first, after))
        return found

    def _passages(self, first: int, after: int, orders: Iterable[int]) -> Iterator[_Candidate]:
        for order in orders:
            for match in matches(self._text, first, after, self._texts[order], LEAST):
                if _long_enough(match):
                    yield self._candidate(match, order)

    def _exact(self, first: int, after: int) -> Iterator[_Candidate]:
        """Short paragraphs, word for word in the parent, or above it; in what heads the thread where that is answered."""
        weight = self._text.weight(first, after)
        if not SHORTEST <= weight < LONG:
            return
        phrase = self._text.phrase(first, after)
        for order in self._above or range(len(self._texts)):
            other = self._texts[order]
            self._characters_left -= len(other.joined)
            place = other.find(phrase) if self._characters_left > 0 else None
            if place is not None:
                run = Run(first=first, after=after, there_first=place[0], there_after=place[1])
                yield self._candidate(Match(run=run, score=100.0, weight=weight), order)

    def _unmarked(self, first: int, after: int, *, last: bool) -> list[_Candidate]:
        return [
            candidate
            for candidate in self._passages(first, after, self._likely)
            if self._deliberate(candidate, first, after, last=last)
        ]

    def _deliberate(self, candidate: _Candidate, first: int, after: int, *, last: bool) -> bool:
        """Whether an unmarked passage is repeated on purpose: a phrase, a name or a signature is not."""
        run, other = candidate.match.run, candidate.text
        if last and _ends(other, run):
            return False
        if _in_quotation_marks(self._text, run.first, run.after):
            return True
        if candidate.match.weight < LONG:
            return not last and (run.first, run.after) == (first, after)
        begin, end = self._text.sentence(run.first)[0], self._text.sentence(run.after - 1)[1]
        if run.after - run.first >= _MOST_OF * (end - begin):
            return True
        if candidate.match.score < LEAST_SHORT:
            return False
        if candidate.match.weight >= _CERTAIN:
            return True
        begin, end = other.sentence(run.there_first)[0], other.sentence(run.there_after - 1)[1]
        return run.there_after - run.there_first >= _MOST_OF * (end - begin)

    def _candidate(self, match: Match, order: int) -> _Candidate:
        run, other = match.run, self._texts[order]
        second_hand = other.quoted(run.there_first) and other.quoted(run.there_after - 1)
        if order in self._above:
            # An article may put its own people's words in quotation marks; a comment quotes them from somewhere.
            second_hand = second_hand or _in_quotation_marks(other, run.there_first, run.there_after)
        return _Candidate(match=match, text=other, order=order, second_hand=second_hand)


def _in_quotation_marks(text: Text, first: int, after: int) -> bool:
    start, end = text.starts[first], text.ends[after - 1]
    return bool(_BEFORE.search(text.source, max(0, start - 4), start) and _BEHIND.match(text.source, end))


def _long_enough(match: Match) -> bool:
    return match.weight >= LONG or (match.weight >= SHORT and match.score >= LEAST_SHORT)


def _ends(other: Text, run: Run) -> bool:
    """Whether the run is what `other` ends with, in a paragraph of its own, as signatures do."""
    if len(other.paragraphs) < 2:
        return False
    first, _, mark = other.paragraphs[-1]
    return not mark and run.there_first >= first


def _chosen(found: list[_Candidate]) -> list[_Candidate]:
    """The best candidates that do not stand over one another, in order."""
    chosen: list[_Candidate] = []
    for candidate in sorted(found, key=_Candidate.key):
        run = candidate.match.run
        if all(run.after <= other.match.run.first or other.match.run.after <= run.first for other in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda candidate: candidate.match.run.first)


def _quote(text: Text, key: Hashable, found: _Candidate, marked: bool) -> Quote:
    run, other = found.match.run, found.text
    return Quote(
        start=text.starts[run.first],
        end=_with_stop(text.source, text.ends[run.after - 1]),
        target=key,
        target_start=other.starts[run.there_first],
        target_end=_with_stop(other.source, other.ends[run.there_after - 1]),
        score=round(found.match.score, 1),
        marked=marked,
    )


def _with_stop(source: str, end: int) -> int:
    while end < len(source) and source[end] in _STOPS:
        end += 1
    return end
