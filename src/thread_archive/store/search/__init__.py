"""
Search over articles, posts and comments: one ranked list, or threads whose words are spread over their items.

Functions take a connection to an archive's file, so that they run in whatever thread reads it; they write nothing.
"""

import sqlite3

from thread_archive.store.search import threads
from thread_archive.store.search.deadlines import TimeUp, deadline
from thread_archive.store.search.facets import facets
from thread_archive.store.search.hits import hits
from thread_archive.store.search.plans import plan
from thread_archive.store.search.ranking import rank
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
    """A page of articles, posts and comments; of what takes longer than `request.seconds`, nothing but that."""
    if not request.query:
        return Found()
    try:
        with deadline(connection, request.seconds):
            return _find(connection, request)
    except TimeUp:
        return Found(stopped=True)


def _find(connection: sqlite3.Connection, request: Request) -> Found:
    how = plan(connection, request.query, public=request.public)
    if how.impossible:
        return Found(suggestions=suggestions(connection, request))
    ranked = rank(connection, how, request)
    approximate = ranked.looked_at < ranked.matches
    marker = _marker(connection, request)
    return Found(
        hits=hits(connection, ranked.items, marker, first=request.offset + 1, approximate=approximate),
        matches=ranked.matches,
        looked_at=ranked.looked_at,
        total=ranked.total,
        facets=facets(connection, how, exact=request.exact_facets) if request.facets else Facets(),
        suggestions=() if ranked.total else suggestions(connection, request),
    )


def find_threads(connection: sqlite3.Connection, request: Request) -> FoundThreads:
    """A page of threads in which every word was found, be it in different items."""
    if not request.query:
        return FoundThreads()
    try:
        with deadline(connection, request.seconds):
            how = plan(connection, request.query, public=request.public)
            return (
                FoundThreads()
                if how.impossible
                else threads.find_threads(connection, how, request, _marker(connection, request))
            )
    except TimeUp:
        return FoundThreads(stopped=True)


def _marker(connection: sqlite3.Connection, request: Request) -> Marker:
    terms = (term for group in request.query.groups for term in group)
    return Marker(terms, substrings=has_substrings(connection))
