"""A snapshot's rows as values, thread by thread: what `store.merging` takes in."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thread_archive.articles.blocks import blocks_of_html
from thread_archive.model import Article, Comment, Community, CrossPost, MissingReason, Person, Post, Votes
from thread_archive.snapshots.pseudonyms import HOST
from thread_archive.snapshots.receipts import received_receipt
from thread_archive.store.imported import LEFT_OUT, Source
from thread_archive.store.merging import Place, Received, Sighted
from thread_archive.store.purges import Marks
from thread_archive.store.times import parse_stamp
from thread_archive.trees import Key

_BATCH = 500
_PERSON = "person.ap_id, person.name, person.display_name, person.bio, person.is_bot, person.deleted"
_POST = f"""SELECT post.ap_id, post.title, post.body, post.url, post.published_at, post.edited_at, post.deleted,
                   post.removed, post.locked, post.nsfw, post.featured, post.language, post.alt_text, post.embed_title,
                   post.embed_description, post.thumbnail_url, post.is_moderator, post.is_admin, post.score,
                   post.upvotes, post.downvotes, post.advertised, post.restricted,
                   community.ap_id, community.name, community.title, community.description, community.nsfw,
                   community.deleted, community.removed, community.visibility, {_PERSON}
            FROM posts AS post JOIN communities AS community ON community.id = post.community_id
            LEFT JOIN people AS person ON person.id = post.creator_id WHERE post.id = ?"""
_REASONS = frozenset(MissingReason)
_COMMENTS = f"""SELECT comment.ap_id, comment.body, comment.published_at, comment.edited_at, comment.deleted,
                       comment.removed, comment.distinguished, comment.language, comment.is_moderator,
                       comment.is_admin, comment.score, comment.upvotes, comment.downvotes, {_PERSON}
                FROM comments AS comment LEFT JOIN people AS person ON person.id = comment.creator_id
                WHERE comment.post_id = ? AND comment.ap_id IS NOT NULL ORDER BY comment.position"""
_SIGHTED = """SELECT local.{0}, instance.domain, local.local_id, local.withdrawn, score.score, score.upvotes,
                     score.downvotes
              FROM local_ids AS local JOIN instances AS instance ON instance.id = local.instance_id
              LEFT JOIN scores AS score ON score.item = local.{0} * 4 + {1} AND score.instance_id = local.instance_id
              WHERE local.{0} IN ({2}) ORDER BY instance.domain, local.local_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCapture:
    """What a snapshot tells of the visit by which a thread came into it: the address, how it ended, the receipt."""

    post_id: int
    ap_id: str
    url: str
    status: str
    captured_at: str
    home: str | None
    receipt: dict[str, Any]


def text(stored: bytes) -> str:
    """A text of a snapshot's database without NUL, which no Lemmy can store and at which SQLite's functions stop."""
    return stored.decode().replace("\0", "\ufffd")


def shared_captures(connection: sqlite3.Connection) -> list[SharedCapture]:
    """The threads of a snapshot, each by its latest visit; raises ValueError where one makes no sense."""
    rows = connection.execute(
        """SELECT post.id, post.ap_id, capture.url, capture.status, capture.started_at, capture.home, capture.receipt
           FROM posts AS post JOIN captures AS capture ON capture.id = post.id ORDER BY post.id"""
    )
    return [
        SharedCapture(
            post_id=row[0],
            ap_id=row[1],
            url=row[2],
            status=_status(row[3]),
            captured_at=row[4],
            home=row[5],
            receipt=received_receipt(str(row[6])),
        )
        for row in rows
    ]


def _status(status: str) -> str:
    """How a visit ended; raises ValueError where it did not: an open one would be gone on with."""
    if status not in ("complete", "partial"):
        raise ValueError(f"a visit is {status[:80]!r}")
    return status


def _address(ap_id: str) -> str:
    """An ap_id as it may be linked to; raises ValueError where it is none."""
    if not ap_id.startswith(("https://", "http://")):
        raise ValueError(f"{ap_id[:80]!r} is no ap_id")
    return ap_id


def received(connection: sqlite3.Connection, capture: SharedCapture, source: Source) -> Received:
    """A thread of a snapshot without its comments' texts, which `comments` gives."""
    rows = connection.execute(
        """SELECT id, ap_id, parent_id, published_at, deleted, removed, restricted, missing_reason,
                  coalesce(edited_at, ''), body FROM comments
           WHERE post_id = ? ORDER BY position""",
        [capture.post_id],
    ).fetchall()
    of_comments = "SELECT id FROM comments WHERE post_id = ?"
    sighted = _sighted(connection, _SIGHTED.format("comment_id", 1, of_comments), capture.post_id)
    # Two names of a gap are never needed: whoever answers it says which one is meant.
    keys: dict[int, Key] = {row[0]: row[1] or _gap_name(sighted.get(row[0], ()), row[0]) for row in rows}
    restricted = {row[1] for row in rows if row[6] and row[1]}
    post, post_restricted = _post(connection, capture.post_id)
    return Received(
        source=source,
        captured_at=parse_stamp(capture.captured_at),
        post=post,
        places={
            keys[row[0]]: Place(
                parent=_parent(keys, row[0], row[2]),
                published_at=parse_stamp(row[3]),
                deleted=bool(row[4]),
                removed=bool(row[5]),
                reason=row[7] if row[1] is None and row[7] in _REASONS else "",
                edited_at=row[8],
                has_text=row[9] not in LEFT_OUT,
            )
            for row in rows
        },
        names={(one.instance, one.local_id): row[1] for row in rows if row[1] for one in sighted.get(row[0], ())},
        sightings={row[1]: sighted[row[0]] for row in rows if row[1] and row[0] in sighted},
        seen=_sighted(connection, _SIGHTED.format("post_id", 0, "?"), capture.post_id).get(capture.post_id, ()),
        reasons={keys[row[0]]: MissingReason(row[7]) for row in rows if not row[1]},
        restricted=frozenset(restricted | ({post.ap_id} if post_restricted else set())),
        marks=_marks(connection, capture.post_id),
    )


def _marks(connection: sqlite3.Connection, post_id: int) -> dict[str, Marks]:
    """How the items of a thread are marked, as far as a snapshot of its schema tells."""
    there_are = {row[1] for row in connection.execute("PRAGMA table_info(comments)")}
    names = [name for name in Marks._fields if name in there_are]
    if not names:
        return {}
    of_post = ", ".join("0" if name == "unconfirmed" else name for name in names)
    rows = connection.execute(
        f"""SELECT ap_id, {of_post} FROM posts WHERE id = ?1
            UNION ALL SELECT ap_id, {", ".join(names)} FROM comments WHERE post_id = ?1 AND ap_id IS NOT NULL""",
        [post_id],
    )
    return {row[0]: Marks(*row[1:]) for row in rows if any(row[1:])}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """The linked page that a snapshot has beside a thread: its text, made safe once more, and where it was found."""

    article: Article
    url: str
    final_url: str
    fetched_at: str


def linked_page(connection: sqlite3.Connection, post_id: int) -> SharedPage | None:
    """The page that a thread of a snapshot is about; None where the snapshot has none."""
    row = connection.execute(
        """SELECT title, html, byline, site, published_at, published_by, language, licence, canonical_url, robots,
                  extractor, extractor_version, url, final_url, fetched_at
           FROM articles WHERE post_id = ? AND is_page = 1 AND html <> '' AND fetched_at IS NOT NULL""",
        [post_id],
    ).fetchone()
    if row is None:
        return None
    blocks = blocks_of_html(row[1])
    article = Article(
        title=row[0],
        html=blocks.html,
        paragraphs=blocks.paragraphs,
        byline=row[2],
        site=row[3],
        published_at=parse_stamp(row[4]) if row[4] else None,
        published_by=row[5],
        language=row[6],
        licence=row[7],
        canonical_url=row[8],
        robots=row[9],
        extractor=row[10],
        extractor_version=row[11],
    )
    return SharedPage(article=article, url=row[12], final_url=row[13], fetched_at=row[14])


def comments(connection: sqlite3.Connection, post_id: int) -> Iterator[Sequence[Comment]]:
    """The comments of a thread of a snapshot, in batches."""
    rows = connection.execute(_COMMENTS, [post_id])
    while batch := rows.fetchmany(_BATCH):
        yield [_comment(row) for row in batch]


def _parent(keys: Mapping[int, Key], row_id: int, parent_id: int | None) -> Key | None:
    """Whom a comment answers; raises ValueError where that is none before it in its thread: rows are in order."""
    if parent_id is None:
        return None
    if parent_id not in keys or parent_id >= row_id:
        raise ValueError("a comment answers one that does not stand before it in its thread")
    return keys[parent_id]


def _gap_name(sighted: Sequence[Sighted], row_id: int) -> tuple[str, int]:
    # A gap that no server has a number for is known by its row, at a host that there is not.
    return (sighted[0].instance, sighted[0].local_id) if sighted else (HOST, row_id)


def _sighted(connection: sqlite3.Connection, query: str, post_id: int) -> dict[int, list[Sighted]]:
    found: dict[int, list[Sighted]] = {}
    for row_id, domain, local_id, withdrawn, *votes in connection.execute(query, [post_id]):
        sighted = Sighted(instance=domain, local_id=local_id, withdrawn=withdrawn, votes=_votes(votes))
        found.setdefault(row_id, []).append(sighted)
    return found


def _votes(values: Sequence[Any]) -> Votes | None:
    if values[0] is None:
        return None
    return Votes(score=values[0], upvotes=values[1] or 0, downvotes=values[2] or 0)


def _person(values: Sequence[Any]) -> Person:
    return Person(
        ap_id=_address(values[0]),
        name=values[1],
        display_name=values[2],
        bio=values[3],
        bot=bool(values[4]),
        deleted=bool(values[5]),
    )


def _comment(row: Sequence[Any]) -> Comment:
    return Comment(
        local_id=0,
        ap_id=_address(row[0]),
        body=row[1],
        published_at=parse_stamp(row[2]),
        edited_at=parse_stamp(row[3]) if row[3] else None,
        deleted=bool(row[4]),
        removed=bool(row[5]),
        distinguished=bool(row[6]),
        language=row[7],
        is_moderator=bool(row[8]),
        is_admin=bool(row[9]),
        votes=_votes(row[10:13]),
        creator=_person(row[13:]) if row[13] is not None else None,
    )


def _post(connection: sqlite3.Connection, post_id: int) -> tuple[Post, bool]:
    row = connection.execute(_POST, [post_id]).fetchone()
    cross_posts = connection.execute(
        "SELECT ap_id, title, community_ap_id, community_name FROM cross_posts WHERE post_id = ? ORDER BY ap_id",
        [post_id],
    ).fetchall()
    community = row[23:31]
    post = Post(
        local_id=0,
        ap_id=_address(row[0]),
        title=row[1],
        body=row[2],
        url=row[3],
        published_at=parse_stamp(row[4]),
        edited_at=parse_stamp(row[5]) if row[5] else None,
        deleted=bool(row[6]),
        removed=bool(row[7]),
        locked=bool(row[8]),
        nsfw=bool(row[9]),
        featured=bool(row[10]),
        language=row[11],
        alt_text=row[12],
        embed_title=row[13],
        embed_description=row[14],
        thumbnail_url=row[15],
        is_moderator=bool(row[16]),
        is_admin=bool(row[17]),
        votes=_votes(row[18:21]),
        comments=row[21],
        cross_posts=tuple(
            CrossPost(ap_id=_address(x[0]), title=x[1], community_ap_id=x[2], community_name=x[3]) for x in cross_posts
        ),
        creator=_person(row[31:]) if row[31] else None,
        community=Community(
            ap_id=_address(community[0]),
            name=community[1],
            title=community[2],
            description=community[3],
            nsfw=bool(community[4]),
            deleted=bool(community[5]),
            removed=bool(community[6]),
            visibility=community[7],
        ),
    )
    return post, bool(row[22])
