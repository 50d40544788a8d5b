"""
What a thread's page shows, read from one state of the archive.

Functions take a plain connection, so that they run wherever there is one (Datasette's threads, a snapshot). `public`
leaves out what only a login gave.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from thread_archive.slugs import slug
from thread_archive.store.claims import in_thread, shown, shown_handle
from thread_archive.store.connections import tuples


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadHead:
    """A post as its page shows it; `total` counts the rows below it, gaps included."""

    id: int
    slug: str
    ap_id: str
    title: str
    url: str
    body: str
    body_html: str | None
    published_at: str
    edited_at: str | None
    deleted: bool
    removed: bool
    locked: bool
    nsfw: bool
    featured: bool
    language: str
    is_moderator: bool
    is_admin: bool
    score: int | None
    upvotes: int | None
    downvotes: int | None
    restricted: bool
    purged_at: str | None
    purged_by: str | None
    gone_at: str | None
    attested_by: str | None
    community_ap_id: str
    community_name: str
    community_title: str
    instance: str
    author_id: int | None
    author_ap_id: str | None
    author_name: str | None
    author_is_bot: bool
    total: int


_FLAGS = ("deleted", "removed", "locked", "nsfw", "featured", "is_moderator", "is_admin", "restricted", "author_is_bot")
_HEAD_NAMES = tuple(ThreadHead.__dataclass_fields__)
_HEAD = f"""
SELECT post.id, post.slug, post.ap_id, post.title, post.url, post.body, post.body_html, post.published_at,
       post.edited_at, post.deleted, post.removed, post.locked, post.nsfw, post.featured, post.language,
       post.is_moderator, post.is_admin, post.score, post.upvotes, post.downvotes, post.restricted,
       post.purged_at, post.purged_by, post.gone_at, post.attested_by,
       community.ap_id, community.name, community.title, home.domain,
       person.id, person.ap_id, {shown("name", "person")},
       coalesce({shown("is_bot", "person")}, 0),
       coalesce((SELECT max(position) + 1 FROM comments WHERE post_id = post.id), 0)
FROM posts AS post
JOIN communities AS community ON community.id = post.community_id
JOIN instances AS home ON home.id = community.instance_id
LEFT JOIN people AS person ON person.id = post.creator_id
{in_thread("person", "community")}
WHERE post.slug = ?"""


def thread_head(connection: sqlite3.Connection, address: str, *, public: bool) -> ThreadHead | None:
    """The thread with this slug; None where there is none to show."""
    row = tuples(connection, _HEAD, address).fetchone()
    if row is None:
        return None
    values = dict(zip(_HEAD_NAMES, row, strict=True))
    head = ThreadHead(**(values | {name: bool(values[name]) for name in _FLAGS}))
    return None if public and head.restricted else head


class Place(NamedTuple):
    """
    Where a comment or gap stands, and what orders it; made for each of a thread, hence a plain tuple.

    `size` is roughly how many characters its text has as HTML; `nameless` says that nothing can link to it.
    """

    position: int
    depth: int
    size: int
    score: int
    published_at: str
    left_out: bool
    nameless: bool = False


def places(connection: sqlite3.Connection, post_id: int, *, start: int = 0, public: bool) -> Iterator[Place]:
    """Where all stand, in thread order, from a position on; reads no further than it is asked for."""
    rows = tuples(
        connection,
        """SELECT position, depth, length(coalesce(body_html, body)), coalesce(score, 0), published_at,
                  restricted AND ?1, ap_id IS NULL OR restricted AND ?1
           FROM comments WHERE post_id = ?2 AND position >= ?3 ORDER BY position""",
        int(public),
        post_id,
        start,
    )
    return map(Place._make, rows)


class CommentRow(NamedTuple):
    """A comment, or a gap (without `ap_id`), as its page shows it; made for each, hence a plain tuple."""

    id: int
    ap_id: str | None
    position: int
    depth: int
    body: str
    body_html: str | None
    published_at: str
    edited_at: str | None
    deleted: int
    removed: int
    distinguished: int
    language: str
    is_moderator: int
    is_admin: int
    score: int | None
    upvotes: int | None
    downvotes: int | None
    missing_reason: str | None
    gone_at: str | None
    purged_at: str | None
    purged_by: str | None
    misplaced: int
    unconfirmed: int
    restricted: int
    author_id: int | None
    author_ap_id: str | None
    author_name: str | None
    author_is_bot: int | None


_COMMENT = f"""
SELECT comment.id, comment.ap_id, comment.position, comment.depth, comment.body, comment.body_html,
       comment.published_at, comment.edited_at, comment.deleted, comment.removed, comment.distinguished,
       comment.language, comment.is_moderator, comment.is_admin, comment.score, comment.upvotes, comment.downvotes,
       comment.missing_reason, comment.gone_at, comment.purged_at, comment.purged_by, comment.misplaced,
       comment.unconfirmed, comment.restricted, person.id, person.ap_id, {shown("name", "person")},
       {shown("is_bot", "person")}
FROM comments AS comment
JOIN posts AS post ON post.id = comment.post_id
JOIN communities AS community ON community.id = post.community_id
LEFT JOIN people AS person ON person.id = comment.creator_id
{in_thread("person", "community")}
WHERE comment.post_id = ? AND comment.position """


def comments_at(connection: sqlite3.Connection, post_id: int, positions: Sequence[int]) -> dict[int, CommentRow]:
    """The comments and gaps at these positions of a thread, by position."""
    if not positions:
        return {}
    first, last = min(positions), max(positions)
    if last - first < 2 * len(positions):
        rows = tuples(connection, f"{_COMMENT} BETWEEN ? AND ? ORDER BY comment.position", post_id, first, last)
    else:
        wanted = json.dumps(list(positions))
        rows = tuples(connection, f"{_COMMENT} IN (SELECT value FROM json_each(?))", post_id, wanted)
    return {row[2]: CommentRow._make(row) for row in rows}


def position_of(connection: sqlite3.Connection, post_id: int, comment_slug: str) -> int | None:
    """Where the comment with this slug stands in a thread."""
    rows = tuples(connection, "SELECT ap_id, position FROM comments WHERE post_id = ? AND ap_id IS NOT NULL", post_id)
    return next((position for ap_id, position in rows if slug(ap_id) == comment_slug), None)


def ancestors_of(connection: sqlite3.Connection, post_id: int, position: int) -> list[int]:
    """The positions of what stands above a position, from the top."""
    rows = tuples(
        connection,
        """WITH RECURSIVE above(id, parent_id, position, depth) AS (
               SELECT id, parent_id, position, depth FROM comments WHERE post_id = ? AND position = ?
               UNION SELECT up.id, up.parent_id, up.position, up.depth
               FROM above JOIN comments AS up ON up.id = above.parent_id)
           SELECT position FROM above WHERE position <> ? ORDER BY depth""",
        post_id,
        position,
        position,
    )
    return [row[0] for row in rows]


def parents_of(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """By the row id of a comment: (ap_id, its author) of the comment that it answers."""
    rows = tuples(
        connection,
        f"""SELECT comment.id, parent.ap_id, coalesce({shown_handle("person", "community")}, '')
           FROM comments AS comment
           JOIN comments AS parent ON parent.id = comment.parent_id
           JOIN posts AS post ON post.id = parent.post_id
           JOIN communities AS community ON community.id = post.community_id
           LEFT JOIN people AS person ON person.id = parent.creator_id
           {in_thread("person", "community")}
           WHERE comment.id IN (SELECT value FROM json_each(?))
           AND parent.ap_id IS NOT NULL AND NOT parent.restricted""",
        json.dumps(list(ids)),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """A text that the thread is about: the linked page (`is_page`), the post's own body (`is_body`), or both in one."""

    id: int
    is_body: bool
    is_page: bool
    url: str
    final_url: str
    status: str
    reason: str
    title: str
    byline: str
    site: str
    published_at: str | None
    language: str
    licence: str
    html: str
    words: int
    fetched_at: str | None


def articles(connection: sqlite3.Connection, post_id: int) -> list[ArticleRow]:
    """The thread's articles, the post's own body first."""
    rows = tuples(
        connection,
        """SELECT id, is_body, is_page, url, final_url, status, reason, title, byline, site, published_at, language,
                  licence, html, words, fetched_at
           FROM articles WHERE post_id = ? ORDER BY is_page""",
        post_id,
    )
    names = tuple(ArticleRow.__dataclass_fields__)
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return [ArticleRow(**(values | {n: bool(values[n]) for n in ("is_body", "is_page")})) for values in made]


class QuoteRow(NamedTuple):
    """Who quotes what: the ap_ids are those of comments; `by_ap_id` is None where the post quotes."""

    by_ap_id: str | None
    by_name: str
    target_kind: str
    target_ap_id: str | None
    target_name: str
    article_id: int | None
    paragraph: int | None


_QUOTES = f"""
SELECT quoting.ap_id, coalesce({shown_handle("quoter", "community")}, ''), quote.target_kind, target.ap_id,
       coalesce({shown_handle("quoted", "community")}, ''),
       paragraph.article_id, paragraph.number
FROM quotes AS quote
JOIN posts AS post ON post.id = quote.post_id
JOIN communities AS community ON community.id = post.community_id
LEFT JOIN comments AS quoting ON quoting.id = quote.comment_id
LEFT JOIN people AS quoter ON quoter.id = quoting.creator_id
LEFT JOIN comments AS target ON target.id = quote.target_comment_id
LEFT JOIN people AS quoted ON quoted.id = target.creator_id
{in_thread("quoter", "community")}
{in_thread("quoted", "community")}
LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = quote.target_paragraph_id
WHERE quote.id IN (
    SELECT id FROM quotes WHERE comment_id IN (SELECT value FROM json_each(?1))
    UNION SELECT id FROM quotes WHERE target_comment_id IN (SELECT value FROM json_each(?1))
    UNION SELECT id FROM quotes WHERE post_id = ?2 AND ?3 AND (comment_id IS NULL OR target_paragraph_id IS NOT NULL)
) AND NOT (?4 AND (coalesce(quoting.restricted, 0) OR coalesce(target.restricted, 0)))
ORDER BY coalesce(quoting.position, -1), quote.start
LIMIT 5000"""


def quotes(
    connection: sqlite3.Connection, post_id: int, *, comments: Iterable[int], article: bool, public: bool
) -> list[QuoteRow]:
    """
    The quotations by and of these comments (row ids), in the order in which they stand; with `article` also those of
    the article and by the post.
    """
    shown = json.dumps(list(comments))
    return [QuoteRow._make(row) for row in tuples(connection, _QUOTES, shown, post_id, int(article), int(public))]


def cross_posts(connection: sqlite3.Connection, post_id: int, *, public: bool) -> list[tuple[str, str, str, str, str]]:
    """
    (ap_id, title, community's ap_id and name, slug of its thread here or '') of other posts of the same link.

    `public` leaves out those that are not for everybody.
    """
    rows = tuples(
        connection,
        """SELECT other.ap_id, other.title, other.community_ap_id, other.community_name, coalesce(post.slug, '')
           FROM cross_posts AS other
           LEFT JOIN posts AS post ON post.ap_id = other.ap_id
           WHERE other.post_id = ? AND NOT (coalesce(post.restricted, 0) AND ?)
           ORDER BY other.ap_id""",
        post_id,
        int(public),
    )
    return rows.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The visits to a thread that ended: how the latest ended and when it began, how many there were, since when."""

    status: str
    captured_at: str
    count: int
    first_at: str


_ENDED = "FROM captures WHERE post_id = ?1 AND status IN ('complete', 'partial')"


def visits(connection: sqlite3.Connection, post_id: int) -> Visits | None:
    """The visits that told of the thread; None where none did."""
    row = tuples(
        connection,
        f"""SELECT latest.status, latest.started_at, told.count, told.first_at
            FROM (SELECT max(id) AS id, count(*) AS count, min(started_at) AS first_at {_ENDED}) AS told
            JOIN captures AS latest ON latest.id = told.id""",
        post_id,
    ).fetchone()
    return Visits(status=row[0], captured_at=row[1], count=row[2], first_at=row[3]) if row else None


def failure_since(connection: sqlite3.Connection, post_id: int) -> tuple[str, Any] | None:
    """When a visit began that failed after all that told of the thread, and its receipt: the latest one."""
    row = tuples(
        connection,
        f"""SELECT started_at, receipt FROM captures WHERE post_id = ?1 AND status = 'failed'
            AND id > (SELECT coalesce(max(id), 0) {_ENDED}) ORDER BY id DESC LIMIT 1""",
        post_id,
    ).fetchone()
    return (row[0], json.loads(row[1])) if row and row[1] else None


def receipts(connection: sqlite3.Connection, post_id: int) -> Iterator[Any]:
    """
    What `add --json` printed of the visits that have a receipt, the latest first; reads no further than it is asked
    for.
    """
    rows = tuples(connection, f"SELECT receipt {_ENDED} AND receipt IS NOT NULL ORDER BY id DESC", post_id)
    return (json.loads(receipt) for (receipt,) in rows)
