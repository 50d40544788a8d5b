"""Reading threads back: which row a person means, the list of threads, and a thread's items in order."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from thread_archive.store.archive import Archive, translated
from thread_archive.store.connections import tuples
from thread_archive.store.gaps import gap_keys
from thread_archive.urls import host_in

# Rows fetched at a time: a long thread is never held as a whole.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSummary:
    """
    A line of `ls`; `comments` leaves gaps out, `status` and `captured_at` are those of the latest finished capture.
    """

    id: int
    ap_id: str
    title: str
    community: str
    instance: str
    comments: int
    status: str
    captured_at: str

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `ls --json`."""
        return {
            "id": self.id,
            "ap_id": self.ap_id,
            "title": self.title,
            "community": self.community,
            "instance": self.instance,
            "comments": self.comments,
            "status": self.status,
            "captured_at": self.captured_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    A post, a comment or a gap of a thread, by the contract's names: `fields` is the object of `show --json`.

    `kind` is `post`, `comment` or `gap`; `depth` is 0 for the post and 1 for what answers it.
    """

    kind: str
    depth: int
    fields: dict[str, Any]


def post_by_row_id(archive: Archive, row_id: int) -> int | None:
    """The row of the thread that `ls` lists under this id."""
    return _one(archive, "SELECT id FROM posts WHERE id = ?", row_id)


def post_by_ap_id(archive: Archive, ap_id: str) -> int | None:
    """The row of the thread whose post, or one of whose comments, has this ap_id."""
    return _one(
        archive,
        "SELECT id FROM posts WHERE ap_id = ?1 UNION ALL SELECT post_id FROM comments WHERE ap_id = ?1 LIMIT 1",
        ap_id,
    )


def post_by_local_id(archive: Archive, instance: str, kind: str, local_id: int) -> int | None:
    """The row of the thread of which an instance knows the post or a comment (`kind`) by this local id."""
    return _one(
        archive,
        """SELECT coalesce(local.post_id, comment.post_id) FROM local_ids AS local
           JOIN instances AS instance ON instance.id = local.instance_id
           LEFT JOIN comments AS comment ON comment.id = local.comment_id
           WHERE instance.domain = ? AND local.of_comment = ? AND local.local_id = ?""",
        instance,
        int(kind == "comment"),
        local_id,
    )


def _one(archive: Archive, query: str, *values: str | int) -> int | None:
    with translated(archive.path):
        row = archive.db.conn.execute(query, values).fetchone()
    return row[0] if row else None


def threads(archive: Archive) -> Iterator[ThreadSummary]:
    """All threads, those that were captured last first."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT post.id, post.ap_id, post.title, community.ap_id, home.domain,
                      (SELECT count(*) FROM comments WHERE post_id = post.id AND ap_id IS NOT NULL),
                      capture.status, capture.started_at
               FROM posts AS post
               JOIN communities AS community ON community.id = post.community_id
               JOIN instances AS home ON home.id = community.instance_id
               JOIN captures AS capture ON capture.id = (
                   SELECT max(id) FROM captures WHERE post_id = post.id AND status IN ('complete', 'partial'))
               ORDER BY capture.id DESC"""
        )
        for row in rows:
            yield ThreadSummary(
                id=row[0],
                ap_id=row[1],
                title=row[2],
                community=row[3],
                instance=row[4],
                comments=row[5],
                status=row[6],
                captured_at=row[7],
            )


def thread_items(archive: Archive, post_id: int) -> Iterator[Item]:
    """
    The post, then every comment and gap in thread order.

    The parent of a reply to a gap is null, as gaps have no ap_id; its depth tells where it stands.
    """
    with translated(archive.path):
        yield from items(archive.db.conn, post_id)


def items(connection: sqlite3.Connection, post_id: int, *, public: bool = False) -> Iterator[Item]:
    """As `thread_items`; `public` leaves out comments, and cross-posts, that are not for everybody."""
    yield _post(connection, post_id, public=public)
    rows = tuples(connection, _COMMENTS, int(public), post_id)
    while batch := rows.fetchmany(_BATCH):
        keys = gap_keys(connection, [row[_ID] for row in batch if row[0] is None])
        yield from (_comment(row) if row[0] is not None else _gap(row, keys.get(row[_ID])) for row in batch)


_POST = """SELECT post.ap_id, person.ap_id, person.name, post.body, post.published_at, post.edited_at, post.score,
                  post.upvotes, post.downvotes, post.deleted, post.removed, post.is_moderator, post.is_admin,
                  person.is_bot, post.language, home.domain, post.title, post.url, community.ap_id, post.locked,
                  post.nsfw, post.featured, post.purged_at
           FROM posts AS post
           JOIN communities AS community ON community.id = post.community_id
           JOIN instances AS home ON home.id = community.instance_id
           LEFT JOIN people AS person ON person.id = post.creator_id
           WHERE post.id = ?"""
_COMMENTS = """SELECT comment.ap_id, CASE WHEN NOT (parent.restricted AND ?1) THEN parent.ap_id END, comment.depth,
                      person.ap_id, person.name, comment.body, comment.published_at, comment.edited_at, comment.score,
                      comment.upvotes, comment.downvotes, comment.deleted, comment.removed, comment.distinguished,
                      comment.creator_id IS NOT NULL AND comment.creator_id = post.creator_id,
                      comment.is_moderator, comment.is_admin, person.is_bot, comment.language,
                      comment.missing_reason, comment.id, comment.purged_at
               FROM comments AS comment
               JOIN posts AS post ON post.id = comment.post_id
               LEFT JOIN comments AS parent ON parent.id = comment.parent_id
               LEFT JOIN people AS person ON person.id = comment.creator_id
               WHERE comment.post_id = ?2 AND NOT (comment.restricted AND ?1) ORDER BY comment.position"""
_REASON, _ID = 19, 20


def _post(connection: sqlite3.Connection, post_id: int, *, public: bool) -> Item:
    row = tuples(connection, _POST, post_id).fetchone()
    cross_posts = tuples(
        connection,
        """SELECT other.ap_id, other.title, other.community_ap_id FROM cross_posts AS other
           LEFT JOIN posts AS post ON post.ap_id = other.ap_id
           WHERE other.post_id = ? AND NOT (coalesce(post.restricted, 0) AND ?) ORDER BY other.ap_id""",
        post_id,
        int(public),
    ).fetchall()
    fields = {
        "kind": "post",
        "ap_id": row[0],
        "parent": None,
        "depth": 0,
        "author": row[1],
        "author_name": row[2],
        "body": row[3],
        "published_at": row[4],
        "edited_at": row[5],
        "score": row[6],
        "upvotes": row[7],
        "downvotes": row[8],
        "deleted": bool(row[9]),
        "removed": bool(row[10]),
        "distinguished": False,
        "is_op": True,
        "is_moderator": bool(row[11]),
        "is_admin": bool(row[12]),
        "is_bot": bool(row[13]),
        "language": row[14],
        "instance": row[15],
        "title": row[16],
        "url": row[17],
        "community": row[18],
        "locked": bool(row[19]),
        "nsfw": bool(row[20]),
        "featured": bool(row[21]),
        "purged_at": row[22],
        "cross_posts": [{"ap_id": x[0], "title": x[1], "community": x[2]} for x in cross_posts],
    }
    return Item(kind="post", depth=0, fields=fields)


def _gap(row: tuple[Any, ...], key: tuple[str, int] | None) -> Item:
    instance, local_id = key or (None, None)
    gap = {
        "kind": "gap",
        "instance": instance,
        "local_id": local_id,
        "parent": row[1],
        "depth": row[2],
        "reason": row[_REASON],
    }
    return Item(kind="gap", depth=row[2], fields=gap)


def _comment(row: tuple[Any, ...]) -> Item:
    depth = row[2]
    fields = {
        "kind": "comment",
        "ap_id": row[0],
        "parent": row[1],
        "depth": depth,
        "author": row[3],
        "author_name": row[4],
        "body": row[5],
        "published_at": row[6],
        "edited_at": row[7],
        "score": row[8],
        "upvotes": row[9],
        "downvotes": row[10],
        "deleted": bool(row[11]),
        "removed": bool(row[12]),
        "distinguished": bool(row[13]),
        "is_op": bool(row[14]),
        "is_moderator": bool(row[15]),
        "is_admin": bool(row[16]),
        "is_bot": bool(row[17]),
        "language": row[18],
        "instance": host_in(row[0]),
        "purged_at": row[21],
    }
    return Item(kind="comment", depth=depth, fields=fields)
