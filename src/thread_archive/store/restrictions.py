"""Whether an archive holds anything that only a login gave."""

import sqlite3

from thread_archive.store.connections import tuples


def has_restricted(connection: sqlite3.Connection) -> bool:
    """Whether a post or comment is restricted; true too for a file whose tables do not say."""
    try:
        row = tuples(
            connection,
            """SELECT EXISTS (SELECT 1 FROM posts WHERE restricted)
               OR EXISTS (SELECT 1 FROM comments WHERE restricted)""",
        ).fetchone()
    except sqlite3.OperationalError:
        return True
    return bool(row[0])
