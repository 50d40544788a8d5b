"""From what a person types to the ap_id that the archive knows it by."""

import sqlite3

from thread_archive.takedowns import PERSON, Takedowns, handle
from thread_archive.urls import host_in


def people_called(connection: sqlite3.Connection, name: str, host: str) -> list[str]:
    """The ap_ids of the people of a name on a host, whatever the letters' case."""
    rows = connection.execute("SELECT ap_id FROM people WHERE name = ? COLLATE NOCASE ORDER BY ap_id", [name])
    return [ap_id for (ap_id,) in rows if host_in(ap_id) == host.lower()]


def person_exists(connection: sqlite3.Connection, ap_id: str) -> bool:
    """Whether somebody with exactly that ap_id is in the archive."""
    return connection.execute("SELECT 1 FROM people WHERE ap_id = ?", [ap_id]).fetchone() is not None


def person_name(connection: sqlite3.Connection, ap_id: str) -> str:
    """What the person with that ap_id, who is in the archive, is called on their instance."""
    return str(connection.execute("SELECT name FROM people WHERE ap_id = ?", [ap_id]).fetchone()[0])


def is_comment(connection: sqlite3.Connection, ap_id: str) -> bool:
    """Whether the archive has a comment with exactly that ap_id."""
    return connection.execute("SELECT 1 FROM comments WHERE ap_id = ?", [ap_id]).fetchone() is not None


def is_listed(takedowns: Takedowns, ap_id: str, name: str) -> bool:
    """Whether a person is on the list already, by the ap_id or as mentioned."""
    return takedowns.kind(ap_id) == PERSON or takedowns.kind(handle(name, host_in(ap_id))) is not None


def comment_at(connection: sqlite3.Connection, instance: str, local_id: int) -> str | None:
    """The ap_id of the comment that `instance` knows by `local_id`."""
    row = connection.execute(
        """SELECT comment.ap_id FROM local_ids AS local
           JOIN instances AS instance ON instance.id = local.instance_id
           JOIN comments AS comment ON comment.id = local.comment_id
           WHERE instance.domain = ? AND local.of_comment = 1 AND local.local_id = ?""",
        [instance, local_id],
    ).fetchone()
    return row[0] if row else None


def post_ap_id(connection: sqlite3.Connection, post_id: int) -> str:
    """The ap_id of the post of a row."""
    return str(connection.execute("SELECT ap_id FROM posts WHERE id = ?", [post_id]).fetchone()[0])
