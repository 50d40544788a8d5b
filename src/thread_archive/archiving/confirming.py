"""
What the hosts of ap_ids say where servers disagree: which community a post is in, and whether a comment is there that
the thread's home does not have, or that another thread claims.

Nobody is asked where nobody disagrees.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from thread_archive.archiving.accounting import is_proven_at_home
from thread_archive.archiving.asking import THREAD, Asking, home_of, tagged
from thread_archive.archiving.visiting import Found
from thread_archive.exceptions import ThreadArchiveError
from thread_archive.sources import Standing, Told, told_by_its_host
from thread_archive.store import attestations, evidence, ownership, states
from thread_archive.store.archive import Archive
from thread_archive.store.ownership import Word
from thread_archive.urls import MAX_LENGTH, host_in, host_of

# How many objects are asked for at a visit; what is left stays unconfirmed until the next one.
BUDGET = 20
# So many hosts may fail before no other is asked: each may take as long as our patience lasts.
_FAILING_HOSTS = 3


class _Hosts:
    """The hosts of ap_ids, asked within the budget of one visit."""

    def __init__(self, *, plain_http: bool) -> None:
        self._plain_http = plain_http
        self._left = BUDGET
        self._failing: set[str] = set()

    def ask(self, ap_id: str) -> Asking[Told]:
        """What the host of `ap_id` says of it: UNKNOWN where it is silent, may not be asked, or was asked too often."""
        unknown, host = Told(standing=Standing.UNKNOWN), _asked_host(ap_id)
        if not host or not self._left or host in self._failing or len(self._failing) >= _FAILING_HOSTS:
            return unknown
        self._left -= 1
        url = ap_id if self._plain_http else f"https://{ap_id.partition('://')[2]}"
        try:
            return (yield from tagged(told_by_its_host(ap_id, url=url), host, THREAD))
        except ThreadArchiveError:
            # That it is silent is all there is to say: the comment stays unconfirmed, and the receipt names it.
            self._failing.add(host)
            return unknown


def confirmed(archive: Archive, founds: Sequence[Found], *, plain_http: bool) -> Asking[list[Found]]:
    """The founds of a visit with what the hosts of disputed ap_ids say, in the one of the home, else in the first."""
    harvested = [found for found in founds if found.harvest is not None]
    told = next((found for found in harvested if found.is_home), harvested[0])
    if told.harvest is None or not told.harvest.post_ap_id:
        return list(founds)
    post, hosts = told.harvest.post_ap_id, _Hosts(plain_http=plain_http)
    own_community = yield from _own_community(archive, harvested, told.harvest.community_ap_id, post, hosts)
    whole = told.is_home and told.harvest.taken_back is None and is_proven_at_home(founds)
    said = yield from _comments(archive, harvested, post, hosts, home=told if whole else None)
    settled = replace(
        told,
        whole=whole,
        confirmed=frozenset(said.confirmed),
        rooted=frozenset(said.rooted & said.confirmed),
        tombstones=frozenset(said.tombstones),
        own_community=own_community,
    )
    return [settled if found is told else found for found in founds]


def _own_community(archive: Archive, founds: Sequence[Found], community: str, post: str, hosts: _Hosts) -> Asking[str]:
    """The post's community as its own host has it, where the archive has the post in one of another server."""
    known = states.community_of(archive, post)
    if known is None or home_of(known) == home_of(community) or host_in(post) in {found.instance for found in founds}:
        return ""
    return (yield from hosts.ask(post)).community


@dataclass(slots=True, kw_only=True)
class _Said:
    """
    What own hosts say of a thread's comments, by ap_id.

    `listed` are those of which somebody says that they are of the thread, who may, `rooted` those of which own hosts
    do, each of what it answers, up to the post: a stranger may list the ap_id of any comment.
    """

    listed: set[str]
    rooted: set[str]
    confirmed: set[str] = field(default_factory=set)
    tombstones: set[str] = field(default_factory=set)

    def ask(self, ap_id: str, hosts: _Hosts, *, disputed: bool) -> Asking[None]:
        """Ask for a comment; for a `disputed` one also for what it answers, until that is rooted."""
        chain: list[str] = []
        one = ap_id
        while one not in self.rooted and one not in chain:
            told = yield from hosts.ask(one)
            if told.standing is Standing.WITHDRAWN and one == ap_id:
                self.tombstones.add(one)
            if told.standing is not Standing.GIVEN or (told.answers and told.answers not in self.listed):
                return
            chain.append(one)
            self.confirmed.add(ap_id)
            self.listed.add(ap_id)
            if told.answers not in self.rooted and not (disputed and told.answers):
                return
            one = told.answers
        if one in self.rooted:
            self.rooted.update(chain)
            self.confirmed.update(chain)


def _comments(
    archive: Archive, founds: Sequence[Found], post: str, hosts: _Hosts, *, home: Found | None
) -> Asking[_Said]:
    """What own hosts say of the comments that another thread claims, and of those that the home, if whole, lacks."""
    shown = {sighting.ap_id: sighting for found in founds for sighting in found.sightings.values()}
    own = set(_of_their_own(founds))
    claimed = ownership.elsewhere(archive, post, shown)
    disputed = {ap_id for ap_id, claim in claimed.items() if claim.word < Word.OWN_HOST and ap_id not in own}
    at_home = {sighting.ap_id for found in founds if found.is_home for sighting in found.sightings.values()}
    lacked = {ap_id for ap_id in _of_mirrors(founds) if ap_id not in at_home} if home else set()
    said = _Said(listed={post} | own, rooted={post} | own)
    if not disputed and not lacked:
        return said
    spoken = attestations.spoken_for(archive, post)
    asked = disputed | (lacked - spoken)
    # Of what another thread has by its own host's word, nothing here is an answer.
    said.listed |= (spoken | at_home) - {ap_id for ap_id in claimed if ap_id not in disputed}
    said.listed -= lacked - spoken
    before = evidence.last_asked(archive, post, asked)
    # What was never asked for comes first, then what was asked for longest ago; and parents before their replies.
    for ap_id in sorted(asked, key=lambda one: (before.get(one, 0), len(shown[one].path), one)):
        yield from said.ask(ap_id, hosts, disputed=ap_id in disputed)
    return said


def _of_mirrors(founds: Sequence[Found]) -> Iterator[str]:
    """The comments that servers show which are neither the home nor the comments' own host."""
    for found in founds:
        for sighting in () if found.is_home else found.sightings.values():
            if host_in(sighting.ap_id) != found.instance:
                yield sighting.ap_id


def _of_their_own(founds: Sequence[Found]) -> Iterator[str]:
    """The ap_ids of comments that their own host shows."""
    for found in founds:
        for sighting in found.sightings.values():
            if host_in(sighting.ap_id) == found.instance:
                yield sighting.ap_id


def _asked_host(ap_id: str) -> str:
    """The host that an ap_id may be asked of; empty where it is no address that anybody could mean."""
    if len(ap_id) > MAX_LENGTH or not ap_id.startswith(("https://", "http://")) or not ap_id.isprintable():
        return ""
    try:
        return "" if " " in ap_id else host_of(ap_id)
    except ValueError:
        return ""
