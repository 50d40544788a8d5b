"""Whether an archive holds anything that is not for everybody."""

import sqlite3

from thread_archive.store.connections import tuples
from thread_archive.store.optouts import opted_out


def has_restricted(connection: sqlite3.Connection) -> bool:
    """
    Whether a post or comment is restricted, or somebody asks not to be archived.

    True too for a file whose tables do not say.
    """
    try:
        row = tuples(
            connection,
            """SELECT EXISTS (SELECT 1 FROM posts WHERE restricted)
               OR EXISTS (SELECT 1 FROM comments WHERE restricted)""",
        ).fetchone()
        return bool(row[0]) or bool(opted_out(connection))
    except sqlite3.OperationalError:
        return True
