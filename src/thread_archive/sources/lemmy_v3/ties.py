"""
Comments of the same second in a flat list, which pages by OFFSET repeat and leave out.

PostgreSQL promises no order of equal keys, and gives another one as LIMIT and OFFSET grow: where a page of a list ends
among comments of the same time, the next one may begin with some of them again, and others come on neither. How many
there must be is told by the places they take in the list. A page of another length ends elsewhere: one that holds all
of a time holds each of them once.

For example, of four comments of 12:00 in the places 48 to 51 of a list by pages of 50, two stand on either page,
perhaps the same two. The second page of 48 holds the places 48 to 95, and so all four.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from thread_archive.model import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A page to ask for, `limit` rows long, and how many new comments it should bring."""

    limit: int
    page: int
    promises: float


@dataclass(slots=True, kw_only=True)
class _Group:
    """Comments of one time: the places that they take in the list (the last one excluded), and which came."""

    start: int
    end: int
    came: set[int]

    @property
    def short(self) -> int:
        return max(0, self.end - self.start - len(self.came))


class Ties:
    """
    What a flat list in the order of time shows of comments of the same time.

    `limit` is the length of its pages, `last_page` the last one of any length that the server gives, if there is such.
    """

    def __init__(self, *, limit: int, last_page: int | None = None) -> None:
        self._limit = limit
        self._last_page = last_page
        self._times: list[datetime] = []
        self._came: dict[datetime, set[int]] = {}
        self._groups: dict[datetime, _Group] | None = None
        self._asked: set[tuple[int, int]] = set()

    def list(self, rows: Sequence[Sighting]) -> None:
        """Take in the next page of the list."""
        self._asked.add((self._limit, len(self._times) // self._limit + 1))
        self._times.extend(row.published_at for row in rows)
        self._groups = None
        self.note(rows)

    def note(self, rows: Iterable[Sighting]) -> None:
        """Take in comments of the thread that came by any other way."""
        for row in rows:
            self._came.setdefault(row.published_at, set()).add(row.local_id)

    def next_window(self) -> Window | None:
        """The page, not asked for before, that should bring most; None where nothing is short."""
        windows = [window for group in self._split() if group.short and (window := self._best(group)) is not None]
        return max(windows, key=lambda window: window.promises, default=None)

    def asked(self, window: Window) -> None:
        """Note that this page was asked for: the same query gives the same rows again."""
        self._asked.add((window.limit, window.page))

    def _split(self) -> Iterable[_Group]:
        """The groups that a page's end divides: of any other each comment came once."""
        if self._groups is None:
            self._groups = {}
            start = 0
            for end in range(1, len(self._times) + 1):
                if end < len(self._times) and self._times[end] == self._times[start]:
                    continue
                if start // self._limit != (end - 1) // self._limit:
                    time = self._times[start]
                    self._groups[time] = _Group(start=start, end=end, came=self._came[time])
                start = end
        return self._groups.values()

    def _best(self, group: _Group) -> Window | None:
        """The page that holds most of the group's places, and of those the longest."""
        size = group.end - group.start
        best: Window | None = None
        for limit in range(self._limit, self._limit // 2, -1):
            for page in range(group.start // limit + 1, (group.end - 1) // limit + 2):
                if (limit, page) in self._asked or (self._last_page is not None and page > self._last_page):
                    continue
                held = min(group.end, page * limit) - max(group.start, (page - 1) * limit)
                promises = group.short * held / size
                if best is None or promises > best.promises:
                    best = Window(limit=limit, page=page, promises=promises)
                if held == min(size, self._limit):
                    return best
        return best
