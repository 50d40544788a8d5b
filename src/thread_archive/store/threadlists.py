"""Lists of threads: narrowed, sorted, a page at a time. `public` leaves out what only a login gave."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from thread_archive.store.claims import in_thread, shown
from thread_archive.store.connections import tuples

# What a list can be sorted by; ties by row id, so that pages never overlap.
SORTS: Mapping[str, str] = {
    "captured": "capture.id DESC",
    "new": "post.published_at DESC",
    "old": "post.published_at",
    "comments": "places DESC",
    "score": "coalesce(post.score, 0) DESC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFilter:
    """
    Which threads: of an instance (the community's home), of a community or an author (`name` or `name@instance`), of
    days (`2026-11-24`, both inclusive, UTC), with the latest capture's status. Empty where it does not matter.
    """

    instance: str = ""
    community: str = ""
    author: str = ""
    since: str = ""
    until: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCard:
    """A thread in a list; `comments` leaves gaps out where the archive holds an account of it."""

    id: int
    slug: str
    ap_id: str
    title: str
    url: str
    community_name: str
    community_title: str
    community_ap_id: str
    instance: str
    author_ap_id: str | None
    author_name: str | None
    published_at: str
    score: int | None
    comments: int
    status: str
    captured_at: str
    is_withdrawn: bool
    is_restricted: bool
    has_article: bool


_FROM = f"""
FROM posts AS post
JOIN communities AS community ON community.id = post.community_id
JOIN instances AS home ON home.id = community.instance_id
LEFT JOIN people AS person ON person.id = post.creator_id
LEFT JOIN instances AS theirs ON theirs.id = person.instance_id
{in_thread("person", "community")}
JOIN captures AS capture ON capture.id = (
    SELECT max(id) FROM captures WHERE post_id = post.id AND status IN ('complete', 'partial'))
WHERE """
_CARD = f"""
SELECT post.id, post.slug, post.ap_id, post.title, post.url, community.name, community.title, community.ap_id,
       home.domain, person.ap_id, {shown("name", "person")}, post.published_at, post.score,
       coalesce(json_extract(capture.receipt, '$.comments.stored'),
                (SELECT max(position) + 1 FROM comments WHERE post_id = post.id), 0) AS places,
       capture.status, capture.started_at, post.deleted OR post.removed, post.restricted,
       EXISTS (SELECT 1 FROM articles WHERE post_id = post.id AND html <> '')"""
_NAMES = tuple(ThreadCard.__dataclass_fields__)


def _where(wanted: ThreadFilter, *, public: bool) -> tuple[str, list[object]]:
    clauses, values = ["NOT (post.restricted AND ?)"], list[object]([int(public)])

    def add(clause: str, *given: object) -> None:
        clauses.append(clause)
        values.extend(given)

    if wanted.instance:
        add("home.domain = ?", wanted.instance.lower())
    for given, name, domain in (
        (wanted.community.removeprefix("!"), "community.name", "home.domain"),
        (wanted.author.removeprefix("@"), "person.name", "theirs.domain"),
    ):
        person, _, host = given.partition("@")
        if person:
            add(f"{name} = ? COLLATE NOCASE", person)
        if host:
            add(f"{domain} = ?", host.lower())
    if wanted.since:
        add("post.published_at >= ?", wanted.since)
    if wanted.until:
        # Text order: every time of that day comes before this.
        add("post.published_at < ?", f"{wanted.until}~")
    if wanted.status:
        add("capture.status = ?", wanted.status)
    return " AND ".join(clauses), values


def thread_cards(
    connection: sqlite3.Connection, wanted: ThreadFilter, *, sort: str, page: int, size: int, public: bool
) -> list[ThreadCard]:
    """A page (from 1) of threads in one of SORTS, and one more than `size` where there are more."""
    where, values = _where(wanted, public=public)
    query = f"{_CARD}{_FROM}{where} ORDER BY {SORTS[sort]}, post.id DESC LIMIT ? OFFSET ?"
    rows = tuples(connection, query, *values, size + 1, (page - 1) * size)
    flags = ("is_withdrawn", "is_restricted", "has_article")
    cards = (dict(zip(_NAMES, row, strict=True)) for row in rows)
    return [ThreadCard(**(card | {name: bool(card[name]) for name in flags})) for card in cards]


def count_threads(connection: sqlite3.Connection, wanted: ThreadFilter, *, public: bool) -> int:
    """How many threads there are."""
    where, values = _where(wanted, public=public)
    found: int = tuples(connection, f"SELECT count(*) {_FROM}{where}", *values).fetchone()[0]
    return found


def communities_with_threads(
    connection: sqlite3.Connection, *, public: bool, most: int = 200
) -> list[tuple[str, str, int]]:
    """(name, instance, how many threads) of the communities that have most."""
    rows = tuples(
        connection,
        """SELECT community.name, home.domain, count(*) FROM posts AS post
           JOIN communities AS community ON community.id = post.community_id
           JOIN instances AS home ON home.id = community.instance_id
           WHERE NOT (post.restricted AND ?) GROUP BY community.id ORDER BY 3 DESC, 1, 2 LIMIT ?""",
        int(public),
        most,
    )
    return rows.fetchall()
