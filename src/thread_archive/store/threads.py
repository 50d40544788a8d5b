"""What a receipt says of a thread that is in the archive."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from thread_archive.store.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCounts:
    """A thread's `title`, and how many comments it has here: all of them, and those withdrawn."""

    ap_id: str
    title: str
    stored: int
    tombstones: int


def thread_counts(archive: Archive, post_id: int) -> ThreadCounts:
    """The counts of the thread of the row `post_id`; gaps do not count."""
    ap_id, title = archive.db.conn.execute("SELECT ap_id, title FROM posts WHERE id = ?", [post_id]).fetchone()
    stored, tombstones = archive.db.conn.execute(
        """SELECT count(*), coalesce(sum(deleted OR removed), 0) FROM comments
           WHERE post_id = ? AND ap_id IS NOT NULL""",
        [post_id],
    ).fetchone()
    return ThreadCounts(ap_id=ap_id, title=title, stored=stored, tombstones=tombstones)


def stored_among(archive: Archive, post_id: int, ap_ids: Iterable[str]) -> frozenset[str]:
    """Which of these ap_ids are comments of the thread that the archive has."""
    rows = archive.db.conn.execute(
        "SELECT ap_id FROM comments WHERE post_id = ? AND ap_id IN (SELECT value FROM json_each(?))",
        [post_id, json.dumps(list(ap_ids))],
    )
    return frozenset(ap_id for (ap_id,) in rows)


def thread_ids(archive: Archive) -> list[int]:
    """The row ids of all threads, in the order in which they were added first."""
    return [row_id for (row_id,) in archive.db.conn.execute("SELECT id FROM posts ORDER BY id")]


def forget_history(archive: Archive, post_id: int) -> None:
    """Inside the caller's transaction, take away of a thread what a reread builds up again capture by capture."""
    of_comments = "comment_id IN (SELECT id FROM comments WHERE post_id = ?)"
    for statement in (
        "DELETE FROM post_revisions WHERE post_id = ?",
        f"DELETE FROM comment_revisions WHERE {of_comments}",
        "DELETE FROM scores WHERE item = ? * 4",
        "DELETE FROM scores WHERE item IN (SELECT id * 4 + 1 FROM comments WHERE post_id = ?)",
        "DELETE FROM cross_posts WHERE post_id = ?",
        "DELETE FROM article_revisions WHERE article_id IN (SELECT id FROM articles WHERE post_id = ?)",
        # So that another renderer reaches old texts.
        "UPDATE posts SET derived = 0 WHERE id = ?",
        "UPDATE comments SET derived = 0 WHERE post_id = ?",
    ):
        archive.db.conn.execute(statement, [post_id])
