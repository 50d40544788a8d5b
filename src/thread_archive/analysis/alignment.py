"""Where words of one text stand in another: runs of the same words, joined over small differences."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from thread_archive.analysis.texts import Text

_GAP = 3
"""How many words may differ between two runs of one passage."""
_COMPARED = 1_500
"""Words of a passage with differences, about 10,000 characters: comparing takes time by the square of the length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words `first` to before `after` of a text, and `there_first` to before `there_after` of the other one."""

    first: int
    after: int
    there_first: int
    there_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A run that may hold differences; `score` is 0 to 100, `weight` as `Text.weight` counts."""

    run: Run
    score: float
    weight: int


def matches(text: Text, first: int, after: int, other: Text, least: float) -> Iterator[Match]:
    """
    The passages of `text` between two words that stand in `other` too, with a score of `least` or more.

    Takes time linear in the number of words, whatever they repeat.
    """
    for chain in _chains(_runs(text, first, after, other)):
        whole = _spanned(_peeled(chain))
        at_edges = _snapped(text, other, whole, first, after)
        for run in dict.fromkeys((at_edges, whole, max(chain, key=lambda run: run.after - run.first))):
            match = measured(text, other, run, least)
            if match is not None:
                yield match
                break


def measured(text: Text, other: Text, run: Run, least: float) -> Match | None:
    """How alike both sides of `run` are, None where less than `least`."""
    here, there = text.phrase(run.first, run.after), other.phrase(run.there_first, run.there_after)
    if here == there:
        score = 100.0
    elif max(_length(run), run.there_after - run.there_first) <= _COMPARED:
        score = fuzz.ratio(here, there, score_cutoff=least)
    else:
        return None
    if score < least:
        return None
    return Match(run=run, score=score, weight=text.weight(run.first, run.after))


def _runs(text: Text, first: int, after: int, other: Text) -> Iterator[Run]:
    """Runs of the same words, in order, none over another; of several places in `other`, where it goes on longest."""
    size = text.seed
    seeds, places = text.seeds, other.places(size)
    at = floor = first
    expected = 0
    while at + size <= after:
        known = places.get(seeds[at])
        if known is None:
            at += 1
            continue
        best: Run | None = None
        for there in known:
            run = _extended(text, other, at, there, floor, after)
            if best is None or _better(run, best, expected):
                best = run
        if best is None or best.after - best.first < size:
            at += 1
            continue
        yield best
        at = floor = best.after
        expected = best.there_after - best.after


def _better(run: Run, best: Run, expected: int) -> bool:
    longer = (run.after - run.first) - (best.after - best.first)
    if longer:
        return longer > 0
    return abs(run.there_first - run.first - expected) < abs(best.there_first - best.first - expected)


def _extended(text: Text, other: Text, at: int, there: int, floor: int, after: int) -> Run:
    words, others = text.words, other.words
    first, there_first = at, there
    while first > floor and there_first > 0 and words[first - 1] == others[there_first - 1]:
        first -= 1
        there_first -= 1
    end, there_end = at, there
    while end < after and there_end < len(others) and words[end] == others[there_end]:
        end += 1
        there_end += 1
    return Run(first=first, after=end, there_first=there_first, there_after=there_end)


def _chains(runs: Iterator[Run]) -> list[list[Run]]:
    """Runs with few other words between them, on both sides, belong together."""
    chains: list[list[Run]] = []
    for run in runs:
        for chain in reversed(chains[-3:]):
            last = chain[-1]
            short = run.after - chain[0].first <= _COMPARED
            if short and run.first - last.after <= _GAP and 0 <= run.there_first - last.there_after <= _GAP:
                chain.append(run)
                break
        else:
            chains.append([run])
    return chains


def _peeled(chain: list[Run]) -> list[Run]:
    """Without runs at the ends that are shorter than what lies between them and the rest."""
    first, after = 0, len(chain)
    while after - first > 1 and _length(chain[first]) <= _between(chain[first], chain[first + 1]):
        first += 1
    while after - first > 1 and _length(chain[after - 1]) <= _between(chain[after - 2], chain[after - 1]):
        after -= 1
    return chain[first:after]


def _length(run: Run) -> int:
    return run.after - run.first


def _between(run: Run, following: Run) -> int:
    return max(following.first - run.after, following.there_first - run.there_after)


def _spanned(chain: list[Run]) -> Run:
    return replace(chain[0], after=chain[-1].after, there_after=chain[-1].there_after)


def _snapped(text: Text, other: Text, run: Run, first: int, after: int) -> Run:
    """`run` from the beginning to the end of its sentences, where few words are missing, and on both sides some."""
    begin, there_begin = max(text.sentence(run.first)[0], first), other.sentence(run.there_first)[0]
    if 0 < run.first - begin <= _GAP and 0 < run.there_first - there_begin <= _GAP:
        run = replace(run, first=begin, there_first=there_begin)
    end, there_end = min(text.sentence(run.after - 1)[1], after), other.sentence(run.there_after - 1)[1]
    if 0 < end - run.after <= _GAP and 0 < there_end - run.there_after <= _GAP:
        run = replace(run, after=end, there_after=there_end)
    return run
