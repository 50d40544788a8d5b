"""What a reader has to know of single items: that only a snapshot told of them, that a time is not the server's."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from thread_archive.store import imported
from thread_archive.store.connections import tuples

CLAMPED = "Its server told a time that was still to come: that of the visit stands in its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """Of a thread's post, its linked page, and its comments by row id: a word or two, and the sentence behind them."""

    post: Sequence[tuple[str, str]] = ()
    page: Sequence[tuple[str, str]] = ()
    comments: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)


def remarks(connection: sqlite3.Connection, post_id: int, comments: Collection[int] | None = None) -> Remarks:
    """What there is to be said of a thread's post and comments, or of some `comments` (row ids); few have anything."""
    of_post, of_comments = imported.claims(connection, post_id, comments)
    (post_clamped,) = tuples(connection, "SELECT clamped FROM posts WHERE id = ?", post_id).fetchone()
    clamped = {
        row_id for (row_id,) in tuples(connection, "SELECT id FROM comments WHERE post_id = ? AND clamped", post_id)
    }
    return Remarks(
        post=_of(of_post, is_clamped=bool(post_clamped)),
        page=_of(imported.claimed_page(connection, post_id), is_clamped=False),
        comments={
            row_id: _of(of_comments.get(row_id), is_clamped=row_id in clamped)
            for row_id in of_comments.keys() | clamped
        },
    )


def _of(source: imported.Source | None, *, is_clamped: bool) -> tuple[tuple[str, str], ...]:
    told = (("snapshot", f"{source.sentence[:1].upper()}{source.sentence[1:]}"),) if source else ()
    return (*told, ("time unknown", CLAMPED)) if is_clamped else told
