"""The end of a visit: its answers become rows in one transaction, and the receipt says what became of each comment."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from thread_archive.archiving import accounting
from thread_archive.archiving.acquaintances import Acquaintances
from thread_archive.archiving.advice import advised
from thread_archive.archiving.deriving import derive
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
    less,
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
from thread_archive.store import (
    attestations,
    captures,
    evidence,
    optouts,
    ownership,
    places,
    purges,
    reading,
    threads,
)
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
    refused: Collection[str] = ()
    bereft, disowned = dict[int, list[str]](), False
    pages = _linked_pages(archive, capture, plan[0], harvested)
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
            refused, bereft, disowned = interpretation.refused, interpretation.bereft, interpretation.disowned
        else:
            refused = _refused(archive, post_id, harvested)
        if any(isinstance(found.error, ThreadGoneError) and found.error.vanished for found in founds):
            purges.note_vanished(archive, post_id, stamp(capture.started_at))
        receipt = _receipt(archive, capture, founds, post_id, changes, refused)
        captures.plan_capture(archive, capture.id, home=home, plan=plan)
        captures.close_capture(
            archive, capture.id, status=receipt.status, now=clock.now(), receipt=receipt.as_json(), post_id=post_id
        )
        for loser, ap_ids in sorted(bereft.items()):
            _written_anew(archive, loser, ap_ids, pages.get(loser, {}))
        if _rebuilt(archive, capture, post_id, pages.get(post_id, {}), anew=disowned or bool(bereft)):
            receipt = _receipt(archive, capture, founds, post_id, changes, refused)
            captures.amend_receipt(archive, capture.id, receipt.as_json())
    for loser in sorted(bereft):
        derive(archive, loser)
    return receipt, post_id


def _refused(archive: Archive, post_id: int, founds: Sequence[Found]) -> Collection[str]:
    """The comments that a visit named as of this thread, and that the archive has in another one."""
    ap_ids = frozenset().union(*accounting.given(founds).values())
    return ownership.elsewhere(archive, threads.thread_counts(archive, post_id).ap_id, ap_ids).keys()


def _written_anew(archive: Archive, post_id: int, lost: Collection[str], pages: ReadPages) -> None:
    """
    A thread lost comments to the one that they belong to: write it anew, and its latest receipt says so.

    What a snapshot brought cannot be written again, and keeps the gaps as they are.
    """
    if not captures.was_imported(archive, post_id):
        ownership.drop_nameless(archive, post_id)
        rebuild(archive, post_id, captures.finished(archive, post_id=post_id), pages)
    latest = captures.finished(archive, post_id=post_id)[-1:]
    counts = threads.thread_counts(archive, post_id)
    for capture in latest:
        captures.amend_receipt(archive, capture.id, less(capture.receipt, lost, counts.stored, counts.tombstones))


def _linked_pages(
    archive: Archive, capture: OpenCapture, source: PlannedSource, founds: Sequence[Found]
) -> dict[int, ReadPages]:
    """
    By thread, what its linked pages give, read before the archive is locked: of this one and of others that may have to
    be written anew, since a later visit was written first or since both claim the same comments.
    """
    known = reading.post_by_local_id(archive, source.instance, "post", source.post_id)
    ap_ids = frozenset().union(*accounting.given(founds).values())
    post = threads.thread_counts(archive, known).ap_id if known is not None else ""
    rebuilt = {claim.post_id for claim in ownership.elsewhere(archive, post, ap_ids).values()}
    if known is not None and (rebuilt or captures.latest_capture_of(archive, known) >= capture.id):
        rebuilt.add(known)
    return {post_id: read_pages(archive, post_id) for post_id in rebuilt}


def _rebuilt(archive: Archive, capture: OpenCapture, post_id: int, pages: ReadPages, *, anew: bool) -> bool:
    """
    A visit that began after this one was written before it, and its word counts: put both in their order.

    So does, where the thread is to be written `anew`, what earlier visits told of it while others claimed it or some of
    its comments. What a snapshot brought cannot be written again, and stays.
    """
    is_latest = captures.latest_capture_of(archive, post_id) == capture.id
    if (is_latest and not anew) or captures.was_imported(archive, post_id):
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
        whole=found.whole,
        confirmed=sorted(found.confirmed),
        rooted=sorted(found.rooted),
        tombstones=sorted(found.tombstones),
        own_community=found.own_community,
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
    if latest.post_id is not None and optouts.asked_since(archive.db.conn, latest.post_id, latest.id):
        # That a profile does not ask so says nothing, unless somebody told meanwhile that it does.
        return None
    return latest.post_id


def _receipt(
    archive: Archive,
    capture: OpenCapture,
    founds: Sequence[Found],
    post_id: int,
    changes: Changes,
    refused: Collection[str],
) -> Receipt:
    counts = threads.thread_counts(archive, post_id)
    traffic = evidence.traffic(archive, capture.id)
    unconfirmed = attestations.unconfirmed_comments(archive.db.conn, post_id)
    not_counted = {item.ap_id for item in unconfirmed if item.ap_id} | set(refused)
    gave = {instance: ap_ids - not_counted for instance, ap_ids in accounting.given(founds).items()}
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
        refused=refused,
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
        unconfirmed=unconfirmed,
        attested_by=attestations.attesting(archive.db.conn, post_id),
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
