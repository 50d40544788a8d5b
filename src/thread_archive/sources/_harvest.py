"""
Getting a whole thread from one server and holding what came against what the server says there is.

The order is the same for every dialect: the post, the listing, single ancestors that paths name, what the server's own
ActivityPub collection names, subtrees that are short (first of all where the listing has no end, since they bring
ancestors too), and a listing in another order where some are short even so. How each is asked for is the dialect's.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from thread_archive.captures import Exchange
from thread_archive.exceptions import (
    AccessDeniedError,
    FetchError,
    PayloadError,
    RateLimitedError,
    ServerFailedError,
    ThreadGoneError,
    TooLargeError,
)
from thread_archive.model import Harvest, Missing, MissingItem, MissingReason, Post, Sighting, TakenBack
from thread_archive.payloads import REPORT
from thread_archive.sources._reading import Reader
from thread_archive.sources._steps import OK, Contradiction, Place, Steps, contradicts, is_absent, refuse
from thread_archive.sources._tally import ROOT, Tally
from thread_archive.urls import host_in, local_id_in

T = TypeVar("T")

# A tree is given whole up to so many rows, by both dialects.
TREE_ROWS = 300
# When so many requests for single things in a row gave nothing, the rest is taken to be the same.
FRUITLESS = 5
# How many rows beyond the server's own count are believed before its listing is called endless, and how large a count.
SLACK_ROWS = 20_000
MOST_COUNTED = 200_000
# Ancestors asked for one by one in vain before the rest is not asked for any more.
FRUITLESS_ANCESTORS = 100
# Communities of which visitors see all that is in them.
SEEN_BY_ALL = frozenset({"public", "unlisted"})
# By these a server refuses or fails; after the others it is not reached at all, and the same visit may go on later.
REFUSALS = (AccessDeniedError, ServerFailedError, ThreadGoneError, TooLargeError)


class Harvester(ABC):
    """One server's part of one visit; `harvest` is run once."""

    reader: Reader

    def __init__(self, place: Place) -> None:
        self.place = place
        self.tally = Tally()
        self.post: Post | None = None
        self.post_id = place.post_id or 0
        # Comments of which the server said something else than that it has none, asked for each alone.
        self.refused: set[int] = set()
        # Those of which it said that it has none.
        self.absent: set[int] = set()
        # Whether the last list of the whole thread that was asked for was followed to its end.
        self.ended = False
        # Whether the cap that its version sets on pages ended a list, and whether it refused or failed otherwise.
        self.capped = False
        self.broken_off = False
        # Comments whose subtrees were asked for, as something was short there.
        self._tried: set[int] = set()
        self.last_page: frozenset[int] = frozenset()

    @abstractmethod
    def listing(self, answer: Exchange) -> Steps[bool]:
        """Take in the thread's comments; `answer` is that of the post. Returns whether the end was reached."""

    @abstractmethod
    def subtree(self, local_id: int) -> Steps[None]:
        """Take in a comment and all below it."""

    @abstractmethod
    def another_order(self) -> Steps[bool]:
        """List again in other orders, as long as something is short. Returns whether that was followed to its end."""

    @abstractmethod
    def omits_withdrawn(self) -> bool:
        """Whether this server is of a version that leaves deleted and removed comments out of its lists."""

    def named(self) -> Steps[frozenset[str] | None]:
        """The ap_ids of all comments by the server's own ActivityPub collection; None where there is none."""
        yield from ()
        return None

    def hides_nsfw(self) -> bool:
        """Whether this server keeps comments of NSFW threads from visitors."""
        return False

    # ------------------------------------------------------------------------------------------------ procedure

    def harvest(self) -> Steps[Harvest]:
        """
        Ask for everything; returns what came and what did not.

        Raises ThreadGoneError or AccessDeniedError where the server shows nothing, PayloadError where what it says
        makes no sense.
        """
        answer = yield from self._opening()
        complete = self.ended = yield from self.listing(answer)
        if self.post is None and not self.tally:
            raise refuse(answer, "the thread") if answer.status != OK else _gone(answer)
        listed = len(self.tally)
        if not self.ended:
            yield from self._shortages()
        yield from self._ancestors()
        yield from self._expected()
        named = yield from self._named_if_told()
        unnamed_here = yield from self._singles(named)
        yield from self._shortages()
        yield from self._asked_for()
        if listed and self._is_in_another_order(named):
            self.ended = bool((yield from self._as_far_as_given(self.another_order())))
            yield from self._ancestors()
            yield from self._shortages()
        if len({sighting.ap_id for sighting in self.tally.sightings.values()}) < len(self.tally):
            raise self._senseless("two of its comments have the same ap_id")
        asked = self.tally.sightings.get(self.place.comment_id or 0)
        return Harvest(
            post_id=self.post_id,
            post_ap_id=self.post.ap_id if self.post else "",
            community_ap_id=self.post.community.ap_id if self.post else "",
            advertised=self._advertised,
            received=len(self.tally),
            tombstones=self.tally.tombstones,
            complete=complete or self.ended or not self.may_lack(),
            missing=tuple(self._missing(named, unnamed_here, listed)),
            asked_for=asked.ap_id if asked else None,
            purged=self._purged(named),
        )

    def remaining(self) -> Steps[None]:
        """Of a thread that is not given any more, the comments that an earlier visit got: a server may give those."""
        yield from self._expected()

    def taken_back(self, why: TakenBack, *, post_id: int, names: tuple[str, str]) -> Harvest:
        """What is left of it; `names` are the ap_ids of its post and its community, as somebody else told them."""
        return Harvest(
            post_id=post_id,
            post_ap_id=names[0],
            community_ap_id=names[1],
            advertised=None,
            received=len(self.tally),
            tombstones=self.tally.tombstones,
            complete=True,
            taken_back=why,
        )

    def _purged(self, named: frozenset[str] | None) -> tuple[int, ...]:
        """
        What an earlier visit got and the server, asked for it alone, no longer has, though its collection may name it.

        In a community that visitors are not shown, "not found" says nothing of what is there.
        """
        community = self.post.community if self.post else None
        if community is None or community.deleted or community.removed or community.visibility not in SEEN_BY_ALL:
            return ()
        still_named = {self._made_here(ap_id) for ap_id in named or ()}
        return tuple(sorted(self.absent & set(self.place.expected) - self.tally.sightings.keys() - still_named))

    @property
    def _advertised(self) -> int | None:
        return self.post.comments if self.post else None

    @property
    def progress(self) -> tuple[int, int]:
        """How many comments came so far, and how many the server's counter makes one expect."""
        return len(self.tally), self._advertised or 0

    def _opening(self) -> Steps[Exchange]:
        if self.place.post_id is not None:
            request = self.place.request(self.reader.post_path, id=self.place.post_id)
        else:
            request = self.place.request(self.reader.post_path, comment_id=self.place.comment_id or 0)
        answer = yield request
        if contradicts(answer):
            raise Contradiction(answer.url)
        if answer.status == OK:
            self.post = self.reader.read(answer, site=self.place.site).post
            if self.post is None or self.post_id not in (0, self.post.local_id):
                raise self._senseless(f"the answer to {answer.url} is another post")
            self.post_id = self.post.local_id
        elif not is_absent(answer):
            raise refuse(answer, "the thread")
        elif self.place.post_id is None:
            # The post is withdrawn, perhaps: the comment itself may still say which one it was.
            yield from self.single(self.place.comment_id or 0)
            if not self.post_id:
                raise refuse(answer, "the thread")
        return answer

    def take(self, answer: Exchange) -> tuple[int, int]:
        """Take in one list; returns (rows, rows that were new). Raises where the list cannot be this thread's."""
        if answer.status != OK:
            raise refuse(answer, "the comments")
        sightings = self.reader.glimpse(answer)
        self.last_page = frozenset(sighting.local_id for sighting in sightings)
        return len(sightings), self._admit(sightings, answer.url)

    @property
    def _most(self) -> int:
        """How many comments are believed."""
        return 2 * min(self._advertised or 0, MOST_COUNTED) + SLACK_ROWS

    def _admit(self, sightings: Iterable[Sighting], url: str) -> int:
        admitted = list(sightings)
        for sighting in admitted:
            if self.post_id and sighting.post_id != self.post_id:
                raise self._senseless(f"comment {sighting.local_id} belongs to another post")
        new = self.tally.add(admitted, url)
        if len(self.tally) > self._most:
            raise self._senseless(f"its comments do not end (over {self._most:,})")
        return new

    def single(self, local_id: int) -> Steps[bool]:
        """Fetch one comment by its local id; returns whether it came."""
        answer = yield from self._alone(local_id)
        if answer is None:
            return False
        sightings = self.reader.glimpse(answer)
        self.post_id = self.post_id or sightings[0].post_id
        return bool(self._admit(sightings, answer.url))

    def _alone(self, local_id: int) -> Steps[Exchange | None]:
        """The answer that has one comment; None where the server does not give it."""
        try:
            answer = yield self.place.request(self.reader.comment_path, id=local_id)
        except ServerFailedError:
            self.refused.add(local_id)
            return None
        if answer.status == OK:
            return answer
        (self.absent if is_absent(answer) else self.refused).add(local_id)
        return None

    def _asked_for(self) -> Steps[None]:
        """The comment that the URL names: one of another thread is the URL's mistake, and as good as not there."""
        local_id = self.place.comment_id
        if local_id is None or local_id in self.tally.sightings:
            return
        answer = yield from self._alone(local_id)
        if answer is not None:
            own = [sighting for sighting in self.reader.glimpse(answer) if sighting.post_id == self.post_id]
            self._admit(own, answer.url)

    def _ancestors(self) -> Steps[None]:
        """Lemmy names an ancestor in a path although it no longer lists it (0.18 omits withdrawn ones; purged ones)."""
        named = 0
        while absent := self.tally.absent_ancestors():
            for local_id in absent:
                if len(self.tally.gaps) >= FRUITLESS_ANCESTORS:
                    self.refused.add(local_id)
                    self.tally.gaps.add(local_id)
                elif not (yield from self.single(local_id)):
                    self.tally.gaps.add(local_id)
                elif (named := named + len(self.tally.sightings[local_id].path)) > self._most:
                    raise self._senseless(f"its comments name others without end (over {self._most:,})")

    def _expected(self) -> Steps[None]:
        """
        Ask singly for what an earlier visit got and the lists lack: 0.18 no longer lists what was withdrawn since.

        There each is asked for, once: among many that were purged one may only be withdrawn. And the thread's home is
        asked for many, as its word is what tells that they were purged.
        """
        fruitless, patience = 0, FRUITLESS_ANCESTORS if self._is_home() else FRUITLESS
        for local_id in self.place.expected:
            if local_id in self.tally.sightings or local_id in self.absent:
                continue
            if fruitless < patience or self.omits_withdrawn():
                fruitless = 0 if (yield from self.single(local_id)) else fruitless + 1

    def _is_home(self) -> bool:
        """Whether this is the instance of the thread's community."""
        return self.post is not None and host_in(self.post.community.ap_id) == self.place.instance

    def _named_if_told(self) -> Steps[frozenset[str] | None]:
        """The independent list is a proof and no part of the thread: whoever fails to give it has still given that."""
        try:
            return (yield from self.named())
        except RateLimitedError:
            raise
        except FetchError:
            return None

    def _as_far_as_given(self, steps: Steps[T]) -> Steps[T | None]:
        """Asking again for what is short: a server that fails at that has still given what it gave before."""
        try:
            return (yield from steps)
        except REFUSALS as error:
            self.broken_off = self.broken_off or not isinstance(error, ThreadGoneError)
            return None

    def _singles(self, named: frozenset[str] | None) -> Steps[list[str]]:
        """Fetch one by one what the collection names and the lists lack; returns what is still lacking."""
        if named is None:
            return []
        have = {sighting.ap_id for sighting in self.tally.sightings.values()}
        lacking, fruitless = [], 0
        for ap_id in sorted(named - have):
            try:
                found = fruitless < FRUITLESS and (yield from self.by_ap_id(ap_id))
            except ServerFailedError:
                found = False
            fruitless = 0 if found else fruitless + 1
            if not found:
                lacking.append(ap_id)
        return lacking

    def by_ap_id(self, ap_id: str) -> Steps[bool]:
        """Fetch one comment by its ap_id, which holds the local id if it was made here; returns whether it came."""
        local_id = self._made_here(ap_id)
        return local_id is not None and (yield from self.single(local_id))

    def _shortages(self) -> Steps[None]:
        fruitless = 0
        while todo := [local_id for local_id in self.tally.shortages() if local_id not in self._tried]:
            for local_id in todo:
                if fruitless >= FRUITLESS:
                    return
                self._tried.add(local_id)
                if local_id not in self.tally.shortages():
                    continue
                before = len(self.tally)
                yield from self._as_far_as_given(self.subtree(self.tally.widest(local_id, TREE_ROWS)))
                fruitless = 0 if len(self.tally) > before else fruitless + 1
            yield from self._ancestors()

    # ------------------------------------------------------------------------------------------------ verdict

    def still_short(self) -> bool:
        """Whether the server counts more than came."""
        return bool(self.tally.shortages()) or self.tally.deficit(self._advertised) > 0

    def may_lack(self) -> bool:
        """Whether it counts more than came, or tells no number and did not give its list to the end."""
        return self.still_short() or (self._advertised is None and not self.ended)

    def _is_in_another_order(self, named: frozenset[str] | None) -> bool:
        """
        Whether what is short may come in another order.

        What its version leaves out is in none; what the collection does not name either is only counted.
        """
        if self.omits_withdrawn() and self.ended:
            return (self._advertised or 0) > self.tally.live
        return bool(self.tally.shortages()) or (self.may_lack() and not self._proven(named))

    def _proven(self, named: frozenset[str] | None) -> bool:
        return named is not None and len(named) <= len(self.tally)

    def _missing(self, named: frozenset[str] | None, lacking: list[str], listed: int) -> Iterable[Missing]:
        short = sum(self.tally.shortages().values())
        deficit = self.tally.deficit(self._advertised)
        gaps = self._gaps(named, deficit)
        for reason in sorted(set(gaps.values())):
            gone = [local_id for local_id, why in gaps.items() if why is reason]
            items = tuple(MissingItem(instance=self.place.instance, local_id=local_id) for local_id in gone)
            yield Missing(reason=reason, count=len(items), items=items)
        lacking = [ap_id for ap_id in lacking if self._made_here(ap_id) not in gaps]
        above = self.tally.above_gaps()
        for gap in (gap for gap, why in gaps.items() if why is not MissingReason.PURGED):
            if above[gap] == ROOT:
                deficit = max(0, deficit - 1)
            else:
                short = max(0, short - 1)
        hidden = self._hidden_reason(listed)
        if hidden:
            count = max(len(lacking), short + deficit)
            items = tuple(MissingItem(instance=self.place.instance, ap_id=ap_id) for ap_id in lacking)
            if count:
                yield Missing(reason=hidden, count=count, items=items)
            return
        if lacking:
            items = tuple(MissingItem(instance=self.place.instance, ap_id=ap_id) for ap_id in lacking)
            yield Missing(reason=MissingReason.UNEXPLAINED, count=len(lacking), items=items)
            short = max(0, short - len(lacking))
            deficit = max(0, deficit - len(lacking))
        if self._proven(named):
            short, deficit = 0, short + deficit
        counts = Counter({self._why_short(): short})
        counts[self._why_only_counted(named)] += deficit
        if self.capped and not self.broken_off:
            counts = Counter({MissingReason.PAGE_LIMIT: short + deficit})
        for reason, count in counts.items():
            if count:
                yield Missing(reason=reason, count=count)

    def _gaps(self, named: frozenset[str] | None, deficit: int) -> dict[int, MissingReason]:
        """Why each gap is one: what is purged is no longer counted by the comment above it, nor by the post."""
        above_gaps = self.tally.above_gaps()
        if not above_gaps:
            return {}
        counted = {} if self.capped or self._proven(named) else {ROOT: deficit, **self.tally.shortages()}
        still_there = self.refused | {self._made_here(ap_id) for ap_id in named or ()}
        reasons: dict[int, MissingReason] = {}
        for gap, above in above_gaps.items():
            reasons[gap] = MissingReason.UNEXPLAINED if gap in still_there else MissingReason.PURGED
            if counted.get(above, 0) > 0:
                counted[above] -= 1
                reasons[gap] = self._why_short()
        return reasons

    def unnamed_shortages(self, gaps: Mapping[int, MissingReason]) -> dict[int, int]:
        """What is short below comments, as the tally has it, but for those of `gaps` that are still counted there."""
        above = self.tally.above_gaps()
        named = Counter(above[gap] for gap, why in gaps.items() if why is not MissingReason.PURGED)
        return dict(Counter(self.tally.shortages()) - named)

    def _why_short(self) -> MissingReason:
        if self.omits_withdrawn() and self.ended:
            return MissingReason.OMITTED_BY_VERSION
        return MissingReason.UNEXPLAINED

    def _why_only_counted(self, named: frozenset[str] | None) -> MissingReason:
        """A counter is called wrong only by whoever has seen all there is."""
        if self.ended or self._proven(named):
            return MissingReason.SERVER_COUNT_DRIFT
        return MissingReason.UNEXPLAINED

    def _made_here(self, ap_id: str) -> int | None:
        """The local id in the ap_id of a comment that was made on this server; None for any other."""
        made_at = local_id_in(ap_id, "comment")
        return made_at[1] if made_at is not None and made_at[0] == self.place.instance else None

    def _hidden_reason(self, listed: int) -> MissingReason | None:
        """Why a server that shows the post lists none of its comments to visitors."""
        if self.post is None or listed:
            return None
        if self.post.community.visibility != "public":
            return MissingReason.HIDDEN_COMMUNITY
        if self.hides_nsfw() and (self.post.nsfw or self.post.community.nsfw):
            return MissingReason.HIDDEN_NSFW
        return None

    def _senseless(self, what: str) -> PayloadError:
        return PayloadError(
            f"{self.place.instance} makes no sense: {what}.", next=REPORT, source=self.reader.name, path="$"
        )


def _gone(answer: Exchange) -> ThreadGoneError:
    return ThreadGoneError(
        f"{answer.url} gave neither a post nor comments.",
        next="Check the address; another server may still hold a copy of the thread.",
        url=answer.url,
    )
