"""Reading threads back: which row a person means, the list of threads, and a thread's items in order."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from thread_archive.store.archive import Archive, translated
from thread_archive.store.articles import PageText, linked_page
from thread_archive.store.attestations import attesters
from thread_archive.store.claims import in_thread, shown
from thread_archive.store.connections import tuples
from thread_archive.store.gaps import gap_keys
from thread_archive.store.remarks import Remarks, remarks
from thread_archive.urls import host_in

# Rows fetched at a time: a long thread is never held as a whole.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSummary:
    """
    A line of `ls`; `comments` leaves gaps out, `status` and `captured_at` are those of the latest finished capture.
    """

    id: int
    ap_id: str
    title: str
    community: str
    instance: str
    comments: int
    status: str
    captured_at: str

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `ls --json`."""
        return {
            "id": self.id,
            "ap_id": self.ap_id,
            "title": self.title,
            "community": self.community,
            "instance": self.instance,
            "comments": self.comments,
            "status": self.status,
            "captured_at": self.captured_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    A post, the article behind its link, a comment or a gap of a thread: `fields` is the object of `show --json`.

    `kind` is `post`, `article`, `comment` or `gap`; `depth` is 0 for the post and its article, 1 for what answers it.
    `page` is the article block by block, None for the others. `remarks` are sentences that a reader has to know.
    """

    kind: str
    depth: int
    fields: dict[str, Any]
    page: PageText | None = None
    remarks: tuple[str, ...] = ()


def post_by_row_id(archive: Archive, row_id: int) -> int | None:
    """The row of the thread that `ls` lists under this id."""
    return _one(archive, "SELECT id FROM posts WHERE id = ?", row_id)


def post_by_ap_id(archive: Archive, ap_id: str) -> int | None:
    """The row of the thread whose post, or one of whose comments, has this ap_id."""
    return _one(
        archive,
        "SELECT id FROM posts WHERE ap_id = ?1 UNION ALL SELECT post_id FROM comments WHERE ap_id = ?1 LIMIT 1",
        ap_id,
    )


def post_by_local_id(archive: Archive, instance: str, kind: str, local_id: int) -> int | None:
    """The row of the thread of which an instance knows the post or a comment (`kind`) by this local id."""
    return _one(
        archive,
        """SELECT coalesce(local.post_id, comment.post_id) FROM local_ids AS local
           JOIN instances AS instance ON instance.id = local.instance_id
           LEFT JOIN comments AS comment ON comment.id = local.comment_id
           WHERE instance.domain = ? AND local.of_comment = ? AND local.local_id = ?""",
        instance,
        int(kind == "comment"),
        local_id,
    )


def _one(archive: Archive, query: str, *values: str | int) -> int | None:
    with translated(archive.path):
        row = archive.db.conn.execute(query, values).fetchone()
    return row[0] if row else None


def threads(archive: Archive) -> Iterator[ThreadSummary]:
    """All threads, those that were captured last first."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT post.id, post.ap_id, post.title, community.ap_id, home.domain,
                      (SELECT count(*) FROM comments WHERE post_id = post.id AND ap_id IS NOT NULL),
                      capture.status, capture.started_at
               FROM posts AS post
               JOIN communities AS community ON community.id = post.community_id
               JOIN instances AS home ON home.id = community.instance_id
               JOIN captures AS capture ON capture.id = (
                   SELECT max(id) FROM captures WHERE post_id = post.id AND status IN ('complete', 'partial'))
               ORDER BY capture.id DESC"""
        )
        for row in rows:
            yield ThreadSummary(
                id=row[0],
                ap_id=row[1],
                title=row[2],
                community=row[3],
                instance=row[4],
                comments=row[5],
                status=row[6],
                captured_at=row[7],
            )


def thread_items(archive: Archive, post_id: int) -> Iterator[Item]:
    """
    The post, the text of the page that it links to if there is one, then every comment and gap in thread order.

    `parent` names what a comment or gap answers: by its ap_id, or by a gap's `id`.
    """
    with translated(archive.path):
        yield from items(archive.db.conn, post_id)


def items(connection: sqlite3.Connection, post_id: int, *, public: bool = False) -> Iterator[Item]:
    """
    As `thread_items`; `public` leaves out comments, and cross-posts, that are not for everybody, but for the places of
    comments that somebody answers.
    """
    told = remarks(connection, post_id)
    yield _remarked(_post(connection, post_id, public=public), told.post)
    page = linked_page(connection, post_id)
    if page:
        yield _remarked(_article(page), told.page)
    yield from _comments(connection, post_id, told, public=public)


def _remarked(item: Item, told: Sequence[tuple[str, str]]) -> Item:
    return replace(item, remarks=tuple(sentence for _, sentence in told)) if told else item


def _comments(connection: sqlite3.Connection, post_id: int, told: Remarks, *, public: bool) -> Iterator[Item]:
    rows = tuples(connection, _COMMENTS, int(public), post_id)
    hidden: list[Item] = []
    while batch := rows.fetchmany(_BATCH):
        known = (place for row in batch for place in _places(row) if place)
        keys = gap_keys(connection, list({place.id for place in known if not (place.ap_id or place.hidden)}))
        for row in batch:
            place, parent = _places(row)
            named = _name(parent, keys) if parent else None
            item = _comment(row, named) if place.ap_id and not place.hidden else _gap(row, place, named, keys)
            hidden = [above for above in hidden if above.depth < item.depth]
            if place.hidden:
                hidden.append(item)
                continue
            yield from hidden
            hidden.clear()
            yield _remarked(item, told.comments.get(place.id, ()))


class _Place(NamedTuple):
    """What a comment or gap is known by; `hidden` says that nothing but its place is to be told."""

    id: int
    ap_id: str | None
    position: int
    hidden: int


def _places(row: tuple[Any, ...]) -> tuple[_Place, _Place | None]:
    """Where a row stands, and what it answers; None for the post."""
    parent = row[_PARENT:_ATTESTED]
    return _Place._make(row[_OWN:_PARENT]), _Place._make(parent) if parent[0] else None


def _name(place: _Place, keys: Mapping[int, tuple[str, int]]) -> str:
    """What replies call it: an ap_id, or where there is none a name that is a gap's own in this thread."""
    if place.ap_id and not place.hidden:
        return place.ap_id
    if place.id in keys:
        instance, local_id = keys[place.id]
        return f"{instance}/comment/{local_id}"
    return f"gap/{place.position}"


_POST = f"""SELECT post.ap_id, person.ap_id, {shown("name", "person")}, post.body, post.published_at, post.edited_at,
                  post.score, post.upvotes, post.downvotes, post.deleted, post.removed, post.is_moderator,
                  post.is_admin, {shown("is_bot", "person")}, post.language, home.domain, post.title, post.url,
                  community.ap_id, post.locked, post.nsfw, post.featured, post.purged_at,
                  post.attested_by
           FROM posts AS post
           JOIN communities AS community ON community.id = post.community_id
           JOIN instances AS home ON home.id = community.instance_id
           LEFT JOIN people AS person ON person.id = post.creator_id
           {in_thread("person", "community")}
           WHERE post.id = ?"""
_COMMENTS = f"""SELECT comment.depth, person.ap_id, {shown("name", "person")}, comment.body, comment.published_at,
                      comment.edited_at,
                      comment.score, comment.upvotes, comment.downvotes, comment.deleted, comment.removed,
                      comment.distinguished,
                      comment.creator_id IS NOT NULL AND comment.creator_id = post.creator_id,
                      comment.is_moderator, comment.is_admin, {shown("is_bot", "person")}, comment.language,
                      comment.missing_reason, comment.purged_at,
                      comment.id, comment.ap_id, comment.position, comment.restricted AND ?1,
                      parent.id, parent.ap_id, parent.position, parent.restricted AND ?1,
                      comment.attested_by, comment.unconfirmed
               FROM comments AS comment
               JOIN posts AS post ON post.id = comment.post_id
               JOIN communities AS community ON community.id = post.community_id
               LEFT JOIN comments AS parent ON parent.id = comment.parent_id
               LEFT JOIN people AS person ON person.id = comment.creator_id
               {in_thread("person", "community")}
               WHERE comment.post_id = ?2 ORDER BY comment.position"""
_REASON, _PURGED, _OWN, _PARENT, _ATTESTED, _UNCONFIRMED = 17, 18, 19, 23, 27, 28
# Why a comment is not told that is not for everybody.
_NOT_PUBLIC = "not_public"


def _post(connection: sqlite3.Connection, post_id: int, *, public: bool) -> Item:
    row = tuples(connection, _POST, post_id).fetchone()
    cross_posts = tuples(
        connection,
        """SELECT other.ap_id, other.title, other.community_ap_id FROM cross_posts AS other
           LEFT JOIN posts AS post ON post.ap_id = other.ap_id
           WHERE other.post_id = ? AND NOT (coalesce(post.restricted, 0) AND ?) ORDER BY other.ap_id""",
        post_id,
        int(public),
    ).fetchall()
    fields = {
        "kind": "post",
        "ap_id": row[0],
        "parent": None,
        "depth": 0,
        "author": row[1],
        "author_name": row[2],
        "body": row[3],
        "published_at": row[4],
        "edited_at": row[5],
        "score": row[6],
        "upvotes": row[7],
        "downvotes": row[8],
        "deleted": bool(row[9]),
        "removed": bool(row[10]),
        "distinguished": False,
        "is_op": True,
        "is_moderator": bool(row[11]),
        "is_admin": bool(row[12]),
        "is_bot": bool(row[13]),
        "language": row[14],
        "instance": row[15],
        "title": row[16],
        "url": row[17],
        "community": row[18],
        "locked": bool(row[19]),
        "nsfw": bool(row[20]),
        "featured": bool(row[21]),
        "purged_at": row[22],
        "attested_by": list(attesters(row[23])) or None,
        "unconfirmed": None,
        "cross_posts": [{"ap_id": x[0], "title": x[1], "community": x[2]} for x in cross_posts],
    }
    return Item(kind="post", depth=0, fields=fields)


def _article(page: PageText) -> Item:
    fields = {
        "kind": "article",
        "url": page.url,
        "site": page.site or host_in(page.url),
        "title": page.title,
        "author_name": page.byline or None,
        "published_at": page.published_at or None,
        "body": "\n\n".join(paragraph.text for paragraph in page.paragraphs),
        "status": page.status,
    }
    return Item(kind="article", depth=0, fields=fields, page=page)


def _gap(row: tuple[Any, ...], place: _Place, parent: str | None, keys: Mapping[int, tuple[str, int]]) -> Item:
    instance, local_id = keys.get(place.id, (None, None))
    gap = {
        "kind": "gap",
        "id": _name(place, keys),
        "instance": instance,
        "local_id": local_id,
        "parent": parent,
        "depth": row[0],
        "reason": _NOT_PUBLIC if place.hidden else row[_REASON],
    }
    return Item(kind="gap", depth=row[0], fields=gap)


def _comment(row: tuple[Any, ...], parent: str | None) -> Item:
    ap_id = row[_OWN + 1]
    fields = {
        "kind": "comment",
        "ap_id": ap_id,
        "parent": parent,
        "depth": row[0],
        "author": row[1],
        "author_name": row[2],
        "body": row[3],
        "published_at": row[4],
        "edited_at": row[5],
        "score": row[6],
        "upvotes": row[7],
        "downvotes": row[8],
        "deleted": bool(row[9]),
        "removed": bool(row[10]),
        "distinguished": bool(row[11]),
        "is_op": bool(row[12]),
        "is_moderator": bool(row[13]),
        "is_admin": bool(row[14]),
        "is_bot": bool(row[15]),
        "language": row[16],
        "instance": host_in(ap_id),
        "purged_at": row[_PURGED],
        "attested_by": list(attesters(row[_ATTESTED])) or None,
        "unconfirmed": True if row[_UNCONFIRMED] else None,
    }
    return Item(kind="comment", depth=row[0], fields=fields)
