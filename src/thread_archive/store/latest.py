"""What is new: the latest comments of a thread, for its feed. `public` leaves out what only a login gave."""

import sqlite3
from typing import NamedTuple

from thread_archive.store.claims import in_thread, shown
from thread_archive.store.connections import tuples


class LatestComment(NamedTuple):
    """A comment as a feed tells it; one that was taken back has no text."""

    ap_id: str
    author_ap_id: str
    author_name: str
    body: str
    body_html: str | None
    published_at: str
    edited_at: str | None


def latest_comments(
    connection: sqlite3.Connection, post_id: int, *, public: bool, most: int = 100
) -> list[LatestComment]:
    """The comments that were published last, the newest first, without those that were taken back."""
    rows = tuples(
        connection,
        f"""SELECT comment.ap_id, coalesce(person.ap_id, ''), coalesce({shown("name", "person")}, 'unknown'),
                  comment.body, comment.body_html, comment.published_at, comment.edited_at
           FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
           JOIN communities AS community ON community.id = post.community_id
           LEFT JOIN people AS person ON person.id = comment.creator_id
           {in_thread("person", "community")}
           WHERE comment.post_id = ? AND comment.ap_id IS NOT NULL AND NOT comment.deleted AND NOT comment.removed
           AND NOT (comment.restricted AND ?)
           ORDER BY comment.published_at DESC, comment.id DESC LIMIT ?""",
        post_id,
        int(public),
        most,
    )
    return [LatestComment._make(row) for row in rows]
