"""
In which order a discussion is shown, and how it is cut into pages of whole subtrees.

A unit is what stays together: a subtree, or one comment where the list is flat. Everything here is lazy as far as the
order allows: the first page of a long thread costs no more than that of a short one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from thread_archive.store.threadpages import Place


class Sort(StrEnum):
    """
    `thread`: as the discussion grew, nested. `top`: nested, siblings by score. `new` and `old`: a flat list by time.
    """

    THREAD = "thread"
    TOP = "top"
    NEW = "new"
    OLD = "old"

    @property
    def is_flat(self) -> bool:
        """Whether replies stand by themselves."""
        return self in (Sort.NEW, Sort.OLD)


# What a comment costs besides its text, in bytes of HTML; a page is to stay below 500,000 with what surrounds the list.
OVERHEAD = 820
BUDGET = 440_000
# Replies that lie deeper below a page's own top level are shown on a page of their own: a phone has no room for them.
DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """
    What is shown of a subtree: `places` in order, of `rows` that it has. `deeper` are the positions of those whose
    replies are left for another page, `cut` that of a topmost one whose subtree is too long for one.
    """

    places: tuple[Place, ...]
    weight: int
    rows: int
    deeper: frozenset[int] = frozenset()
    cut: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOfUnits:
    """The units of one page: `first` and `last` count rows from 1; `more` says that another page follows."""

    number: int
    units: tuple[Unit, ...]
    first: int
    last: int
    more: bool


def units(places: Iterable[Place], sort: Sort, top: int) -> Iterator[Unit]:
    """
    The units of `places`, which come in thread order; their topmost stand at depth `top`.

    What is left out keeps its place only where something below it is shown.
    """
    subtrees = map(_without_left_out, _subtrees(places, top))
    if sort is Sort.THREAD:
        return (_unit(subtree, top) for subtree in subtrees if subtree)
    if sort is Sort.TOP:
        ordered = sorted((_by_score(subtree) for subtree in subtrees if subtree), key=lambda tree: _rank(tree[0]))
        return (_unit(subtree, top) for subtree in ordered)
    flat = [place for place in chain.from_iterable(subtrees) if not place.left_out]
    flat.sort(key=lambda place: (place.published_at, place.position), reverse=sort is Sort.NEW)
    return (Unit(places=(place,), weight=OVERHEAD + place.size, rows=1) for place in flat)


def page_of(
    all_units: Iterable[Unit], number: int, budget: int = BUDGET, first_budget: int | None = None
) -> PageOfUnits:
    """
    The page `number` (from 1), filled with whole units up to `budget` bytes; past the end it has none.

    `first_budget` is that of the first page, where other things take room.
    """
    room = budget if first_budget is None else first_budget
    current, weight, rows_before, rows, units_here = 1, 0, 0, 0, list[Unit]()
    for unit in all_units:
        if weight and weight + unit.weight > room:
            if current == number:
                return _page(number, units_here, rows_before, rows, more=True)
            current, weight, rows_before, room = current + 1, 0, rows_before + rows, budget
            rows, units_here = 0, []
        weight += unit.weight
        rows += unit.rows
        if current == number:
            units_here.append(unit)
    if current != number:
        return _page(number, [], rows_before + rows, 0, more=False)
    return _page(number, units_here, rows_before, rows, more=False)


def _page(number: int, shown: list[Unit], before: int, rows: int, *, more: bool) -> PageOfUnits:
    return PageOfUnits(number=number, units=tuple(shown), first=before + 1, last=before + rows, more=more)


def _subtrees(places: Iterable[Place], top: int) -> Iterator[list[Place]]:
    subtree: list[Place] = []
    for place in places:
        if place.depth <= top and subtree:
            yield subtree
            subtree = []
        subtree.append(place)
    if subtree:
        yield subtree


def _without_left_out(subtree: list[Place]) -> list[Place]:
    if not any(place.left_out for place in subtree):
        return subtree
    kept: list[Place] = []
    shown_below = 0
    for place in reversed(subtree):
        # The depth of the topmost place after this one that is kept tells whether one of its replies is.
        if not place.left_out or shown_below > place.depth:
            kept.append(place)
            shown_below = place.depth
    kept.reverse()
    return kept


def _rank(place: Place) -> tuple[int, int]:
    return (-place.score, place.position)


def _by_score(subtree: list[Place]) -> list[Place]:
    """The same subtree, siblings by score."""
    replies: dict[int, list[Place]] = {}
    line: list[Place] = []
    for place in subtree:
        while line and line[-1].depth >= place.depth:
            line.pop()
        if line:
            replies.setdefault(line[-1].position, []).append(place)
        line.append(place)
    ordered: list[Place] = []
    todo = [subtree[0]]
    while todo:
        place = todo.pop()
        ordered.append(place)
        todo.extend(sorted(replies.get(place.position, ()), key=_rank, reverse=True))
    return ordered


def _unit(subtree: list[Place], top: int) -> Unit:
    deepest = limit = top + DEEPEST
    shown: list[Place] = []
    deeper: list[int] = []
    weight = 0
    cut: frozenset[int] = frozenset()
    for place in subtree:
        if place.depth <= deepest:
            limit = deepest
        if place.depth > limit:
            # The first one that is too deep comes right after what it answers.
            if place.depth == limit + 1 and (not deeper or deeper[-1] != shown[-1].position):
                deeper.append(shown[-1].position)
            continue
        if weight > BUDGET and not subtree[0].nameless:
            cut = frozenset({subtree[0].position})
            break
        shown.append(place)
        # What answers something that no link leads to has its place here only.
        limit += place.nameless and place.depth == limit
        weight += OVERHEAD + place.size
    return Unit(places=tuple(shown), weight=weight, rows=len(subtree), deeper=frozenset(deeper), cut=cut)
