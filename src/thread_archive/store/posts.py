"""Writing a thread's post: its row, the state it replaces, its cross-posts and its entry in the index."""

from thread_archive.model import Post
from thread_archive.slugs import slug
from thread_archive.store import article_writing, derivations, search_index
from thread_archive.store.rows import POST_COLUMNS, POST_STATE, Row, post_row
from thread_archive.store.visits import Writing

_NAMES = ", ".join(POST_COLUMNS)
_INSERT = f"""INSERT INTO posts ({_NAMES}, body_text, capture_id, slug)
              VALUES ({", ".join("?" * len(POST_COLUMNS))}, ?, ?, ?)"""
_UPDATE = f"""UPDATE posts SET {", ".join(f"{name} = ?" for name in POST_COLUMNS)}, body_text = ?, capture_id = ?
              WHERE id = ?"""
_DERIVED_FROM = tuple(POST_COLUMNS.index(name) for name in ("body", "title", "url"))
_STATE = tuple(POST_COLUMNS.index(name) for name in POST_STATE)
_INDEXED = tuple(POST_COLUMNS.index(name) for name in ("body", "title", "creator_id", "community_id"))
_AP_ID = POST_COLUMNS.index("ap_id")
_BODY = POST_COLUMNS.index("body")
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
            row = _keep_untold(row, tuple(old))
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
    if new == old and not first:
        return
    capture_id = old_capture
    old_state = tuple(old[index] for index in _STATE)
    if first:
        capture_id = writing.visit.capture_id
    elif old_state != tuple(new[index] for index in _STATE):
        capture_id = writing.visit.capture_id
        writing.add_revision("post", post_id, POST_STATE, old_state, old_capture)
    reindexed = first or any(old[index] != new[index] for index in _INDEXED)
    if reindexed:
        search_index.remove(writing.connection, [search_index.item_number(search_index.POST, post_id)])
    text = writing.text_of(str(new[_BODY]))
    writing.connection.execute(_UPDATE, [*new, text, capture_id, post_id])
    if first or any(old[index] != new[index] for index in _DERIVED_FROM):
        derivations.forget_post(writing.connection, post_id)
        article_writing.forget_body(writing.connection, post_id)
    if writing.visit.post.deleted or writing.visit.post.removed:
        article_writing.empty_page(writing.connection, post_id, capture_id=capture_id)
    writing.changes.content += 1
    if reindexed:
        _index(writing, post_id, new, text)


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
    """Note the other posts of the same link that a server listed beside the post."""
    cursor = writing.connection.executemany(
        """INSERT INTO cross_posts (post_id, ap_id, title, community_ap_id, community_name, instance_id)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)
           ON CONFLICT DO UPDATE SET title = ?3, community_ap_id = ?4, community_name = ?5
           WHERE (title, community_ap_id, community_name) IS NOT (?3, ?4, ?5)""",
        [
            (post_id, x.ap_id, x.title, x.community_ap_id, x.community_name, writing.instance_of(x.ap_id))
            for x in post.cross_posts
        ],
    )
    writing.changes.content += max(0, cursor.rowcount)
