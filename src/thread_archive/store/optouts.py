"""
Who asks in their profile not to be archived: honoured in what is shared.

`#noarchive` and `#nobot` are what people of the fediverse write in their bios; archives for one's own reading keep
their texts. Snapshots leave the texts out and keep their places; public pages leave out their comments, and the threads
that they started.

It counts whoever told of it, a snapshot too, and until the person's own server shows a profile without it.
"""

import re
import sqlite3
from collections.abc import Mapping

from thread_archive.store.connections import tuples

_ASKS = "id IN (SELECT person_id FROM optouts WHERE lifted_at IS NULL OR lifted_at < asked_at)"
_MARKS = re.compile(r"(?<![\w&/])\\?#no-?(?:archive|bot)\b", re.IGNORECASE)


def asks_out(bio: str) -> bool:
    """Whether a profile asks so."""
    return "#" in bio and _MARKS.search(bio) is not None


def opted_out(connection: sqlite3.Connection, post_id: int | None = None) -> frozenset[int]:
    """The row ids of people who ask so; with `post_id` only of those who wrote in that thread."""
    query, values = f"SELECT id, bio, {_ASKS} FROM people WHERE ({_ASKS} OR bio LIKE '%#no%')", []
    if post_id is not None:
        query += """ AND id IN (SELECT creator_id FROM posts WHERE id = ?1
                                UNION SELECT creator_id FROM comments WHERE post_id = ?1)"""
        values = [post_id]
    rows = tuples(connection, query, *values)
    return frozenset(row_id for row_id, bio, is_noted in rows if is_noted or asks_out(bio))


def note(connection: sqlite3.Connection, asking: Mapping[int, bool], at: str) -> int:
    """
    Note, inside the caller's transaction, what was told of people (row ids) by a capture that began `at`: True where
    somebody tells that they ask, False where their own server shows that they do not.

    Of two captures the later one counts, whichever is written first. Returns how many rows were written.
    """
    before = connection.total_changes
    connection.executemany(
        """INSERT INTO optouts (person_id, asked_at) VALUES (?1, ?2)
           ON CONFLICT DO UPDATE SET asked_at = ?2 WHERE lifted_at >= asked_at AND lifted_at < ?2""",
        [(row_id, at) for row_id, asks in asking.items() if asks],
    )
    # Few people ever asked, and of the others there is nothing to lift.
    noted = connection.execute("SELECT person_id FROM optouts").fetchall()
    connection.executemany(
        """UPDATE optouts SET lifted_at = ?2 WHERE person_id = ?1 AND asked_at <= ?2
           AND (lifted_at IS NULL OR lifted_at < asked_at)""",
        [(row_id, at) for (row_id,) in noted if asking.get(row_id) is False],
    )
    return connection.total_changes - before


def asked_since(connection: sqlite3.Connection, post_id: int, capture_id: int) -> bool:
    """Whether somebody who wrote in the thread is told to ask so by a capture that began after `capture_id` did."""
    people = opted_out(connection, post_id)
    if not people:
        return False
    marks = ", ".join(map(str, sorted(people)))
    query = f"""SELECT EXISTS (SELECT 1 FROM optouts WHERE person_id IN ({marks})
                               AND asked_at > (SELECT started_at FROM captures WHERE id = ?))"""
    return bool(tuples(connection, query, capture_id).fetchone()[0])
