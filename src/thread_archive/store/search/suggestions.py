"""What a query that finds nothing could be instead."""

import sqlite3
from dataclasses import replace

from thread_archive.store.queries import parse_query
from thread_archive.store.search.ranking import rank
from thread_archive.store.search.results import Request, Suggestion

_MOST = 5
# Parts of a query that are tried without: of a long one, its beginning.
_TRIED = 8


def suggestions(connection: sqlite3.Connection, request: Request) -> tuple[Suggestion, ...]:
    """Queries that lack one part of one that finds nothing, and do find something."""
    found = []
    for text in dict.fromkeys(chip.without for chip in request.query.chips[:_TRIED]):
        query = parse_query(text)
        total = rank(connection, replace(request, query=query, limit=1, offset=0)).total if query else 0
        if total:
            found.append(Suggestion(text=text, total=total))
    return tuple(sorted(found, key=lambda one: -one.total)[:_MOST])
