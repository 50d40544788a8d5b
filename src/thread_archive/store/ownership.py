"""
Items that two threads, or two communities, claim: an ap_id belongs to its host, and who came first has no right to it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable
from enum import IntEnum
from typing import NamedTuple

from thread_archive.store import article_writing, derivations, search_index
from thread_archive.store.archive import Archive
from thread_archive.store.gaps import gap_keys
from thread_archive.store.instances import instance_row
from thread_archive.urls import host_in

# The status of a capture whose thread the host of its ap_id does not know as that: it is evidence, and not read again.
_DISOWNED = "disowned"
DISOWNED = f"SELECT id FROM captures WHERE status = '{_DISOWNED}'"
# A name for gaps that no server has a number for: no host is called so (RFC 2606).
_NO_SERVER = "unknown.invalid"


class Word(IntEnum):
    """
    Whose word an item's place rests on, the strongest last: a snapshot's, a server's that only shows it, the thread's
    home's, its own host's.
    """

    CLAIMED = 0
    SHOWN = 1
    HOME = 2
    OWN_HOST = 3


class Claim(NamedTuple):
    """A comment that the archive has in another thread: its row, that thread's post, and whose word says so."""

    row_id: int
    post_id: int
    post: str
    word: Word


def elsewhere(archive: Archive, post_ap_id: str, ap_ids: Iterable[str]) -> dict[str, Claim]:
    """Those of these comments that the archive has in other threads than that of the post."""
    rows = archive.db.conn.execute(
        """SELECT comment.ap_id, comment.id, post.id, post.ap_id, capture.kind = 'snapshot' FROM json_each(?1) AS asked
           CROSS JOIN comments AS comment ON comment.ap_id = asked.value
           JOIN posts AS post ON post.id = comment.post_id JOIN captures AS capture ON capture.id = comment.capture_id
           WHERE post.ap_id <> ?2""",
        [json.dumps(list(ap_ids)), post_ap_id],
    ).fetchall()
    return {
        ap_id: Claim(row_id, post_id, post, Word.CLAIMED if claimed else _word(archive.db.conn, ap_id, row_id, post_id))
        for ap_id, row_id, post_id, post, claimed in rows
    }


def _word(connection: sqlite3.Connection, ap_id: str, row_id: int, post_id: int) -> Word:
    rows = connection.execute(
        """SELECT instance.domain, instance.id = community.instance_id
           FROM local_ids AS local JOIN instances AS instance ON instance.id = local.instance_id
           JOIN posts AS post ON post.id = ?2 JOIN communities AS community ON community.id = post.community_id
           WHERE local.comment_id = ?1""",
        [row_id, post_id],
    ).fetchall()
    rooted = connection.execute(
        """SELECT 1 FROM captures AS capture JOIN json_each(capture.plan) AS source
           JOIN json_each(source.value, '$.rooted') AS told
           WHERE capture.post_id = ? AND capture.status IN ('complete', 'partial') AND told.value = ? LIMIT 1""",
        [post_id, ap_id],
    ).fetchone()
    if rooted or any(domain == host_in(ap_id) for domain, _ in rows):
        return Word.OWN_HOST
    return Word.HOME if any(is_home for _, is_home in rows) else Word.SHOWN


def disown(archive: Archive, post_ap_id: str, *, home: str) -> None:
    """
    Take away, inside the caller's transaction, what was stored of a thread of which its ap_id's host says that its home
    is `home`.

    The post's row stays, as its address does, for what is written next; what it said becomes an earlier state then. The
    captures of another home stay as evidence, marked as disowned; of what they told nothing else does. Those of the
    true home are to be read again.
    """
    connection = archive.db.conn
    (post_id,) = connection.execute("SELECT id FROM posts WHERE ap_id = ?", [post_ap_id]).fetchone()
    connection.execute(
        """UPDATE captures SET status = ?
           WHERE post_id = ? AND status IN ('complete', 'partial', 'kept') AND home IS NOT ?""",
        [_DISOWNED, post_id, home],
    )
    article_writing.forget_articles(connection, post_id)
    rows = connection.execute("SELECT id FROM comments WHERE post_id = ?", [post_id]).fetchall()
    comments = [row_id for (row_id,) in rows]
    detach(connection, comments)
    connection.execute("UPDATE comments SET parent_id = NULL WHERE post_id = ?", [post_id])
    connection.executemany("DELETE FROM local_ids WHERE comment_id = ?", [(row_id,) for row_id in comments])
    for statement in (
        "DELETE FROM comments WHERE post_id = ?",
        "DELETE FROM local_ids WHERE post_id = ?",
        "DELETE FROM cross_posts WHERE post_id = ?",
        "DELETE FROM scores WHERE item = ? * 4",
    ):
        connection.execute(statement, [post_id])
    # What the next one does not tell of the post must not be told by this one.
    item = search_index.item_number(search_index.POST, post_id)
    search_index.remove(connection, [item])
    connection.execute(
        """UPDATE posts SET creator_id = NULL, is_moderator = 0, is_admin = 0, score = NULL, upvotes = NULL,
               downvotes = NULL, advertised = NULL, purged_at = NULL, purged_by = NULL, gone_at = NULL,
               attested_by = NULL WHERE id = ?""",
        [post_id],
    )
    search_index.put(connection, [item])


def detach(connection: sqlite3.Connection, row_ids: Collection[int]) -> None:
    """
    Make gaps of comments that belong to another thread, inside the caller's transaction.

    A gap keeps the place for replies; the thread that they are taken from is to be written anew.
    """
    search_index.remove(connection, [search_index.item_number(search_index.COMMENT, row_id) for row_id in row_ids])
    for row_id in row_ids:
        derivations.forget_comment(connection, row_id)
    for statement in (
        "DELETE FROM comment_revisions WHERE comment_id = ?",
        "DELETE FROM scores WHERE item = ? * 4 + 1",
        """UPDATE comments SET ap_id = NULL, creator_id = NULL, body = '', body_text = NULL, edited_at = NULL,
               deleted = 0, removed = 0, distinguished = 0, language = 'und', is_moderator = 0, is_admin = 0,
               score = NULL, upvotes = NULL, downvotes = NULL, missing_reason = 'other_thread', gone_at = NULL,
               purged_at = NULL, purged_by = NULL, attested_by = NULL, unconfirmed = 0, restricted = 0
           WHERE id = ?""",
    ):
        connection.executemany(statement, [(row_id,) for row_id in row_ids])


def drop_nameless(archive: Archive, post_id: int) -> None:
    """Forget gaps of a thread that no server's number names any more, before the thread is written anew."""
    connection = archive.db.conn
    rows = connection.execute("SELECT id FROM comments WHERE post_id = ? AND ap_id IS NULL", [post_id]).fetchall()
    gaps = [row_id for (row_id,) in rows]
    named = gap_keys(connection, gaps)
    nameless = [(row_id,) for row_id in gaps if row_id not in named]
    connection.executemany("UPDATE comments SET parent_id = NULL WHERE parent_id = ?", nameless)
    connection.executemany("DELETE FROM comments WHERE id = ?", nameless)


# The latest receipt of a thread says how many comments it has.
_RECOUNT = """UPDATE captures SET receipt = json_set(
                  receipt,
                  '$.comments.stored',
                  (SELECT count(*) FROM comments WHERE post_id = ?1 AND ap_id IS NOT NULL AND NOT unconfirmed),
                  '$.comments.tombstones', (SELECT count(*) FROM comments WHERE post_id = ?1 AND deleted + removed > 0))
              WHERE id = (SELECT max(id) FROM captures WHERE post_id = ?1 AND status IN ('complete', 'partial'))
              AND json_type(receipt, '$.comments.stored') = 'integer'"""


def detach_claims(archive: Archive, row_ids: Collection[int]) -> None:
    """
    Make gaps of comments that only a snapshot told of in their thread, and that are another one's.

    What the snapshot says that servers call them goes too; the receipt of the thread counts anew.
    """
    connection = archive.db.conn
    threads = connection.execute(
        "SELECT DISTINCT post_id FROM comments WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(row_ids))],
    ).fetchall()
    detach(connection, row_ids)
    connection.executemany("DELETE FROM local_ids WHERE comment_id = ?", [(row_id,) for row_id in row_ids])
    if row_ids:
        instance_id = instance_row(archive, _NO_SERVER)
        connection.executemany(
            "INSERT INTO local_ids (instance_id, of_comment, local_id, comment_id) VALUES (?1, 1, ?2, ?2)",
            [(instance_id, row_id) for row_id in row_ids],
        )
        connection.executemany(_RECOUNT, threads)


def nameless_gap(ap_id: str) -> tuple[str, int]:
    """The name of the gap in whose place a snapshot has a comment that is another thread's."""
    digest = hashlib.sha256(ap_id.encode("utf-8", "surrogatepass")).digest()
    # As large as no row id, and no larger than all programs count.
    return (_NO_SERVER, int.from_bytes(digest[:6], "big") | 1 << 51)
