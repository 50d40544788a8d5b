"""What became of a thread that a server no longer gives: it was taken back, or nobody tells."""

from dataclasses import dataclass

from thread_archive.archiving.asking import THREAD, Asking, home_of, tagged
from thread_archive.exceptions import FetchError, ThreadGoneError
from thread_archive.model import TakenBack
from thread_archive.sources import Discovery, Place, Standing, community_standing, gives_any_post, reader, standing
from thread_archive.store.threads import RecordedThread
from thread_archive.urls import host_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """
    A thread that a server (at `base`) says it does not have, although it once had it.

    `names` are the ap_ids of its post and of its community, `thread` is what the archive has of it, if anything.
    """

    instance: str
    base: str
    discovery: Discovery
    names: tuple[str, str]
    thread: RecordedThread | None

    @property
    def is_at_home(self) -> bool:
        """Whether the server is the thread's home."""
        return home_of(self.names[1]) == self.instance


def trace(vanished: Vanished, error: ThreadGoneError, *, plain_http: bool) -> Asking[TakenBack]:
    """
    Why the thread is not given any more.

    Only the host of its ap_id may say that it was withdrawn, and only its home that it was purged: a home that is
    alive, and has the community of old. Raises `error` where neither does; it is `vanished` unless the server has lost
    everything.
    """
    ap_id, _ = vanished.names
    its_own_host = _host_of(ap_id)
    told = yield from _standing(ap_id, its_own_host, plain_http=plain_http)
    if told is Standing.WITHDRAWN:
        return TakenBack.WITHDRAWN
    if not vanished.is_at_home:
        raise error
    home = yield from _home_standing(vanished)
    if home is Standing.GIVEN and (told is Standing.ABSENT or its_own_host != vanished.instance):
        return TakenBack.PURGED
    error.vanished = home is not Standing.ABSENT
    raise error


def explained(vanished: Vanished, why: TakenBack) -> ThreadGoneError:
    """What a receipt says of a server that does not give a thread since that was taken back."""
    ap_id, _ = vanished.names
    if why is TakenBack.WITHDRAWN:
        return ThreadGoneError(
            f"The post was withdrawn: at its address, {ap_id}, stands a Tombstone.",
            next="Its place is kept, and its text among the earlier states in your own archive.",
            url=ap_id,
        )
    return ThreadGoneError(
        f"The post was purged: {vanished.instance}, the thread's home, no longer has it nor its comments.",
        next="What you have of it is kept with that mark, and left out of what is published.",
        url=ap_id,
    )


def _standing(ap_id: str, host: str, *, plain_http: bool) -> Asking[Standing]:
    """What the host of `ap_id` says of it; a host that gives no answer, or may not be asked, says nothing."""
    url = ap_id if plain_http else f"https://{ap_id.partition('://')[2]}"
    try:
        return (yield from tagged(standing(ap_id, url=url), host, THREAD))
    except FetchError:
        return Standing.UNKNOWN


def _home_standing(vanished: Vanished) -> Asking[Standing]:
    """Whether the home has the community still; ABSENT where it has lost that and all threads that we know."""
    place = Place(base=vanished.base, site=vanished.discovery.site)
    source = reader(vanished.discovery.dialect)
    thread = vanished.thread
    steps = community_standing(place, vanished.names[1], reader=source, before=thread.published_at if thread else None)
    try:
        told = yield from tagged(steps, vanished.instance, THREAD)
        if told is not Standing.ABSENT:
            return told
        others = thread.others if thread else ()
        lives = yield from tagged(gives_any_post(place, others, reader=source), vanished.instance, THREAD)
    except FetchError:
        return Standing.UNKNOWN
    return Standing.UNKNOWN if lives else Standing.ABSENT


def _host_of(ap_id: str) -> str:
    """The host of an ap_id; empty where that is no address."""
    try:
        return host_of(ap_id)
    except ValueError:
        return ""
