"""
Who says that an item is what the archive has: its thread's home, the host of its ap_id, or only servers that show it.

What one of the first two said once needs nobody else's word. The rest is marked with the servers that attest it; as
`unconfirmed` where the home, asked and whole, did not have it, and its own host did not give it either.
"""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from thread_archive.model import MissingItem
from thread_archive.store.archive import Archive
from thread_archive.store.times import parse_stamp, stamp
from thread_archive.store.visits import Replay, Writing

# The imports of a thread: what a row has from one, no server told.
_IMPORTS = "SELECT id FROM captures WHERE kind = 'snapshot' AND post_id = {}"
_DOUBTED = "(attested_by IS NOT NULL OR unconfirmed)"
_SPOKEN = "ap_id IN (SELECT value FROM json_each(?2))"
# What earlier captures told of a thread, each source of their plans for itself.
_PLANS = """FROM posts AS post JOIN captures AS capture ON capture.post_id = post.id
                AND capture.status IN ('complete', 'partial') AND capture.id < :capture
            JOIN json_each(capture.plan) AS source WHERE post.ap_id = :post"""
_WHOLE_AT = f"SELECT max(capture.started_at) {_PLANS} AND json_extract(source.value, '$.whole')"
_TOMBSTONES = f"""SELECT DISTINCT told.value FROM (SELECT json_extract(source.value, '$.tombstones') AS told {_PLANS})
                  JOIN json_each(told) AS told"""


def spoken_for(archive: Archive, post_ap_id: str, replay: Replay | None = None) -> frozenset[str]:
    """
    The ap_ids of a thread's post and comments for which their home or their own host spoke.

    What only a snapshot told has nobody's word. In a `replay` only of those that a capture has filled already: what the
    others have is of later ones.
    """
    rows = archive.db.conn.execute(
        f"""SELECT 'post', id, ap_id FROM posts
            WHERE ap_id = ?1 AND attested_by IS NULL AND capture_id NOT IN ({_IMPORTS.format("posts.id")})
            UNION ALL SELECT 'comment', comment.id, comment.ap_id FROM posts AS post
            JOIN comments AS comment ON comment.post_id = post.id
            WHERE post.ap_id = ?1 AND comment.ap_id IS NOT NULL AND comment.attested_by IS NULL
                AND comment.capture_id NOT IN ({_IMPORTS.format("post.id")})""",
        [post_ap_id],
    )
    return frozenset(ap_id for kind, row_id, ap_id in rows if replay is None or replay.has_filled(kind, row_id))


def tombstones(archive: Archive, post_ap_id: str, *, before: int) -> frozenset[str]:
    """The comments of a thread for which their own hosts had a Tombstone, as captures before the row `before` tell."""
    rows = archive.db.conn.execute(_TOMBSTONES, {"post": post_ap_id, "capture": before})
    return frozenset(ap_id for (ap_id,) in rows)


def home_was_whole_at(archive: Archive, post_ap_id: str, *, before: int) -> datetime | None:
    """When the thread's home was whole last in a capture before the row `before`; None where it never was."""
    (at,) = archive.db.conn.execute(_WHOLE_AT, {"post": post_ap_id, "capture": before}).fetchone()
    return parse_stamp(at) if at else None


def note_attestations(writing: Writing, post_id: int) -> None:
    """Mark who attests what the visit showed, in the caller's transaction, and unmark that for which somebody spoke."""
    visit = writing.visit
    if _is_any_attested(writing.connection, post_id):
        spoken = json.dumps(sorted(visit.spoken))
        _update(
            writing,
            "posts SET attested_by = NULL",
            f"id = ?1 AND attested_by IS NOT NULL AND {_SPOKEN}",
            post_id,
            spoken,
        )
        freed = "comments SET attested_by = NULL, unconfirmed = 0"
        _update(writing, freed, f"post_id = ?1 AND {_DOUBTED} AND {_SPOKEN}", post_id, spoken)
    if visit.attested:
        _attest(writing, "posts", f"id = {post_id}", visit.attested)
        _attest(writing, "comments", f"post_id = {post_id}", visit.attested)
    doubt(writing, post_id, visit.home_whole_at)


def doubt(writing: Writing, post_id: int, home_whole_at: datetime | None) -> None:
    """
    Mark as unconfirmed what neither its home nor its own host spoke for, although the home was whole at that time.

    What is younger than the home's word may be true.
    """
    if home_whole_at is not None:
        _update(
            writing,
            "comments SET unconfirmed = 1",
            f"""post_id = ?1 AND unconfirmed = 0 AND published_at <= ?2 AND ap_id IS NOT NULL
                AND (attested_by IS NOT NULL OR capture_id IN ({_IMPORTS.format("?1")}))""",
            post_id,
            stamp(home_whole_at),
        )


def _is_any_attested(connection: sqlite3.Connection, post_id: int) -> bool:
    (is_any,) = connection.execute(
        f"""SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND attested_by IS NOT NULL)
               OR EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 AND {_DOUBTED})""",
        [post_id],
    ).fetchone()
    return bool(is_any)


def _attest(writing: Writing, table: str, of_thread: str, attested: Mapping[str, frozenset[str]]) -> None:
    rows = writing.connection.execute(
        f"""SELECT id, ap_id, attested_by FROM {table}
            WHERE {of_thread} AND ap_id IN (SELECT value FROM json_each(?))""",
        [json.dumps(sorted(attested))],
    )
    changed = []
    for row_id, ap_id, before in rows.fetchall():
        names = json.dumps(sorted(attested[ap_id] | set(json.loads(before or "[]"))))
        if names != before:
            changed.append((names, row_id))
    writing.connection.executemany(f"UPDATE {table} SET attested_by = ? WHERE id = ?", changed)
    writing.changes.content += len(changed)


def _update(writing: Writing, what: str, condition: str, *values: object) -> None:
    cursor = writing.connection.execute(f"UPDATE {what} WHERE {condition}", values)
    writing.changes.content += max(0, cursor.rowcount)


def unconfirmed_comments(connection: sqlite3.Connection, post_id: int) -> tuple[MissingItem, ...]:
    """
    The comments of a thread that are unconfirmed, in thread order, each with the first server that attests it: with no
    name where only a snapshot told of it.
    """
    rows = connection.execute(
        """SELECT coalesce(json_extract(attested_by, '$[0]'), ''), ap_id FROM comments
           WHERE post_id = ? AND unconfirmed = 1 ORDER BY position""",
        [post_id],
    )
    return tuple(MissingItem(instance=instance, ap_id=ap_id) for instance, ap_id in rows)


def attesting(connection: sqlite3.Connection, post_id: int) -> tuple[str, ...]:
    """The servers that attest a thread's post, since its home and its own host are silent; empty where one spoke."""
    (names,) = connection.execute("SELECT attested_by FROM posts WHERE id = ?", [post_id]).fetchone()
    return attesters(names)


def attesters(told: str | None) -> tuple[str, ...]:
    """The servers that a row's `attested_by` names; none where it is NULL, or a stranger's file holds anything else."""
    try:
        names = json.loads(told or "[]")
    except ValueError:
        return ()
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
