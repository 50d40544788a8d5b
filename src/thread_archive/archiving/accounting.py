"""Accounting for every comment that somebody named or counted, over all servers that were asked."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from thread_archive.archiving.visiting import Found
from thread_archive.model import GONE_FOR_GOOD, Missing, MissingItem, MissingReason
from thread_archive.sources import ROOT
from thread_archive.trees import Key, Known
from thread_archive.urls import host_in, local_id_in

# For these reasons comments are missing below others that count them; for any other, anywhere in the thread.
_BELOW_A_COMMENT = frozenset({MissingReason.UNEXPLAINED, MissingReason.OMITTED_BY_VERSION})


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


def leave_unnamed(founds: Iterable[Found]) -> bool:
    """Whether a server counts comments that it neither gave nor named."""
    return any(entry.count > len(entry.items) for found in founds if found.harvest for entry in found.harvest.missing)


def missing(
    founds: Sequence[Found],
    *,
    gaps: Mapping[tuple[str, int], str],
    stored: Collection[str],
    tree: Mapping[Key, Known],
    names: Mapping[tuple[str, int], str],
    refused: Collection[str] = (),
) -> tuple[Missing, ...]:
    """
    What is still missing when all servers' comments are put together, by reason.

    `gaps` are the places in the tree that nobody filled, and why, `stored` the ap_ids that the archive has of the
    thread. `tree`, its places in thread order, and `names`, which comment each server's local ids are, matter only
    where founds `leave_unnamed`: what a server counts but does not name may be what another one gave, or what it gave
    itself on an earlier visit, so a bare count is reduced by these. Of several servers' counts the largest stands;
    where the home is proven whole, nobody else's does. `refused` are the ap_ids of comments that were given and belong
    to another thread.
    """
    items: dict[MissingReason, dict[MissingItem, None]] = {}
    placed = _refused(founds, refused)
    for (instance, local_id), reason in gaps.items():
        if (instance, local_id) not in placed:
            items.setdefault(MissingReason(reason), {})[MissingItem(instance=instance, local_id=local_id)] = None
    named_once = {item.ap_id: item for item in placed.values()}
    if named_once:
        items.setdefault(MissingReason.OTHER_THREAD, {}).update(dict.fromkeys(named_once.values()))
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
    gave = given(founds)
    counting = [found for found in founds if found.is_home or not is_proven_at_home(founds)]
    for reason, count in _largest([_bare_counts(found, gave, tree, names) for found in counting]).items():
        counts[reason] = counts.get(reason, 0) + count
    return tuple(
        Missing(reason=reason, count=counts[reason], items=tuple(items.get(reason, ())))
        for reason in MissingReason
        if counts.get(reason)
    )


def _refused(founds: Sequence[Found], ap_ids: Collection[str]) -> dict[tuple[str, int], MissingItem]:
    """Under which instances' local ids the comments `ap_ids` came."""
    return {
        (found.instance, local_id): MissingItem(instance=found.instance, local_id=local_id, ap_id=sighting.ap_id)
        for found in founds
        for local_id, sighting in (found.sightings.items() if ap_ids else ())
        if sighting.ap_id in ap_ids
    }


def is_proven_at_home(founds: Sequence[Found]) -> bool:
    """Whether the thread's home gave all that it names and counts: nobody else's count adds to that."""
    home = next((found.harvest for found in founds if found.is_home), None)
    return home is not None and home.complete and all(entry.reason in GONE_FOR_GOOD for entry in home.missing)


def drifts(
    founds: Sequence[Found], *, tree: Mapping[Key, Known], names: Mapping[tuple[str, int], str]
) -> dict[str, int]:
    """By how many each server's counter is too high: by its own lists, or by those of a home that is proven whole."""
    gave, is_proven = given(founds), is_proven_at_home(founds)
    drift: dict[str, int] = {}
    for found in founds:
        beyond_home = _bare_counts(found, gave, tree, names).values() if is_proven and not found.is_home else ()
        drift[found.instance] = (found.harvest.drift if found.harvest else 0) + sum(beyond_home)
    return drift


def _named(founds: Sequence[Found]) -> Iterator[str]:
    for found in founds:
        for entry in found.harvest.missing if found.harvest else ():
            yield from (item.ap_id for item in entry.items if item.ap_id is not None)


def _reason(reason: MissingReason, ap_id: str, hosts: Collection[str]) -> MissingReason:
    """A comment of a server that we did not ask, named by one that has no copy, never arrived there."""
    if reason is MissingReason.UNEXPLAINED and host_in(ap_id) not in hosts:
        return MissingReason.NOT_FEDERATED
    return reason


def _bare_counts(
    found: Found, gave: Mapping[str, frozenset[str]], tree: Mapping[Key, Known], names: Mapping[tuple[str, int], str]
) -> dict[MissingReason, int]:
    """What a server counts and nobody named, less what others gave and what it gave itself before."""
    if found.harvest is None:
        return {}
    union = frozenset().union(*gave.values())
    before = _below(found, _given_before(found, names) - union.union(_named([found])), tree)
    # A gap is counted by its name, also where another server fills it.
    filled = {names.get((found.instance, gap), "") for gap in found.harvest.gaps}
    others = _below(found, union - gave[found.instance] - filled, tree)
    # What was erased since was given before, too: it accounts only for what is short where it stood; and so does what
    # others gave, since what never came to a server is not counted there.
    short = Counter(found.shortages)
    in_place = before & short
    placed = others & (short - in_place)
    credit, elsewhere = (in_place + placed).total(), (before - in_place).total()
    # Whether its total counts what others gave elsewhere, nobody can tell.
    anywhere, still_short = (others - placed).total(), (short - in_place - placed).total()
    counts: dict[MissingReason, int] = {}
    for entry in found.harvest.missing:
        bare = entry.count - len(entry.items)
        used = min(bare, credit)
        credit -= used
        below = min(bare - used, still_short) if entry.reason in _BELOW_A_COMMENT else 0
        more = min(bare - used - below, anywhere)
        anywhere -= more
        used += more
        if entry.reason not in _BELOW_A_COMMENT:
            more = min(bare - used, elsewhere)
            elsewhere -= more
            used += more
        if bare > used:
            counts[entry.reason] = counts.get(entry.reason, 0) + bare - used
    return counts


def _given_before(found: Found, names: Mapping[tuple[str, int], str]) -> set[str]:
    """The comments that the archive knows by a local id of this server; what is a gap there now is another matter."""
    gaps = found.harvest.gaps if found.harvest else {}
    return {ap_id for (instance, number), ap_id in names.items() if instance == found.instance and number not in gaps}


def _below(found: Found, wanted: Collection[Key], tree: Mapping[Key, Known]) -> Counter[int]:
    """How many of the comments `wanted` stand where in the tree: by the nearest one above that this server gives."""
    local_ids: dict[Key, int] = {sighting.ap_id: local_id for local_id, sighting in found.sightings.items()}
    nearest: dict[Key | None, int] = {None: ROOT}
    below: Counter[int] = Counter()
    for key, place in tree.items():
        above = nearest.get(place.parent, ROOT)
        nearest[key] = local_ids.get(key, above)
        below[above] += key in wanted
    return below


def _largest(all_counts: Sequence[dict[MissingReason, int]]) -> dict[MissingReason, int]:
    """
    Of several servers' counts the largest, since they count the same comments.

    What one of them cannot explain is not explained by what another one says of its own counter.
    """
    largest = max(all_counts, key=lambda counts: sum(counts.values()), default={})
    unexplained = max((counts.get(MissingReason.UNEXPLAINED, 0) for counts in all_counts), default=0)
    left = sum(largest.values()) - unexplained
    counts = {MissingReason.UNEXPLAINED: unexplained}
    for reason, count in largest.items():
        if reason is not MissingReason.UNEXPLAINED:
            counts[reason] = min(count, left)
            left -= counts[reason]
    return counts
