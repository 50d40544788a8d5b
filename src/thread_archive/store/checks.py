"""Checking an archive: the file, its references, its index, its evidence."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

from thread_archive.counting import counted
from thread_archive.exceptions import ArchiveDamagedError
from thread_archive.store import evidence, schema, search_index
from thread_archive.store.archive import Archive, translated
from thread_archive.store.redaction import sweeping

_RESTORE = "restore a copy, or recover what is there with `sqlite3 FILE .recover`"

_GOES_ON = "a visit has begun and not ended; `thread-archive add` with this URL goes on with it"
# Earlier releases took such a visit over from a snapshot.
_NEVER_ENDS = "an import brought a visit that had not ended; nothing goes on with it, and nothing depends on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: `ok` or not, at which `path` (a table or a thing in it), in a sentence."""

    check: str
    ok: bool
    path: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `doctor --json`."""
        return {"check": self.check, "ok": self.ok, "path": self.path, "message": self.message}


def check(archive: Archive) -> Iterator[Finding]:
    """
    Check everything there is to check without changing anything; one finding a check, more where something is wrong.
    """
    yield _versions()
    for name, findings in (
        ("file", _file),
        ("schema", _schema),
        ("references", _references),
        ("index", _index),
        ("captures", _captures),
        ("threads", _threads),
        ("redaction", _redaction),
    ):
        try:
            with translated(archive.path):
                yield from findings(archive)
        except ArchiveDamagedError as error:
            yield Finding(
                check=name, ok=False, path=str(archive.path), message=f"{error.message.rstrip('.')}; {_RESTORE}"
            )
        except sqlite3.DatabaseError as error:
            yield Finding(check=name, ok=False, path=str(archive.path), message=f"{error}; {_RESTORE}")


def _versions() -> Finding:
    parts = [f"{name} {version(name)}" for name in ("thread-archive", "sqlite-utils", "datasette", "httpx")]
    told = ", ".join([*parts, f"SQLite {sqlite3.sqlite_version}", f"Python {python_version()}"])
    return Finding(check="versions", ok=True, path="", message=told)


def _file(archive: Archive) -> Iterator[Finding]:
    problems = [row[0] for row in archive.db.conn.execute("PRAGMA integrity_check(20)")]
    if problems == ["ok"]:
        yield Finding(check="file", ok=True, path=str(archive.path), message="the file is sound")
        return
    for problem in problems:
        yield Finding(check="file", ok=False, path=str(archive.path), message=f"{problem}; {_RESTORE}")


def _schema(archive: Archive) -> Iterator[Finding]:
    """Every table, view and index is there, as the migrations make it."""
    names = schema.lacking(archive.db.conn)
    for name in names:
        message = "it is missing, or not as we make it; restore a copy, or add the threads again to a new archive"
        yield Finding(check="schema", ok=False, path=name, message=message)
    if not names:
        yield Finding(check="schema", ok=True, path="", message="every table is there, as we make it")


def _references(archive: Archive) -> Iterator[Finding]:
    broken = archive.db.conn.execute("PRAGMA foreign_key_check").fetchmany(20)
    for table, row_id, parent, _ in broken:
        message = f"points at a row of {parent} that is not there; `thread-archive reread` mends what captures hold"
        yield Finding(check="references", ok=False, path=f"{table} {row_id}", message=message)
    if not broken:
        yield Finding(check="references", ok=True, path="", message="every reference points at a row")


def _index(archive: Archive) -> Iterator[Finding]:
    try:
        problem = search_index.problem(archive.db.conn)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise
        message = f"no copy could be made to compare it with the texts ({error}); free some space, or set SQLITE_TMPDIR"
        yield Finding(check="index", ok=False, path="search_fts", message=message)
        return
    wrong = f"it differs from the texts ({problem}); `thread-archive reread` makes it anew"
    message = (
        wrong if problem else f"{counted(search_index.count_belonging(archive.db.conn), 'text')}, all in the index"
    )
    yield Finding(check="index", ok=not problem, path="search_fts", message=message)


def _captures(archive: Archive) -> Iterator[Finding]:
    damaged = 0
    rows = archive.db.conn.execute("SELECT digest, size, body FROM exchange_bodies")
    for digest, size, blob in rows:
        if evidence.opened(blob, size, digest) is None:
            damaged += 1
            message = "a stored answer is not what was received; add its thread again"
            yield Finding(check="captures", ok=False, path=f"exchange_bodies {digest.hex()}", message=message)
    if not damaged:
        count = archive.db.conn.execute("SELECT count(*) FROM exchanges").fetchone()[0]
        yield Finding(check="captures", ok=True, path="", message=f"{counted(count, 'answer')}, all as received")
    for url, began_here in archive.db.conn.execute(
        "SELECT url, owner IS NOT NULL FROM captures WHERE status = 'open' ORDER BY id"
    ):
        message = _GOES_ON if began_here else _NEVER_ENDS
        yield Finding(check="captures", ok=True, path=url, message=message)


def _threads(archive: Archive) -> Iterator[Finding]:
    """Each thread has the comments that its latest receipt says were stored."""
    rows = archive.db.conn.execute(
        """SELECT post.ap_id, capture.receipt,
                  (SELECT count(*) FROM comments WHERE post_id = post.id AND ap_id IS NOT NULL AND NOT unconfirmed)
           FROM posts AS post JOIN captures AS capture ON capture.id = (
               SELECT max(id) FROM captures WHERE post_id = post.id AND status IN ('complete', 'partial'))"""
    ).fetchall()
    wrong = 0
    for ap_id, receipt, stored in rows:
        told = json.loads(receipt or "{}").get("comments", {}).get("stored")
        if told is not None and told != stored:
            wrong += 1
            message = (
                f"its receipt says {counted(told, 'comment')}, the archive has {stored:,}; `thread-archive reread`"
            )
            yield Finding(check="threads", ok=False, path=ap_id, message=message)
    if not wrong:
        message = f"{counted(len(rows), 'thread')}, each as its receipt says"
        yield Finding(check="threads", ok=True, path="", message=message)


def _redaction(archive: Archive) -> Iterator[Finding]:
    """What was redacted is out of the file's free pages as well."""
    if sweeping.is_due(archive.db.conn):
        message = "the file may still hold bytes of what was redacted; `thread-archive redact` sweeps it"
        yield Finding(check="redaction", ok=False, path=str(archive.path), message=message)
        return
    (count,) = archive.db.conn.execute("SELECT count(*) FROM redaction_log").fetchone()
    yield Finding(check="redaction", ok=True, path="", message=f"{counted(count, 'redaction')}, all swept")
