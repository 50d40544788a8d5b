"""
Ranking: which items match a plan, best first.

FTS5 scores every match, at about a microsecond each, so that a word that very many items have would take seconds. Of
such a word only the matches that were archived last are scored, and what is found says so.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

from thread_archive.store.queries import Query
from thread_archive.store.search.plans import JOINS, PUBLISHED, SCORE, Plan, plan
from thread_archive.store.search.results import Request, Sort

# bm25's weights of `body`, `title` and `scope`: a word of the title says more about what a thread is about.
_WEIGHTS = "1.0, 4.0, 0.0"
# A post comes before the first paragraph of its article, which has its title too.
_POSTS = 1.1
# Up to so many matches all are scored.
EXACT = 50_000
# Of more, so many of those archived last, and so many posts and articles besides, which comments outnumber.
NEWEST = 3_000
NEWEST_POSTS = 1_000
# Where fewer items have the words, other forms of these count as well (measured: bench/search_quality.py).
FEW = 10

_SCORED = f"""SELECT rowid AS id, -bm25(search_fts, {_WEIGHTS}) * iif(rowid % 4 = 0, {_POSTS}, 1.0) AS relevance
              FROM search_fts WHERE search_fts MATCH :match"""
LISTED = "SELECT rowid AS id, 0.0 AS relevance FROM search_fts WHERE search_fts MATCH :match"
# The plus keeps SQLite from the index of ap_ids, which has nearly all rows, and to that of the withdrawn ones.
_TOMBSTONES = """
    SELECT id * 4 + 1 AS id, 0.0 AS relevance FROM comments WHERE deleted + removed > 0 AND +ap_id IS NOT NULL
    UNION ALL SELECT id * 4, 0.0 FROM posts WHERE deleted + removed > 0"""
_ORDERS = {
    Sort.RELEVANCE: "found.relevance DESC, found.id",
    Sort.NEWEST: f"{PUBLISHED} DESC, found.id DESC",
    Sort.OLDEST: f"{PUBLISHED}, found.id",
    Sort.SCORE: f"coalesce({SCORE}, 0) DESC, found.id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """
    What to look at of `matches` items, all of them if `complete`: SQL that gives `id` and `relevance`, with its values,
    or the rows themselves where they are `gathered`.
    """

    sql: str
    values: Mapping[str, Any]
    matches: int
    complete: bool
    gathered: Sequence[tuple[int, float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """
    A page of item numbers with their relevance, and what was looked for in the end; the counts are those of `Found`.
    """

    query: Query
    plan: Plan
    found: Candidates | None = None
    items: Sequence[tuple[int, float]] = field(default=())
    matches: int = 0
    looked_at: int = 0
    total: int = 0


def candidates(connection: sqlite3.Connection, how: Plan, match: str, *, everything: bool = False) -> Candidates:
    """What to look at for the FTS5 expression `match`: everything, unless that is more than EXACT."""
    if how.tombstones:
        matches = connection.execute(f"SELECT count(*) FROM ({_TOMBSTONES})").fetchone()[0]
        return Candidates(sql=_TOMBSTONES, values=how.values, matches=matches, complete=True)
    values = {"match": match, **how.values}
    matches = connection.execute("SELECT count(*) FROM search_fts WHERE search_fts MATCH ?", [match]).fetchone()[0]
    source = _SCORED if how.words else LISTED
    if everything or matches <= EXACT:
        return Candidates(sql=source, values=values, matches=matches, complete=True)
    # One half asks row by row what is a comment, the other the index, whichever costs less.
    sql = f"""
        SELECT * FROM ({source} AND rowid % 4 = 1 ORDER BY rowid DESC LIMIT {NEWEST})
        UNION ALL SELECT * FROM ({source.replace(":match", ":posts")} ORDER BY rowid DESC LIMIT {NEWEST_POSTS})"""
    values["posts"] = f'({match}) AND (scope : ("kpost" OR "karticle"))'
    return Candidates(sql=sql, values=values, matches=matches, complete=False)


def rank(connection: sqlite3.Connection, request: Request) -> Ranked:
    """The page of items that `request` asks for; where few have the words as they are, their other forms count too."""
    ranked = _rank(connection, request, request.query)
    if ranked.matches < FEW and not ranked.plan.impossible and (wider := request.query.widened) != request.query:
        more = _rank(connection, request, wider)
        return more if more.total > ranked.total else ranked
    return ranked


def _rank(connection: sqlite3.Connection, request: Request, query: Query) -> Ranked:
    how = plan(connection, query, public=request.public)
    if how.impossible:
        return Ranked(query=query, plan=how)
    found = candidates(connection, how, how.match, everything=request.everything)
    if not found.complete:
        # Fetched once: the index is not asked again.
        found = gather(connection, found)
    looked_at = found.matches if found.gathered is None else len(found.gathered)
    listing = not how.words
    sort = Sort.NEWEST if listing and request.sort is Sort.RELEVANCE else request.sort
    items, total = _page(connection, how, found, request, sort)
    return Ranked(
        query=query, plan=how, found=found, items=items, matches=found.matches, looked_at=looked_at,
        total=looked_at if total is None else total,
    )  # fmt: skip


def gather(connection: sqlite3.Connection, found: Candidates) -> Candidates:
    """The same candidates, fetched."""
    return gathered(found, connection.execute(found.sql, found.values).fetchall())


def gathered(found: Candidates, rows: Sequence[tuple[int, float]]) -> Candidates:
    """The candidates `rows` in the place of the query that gave them."""
    values = {name: value for name, value in found.values.items() if name not in ("match", "posts")}
    return Candidates(
        sql="SELECT value AS id FROM json_each(:ids)",
        values=values | {"ids": json.dumps([row[0] for row in rows])},
        matches=found.matches,
        complete=found.complete,
        gathered=rows,
    )


def _page(
    connection: sqlite3.Connection, how: Plan, found: Candidates, request: Request, sort: Sort
) -> tuple[Sequence[tuple[int, float]], int | None]:
    """The page's items, and how many there are in all where not every candidate passes."""
    start, stop = request.offset, request.offset + request.limit
    rows = found.gathered
    if sort is Sort.RELEVANCE and not how.conditions:
        if rows is not None:
            return nsmallest(stop, rows, key=lambda row: (-row[1], row[0]))[start:], None
        # A sorter of as many rows as are wanted is faster than FTS5's own `ORDER BY rank`, which sorts all.
        query = f"SELECT id, relevance FROM ({found.sql}) ORDER BY relevance DESC, id LIMIT :limit OFFSET :offset"
        values = {**found.values, "limit": request.limit, "offset": start}
        return connection.execute(query, values).fetchall(), None
    if rows is None:
        query = f"{selected(found, how, 'found.id, found.relevance')} ORDER BY {_ORDERS[sort]}"
        passing = connection.execute(query, found.values).fetchall()
        return passing[start:stop], len(passing)
    order = "found.id" if sort is Sort.RELEVANCE else _ORDERS[sort]
    ids = connection.execute(f"{selected(found, how, 'found.id')} ORDER BY {order}", found.values)
    relevance = {row[0]: row[1] for row in rows}
    passing = [(item, relevance[item]) for (item,) in ids]
    if sort is Sort.RELEVANCE:
        passing.sort(key=lambda row: (-row[1], row[0]))
    return passing[start:stop], len(passing)


def selected(found: Candidates, how: Plan, columns: str) -> str:
    """SQL for columns over JOINS of the candidates that pass the plan's conditions."""
    # Materialized: outside the query that has MATCH, bm25 cannot be used.
    return f"""WITH found AS MATERIALIZED ({found.sql})
               SELECT {columns} FROM found {JOINS} WHERE {" AND ".join(how.conditions) or "true"}"""
