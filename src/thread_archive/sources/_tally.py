"""Keeping account of a thread while it is fetched: what came, what is named, and which subtrees are short."""

from collections.abc import Iterable

from thread_archive.model import Sighting

# What stands above the comments that answer the post itself, as in Lemmy's paths.
ROOT = 0


class Tally:
    """
    The comments one server gave so far, by local id; `shown_by` tells which answer gave each: a URL, and how many
    answers to it had come by then (from 1), since a list may be asked for twice in one visit.

    Lemmy's `child_count` counts every stored descendant, tombstones included, and falls only when a row is purged
    (triggers.sql of 0.19.20), so that it can be held against what was received.
    """

    def __init__(self) -> None:
        self.sightings: dict[int, Sighting] = {}
        self.shown_by: dict[int, tuple[str, int]] = {}
        # Comments that bear the ap_id of another one: nobody can tell them apart, and the first one has it.
        self.doubles: set[int] = set()
        self._by_ap_id: dict[str, int] = {}
        # Ancestors that paths name and that do not come even asked for alone.
        self.gaps: set[int] = set()
        # What `shortages` and `tombstones` found, until something comes.
        self._short: dict[int, int] | None = None
        self._withdrawn: int | None = None

    def add(self, sightings: Iterable[Sighting], shown_by: tuple[str, int]) -> int:
        """Take in one answer; returns how many of its comments were new. What was said last counts."""
        before = len(self.sightings)
        self._short = self._withdrawn = None
        for sighting in sightings:
            if self._by_ap_id.setdefault(sighting.ap_id, sighting.local_id) != sighting.local_id:
                self.doubles.add(sighting.local_id)
                continue
            self.sightings[sighting.local_id] = sighting
            self.shown_by[sighting.local_id] = shown_by
        return len(self.sightings) - before

    def __len__(self) -> int:
        return len(self.sightings)

    @property
    def live(self) -> int:
        """Comments that are neither deleted nor removed: what Lemmy's own counters count."""
        return len(self.sightings) - self.tombstones

    @property
    def tombstones(self) -> int:
        """Comments that were taken back and keep their place."""
        if self._withdrawn is None:
            self._withdrawn = sum(sighting.withdrawn for sighting in self.sightings.values())
        return self._withdrawn

    def absent_ancestors(self) -> list[int]:
        """Local ids that paths name, that did not come and are not known as gaps, ascending."""
        named = {label for sighting in self.sightings.values() for label in sighting.path}
        return sorted(named - self.sightings.keys() - self.gaps)

    def shortages(self) -> dict[int, int]:
        """
        Comments below which some are missing, and how many: {local id: count}.

        A shortage is booked at the deepest comment that shows it, so that each missing comment counts once.
        """
        if self._short is None:
            self._short = self._find_shortages()
        return self._short

    def _find_shortages(self) -> dict[int, int]:
        below: dict[int, int] = dict.fromkeys(self.sightings, 0)
        for sighting in self.sightings.values():
            for label in sighting.path[:-1]:
                if label in below:
                    below[label] += 1
        short = {
            local_id: sighting.child_count - below[local_id]
            for local_id, sighting in self.sightings.items()
            if sighting.child_count > below[local_id]
        }
        own = dict(short)
        for local_id, count in short.items():
            nearest = next((a for a in reversed(self.sightings[local_id].path[:-1]) if a in self.sightings), None)
            if nearest in own:
                own[nearest] -= count
        return {local_id: count for local_id, count in sorted(own.items()) if count > 0}

    def is_short_below(self, local_id: int) -> bool:
        """Whether a comment, or one below it, counts more below it than came."""
        return any(local_id in self.sightings[short].path for short in self.shortages())

    def above_gaps(self) -> dict[int, int]:
        """By gap, ascending: the nearest comment above it that came, ROOT where there is none."""
        nearest: dict[int, int] = {}
        for sighting in self.sightings.values() if self.gaps else ():
            above = ROOT
            for label in sighting.path:
                if label in self.gaps:
                    nearest[label] = above
                elif label in self.sightings:
                    above = label
        return dict(sorted(nearest.items()))

    def widest(self, local_id: int, rows: int) -> int:
        """The topmost ancestor of a comment (or itself) whose whole subtree has at most so many rows."""
        for label in self.sightings[local_id].path:
            ancestor = self.sightings.get(label)
            if ancestor is not None and ancestor.child_count < rows:
                return label
        return local_id

    def deficit(self, advertised: int | None) -> int:
        """How many live comments the server's own counter has beyond those received and those booked as shortages."""
        if advertised is None:
            return 0
        return max(0, advertised - self.live - sum(self.shortages().values()))
