"""Taking a received snapshot's threads into one's own archive: verified first, merged by ap_id."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from thread_archive.exceptions import InputError, PayloadError, SnapshotDamagedError
from thread_archive.snapshots import receiving
from thread_archive.snapshots.bundle import Bundle
from thread_archive.snapshots.database import is_pseudonymised, open_snapshot
from thread_archive.snapshots.keepingout import (
    page_without_listed,
    post_without_listed,
    receipt_without_listed,
    without_listed,
)
from thread_archive.snapshots.manifest import SIGNATURE
from thread_archive.snapshots.receiving import SharedCapture, SharedPage
from thread_archive.snapshots.signing import LARGEST, key_of
from thread_archive.snapshots.values import still_to_come
from thread_archive.snapshots.verifying import Depth, check_bundle
from thread_archive.spoilers import reveal
from thread_archive.store import articles, captures, reading, threads
from thread_archive.store.archive import Archive
from thread_archive.store.article_writing import Fetched, write_page
from thread_archive.store.captures import StoredCapture
from thread_archive.store.imported import Source
from thread_archive.store.merging import ThreadMerger, latest_visit
from thread_archive.store.takedowns import load
from thread_archive.store.times import FAST_CLOCK, parse_stamp, stamp
from thread_archive.store.visits import Changes

NEW, MERGED, UNCHANGED, KEPT_OUT = "new", "merged", "unchanged", "kept out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """
    What became of one thread of a snapshot: `status` is `new`, `merged`, `unchanged`, or `kept out` by
    the takedown list; its comments here now.
    """

    thread: str
    title: str
    status: str
    comments: int
    added: int
    revisions: int

    def as_json(self) -> dict[str, Any]:
        """The object of `import --json`."""
        return {
            "thread": self.thread,
            "title": self.title,
            "status": self.status,
            "comments": self.comments,
            "added": self.added,
            "revisions_added": self.revisions,
        }


def import_snapshot(
    archive: Archive,
    path: Path,
    *,
    now: datetime,
    signer: Path | None = None,
    derive: Callable[[Archive, int], object] = lambda _archive, _post_id: None,
) -> Iterator[Imported]:
    """
    Merge the threads of the snapshot at `path`; yields what became of each. `derive` is called with the row of each
    post that is not kept out, for what is derived from texts: an import before may have been cut short of that.

    Raises SnapshotError where it does not verify (with `signer`: where it is not signed by them) and InputError where
    its names are pseudonyms; nothing is written then.
    """
    with Bundle(path) as bundle:
        digest, key = _verified(bundle, signer), _signing_key(bundle)
        with closing(open_snapshot(bundle.database())) as connection:
            is_renamed = is_pseudonymised(connection)
            # From here on the file is open: another one in its place would not be read.
            if changed := bundle.changed():
                raise SnapshotDamagedError(
                    f"{changed[0]} in {path} changed while it was checked.", next="Nothing was imported; try again."
                )
            if is_renamed:
                raise InputError(
                    f"The names in {path} are pseudonyms, which cannot be put together with what your archive knows.",
                    next=f"`thread-archive serve {path}` shows it by itself.",
                )
            connection.text_factory = receiving.text
            with _in_order(bundle.path):
                shared = _shared_before(connection, now + FAST_CLOCK)
            for capture in shared:
                with _in_order(bundle.path):
                    imported, post_id = _import_thread(
                        archive,
                        connection,
                        capture,
                        Source(digest=digest, captured_at=capture.captured_at, signer=key),
                        now,
                    )
                if post_id:
                    derive(archive, post_id)
                yield imported


def _shared_before(connection: sqlite3.Connection, latest: datetime) -> list[SharedCapture]:
    """
    The threads of a snapshot; raises ValueError where something in it is of a time after `latest`: no visit could ever
    follow it, no edit be later.
    """
    ahead = still_to_come(connection, stamp(latest))
    if ahead:
        raise ValueError(ahead)
    return receiving.shared_captures(connection)


def _verified(bundle: Bundle, signer: Path | None) -> str:
    """The digest of the checksum list of a snapshot that is in order."""
    # No page is taken over, nor what other rules made of a text: it is rendered here.
    wrong = [finding for finding in check_bundle(bundle, signer=signer, depth=Depth.DATA) if not finding.ok]
    if wrong:
        where = f"{wrong[0].path}: " if wrong[0].path else ""
        raise SnapshotDamagedError(
            f"{bundle.path} does not verify: {where}{wrong[0].message}.",
            next="Nothing was imported. `thread-archive verify` says more; ask for another copy.",
        )
    return sha256(bundle.checksums()).hexdigest()


def _signing_key(bundle: Bundle) -> str:
    """The fingerprint of the key that signed a snapshot whose signature was checked; empty where none did."""
    return key_of(bundle.checksums(), bundle.read(SIGNATURE, most=LARGEST)) if SIGNATURE in bundle.names else ""


def _import_thread(
    archive: Archive, connection: sqlite3.Connection, capture: SharedCapture, source: Source, now: datetime
) -> tuple[Imported, int]:
    """What became of a thread, and its row; in one transaction, so that nothing is redacted meanwhile."""
    with archive.transaction():
        takedowns = load(archive)
        if takedowns.covers(capture.ap_id):
            return Imported(thread=capture.ap_id, title="", status=KEPT_OUT, comments=0, added=0, revisions=0), 0
        before = latest_visit(archive, capture.ap_id)
        if source.digest in captures.imports(archive, capture.ap_id):
            post_id = reading.post_by_ap_id(archive, capture.ap_id) or 0
            return _imported(archive, post_id, UNCHANGED, Changes(), had=None), post_id
        had = _stored(archive, capture.ap_id)
        latest = _outranking(archive, capture)
        row_id = _open(archive, capture, latest)
        received = receiving.received(connection, capture, source)
        received = replace(received, post=post_without_listed(received.post, takedowns))
        merger = ThreadMerger(archive, received, capture_id=row_id, plain_text=reveal)
        post_id = merger.merge(without_listed(receiving.comments(connection, capture.post_id), takedowns))
        page = receiving.linked_page(connection, capture.post_id)
        if page is not None and _is_news(archive, post_id, page := page_without_listed(page, takedowns)):
            _write_page(archive, post_id, page, capture_id=row_id)
            merger.changes.content += 1
        told = receipt_without_listed(capture.receipt, received.post, takedowns)
        _close(archive, row_id, post_id, capture, told, latest=latest, source=source, now=now)
        status = NEW if before is None else MERGED if merger.changes.any else UNCHANGED
        return _imported(archive, post_id, status, merger.changes, had=had), post_id


def _is_news(archive: Archive, post_id: int, page: SharedPage) -> bool:
    """
    Whether a received page is of the link that the post has here, and there is none, or one of a snapshot that was
    fetched earlier: what was fetched here stays.
    """
    post, known = articles.linked(archive, post_id), articles.stored_page(archive, post_id)
    if post.withdrawn or post.url != page.url:
        return False
    return known is None or not known.words or (known.is_received and known.fetched_at < page.fetched_at)


def _write_page(archive: Archive, post_id: int, page: SharedPage, *, capture_id: int) -> None:
    fetched = Fetched(
        url=page.url,
        final_url=page.final_url,
        redirects=(),
        exchange_id=None,
        fetched_at=parse_stamp(page.fetched_at),
    )
    write_page(archive, post_id, page.article, fetched, capture_id=capture_id)


def _open(archive: Archive, capture: SharedCapture, latest: StoredCapture | None) -> int:
    """
    A capture for what the snapshot brings. The thread is known as of the `latest` own visit, whatever a snapshot says;
    without one as of the latest visit that any snapshot tells of.
    """
    if latest is not None and not latest.is_import:
        return captures.open_import(archive, latest.url, now=latest.started_at)
    seen = parse_stamp(capture.captured_at)
    return captures.open_import(
        archive, capture.url or capture.ap_id, now=max(seen, latest.started_at) if latest else seen
    )


def _outranking(archive: Archive, capture: SharedCapture) -> StoredCapture | None:
    """The latest own visit to a thread; without one the latest import of one that was seen later than this one."""
    post_id = reading.post_by_ap_id(archive, capture.ap_id)
    before = captures.finished(archive, post_id=post_id) if post_id is not None else []
    own = [visit for visit in before if not visit.is_import]
    later = own or [visit for visit in before if stamp(visit.started_at) > capture.captured_at]
    return later[-1] if later else None


def _close(
    archive: Archive,
    row_id: int,
    post_id: int,
    capture: SharedCapture,
    told: dict[str, Any],
    *,
    latest: StoredCapture | None,
    source: Source,
    now: datetime,
) -> None:
    """
    End the capture. Its receipt is that of the `latest` visit, which a snapshot's word does not outrank, else what this
    one `told`; with the counts as of now.
    """
    receipt: dict[str, Any] = latest.receipt if latest else told
    counts = threads.thread_counts(archive, post_id)
    receipt["comments"] = dict(receipt.get("comments") or {}) | {
        "stored": counts.stored,
        "tombstones": counts.tombstones,
    }
    receipt["snapshot"] = {"digest": source.digest, "captured_at": source.captured_at, "signer": source.signer}
    captures.plan_capture(archive, row_id, home=latest.home if latest else capture.home, plan=())
    status = latest.status if latest else capture.status
    captures.close_capture(archive, row_id, status=status, now=now, receipt=receipt, post_id=post_id)


def _stored(archive: Archive, ap_id: str) -> int:
    """How many comments the archive has of a thread, unconfirmed ones too."""
    post_id = reading.post_by_ap_id(archive, ap_id)
    return 0 if post_id is None else _all_comments(archive, post_id)


def _all_comments(archive: Archive, post_id: int) -> int:
    query = "SELECT count(*) FROM comments WHERE post_id = ? AND ap_id IS NOT NULL"
    (count,) = archive.db.conn.execute(query, [post_id]).fetchone()
    return int(count)


def _imported(archive: Archive, post_id: int, status: str, changes: Changes, *, had: int | None) -> Imported:
    counts, comments = threads.thread_counts(archive, post_id), _all_comments(archive, post_id)
    return Imported(
        thread=counts.ap_id,
        title=counts.title,
        status=status,
        comments=comments,
        added=0 if had is None else comments - had,
        revisions=changes.revisions,
    )


@contextmanager
def _in_order(path: Path) -> Iterator[None]:
    """A list that fits its files does not make the files sensible: times that are none, replies in a circle."""
    try:
        yield
    except (ValueError, PayloadError, sqlite3.DataError, sqlite3.IntegrityError) as error:
        raise SnapshotDamagedError(
            f"{path} holds what no archive does: {error}", next="That thread was not imported; ask where it comes from."
        ) from error
