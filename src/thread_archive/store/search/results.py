"""What a search asks for and what it gives, as frozen values."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from thread_archive.store.queries import Query

# Around what was found in a snippet; taken out of texts before, so that none can pretend.
FOUND, END = "\x02", "\x03"


class Sort(StrEnum):
    """The orders a search can have; ties are settled by the item's number, so that pages do not overlap."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    SCORE = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    A search: `limit` hits from the `offset`th on, in the order `sort`.

    `everything` looks at every match of a word that very many items have; `facets` counts what was looked at,
    `exact_facets` all there is. `public` leaves out what only a login showed. After `seconds` the search stops.
    """

    query: Query
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    offset: int = 0
    everything: bool = False
    facets: bool = False
    exact_facets: bool = False
    public: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """
    An item that was found: `rank` counts from 1, a larger `relevance` is better, `score` are its votes.

    `snippet` and `marked_title` are plain text with FOUND and END around what was looked for. `thread` and `ap_id` are
    ap_ids; of an article's paragraph `ap_id` is the post's, `paragraph` its number and `anchor` what the thread's page
    calls it (`p2`), which is empty for all else. `in_reply_to` is who wrote what a comment answers, with the host where
    that is not the community's; None where that is not known.
    """

    kind: str
    ap_id: str
    thread: str
    slug: str
    title: str
    marked_title: str
    community: str
    community_name: str
    author: str | None
    author_name: str
    in_reply_to: str | None
    published_at: str
    edited_at: str | None
    deleted: bool
    removed: bool
    is_op: bool
    language: str
    paragraph: int | None
    anchor: str
    article_title: str
    snippet: str
    rank: int
    relevance: float
    score: int | None
    purged_at: str | None
    purged_by: str | None
    unconfirmed: bool
    approximate: bool

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `search --json`."""
        return {
            "kind": self.kind,
            "ap_id": self.ap_id,
            "thread": self.thread,
            "author": self.author,
            "snippet": self.snippet.replace(FOUND, "").replace(END, ""),
            "rank": self.rank,
            "relevance": self.relevance,
            "score": self.score,
            "approximate": self.approximate,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadHits:
    """A thread in which all words were found, somewhere; `hits` are a few of the items that have some."""

    thread: str
    slug: str
    title: str
    community: str
    community_name: str
    published_at: str
    comments: int
    rank: int
    relevance: float
    hits: tuple[SearchHit, ...]
    approximate: bool

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `search --threads --json`."""
        return {
            "thread": self.thread,
            "title": self.title,
            "rank": self.rank,
            "hits": [hit.as_json() for hit in self.hits],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value, how many items have it, and the filter (`author:ada@home.test`) that narrows a query to it."""

    label: str
    count: int
    filter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """What the items that were found have most: `name` is that of an operator."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """All facets; `counted` of the matching items were counted, all of them unless `approximate`."""

    facets: tuple[Facet, ...] = ()
    counted: int = 0
    approximate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Another query, and how many items it finds."""

    text: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    A page of hits.

    `matches` items have the words; `looked_at` of them were looked at, `total` of these pass every filter, and pages
    end there. `approximate` where that is not all; `stopped` where time was up. `widened` where few items have the
    words as they are, so that other forms of them count too. `suggestions` where nothing was found.
    """

    hits: tuple[SearchHit, ...] = ()
    matches: int = 0
    looked_at: int = 0
    total: int = 0
    widened: bool = False
    facets: Facets = field(default_factory=Facets)
    suggestions: tuple[Suggestion, ...] = ()
    stopped: bool = False

    @property
    def approximate(self) -> bool:
        """Whether some of what matches was not looked at."""
        return self.looked_at < self.matches


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThreads:
    """A page of threads, `total` of them in all; `approximate` where not every match of a word was looked at."""

    threads: tuple[ThreadHits, ...] = ()
    total: int = 0
    approximate: bool = False
    stopped: bool = False
