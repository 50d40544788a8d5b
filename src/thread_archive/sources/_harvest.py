"""
Getting a whole thread from one server and holding what came against what the server says there is.

The order is the same for every dialect: the post, the listing, single ancestors that paths name, what the server's own
ActivityPub collection names, subtrees that are short (first of all where the listing has no end, since they bring
ancestors too), and lists in other orders where some are short even so. How each is asked for is the dialect's.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from thread_archive.captures import Exchange
from thread_archive.exceptions import FetchError, PayloadError, RateLimitedError, ThreadGoneError
from thread_archive.model import Harvest, MissingReason, TakenBack
from thread_archive.sources._gathering import REFUSALS, Gathering
from thread_archive.sources._proof import Asked, unnamed_shortages, verdict
from thread_archive.sources._steps import OK, Contradiction, Steps, contradicts, is_absent, is_page, refuse
from thread_archive.urls import host_in

T = TypeVar("T")

# A tree is given whole up to so many rows, by both dialects.
TREE_ROWS = 300
# When so many requests for single things in a row gave nothing, the rest is taken to be the same.
FRUITLESS = 5
# Ancestors asked for one by one in vain before the rest is not asked for any more.
FRUITLESS_ANCESTORS = 100
# Communities of which visitors see all that is in them.
SEEN_BY_ALL = frozenset({"public", "unlisted"})


class Harvester(Gathering):
    """One server's part of one visit; `harvest` is run once."""

    @abstractmethod
    def listing(self, answer: Exchange) -> Steps[None]:
        """
        Take in the thread's comments; `answer` is that of the post.

        What one way of asking does not give is asked for in another one: in another order, in smaller pages.
        """

    @abstractmethod
    def subtree(self, local_id: int) -> Steps[None]:
        """Take in a comment and all below it."""

    @abstractmethod
    def other_orders(self) -> Steps[None]:
        """List again in other orders, each to its end, as long as something is short."""

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
        yield from self.listing(answer)
        if self.troubles and not (self.tally or self.lists):
            raise self.troubles[0]
        if self.post is None and not self.tally:
            raise refuse(answer, "the thread") if answer.status != OK else _gone(answer)
        listed = len(self.tally)
        if not self.lists:
            yield from self._shortages()
        yield from self._ancestors()
        yield from self._expected()
        named = yield from self._named_if_told()
        unnamed_here = yield from self._singles(named)
        yield from self._shortages()
        yield from self._asked_for()
        if self._is_in_another_order(named, listed):
            yield from self._as_far_as_given(self.other_orders())
            yield from self._ancestors()
            yield from self._shortages()
        self._raise_passing_trouble()
        asked = self.tally.sightings.get(self.place.comment_id or 0)
        found = verdict(
            Asked(
                instance=self.place.instance,
                tally=self.tally,
                advertised=self._advertised,
                lists=self.lists,
                lost=self.lost,
                named=named,
                lacking=unnamed_here,
                still_there=self._still_there(named),
                elsewhere=frozenset(self._elsewhere),
                pending=self._pending,
                hidden=self._hidden_reason(listed),
                omits_withdrawn=self.omits_withdrawn(),
                capped=self.capped,
                broken_off=self.broken_off,
            )
        )
        return Harvest(
            post_id=self.post_id,
            post_ap_id=self.post.ap_id if self.post else "",
            community_ap_id=self.post.community.ap_id if self.post else "",
            advertised=self._advertised,
            received=len(self.tally),
            tombstones=self.tally.tombstones,
            complete=bool(self.lists) or not self.may_lack(),
            missing=found.missing,
            asked_for=asked.ap_id if asked else None,
            drift=found.drift,
            misplaced=sum(sighting.misplaced for sighting in self.tally.sightings.values()),
            incomplete=sum(sighting.incomplete for sighting in self.tally.sightings.values()),
            unreadable=len(self._unreadable) + len(self.tally.doubles),
            unread=frozenset(self._unread),
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
        return tuple(sorted(self._absent & set(self.place.expected) - self.tally.sightings.keys() - still_named))

    def _opening(self) -> Steps[Exchange]:
        if self.place.post_id is not None:
            request = self.place.request(self.reader.post_path, id=self.place.post_id)
        else:
            request = self.place.request(self.reader.post_path, comment_id=self.place.comment_id or 0)
        answer = yield request
        if contradicts(answer):
            raise Contradiction(answer.url, page=is_page(answer))
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

    def _raise_passing_trouble(self) -> None:
        """What the server may give the next time is no reason to be content with less: the visit goes on then."""
        if self._passing is not None and not self.lists and self.may_lack():
            raise self._passing

    def _asked_for(self) -> Steps[None]:
        """The comment that the URL names: one of another thread is the URL's mistake, and as good as not there."""
        local_id = self.place.comment_id
        if local_id is None or local_id in self.tally.sightings:
            return
        if local_id not in self._elsewhere and local_id not in self._pending:
            yield from self.single(local_id)

    def _ancestors(self) -> Steps[None]:
        """Lemmy names an ancestor in a path although it no longer lists it (0.18 omits withdrawn ones; purged ones)."""
        named = 0
        while absent := self.tally.absent_ancestors():
            for local_id in absent:
                if len(self.tally.gaps) >= FRUITLESS_ANCESTORS:
                    self._refused.add(local_id)
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
            if local_id in self.tally.sightings or local_id in self._absent:
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
            except (*REFUSALS, PayloadError):
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
        while todo := self._untried_shortages():
            for local_id in todo:
                if fruitless >= FRUITLESS:
                    return
                if local_id not in self.tally.shortages():
                    self._tried.add(local_id)
                    continue
                before = len(self.tally)
                yield from self._short_subtree(local_id)
                fruitless = 0 if len(self.tally) > before else fruitless + 1
            yield from self._ancestors()

    def _untried_shortages(self) -> dict[int, int]:
        """Comments below which some are missing, and how many, whose subtrees were not asked for."""
        return {local_id: count for local_id, count in self.tally.shortages().items() if local_id not in self._tried}

    def _short_subtree(self, local_id: int) -> Steps[None]:
        """Ask for what is below a comment, and below the one above it too as far as that costs no more."""
        self._tried.add(local_id)
        yield from self._as_far_as_given(self.subtree(self.tally.widest(local_id, TREE_ROWS)))

    # ------------------------------------------------------------------------------------------------ verdict

    def _is_in_another_order(self, named: frozenset[str] | None, listed: int) -> bool:
        """
        Whether what is short may come in another order.

        What its version leaves out, or hides from visitors, is in none; what the collection does not name either is
        only counted.
        """
        if self._hidden_reason(listed) is not None:
            return False
        if self.omits_withdrawn() and self.lists:
            return (self._advertised or 0) > self.tally.live or self.lost > 0
        is_named = named is not None and len(named) <= len(self.tally)
        return bool(self.tally.shortages() or self.lost) or (self.may_lack() and not is_named)

    def _still_there(self, named: frozenset[str] | None) -> frozenset[int]:
        """Local ids of which the server did not say that it has no such comment."""
        return frozenset(
            self._refused | self.tally.doubles | {made for ap_id in named or () if (made := self._made_here(ap_id))}
        )

    def unnamed_shortages(self, gaps: Mapping[int, MissingReason]) -> dict[int, int]:
        """What is short below comments and named by none of `gaps`."""
        return unnamed_shortages(self.tally, gaps)

    def _hidden_reason(self, listed: int) -> MissingReason | None:
        """Why a server that shows the post lists none of its comments to visitors."""
        if self.post is None or listed:
            return None
        if self.post.community.visibility != "public":
            return MissingReason.HIDDEN_COMMUNITY
        if self.hides_nsfw() and (self.post.nsfw or self.post.community.nsfw):
            return MissingReason.HIDDEN_NSFW
        return None


def _gone(answer: Exchange) -> ThreadGoneError:
    return ThreadGoneError(
        f"{answer.url} gave neither a post nor comments.",
        next="Check the address; another server may still hold a copy of the thread.",
        url=answer.url,
    )
