"""From a capture's answers to the thread's rows: the same for a visit that has just ended and for one of years ago."""

import gc
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from thread_archive.archiving.asking import home_of
from thread_archive.archiving.preparing import Preparation, Understanding
from thread_archive.archiving.visiting import Found
from thread_archive.captures import Exchange
from thread_archive.exceptions import PayloadError
from thread_archive.model import MissingReason, Page, Post, Sighting, Site, TakenBack
from thread_archive.payloads import REPORT
from thread_archive.sources import OK, reader
from thread_archive.store import evidence, places, reading
from thread_archive.store.archive import Archive
from thread_archive.store.attestations import home_was_whole_at, spoken_for, tombstones
from thread_archive.store.captures import PlannedSource
from thread_archive.store.clocks import clock_of
from thread_archive.store.evidence import StoredExchange
from thread_archive.store.ownership import Claim, Word, detach, detach_claims, disown, elsewhere
from thread_archive.store.posts import recorded_post
from thread_archive.store.states import States, community_of
from thread_archive.store.times import FAST_CLOCK
from thread_archive.store.visits import Changes, Reading, Replay, Visit
from thread_archive.store.writing import ThreadWriter
from thread_archive.trees import Key, Seen, State, arrange
from thread_archive.urls import host_in

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
        # Whether the archive had the thread as one of another home.
        self.disowned = False
        self._refused: Mapping[str, Claim] = {}
        self._elsewhere: set[tuple[str, int]] = set()
        self._bereft: dict[int, list[str]] = {}
        self._posts: list[tuple[tuple[bool, bool, datetime, str], Post]] = []
        self._posts_told: list[tuple[str, Post]] = []

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
            self._posts_told.append((stored.instance, post))

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
        self._settle(replay)
        with _collector_paused():
            visit = self.visit(captured_at, replay=replay)
            self._seen.clear()
            writer = ThreadWriter(self._archive, visit, plain_text=self._preparation.plain_text, replay=replay)
            post_id = writer.write(self.readings())
        return post_id, writer.changes

    @property
    def refused(self) -> Mapping[str, Claim]:
        """The comments of this thread, by ap_id, that belong to another one, as far as anybody can tell."""
        return self._refused

    @property
    def bereft(self) -> dict[int, list[str]]:
        """Which comments other threads, by their posts' rows, lost to this one: they are to be written anew."""
        return dict(self._bereft)

    def _settle(self, replay: Replay | None) -> None:
        """
        Settle whose the thread and its comments are, where the archive has any of them as somebody else's.

        Raises PayloadError where the thread is not that of the server that shows it.
        """
        self._settle_post(replay)
        post = self.post
        claims = elsewhere(self._archive, post.ap_id, {seen.sighting.ap_id for seen in self._seen})
        if not claims:
            return
        mine = {ap_id: claim for ap_id, claim in claims.items() if self._outranks(ap_id, claim, replay)}
        detach_claims(self._archive, [claim.row_id for claim in mine.values() if claim.word is Word.CLAIMED])
        detach(self._archive.db.conn, [claim.row_id for claim in mine.values() if claim.word is not Word.CLAIMED])
        for ap_id, claim in sorted(mine.items()):
            self._bereft.setdefault(claim.post_id, []).append(ap_id)
        self._refused = {ap_id: claim for ap_id, claim in claims.items() if ap_id not in mine}
        self._elsewhere = {
            (seen.instance, seen.sighting.local_id) for seen in self._seen if seen.sighting.ap_id in self._refused
        }
        self._seen = [seen for seen in self._seen if seen.sighting.ap_id not in self._refused]

    def _outranks(self, ap_id: str, claim: Claim, replay: Replay | None) -> bool:
        """Whether a comment is one of this thread rather than of another; its own host may put itself right."""
        word = self._word(ap_id)
        return word > claim.word or (replay is None and word is Word.OWN_HOST)

    def _word(self, ap_id: str) -> Word:
        """Whose word it is that a comment is one of this thread."""
        showing = {seen.instance for seen in self._seen if seen.sighting.ap_id == ap_id}
        if host_in(ap_id) in showing or any(ap_id in source.rooted for source in self._plan.values()):
            return Word.OWN_HOST
        return Word.HOME if self._home in showing else Word.SHOWN

    def _settle_post(self, replay: Replay | None) -> None:
        post = self.post
        told, known = home_of(post.community.ap_id), community_of(self._archive, post.ap_id)
        own = self._own_community()
        if own and home_of(own) != told:
            raise _not_its_community(post, own)
        if known is None or home_of(known) == told:
            return
        # No post changes its community; whoever tells another one would be taken for the home of a stranger's thread.
        if not own or replay is not None:
            raise _not_its_community(post, known)
        disown(self._archive, post.ap_id, home=told)
        self.disowned = True

    def _own_community(self) -> str:
        """The post's community as the host of its ap_id tells it; empty where that is silent."""
        host = host_in(self.post.ap_id)
        told = (post.community.ap_id for (*_, instance), post in self._posts if instance == host)
        asked = (source.own_community for source in self._plan.values() if source.own_community)
        return next(told, "") or next(asked, "")

    def visit(self, captured_at: datetime, *, replay: Replay | None = None) -> Visit:
        """What was read, put together with what the archive has of the thread."""
        answering, told_post = self._plan.keys(), self.post
        home = home_of(told_post.community.ap_id)
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
        spoken = self._spoken(post, at_home)
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
                withdrawn=self._tombstones(post),
            ),
            post_stays=self._home is None and _outlasts(of_post, post, answering),
            scored_at_home=frozenset(
                ap_id for ap_id, state in told.items() if self._home is None and state.home_told_at is not None
            ),
            places=[(source.instance, source.post_id) for source in self._plan.values()],
            restricted=frozenset(self._restricted - self._public),
            gaps=self._gaps(),
            asked=frozenset(source.instance for source in self._plan.values() if source.complete),
            home=self._home,
            at_home=at_home,
            purged=self._purged(post) - at_home,
            spoken=spoken,
            attested=self._attested(post, spoken, replay),
            home_whole_at=self._home_whole_at(post, captured_at),
            told=self._posts_told,
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

    def _gaps(self) -> dict[Key, str]:
        """Why places are empty, by what their server calls them."""
        gaps: dict[Key, str] = {
            (source.instance, int(local_id)): reason
            for source in self._plan.values()
            for local_id, reason in source.gaps.items()
        }
        return gaps | dict.fromkeys(self._elsewhere, MissingReason.OTHER_THREAD.value)

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

    def _tombstones(self, post: Post) -> frozenset[str]:
        """The comments that their own hosts withdrew, now or before: no other server's copy brings them back."""
        told = {ap_id for source in self._plan.values() for ap_id in source.tombstones}
        return tombstones(self._archive, post.ap_id, before=self._capture_id) | told

    def _spoken(self, post: Post, at_home: frozenset[str]) -> frozenset[str]:
        """The ap_ids of what somebody tells who may: the thread's home, or their own hosts."""
        own = {
            seen.sighting.ap_id
            for seen in self._seen
            if seen.instance != self._home and seen.instance == host_in(seen.sighting.ap_id)
        }
        if host_in(post.ap_id) in self._told or self._is_taken_back(TakenBack.WITHDRAWN):
            own.add(post.ap_id)
        asked = (ap_id for source in self._plan.values() for ap_id in (*source.confirmed, *source.tombstones))
        return at_home.union(own, asked)

    def _attested(self, post: Post, spoken: frozenset[str], replay: Replay | None) -> dict[str, frozenset[str]]:
        """Which servers show what neither its home nor its own host ever told of."""
        others = [seen for seen in self._seen if seen.instance != self._home and seen.sighting.ap_id not in spoken]
        if not others and post.ap_id in spoken:
            return {}
        settled = spoken | spoken_for(self._archive, post.ap_id, replay)
        attested: dict[str, set[str]] = {}
        for seen in others:
            if seen.sighting.ap_id not in settled:
                attested.setdefault(seen.sighting.ap_id, set()).add(seen.instance)
        if post.ap_id not in settled and self._told:
            attested[post.ap_id] = set(self._told)
        return {ap_id: frozenset(names) for ap_id, names in attested.items()}

    def _home_whole_at(self, post: Post, captured_at: datetime) -> datetime | None:
        """When the home was asked last and whole; captures are read in the order in which they began."""
        if any(source.whole for source in self._plan.values()):
            return captured_at
        return home_was_whole_at(self._archive, post.ap_id, before=self._capture_id)

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


def _not_its_community(post: Post, community: str) -> PayloadError:
    return PayloadError(
        f"{post.ap_id} is said to be in the community {post.community.ap_id}; it is known to be in {community}.",
        next="Nothing was changed. Add the thread by its address on the community's own server.",
        path="$.community.ap_id",
    )


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
