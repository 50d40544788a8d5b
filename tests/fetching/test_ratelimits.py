"""How servers say "too fast"."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetching.clocks import NOON
from thread_archive.fetching.ratelimits import is_limited, retry_after, window

LEMMY = b'{"error":"rate_limit_error"}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "limited"),
    [
        (429, {}, b"", True),
        (429, {}, b'{"error":"too_many_requests"}', True),
        (400, {}, LEMMY, True),
        (400, {}, b'{"error": "rate_limit_error", "message": "Too many requests"}', True),
        (503, {"retry-after": "3"}, b"", True),
        (503, {}, b"", False),
        (200, {"retry-after": "3"}, LEMMY, False),
        (400, {}, b'{"error":"couldnt_find_post"}', False),
        (400, {}, b'{"error":"unknown","message":"rate_limit_error"}', False),
        (400, {}, b'"rate_limit_error"', False),
        (400, {}, b"rate_limit_error", False),
        (400, {}, b'{"error":["rate_limit_error"]}', False),
        (400, {}, b"[" * 400 + b'"rate_limit_error"', False),
        (400, {}, b'{"error":"rate_limit_error","message":"' + b"x" * 1000 + b'"}', False),
    ],
)
def test_limit_is_told_from_other_answers(status: int, headers: dict[str, str], body: bytes, limited: bool) -> None:
    """429; Lemmy's 400 by its code, whatever quotes it; 503 only where it names a time."""
    assert is_limited(status, headers, body) is limited


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), 0.0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        ("Tue, 24 Nov 2026 13:00:30 +0100", 30.0),
        ("Tuesday, 24-Nov-26 12:00:30 GMT", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 5000, None),
        ("٣", None),
        ("Tue, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(text: str, seconds: float | None) -> None:
    """Both forms of RFC 9110, dates of the past, and what is neither."""
    assert retry_after({"retry-after": text}, NOON) == seconds


def test_no_retry_after_is_no_time() -> None:
    """Lemmy's own limits name none."""
    assert retry_after({}, NOON) is None


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,9} \d+:\d+:\d+ [-+]?\w{1,9}", fullmatch=True)
)
def test_any_retry_after_is_a_time_or_none(text: str) -> None:
    """A header is anything; a time is not negative."""
    seconds = retry_after({"retry-after": text}, NOON)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("remaining", "reset", "said"),
    [
        ("3", "20", (3, 21.0)),
        ("0", "0", (0, 1.0)),
        ("", "20", None),
        ("3", "", None),
        ("x", "20", None),
        ("-1", "2", None),
    ],
)
def test_window_is_read_with_its_rounding(remaining: str, reset: str, said: tuple[int, float] | None) -> None:
    """Lemmy rounds the reset down, so that a second is added."""
    assert window({"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}) == said
