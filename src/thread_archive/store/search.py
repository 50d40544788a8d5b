"""Search over posts and comments: ranked hits with snippets, and threads whose words are spread over their items."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from thread_archive.spoilers import conceal
from thread_archive.store.archive import Archive, translated
from thread_archive.store.queries import Query, parse_query

# A word of the title says more about what a thread is about than one of a body.
_WEIGHTS = "1.0, 4.0, 0.0"
# Around what was found in a snippet; removed from texts before, so that none can pretend.
FOUND, END = "\x02", "\x03"
_SNIPPET_WORDS = 24
_HITS_A_THREAD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """
    An item that was found: `rank` counts from 1, a larger `relevance` is better, `score` are its votes.

    `snippet` is plain text with FOUND and END around the words that were looked for.
    """

    kind: str
    ap_id: str
    thread: str
    title: str
    author: str | None
    author_name: str
    snippet: str
    rank: int
    relevance: float
    score: int | None

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
            "approximate": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadHits:
    """A thread in which all words were found, somewhere; `hits` are a few of the items that have some."""

    thread: str
    title: str
    rank: int
    hits: tuple[SearchHit, ...]

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `search --threads --json`."""
        return {
            "thread": self.thread,
            "title": self.title,
            "rank": self.rank,
            "hits": [hit.as_json() for hit in self.hits],
        }


# The inner query ranks, the outer one fetches what is shown of the few that are.
_HITS = f"""
SELECT item.kind, coalesce(comment.ap_id, post.ap_id), post.ap_id, post.title, person.ap_id, coalesce(person.name, ''),
       snippet(search_fts, -1, '{FOUND}', '{END}', '…', {_SNIPPET_WORDS}), found.relevance,
       CASE item.kind WHEN 'post' THEN post.score ELSE comment.score END
FROM (SELECT rowid AS id, -bm25(search_fts, {_WEIGHTS}) AS relevance FROM search_fts
      WHERE search_fts MATCH :match ORDER BY relevance DESC, rowid LIMIT :limit) AS found
JOIN search_fts ON search_fts.rowid = found.id AND search_fts MATCH :match
JOIN search_items AS item ON item.id = found.id
LEFT JOIN comments AS comment ON comment.id = item.comment_id
JOIN posts AS post ON post.id = coalesce(item.post_id, comment.post_id)
LEFT JOIN people AS person ON person.id = coalesce(comment.creator_id, post.creator_id)
ORDER BY found.relevance DESC, found.id
"""


def search(archive: Archive, text: str, *, limit: int = 20) -> list[SearchHit]:
    """The best `limit` posts and comments for what a person typed, best first; any text is a valid query."""
    query = parse_query(text)
    return list(_hits(archive, query.match, limit)) if query.groups else []


def _hits(archive: Archive, match: str, limit: int) -> Iterator[SearchHit]:
    with translated(archive.path):
        rows = archive.db.conn.execute(_HITS, {"match": match, "limit": limit}).fetchall()
    for rank, row in enumerate(rows, 1):
        yield SearchHit(
            kind=row[0],
            ap_id=row[1],
            thread=row[2],
            title=row[3],
            author=row[4],
            author_name=row[5],
            snippet=conceal(row[6]),
            rank=rank,
            relevance=round(row[7], 6),
            score=row[8],
        )


def search_threads(archive: Archive, text: str, *, limit: int = 20) -> list[ThreadHits]:
    """
    Threads in which every word was found, be it in different items, best first.

    A thread's worth is the sum, over the words, of its best item for that word.
    """
    query = parse_query(text)
    if not query.groups:
        return []
    worth = _worth(archive, query)
    best = sorted(worth, key=lambda post_id: (-worth[post_id], post_id))[:limit]
    return [_thread_hits(archive, query, post_id, rank) for rank, post_id in enumerate(best, 1)]


def _worth(archive: Archive, query: Query) -> dict[int, float]:
    worth: dict[int, float] = {}
    for index in range(len(query.groups)):
        found = dict(_best_of_threads(archive, f"{{body title}} : {query.group(index)}"))
        worth = found if index == 0 else {post_id: worth[post_id] + found[post_id] for post_id in worth.keys() & found}
    if query.excluded:
        for post_id, _ in _best_of_threads(archive, f"{{body title}} : ({' OR '.join(query.excluded)})"):
            worth.pop(post_id, None)
    return worth


def _best_of_threads(archive: Archive, match: str) -> list[tuple[int, float]]:
    with translated(archive.path):
        # Materialized: in a grouping query bm25 cannot be used where it is found.
        return archive.db.conn.execute(
            f"""WITH found AS MATERIALIZED (
                    SELECT rowid AS id, -bm25(search_fts, {_WEIGHTS}) AS relevance FROM search_fts
                    WHERE search_fts MATCH ?)
                SELECT coalesce(item.post_id, comment.post_id), max(found.relevance) FROM found
                JOIN search_items AS item ON item.id = found.id
                LEFT JOIN comments AS comment ON comment.id = item.comment_id
                GROUP BY 1""",
            [match],
        ).fetchall()


def _thread_hits(archive: Archive, query: Query, post_id: int, rank: int) -> ThreadHits:
    some = " OR ".join(term for group in query.groups for term in group)
    hits = tuple(_hits(archive, f'({{body title}} : ({some})) AND (scope : "t{post_id}")', _HITS_A_THREAD))
    with translated(archive.path):
        ap_id, title = archive.db.conn.execute("SELECT ap_id, title FROM posts WHERE id = ?", [post_id]).fetchone()
    return ThreadHits(thread=ap_id, title=title, rank=rank, hits=hits)
