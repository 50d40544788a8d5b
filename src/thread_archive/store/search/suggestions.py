"""What a query that finds nothing could be instead."""

import sqlite3
import time
from dataclasses import replace

from thread_archive.store.queries import parse_query
from thread_archive.store.search.ranking import rank
from thread_archive.store.search.results import Request, Suggestion

_MOST = 5
# Parts of a query that are tried without: of a long one, its beginning.
_TRIED = 8
# What has not been tried after so many seconds is not.
_SECONDS = 0.3


def suggestions(connection: sqlite3.Connection, request: Request) -> tuple[Suggestion, ...]:
    """Queries that lack one part of one that finds nothing, and do find something."""
    found = []
    end = time.monotonic() + _SECONDS
    for text in dict.fromkeys(chip.without for chip in request.query.chips[:_TRIED]):
        if time.monotonic() > end:
            break
        query = parse_query(text)
        total = rank(connection, replace(request, query=query, limit=1, offset=0)).total if query else 0
        if total:
            found.append(Suggestion(text=text, total=total))
    return tuple(sorted(found, key=lambda one: -one.total)[:_MOST])
