"""How fast a server lets a client ask: a token bucket up to 0.19, a fixed window with headers in 1.0."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fake_lemmy.answers import Answer, RefusedError
from fake_lemmy.world import Instance

# What an instance of 1.0 that limits nobody says in its headers, as recorded.
BOUNDLESS = (100_000, 1)


@dataclass(slots=True, kw_only=True)
class Limiter:
    """Counts an instance's requests by `clock` (seconds, never backwards)."""

    instance: Instance
    clock: Callable[[], float]
    _tokens: float | None = field(default=None)
    _since: float = 0
    _used: int = 0

    def take(self) -> dict[str, str]:
        """Lets one request pass and gives the headers that go with it; refuses with the version's own words."""
        requests, seconds = self.instance.rate_limit or BOUNDLESS
        if self.instance.line == "1.0":
            return self._window(requests, seconds)
        if self.instance.rate_limit is not None:
            self._bucket(requests, seconds)
        return {}

    def _bucket(self, requests: int, seconds: int) -> None:
        now = self.clock()
        tokens = float(requests) if self._tokens is None else self._tokens
        self._tokens = min(float(requests), tokens + (now - self._since) * requests / seconds)
        self._since = now
        if self._tokens < 1:
            raise RefusedError(Answer.json({"error": "rate_limit_error"}, 400))
        self._tokens -= 1

    def _window(self, requests: int, seconds: int) -> dict[str, str]:
        now = self.clock()
        if self._used == 0 or now - self._since >= seconds:
            self._since, self._used = now, 0
        self._used += 1
        if self._used > requests:
            raise RefusedError(Answer.json({"error": "too_many_requests"}, 429))
        return {
            "x-ratelimit-limit": str(requests),
            "x-ratelimit-remaining": str(requests - self._used),
            "x-ratelimit-reset": str(max(0, round(seconds - (now - self._since)))),
        }
