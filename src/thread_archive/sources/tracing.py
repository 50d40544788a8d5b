"""
What became of a post that a server no longer gives: what its own address says, and whether its home still is what it
was.

ActivityPub has a Tombstone for what was deleted or removed (all of Lemmy 0.18 to 1.0 answer 410 with one), and a plain
"not found" for what was erased for good, as FEP-4f05 has it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import msgspec

from thread_archive.captures import ACTIVITY_JSON, Exchange, Request
from thread_archive.exceptions import PayloadError
from thread_archive.payloads import error_code, parsed
from thread_archive.sources._harvest import SEEN_BY_ALL
from thread_archive.sources._reading import Reader
from thread_archive.sources._steps import OK, Place, Steps, is_absent
from thread_archive.sources._values import utc
from thread_archive.urls import host_in

_GONE, _NOT_FOUND = 410, 404
# What a post or a comment is in ActivityPub; other software than Lemmy has more words for it.
_TEXTS = frozenset({"Note", "Page", "Article", "Question", "ChatMessage", "Event", "Video"})
_NO_COMMUNITY = "couldnt_find_community"


class Standing(Enum):
    """What a server says of a thing: it is there, a Tombstone is, it has no such thing, or nothing that tells."""

    GIVEN = auto()
    WITHDRAWN = auto()
    ABSENT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the host of an object says of it; the ap_ids of what it answers and of its community, where it tells."""

    standing: Standing
    answers: str = ""
    community: str = ""


class _Activity(msgspec.Struct):
    type: str = ""
    id: str = ""
    attributed_to: str = msgspec.field(default="", name="attributedTo")
    in_reply_to: str = msgspec.field(default="", name="inReplyTo")
    audience: str = ""


def standing(ap_id: str, *, url: str) -> Steps[Standing]:
    """What the host of `ap_id` says of that object when asked for it at `url`, by the rules of ActivityPub."""
    answer = yield Request(url=url, accept=ACTIVITY_JSON)
    return _judged(answer, ap_id, url)


def told_by_its_host(ap_id: str, *, url: str) -> Steps[Told]:
    """
    What the host of `ap_id` says of that object when asked for it at `url`, and where it belongs.

    GIVEN is only what bears that very ap_id and is by somebody of the same host, as FEP-fe34 has it.
    """
    answer = yield Request(url=url, accept=ACTIVITY_JSON)
    judged = _judged(answer, ap_id, url)
    if judged is not Standing.GIVEN:
        return Told(standing=judged)
    try:
        told = parsed(answer.body, _Activity)
    except ValueError:
        return Told(standing=Standing.UNKNOWN)
    if told.id != ap_id or told.type not in _TEXTS or host_in(told.attributed_to) != host_in(ap_id):
        return Told(standing=Standing.UNKNOWN)
    return Told(standing=judged, answers=told.in_reply_to, community=told.audience)


def _judged(answer: Exchange, ap_id: str, url: str) -> Standing:
    # No other host is believed, and no page: a server that closes, or the proxy before it, answers all with one.
    if host_in(answer.final_url or url) != host_in(ap_id):
        return Standing.UNKNOWN
    if answer.status == OK and not _is_tombstone(answer, ap_id):
        return Standing.GIVEN
    if "" in answer.withheld:
        return Standing.UNKNOWN
    if answer.status == _GONE or _is_tombstone(answer, ap_id):
        return Standing.WITHDRAWN
    return Standing.ABSENT if answer.status == _NOT_FOUND or is_absent(answer) else Standing.UNKNOWN


def _is_tombstone(answer: Exchange, ap_id: str) -> bool:
    try:
        told = parsed(answer.body, _Activity)
    except ValueError:
        return False
    return bool(told.type == "Tombstone" and told.id in ("", ap_id))


def community_standing(place: Place, ap_id: str, *, reader: Reader, before: datetime | None) -> Steps[Standing]:
    """
    Whether the server of `place` still has its community `ap_id`.

    ABSENT too where it was made after `before`, when a post in it was published: such a server began anew. UNKNOWN
    where visitors do not see what is in it.
    """
    answer = yield place.request(reader.community_path, name=ap_id.rstrip("/").rpartition("/")[2])
    if is_absent(answer) or error_code(answer.body) == _NO_COMMUNITY:
        return Standing.ABSENT
    if answer.status != OK:
        return Standing.UNKNOWN
    try:
        told = reader.decode(answer, "CommunityAnswer").community_view.community
        is_newer = before is not None and utc(told.published) > before
    except PayloadError:
        return Standing.UNKNOWN
    if told.actor_id != ap_id or is_newer:
        return Standing.ABSENT
    visibility = reader.wire.VISIBILITIES.get(told.visibility, told.visibility)
    is_seen = visibility in SEEN_BY_ALL and not (told.hidden or told.deleted or told.removed)
    return Standing.GIVEN if is_seen else Standing.UNKNOWN


def gives_any_post(place: Place, local_ids: tuple[int, ...], *, reader: Reader) -> Steps[bool]:
    """Whether the server of `place` gives any of these posts."""
    for local_id in local_ids:
        answer = yield place.request(reader.post_path, id=local_id)
        if reader.gives_post(answer):
            return True
    return False
