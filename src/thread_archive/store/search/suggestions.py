"""What a query that finds nothing could be instead."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from thread_archive.store.queries import Form, Query, Term, parse_query
from thread_archive.store.search.plans import plan
from thread_archive.store.search.ranking import rank
from thread_archive.store.search.results import Request, Suggestion

_MOST = 5
# Parts of a query that are tried without: of a long one, its beginning.
_TRIED = 8
# A beginning of fewer letters would be one of too many words.
_SHORTEST = 4


def suggestions(connection: sqlite3.Connection, request: Request) -> tuple[Suggestion, ...]:
    """Queries near to one that finds nothing and that do find something, those that keep its words first."""
    found = []
    for query in dict.fromkeys(_near(request.query)):
        how = plan(connection, query, public=request.public)
        total = 0 if how.impossible else rank(connection, how, replace(request, query=query, limit=1, offset=0)).total
        if total:
            found.append(Suggestion(text=str(query), total=total))
        if len(found) == _MOST:
            break
    return tuple(found)


def _near(query: Query) -> Iterator[Query]:
    begun = Query(
        groups=tuple(tuple(map(_beginning, group)) for group in query.groups),
        excluded=query.excluded,
        filters=query.filters,
    )
    if begun != query:
        yield begun
    for near in (query, begun):
        for chip in near.chips[:_TRIED]:
            if rest := parse_query(chip.without):
                yield rest


def _beginning(term: Term) -> Term:
    """What most forms of a word begin with: the word without its last letter or, where that is long, two."""
    if term.form is not Form.WORD or not term.text.isalpha() or len(term.text) <= _SHORTEST:
        return term
    kept = max(_SHORTEST, len(term.text) - (2 if len(term.text) > _SHORTEST + 3 else 1))
    return Term(text=term.text[:kept], form=Form.PREFIX)
