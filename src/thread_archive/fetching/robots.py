"""What a site's robots.txt allows us: RFC 9309, the Robots Exclusion Protocol. The home of protego."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import httpx

from thread_archive.exceptions import FetchError, RateLimitedError
from thread_archive.fetching.addresses import origin_of
from thread_archive.fetching.asker import PRODUCT
from thread_archive.fetching.clock import Clock

KEPT_SITES = 200
KEPT_SECONDS = 24 * 3600.0  # RFC 9309, 2.4
KEPT_FAILURE_SECONDS = 600.0

# protego's own ways of writing it; the name ends where no character of a product token follows (RFC 9309, 2.2.1).
_USER_AGENT = re.compile(r"\s*user[-\s]*agent\s*:?\s*(?P<name>[a-z_-]+|\*(?=\s|#|$))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one site. They are kept as text, which is smaller than parsed, and asked for once a page."""

    text: str = ""

    @classmethod
    def read(cls, body: bytes, *, limit: int) -> "Rules":
        """The rules in `body`, a robots.txt of which no more than `limit` bytes were read."""
        if len(body) >= limit:
            body = body[: body.rfind(b"\n") + 1]
        lines = body.decode("utf-8-sig", errors="replace").splitlines()
        return cls(text="\n".join(_without_others(line) for line in lines))

    def verdict(self, url: httpx.URL) -> tuple[bool, float]:
        """Whether we may fetch `url`, and the Crawl-delay in seconds (0 without one)."""
        from protego import Protego  # 20 ms that only pages cost

        parsed = Protego.parse(self.text)
        return parsed.can_fetch(str(url), PRODUCT), parsed.crawl_delay(PRODUCT) or 0.0


def _without_others(line: str) -> str:
    """
    `line` of a robots.txt, with one name for all robots but us.

    protego keeps the rules of each group once for each of its names: 65 KB with 2,000 names over 4,000 rules cost it
    10 seconds and 560 MB. It also takes a name for ours that ours only begins with.
    """
    if not (match := _USER_AGENT.match(line)):
        return line
    name = (match["name"] or "").lower()
    return f"User-agent: {name if name in (PRODUCT, '*') else 'another'}"


@dataclass(slots=True)
class _Site:
    """What is known of one origin until then: its rules, or why they could not be had."""

    asking: Lock = field(default_factory=Lock)
    known: Rules | FetchError | None = None
    until: float = 0.0


class RobotsCache:
    """
    The rules of the sites that were asked last, for a day; a failure to get them for ten minutes.

    Threads may share it: each site is asked once, while those who want to know wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sites: OrderedDict[tuple[str, str, int], _Site] = OrderedDict()
        self._lock = Lock()

    def rules(self, url: httpx.URL, fetch: Callable[[], Rules], *, remember_failure: bool) -> Rules:
        """
        The rules for the site of `url`, from `fetch` unless they are known.

        Raises what `fetch` raises, and again while it is remembered: a RateLimitedError never is, others if
        `remember_failure`, which is for a site that has the usual time to answer.
        """
        site = self._site(url)
        with site.asking:
            if site.known is None or self._clock.monotonic() >= site.until:
                return self._asked(site, fetch, remember_failure=remember_failure)
            if isinstance(site.known, FetchError):
                raise _again(site.known, url=str(url))
            return site.known

    def _site(self, url: httpx.URL) -> _Site:
        with self._lock:
            site = self._sites.setdefault(origin_of(url), _Site())
            self._sites.move_to_end(origin_of(url))
            if len(self._sites) > KEPT_SITES:
                self._sites.popitem(last=False)
            return site

    def _asked(self, site: _Site, fetch: Callable[[], Rules], *, remember_failure: bool) -> Rules:
        try:
            rules = fetch()
        except FetchError as error:
            if remember_failure and not isinstance(error, RateLimitedError):
                site.known, site.until = _again(error, url=error.url), self._clock.monotonic() + KEPT_FAILURE_SECONDS
            raise
        site.known, site.until = rules, self._clock.monotonic() + KEPT_SECONDS
        return rules


def _again(error: FetchError, *, url: str) -> FetchError:
    """The same error without its traceback, which would keep alive all that was at hand when it was raised."""
    again = error.saying(error.message, next=error.next)
    again.url = url
    return again
