"""One server's part of a visit, without an archive: what a harvest makes of a fake server's answers."""

from typing import TypeVar

from fake_lemmy import Server
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
        known = _driven(discover(base), client)
        place = Place(base=base, site=known.site, post_id=post_id, comment_id=comment_id)
        return _driven(harvester(place, dialect=known.dialect, came={}).harvest(), client)


def _driven(steps: Steps[T], client: Client) -> T:
    try:
        request = next(steps)
        while True:
            try:
                answer = client.get(request)
            except FetchError as error:
                request = steps.throw(error)
            else:
                request = steps.send(answer)
    except StopIteration as stop:
        return stop.value
