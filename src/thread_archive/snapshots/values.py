"""
Values of the right type that no archive holds all the same: states that there are not, times without a zone, replies
to another thread. Whoever reads them would stumble, or believe them.
"""

import sqlite3
from collections.abc import Mapping

from thread_archive.model import MissingReason
from thread_archive.payloads import DEEPEST, MAX_COUNT
from thread_archive.store.times import parse_stamp, stamp
from thread_archive.urls import fitting_name

_ADDRESS = "{0} GLOB 'https://[^/ ]*' OR {0} GLOB 'http://[^/ ]*'"
# As bytes: of text that is no UTF-8 Python would say so by itself, on standard error.
_TIME = "is_stamp(CAST({0} AS BLOB))"
_NAME = "is_fitting(ap_id, {0})"
_COUNT = f"{{0}} BETWEEN -{MAX_COUNT} AND {MAX_COUNT}"
_REASONS = ", ".join(f"'{reason}'" for reason in MissingReason)
_PARENT = "SELECT {0} FROM comments AS parent WHERE parent.id = comments.parent_id"


def _all(condition: str, *names: str) -> dict[str, str]:
    return {name: condition.format(name) for name in names}


_NAMES = "attested_by IS NULL OR iif(json_valid(attested_by), json_type(attested_by) = 'array', 0)"

# What holds of a column, where it has a value. Rows are in thread order, so that a parent comes before its replies, and
# no replies are in a circle.
_SOUND: Mapping[str, Mapping[str, str]] = {
    "captures": {"status": "status IN ('complete', 'partial')", **_all(_TIME, "started_at")},
    "communities": {**_all(_ADDRESS, "ap_id"), **_all(_NAME, "name")},
    "people": {**_all(_ADDRESS, "ap_id"), **_all(_NAME, "name")},
    "posts": {
        **_all(_ADDRESS, "ap_id"),
        **_all(_TIME, "published_at", "edited_at", "purged_at", "gone_at"),
        **_all(_COUNT, "score", "upvotes", "downvotes", "advertised"),
        "attested_by": _NAMES,
    },
    "comments": {
        **_all(_ADDRESS, "ap_id"),
        **_all(_TIME, "published_at", "edited_at", "gone_at", "purged_at"),
        **_all(_COUNT, "score", "upvotes", "downvotes"),
        "attested_by": _NAMES,
        "unconfirmed": "unconfirmed IN (0, 1)",
        "parent_id": f"parent_id < id AND post_id = ({_PARENT.format('post_id')})",
        "depth": f"depth = CASE WHEN parent_id IS NULL THEN 1 ELSE ({_PARENT.format('depth + 1')}) END"
        f" AND depth <= {DEEPEST}",
        "position": "position >= 0",
        "missing_reason": f"ap_id IS NOT NULL OR ifnull(missing_reason, '') IN ({_REASONS})",
    },
    "cross_posts": _all(_ADDRESS, "ap_id"),
    "local_ids": {"local_id": "local_id >= 1", "withdrawn": "withdrawn IN ('deleted', 'removed')"},
    "scores": _all(_COUNT, "score", "upvotes", "downvotes"),
    "articles": _all(_TIME, "published_at", "fetched_at"),
}


def value_problem(connection: sqlite3.Connection) -> str:
    """The first value that no archive holds; empty where there is none."""
    connection.create_function("is_stamp", 1, _is_stamp, deterministic=True)
    connection.create_function("is_fitting", 2, _is_fitting, deterministic=True)
    for table, all_sound in _SOUND.items():
        # A snapshot of an older schema has fewer.
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        sound = {name: condition for name, condition in all_sound.items() if name in columns}
        if "told_by" not in columns:
            # Older releases believed any name.
            sound.pop("name", None)
        cases = " ".join(f"WHEN NOT ({condition}) THEN '{name}'" for name, condition in sound.items())
        query = f"SELECT CASE {cases} END AS wrong FROM {table} WHERE wrong IS NOT NULL LIMIT 1"
        for (wrong,) in connection.execute(query):
            return f"{table}.{wrong} holds what no archive does"
    return ""


def _is_fitting(ap_id: str, name: str) -> bool:
    return fitting_name(ap_id, name) == name


# Times that say when something happened, and what tells a reader which one is meant.
_HAPPENED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "captures": ("'the visit of ' || url", ("started_at",)),
    "posts": ("ap_id", ("published_at", "edited_at", "purged_at", "gone_at")),
    "comments": ("coalesce(ap_id, 'a gap')", ("published_at", "edited_at", "gone_at", "purged_at")),
    "articles": ("'the page ' || url", ("fetched_at",)),
}


def still_to_come(connection: sqlite3.Connection, latest: str) -> str:
    """The first item that is of a time after `latest`, a stamp, with that time; empty where none is."""
    for table, (name, times) in _HAPPENED.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for time in times:
            if time not in columns:
                continue
            query = f"SELECT {name}, {time} FROM {table} WHERE {time} > ? ORDER BY id LIMIT 1"
            for item, at in connection.execute(query, [latest]):
                return f"{time} of {item[:200]} is {at}, which is still to come"
    return ""


def _is_stamp(value: bytes | None) -> bool | None:
    """Whether `value` is a time as `stamp` writes it; None for None."""
    if value is None:
        return None
    try:
        text = value.decode()
        return stamp(parse_stamp(text)) == text
    except ValueError:
        return False
