"""What was redacted and when, without any of it."""

import sqlite3
from datetime import datetime

from thread_archive.store.times import stamp


def note(
    connection: sqlite3.Connection,
    *,
    scope: str,
    target_digest: str,
    reason: str,
    items: int,
    quotes_left: int,
    now: datetime,
) -> None:
    """Add a row to the log, inside the caller's transaction."""
    connection.execute(
        """INSERT INTO redaction_log (redacted_at, scope, target_digest, reason, items, quotes_left)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [stamp(now), scope, target_digest, reason, items, quotes_left],
    )


def forget_patterns(connection: sqlite3.Connection) -> bool:
    """
    Drop the digests that earlier releases kept of patterns: they tell what was erased to whoever tries all short texts.

    Inside the caller's transaction; returns whether there were any.
    """
    gone = connection.execute(
        "UPDATE redaction_log SET target_digest = '' WHERE scope = 'pattern' AND target_digest <> ''"
    )
    return gone.rowcount > 0
