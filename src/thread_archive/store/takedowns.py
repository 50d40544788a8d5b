"""The takedown list as the archive keeps it, and its salt."""

import secrets
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from thread_archive.store import settings
from thread_archive.store.archive import Archive, translated
from thread_archive.store.times import stamp
from thread_archive.takedowns import Takedowns

_SALT = "takedown_salt"
_SALT_BYTES = 32


def load(archive: Archive) -> Takedowns:
    """The archive's list; one without entries where it never had any."""
    with translated(archive.path):
        return _read(archive.db.conn)


def _read(connection: sqlite3.Connection) -> Takedowns:
    salt = settings.get(connection, _SALT) or ""
    return Takedowns(bytes.fromhex(salt), dict(connection.execute("SELECT digest, kind FROM takedowns")))


def salted(connection: sqlite3.Connection) -> Takedowns:
    """The list, inside the caller's transaction; the archive gets its salt where it has none yet."""
    if settings.get(connection, _SALT) is None:
        settings.put(connection, _SALT, secrets.token_hex(_SALT_BYTES))
    return _read(connection)


def extend(connection: sqlite3.Connection, entries: Iterable[tuple[str, str]], *, now: datetime) -> Takedowns:
    """Put (kind, ap_id or handle) on the list, inside the caller's transaction; returns the longer list."""
    takedowns = salted(connection)
    connection.executemany(
        "INSERT OR IGNORE INTO takedowns (digest, kind, added_at) VALUES (?, ?, ?)",
        [(takedowns.digest(name), kind, stamp(now)) for kind, name in entries],
    )
    return _read(connection)
