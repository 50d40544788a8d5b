"""
Who asks in their profile not to be archived: honoured in what is shared.

`#noarchive` and `#nobot` are what people of the fediverse write in their bios; archives for one's own reading keep
their texts. Snapshots leave the texts out and keep their places; public pages leave out their comments, and the threads
that they started.
"""

import re
import sqlite3

from thread_archive.store.connections import tuples

_MARKS = re.compile(r"(?<![\w&/])\\?#no-?(?:archive|bot)\b", re.IGNORECASE)


def opted_out(connection: sqlite3.Connection, post_id: int | None = None) -> frozenset[int]:
    """The row ids of people whose bio says so; with `post_id` only of those who wrote in that thread."""
    query, values = "SELECT id, bio FROM people WHERE bio LIKE '%#no%'", []
    if post_id is not None:
        query += """ AND id IN (SELECT creator_id FROM posts WHERE id = ?1
                                UNION SELECT creator_id FROM comments WHERE post_id = ?1)"""
        values = [post_id]
    return frozenset(row_id for row_id, bio in tuples(connection, query, *values) if _MARKS.search(bio))


def leave_out(connection: sqlite3.Connection) -> None:
    """
    For the rest of a transaction that is rolled back, let what such people wrote count as `restricted`.

    Views by the tables' own names stand before them, in this connection only and in no file.
    """
    people = opted_out(connection)
    if not people:
        return
    theirs = f"coalesce(creator_id IN ({', '.join(map(str, sorted(people)))}), 0)"
    for table in ("posts", "comments"):
        names = [row[1] for row in tuples(connection, f"PRAGMA main.table_info({table})")]
        told = ", ".join(f"restricted OR {theirs} AS restricted" if name == "restricted" else name for name in names)
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {told} FROM main.{table}")
