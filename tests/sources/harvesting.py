"""One server's part of a visit, without an archive: what a harvest makes of a fake server's answers."""

from collections.abc import Callable
from typing import TypeVar

from fake_lemmy import Server
from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import FetchError
from thread_archive.fetching.client import Client
from thread_archive.model import Harvest
from thread_archive.sources import Place, Steps, discover, harvester

T = TypeVar("T")


def harvested(
    server: Server, *, post_id: int = 1, comment_id: int | None = None, base: str = "http://home.test"
) -> Harvest:
    """What asking the server at `base` for a thread gives."""
    with Client(rate=0, allow_private_network=True, resolver=server.resolver, patience=0.1) as client:
        known = answered(discover(base), client.get)
        place = Place(base=base, site=known.site, post_id=post_id, comment_id=comment_id)
        return answered(harvester(place, dialect=known.dialect, came={}).harvest(), client.get)


def answered(steps: Steps[T], answer: Callable[[Request], Exchange]) -> T:
    """What the steps come to when each request is answered so; a FetchError is thrown into them."""
    try:
        request = next(steps)
        while True:
            try:
                given = answer(request)
            except FetchError as error:
                request = steps.throw(error)
            else:
                request = steps.send(given)
    except StopIteration as stop:
        result: T = stop.value
        return result
