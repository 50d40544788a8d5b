"""How fast one host is asked: one request at a time, so many seconds between two, and never while it said to wait."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import httpx

from thread_archive.exceptions import RateLimitedError
from thread_archive.fetching.clock import Clock
from thread_archive.fetching.ratelimits import window

# What is waited for an answer that asks for more: beyond this a date is more likely wrong than meant.
LONGEST_WAIT = 300.0

OnWait = Callable[[str, float, str], None]


class Allowance(Protocol):
    """What one request may spend on waiting and on its answers."""

    def allows(self, seconds: float) -> bool:
        """Whether it has room for a wait of `seconds`."""

    def spend(self, seconds: float) -> None:
        """Take note of a wait of `seconds`, made because a server asked for it or failed."""

    def for_answer(self, seconds: float) -> float:
        """How many of the `seconds` that an answer may take at most are left for the next one."""


@dataclass(slots=True)
class Patience:
    """The seconds that one request may still spend waiting because a server asked for it or failed."""

    left: float

    def allows(self, seconds: float) -> bool:
        """Whether it has room for a wait of `seconds`, give or take what a sum of floats may be off."""
        return seconds <= self.left + 0.001

    def spend(self, seconds: float) -> None:
        """Have so much less."""
        self.left -= seconds

    def for_answer(self, seconds: float) -> float:
        """All of them: answers are not counted."""
        return seconds


@dataclass(slots=True)
class TimeLeft:
    """The time until a moment of `clock`, for everything together: waits, answers, failures."""

    until: float
    clock: Clock

    def allows(self, seconds: float) -> bool:
        """Whether a wait of `seconds` ends before the moment."""
        return self.clock.monotonic() + seconds < self.until

    def spend(self, seconds: float) -> None:
        """Nothing to note: time passes by itself."""

    def for_answer(self, seconds: float) -> float:
        """As many as are left of the time; none or less when it is over."""
        return min(seconds, self.until - self.clock.monotonic())


class Pace:
    """
    The pace of one host, shared by all threads that ask it.

    `interval` is the least number of seconds between the starts of two requests. `on_wait(server, seconds, why)` is
    told of every wait but the ordinary interval; `server` is the one that is asked, with a port that is not the usual
    one, as instances are named.
    """

    def __init__(self, host: str, *, interval: float, clock: Clock, on_wait: OnWait | None = None) -> None:
        self._host = host
        self._interval = interval
        self._clock = clock
        self._on_wait = on_wait
        self._turn = Lock()
        self._next_start = self._held_until = self._window_ends = clock.monotonic()
        self._why = ""

    def slow_down(self, interval: float) -> None:
        """Leave at least `interval` seconds between two requests from now on."""
        self._interval = max(self._interval, interval)

    @contextmanager
    def turn(self, allowance: Allowance, *, url: str) -> Iterator[None]:
        """
        Wait until the host may be asked, and be the only one to ask it while inside.

        Raises RateLimitedError about `url`, without asking, if the host is held for longer than `allowance` allows.
        """
        with self._turn:
            now = self._clock.monotonic()
            held = self._held_until - now
            if held > 0:
                self._spend(held, allowance, url)
            wait = max(held, self._next_start - now)
            if wait > 0:
                self._clock.sleep(wait)
            self._next_start = self._clock.monotonic() + self._interval
            yield

    def _spend(self, seconds: float, allowance: Allowance, url: str) -> None:
        if not allowance.allows(seconds):
            raise limited(self._host, seconds, url=url)
        allowance.spend(seconds)
        if self._on_wait:
            self._on_wait(httpx.URL(url).netloc.decode("ascii").lower(), seconds, self._why)

    def hold(self, seconds: float, why: str) -> float:
        """Let nobody ask the host for `seconds` (up to LONGEST_WAIT; a longer hold stays); gives the seconds left."""
        now = self._clock.monotonic()
        until = now + min(seconds, LONGEST_WAIT)
        if until > self._held_until:
            self._held_until, self._why = until, why
        return self._held_until - now

    def learn(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer says about the host's limit; where nothing is left of it, hold the host."""
        if (said := window(headers)) is None:
            return
        remaining, reset = said
        self._window_ends = self._clock.monotonic() + reset
        if remaining == 0:
            self.hold(reset, f"{self._host} allows no more requests for now.")

    def window_left(self) -> float | None:
        """Seconds until the host's limit starts anew, as its last answers told; None if they did not."""
        left = self._window_ends - self._clock.monotonic()
        return left if left > 0 else None


def limited(host: str, seconds: float | None, *, url: str) -> RateLimitedError:
    """The error for a host that wants us to wait; for how many `seconds` is None where it does not say."""
    when = "later" if seconds is None else f"in {max(1, round(seconds))} seconds"
    return RateLimitedError(
        f"{host} asks us to make fewer requests.",
        next=f"Try again {when}, or use a lower --rate.",
        url=url,
        retry_after=seconds,
    )
