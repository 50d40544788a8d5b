"""
One visit to a thread as a procedure: which servers are asked, with which dialect, for what.

Like the sources it is a generator that yields requests and is sent answers; an answer that did not come is thrown into
it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from thread_archive.archiving.acquaintances import Acquaintances
from thread_archive.archiving.advice import unlike
from thread_archive.archiving.asking import DISCOVERY, THREAD, Asking, home_of, tagged
from thread_archive.archiving.identity import own_address
from thread_archive.archiving.tracing import Vanished, explained, trace
from thread_archive.exceptions import (
    AccessDeniedError,
    ClosedDoorError,
    FetchError,
    InputError,
    PayloadError,
    ThreadArchiveError,
    ThreadGoneError,
)
from thread_archive.logins import VARIABLE
from thread_archive.model import Harvest, Sighting, TakenBack
from thread_archive.payloads import REPORT
from thread_archive.sources import (
    Contradiction,
    Discovery,
    Harvester,
    Place,
    discover,
    harvester,
    locate,
)
from thread_archive.store.threads import RecordedThread
from thread_archive.urls import ThreadURL, local_id_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    How to add threads.

    `home` asks the thread's home too, `login` asks again with the kept login where something is not shown to visitors,
    `allow_private_network` permits plain http, `at_once` is how many threads are fetched at a time. `article` fetches
    the page that a post links to, `ignore_robots` even where its site asks programs to stay away.
    """

    home: bool = True
    login: bool = False
    allow_private_network: bool = False
    at_once: int = 8
    article: bool = True
    ignore_robots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What came of asking one server: a harvest, or an error; both where a login would have given more and there was none.

    `sightings` are the harvest's comments by local id, `shown_by` the answers that gave them (a URL, and which of the
    visit's answers to it, from 1), `shortages` how many are short below some of them that nothing names.
    Of the home: whether it is `whole`, and of what only others gave what its own hosts `confirmed` (by ap_id), of that
    what is `rooted` in the post by such words alone, and for what they have `tombstones`. `own_community` is the post's
    as the host of its ap_id tells it, where that was asked.
    """

    instance: str
    base: str
    is_home: bool = False
    discovery: Discovery | None = None
    harvest: Harvest | None = None
    sightings: Mapping[int, Sighting] = field(default_factory=dict)
    shown_by: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    shortages: Mapping[int, int] = field(default_factory=dict)
    whole: bool = False
    confirmed: frozenset[str] = frozenset()
    rooted: frozenset[str] = frozenset()
    tombstones: frozenset[str] = frozenset()
    own_community: str = ""
    error: ThreadArchiveError | None = None


class ThreadVisit:
    """
    A visit to the thread at `url`; `steps` is run once and returns what each server gave, the asked one first.

    `expected(instance, kind, local_id)` tells which comments an earlier visit got there, `known(instance, ap_id)` by
    which local id it had the post, `recorded(instance, kind, local_id)` which thread of the archive that is. `confirm`
    asks the hosts of what the servers disagree on. `has_login(instance)` tells whether a login is kept for it, or
    raises InputError where nobody can tell.
    """

    def __init__(
        self,
        url: ThreadURL,
        *,
        options: Options,
        acquaintances: Acquaintances,
        now: datetime,
        expected: Callable[[str, str, int], list[int]],
        known: Callable[[str, str], int | None],
        recorded: Callable[[str, str, int], RecordedThread | None],
        confirm: Callable[[Sequence[Found]], Asking[list[Found]]],
        has_login: Callable[[str], bool],
    ) -> None:
        self.url = url
        self._options = options
        self._acquaintances = acquaintances
        self._now = now
        self._expected = expected
        self._known = known
        self._recorded = recorded
        self._confirm = confirm
        self._has_login = has_login
        self.harvester: Harvester | None = None
        # How many answers with 200 to each URL came so far: a list may be asked for twice.
        self._came: Counter[str] = Counter()
        # The instances that told on this visit what they run.
        self._told: set[str] = set()

    def steps(self) -> Asking[list[Found]]:
        """
        Ask the server of the URL, then the thread's home, then the hosts of what that does not have.

        Raises FetchError or PayloadError where the first gives no thread; what is wrong with the home is in its Found.
        """
        founds = yield from self._founds()
        return (yield from self._confirm(founds))

    def _founds(self) -> Asking[list[Found]]:
        try:
            asked = yield from self._asked()
        except ThreadGoneError as error:
            asked = yield from self._once_given(error)
        harvest = asked.harvest
        if harvest is None:
            raise AssertionError("a server that was asked gives a harvest or raises")
        home = home_of(harvest.community_ap_id)
        if home == asked.instance:
            return [replace(asked, is_home=True)]
        if not self._options.home:
            return [asked]
        found = yield from self._home(home, asked.instance, harvest)
        return [replace(asked, is_home=True)] if found is None else [asked, found]

    def _asked(self) -> Asking[Found]:
        if self.url.software:
            raise unlike(self.url, (yield from self._discovery(self.url.instance, self.url.base)))
        try:
            return (yield from self._server(self.url.instance, self.url.base))
        except FetchError:
            # `old.example.org` may be a front end of example.org, or an instance that is called so.
            if self.url.fallback is None:
                raise
            return (yield from self._server(self.url.fallback, f"{self.url.scheme}://{self.url.fallback}"))

    def _once_given(self, error: ThreadGoneError) -> Asking[Found]:
        """What became of a thread that was given once; only the comment that the URL names may be gone."""
        url = self.url
        for instance, base in ((url.instance, url.base), (url.fallback or "", f"{url.scheme}://{url.fallback}")):
            thread = self._recorded(instance, *url.named) if instance else None
            if thread is not None:
                refused = error if url.post_id is not None else None
                names = (thread.post_ap_id, thread.community_ap_id)
                return (yield from self._given_once(instance, base, thread.post_id, names, refused=refused))
        raise error

    def _given_once(
        self, instance: str, base: str, post_id: int, names: tuple[str, str], *, refused: ThreadGoneError | None = None
    ) -> Asking[Found]:
        """
        A thread that the server had as `post_id`, or what became of it; `refused` where it was asked for already.

        `names` are the ap_ids of its post and of its community. Raises ThreadGoneError where nobody tells.
        """
        try:
            if refused is not None:
                raise refused
            return (yield from self._harvest(instance, base, post_id=post_id, comment_id=None))
        except ThreadGoneError as error:
            discovery = yield from self._discovery(instance, base)
            thread = self._recorded(instance, "post", post_id)
            vanished = Vanished(instance=instance, base=base, discovery=discovery, names=names, thread=thread)
            why = yield from trace(vanished, error, plain_http=self._options.allow_private_network)
        left = self.harvester
        if left is None:
            raise AssertionError("what a server refuses was asked for by a harvester")
        if why is TakenBack.WITHDRAWN:
            yield from tagged(left.remaining(), instance, THREAD, came=self._came)
        return Found(
            instance=instance,
            base=base,
            is_home=vanished.is_at_home,
            discovery=discovery,
            harvest=left.taken_back(why, post_id=post_id, names=names),
            sightings=left.tally.sightings,
            shown_by=left.tally.shown_by,
            error=explained(vanished, why),
        )

    def _server(self, instance: str, base: str) -> Asking[Found]:
        instance, base = yield from own_address(instance, base, named=self.url.named, discovery=self._discovery)
        post_id, comment_id = self.url.post_id, self.url.comment_id
        refused: FetchError | None = None
        found: Found | None = None
        try:
            found = yield from self._harvest(instance, base, post_id=post_id, comment_id=comment_id)
        except ClosedDoorError:
            raise
        except (AccessDeniedError, ThreadGoneError) as error:
            refused = error
        if found is not None and not (self._options.login and _lost(found)):
            return found
        if refused is not None and not self._options.login:
            raise refused
        problem = self._without_login(instance, refused)
        if problem is None:
            try:
                return (yield from self._harvest(instance, base, post_id=post_id, comment_id=comment_id, login=True))
            except AccessDeniedError as error:
                problem = error
        if found is None:
            raise problem
        # What visitors are shown is kept all the same.
        return replace(found, error=problem)

    def _without_login(self, instance: str, refused: FetchError | None) -> ThreadArchiveError | None:
        """Why what `refused` visitors cannot be asked for with a login; None where one is kept."""
        try:
            if self._has_login(instance):
                return None
        except InputError as error:
            return error
        if isinstance(refused, ThreadGoneError):
            return refused
        as_visitor = refused.message if refused else f"{instance} was asked as a visitor."
        return AccessDeniedError(
            f"{as_visitor} No login is kept for {instance}.",
            next=f"`thread-archive login {instance}` keeps one, or give a token as ${VARIABLE}={instance}=TOKEN.",
            url=self.url.canonical,
        )

    def _home(self, instance: str, asked: str, seen: Harvest) -> Asking[Found | None]:
        """
        What the thread's home gives, of which `asked` gave what is `seen`; None where it is that very server under a
        name that it had before: it says so, and has the post by the same number.
        """
        scheme = seen.community_ap_id.partition("://")[0] if self._options.allow_private_network else "https"
        base = f"{scheme}://{instance}"
        try:
            post_id = yield from self._locate(instance, base, seen.post_ap_id)
            if post_id is None:
                raise _not_at_home(instance, seen.post_ap_id)
            discovery = yield from self._discovery(instance, base)
            if (discovery.site.host, post_id) == (asked, seen.post_id):
                return None
            names = (seen.post_ap_id, seen.community_ap_id)
            found = yield from self._given_once(instance, base, post_id, names)
            if found.harvest is not None:
                home_of(found.harvest.community_ap_id)
                # A server that began anew counts from 1 again.
                if found.harvest.post_ap_id not in ("", seen.post_ap_id):
                    raise _not_at_home(instance, seen.post_ap_id)
        except (FetchError, PayloadError) as error:
            known = self._acquaintances.recall(instance, now=self._now)
            return Found(instance=instance, base=base, is_home=True, discovery=known, error=error)
        return replace(found, is_home=True)

    def _locate(self, instance: str, base: str, post_ap_id: str) -> Asking[int | None]:
        """
        The local id of the post at its home; None where nobody knows it.

        A server does not look up what it withdrew, and still lists the comments: an earlier visit may know the number.
        """
        made_here = local_id_in(post_ap_id, "post")
        if made_here is not None and made_here[0] == instance:
            return made_here[1]
        discovery = yield from self._discovery(instance, base)
        place = Place(base=base, site=discovery.site)
        found = yield from tagged(locate(place, post_ap_id, dialect=discovery.dialect), instance, THREAD)
        return self._known(instance, post_ap_id) if found is None else found

    def _discovery(self, instance: str, base: str, *, again: bool = False) -> Asking[Discovery]:
        known = None if again else self._acquaintances.recall(instance, now=self._now)
        if known is None:
            known = yield from tagged(discover(base), instance, DISCOVERY)
            self._acquaintances.learn(instance, known)
            self._told.add(instance)
        return known

    def _harvest(
        self, instance: str, base: str, *, post_id: int | None, comment_id: int | None, login: bool = False
    ) -> Asking[Found]:
        """
        Harvest by what the instance is known to run; where that gives anything odd, ask it again what it runs.

        A server that was upgraded since we last asked answers the old dialect in part, and not all of it truly.
        """
        remembered = instance not in self._told and self._acquaintances.recall(instance, now=self._now) is not None
        problem: ThreadArchiveError | Contradiction | None = None
        found: Found | None = None
        discovery = yield from self._discovery(instance, base)
        harvest = partial(self._harvest_once, instance, base, post_id=post_id, comment_id=comment_id, login=login)
        try:
            found = yield from harvest(discovery, doubt=remembered)
        except (PayloadError, ThreadGoneError, Contradiction) as error:
            problem = error
        if found is not None and not (remembered and _doubtful(found)):
            return found
        if remembered or isinstance(problem, Contradiction):
            now_found = yield from self._discovery(instance, base, again=True)
            if now_found != discovery or isinstance(problem, Contradiction):
                try:
                    return (yield from harvest(now_found))
                except Contradiction as error:
                    raise _belied(instance, now_found, error) from error
        if isinstance(problem, ThreadArchiveError):
            raise problem
        if found is None:
            raise PayloadError(f"{instance} makes no sense.", next=REPORT, source=discovery.dialect)
        return found

    def _harvest_once(
        self,
        instance: str,
        base: str,
        discovery: Discovery,
        *,
        post_id: int | None,
        comment_id: int | None,
        login: bool,
        doubt: bool = False,
    ) -> Asking[Found]:
        """One harvest; with `doubt` it ends in a Contradiction where the answers belie what the instance is to run."""
        kind, local_id = ("comment", comment_id) if post_id is None else ("post", post_id)
        expected = self._expected(instance, kind, local_id or 0)
        place = Place(
            base=base,
            site=discovery.site,
            post_id=post_id,
            comment_id=comment_id,
            login=login,
            expected=tuple(expected),
        )
        self.harvester = harvester(place, dialect=discovery.dialect, came=self._came)
        doubted = discovery if doubt else None
        try:
            harvest = yield from tagged(self.harvester.harvest(), instance, THREAD, doubted=doubted, came=self._came)
        except ClosedDoorError as door:
            raise door.running(f"Lemmy {discovery.software.version}") from door
        return Found(
            instance=instance,
            base=base,
            discovery=discovery,
            harvest=harvest,
            sightings=self.harvester.tally.sightings,
            shown_by=self.harvester.tally.shown_by,
            shortages=self.harvester.unnamed_shortages(harvest.gaps),
        )


def _belied(instance: str, discovery: Discovery, error: Contradiction) -> ThreadArchiveError:
    """The error for an answer that contradicts what the instance has just said of itself."""
    software, advice = discovery.software, "The server, or a proxy before it, may be failing; try again later."
    if error.page:
        does = f"answers {error} with a web page"
        return ClosedDoorError(instance, does, next=advice, runs=f"Lemmy {software.version}")
    return PayloadError(
        f"{instance} says that it runs {software.name} {software.version} and does not answer {error} as that would.",
        next=advice,
        source=discovery.dialect,
    )


def _not_at_home(instance: str, post_ap_id: str) -> ThreadGoneError:
    return ThreadGoneError(
        f"{instance}, the thread's home, does not give its own copy of it.",
        next="What other servers hold was kept; the home may show it to people who are logged in.",
        url=post_ap_id,
    )


def _lost(found: Found) -> bool:
    """Whether the server counts more than it gave: a login may show what visitors are not."""
    return found.harvest is not None and found.harvest.lost + found.harvest.drift > 0


def _doubtful(found: Found) -> bool:
    return found.harvest is None or not found.harvest.complete or _lost(found)
