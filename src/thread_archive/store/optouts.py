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
