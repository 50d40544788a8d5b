"""Whether an archive holds anything that is not for everybody."""

import sqlite3

from thread_archive.store.connections import tuples
from thread_archive.store.optouts import opted_out


def has_restricted(connection: sqlite3.Connection, post_id: int | None = None) -> bool:
    """
    Whether a post or comment (of the thread `post_id`, if given) is restricted, or somebody asks not to be archived.

    True too for a file whose tables do not say.
    """
    try:
        row = tuples(
            connection,
            """SELECT EXISTS (SELECT 1 FROM posts WHERE restricted = 1 AND coalesce(id = ?1, 1))
               OR EXISTS (SELECT 1 FROM comments WHERE restricted = 1 AND coalesce(post_id = ?1, 1))""",
            post_id,
        ).fetchone()
        return bool(row[0]) or bool(opted_out(connection, post_id))
    except sqlite3.OperationalError:
        return True
