"""Accounting for every comment that somebody named or counted, over all servers that were asked."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from thread_archive.archiving.visiting import Found
from thread_archive.model import Missing, MissingItem, MissingReason
from thread_archive.urls import host_in, local_id_in


def given(founds: Iterable[Found]) -> dict[str, frozenset[str]]:
    """The ap_ids of the comments that each instance gave."""
    return {
        found.instance: frozenset(sighting.ap_id for sighting in found.sightings.values())
        for found in founds
        if found.harvest is not None
    }


def lacked(gave: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How many comments each instance did not give that another one gave."""
    union = frozenset().union(*gave.values())
    return {instance: len(union) - len(ap_ids) for instance, ap_ids in gave.items()}


def missing(
    founds: Sequence[Found], *, gaps: Mapping[tuple[str, int], str], stored: Collection[str]
) -> tuple[Missing, ...]:
    """
    What is still missing when all servers' comments are put together, by reason.

    `gaps` are the places in the tree that nobody filled, and why, `stored` the ap_ids that the archive has of the
    thread. What a server counts but does not name may be what another one gave, so a bare count is reduced by what the
    server lacked; of several servers' counts the largest stands, since they count the same comments.
    """
    items: dict[MissingReason, dict[MissingItem, None]] = {}
    for (instance, local_id), reason in gaps.items():
        items.setdefault(MissingReason(reason), {})[MissingItem(instance=instance, local_id=local_id)] = None
    hosts = {found.instance for found in founds}
    # A path names a comment by its local id, the server's collection by its ap_id: still one comment.
    seen = {ap_id for ap_id in _named(founds) if local_id_in(ap_id, "comment") in gaps}
    for found in founds:
        for entry in found.harvest.missing if found.harvest else ():
            for item in entry.items:
                if item.ap_id is not None and item.ap_id not in stored and item.ap_id not in seen:
                    seen.add(item.ap_id)
                    items.setdefault(_reason(entry.reason, item.ap_id, hosts), {})[item] = None
    counts = {reason: len(named) for reason, named in items.items()}
    for reason, count in _largest(_bare_counts(founds)).items():
        counts[reason] = counts.get(reason, 0) + count
    return tuple(
        Missing(reason=reason, count=counts[reason], items=tuple(items.get(reason, ())))
        for reason in MissingReason
        if counts.get(reason)
    )


def _named(founds: Sequence[Found]) -> Iterator[str]:
    for found in founds:
        for entry in found.harvest.missing if found.harvest else ():
            yield from (item.ap_id for item in entry.items if item.ap_id is not None)


def _reason(reason: MissingReason, ap_id: str, hosts: Collection[str]) -> MissingReason:
    """A comment of a server that we did not ask, named by one that has no copy, never arrived there."""
    if reason is MissingReason.UNEXPLAINED and host_in(ap_id) not in hosts:
        return MissingReason.NOT_FEDERATED
    return reason


def _bare_counts(founds: Sequence[Found]) -> list[dict[MissingReason, int]]:
    """By server, what it counts and nobody named, less what others gave."""
    others_gave = lacked(given(founds))
    all_counts: list[dict[MissingReason, int]] = []
    for found in founds:
        if found.harvest is None:
            continue
        credit = others_gave[found.instance]
        counts: dict[MissingReason, int] = {}
        for entry in found.harvest.missing:
            bare = entry.count - len(entry.items)
            used = min(bare, credit)
            credit -= used
            if bare > used:
                counts[entry.reason] = bare - used
        all_counts.append(counts)
    return all_counts


def _largest(all_counts: Sequence[dict[MissingReason, int]]) -> dict[MissingReason, int]:
    return max(all_counts, key=lambda counts: sum(counts.values()), default={})
