"""
What one server gave of a thread so far, and how it is asked for more: a page of a list, or a comment alone.

What it refuses, fails at or garbles is noted, so that the procedure (`_harvest`) can ask in another way.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import (
    AccessDeniedError,
    BotWallError,
    FetchError,
    InstanceUnreachableError,
    PayloadError,
    RateLimitedError,
    ServerFailedError,
    ThreadArchiveError,
    ThreadGoneError,
    TooLargeError,
)
from thread_archive.model import Post, Sighting
from thread_archive.payloads import REPORT
from thread_archive.sources._reading import Glimpsed, Reader
from thread_archive.sources._steps import OK, Place, Steps, is_absent, refuse
from thread_archive.sources._tally import Tally
from thread_archive.urls import local_id_in

# A page that even a slow server gives.
FEW_ROWS = 10
# How many rows beyond the server's own count are believed before its listing is called endless, and how large a count.
SLACK_ROWS = 20_000
MOST_COUNTED = 200_000
# By these a server refuses or fails; after the others it is not reached at all, and the same visit may go on later.
REFUSALS = (AccessDeniedError, ServerFailedError, ThreadGoneError, TooLargeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A page of a list that was given: its comments, how many rows it has, and how many comments of them are new."""

    answer: Exchange
    sightings: Sequence[Sighting]
    rows: int
    new: int


class Gathering(ABC):
    """What the server at `place` gave; a dialect's `reader` reads it."""

    reader: Reader

    def __init__(self, place: Place, *, came: Mapping[str, int]) -> None:
        """`came` tells how many answers with 200 to a URL the visit got, this one included."""
        self.place = place
        self._came = came
        self.tally = Tally()
        self.post: Post | None = None
        self.post_id = place.post_id or 0
        # How many rows each list of the whole thread had that was followed to its end, by its order.
        self.lists: dict[str, int] = {}
        # Why a list was not gone on with.
        self.troubles: list[ThreadArchiveError] = []
        # The first time that it failed at a list, or could not be reached for it, and may do better the next time.
        self._passing: FetchError | None = None
        # Whether the cap that its version sets on pages ended a list, and whether it refused or failed otherwise.
        self.capped = False
        self.broken_off = False
        # Comments that were asked for each alone, and those of which the server did not say that it has none.
        self._asked_alone: set[int] = set()
        # Whether it had a wall against programs there: more such requests would only make it higher.
        self._walled = False
        self._refused: set[int] = set()
        # Those of which it said so.
        self._absent: set[int] = set()
        # Comments that it has in another thread, and those that wait for federation, by local id.
        self._elsewhere: set[int] = set()
        self._pending: dict[int, str] = {}
        self._unreadable: set[tuple[str, int]] = set()
        # The URLs of answers of which nothing could be read.
        self._unread: set[str] = set()
        # Comments whose subtrees were asked for, as something was short there.
        self._tried: set[int] = set()

    @abstractmethod
    def omits_withdrawn(self) -> bool:
        """Whether this server is of a version that leaves deleted and removed comments out of its lists."""

    @property
    def _advertised(self) -> int | None:
        return self.post.comments if self.post else None

    @property
    def progress(self) -> tuple[int, int]:
        """How many comments came so far, and how many the server's counter makes one expect."""
        return len(self.tally), self._advertised or 0

    def ask_list(self, request: Request, *, page: int = 1) -> Steps[Given | None]:
        """
        Ask for a page of a list and take it in; None where it is not given, and why is in `troubles`.

        Raises where the server cannot be reached for a second list either, or asks us to wait for long; PayloadError
        where the list cannot be this thread's.
        """
        try:
            answer = yield request
        except RateLimitedError:
            raise
        except FetchError as error:
            if isinstance(error, InstanceUnreachableError) and isinstance(self._passing, InstanceUnreachableError):
                raise
            if isinstance(error, (InstanceUnreachableError, ServerFailedError)):
                self._passing = self._passing or error
            self._not_given(error)
            return None
        if answer.status != OK and self.is_cap(answer, page):
            self.capped = True
            return None
        try:
            if answer.status != OK:
                raise refuse(answer, "the comments")
            glimpsed = self.reader.glimpse(answer)
        except (FetchError, PayloadError) as error:
            self._unread |= {answer.url} if isinstance(error, PayloadError) else set()
            self._not_given(error)
            return None
        return Given(answer=answer, sightings=glimpsed.sightings, rows=glimpsed.rows, new=self._take(answer, glimpsed))

    def _take(self, answer: Exchange, glimpsed: Glimpsed) -> int:
        """Take in a list; returns how many of its comments were new."""
        here = self.post_id or (glimpsed.sightings[0].post_id if glimpsed.sightings else 0)
        own = [sighting for sighting in glimpsed.sightings if sighting.post_id == here]
        self._pending.update((sighting.local_id, sighting.ap_id) for sighting in own if sighting.pending)
        if glimpsed.sightings and not own:
            raise self._senseless(f"comment {glimpsed.sightings[0].local_id} belongs to another post")
        self._unreadable |= {(answer.url, number) for number in range(glimpsed.rows - len(own))}
        return self._admit([sighting for sighting in own if not sighting.pending], answer.url)

    def is_cap(self, answer: Exchange, page: int) -> bool:  # noqa: ARG002
        """Whether `answer`, which refuses a page of a list, does so by the cap that its version has."""
        return False

    def may_give(self, *, rows: int) -> bool:
        """
        Whether a list of `rows` is worth asking for: nothing came yet by another way, and nothing rules it out.

        A server that has no such thread has it in no order. One that did not answer in time is asked only once more,
        and for little.
        """
        if self.tally or self.lists or any(isinstance(trouble, ThreadGoneError) for trouble in self.troubles):
            return False
        return rows <= FEW_ROWS or not isinstance(self._passing, InstanceUnreachableError)

    def _not_given(self, why: ThreadArchiveError) -> None:
        self.troubles.append(why)
        self.broken_off = self.broken_off or not isinstance(why, ThreadGoneError)

    @property
    def _most(self) -> int:
        """How many comments are believed."""
        return 2 * min(self._advertised or 0, MOST_COUNTED) + SLACK_ROWS

    def _admit(self, sightings: Iterable[Sighting], url: str) -> int:
        new = self.tally.add(sightings, (url, self._came.get(url, 0)))
        if len(self.tally) > self._most:
            raise self._senseless(f"its comments do not end (over {self._most:,})")
        return new

    def single(self, local_id: int) -> Steps[bool]:
        """Fetch one comment by its local id; returns whether it came."""
        answer = yield from self._alone(local_id)
        if answer is None:
            return False
        (sighting,) = self.reader.glimpse(answer).sightings
        self.post_id = self.post_id or sighting.post_id
        if sighting.post_id != self.post_id or sighting.local_id != local_id:
            self._elsewhere.add(local_id)
            return False
        if sighting.pending:
            self._pending[local_id] = sighting.ap_id
            return False
        return bool(self._admit([sighting], answer.url))

    def _alone(self, local_id: int) -> Steps[Exchange | None]:
        """The answer that has one comment; None where the server does not give it, or was asked for it in vain."""
        if local_id in self._asked_alone:
            return None
        self._asked_alone.add(local_id)
        if self._walled:
            self._refused.add(local_id)
            return None
        try:
            answer = yield self.place.request(self.reader.comment_path, id=local_id)
        except REFUSALS as error:
            self._walled = isinstance(error, BotWallError)
            self._refused.add(local_id)
            return None
        try:
            if answer.status == OK and self.reader.glimpse(answer).sightings:
                return answer
        except PayloadError:
            self._unread.add(answer.url)
        (self._absent if is_absent(answer) else self._refused).add(local_id)
        return None

    @property
    def lost(self) -> int:
        """How many more rows a list had, by its pages, than came: some rows were given twice, and others not at all."""
        came = self.tally.live if self.omits_withdrawn() else len(self.tally)
        return max(0, max(self.lists.values(), default=0) - came)

    def still_short(self) -> bool:
        """Whether the server counts more than came, or a list had more rows."""
        return bool(self.tally.shortages()) or self.tally.deficit(self._advertised) > 0 or self.lost > 0

    def may_lack(self) -> bool:
        """Whether it counts more than came, or tells no number and gave no list to its end."""
        return self.still_short() or (self._advertised is None and not self.lists)

    def _made_here(self, ap_id: str) -> int | None:
        """The local id in the ap_id of a comment that was made on this server; None for any other."""
        made_at = local_id_in(ap_id, "comment")
        return made_at[1] if made_at is not None and made_at[0] == self.place.instance else None

    def _senseless(self, what: str) -> PayloadError:
        return PayloadError(
            f"{self.place.instance} makes no sense: {what}.", next=REPORT, source=self.reader.name, path="$"
        )
