"""
Marks of what is not given any more: purged by the thread's home, or gone and nobody told why.

Marks are no part of an item's state: they come and go with the home's word, whoever else shows the item meanwhile.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from thread_archive.model import MissingItem
from thread_archive.store.archive import Archive
from thread_archive.store.times import stamp
from thread_archive.store.visits import Writing


class Marks(NamedTuple):
    """
    When and by whom an item was found to be purged, since when nobody has shown it; None where that is not. Whether it
    is unconfirmed.
    """

    purged_at: str | None
    purged_by: str | None
    gone_at: str | None
    unconfirmed: int = 0


def mark(connection: sqlite3.Connection, table: str, marks: Mapping[int, Marks]) -> None:
    """Set the marks of rows of `posts` or `comments`, inside the caller's transaction."""
    names = Marks._fields if table == "comments" else Marks._fields[:-1]
    connection.executemany(
        f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
        [(*told[: len(names)], row_id) for row_id, told in marks.items()],
    )


def note_purges(writing: Writing, post_id: int) -> None:
    """
    Mark what the home no longer has, and unmark what it gives again, in the caller's transaction.

    With a post Lemmy purges its comments.
    """
    visit = writing.visit
    at_home = json.dumps(sorted(visit.at_home))
    of_thread = "post_id = ?1 AND ap_id IS NOT NULL"
    if visit.at_home:
        if visit.post.ap_id in visit.at_home:
            _update(
                writing, "posts SET purged_at = NULL, purged_by = NULL", "id = ?1 AND purged_at IS NOT NULL", post_id
            )
            if writing.replay is None:
                _update(writing, "posts SET gone_at = NULL", "id = ?1 AND gone_at IS NOT NULL", post_id)
        given = f"{of_thread} AND purged_at IS NOT NULL AND ap_id IN (SELECT value FROM json_each(?2))"
        _update(writing, "comments SET purged_at = NULL, purged_by = NULL", given, post_id, at_home)
    if not visit.purged:
        return
    told = (stamp(visit.captured_at), visit.home, json.dumps(sorted(visit.purged)))
    is_new = "purged_at IS NULL"
    _update(
        writing,
        "posts SET purged_at = ?2, purged_by = ?3",
        f"id = ?1 AND {is_new} AND ap_id IN (SELECT value FROM json_each(?4))",
        post_id,
        *told,
    )
    _update(
        writing,
        "comments SET purged_at = ?2, purged_by = ?3",
        f"{of_thread} AND {is_new} AND (ap_id IN (SELECT value FROM json_each(?4)) OR ?5)",
        post_id,
        *told,
        int(visit.post.ap_id in visit.purged),
    )


def _update(writing: Writing, what: str, condition: str, *values: object) -> None:
    cursor = writing.connection.execute(f"UPDATE {what} WHERE {condition}", values)
    writing.changes.content += max(0, cursor.rowcount)


def note_vanished(archive: Archive, post_id: int, at: str) -> None:
    """A post that its home does not give, and nobody tells why: until somebody does it is not to be published."""
    archive.db.conn.execute("UPDATE posts SET gone_at = ? WHERE id = ? AND gone_at IS NULL", [at, post_id])


def purged_comments(connection: sqlite3.Connection, post_id: int) -> tuple[MissingItem, ...]:
    """The comments of a thread that are marked as purged, in thread order, with the servers that purged them."""
    rows = connection.execute(
        "SELECT purged_by, ap_id FROM comments WHERE post_id = ? AND purged_at IS NOT NULL ORDER BY position", [post_id]
    )
    return tuple(MissingItem(instance=by, ap_id=ap_id) for by, ap_id in rows)
