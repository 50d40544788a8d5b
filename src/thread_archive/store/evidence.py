"""
Captures and their exchanges: the evidence, and the state from which an interrupted visit goes on.

Exchanges are committed as they arrive. Bodies are compressed and kept once, by the SHA-256 of what is stored (that is,
after withholding).
"""

import hashlib
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from thread_archive.captures import Exchange
from thread_archive.exceptions import ArchiveDamagedError
from thread_archive.store.archive import Archive, translated
from thread_archive.store.times import parse_stamp, stamp

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Beyond this an open capture is not gone on with: its first answers would be too old beside its last ones.
RESUME_WITHIN = timedelta(days=1)
# An open capture of another machine, or one whose process cannot be looked up, counts as alive this long.
SILENCE = timedelta(minutes=10)
# 3 % larger than level 6 and three times as fast, on pages of real servers.
LEVEL = 3
LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExchange:
    """An exchange without its body, which `body` fetches; `number` counts within the capture from 0."""

    id: int
    number: int
    instance: str
    purpose: str
    url: str
    status: int
    logged_in: bool
    digest: bytes
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSource:
    """
    How the answers of one instance in a capture are to be read: what `reread` needs besides the answers.

    `site_exchange` is the row id of the exchange in which the instance told its languages and admins; `post_id` is its
    local id of the post; `complete` says that its listing was followed to the end; `gaps` why what paths name by a
    local id (in decimal) is not there.
    """

    instance: str
    dialect: str
    site_exchange: int
    post_id: int
    complete: bool
    gaps: Mapping[str, str] = field(default_factory=dict)


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
               WHERE capture.url = ? AND capture.status = 'open' GROUP BY capture.id ORDER BY capture.id""",
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


def digest_of(body: bytes) -> bytes:
    """By what a body is kept: its SHA-256."""
    return hashlib.sha256(body).digest()


def append_exchange(archive: Archive, capture_id: int, instance: str, exchange: Exchange, *, purpose: str) -> int:
    """
    Store one exchange (already withheld) of a capture, inside the caller's transaction; returns its row id.

    `purpose` is `discovery`, `thread` or `article`.
    """
    digest = digest_of(exchange.body)
    connection = archive.db.conn
    found = connection.execute("SELECT id FROM exchange_bodies WHERE digest = ?", [digest]).fetchone()
    body_id = (
        found[0]
        if found
        else connection.execute(
            "INSERT INTO exchange_bodies (digest, size, body) VALUES (?, ?, ?)",
            [digest, len(exchange.body), zstd.compress(exchange.body, LEVEL)],
        ).lastrowid
    )
    cursor = connection.execute(
        """INSERT INTO exchanges (capture_id, instance_id, purpose, method, url, final_url, status, headers,
        requested_at, logged_in, wire_bytes, withheld, body_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            capture_id,
            instance_row(archive, instance),
            purpose,
            exchange.method,
            exchange.url,
            exchange.final_url if exchange.final_url != exchange.url else None,
            exchange.status,
            json.dumps(dict(exchange.headers), sort_keys=True),
            stamp(exchange.requested_at),
            int(exchange.logged_in),
            exchange.wire_bytes,
            json.dumps(exchange.withheld) if exchange.withheld else None,
            body_id,
        ],
    )
    return int(cursor.lastrowid or 0)


def instance_row(archive: Archive, domain: str) -> int:
    """The row id of the instance `domain`, made where it is new; inside the caller's transaction."""
    connection = archive.db.conn
    found = connection.execute("SELECT id FROM instances WHERE domain = ?", [domain]).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute("INSERT INTO instances (domain) VALUES (?)", [domain]).lastrowid or 0)


_SELECT_EXCHANGES = """SELECT exchange.id, instance.domain, exchange.purpose, exchange.url, exchange.status,
                              exchange.logged_in, body.digest, exchange.requested_at
                       FROM exchanges AS exchange
                       JOIN instances AS instance ON instance.id = exchange.instance_id
                       JOIN exchange_bodies AS body ON body.id = exchange.body_id"""


def exchanges(archive: Archive, capture_id: int) -> list[StoredExchange]:
    """The exchanges of a capture in the order in which they were made, without bodies."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            f"{_SELECT_EXCHANGES} WHERE exchange.capture_id = ? ORDER BY exchange.id", [capture_id]
        ).fetchall()
    return [_stored(number, row) for number, row in enumerate(rows)]


def exchange(archive: Archive, exchange_id: int) -> StoredExchange | None:
    """One exchange by its row id, as number 0."""
    with translated(archive.path):
        row = archive.db.conn.execute(f"{_SELECT_EXCHANGES} WHERE exchange.id = ?", [exchange_id]).fetchone()
    return _stored(0, row) if row else None


def newest_answer(archive: Archive, instance: str, url: str) -> int | None:
    """The row id of the newest exchange in which `instance` answered `url` with 200."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            """SELECT max(exchange.id) FROM exchanges AS exchange
               JOIN instances AS instance ON instance.id = exchange.instance_id
               WHERE instance.domain = ? AND exchange.url = ? AND exchange.status = 200
                     AND exchange.purpose = 'discovery'""",
            [instance, url],
        ).fetchone()
    return row[0] if row else None


def traffic(archive: Archive, capture_id: int) -> dict[str, tuple[int, int]]:
    """How many requests a capture made and how many bytes they brought over the wire, by instance."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT instance.domain, count(*), sum(exchange.wire_bytes) FROM exchanges AS exchange
               JOIN instances AS instance ON instance.id = exchange.instance_id
               WHERE exchange.capture_id = ? GROUP BY instance.domain""",
            [capture_id],
        ).fetchall()
    return {domain: (count, size) for domain, count, size in rows}


def _stored(number: int, row: tuple[Any, ...]) -> StoredExchange:
    return StoredExchange(
        id=row[0],
        number=number,
        instance=row[1],
        purpose=row[2],
        url=row[3],
        status=row[4],
        logged_in=bool(row[5]),
        digest=row[6],
        requested_at=parse_stamp(row[7]),
    )


def load(archive: Archive, stored: StoredExchange, *, verify: bool = True) -> Exchange:
    """
    The exchange with its body, as it was stored; raises ArchiveDamagedError where the body is not what it was.

    Without `verify` only its length is compared: for what was stored a moment ago.
    """
    with translated(archive.path):
        # Not by the digest it had: something may have been redacted since.
        blob, size, digest = archive.db.conn.execute(
            """SELECT body.body, body.size, body.digest FROM exchanges AS exchange
               JOIN exchange_bodies AS body ON body.id = exchange.body_id WHERE exchange.id = ?""",
            [stored.id],
        ).fetchone()
    body = opened(blob, size, digest if verify else None)
    if body is None:
        raise ArchiveDamagedError(
            f"The stored answer to {stored.url} is not what was received.",
            next="Restore a copy of the archive, or add the thread again.",
        )
    return Exchange(
        url=stored.url,
        status=stored.status,
        requested_at=stored.requested_at,
        body=body,
        logged_in=stored.logged_in,
    )


def compressed(body: bytes) -> bytes:
    """A body as it is kept."""
    return zstd.compress(body, LEVEL)


def opened(blob: bytes, size: int, digest: bytes | None) -> bytes | None:
    """The `size` bytes (with the SHA-256 `digest`) that `blob` holds compressed; None where it holds anything else."""
    if not 0 <= size <= LARGEST_BODY:
        return None
    try:
        body = zstd.ZstdDecompressor().decompress(blob, size + 1)
    except zstd.ZstdError:
        return None
    if len(body) != size or (digest is not None and hashlib.sha256(body).digest() != digest):
        return None
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPages:
    """The exchanges of one fetching of a linked page: redirects first; and the capture that they belong to."""

    capture_id: int
    exchanges: tuple[StoredExchange, ...]


def page_visits(archive: Archive, *, post_id: int) -> list[StoredPages]:
    """Every fetching of the thread's linked page, oldest first."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT DISTINCT capture.id FROM captures AS capture
               JOIN exchanges AS exchange ON exchange.capture_id = capture.id AND exchange.purpose = 'article'
               WHERE capture.post_id = ? ORDER BY capture.id""",
            [post_id],
        ).fetchall()
    return [
        StoredPages(
            capture_id=capture_id,
            exchanges=tuple(stored for stored in exchanges(archive, capture_id) if stored.purpose == "article"),
        )
        for (capture_id,) in rows
    ]


def headers(archive: Archive, exchange_id: int) -> dict[str, str]:
    """The kept headers of an exchange."""
    with translated(archive.path):
        row = archive.db.conn.execute("SELECT headers FROM exchanges WHERE id = ?", [exchange_id]).fetchone()
    told: dict[str, str] = json.loads(row[0])
    return told


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


def answers(archive: Archive, capture_id: int) -> set[tuple[str, bytes, bool]]:
    """What a capture was answered about its thread: (url, digest of the body, logged in)."""
    return {
        (stored.url, stored.digest, stored.logged_in)
        for stored in exchanges(archive, capture_id)
        if stored.purpose == "thread"
    }


_SELECT_CAPTURES = """SELECT id, url, status, started_at, home, plan, receipt, post_id FROM captures
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


def captures(archive: Archive, *, post_id: int) -> list[StoredCapture]:
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
            "SELECT 1 FROM captures WHERE post_id = ? AND kind = 'snapshot' LIMIT 1", [post_id]
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
    )
