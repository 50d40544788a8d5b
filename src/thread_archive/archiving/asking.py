"""What a visit asks of whom: requests with the instance that they are for, and why they are made."""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import PayloadError, ThreadArchiveError
from thread_archive.payloads import REPORT
from thread_archive.sources import OK, Contradiction, Discovery, Steps, belies
from thread_archive.urls import host_of

T = TypeVar("T")

DISCOVERY, THREAD = "discovery", "thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to make of `instance`; `purpose` is `discovery` or `thread`."""

    request: Request
    instance: str
    purpose: str


Asking = Generator[Ask, Exchange, T]


def tagged(
    steps: Steps[T],
    instance: str,
    purpose: str,
    *,
    doubted: Discovery | None = None,
    came: Counter[str] | None = None,
) -> Asking[T]:
    """
    The requests of a source, with whom they are for and why; in `came` those answered with 200 are counted by URL.

    Raises Contradiction where the first answer with any content belies what is `doubted`.
    """
    try:
        request = next(steps)
        while True:
            try:
                answer = yield Ask(request=request, instance=instance, purpose=purpose)
            except ThreadArchiveError as error:
                request = steps.throw(error)
            else:
                if doubted is not None and answer.status == OK:
                    if belies(answer, dialect=doubted.dialect):
                        raise Contradiction(answer.url)
                    doubted = None
                if came is not None and answer.status == OK:
                    came[answer.url] += 1
                request = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


def home_of(community_ap_id: str) -> str:
    """The home of a community's threads: its instance. Raises PayloadError where its ap_id is no address."""
    try:
        return host_of(community_ap_id)
    except ValueError as error:
        raise PayloadError(
            f"The thread's community is said to be {community_ap_id!r}, which is no address.",
            next=REPORT,
            path="$.community.ap_id",
        ) from error
