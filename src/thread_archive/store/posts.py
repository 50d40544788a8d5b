"""Writing a thread's post: its row, the state it replaces, its cross-posts and its entry in the index."""

from datetime import datetime
from typing import Any

from thread_archive.model import Community, Person, Post, Votes
from thread_archive.slugs import slug
from thread_archive.store import article_writing, derivations, search_index
from thread_archive.store.archive import Archive
from thread_archive.store.rows import (
    COMMUNITY_COLUMNS,
    PERSON_COLUMNS,
    POST_COLUMNS,
    POST_STATE,
    Row,
    post_row,
)
from thread_archive.store.times import parse_stamp
from thread_archive.store.visits import Writing
from thread_archive.urls import fitting_name

_NAMES = ", ".join(POST_COLUMNS)
_INSERT = f"""INSERT INTO posts ({_NAMES}, body_text, capture_id, slug)
              VALUES ({", ".join("?" * len(POST_COLUMNS))}, ?, ?, ?)"""
_UPDATE = f"""UPDATE posts SET {", ".join(f"{name} = ?" for name in POST_COLUMNS)}, body_text = ?, capture_id = ?
              WHERE id = ?"""
_DERIVED_FROM = tuple(POST_COLUMNS.index(name) for name in ("body", "title", "url"))
_STATE = tuple(POST_COLUMNS.index(name) for name in POST_STATE)
_INDEXED = tuple(POST_COLUMNS.index(name) for name in ("body", "title", "creator_id", "community_id"))
_COMMUNITY = POST_COLUMNS.index("community_id")
_CREATOR = POST_COLUMNS.index("creator_id")
_AP_ID = POST_COLUMNS.index("ap_id")
_TITLE = POST_COLUMNS.index("title")
_BODY = POST_COLUMNS.index("body")
_POST_TEXTS = (
    "ap_id", "title", "url", "body", "language", "alt_text", "embed_title", "embed_description", "thumbnail_url",
)  # fmt: skip
_POST_FLAGS = ("deleted", "removed", "locked", "nsfw", "featured", "is_moderator", "is_admin")
# What a comment list, which is all there is of some withdrawn posts, does not tell of the post.
_MARKS = tuple(POST_COLUMNS.index(name) for name in ("is_moderator", "is_admin"))
_VOTES = slice(POST_COLUMNS.index("score"), POST_COLUMNS.index("downvotes") + 1)
_UNTOLD = frozenset((*_MARKS, *map(POST_COLUMNS.index, ("creator_id", "score", "upvotes", "downvotes", "advertised"))))


def write_post(writing: Writing) -> int:
    """Write the visit's post, in the caller's transaction; returns its row id."""
    post = writing.visit.post
    row = post_row(
        post,
        community_id=writing.actors.community(post.community),
        creator_id=writing.actors.person(post.creator) if post.creator else None,
        restricted=post.ap_id in writing.visit.restricted,
    )
    found = writing.connection.execute(
        f"SELECT id, capture_id, {_NAMES} FROM posts WHERE ap_id = ?", [post.ap_id]
    ).fetchone()
    if found is None:
        post_id = _insert(writing, _unmarked(row))
    else:
        post_id, old_capture, *old = found
        if not writing.visit.post_stays:
            row = _unmarked(row) if old_capture in writing.imports else _keep_untold(row, tuple(old))
            if post.ap_id in writing.visit.scored_at_home:
                row = (*row[: _VOTES.start], *old[_VOTES], *row[_VOTES.stop :])
            _update(writing, post_id, tuple(old), row, old_capture)
    write_cross_posts(writing, post_id, post)
    return post_id


def _insert(writing: Writing, row: Row) -> int:
    text = writing.text_of(str(row[_BODY]))
    cursor = writing.connection.execute(_INSERT, [*row, text, writing.visit.capture_id, slug(str(row[_AP_ID]))])
    post_id = int(cursor.lastrowid or 0)
    writing.changes.content += 1
    _index(writing, post_id, row, text)
    if writing.replay:
        writing.replay.first("post", post_id)
    return post_id


def _update(writing: Writing, post_id: int, old: Row, new: Row, old_capture: int) -> None:
    first = writing.is_first("post", post_id)
    # What a snapshot claimed is from now on what this visit says.
    claimed = old_capture in writing.imports
    if new == old and not first and not claimed:
        return
    capture_id = writing.visit.capture_id if claimed else old_capture
    old_state = tuple(old[index] for index in _STATE)
    if first:
        capture_id = writing.visit.capture_id
    elif old_state != tuple(new[index] for index in _STATE):
        capture_id = writing.visit.capture_id
        writing.add_revision("post", post_id, POST_STATE, old_state, old_capture)
    reindexed = _to_reindex(writing, post_id, old, new, first=first)
    search_index.remove(writing.connection, reindexed)
    text = writing.text_of(str(new[_BODY]))
    writing.connection.execute(_UPDATE, [*new, text, capture_id, post_id])
    if first or any(old[index] != new[index] for index in _DERIVED_FROM):
        derivations.forget_post(writing.connection, post_id)
        article_writing.forget_body(writing.connection, post_id)
    if not new[_TITLE]:
        # Other posts of the same link have it beside them.
        cursor = writing.connection.execute("DELETE FROM cross_posts WHERE ap_id = ?", [new[_AP_ID]])
        writing.changes.content += cursor.rowcount
    if writing.visit.post.deleted or writing.visit.post.removed:
        article_writing.empty_page(writing.connection, post_id, capture_id=capture_id)
    writing.changes.content += 1
    # As the view has them: a body that is an article of its own is found by that one's paragraphs.
    search_index.put(writing.connection, reindexed)
    writing.changes.index += len(reindexed)


def _to_reindex(writing: Writing, post_id: int, old: Row, new: Row, *, first: bool) -> list[int]:
    """
    The items of the thread that the index has otherwise afterwards: the post; and all others where its community
    changes, its articles' paragraphs where its author does.
    """
    if not first and all(old[index] == new[index] for index in _INDEXED):
        return []
    items = [search_index.item_number(search_index.POST, post_id)]
    moved = old[_COMMUNITY] != new[_COMMUNITY]
    if moved or old[_CREATOR] != new[_CREATOR]:
        items += search_index.followers(writing.connection, post_id, comments=moved)
    return items


def _unmarked(row: Row) -> Row:
    return tuple(0 if index in _MARKS and value is None else value for index, value in enumerate(row))


def _keep_untold(new: Row, old: Row) -> Row:
    return tuple(
        before if index in _UNTOLD and value is None else value
        for index, (value, before) in enumerate(zip(new, old, strict=True))
    )


def _index(writing: Writing, post_id: int, row: Row, text: str | None) -> None:
    body, title, creator_id, community_id = (row[index] for index in _INDEXED)
    if not (body or title):
        return
    scope = search_index.scope(post_id, community_id, creator_id, search_index.POST)
    item = search_index.item_number(search_index.POST, post_id)
    search_index.add(writing.connection, [(item, str(body) if text is None else text, str(title), scope)])
    writing.changes.index += 1


def write_cross_posts(writing: Writing, post_id: int, post: Post) -> None:
    """Note the other posts of the same link that a server listed beside the post, but for those taken back since."""
    cursor = writing.connection.executemany(
        """INSERT INTO cross_posts (post_id, ap_id, title, community_ap_id, community_name, instance_id)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM posts WHERE ap_id = ?2 AND title = '')
           ON CONFLICT DO UPDATE SET title = ?3, community_ap_id = ?4, community_name = ?5
           WHERE (title, community_ap_id, community_name) IS NOT (?3, ?4, ?5)""",
        [
            (post_id, x.ap_id, x.title, x.community_ap_id, named, writing.instance_of(x.ap_id))
            for x in post.cross_posts
            for named in (fitting_name(x.community_ap_id, x.community_name),)
        ],
    )
    writing.changes.content += max(0, cursor.rowcount)


def recorded_post(archive: Archive, post_id: int) -> tuple[Post, bool]:
    """The post of the row `post_id` as the archive has it now, without local ids; and whether only a login gave it."""
    connection = archive.db.conn

    def named(table: str, columns: tuple[str, ...], row_id: int | None) -> dict[str, Any]:
        row = connection.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", [row_id]).fetchone()
        return dict(zip(columns, row, strict=True)) if row else {}

    post = named("posts", POST_COLUMNS, post_id)
    person = named("people", PERSON_COLUMNS, post["creator_id"])
    community = named("communities", COMMUNITY_COLUMNS, post["community_id"])
    votes = None if post["score"] is None else Votes(**{name: post[name] for name in ("score", "upvotes", "downvotes")})
    texts = {name: post[name] for name in _POST_TEXTS}
    flags: dict[str, Any] = {name: bool(post[name]) for name in _POST_FLAGS}
    community |= {name: bool(community[name]) for name in ("nsfw", "deleted", "removed")}
    del community["instance_id"]
    told = Post(
        local_id=0,
        **texts,
        **flags,
        creator=_person(person) if person else None,
        community=Community(**community),
        published_at=parse_stamp(post["published_at"]),
        edited_at=_time(post["edited_at"]),
        votes=votes,
        comments=post["advertised"],
    )
    return told, bool(post["restricted"])


def _person(row: dict[str, Any]) -> Person:
    texts = {name: row[name] for name in ("ap_id", "name", "display_name", "bio")}
    return Person(**texts, bot=bool(row["is_bot"]), deleted=bool(row["deleted"]))


def _time(stamp: str | None) -> datetime | None:
    return parse_stamp(stamp) if stamp else None
