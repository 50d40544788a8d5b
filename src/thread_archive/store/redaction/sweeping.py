"""
What SQLite leaves behind of deleted text: in the index's segments, in free pages, in the write-ahead log.

Seen on SQLite 3.40: after deleting, or even an FTS5 `rebuild`, the words are still in the file; `rebuild` and then
`VACUUM` takes them out, and a truncating checkpoint out of the log.
"""

import sqlite3

from thread_archive.store import search_index, settings
from thread_archive.store.archive import Archive, translated

# Set, in the transaction that erases, until what was erased is out of the file as well.
_UNSWEPT = "redaction_unswept"
# How long to wait for somebody who reads.
_PATIENCE_MS = 10_000


def prepare(archive: Archive) -> None:
    """Outside any transaction: have SQLite overwrite what it deletes."""
    archive.db.conn.execute("PRAGMA secure_delete = ON")


def make_due(connection: sqlite3.Connection) -> None:
    """Inside the transaction that erases: make the index anew, and note that the file has to be swept."""
    # A post whose body was indexed as an article may have had no entry of its own.
    posts, condition = search_index.belonging()[search_index.POST]
    connection.execute(f"INSERT OR IGNORE INTO search_items (id) SELECT t.id * 4 FROM {posts} AS t WHERE {condition}")
    connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
    settings.put(connection, _UNSWEPT, "1")


def is_due(connection: sqlite3.Connection) -> bool:
    """Whether something was erased of which the file may still hold bytes."""
    return settings.get(connection, _UNSWEPT) is not None


def sweep(archive: Archive) -> bool:
    """
    Write the file anew without free pages, and empty its log; returns whether both could be done.

    They cannot while another program reads an older state; then it stays due. Raises ArchiveBusyError where somebody
    writes all the time, ArchiveUnwritableError where there is no room for a second copy.
    """
    connection = archive.db.conn
    with translated(archive.path):
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        connection.execute("VACUUM")
        if not _checkpoint(connection):
            return False
    with archive.transaction():
        settings.drop(connection, _UNSWEPT)
    with translated(archive.path):
        _checkpoint(connection)
    return True


def _checkpoint(connection: sqlite3.Connection) -> bool:
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
