"""Search by thread: threads in which every word was found, even if in different items."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from thread_archive.store.queries import Query
from thread_archive.store.search.hits import hits
from thread_archive.store.search.plans import JOINS, Plan, Scope, group_match
from thread_archive.store.search.ranking import Candidates, candidates, selected
from thread_archive.store.search.results import FoundThreads, Request, Sort, ThreadHits
from thread_archive.store.search.snippets import Marker

_HITS_A_THREAD = 3
# So many threads or fewer are looked through one by one for the words that are left.
_FEW = 1_000
_ORDERS = {
    Sort.NEWEST: "post.published_at DESC, post.id DESC",
    Sort.OLDEST: "post.published_at, post.id",
    Sort.SCORE: "coalesce(post.score, 0) DESC, post.id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """What threads are worth by their row ids; `approximate` where some matches were not looked at."""

    threads: Mapping[int, float]
    approximate: bool


def find_threads(connection: sqlite3.Connection, plan: Plan, request: Request, marker: Marker) -> FoundThreads:
    """
    A page of threads, best first.

    A thread's worth is the sum, over the words, of its best item for that word.
    """
    worth = _worth(connection, plan, request)
    ordered = _ordered(connection, worth.threads, request.sort)
    page = ordered[request.offset : request.offset + request.limit]
    items = _best_items(connection, plan, request.query, page)
    found = tuple(
        _thread(connection, post_id, rank, worth, items.get(post_id, []), marker, public=request.public)
        for rank, post_id in enumerate(page, request.offset + 1)
    )
    return FoundThreads(threads=found, total=len(ordered), approximate=worth.approximate)


def _worth(connection: sqlite3.Connection, plan: Plan, request: Request) -> _Worth:
    """The rarest words come first: the threads that have them are few, and the others are looked for in these."""
    words = [plan.columns + group_match(group) for group in request.query.groups] or [""]
    counts = {word: candidates(connection, plan, plan.matching(word)).matches for word in words}
    worth: dict[int, float] | None = None
    approximate = False
    for word in sorted(words, key=counts.__getitem__):
        # Of words that are all very common, each has its own share of what was archived last.
        among = None if approximate else worth
        found, complete = _best_of_threads(connection, plan, word, among, everything=request.everything)
        approximate = approximate or not complete
        worth = found if worth is None else {key: worth[key] + found[key] for key in worth.keys() & found}
        if not worth:
            break
    worth = worth or {}
    if worth and plan.excluded:
        unwanted, complete = _with_words(connection, plan.excluded, worth)
        approximate = approximate or not complete
        worth = {key: value for key, value in worth.items() if key not in unwanted}
    return _Worth(threads=worth, approximate=approximate)


def _with_words(connection: sqlite3.Connection, words: str, among: Mapping[int, float]) -> tuple[set[int], bool]:
    """The threads that have some words anywhere, of the best ones; the others are given up where there are many."""
    best = sorted(among, key=lambda post_id: (-among[post_id], post_id))
    scope = Scope(tokens=tuple(f"t{post_id}" for post_id in best[:_FEW]))
    match = f"({words}) AND ({scope.match})"
    query = f"""WITH found AS (SELECT rowid AS id FROM search_fts WHERE search_fts MATCH ?)
                SELECT DISTINCT post.id FROM found {JOINS}"""
    return {row[0] for row in connection.execute(query, [match])} | set(best[_FEW:]), len(best) <= _FEW


def _best_of_threads(
    connection: sqlite3.Connection, plan: Plan, words: str, among: Iterable[int] | None, *, everything: bool
) -> tuple[dict[int, float], bool]:
    """The best relevance that an item of each thread has for some words, and whether all matches were looked at."""
    few = list(among) if among is not None else []
    scopes = [Scope(tokens=tuple(f"t{post_id}" for post_id in few))] if 0 < len(few) <= _FEW else []
    found = candidates(connection, plan, plan.matching(words, *scopes), everything=everything)
    query = f"{selected(found, plan, 'post.id, max(found.relevance)')} GROUP BY post.id"
    return {row[0]: row[1] for row in connection.execute(query, found.values)}, found.complete


def _ordered(connection: sqlite3.Connection, worth: Mapping[int, float], sort: Sort) -> list[int]:
    if sort is Sort.RELEVANCE:
        return sorted(worth, key=lambda post_id: (-worth[post_id], post_id))
    query = f"SELECT post.id FROM json_each(?) JOIN posts AS post ON post.id = value ORDER BY {_ORDERS[sort]}"
    return [row[0] for row in connection.execute(query, [json.dumps(list(worth))])]


def _best_items(
    connection: sqlite3.Connection, plan: Plan, query: Query, page: Sequence[int]
) -> dict[int, list[tuple[int, float]]]:
    """A few items of each thread that have some of the words, best first; all threads in one go."""
    if not page:
        return {}
    some = [term for group in query.groups for term in group]
    words = plan.columns + group_match(some) if some else ""
    threads = Scope(tokens=tuple(f"t{post_id}" for post_id in page))
    found: Candidates = candidates(connection, plan, plan.matching(words, threads))
    rows = connection.execute(
        f"""SELECT id, relevance, post_id FROM (
                SELECT *, row_number() OVER (PARTITION BY post_id ORDER BY relevance DESC, id) AS place
                FROM ({selected(found, plan, "found.id AS id, found.relevance AS relevance, post.id AS post_id")}))
            WHERE place <= {_HITS_A_THREAD} ORDER BY place""",
        found.values,
    )
    items: dict[int, list[tuple[int, float]]] = {}
    for item, relevance, post_id in rows:
        items.setdefault(post_id, []).append((item, relevance))
    return items


def _thread(
    connection: sqlite3.Connection,
    post_id: int,
    rank: int,
    worth: _Worth,
    items: Sequence[tuple[int, float]],
    marker: Marker,
    *,
    public: bool,
) -> ThreadHits:
    row = connection.execute(
        """SELECT post.ap_id, post.slug, post.title, community.ap_id, community.name, post.published_at,
                  (SELECT count(*) FROM comments
                   WHERE post_id = post.id AND ap_id IS NOT NULL AND NOT (restricted AND ?2))
           FROM posts AS post JOIN communities AS community ON community.id = post.community_id WHERE post.id = ?1""",
        [post_id, int(public)],
    ).fetchone()
    return ThreadHits(
        thread=row[0],
        slug=row[1],
        title=row[2],
        community=row[3],
        community_name=row[4],
        published_at=row[5],
        comments=row[6],
        rank=rank,
        relevance=round(worth.threads[post_id], 6),
        hits=hits(connection, items, marker, public=public, approximate=worth.approximate),
        approximate=worth.approximate,
    )
