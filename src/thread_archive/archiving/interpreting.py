"""From a capture's answers to the thread's rows: the same for a visit that has just ended and for one of years ago."""

import gc
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from thread_archive.archiving.asking import home_of
from thread_archive.archiving.preparing import Preparation, Understanding
from thread_archive.archiving.visiting import Found
from thread_archive.captures import Exchange
from thread_archive.exceptions import PayloadError
from thread_archive.model import Page, Post, Sighting, Site, TakenBack
from thread_archive.payloads import REPORT
from thread_archive.sources import OK, reader
from thread_archive.store import evidence, imported, places, reading
from thread_archive.store.archive import Archive
from thread_archive.store.captures import PlannedSource
from thread_archive.store.clocks import clock_of
from thread_archive.store.evidence import StoredExchange
from thread_archive.store.posts import recorded_post
from thread_archive.store.states import States, community_of
from thread_archive.store.times import FAST_CLOCK
from thread_archive.store.visits import Changes, Reading, Replay, Visit
from thread_archive.store.writing import ThreadWriter
from thread_archive.trees import Seen, State, arrange

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


def site_of(archive: Archive, source: PlannedSource) -> Site:
    """What the instance of a capture said of itself."""
    stored = evidence.exchange(archive, source.site_exchange)
    return reader(source.dialect).site(evidence.load(archive, stored)) if stored else Site(version="")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No cycles are made meanwhile, and looking for some among 100,000 live values takes an eighth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Interpretation:
    """
    Reads one capture and writes what it shows: `read`, then `write`, both inside the caller's transaction.

    `founds` are what the visit that has just ended made of the same answers, and `preparation` what was made ready
    meanwhile, so that they are not read twice. Holds one answer at a time and, of each comment, its place in the tree.
    """

    def __init__(
        self,
        archive: Archive,
        capture_id: int,
        *,
        home: str | None,
        plan: Sequence[PlannedSource],
        founds: Sequence[Found] = (),
        preparation: Preparation | None = None,
    ) -> None:
        self._archive = archive
        self._capture_id = capture_id
        self._preparation = preparation or Preparation()
        self._home = home
        self._plan = {source.instance: source for source in plan}
        self._exchanges = [
            stored
            for stored in evidence.exchanges(archive, capture_id)
            if stored.purpose == "thread" and stored.instance in self._plan
        ]
        # What a login added to what visitors see is told only by the answers themselves.
        self._founds = () if any(stored.logged_in for stored in self._exchanges) else founds
        self._sites: dict[str, Site] = {}
        self._moderators: dict[str, frozenset[str]] = {}
        self._seen: list[Seen] = []
        self._public: set[str] = set()
        self._restricted: set[str] = set()
        self._told: set[str] = set()
        self._posts: list[tuple[tuple[bool, bool, datetime, str], Post]] = []

    def read(self) -> None:
        """Take in who answers whom; raises PayloadError where an answer does not fit its dialect."""
        for source in self._plan.values():
            self._sites[source.instance] = site_of(self._archive, source)
        for found in self._founds:
            self._take_found(found)
        for stored in self._exchanges:
            self._take(stored, self._plan[stored.instance])
        self._take_recorded()
        if not self._posts:
            raise PayloadError("No answer of the visit shows the thread's post.", next=REPORT)

    def _take_recorded(self) -> None:
        """Of a thread that nobody gives any more there is the post that the archive has of earlier captures."""
        for source in self._plan.values():
            if self._posts or not source.taken_back:
                continue
            post_id = reading.post_by_local_id(self._archive, source.instance, "post", source.post_id)
            if post_id is not None:
                post, restricted = recorded_post(self._archive, post_id)
                self._note(post.ap_id, logged_in=restricted)
                self._posts.append(((False, False, _EPOCH, source.instance), post))

    def _take_found(self, found: Found) -> None:
        numbers: dict[str, list[int]] = {}
        for stored in self._exchanges:
            if stored.instance == found.instance and stored.status == OK:
                numbers.setdefault(stored.url, []).append(stored.number)
        for local_id, sighting in found.sightings.items():
            url, nth = found.shown_by[local_id]
            number = numbers[url][nth - 1]
            self._seen.append(Seen(found.instance, number, sighting))
            self._note(sighting.ap_id, logged_in=False)

    def _take(self, stored: StoredExchange, source: PlannedSource) -> None:
        read, site = reader(source.dialect), self._sites[stored.instance]
        if self._founds and stored.instance in self._told and not read.is_post_path(stored.url):
            return
        answer = evidence.load(self._archive, stored, verify=not self._founds)
        for sighting in () if self._founds else self._glimpsed(answer, source):
            if sighting.post_id == source.post_id and not sighting.pending:
                self._seen.append(Seen(instance=stored.instance, answer=stored.number, sighting=sighting))
                self._note(sighting.ap_id, logged_in=stored.logged_in)
        page = read.read(answer, site=site) if read.gives_post(answer) else Page()
        post = page.post or (read.embedded_post(answer, site=site) if stored.instance not in self._moderators else None)
        if page.post is not None:
            self._moderators[stored.instance] = read.moderators(answer)
        if post is not None and post.local_id == source.post_id:
            self._note(post.ap_id, logged_in=stored.logged_in)
            self._told.add(stored.instance)
            is_whole = page.post is not None
            rank = (stored.instance == self._home, is_whole, post.edited_at or _EPOCH, stored.instance)
            self._posts.append((rank, post))

    def _glimpsed(self, answer: Exchange, source: PlannedSource) -> Sequence[Sighting]:
        try:
            return reader(source.dialect).glimpse(answer).sightings
        except PayloadError:
            if answer.url in source.unread:
                return ()
            raise

    def _note(self, ap_id: str, *, logged_in: bool) -> None:
        (self._restricted if logged_in else self._public).add(ap_id)

    @property
    def post(self) -> Post:
        """
        The post as its home gives it, else as it was edited last.

        A list that embeds a withdrawn post does not tell whose it is: another server may.
        """
        best = max(self._posts, key=lambda item: item[0])[1]
        if best.creator is None:
            best = replace(best, creator=next((post.creator for _, post in self._posts if post.creator), None))
        return _withdrawn(best) if self._is_taken_back(TakenBack.WITHDRAWN) else best

    def _is_taken_back(self, why: TakenBack) -> bool:
        return any(source.taken_back == why for source in self._plan.values())

    def write(self, captured_at: datetime, *, replay: Replay | None = None) -> tuple[int, Changes]:
        """Write the thread; returns the post's row id and what changed."""
        imported.give_way(self._archive, self.post.ap_id, (seen.sighting.ap_id for seen in self._seen))
        with _collector_paused():
            visit = self.visit(captured_at)
            self._seen.clear()
            writer = ThreadWriter(self._archive, visit, plain_text=self._preparation.plain_text, replay=replay)
            post_id = writer.write(self.readings())
        return post_id, writer.changes

    def visit(self, captured_at: datetime) -> Visit:
        """What was read, put together with what the archive has of the thread."""
        answering, home, told_post = self._plan.keys(), self._checked_home(), self.post
        ahead = self._ahead(told_post, captured_at)
        clock = clock_of(self._archive, told_post.ap_id, captured_at)
        post = clock.sound(told_post)
        if ahead:
            self._seen = [
                seen._replace(sighting=clock.sound(seen.sighting)) if seen.sighting.ap_id in ahead else seen
                for seen in self._seen
            ]
        at_home = self._at_home(post)
        states = States(self._archive, post.ap_id, capture_id=self._capture_id, home=home)
        of_post, of_comments = states.post(), states.comments(answering)
        told = {post.ap_id: of_post, **of_comments} if of_post else of_comments
        return Visit(
            capture_id=self._capture_id,
            captured_at=captured_at,
            post=post,
            tree=arrange(
                self._seen,
                home=self._home,
                known=places.known_places(self._archive, post.ap_id),
                known_names=places.known_names(self._archive, post.ap_id),
                states=of_comments,
            ),
            post_stays=self._home is None and _outlasts(of_post, post, answering),
            scored_at_home=frozenset(
                ap_id for ap_id, state in told.items() if self._home is None and state.home_told_at is not None
            ),
            places=[(source.instance, source.post_id) for source in self._plan.values()],
            restricted=frozenset(self._restricted - self._public),
            gaps={
                (source.instance, int(local_id)): reason
                for source in self._plan.values()
                for local_id, reason in source.gaps.items()
            },
            asked=frozenset(source.instance for source in self._plan.values() if source.complete),
            home=self._home,
            at_home=at_home,
            purged=self._purged(post) - at_home,
            ahead=ahead,
            post_clamped=post is not told_post,
        )

    def _ahead(self, post: Post, captured_at: datetime) -> frozenset[str]:
        """The ap_ids of what is said to be of a time that was still to come."""
        latest = captured_at + FAST_CLOCK
        told: tuple[Post | Sighting, ...] = (post, *(seen.sighting for seen in self._seen))
        return frozenset(
            item.ap_id
            for item in told
            if item.published_at > latest or (item.edited_at is not None and item.edited_at > latest)
        )

    def _at_home(self, post: Post) -> frozenset[str]:
        """The ap_ids of what the home gave."""
        given = {seen.sighting.ap_id for seen in self._seen if seen.instance == self._home}
        return frozenset(given | ({post.ap_id} if self._home in self._told else set()))

    def _purged(self, post: Post) -> frozenset[str]:
        """The ap_ids of what the home has no longer."""
        source = self._plan.get(self._home or "")
        if source is None:
            return frozenset()
        names = places.known_names(self._archive, post.ap_id) if source.purged else {}
        purged = {names.get((source.instance, local_id), "") for local_id in source.purged} - {""}
        return frozenset(purged | ({post.ap_id} if source.taken_back == TakenBack.PURGED else set()))

    def _checked_home(self) -> str:
        """
        The home by the post's community. Raises PayloadError where the archive has the post in one of another server.

        No post changes its community; whoever tells another one would be taken for the home of somebody else's thread.
        """
        post = self.post
        told, known = home_of(post.community.ap_id), community_of(self._archive, post.ap_id)
        if known is not None and home_of(known) != told:
            raise PayloadError(
                f"{post.ap_id} is said to be in the community {post.community.ap_id}; the archive has it in {known}.",
                next="Nothing was changed. Add the thread by its address on the community's own server.",
                path="$.community.ap_id",
            )
        return told

    def readings(self) -> Iterator[Reading]:
        """The answers decoded, one at a time; those of the home first."""
        for stored in sorted(
            self._exchanges, key=lambda item: (item.instance != self._home, item.instance, item.number)
        ):
            yield Reading(number=stored.number, instance=stored.instance, page=self._page(stored))

    def _page(self, stored: StoredExchange) -> Page:
        understanding = Understanding(
            dialect=self._plan[stored.instance].dialect,
            site=self._sites[stored.instance],
            moderators=self._moderators.get(stored.instance),
        )
        ready = self._preparation.page(stored.url, stored.digest, understanding)
        if ready is not None:
            return ready
        answer = evidence.load(self._archive, stored, verify=not self._founds)
        read = reader(understanding.dialect)
        try:
            return read.read(answer, site=understanding.site, moderators=understanding.moderators)
        except PayloadError:
            if stored.url in self._plan[stored.instance].unread:
                return Page()
            raise


def _withdrawn(post: Post) -> Post:
    """The post as a Tombstone leaves it, which does not tell whose will it was: ActivityPub calls it deleted."""
    return replace(
        post,
        title="",
        url="",
        body="",
        alt_text="",
        embed_title="",
        embed_description="",
        thumbnail_url="",
        cross_posts=(),
        deleted=post.deleted or not post.removed,
    )


def _outlasts(state: State | None, post: Post, told_now: Set[str]) -> bool:
    return state is not None and state.outlasts(
        told_now, edited_at=post.edited_at, deleted=post.deleted, removed=post.removed
    )
