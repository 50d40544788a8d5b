"""Redirects: followed by hand, since each step has to be checked as if it were the first."""

from collections.abc import Callable, Iterator

import httpx

from thread_archive.exceptions import BlockedAddressError, ServerFailedError
from thread_archive.fetching.addresses import host_of
from thread_archive.fetching.asker import Answer

REDIRECTS = frozenset({301, 302, 303, 307, 308})


def followed(
    url: httpx.URL, *, ask: Callable[[httpx.URL], Answer], check: Callable[[httpx.URL], httpx.URL], limit: int
) -> Iterator[tuple[httpx.URL, Answer]]:
    """
    Ask for `url` and for wherever the answers lead; yields each URL with its answer, the last one not redirecting.

    `check` returns the URL to ask for, or raises. Raises ServerFailedError after `limit` redirects and for a place
    that is no address, BlockedAddressError for one that leads from https to http.
    """
    first = url
    for _ in range(limit + 1):
        answer = ask(url)
        yield url, answer
        location = answer.headers.get("location")
        if answer.status not in REDIRECTS or not location:
            return
        url = check(_target(url, location))
    raise ServerFailedError(
        f"{host_of(first)} redirects us more than {limit} times.",
        next="Open the address in a browser and use the one where it ends.",
        url=str(first),
    )


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise ServerFailedError(
            f"{host_of(url)} redirects us to what is no address.", next="Try again later.", url=str(url)
        ) from error
    if url.scheme == "https" and target.scheme == "http":
        raise BlockedAddressError(
            f"{host_of(url)} redirects us from https to plain http, which we do not follow.",
            next="Its administrators must repair that.",
            url=str(url),
        )
    return target
