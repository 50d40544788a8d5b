"""
The verdict on what one server gave: what is missing, why, and by how many its counter is too high.

Pure. Lemmy counts in three ways that can be held against what came: the post's counter (live comments), each comment's
`child_count` (all below it, withdrawn ones too), and the number of rows that a list has when it is followed to its end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thread_archive.model import GONE_FOR_GOOD, Missing, MissingItem, MissingReason
from thread_archive.sources._tally import ROOT, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What `instance` was asked and what came of it.

    `advertised` is the post's counter, None where it shows no post; `lists` how many rows each list of the whole thread
    had that was followed to its end, by its order; `lost` how many more rows a list had than came. `named` are the
    ap_ids of the server's own collection (None without one) and `lacking` those of them that did not come;
    `still_there` the gaps of which the server did not say that it has no such comment, `elsewhere` those that it has in
    another thread, `pending` the comments that wait for federation, by local id. `hidden` is why it shows visitors no
    comments.
    """

    instance: str
    tally: Tally
    advertised: int | None
    lists: Mapping[str, int]
    lost: int
    named: frozenset[str] | None
    lacking: Sequence[str]
    still_there: frozenset[int]
    elsewhere: frozenset[int]
    pending: Mapping[int, str]
    hidden: MissingReason | None
    omits_withdrawn: bool
    capped: bool
    broken_off: bool

    @property
    def is_proven(self) -> bool:
        """Whether all that the server's own collection names came."""
        return self.named is not None and len(self.named) <= len(self.tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is missing, and by how many the post's counter is too high by all else that the server says."""

    missing: tuple[Missing, ...]
    drift: int


def verdict(asked: Asked) -> Verdict:
    """Account for everything that the server names or counts."""
    return _Account(asked).verdict()


def unnamed_shortages(tally: Tally, gaps: Mapping[int, MissingReason]) -> dict[int, int]:
    """What is short below comments, as the tally has it, but for those of `gaps` that are still counted there."""
    above = tally.above_gaps()
    named = Counter(above[gap] for gap, why in gaps.items() if why not in GONE_FOR_GOOD)
    return dict(Counter(tally.shortages()) - named)


class _Account:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._short = sum(asked.tally.shortages().values())
        self._deficit = asked.tally.deficit(asked.advertised)
        self._entries: list[Missing] = []

    def verdict(self) -> Verdict:
        asked, drift = self._asked, 0
        gaps = self._gaps()
        self._enter_gaps(gaps)
        waiting = {ap_id for local_id, ap_id in asked.pending.items() if local_id not in gaps}
        self._enter_named(MissingReason.FEDERATION_PENDING, sorted(waiting))
        lacking = [ap_id for ap_id in asked.lacking if ap_id not in waiting and ap_id not in asked.pending.values()]
        if asked.hidden is not None:
            self._enter(asked.hidden, max(len(lacking), self._short + self._deficit), lacking)
            return Verdict(missing=tuple(self._entries), drift=0)
        self._enter_named(MissingReason.UNEXPLAINED, lacking)
        if asked.capped and not asked.broken_off:
            self._enter(MissingReason.PAGE_LIMIT, self._short + self._deficit)
        else:
            drift = self._deficit if self._is_drift() else 0
            self._deficit -= drift
            self._enter_bare()
        unexplained = sum(item.count for item in self._entries if item.reason not in GONE_FOR_GOOD)
        self._enter(MissingReason.UNEXPLAINED, asked.lost - unexplained)
        return Verdict(missing=tuple(self._entries), drift=drift)

    def _enter(self, reason: MissingReason, count: int, ap_ids: Sequence[str] = ()) -> None:
        items = tuple(MissingItem(instance=self._asked.instance, ap_id=ap_id) for ap_id in ap_ids)
        if count > 0:
            self._entries.append(Missing(reason=reason, count=count, items=items))

    def _enter_named(self, reason: MissingReason, ap_ids: Sequence[str]) -> None:
        """Comments that are known by name are counted too, somewhere."""
        self._enter(reason, len(ap_ids), ap_ids)
        self._short, self._deficit = max(0, self._short - len(ap_ids)), max(0, self._deficit - len(ap_ids))

    def _enter_gaps(self, gaps: Mapping[int, MissingReason]) -> None:
        instance, above = self._asked.instance, self._asked.tally.above_gaps()
        for reason in sorted(set(gaps.values())):
            gone = [local_id for local_id, why in gaps.items() if why is reason]
            items = tuple(MissingItem(instance=instance, local_id=local_id) for local_id in gone)
            self._entries.append(Missing(reason=reason, count=len(items), items=items))
        for gap in (gap for gap, why in gaps.items() if why not in GONE_FOR_GOOD):
            if above[gap] == ROOT:
                self._deficit = max(0, self._deficit - 1)
            else:
                self._short = max(0, self._short - 1)

    def _gaps(self) -> dict[int, MissingReason]:
        """Why each gap is one: what is purged is no longer counted by the comment above it, nor by the post."""
        asked = self._asked
        above_gaps = asked.tally.above_gaps()
        if not above_gaps:
            return {}
        trusts_counters = not (asked.capped or asked.is_proven)
        counted = {ROOT: self._deficit, **asked.tally.shortages()} if trusts_counters else {}
        reasons: dict[int, MissingReason] = {}
        for gap, above in above_gaps.items():
            reasons[gap] = MissingReason.UNEXPLAINED if gap in asked.still_there else MissingReason.PURGED
            if gap in asked.elsewhere:
                reasons[gap] = MissingReason.OTHER_THREAD
            elif gap in asked.pending:
                reasons[gap] = MissingReason.FEDERATION_PENDING
            elif counted.get(above, 0) > 0:
                counted[above] -= 1
                reasons[gap] = self._why_short()
        return reasons

    def _enter_bare(self) -> None:
        """What is only counted."""
        if self._why_short() is MissingReason.UNEXPLAINED:
            self._enter(MissingReason.UNEXPLAINED, self._short + self._deficit)
        else:
            self._enter(self._why_short(), self._short)
            self._enter(MissingReason.UNEXPLAINED, self._deficit)

    def _why_short(self) -> MissingReason:
        if self._asked.omits_withdrawn and self._asked.lists:
            return MissingReason.OMITTED_BY_VERSION
        return MissingReason.UNEXPLAINED

    def _is_drift(self) -> bool:
        """
        Whether the post's counter is wrong, not the lists.

        It is called so only where nothing contradicts that: no comment counts more below it than came (but for what
        0.18 leaves out), and either the server's collection names no more, or two orders that were followed to their
        end have as many rows as came.
        """
        asked = self._asked
        if (self._short and self._why_short() is MissingReason.UNEXPLAINED) or asked.lost or not asked.tally:
            return False
        rows = set(asked.lists.values())
        return asked.is_proven or (len(asked.lists) > 1 and len(rows) == 1 and max(rows) > 0)
