"""A clock on which waiting takes no time."""

from datetime import UTC, datetime, timedelta
from threading import Lock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class FakeClock:
    """Starts at noon; only `sleep` moves it. `slept` lists the waits."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._passed = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._passed += seconds


class NoJitter:
    """Chance that always gives the smallest number."""

    def uniform(self, a: float, b: float, /) -> float:
        return a
