"""When to ask again after a failure, and after how long."""

import random
from typing import Protocol

from thread_archive.exceptions import FetchError, RateLimitedError
from thread_archive.fetching.failures import may_pass
from thread_archive.fetching.pace import Allowance, Pace

FAILURES = 3
FAILED_SECONDS = 1.0
LIMITED_SECONDS = 5.0


class Jitter(Protocol):
    """A source of chance, such as random.Random."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between `a` and `b`."""


class Retries:
    """
    The retries of one request: `failures` after failures (1, 2, 4 seconds), and after "too fast" as many as
    `allowance` has room for: first what the server asks, else 5, 10, 20 seconds and so on. Backoffs get up to half as
    much again by chance, so that many clients do not come back at once.
    """

    def __init__(self, allowance: Allowance, jitter: Jitter, *, failures: int = FAILURES) -> None:
        self.allowance = allowance
        self._jitter = jitter
        self._failures = failures
        self._failed = 0
        self._limited = 0
        self._granted: Exception | None = None

    def weigh(self, error: FetchError, pace: Pace) -> None:
        """Decide whether to ask again after `error`, and hold the host at `pace` for as long as it is due."""
        wait = self._wait_after(error)
        if wait is None:
            return
        # A host that limits us is held even where we give up: the next request must not come too early either.
        if isinstance(error, RateLimitedError) or self.allowance.allows(wait):
            wait = pace.hold(wait, error.message)
        if self.allowance.allows(wait):
            self._granted = error

    def granted(self, error: Exception) -> bool:
        """Whether `error` was weighed and is to be followed by another attempt."""
        return error is self._granted

    def _wait_after(self, error: FetchError) -> float | None:
        if isinstance(error, RateLimitedError):
            wait = error.retry_after or 0.0
            # A server that limits us again after the wait that it asked for does not know its own limits.
            if not wait or self._limited:
                wait = max(wait, self._backoff(LIMITED_SECONDS, self._limited))
            self._limited += 1
            return wait
        if not may_pass(error) or self._failed == self._failures:
            return None
        self._failed += 1
        return self._backoff(FAILED_SECONDS, self._failed - 1)

    def _backoff(self, first: float, number: int) -> float:
        return first * 2.0**number * self._jitter.uniform(1.0, 1.5)


def system_jitter() -> Jitter:
    """Chance from the operating system."""
    return random.SystemRandom()
