"""
Captures: the visits, pages and snapshots that brought what the archive holds, each with its plan and its receipt.

An open one is the state from which an interrupted visit goes on.
"""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from thread_archive.store.archive import Archive, translated
from thread_archive.store.times import parse_stamp, stamp

# Beyond this an open capture is not gone on with: its first answers would be too old beside its last ones.
RESUME_WITHIN = timedelta(days=1)

# An open capture of another machine, or one whose process cannot be looked up, counts as alive this long.
SILENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSource:
    """
    How the answers of one instance in a capture are to be read: what `reread` needs besides the answers.

    `site_exchange` is the row id of the exchange in which the instance told its languages and admins; `post_id` is its
    local id of the post; `complete` says that its listing was followed to the end; `gaps` why what paths name by a
    local id (in decimal) is not there. Of the answers to the URLs `unread` nothing could be read, and others gave the
    rest.
    `whole` says that it is the thread's home and gave all that it names and counts; `confirmed` are the ap_ids of
    comments that it lacks and their own hosts gave, `rooted` of those that belong to the thread by own hosts' words
    alone, `tombstones` of those for which these have a Tombstone.
    `own_community` is the post's community as the host of its ap_id has it, where that was asked.
    `purged` are local ids of comments that it gave once and no longer has, `taken_back` says (`withdrawn`, `purged`)
    why it does not give the post any more.
    """

    instance: str
    dialect: str
    site_exchange: int
    post_id: int
    complete: bool
    gaps: Mapping[str, str] = field(default_factory=dict)
    unread: Sequence[str] = ()
    purged: Sequence[int] = field(default_factory=list)
    taken_back: str = ""
    whole: bool = False
    confirmed: Sequence[str] = field(default_factory=list)
    rooted: Sequence[str] = field(default_factory=list)
    tombstones: Sequence[str] = field(default_factory=list)
    own_community: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCapture:
    """One visit as the archive knows it; `home` is the instance of the thread's community."""

    id: int
    url: str
    status: str
    started_at: datetime
    home: str | None
    plan: tuple[PlannedSource, ...]
    receipt: dict[str, object]
    post_id: int | None
    is_import: bool = False


def _owner() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _is_alive(owner: str, last: datetime, now: datetime) -> bool:
    host, _, pid = owner.rpartition("/")
    if host == socket.gethostname() and os.name == "posix":
        if int(pid) == os.getpid():
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    return now - last < SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCapture:
    """A visit that is going on; `started_at` lies in the past where it goes on with an interrupted one."""

    id: int
    started_at: datetime


def begin_capture(archive: Archive, url: str, *, now: datetime, latest: int = 0) -> OpenCapture:
    """
    A new open capture of `url`, or one that was interrupted within a day and has no living owner.

    One that is older than the thread's `latest` finished capture (row id) is not gone on with: its answers are, too.
    """
    with archive.transaction() as connection:
        rows = connection.execute(
            """SELECT capture.id, capture.owner, capture.started_at, max(exchange.requested_at)
               FROM captures AS capture LEFT JOIN exchanges AS exchange ON exchange.capture_id = capture.id
               WHERE capture.url = ? AND capture.status = 'open' AND capture.owner IS NOT NULL
               GROUP BY capture.id ORDER BY capture.id""",
            [url],
        ).fetchall()
        for capture_id, owner, started_at, last in rows:
            started = parse_stamp(started_at)
            if _is_alive(owner, parse_stamp(last) if last else started, now):
                continue
            if now - started <= RESUME_WITHIN and capture_id > latest:
                connection.execute("UPDATE captures SET owner = ? WHERE id = ?", [_owner(), capture_id])
                return OpenCapture(id=capture_id, started_at=started)
            connection.execute("UPDATE captures SET status = 'interrupted' WHERE id = ?", [capture_id])
        cursor = connection.execute(
            "INSERT INTO captures (kind, url, status, started_at, owner) VALUES ('visit', ?, 'open', ?, ?)",
            [url, stamp(now), _owner()],
        )
        return OpenCapture(id=int(cursor.lastrowid or 0), started_at=now)


def drop_if_empty(archive: Archive, capture_id: int) -> None:
    """Forget a capture that got no answer at all: there is nothing in it to go on with."""
    with archive.transaction() as connection:
        connection.execute(
            "DELETE FROM captures WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM exchanges WHERE capture_id = ?1)",
            [capture_id],
        )


def begin_page_capture(archive: Archive, url: str, post_id: int, *, now: datetime) -> int:
    """The row id of a new capture that holds nothing but a linked page."""
    with archive.transaction() as connection:
        cursor = connection.execute(
            """INSERT INTO captures (kind, url, post_id, status, started_at, finished_at)
               VALUES ('article', ?1, ?2, 'kept', ?3, ?3)""",
            [url, post_id, stamp(now)],
        )
        return int(cursor.lastrowid or 0)


def amend_receipt(archive: Archive, capture_id: int, receipt: dict[str, object]) -> None:
    """Replace a capture's receipt, inside the caller's transaction: what became of the article is known later."""
    archive.db.conn.execute(
        "UPDATE captures SET receipt = ? WHERE id = ?", [json.dumps(receipt, ensure_ascii=False), capture_id]
    )


def close_capture(
    archive: Archive,
    capture_id: int,
    *,
    status: str,
    now: datetime,
    receipt: dict[str, object],
    post_id: int | None = None,
) -> None:
    """End a capture, inside the caller's transaction: `complete`, `partial` or `failed`, with its receipt."""
    archive.db.conn.execute(
        """UPDATE captures SET status = ?, finished_at = ?, receipt = ?, owner = NULL, post_id = coalesce(?, post_id)
           WHERE id = ?""",
        [status, stamp(now), json.dumps(receipt, ensure_ascii=False), post_id, capture_id],
    )


def plan_capture(archive: Archive, capture_id: int, *, home: str | None, plan: Sequence[PlannedSource]) -> None:
    """Note, inside the caller's transaction, what a later `reread` needs to know besides the answers."""
    archive.db.conn.execute(
        "UPDATE captures SET home = ?, plan = ? WHERE id = ?",
        [home, json.dumps([asdict(source) for source in plan]), capture_id],
    )


_SELECT_CAPTURES = """SELECT id, url, status, started_at, home, plan, receipt, post_id, kind FROM captures
                      WHERE status IN ('complete', 'partial')"""


def latest_capture(archive: Archive, instance: str, local_post_id: int) -> StoredCapture | None:
    """The latest finished capture of the post that `instance` knows by `local_post_id`."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            f"""{_SELECT_CAPTURES} AND post_id = (
                    SELECT local.post_id FROM local_ids AS local JOIN instances AS instance ON instance.id =
                    local.instance_id WHERE instance.domain = ? AND local.of_comment = 0 AND local.local_id = ?)
                ORDER BY id DESC LIMIT 1""",
            [instance, local_post_id],
        ).fetchone()
    return _stored_capture(row) if row else None


def latest_capture_of(archive: Archive, post_id: int | None) -> int:
    """The row id of a thread's latest finished capture; 0 where it has none."""
    with translated(archive.path):
        (row_id,) = archive.db.conn.execute(
            "SELECT max(id) FROM captures WHERE post_id = ? AND status IN ('complete', 'partial')", [post_id]
        ).fetchone()
    return row_id or 0


def finished(archive: Archive, *, post_id: int) -> list[StoredCapture]:
    """All finished captures of a thread, oldest first."""
    with translated(archive.path):
        rows = archive.db.conn.execute(f"{_SELECT_CAPTURES} AND post_id = ? ORDER BY id", [post_id]).fetchall()
    return [_stored_capture(row) for row in rows]


def open_import(archive: Archive, url: str, *, now: datetime) -> int:
    """A capture for what a snapshot brings of a thread, inside the caller's transaction; returns its row id."""
    cursor = archive.db.conn.execute(
        "INSERT INTO captures (kind, url, status, started_at) VALUES ('snapshot', ?, 'open', ?)", [url, stamp(now)]
    )
    return int(cursor.lastrowid or 0)


def imports(archive: Archive, post_ap_id: str) -> frozenset[str]:
    """The digests of the snapshots that brought something of the thread."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT json_extract(capture.receipt, '$.snapshot.digest') FROM captures AS capture
               JOIN posts AS post ON post.id = capture.post_id WHERE post.ap_id = ? AND capture.kind = 'snapshot'""",
            [post_ap_id],
        ).fetchall()
    return frozenset(str(digest) for (digest,) in rows)


def was_imported(archive: Archive, post_id: int) -> bool:
    """Whether a snapshot brought something of the thread."""
    with translated(archive.path):
        found = archive.db.conn.execute(
            "SELECT 1 FROM captures WHERE post_id = ? AND kind = 'snapshot' AND status <> 'disowned' LIMIT 1", [post_id]
        ).fetchone()
    return found is not None


def _stored_capture(row: tuple[Any, ...]) -> StoredCapture:
    return StoredCapture(
        id=row[0],
        url=row[1],
        status=row[2],
        started_at=parse_stamp(row[3]),
        home=row[4],
        plan=tuple(PlannedSource(**source) for source in json.loads(row[5] or "[]")),
        receipt=json.loads(row[6] or "{}"),
        post_id=row[7],
        is_import=row[8] == "snapshot",
    )
