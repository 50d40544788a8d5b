"""Times as the archive writes them: UTC, ISO 8601 with `Z` and microseconds, so that text order is time order."""

from datetime import datetime, timedelta

# By how much the clock of a server, or of whoever made a snapshot, may be fast.
FAST_CLOCK = timedelta(days=1)
_UTC = timedelta()


def stamp(time: datetime) -> str:
    """`time` (aware UTC) as text: `2026-11-24T06:36:04.643811Z`."""
    return time.isoformat(timespec="microseconds")[:-6] + "Z"


def stamp_or_none(time: datetime | None) -> str | None:
    """As `stamp`; None for None."""
    return None if time is None else stamp(time)


def parse_stamp(text: str) -> datetime:
    """The aware UTC time that `stamp` wrote; raises ValueError where `text` is none, or of another zone or of none."""
    time = datetime.fromisoformat(text)
    if time.utcoffset() != _UTC:
        raise ValueError(f"{text[:80]!r} is no time in UTC")
    return time
