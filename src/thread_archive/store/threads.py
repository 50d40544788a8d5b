"""What a receipt says of a thread that is in the archive."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from thread_archive.store.archive import Archive
from thread_archive.store.ownership import DISOWNED
from thread_archive.store.times import parse_stamp

# How many other threads are looked for where it is in doubt whether a server still has what it had.
_OTHERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCounts:
    """A thread's `title`, and how many comments it has here: all of them, and those withdrawn."""

    ap_id: str
    title: str
    stored: int
    tombstones: int


def thread_counts(archive: Archive, post_id: int) -> ThreadCounts:
    """The counts of the thread of the row `post_id`; gaps do not count, nor does what is unconfirmed."""
    ap_id, title = archive.db.conn.execute("SELECT ap_id, title FROM posts WHERE id = ?", [post_id]).fetchone()
    stored, tombstones = archive.db.conn.execute(
        """SELECT count(*), coalesce(sum(deleted OR removed), 0) FROM comments
           WHERE post_id = ? AND ap_id IS NOT NULL AND NOT unconfirmed""",
        [post_id],
    ).fetchone()
    return ThreadCounts(ap_id=ap_id, title=title, stored=stored, tombstones=tombstones)


def stored_among(archive: Archive, post_id: int, ap_ids: Iterable[str]) -> frozenset[str]:
    """Which of these ap_ids are comments of the thread that the archive has, unconfirmed ones left out."""
    rows = archive.db.conn.execute(
        """SELECT ap_id FROM comments
           WHERE post_id = ? AND NOT unconfirmed AND ap_id IN (SELECT value FROM json_each(?))""",
        [post_id, json.dumps(list(ap_ids))],
    )
    return frozenset(ap_id for (ap_id,) in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedThread:
    """
    A thread that the archive has, as an instance knows it: by the local id `post_id`.

    `others` are local ids of some other threads that the instance gave, those that were archived last.
    """

    post_id: int
    post_ap_id: str
    community_ap_id: str
    published_at: datetime
    others: tuple[int, ...] = ()


def recorded(archive: Archive, instance: str, kind: str, local_id: int) -> RecordedThread | None:
    """The thread of which `instance` knows the post or a comment (`kind`) by this local id; None where it is new."""
    connection = archive.db.conn
    row = connection.execute(
        """SELECT post.ap_id, community.ap_id, post.published_at, known.local_id, known.instance_id
           FROM local_ids AS asked JOIN instances AS instance ON instance.id = asked.instance_id
           LEFT JOIN comments AS comment ON comment.id = asked.comment_id
           JOIN posts AS post ON post.id = coalesce(asked.post_id, comment.post_id)
           JOIN communities AS community ON community.id = post.community_id
           JOIN local_ids AS known
               ON known.post_id = post.id AND known.of_comment = 0 AND known.instance_id = asked.instance_id
           WHERE instance.domain = ? AND asked.of_comment = ? AND asked.local_id = ?
           ORDER BY known.local_id DESC LIMIT 1""",
        [instance, int(kind == "comment"), local_id],
    ).fetchone()
    if row is None:
        return None
    others = connection.execute(
        """SELECT max(local.local_id) FROM local_ids AS local JOIN posts AS post ON post.id = local.post_id
           WHERE local.instance_id = ? AND local.of_comment = 0 AND post.ap_id <> ?
                 AND post.purged_at IS NULL AND NOT post.deleted AND NOT post.removed
           GROUP BY post.id ORDER BY post.id DESC LIMIT ?""",
        [row[4], row[0], _OTHERS],
    ).fetchall()
    return RecordedThread(
        post_id=row[3],
        post_ap_id=row[0],
        community_ap_id=row[1],
        published_at=parse_stamp(row[2]),
        others=tuple(other for (other,) in others),
    )


def thread_ids(archive: Archive) -> list[int]:
    """The row ids of all threads, in the order in which they were added first."""
    return [row_id for (row_id,) in archive.db.conn.execute("SELECT id FROM posts ORDER BY id")]


def forget_history(archive: Archive, post_id: int) -> None:
    """Inside the caller's transaction, take away of a thread what a reread builds up again capture by capture."""
    of_comments = "comment_id IN (SELECT id FROM comments WHERE post_id = ?)"
    for statement in (
        # What a server said of a post that is not its own is in no capture that is read again.
        f"DELETE FROM post_revisions WHERE post_id = ? AND capture_id NOT IN ({DISOWNED})",
        f"DELETE FROM comment_revisions WHERE {of_comments}",
        "DELETE FROM scores WHERE item = ? * 4",
        "DELETE FROM scores WHERE item IN (SELECT id * 4 + 1 FROM comments WHERE post_id = ?)",
        "DELETE FROM cross_posts WHERE post_id = ?",
        "DELETE FROM article_revisions WHERE article_id IN (SELECT id FROM articles WHERE post_id = ?)",
        "UPDATE posts SET purged_at = NULL, purged_by = NULL WHERE id = ? AND purged_at IS NOT NULL",
        "UPDATE comments SET purged_at = NULL, purged_by = NULL WHERE post_id = ? AND purged_at IS NOT NULL",
        "UPDATE posts SET attested_by = NULL WHERE id = ? AND attested_by IS NOT NULL",
        "UPDATE comments SET attested_by = NULL, unconfirmed = 0 WHERE post_id = ? AND attested_by IS NOT NULL",
        # So that another renderer reaches old texts.
        "UPDATE posts SET derived = 0 WHERE id = ?",
        "UPDATE comments SET derived = 0 WHERE post_id = ?",
    ):
        archive.db.conn.execute(statement, [post_id])
