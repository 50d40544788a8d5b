"""
What an archive holds that is not for everybody.

That is what only a login gave, what people wrote who ask not to be archived, what was purged, what its servers no
longer show while nobody has told why, and what nobody confirms who could.
"""

import sqlite3
from collections.abc import Iterable

from thread_archive.store.connections import tuples
from thread_archive.store.optouts import opted_out

# Of a row of `posts` or `comments`: its server has erased it for good, or no longer shows it.
_PURGED = ("purged_at IS NOT NULL", "gone_at IS NOT NULL")
PURGED = f"({' OR '.join(_PURGED)})"
# Of a row of `comments`: neither its thread's home nor its own host told of it, though the home was whole without it.
UNCONFIRMED = "unconfirmed = 1"


def has_restricted(
    connection: sqlite3.Connection, post_id: int | None = None, *, purged: bool = False, unconfirmed: bool = False
) -> bool:
    """
    Whether a post or comment (of the thread `post_id`, if given) is restricted, or somebody asks not to be archived,
    or, unless what was `purged` or is `unconfirmed` is for everybody too, something is that.

    True too for a file whose tables do not say.
    """
    try:
        reasons = _reasons(purged=purged, unconfirmed=unconfirmed)
        return _is_any(connection, ("restricted = 1", *reasons), post_id) or bool(opted_out(connection, post_id))
    except sqlite3.OperationalError:
        return True


def _reasons(*, purged: bool, unconfirmed: bool) -> tuple[str, ...]:
    """What is not for everybody, each a condition that an index is of."""
    return (*(() if purged else _PURGED), *(() if unconfirmed else (UNCONFIRMED,)))


def _is_any(connection: sqlite3.Connection, conditions: Iterable[str], post_id: int | None = None) -> bool:
    """Whether one of the conditions holds of a post or comment."""
    exist = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {condition} AND coalesce({row} = ?1, 1))"
        for condition in conditions
        for table, row in (("posts", "id"), ("comments", "post_id"))
        if _is_of(table, condition)
    )
    return bool(tuples(connection, f"SELECT {exist}", post_id).fetchone()[0])


def _is_of(table: str, condition: str) -> bool:
    """Whether rows of the table have what the condition asks for."""
    return condition != UNCONFIRMED or table == "comments"


def leave_out(connection: sqlite3.Connection, *, purged: bool = False, unconfirmed: bool = False) -> dict[int, int]:
    """
    For the rest of a transaction that is rolled back, let all that is not for everybody count as `restricted`; what was
    `purged` or is `unconfirmed` only where that is not for everybody.

    Views by the tables' own names stand before them, in this connection only and in no file. Returns how many comments
    are left out of which thread, by the row of its post, without the unconfirmed ones: no receipt counts those.
    """
    people = opted_out(connection)
    told = [f"creator_id IN ({', '.join(map(str, sorted(people)))})"] if people else []
    # Few archives have any, and without a view an index tells that nothing is restricted.
    told += [one for one in _reasons(purged=purged, unconfirmed=unconfirmed) if _is_any(connection, (one,))]
    for table in ("posts", "comments"):
        reasons = " OR ".join(["restricted", *(f"coalesce({one}, 0)" for one in told if _is_of(table, one))])
        if reasons == "restricted":
            continue
        names = [row[1] for row in tuples(connection, f"PRAGMA main.table_info({table})")]
        columns = ", ".join(f"{reasons} AS restricted" if name == "restricted" else name for name in names)
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {columns} FROM main.{table}")
    # Each condition by its own index (and not, hence `+`, by that of all ap_ids): it costs what there is to hide.
    hidden = " UNION ".join(
        f"SELECT id, post_id, unconfirmed FROM main.comments WHERE {condition} AND +ap_id IS NOT NULL"
        for condition in ("restricted = 1", *told)
    )
    query = f"SELECT post_id, count(*) FILTER (WHERE unconfirmed = 0) FROM ({hidden}) GROUP BY post_id"
    return dict(tuples(connection, query).fetchall())
