"""
Servers that are down, so that not every thread of a community waits in vain for the same dead home.

One that gave no answer to the first request of two visits on end, each with all its retries, is down. It is asked again
after a while, one time without retries, and after a longer while each time that fails; any answer ends the outage.
"""

from dataclasses import dataclass
from threading import Lock

from thread_archive.counting import counted
from thread_archive.exceptions import (
    BotWallError,
    FetchError,
    InstanceUnreachableError,
    RateLimitedError,
    ServerFailedError,
    TooLargeError,
)
from thread_archive.fetching.clock import Clock

# A single one may fail for a reason of its own: it takes the server too long, say.
FAILURES = 2
FIRST_SECONDS = 60.0
LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class _Outage:
    failures: int
    failed_at: float
    message: str

    @property
    def ends_at(self) -> float:
        """When the server is to be tried again, by the monotonic clock."""
        return self.failed_at + min(FIRST_SECONDS * 2.0 ** (self.failures - FAILURES), LONGEST_SECONDS)


class Outages:
    """What is known of servers that gave no answer; any number of threads may share one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing: dict[str, _Outage] = {}
        self._lock = Lock()

    def is_on_trial(self, server: str, url: str) -> bool:
        """
        Whether `server` (a host, with a port that is not the usual one) is down and due to be tried again.

        Raises InstanceUnreachableError about `url` where it is down and not due.
        """
        with self._lock:
            outage = self._failing.get(server)
        if outage is None or outage.failures < FAILURES:
            return False
        now = self._clock.monotonic()
        if now >= outage.ends_at:
            return True
        raise InstanceUnreachableError(
            f"{server} was not asked, since it failed {_time(now - outage.failed_at)} ago: {outage.message}",
            next=f"It is tried again in {_time(outage.ends_at - now)}; add the thread again when it is back.",
            url=url,
        )

    def failed(self, server: str, error: FetchError) -> None:
        """What a first request met, after all retries: no answer, or one that we do not take."""
        if isinstance(error, InstanceUnreachableError | ServerFailedError | BotWallError):
            with self._lock:
                before = self._failing.get(server)
                failures = min(before.failures + 1 if before else 1, 64)
                self._failing[server] = _Outage(failures, self._clock.monotonic(), error.message)
        elif isinstance(error, RateLimitedError | TooLargeError):
            self.answered(server)

    def answered(self, server: str) -> None:
        """It gave an answer."""
        with self._lock:
            self._failing.pop(server, None)


def _time(seconds: float) -> str:
    """`40 seconds`, `3 minutes`: as exact as is of use."""
    whole = max(1, round(seconds))
    return counted(whole, "second") if whole < 120 else counted(round(whole / 60), "minute")
