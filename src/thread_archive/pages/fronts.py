"""The front page: the archive's threads, as cards."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from thread_archive.pages.rendering import Reading, render
from thread_archive.store.threadlists import (
    SORTS,
    ThreadCard,
    ThreadFilter,
    communities_with_threads,
    count_threads,
    thread_cards,
)

SIZE = 50
DEFAULT_SORT = "captured"
# A page that far is nobody's but a machine's: it can ask for more a page.
_LAST_PAGE = 10_000
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_LABELS = {
    "instance": "instance",
    "community": "community",
    "author": "author",
    "since": "from",
    "until": "to",
    "status": "state",
}
FILTERS = tuple(field.name for field in fields(ThreadFilter))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter that is on: what it says, and the address of the list without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontView:
    """A page of the list: `count` threads match, `everything` says that nothing narrows it."""

    cards: tuple[ThreadCard, ...]
    count: int
    wanted: ThreadFilter
    sort: str
    page: int
    more: bool
    chips: tuple[Chip, ...]
    communities: tuple[tuple[str, str, int], ...]
    instances: tuple[str, ...]

    @property
    def everything(self) -> bool:
        """Whether nothing narrows the list."""
        return not self.chips

    def query(self, **change: str) -> dict[str, str]:
        """The query of this list, with something changed."""
        asked = {name: getattr(self.wanted, name) for name in FILTERS}
        asked |= {"sort": "" if self.sort == DEFAULT_SORT else self.sort}
        return asked | change


def front_view(reading: Reading, query: Mapping[str, str]) -> FrontView:
    """The view that `query` (the address's parameters, any text) asks for; what it cannot mean is left out."""
    wanted = ThreadFilter(**{name: query.get(name, "").strip()[:200] for name in FILTERS})
    wanted = replace(
        wanted,
        since=wanted.since if _DAY.fullmatch(wanted.since) else "",
        until=wanted.until if _DAY.fullmatch(wanted.until) else "",
        status=wanted.status if wanted.status in ("complete", "partial") else "",
    )
    sort = query.get("sort", "")
    sort = sort if sort in SORTS else DEFAULT_SORT
    page = page_number(query)
    found = thread_cards(reading.connection, wanted, sort=sort, page=page, size=SIZE, public=reading.public)
    cards = [replace(card, comments=card.comments - reading.hidden.get(card.id, 0)) for card in found]
    communities = communities_with_threads(reading.connection, public=reading.public)
    view = FrontView(
        cards=tuple(cards[:SIZE]),
        count=count_threads(reading.connection, wanted, public=reading.public),
        wanted=wanted,
        sort=sort,
        page=page,
        more=len(cards) > SIZE,
        chips=(),
        communities=tuple(communities),
        instances=tuple(sorted({instance for _, instance, _ in communities})),
    )
    return replace(view, chips=_chips(view, reading))


def page_number(query: Mapping[str, str]) -> int:
    """The page that a query asks for; the first where it makes no sense."""
    given = query.get("page", "")
    return min(max(int(given), 1), _LAST_PAGE) if given.isascii() and given.isdigit() and len(given) < 9 else 1


def front_page(view: FrontView, reading: Reading) -> str:
    """The page of a view."""
    return render("front.html", reading.site, view=view, now=reading.now, sorts=tuple(SORTS), here="front")


def _chips(view: FrontView, reading: Reading) -> tuple[Chip, ...]:
    return tuple(
        Chip(
            label=f"{_LABELS[name]}: {getattr(view.wanted, name)}",
            href=reading.site.addresses.front(**view.query(**{name: ""})),
        )
        for name in FILTERS
        if getattr(view.wanted, name)
    )
