"""
The archive's file: opening, checking whose it is, transactions, and SQLite's errors in a person's words.

One writer and any number of readers (WAL). A second writer waits for the first one's transaction.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sqlite_utils import Database

from thread_archive.exceptions import (
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveError,
    ArchiveMissingError,
    ArchiveUnwritableError,
    NotAnArchiveError,
    SchemaVersionError,
)
from thread_archive.store.schema import APPLICATION_ID, VERSION, migrations

# How long a writer waits for another one: longer than any one thread's transaction.
BUSY_SECONDS = 120.0
# How long to sleep where SQLite does not wait by itself.
_PAUSE = 0.01
# How long to look at a file that may be what an error comes of, and after how many of SQLite's steps to see what time
# it is.
_LOOK_SECONDS, _STEPS = 10.0, 100_000
# What a damaged file makes of code that takes its values for those that were stored.
_OF_STRANGE_VALUES = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    sqlite3.Error,
)
_HEADER = b"SQLite format 3\x00"


class Archive:
    """
    An open archive; a context manager that closes it, and that lets ArchiveErrors out in the place of SQLite's.

    `db` is for the store's own modules: everything else asks them.
    """

    def __init__(self, db: Database, path: Path, *, read_only: bool) -> None:
        self.db = db
        self.path = path
        self.read_only = read_only
        # Whether this is a private copy, since the file is of an older schema and is only read.
        self.is_copy = False

    @classmethod
    def open(cls, path: Path, *, create: bool = False, read_only: bool = False, busy: float = BUSY_SECONDS) -> Self:
        """
        Open the archive at `path`; `create` makes one where there is none, `busy` is how many seconds to wait for a
        lock.

        Raises ArchiveMissingError, NotAnArchiveError, SchemaVersionError, ArchiveBusyError, ArchiveUnwritableError or
        ArchiveDamagedError. An older archive is migrated; opened to read, a copy of it is, and the file stays as it is.
        """
        with _reachable(path), translated(path):
            _check_file(path, create=create)
            connection = _connect(path, read_only=read_only, busy=busy)
            try:
                archive = cls(Database(connection, execute_plugins=False), path, read_only=read_only)
                archive._adopt(busy, create=create)
            except BaseException:
                connection.close()
                raise
            return archive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Close the file; an error that comes of what is wrong with it goes out as an ArchiveError."""
        try:
            told = self._told(error)
        finally:
            self.close()
        if told is not None:
            raise told from error

    def close(self) -> None:
        """Close the file; what was committed is there, whatever happens."""
        # Close may try a checkpoint, which another process's reader can prevent; the WAL keeps all of it.
        with suppress(sqlite3.OperationalError):
            self.db.conn.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, holding the one writer's lock from the start; raises ArchiveError as `open` does."""
        connection = self.db.conn
        with translated(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for functions that only read; raises ArchiveError as `open` does."""
        with translated(self.path):
            yield self.db.conn

    def _told(self, error: BaseException | None) -> ArchiveError | None:
        """The ArchiveError behind an error that nobody translated on its way; None where there is none."""
        told = error_of(self.path, error) if isinstance(error, sqlite3.DatabaseError) else None
        if told is None and isinstance(error, _OF_STRANGE_VALUES):
            problem = self._problem()
            told = error_of(self.path, problem) if problem else None
        return told

    def _problem(self) -> sqlite3.DatabaseError | None:
        """What SQLite finds wrong with the file when it looks at all of it, for a while; None where that is nothing."""
        deadline = time.monotonic() + _LOOK_SECONDS
        self.db.conn.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
        try:
            (found,) = self.db.conn.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return error
        if found == "ok":
            return None
        problem = sqlite3.DatabaseError(found)
        problem.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        return problem

    def copy_to(self, path: Path) -> None:
        """Write one state of the archive to the new file `path`; raises ArchiveError as `open` does."""
        with translated(self.path, writing=path):
            self.db.conn.execute("VACUUM INTO ?", [str(path)])

    def _adopt(self, busy: float, *, create: bool) -> None:
        connection = self.db.conn
        # In this order: another process may make the archive at this moment, its tables and its mark in one go.
        objects = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application_id != APPLICATION_ID:
            if not objects and not application_id and not create:
                raise _unfinished(self.path)
            if objects or application_id or self.read_only:
                raise NotAnArchiveError(
                    f"{self.path} is a database of another program.",
                    next="Choose another file with --db; this one was not touched.",
                )
            _use_wal(connection, busy)
        if version > VERSION:
            raise SchemaVersionError(
                f"{self.path} was made by a newer thread-archive (schema {version}; this one knows {VERSION}).",
                next="Upgrade thread-archive; the file was not touched.",
            )
        if version < VERSION:
            if self.read_only:
                self._work_on_a_copy()
            self._migrate()

    def _work_on_a_copy(self) -> None:
        """Put a private copy, which SQLite deletes with the connection, in the place of the file."""
        original = self.db.conn
        copy = sqlite3.connect("")
        original.backup(copy)
        original.close()
        _set_up(copy)
        self.db = Database(copy, execute_plugins=False)
        self.is_copy = True

    def _migrate(self) -> None:
        connection = self.db.conn
        with self.transaction():
            # Another process may have migrated while this one waited for the lock.
            if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
                migrations.apply(self.db)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")


def _check_file(path: Path, *, create: bool) -> None:
    if not path.exists():
        if not create:
            raise ArchiveMissingError(
                f"There is no archive at {path}.",
                next="`thread-archive add URL` makes one; --db PATH names another file.",
            )
        if not path.parent.is_dir():
            raise ArchiveMissingError(
                f"The folder of {path} does not exist.", next="Make the folder first, or name another file with --db."
            )
        return
    if not path.is_file():
        raise NotAnArchiveError(f"{path} is not a file.", next="Choose another file with --db.")
    with path.open("rb") as file:
        start = file.read(len(_HEADER))
    if start == b"" and not create:
        raise _unfinished(path)
    if start not in (_HEADER, b""):
        raise NotAnArchiveError(
            f"{path} is not an SQLite database.", next="Choose another file with --db; this one was not touched."
        )


def _unfinished(path: Path) -> ArchiveMissingError:
    """What to say of a file that became no archive: the disk was full, or the process was killed, as it was made."""
    return ArchiveMissingError(
        f"{path} is empty: an archive that was never finished.",
        next="`thread-archive add URL` goes on with it; --db PATH names another file.",
    )


def _connect(path: Path, *, read_only: bool, busy: float) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    # As bytes: a name need not be text.
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy)
    _set_up(connection)
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    # KiB; a long thread touches more pages than the default of 2 MB holds.
    connection.execute("PRAGMA cache_size = -8000")
    # Nothing in the file may call functions or virtual tables that it should not (a file can come from anywhere).
    connection.execute("PRAGMA trusted_schema = OFF")


def _use_wal(connection: sqlite3.Connection, busy: float) -> None:
    """Change to WAL; SQLite gives up at once where another process holds a lock, whatever its timeout."""
    deadline = time.monotonic() + busy
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


_KINDS: dict[int, tuple[type[ArchiveError], str, str]] = {
    sqlite3.SQLITE_BUSY: (
        ArchiveBusyError,
        "is locked by another program",
        "Close the other program, or run the command again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        ArchiveBusyError,
        "is locked by another program",
        "Close the other program, or run the command again.",
    ),
    sqlite3.SQLITE_READONLY: (
        ArchiveUnwritableError,
        "cannot be written",
        "Check the permissions of the file and its folder, or use another file with --db.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        ArchiveUnwritableError,
        "cannot be opened",
        "Check the permissions of the file and its folder, or use another file with --db.",
    ),
    sqlite3.SQLITE_FULL: (
        ArchiveUnwritableError,
        "cannot grow: the disk is full",
        "Free some space and run the same command again; what was stored is safe.",
    ),
    sqlite3.SQLITE_IOERR: (
        ArchiveUnwritableError,
        "cannot be read or written: the disk reports an error",
        "Check the disk and its free space, then run the same command again; what was stored is safe.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        ArchiveDamagedError,
        "is damaged",
        "`thread-archive doctor` says more; restore a copy, or recover it with `sqlite3 FILE .recover`.",
    ),
    sqlite3.SQLITE_NOTADB: (
        NotAnArchiveError,
        "is not an SQLite database",
        "Choose another file with --db; this one was not touched.",
    ),
}


# What SQLite says of texts and tables that no sound archive has or lacks. It has no code of its own for either: none at
# all for the first, and the one of a statement that makes no sense for the others.
_SIGNS_OF_DAMAGE = re.compile(
    r"Could not decode to UTF-8|no such (?:table|column|index):|has no column named|vtable constructor failed|"
    r"malformed database schema"
)


def error_of(path: Path, error: sqlite3.DatabaseError, *, writing: Path | None = None) -> ArchiveError | None:
    """
    SQLite's error on the archive at `path` as one of ours; None where it says nothing of the file.

    `writing` is the file that is written where that is another one.
    """
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (0, sqlite3.SQLITE_ERROR) and _SIGNS_OF_DAMAGE.search(str(error)):
        code = sqlite3.SQLITE_CORRUPT
    if code not in _KINDS:
        return None
    kind, what, remedy = _KINDS[code]
    culprit = writing if writing and kind is ArchiveUnwritableError else path
    return kind(f"{culprit} {what} ({error}).", next=remedy)


@contextmanager
def translated(path: Path, *, writing: Path | None = None) -> Iterator[None]:
    """Turn SQLite's errors on the archive at `path` into ArchiveErrors, as `error_of` does; all others pass."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        told = error_of(path, error, writing=writing)
        if told is None:
            raise
        raise told from error


@contextmanager
def _reachable(path: Path) -> Iterator[None]:
    """Turn into an ArchiveError what the system says of `path`, and what SQLite cannot even say."""
    try:
        yield
    except OSError as error:
        raise ArchiveUnwritableError(
            f"{path} cannot be opened ({error.strerror or error}).", next=_KINDS[sqlite3.SQLITE_CANTOPEN][2]
        ) from error
    except UnicodeDecodeError as error:
        # SQLite quotes the statement that made a table, whatever that has become.
        _, what, remedy = _KINDS[sqlite3.SQLITE_CORRUPT]
        raise ArchiveDamagedError(f"{path} {what} (its schema is no text).", next=remedy) from error
