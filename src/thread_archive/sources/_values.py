"""Small readings that every Lemmy dialect shares: times, text, languages."""

from collections.abc import Mapping
from datetime import UTC, datetime

from thread_archive.exceptions import PayloadError
from thread_archive.payloads import REPORT

UNDETERMINED = "und"


def utc(time: datetime) -> datetime:
    """`time` as aware UTC; Lemmy 0.18 leaves the zone out and means UTC. Raises PayloadError out of range."""
    if time.tzinfo is UTC:
        return time
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise PayloadError(f"The time {time} is out of range.", next=REPORT, path="$") from error


def clean(text: str | None) -> str:
    """`text` ("" for None) without NUL, which no Lemmy can store and at which SQLite's functions stop."""
    if not text:
        return ""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def language_tag(languages: Mapping[int, str], language_id: int) -> str:
    """The language's tag by the server's own list; `und` where the list has no such number."""
    return languages.get(language_id, UNDETERMINED)
