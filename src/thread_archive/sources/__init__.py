"""
Sources: one API dialect each, pure: they say what to ask next and turn answers into values.

`discover` finds out which dialect a server speaks; `harvester` and `reader` take its name from there.
"""

from collections.abc import Mapping

from thread_archive.captures import Exchange
from thread_archive.sources import lemmy_v3
from thread_archive.sources._harvest import Harvester
from thread_archive.sources._reading import Reader
from thread_archive.sources._steps import OK, Contradiction, Place, Steps, closed_door, is_absent
from thread_archive.sources._tally import ROOT
from thread_archive.sources.discovery import Discovery, discover
from thread_archive.sources.lemmy_v3.asking import HarvesterV3
from thread_archive.sources.lemmy_v4.asking import HarvesterV4
from thread_archive.sources.tracing import (
    Standing,
    Told,
    community_standing,
    gives_any_post,
    standing,
    told_by_its_host,
)

HARVESTERS: dict[str, type[Harvester]] = {harvester.reader.name: harvester for harvester in (HarvesterV4, HarvesterV3)}


def harvester(place: Place, *, dialect: str, came: Mapping[str, int]) -> Harvester:
    """
    What gets the thread at `place` in `dialect` (a key of HARVESTERS): its `harvest` is run once.

    `came` tells at any time how many answers with 200 to a URL came so far.
    """
    return HARVESTERS[dialect](place, came=came)


def belies(answer: Exchange, *, dialect: str) -> bool:
    """Whether an answer that fits `dialect` still shows that its server speaks another one by now."""
    return dialect == lemmy_v3.READER.name and lemmy_v3.is_remnant(answer)


def reader(dialect: str) -> Reader:
    """What reads the answers of `dialect`."""
    return HARVESTERS[dialect].reader


def locate(place: Place, ap_id: str, *, dialect: str) -> Steps[int | None]:
    """The local id of the post `ap_id` at the server of `place`, by `/resolve_object`; None where it has no copy."""
    source = reader(dialect)
    answer = yield place.request(source.resolve_path, q=ap_id)
    found = source.decode(answer, "Resolved").post if answer.status == OK else None
    return found.id if found is not None and found.ap_id == ap_id else None


__all__ = [
    "HARVESTERS",
    "OK",
    "ROOT",
    "Contradiction",
    "Discovery",
    "Harvester",
    "Place",
    "Reader",
    "Standing",
    "Steps",
    "Told",
    "belies",
    "closed_door",
    "community_standing",
    "discover",
    "gives_any_post",
    "harvester",
    "is_absent",
    "locate",
    "reader",
    "standing",
    "told_by_its_host",
]
