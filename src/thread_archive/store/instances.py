"""What instances run, remembered for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from thread_archive.store.archive import Archive, translated
from thread_archive.store.times import parse_stamp, stamp

REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInstance:
    """What an instance was found to run; `site_exchange` is the row id of the answer in which it told about itself."""

    domain: str
    base_url: str
    software: str
    version: str
    dialect: str
    site_exchange: int


def recall(archive: Archive, domain: str, *, now: datetime) -> KnownInstance | None:
    """What `domain` was found to run within the last day; None where that is unknown or older."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            """SELECT base_url, software, version, dialect, site_exchange_id, checked_at FROM instances
               WHERE domain = ? AND site_exchange_id IS NOT NULL""",
            [domain],
        ).fetchone()
    if row is None or not timedelta() <= now - parse_stamp(row[5]) < REMEMBERED:
        return None
    return KnownInstance(
        domain=domain, base_url=row[0], software=row[1], version=row[2], dialect=row[3], site_exchange=row[4]
    )


def remember(archive: Archive, known: KnownInstance, *, now: datetime) -> None:
    """Note what an instance runs, inside the caller's transaction."""
    archive.db.conn.execute(
        """UPDATE instances SET base_url = ?, software = ?, version = ?, dialect = ?, site_exchange_id = ?, checked_at
        = ? WHERE id = ?""",
        [
            known.base_url,
            known.software,
            known.version,
            known.dialect,
            known.site_exchange,
            stamp(now),
            instance_row(archive, known.domain),
        ],
    )


def instance_row(archive: Archive, domain: str) -> int:
    """The row id of the instance `domain`, made where it is new; inside the caller's transaction."""
    connection = archive.db.conn
    found = connection.execute("SELECT id FROM instances WHERE domain = ?", [domain]).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute("INSERT INTO instances (domain) VALUES (?)", [domain]).lastrowid or 0)
