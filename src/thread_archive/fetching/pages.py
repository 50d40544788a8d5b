"""Linked pages: anybody may have written the link, so a page is fetched with more care than an API is asked."""

from collections.abc import Callable
from functools import partial

import httpx

from thread_archive.captures import Exchange, PageRequest
from thread_archive.exceptions import (
    BlockedAddressError,
    FetchError,
    InstanceUnreachableError,
    NotAPageError,
    RateLimitedError,
    RobotsRefusedError,
    ServerFailedError,
)
from thread_archive.fetching.addresses import host_of, origin_of
from thread_archive.fetching.asker import Answer, Asker, Question, Read
from thread_archive.fetching.bodies import leave, read_body, read_start
from thread_archive.fetching.clock import Clock
from thread_archive.fetching.failures import ConnectFailure
from thread_archive.fetching.limits import PageLimits
from thread_archive.fetching.media import is_text, not_text
from thread_archive.fetching.pace import TimeLeft
from thread_archive.fetching.redirects import REDIRECTS, followed
from thread_archive.fetching.retries import Jitter, Retries
from thread_archive.fetching.robots import RobotsCache, Rules
from thread_archive.fetching.transport import GuardedTransport

PAGE = "text/html, application/xhtml+xml, text/plain;q=0.8, */*;q=0.1"
ROBOTS_TXT = "text/plain, */*;q=0.1"
# Whatever language the page is in: a translation would not be what people discuss.
ANY_LANGUAGE = (b"accept-language", b"*")

NOT_MODIFIED = 304
FAILURES = 1  # attempts after a failed one: a page that does not come now can be fetched later


class Pages:
    """
    Fetches linked pages with `asker` over `transport`; `check` refuses URLs by their text.

    Client.get_page says what is promised.
    """

    def __init__(
        self,
        asker: Asker,
        transport: GuardedTransport,
        *,
        limits: PageLimits,
        clock: Clock,
        jitter: Jitter,
        check: Callable[[str | httpx.URL], httpx.URL],
    ) -> None:
        self._asker = asker
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._jitter = jitter
        self._check = check
        self._robots = RobotsCache(clock)

    def get(self, request: PageRequest) -> tuple[Exchange, ...]:
        """See Client.get_page."""
        until = self._clock.monotonic() + self._limits.seconds_in_all
        retries = Retries(TimeLeft(until, self._clock), self._jitter, failures=FAILURES)
        first = self._check(request.url)

        def ask(url: httpx.URL) -> Answer:
            if not request.ignore_robots:
                self._obey_robots(url, retries)
            # To another server they would tell what we have seen elsewhere.
            conditions = _conditions(request) if origin_of(url) == origin_of(first) else []
            asked = self._asker.request(url, accept=PAGE, more=[ANY_LANGUAGE, *conditions])
            answer = self._asker.answer(
                self._question(asked, partial(_read_page, limits=self._limits, url=str(url))), retries
            )
            if answer.status == NOT_MODIFIED and not conditions:
                raise _unasked(url)
            return answer

        steps = followed(first, ask=ask, check=self._check, limit=self._limits.redirects)
        return tuple(answer.exchange(str(url)) for url, answer in steps)

    def _obey_robots(self, url: httpx.URL, retries: Retries) -> None:
        seconds = self._limits.seconds
        has_time = retries.allowance.for_answer(seconds) == seconds
        rules = self._robots.rules(url, partial(self._fetch_rules, url, retries), remember_failure=has_time)
        allowed, crawl_delay = rules.verdict(url)
        if not allowed:
            raise RobotsRefusedError(
                f"The robots.txt of {host_of(url)} does not allow programs to fetch that page.",
                next="Read it in a browser, or add --ignore-robots if you may.",
                url=str(url),
            )
        self._asker.pace(url).slow_down(min(crawl_delay, self._limits.crawl_delay))

    def _fetch_rules(self, page: httpx.URL, retries: Retries) -> Rules:
        first = page.copy_with(raw_path=b"/robots.txt")

        def read(response: httpx.Response) -> tuple[bytes, int]:
            # Where there is none (4xx) everything is allowed (RFC 9309, 2.3.1.3), as by an empty one.
            return read_start(response, self._limits.robots_bytes) if response.is_success else leave(response)

        def ask(url: httpx.URL) -> Answer:
            asked = self._asker.request(url, accept=ROBOTS_TXT)
            return self._asker.answer(self._question(asked, read), retries)

        try:
            *_, (_, answer) = followed(first, ask=ask, check=self._check, limit=self._limits.redirects)
        except RateLimitedError:
            raise
        except FetchError as error:
            if error.url == str(first) and _is_of_the_site(error):
                error.url = str(page)
                raise
            raise RobotsRefusedError(
                f"{host_of(page)} did not give its robots.txt, and without that we fetch nothing: {error.message}",
                next="Try again later, or add --ignore-robots if you may.",
                url=str(page),
            ) from error
        return Rules.read(answer.body, limit=self._limits.robots_bytes)

    def _question(self, request: httpx.Request, read: Read) -> Question:
        return Question(request=request, transport=self._transport, read=read, seconds=self._limits.seconds)


def _is_of_the_site(error: FetchError) -> bool:
    """Whether `error`, met while asking for a robots.txt, would be met by any request to that site."""
    return isinstance(error, BlockedAddressError) or (
        isinstance(error, InstanceUnreachableError) and isinstance(error.__cause__, ConnectFailure)
    )


def _unasked(url: httpx.URL) -> ServerFailedError:
    """The error for a page that is said not to have changed where nobody asked that: it did not come."""
    return ServerFailedError(
        f"{host_of(url)} says that the page has not changed, which we did not ask, and does not give it.",
        next="Read it in a browser; its administrators must repair that.",
        url=str(url),
    )


def _conditions(request: PageRequest) -> list[tuple[bytes, bytes]]:
    said = ((b"if-none-match", request.etag), (b"if-modified-since", request.last_modified))
    # They come from an archive, which may hold what no header can.
    return [(name, value.encode()) for name, value in said if value and value.isascii() and value.isprintable()]


def _read_page(response: httpx.Response, *, url: str, limits: PageLimits) -> tuple[bytes, int]:
    """The body of a page of text; of anything else nothing is read. Raises NotAPageError for what only says it is."""
    status = response.status_code
    if status in REDIRECTS or status >= 500 or not is_text(response.headers.get("content-type", "")):
        return leave(response)
    body, wire_bytes = read_body(response, limits, url=url)
    if what := not_text(body):
        raise NotAPageError(f"{url} says that it is a page of text, but is {what}.", next="Open it in a browser.")
    return body, wire_bytes
