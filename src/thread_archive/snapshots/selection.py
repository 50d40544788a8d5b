"""Which threads a snapshot is to hold: whole threads with a match."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from thread_archive.exceptions import InputError, UnknownThreadError
from thread_archive.store.archive import Archive, translated
from thread_archive.store.queries import parse_query
from thread_archive.store.reading import post_by_ap_id
from thread_archive.store.restrictions import PURGED, UNCONFIRMED
from thread_archive.store.search import Request, find_threads

_ALL = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a thread has to meet, all of what is given: be one of the rows `posts`, be in `community` (`name@instance` or
    its ap_id), hold the words of `query`, have a post or comment from `since` on.
    """

    posts: tuple[int, ...] = ()
    community: str = ""
    query: str = ""
    since: datetime | None = None
    restricted: bool = False
    purged: bool = False
    unconfirmed: bool = False


def select(archive: Archive, wanted: Wanted) -> list[int]:
    """
    The rows of the posts of all threads that are wanted; of all threads where nothing is asked for.

    Threads that only a login showed are left out unless `restricted`, those that were purged unless `purged`. Raises
    UnknownThreadError where none is left.
    """
    conditions, values = ["1"], list[object]()
    if not wanted.restricted:
        conditions.append("NOT post.restricted")
    if not wanted.purged:
        conditions.append(f"NOT {PURGED}")
    if wanted.community:
        conditions.append("post.community_id IN (SELECT value FROM json_each(?))")
        values.append(_communities(archive, wanted.community))
    if wanted.since is not None:
        stamp = wanted.since.astimezone(UTC).isoformat(timespec="microseconds")[:-6]
        conditions.append(
            """(post.published_at >= ? OR EXISTS (SELECT 1 FROM comments WHERE post_id = post.id
                                                  AND ap_id IS NOT NULL AND published_at >= ?))"""
        )
        values += [stamp, stamp]
    query = f"SELECT post.id FROM posts AS post WHERE {' AND '.join(conditions)} ORDER BY post.ap_id"
    with translated(archive.path):
        found = [row_id for (row_id,) in archive.db.conn.execute(query, values)]
    if wanted.posts:
        found = [row_id for row_id in found if row_id in wanted.posts]
    if wanted.query:
        hits = _found_by(archive, wanted.query)
        found = [row_id for row_id in found if row_id in hits]
    if not found:
        raise UnknownThreadError(
            f"No thread of {archive.path} is what you ask for, or may be shared.",
            next="`thread-archive ls` lists its threads; what only a login showed needs --include-restricted, "
            "what was purged --include-purged.",
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many threads of those wanted, and how many comments of those chosen, stay out for one reason."""

    threads: int = 0
    comments: int = 0


def hidden(archive: Archive, wanted: Wanted, chosen: Sequence[int]) -> tuple[LeftOut, LeftOut, LeftOut]:
    """
    What of that which is wanted stays out beside the rows `chosen`: what only a login showed, what was purged (or is no
    longer shown), and what is unconfirmed.
    """
    unseen = purged = unconfirmed = LeftOut()
    if not wanted.restricted:
        unseen = _left_out(archive, "restricted", replace(wanted, restricted=True), chosen)
    if not wanted.purged:
        purged = _left_out(archive, PURGED, replace(wanted, purged=True), chosen)
    if not wanted.unconfirmed:
        unconfirmed = LeftOut(comments=_comments_left_out(archive, UNCONFIRMED, chosen))
    return unseen, purged, unconfirmed


def _left_out(archive: Archive, condition: str, wider: Wanted, chosen: Sequence[int]) -> LeftOut:
    with archive.reading() as connection:
        (is_any,) = connection.execute(f"SELECT EXISTS (SELECT 1 FROM posts WHERE {condition})").fetchone()
    comments = _comments_left_out(archive, condition, chosen)
    # Most archives have none, and a search need not be made twice.
    return LeftOut(threads=len(select(archive, wider)) - len(chosen) if is_any else 0, comments=comments)


def _comments_left_out(archive: Archive, condition: str, chosen: Sequence[int]) -> int:
    with archive.reading() as connection:
        (comments,) = connection.execute(
            f"""SELECT count(*) FROM comments WHERE ap_id IS NOT NULL AND {condition}
                AND post_id IN (SELECT value FROM json_each(?))""",
            [json.dumps(list(chosen))],
        ).fetchone()
    return int(comments)


def _found_by(archive: Archive, query: str) -> set[int | None]:
    """The rows of all threads in which the words stand."""
    request = Request(query=parse_query(query), limit=_ALL, everything=True)
    with archive.reading() as connection:
        return {post_by_ap_id(archive, hit.thread) for hit in find_threads(connection, request).threads}


def _communities(archive: Archive, text: str) -> str:
    """The rows (JSON) of the communities that `text` means."""
    name, _, instance = text.lstrip("!").partition("@")
    rows = archive.db.conn.execute(
        """SELECT json_group_array(community.id) FROM communities AS community
           JOIN instances AS instance ON instance.id = community.instance_id
           WHERE community.ap_id = ?1 OR (community.name = ?2 AND (?3 = '' OR instance.domain = ?3))""",
        [text, name, instance.lower()],
    ).fetchone()
    return str(rows[0])


def parse_day(text: str) -> datetime:
    """An ISO 8601 date or time, UTC where it does not say; raises InputError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no date.", next="Write it as 2026-03-01.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
