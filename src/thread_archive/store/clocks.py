"""
Times that a server tells and that are still to come: the visit's own time stands in their place, and the row is marked.

The first visit that saw such a time gives it, so that the next one finds nothing changed. Whoever claims a later time
than others would else be believed before them for as long as that is to come.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from thread_archive.model import Comment, Post, Sighting
from thread_archive.store.archive import Archive
from thread_archive.store.times import FAST_CLOCK, parse_stamp
from thread_archive.store.visits import Writing

Dated = TypeVar("Dated", Post, Comment, Sighting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """
    When a visit began; and the times (published, edited) that the archive has of items that were ahead of an earlier
    one, by ap_id.
    """

    visited_at: datetime
    known: Mapping[str, tuple[datetime, datetime | None]]

    def sound(self, item: Dated) -> Dated:
        """`item` itself, or with times that can be where it tells others."""
        latest = self.visited_at + FAST_CLOCK
        published_at, edited_at = item.published_at, item.edited_at
        if published_at <= latest and (edited_at is None or edited_at <= latest):
            return item
        published, edited = self.known.get(item.ap_id, (self.visited_at, None))
        return replace(
            item,
            published_at=published_at if published_at <= latest else published,
            edited_at=edited_at if edited_at is None or edited_at <= latest else edited or self.visited_at,
        )


def clock_of(archive: Archive, post_ap_id: str, visited_at: datetime) -> Clock:
    """The clock of a visit to a thread."""
    rows = archive.db.conn.execute(
        """SELECT ap_id, published_at, edited_at FROM posts WHERE ap_id = ?1 AND clamped
           UNION ALL SELECT comment.ap_id, comment.published_at, comment.edited_at FROM posts AS post
           JOIN comments AS comment ON comment.post_id = post.id AND comment.clamped
           WHERE post.ap_id = ?1 AND comment.ap_id IS NOT NULL""",
        [post_ap_id],
    )
    return Clock(
        visited_at=visited_at,
        known={
            ap_id: (parse_stamp(published_at), parse_stamp(edited_at) if edited_at else None)
            for ap_id, published_at, edited_at in rows
        },
    )


def note_clamped(writing: Writing, post_id: int, *, clamped: Collection[str], told: Collection[str]) -> None:
    """Mark what has its time from the visit, and unmark what else the visit told of, in the caller's transaction."""
    for table, row in (("posts", "id"), ("comments", "post_id")):
        marked = f"SELECT ap_id FROM {table} WHERE {row} = ? AND clamped AND ap_id IS NOT NULL"
        before = {ap_id for (ap_id,) in writing.connection.execute(marked, [post_id])}
        for value, ap_ids in ((1, set(clamped) - before), (0, before.intersection(told).difference(clamped))):
            if ap_ids:
                cursor = writing.connection.execute(
                    f"UPDATE {table} SET clamped = ? WHERE {row} = ? AND ap_id IN (SELECT value FROM json_each(?))",
                    [value, post_id, json.dumps(sorted(ap_ids))],
                )
                writing.changes.content += max(0, cursor.rowcount)
