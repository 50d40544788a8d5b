"""The end of a visit: its answers become rows in one transaction, and the receipt says what became of each comment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from thread_archive.archiving import accounting
from thread_archive.archiving.acquaintances import Acquaintances
from thread_archive.archiving.advice import advised
from thread_archive.archiving.interpreting import Interpretation, site_of
from thread_archive.archiving.linking import ReadPages, read_pages
from thread_archive.archiving.preparing import Preparation
from thread_archive.archiving.receipts import (
    COMPLETE,
    FAILED,
    PARTIAL,
    Problem,
    Receipt,
    SourceReceipt,
    failure,
)
from thread_archive.archiving.rereading import rebuild
from thread_archive.archiving.visiting import Found
from thread_archive.exceptions import (
    BotWallError,
    InstanceUnreachableError,
    RateLimitedError,
    ServerFailedError,
    ThreadArchiveError,
    ThreadGoneError,
)
from thread_archive.fetching.clock import Clock
from thread_archive.model import GONE_FOR_GOOD, Missing, Software
from thread_archive.store import captures, evidence, places, purges, reading, threads
from thread_archive.store.archive import Archive
from thread_archive.store.captures import OpenCapture, PlannedSource
from thread_archive.store.times import stamp
from thread_archive.store.visits import Changes
from thread_archive.urls import ThreadURL

# Another try may get further: the capture stays open, and the next `add` goes on with it.
PASSING = (BotWallError, InstanceUnreachableError, RateLimitedError, ServerFailedError)


def conclude(
    archive: Archive,
    capture: OpenCapture,
    founds: Sequence[Found],
    acquaintances: Acquaintances,
    *,
    preparation: Preparation,
    clock: Clock,
) -> tuple[Receipt, int]:
    """
    Write what a visit found and close its capture; returns the receipt, without `url` and `seconds`, and the post's row
    id. What becomes of the article comes later.

    Raises PayloadError where the answers cannot be read after all: nothing is written then.
    """
    harvested = [found for found in founds if found.harvest is not None]
    home = next((found.instance for found in harvested if found.is_home), None)
    plan = [_planned(found, acquaintances) for found in harvested]
    post_id = _unchanged(archive, capture, home, plan)
    changes = Changes()
    pages = _pages_if_overtaken(archive, capture, plan[0])
    with archive.transaction():
        for found in harvested:
            acquaintances.note(found.instance, found.base, now=clock.now())
        if post_id is None:
            # Read in here too: what is redacted meanwhile by somebody else must not be written from memory.
            interpretation = Interpretation(
                archive, capture.id, home=home, plan=plan, founds=harvested, preparation=preparation
            )
            interpretation.read()
            post_id, changes = interpretation.write(capture.started_at)
        if any(isinstance(found.error, ThreadGoneError) and found.error.vanished for found in founds):
            purges.note_vanished(archive, post_id, stamp(capture.started_at))
        receipt = _receipt(archive, capture, founds, post_id, changes)
        captures.plan_capture(archive, capture.id, home=home, plan=plan)
        captures.close_capture(
            archive, capture.id, status=receipt.status, now=clock.now(), receipt=receipt.as_json(), post_id=post_id
        )
        if _rebuilt_if_overtaken(archive, capture, post_id, pages):
            receipt = _receipt(archive, capture, founds, post_id, changes)
            captures.amend_receipt(archive, capture.id, receipt.as_json())
    return receipt, post_id


def _pages_if_overtaken(archive: Archive, capture: OpenCapture, source: PlannedSource) -> ReadPages:
    """The thread's linked pages where it will be rebuilt, read before the archive is locked."""
    known = reading.post_by_local_id(archive, source.instance, "post", source.post_id)
    if known is None or captures.latest_capture_of(archive, known) < capture.id:
        return {}
    return read_pages(archive, known)


def _rebuilt_if_overtaken(archive: Archive, capture: OpenCapture, post_id: int, pages: ReadPages) -> bool:
    """
    A visit that began after this one was written before it, and its word counts: put both in their order.

    What a snapshot brought cannot be written again, and stays.
    """
    if captures.latest_capture_of(archive, post_id) == capture.id or captures.was_imported(archive, post_id):
        return False
    rebuild(archive, post_id, captures.finished(archive, post_id=post_id), pages)
    return True


def fail(
    archive: Archive, capture: OpenCapture, url: ThreadURL, error: ThreadArchiveError, *, now: datetime
) -> Receipt:
    """
    Note that a visit to `url` gave no thread, and why.

    It counts as a visit to that thread where the archive has it, and changes nothing of it. Where another try may help,
    the capture stays open for it; one without a single answer is forgotten.
    """
    error = advised(error, url)
    source = SourceReceipt(instance=url.instance, error=Problem.of(error))
    receipt = failure("", error, (source,))
    captures.drop_if_empty(archive, capture.id)
    if not isinstance(error, PASSING):
        with archive.transaction():
            known = reading.post_by_local_id(archive, url.instance, *url.named)
            captures.close_capture(
                archive, capture.id, status=FAILED, now=now, receipt=receipt.as_json(), post_id=known
            )
            if known is not None and isinstance(error, ThreadGoneError) and error.vanished:
                purges.note_vanished(archive, known, stamp(capture.started_at))
    return receipt


def _planned(found: Found, acquaintances: Acquaintances) -> PlannedSource:
    if found.harvest is None or found.discovery is None:
        raise AssertionError("only what gave a harvest is planned for reading")
    return PlannedSource(
        instance=found.instance,
        dialect=found.discovery.dialect,
        site_exchange=acquaintances.site_exchange(found.instance, found.base),
        post_id=found.harvest.post_id,
        complete=found.harvest.complete,
        gaps={str(local_id): reason.value for local_id, reason in found.harvest.gaps.items()},
        unread=sorted(found.harvest.unread),
        purged=list(found.harvest.purged),
        taken_back=found.harvest.taken_back or "",
    )


def _unchanged(archive: Archive, capture: OpenCapture, home: str | None, plan: Sequence[PlannedSource]) -> int | None:
    """
    The row of the post if its latest capture had the very same answers, so that there is nothing to write; else None.

    What a server says of itself may differ, but not in its languages and admins.
    """
    latest = captures.latest_capture(archive, plan[0].instance, plan[0].post_id)
    if latest is None or latest.home != home or len(latest.plan) != len(plan):
        return None
    for before, now in zip(latest.plan, plan, strict=True):
        if replace(before, site_exchange=now.site_exchange) != now:
            return None
        if before.site_exchange != now.site_exchange and site_of(archive, before) != site_of(archive, now):
            return None
    if evidence.answers(archive, latest.id) != evidence.answers(archive, capture.id):
        return None
    return latest.post_id


def _receipt(
    archive: Archive, capture: OpenCapture, founds: Sequence[Found], post_id: int, changes: Changes
) -> Receipt:
    counts = threads.thread_counts(archive, post_id)
    traffic = evidence.traffic(archive, capture.id)
    gave = accounting.given(founds)
    named = [item.ap_id for found in founds if found.harvest for m in found.harvest.missing for item in m.items]
    unnamed = accounting.leave_unnamed(founds)
    tree = places.known_places(archive, counts.ap_id) if unnamed else {}
    names = places.known_names(archive, counts.ap_id) if unnamed else {}
    missing = accounting.missing(
        founds,
        gaps=places.gap_reasons(archive, post_id),
        stored=frozenset().union(*gave.values(), threads.stored_among(archive, post_id, filter(None, named))),
        tree=tree,
        names=names,
    )
    lacked, drifts = accounting.lacked(gave), accounting.drifts(founds, tree=tree, names=names)
    return Receipt(
        url="",
        thread=counts.ap_id,
        title=counts.title,
        status=_status(founds, missing),
        asked_for=next((found.harvest.asked_for for found in founds if found.harvest), None),
        changed=changes.any,
        captured_at=capture.started_at,
        sources=tuple(
            _source(found, lacked=lacked.get(found.instance, 0), drift=drifts.get(found.instance, 0), traffic=traffic)
            for found in founds
        ),
        stored=counts.stored,
        tombstones=counts.tombstones,
        missing=missing,
        purged=purges.purged_comments(archive.db.conn, post_id),
        taken_back=next((found.harvest.taken_back for found in founds if found.harvest and found.is_home), None)
        or next((found.harvest.taken_back for found in founds if found.harvest), None),
        revisions_added=changes.revisions,
        requests=sum(requests for requests, _ in traffic.values()),
        bytes=sum(size for _, size in traffic.values()),
    )


def _source(found: Found, *, lacked: int, drift: int, traffic: dict[str, tuple[int, int]]) -> SourceReceipt:
    software = found.discovery.software if found.discovery else Software(name="", version="")
    harvest = found.harvest
    return SourceReceipt(
        instance=found.instance,
        software=software.name,
        version=software.version,
        is_home=found.is_home,
        advertised=harvest.advertised if harvest else None,
        received=harvest.received if harvest else 0,
        tombstones=harvest.tombstones if harvest else 0,
        lacked=lacked,
        requests=traffic.get(found.instance, (0, 0))[0],
        drift=drift,
        misplaced=harvest.misplaced if harvest else 0,
        incomplete=harvest.incomplete if harvest else 0,
        unreadable=harvest.unreadable if harvest else 0,
        error=Problem.of(found.error) if found.error else None,
    )


def _status(founds: Sequence[Found], missing: Sequence[Missing]) -> str:
    whole = all(found.harvest is not None and found.harvest.complete for found in founds)
    return COMPLETE if whole and all(item.reason in GONE_FOR_GOOD for item in missing) else PARTIAL
