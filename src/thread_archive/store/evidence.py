"""
Exchanges: the evidence, what each server answered.

They are committed as they arrive. Bodies are compressed and kept once, by the SHA-256 of what is stored (that is, after
withholding).
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thread_archive.captures import Exchange
from thread_archive.exceptions import ArchiveDamagedError
from thread_archive.store.archive import Archive, translated
from thread_archive.store.instances import instance_row
from thread_archive.store.times import parse_stamp, stamp

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

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
            [digest, len(exchange.body), compressed(exchange.body)],
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


def told_by(archive: Archive, instance: str, url: str) -> list[int]:
    """The row ids of the exchanges of a discovery in which `instance` answered `url` with 200, newest first."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT exchange.id FROM exchanges AS exchange
               JOIN instances AS instance ON instance.id = exchange.instance_id
               WHERE instance.domain = ? AND exchange.url = ? AND exchange.status = 200
                     AND exchange.purpose = 'discovery' ORDER BY exchange.id DESC""",
            [instance, url],
        ).fetchall()
    return [row_id for (row_id,) in rows]


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
        blob, size, digest, final_url, withheld = archive.db.conn.execute(
            """SELECT body.body, body.size, body.digest, exchange.final_url, exchange.withheld
               FROM exchanges AS exchange
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
        final_url=final_url or stored.url,
        logged_in=stored.logged_in,
        withheld=tuple(json.loads(withheld)) if withheld else (),
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
    if len(body) != size or (digest is not None and digest_of(body) != digest):
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
               WHERE capture.post_id = ? AND capture.status <> 'disowned' ORDER BY capture.id""",
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


def answers(archive: Archive, capture_id: int) -> set[tuple[str, bytes, bool]]:
    """What a capture was answered about its thread: (url, digest of the body, logged in)."""
    return {
        (stored.url, stored.digest, stored.logged_in)
        for stored in exchanges(archive, capture_id)
        if stored.purpose == "thread"
    }


def last_asked(archive: Archive, post_ap_id: str, urls: Iterable[str]) -> dict[str, int]:
    """Of those `urls` that captures of a thread asked for, the row id of the last exchange; http and https are one."""
    wanted = {_without_scheme(url): url for url in urls}
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT exchange.url, max(exchange.id) FROM posts AS post
               JOIN captures AS capture ON capture.post_id = post.id
               JOIN exchanges AS exchange ON exchange.capture_id = capture.id AND exchange.purpose = 'thread'
               WHERE post.ap_id = ? GROUP BY exchange.url""",
            [post_ap_id],
        ).fetchall()
    return {wanted[name]: row_id for url, row_id in rows if (name := _without_scheme(url)) in wanted}


def _without_scheme(url: str) -> str:
    return url.partition("://")[2]
