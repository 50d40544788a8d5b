"""
Search over articles, posts and comments: one ranked list, or threads whose words are spread over their items.

Functions take a connection to an archive's file, so that they run in whatever thread reads it; they write nothing.
"""

import sqlite3
from dataclasses import replace

from thread_archive.store.queries import Query
from thread_archive.store.search import threads
from thread_archive.store.search.deadlines import TimeUp, deadline
from thread_archive.store.search.facets import facets
from thread_archive.store.search.hits import hits
from thread_archive.store.search.plans import plan
from thread_archive.store.search.ranking import Ranked, rank
from thread_archive.store.search.results import (
    END,
    FOUND,
    Facet,
    Facets,
    FacetValue,
    Found,
    FoundThreads,
    Request,
    SearchHit,
    Sort,
    Suggestion,
    ThreadHits,
)
from thread_archive.store.search.snippets import Marker
from thread_archive.store.search.suggestions import suggestions
from thread_archive.store.search_index import has_substrings

__all__ = [
    "END",
    "FOUND",
    "Facet",
    "FacetValue",
    "Facets",
    "Found",
    "FoundThreads",
    "Request",
    "SearchHit",
    "Sort",
    "Suggestion",
    "ThreadHits",
    "find",
    "find_threads",
]


def find(connection: sqlite3.Connection, request: Request) -> Found:
    """A page of articles, posts and comments; what takes longer than `request.seconds` is stopped, and says only so."""
    if not request.query:
        return Found()
    try:
        with deadline(connection, request.seconds):
            return _find(connection, request)
    except TimeUp:
        return Found(stopped=True)


def _find(connection: sqlite3.Connection, request: Request) -> Found:
    ranked = rank(connection, request)
    if not ranked.total:
        return Found(suggestions=suggestions(connection, request))
    marker = _marker(connection, ranked.query)
    approximate = ranked.looked_at < ranked.matches
    return Found(
        hits=hits(
            connection,
            ranked.items,
            marker,
            public=request.public,
            first=request.offset + 1,
            approximate=approximate,
        ),
        matches=ranked.matches,
        looked_at=ranked.looked_at,
        total=ranked.total,
        widened=ranked.query != request.query,
        facets=_facets(connection, ranked, request),
    )


def _facets(connection: sqlite3.Connection, ranked: Ranked, request: Request) -> Facets:
    if not request.facets or ranked.found is None:
        return Facets()
    return facets(connection, ranked.plan, ranked.found, exact=request.exact_facets)


def find_threads(connection: sqlite3.Connection, request: Request) -> FoundThreads:
    """A page of threads in which every word was found, even if in different items."""
    if not request.query:
        return FoundThreads()
    try:
        with deadline(connection, request.seconds):
            found = _find_threads(connection, request, request.query)
            wider = request.query.widened
            return _find_threads(connection, request, wider) if not found.total and wider != request.query else found
    except TimeUp:
        return FoundThreads(stopped=True)


def _find_threads(connection: sqlite3.Connection, request: Request, query: Query) -> FoundThreads:
    how = plan(connection, query, public=request.public)
    if how.impossible:
        return FoundThreads()
    return threads.find_threads(connection, how, replace(request, query=query), _marker(connection, query))


def _marker(connection: sqlite3.Connection, query: Query) -> Marker:
    terms = (term for group in query.groups for term in group)
    return Marker(terms, substrings=has_substrings(connection))
