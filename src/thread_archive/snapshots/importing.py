"""Taking a received snapshot's threads into one's own archive: verified first, merged by ap_id."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from thread_archive.snapshots.receiving import SharedCapture, SharedPage
from thread_archive.snapshots.verifying import check_bundle
from thread_archive.spoilers import reveal
from thread_archive.store import articles, captures, reading, threads
from thread_archive.store.archive import Archive
from thread_archive.store.article_writing import Fetched, write_page
from thread_archive.store.merging import ThreadMerger, latest_visit
from thread_archive.store.takedowns import load
from thread_archive.store.times import parse_stamp
from thread_archive.store.visits import Changes

# By how much the clock of whoever made a snapshot may be fast.
_FAST_CLOCK = timedelta(days=1)
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
        digest = _verified(bundle, signer)
        with closing(open_snapshot(bundle.database())) as connection:
            if is_pseudonymised(connection):
                raise InputError(
                    f"The names in {path} are pseudonyms, which cannot be put together with what your archive knows.",
                    next=f"`thread-archive serve {path}` shows it by itself.",
                )
            connection.text_factory = receiving.text
            with _in_order(bundle.path):
                shared = _shared_before(connection, now + _FAST_CLOCK)
            for capture in shared:
                with _in_order(bundle.path):
                    imported, post_id = _import_thread(archive, connection, capture, digest, now)
                if post_id:
                    derive(archive, post_id)
                yield imported


def _shared_before(connection: sqlite3.Connection, latest: datetime) -> list[SharedCapture]:
    """The threads of a snapshot; raises ValueError where one was seen after `latest`: no visit could ever follow it."""
    shared = receiving.shared_captures(connection)
    for capture in shared:
        if parse_stamp(capture.captured_at) > latest:
            raise ValueError(f"a visit of {capture.captured_at}, which is still to come")
    return shared


def _verified(bundle: Bundle, signer: Path | None) -> str:
    """The digest of the checksum list of a snapshot that is in order."""
    wrong = [finding for finding in check_bundle(bundle, signer=signer) if not finding.ok]
    if wrong:
        where = f"{wrong[0].path}: " if wrong[0].path else ""
        raise SnapshotDamagedError(
            f"{bundle.path} does not verify: {where}{wrong[0].message}.",
            next="Nothing was imported. `thread-archive verify` says more; ask for another copy.",
        )
    return sha256(bundle.checksums()).hexdigest()


def _import_thread(
    archive: Archive, connection: sqlite3.Connection, capture: SharedCapture, digest: str, now: datetime
) -> tuple[Imported, int]:
    """What became of a thread, and its row; in one transaction, so that nothing is redacted meanwhile."""
    with archive.transaction():
        takedowns = load(archive)
        if takedowns.covers(capture.ap_id):
            return Imported(thread=capture.ap_id, title="", status=KEPT_OUT, comments=0, added=0, revisions=0), 0
        before = latest_visit(archive, capture.ap_id)
        if digest in captures.imports(archive, capture.ap_id):
            post_id = reading.post_by_ap_id(archive, capture.ap_id) or 0
            return _imported(archive, post_id, UNCHANGED, Changes(), had=None), post_id
        had = _stored(archive, capture.ap_id)
        row_id = captures.open_import(archive, capture.url or capture.ap_id, now=parse_stamp(_seen(before, capture)))
        received = receiving.received(connection, capture)
        received = replace(received, post=post_without_listed(received.post, takedowns))
        merger = ThreadMerger(archive, received, capture_id=row_id, plain_text=reveal)
        post_id = merger.merge(without_listed(receiving.comments(connection, capture.post_id), takedowns))
        page = receiving.linked_page(connection, capture.post_id)
        if page is not None and _is_news(archive, post_id, page := page_without_listed(page, takedowns)):
            _write_page(archive, post_id, page, capture_id=row_id)
            merger.changes.content += 1
        told = receipt_without_listed(capture.receipt, received.post, takedowns)
        _close(archive, row_id, post_id, capture, told, digest=digest, later=merger.later, now=now)
        status = NEW if before is None else MERGED if merger.changes.any else UNCHANGED
        return _imported(archive, post_id, status, merger.changes, had=had), post_id


def _is_news(archive: Archive, post_id: int, page: SharedPage) -> bool:
    """Whether a received page is of the link that the post has here, and later than what there is of it."""
    post, known = articles.linked(archive, post_id), articles.stored_page(archive, post_id)
    if post.withdrawn or post.url != page.url:
        return False
    return known is None or not known.words or known.fetched_at < page.fetched_at


def _write_page(archive: Archive, post_id: int, page: SharedPage, *, capture_id: int) -> None:
    fetched = Fetched(
        url=page.url,
        final_url=page.final_url,
        redirects=(),
        exchange_id=None,
        fetched_at=parse_stamp(page.fetched_at),
    )
    write_page(archive, post_id, page.article, fetched, capture_id=capture_id)


def _seen(before: str | None, capture: SharedCapture) -> str:
    """As of when the thread is known now: by the snapshot's visit or by an own one, whichever was later."""
    return max(before or "", capture.captured_at)


def _close(
    archive: Archive,
    row_id: int,
    post_id: int,
    capture: SharedCapture,
    told: dict[str, Any],
    *,
    digest: str,
    later: bool,
    now: datetime,
) -> None:
    """End the capture: its receipt is that of the later visit (`told` by the snapshot), with the counts as of now."""
    latest = None if later else next(reversed(captures.finished(archive, post_id=post_id)), None)
    receipt: dict[str, Any] = latest.receipt if latest else told
    counts = threads.thread_counts(archive, post_id)
    receipt["comments"] = dict(receipt.get("comments") or {}) | {
        "stored": counts.stored,
        "tombstones": counts.tombstones,
    }
    receipt["snapshot"] = {"digest": digest, "captured_at": capture.captured_at}
    captures.plan_capture(archive, row_id, home=latest.home if latest else capture.home, plan=())
    status = latest.status if latest else capture.status
    captures.close_capture(archive, row_id, status=status, now=now, receipt=receipt, post_id=post_id)


def _stored(archive: Archive, ap_id: str) -> int:
    post_id = reading.post_by_ap_id(archive, ap_id)
    return 0 if post_id is None else threads.thread_counts(archive, post_id).stored


def _imported(archive: Archive, post_id: int, status: str, changes: Changes, *, had: int | None) -> Imported:
    counts = threads.thread_counts(archive, post_id)
    return Imported(
        thread=counts.ap_id,
        title=counts.title,
        status=status,
        comments=counts.stored,
        added=0 if had is None else counts.stored - had,
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
