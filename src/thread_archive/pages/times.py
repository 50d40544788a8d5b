"""Times as pages say them. They come as the archive writes them: UTC, ISO 8601, ending with Z."""

from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = ((60.0, "minute"), (3600.0, "hour"), (86400.0, "day"), (86400 * 30.44, "month"), (86400 * 365.25, "year"))


def day(stamp: str) -> str:
    """`24 Nov 2026`."""
    return f"{int(stamp[8:10])} {_MONTHS[int(stamp[5:7]) - 1]} {stamp[:4]}"


def minute(stamp: str) -> str:
    """`24 Nov 2026, 06:48`."""
    return f"{day(stamp)}, {stamp[11:16]}"


def exact(stamp: str) -> str:
    """`24 Nov 2026, 06:48:12 UTC`."""
    return f"{day(stamp)}, {stamp[11:19]} UTC"


def machine(stamp: str) -> str:
    """To the second, for `datetime`."""
    return f"{stamp[:19]}Z"


def ago(stamp: str, now: datetime | None) -> str:
    """`3 hours ago`; empty without a `now`, and for what lies ahead of it."""
    if now is None:
        return ""
    seconds = (now - datetime.fromisoformat(stamp)).total_seconds()
    if seconds < 0:
        return ""
    if seconds < _STEPS[0][0]:
        return "just now"
    length, unit = next(step for step in reversed(_STEPS) if seconds >= step[0])
    count = int(seconds // length)
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def this_hour() -> datetime:
    """Now, to the hour: what makes relative times stay the same for a while."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
