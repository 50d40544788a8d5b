"""
How servers say "too fast", and how long they ask us to wait.

- 429 (RFC 6585); Lemmy 1.0's carries no header at all, but its 200s carry `x-ratelimit-remaining` and `-reset`
- 400 with `{"error": "rate_limit_error"}`, without headers: Lemmy up to 0.19
- 503 with Retry-After (RFC 9110, 15.6.4): proxies, servers under maintenance
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LEMMY_CODE = b"rate_limit_error"
LONGEST_CODE_ANSWER = 500  # bytes; also too short to nest deeper than json follows

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


def is_limited(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this answer means that we asked too often."""
    if status == 400:
        return LEMMY_CODE in body and len(body) <= LONGEST_CODE_ANSWER and _error_code(body) == LEMMY_CODE.decode()
    return status == 429 or (status == 503 and "retry-after" in headers)


def _error_code(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("error") if isinstance(answer, dict) else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds from `now` (aware) that Retry-After asks for, a number or a date (RFC 9110, 10.2.3); None without."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": UTC, says RFC 5322
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def window(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """How many requests remain, and after how many seconds there are all of them again; None if it does not say."""
    remaining, reset = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
    if not (_SECONDS.fullmatch(remaining) and _SECONDS.fullmatch(reset)):
        return None
    # Lemmy rounds the reset down (it says 0 in a window's last second).
    return int(float(remaining)), float(reset) + 1
