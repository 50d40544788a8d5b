"""Lemmy's comment path (`0.12.57`): the local ids from the root to the comment itself."""

from thread_archive.exceptions import PayloadError
from thread_archive.payloads import DEEPEST, MAX_INTEGER, REPORT


def parse_path(text: str, local_id: int, *, source: str) -> tuple[int, ...]:
    """The labels of `text` without the leading 0; raises PayloadError where they cannot be a path of `local_id`."""
    head, _, rest = text.partition(".")
    try:
        labels = () if rest.strip("0123456789.") else tuple(map(int, rest.split(".")))
    except ValueError:
        labels = ()
    if (
        head != "0"
        or not labels
        or labels[-1] != local_id
        or len(labels) > DEEPEST
        or len(set(labels)) != len(labels)
        or min(labels) < 1
        or max(labels) > MAX_INTEGER
    ):
        raise PayloadError(
            f"Comment {local_id} has the path {text[:60]!r}, which cannot be its place in a tree.",
            next=REPORT,
            source=source,
            path="$.comment.path",
        )
    return labels
