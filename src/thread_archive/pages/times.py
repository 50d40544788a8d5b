"""Times as pages say them. They come as the archive writes them: UTC, ISO 8601, ending with Z."""

import re
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from thread_archive.counting import counted

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = ((60.0, "minute"), (3600.0, "hour"), (86400.0, "day"), (86400 * 30.44, "month"), (86400 * 365.25, "year"))
# A file can come from anywhere: what is no time is shown as the text that it is.
_STAMP = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-\d{2}T\d{2}:\d{2}:\d{2}[\d.]*Z", re.ASCII)
_MIDNIGHT = re.compile(r"T00:00:00[.0]*Z")


def minute(stamp: str) -> str:
    """`24 Nov 2026, 06:48`."""
    return f"{stamp[8:10].lstrip('0')} {_MONTHS[int(stamp[5:7]) - 1]} {stamp[:4]}, {stamp[11:16]}"


def day(stamp: str) -> str:
    """`24 Nov 2026`."""
    return minute(stamp).partition(",")[0]


def time_html(stamp: str, now: datetime | None = None) -> Markup:
    """
    A `<time>`: for the reader to the minute (and how long ago, where `now` is known), to the second for the rest.

    Pages that tell the day alone are kept as of midnight, and shown as a day.
    """
    if not _STAMP.fullmatch(stamp):
        return Markup(escape(stamp))  # noqa: S704 - just escaped
    shown, exact = (day(stamp), "") if _MIDNIGHT.search(stamp) else (minute(stamp), f"{stamp[16:19]} UTC")
    since = f' <span class="ago">({ago(stamp, now)})</span>' if now else ""
    # Digits, and month names of ours: nothing to escape.
    return Markup(  # noqa: S704
        f'<time datetime="{stamp[:19]}Z" title="{shown}{exact}">{shown}{since}</time>'
    )


def ago(stamp: str, now: datetime) -> str:
    """`3 hours ago`; `just now` for what is less than a minute old, or lies ahead."""
    try:
        seconds = (now - datetime.fromisoformat(stamp)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for length, unit in reversed(_STEPS):
        if seconds >= length:
            return f"{counted(int(seconds // length), unit)} ago"
    return "just now"


def this_hour() -> datetime:
    """Now, to the hour: relative times stay the same for a while, and so does a page's ETag."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
