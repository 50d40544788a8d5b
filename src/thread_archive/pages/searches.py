"""The search page: one list of articles, posts and comments, or threads; as a page, as JSON, as a feed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from markupsafe import Markup

from thread_archive.pages.addresses import with_query
from thread_archive.pages.feeds import Entry, Feed, feed_document
from thread_archive.pages.fronts import page_number
from thread_archive.pages.rendering import Reading, render
from thread_archive.slugs import slug
from thread_archive.store.queries import OPERATORS, Query, parse_query
from thread_archive.store.search import (
    END,
    FOUND,
    Found,
    FoundThreads,
    Request,
    SearchHit,
    Sort,
    ThreadHits,
    find,
    find_threads,
)
from thread_archive.urls import handle, host_in

SIZE = 20
SORTS: Mapping[str, str] = {"relevance": "Best match", "newest": "Newest", "oldest": "Oldest", "score": "Best score"}
FACETS: Mapping[str, str] = {"kind": "What", "community": "Community", "author": "Author", "year": "Year"}
# A search is stopped after so many seconds; one that was asked to look at everything is given more, if by its owner.
_SECONDS, _PATIENCE = 2.0, 15.0
_LONGEST = 4096
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an address asks for: `threads` lists threads; `everything` and `exact` look at and count all matches."""

    text: str
    query: Query
    threads: bool
    sort: Sort
    page: int
    everything: bool
    exact: bool

    def parameters(self, **change: str) -> dict[str, str]:
        """The address's parameters, with something changed; another page only where that is said."""
        asked = {
            "q": self.text,
            "view": "threads" if self.threads else "",
            "sort": "" if self.sort is Sort.RELEVANCE else self.sort.value,
            "all": "1" if self.everything else "",
            "counts": "exact" if self.exact else "",
        }
        return asked | change


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """What a search found: one of `found` and `found_threads` is empty, both are where nothing is asked for."""

    wanted: Wanted
    found: Found
    found_threads: FoundThreads

    @property
    def total(self) -> int:
        """How many items or threads all pages have."""
        return self.found_threads.total if self.wanted.threads else self.found.total

    @property
    def more(self) -> bool:
        """Whether there is a page after this one."""
        return self.total > self.wanted.page * SIZE

    @property
    def first(self) -> int:
        """The rank of the first one here."""
        return (self.wanted.page - 1) * SIZE + 1

    @property
    def last(self) -> int:
        """The rank of the last one here."""
        return min(self.total, self.wanted.page * SIZE)

    @property
    def stopped(self) -> bool:
        """Whether time was up."""
        return self.found.stopped or self.found_threads.stopped


def search_view(reading: Reading, query: Mapping[str, str], *, sort: Sort = Sort.RELEVANCE) -> SearchView:
    """The view that `query` (the address's parameters, any text) asks for; `sort` is the order where it names none."""
    text = query.get("q", "").strip()[:_LONGEST].encode("utf-8", "replace").decode()
    named = query.get("sort", "")
    wanted = Wanted(
        text=text,
        query=parse_query(text),
        threads=query.get("view") == "threads",
        sort=Sort(named) if named in set(Sort) else sort,
        page=page_number(query),
        everything=query.get("all") == "1",
        exact=query.get("counts") == "exact",
    )
    patient = (wanted.everything or wanted.exact) and not reading.public
    request = Request(
        query=wanted.query,
        sort=wanted.sort,
        limit=SIZE,
        offset=(wanted.page - 1) * SIZE,
        everything=wanted.everything,
        facets=True,
        exact_facets=wanted.exact,
        public=reading.public,
        seconds=_PATIENCE if patient else _SECONDS,
    )
    return SearchView(
        wanted=wanted,
        found=Found() if wanted.threads else find(reading.connection, request),
        found_threads=find_threads(reading.connection, request) if wanted.threads else FoundThreads(),
    )


def search_page(view: SearchView, reading: Reading) -> str:
    """The page of a view."""
    return render(
        "search.html",
        reading.site,
        view=view,
        wanted=view.wanted,
        found=view.found,
        now=reading.now,
        sorts=SORTS,
        facets=FACETS,
        operators={name: _code(what) for name, what in OPERATORS.items()},
        address=lambda hit: hit_address(hit, reading),
        marked=marked,
        here="search",
    )


def hit_address(hit: SearchHit, reading: Reading) -> str:
    """Where a hit is read: a comment in its context, an article's paragraph, a post."""
    addresses = reading.site.addresses
    if hit.kind == "comment":
        return addresses.comment(hit.slug, slug(hit.ap_id))
    return addresses.thread(hit.slug, fragment=hit.anchor)


def marked(snippet: str) -> Markup:
    """A snippet as HTML, with what was found in `<mark>`."""
    return Markup(escape(snippet).replace(FOUND, "<mark>").replace(END, "</mark>"))  # noqa: S704 - escaped first


def _code(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S704 - escaped first


def search_document(view: SearchView, reading: Reading) -> str:
    """
    A page of hits (or threads) as JSON: the objects of `search --json` and where each is read.

    `next` is the address of the following page, or null.
    """
    wanted, found = view.wanted, view.found
    document: dict[str, Any] = {
        "query": wanted.text,
        "understood": str(wanted.query),
        "sort": wanted.sort.value,
        "page": wanted.page,
        "total": view.total,
        "next": _address(reading, "json", wanted.parameters(page=str(wanted.page + 1))) if view.more else None,
        "stopped": view.stopped,
    }
    if wanted.threads:
        document |= {
            "approximate": view.found_threads.approximate,
            "threads": [_thread(thread, reading) for thread in view.found_threads.threads],
        }
    else:
        document |= {
            "approximate": found.approximate,
            "matches": found.matches,
            "looked_at": found.looked_at,
            "widened": found.widened,
            "hits": [_hit(hit, reading) for hit in found.hits],
            "facets": _facets(found),
            "suggestions": [{"query": one.text, "total": one.total} for one in found.suggestions],
        }
    return json.dumps(document, ensure_ascii=False)


def _facets(found: Found) -> dict[str, Any]:
    return {
        "counted": found.facets.counted,
        "approximate": found.facets.approximate,
        "values": {
            facet.name: [{"label": v.label, "count": v.count, "filter": v.filter} for v in facet.values]
            for facet in found.facets.facets
        },
    }


def _hit(hit: SearchHit, reading: Reading) -> dict[str, Any]:
    return hit.as_json() | {
        "paragraph": hit.paragraph,
        "title": hit.title,
        "community": hit.community,
        "author_name": hit.author_name,
        "in_reply_to": hit.in_reply_to,
        "published_at": hit.published_at,
        "page": hit_address(hit, reading),
    }


def _thread(thread: ThreadHits, reading: Reading) -> dict[str, Any]:
    return {
        "thread": thread.thread,
        "title": thread.title,
        "community": thread.community,
        "published_at": thread.published_at,
        "comments": thread.comments,
        "rank": thread.rank,
        "page": reading.site.addresses.thread(thread.slug),
        "hits": [_hit(hit, reading) for hit in thread.hits],
    }


def _address(reading: Reading, format: str, parameters: Mapping[str, str]) -> str:
    return with_query(f"{reading.site.addresses.search()}.{format}", parameters)


def search_feed(view: SearchView, reading: Reading, origin: str) -> str:
    """What a search finds as a feed; `origin` (scheme and host) makes addresses absolute."""
    parameters = view.wanted.parameters()
    here = origin + _address(reading, "atom", parameters)
    hits = view.found.hits or tuple(hit for thread in view.found_threads.threads for hit in thread.hits)
    entries = tuple(
        Entry(
            id=f"{hit.ap_id}#{hit.anchor}" if hit.anchor else hit.ap_id,
            title=f"{_named(hit) or 'Article'} on {hit.title or 'a thread'}",
            link=origin + hit_address(hit, reading),
            published=hit.published_at,
            updated=hit.edited_at or hit.published_at,
            author=_named(hit) or "unknown",
            author_uri=hit.author or "",
            html=f'<p dir="auto">{marked(hit.snippet)}</p>' if hit.snippet else "",
        )
        for hit in hits
    )
    return feed_document(
        Feed(
            id=here,
            title=f"{reading.site.name}: {view.wanted.text}",
            self=here,
            alternate=origin + reading.site.addresses.search(**parameters),
            entries=entries,
        )
    )


def _named(hit: SearchHit) -> str:
    return handle(hit.author, hit.author_name, host_in(hit.community))
