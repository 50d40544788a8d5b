"""
Writing a thread: what a capture showed of it, into content tables, revisions, scores and index, in the caller's transaction.

Rows are read before they are written, a page at a time: an unchanged thread is not written at all, and what is replaced goes
to the revisions first.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from thread_archive.model import Comment, Page, Post, Votes
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.evidence import instance_row
from thread_archive.store.people import Actors
from thread_archive.store.rows import (
    COMMENT_COLUMNS,
    COMMENT_STATE,
    PLACE_COLUMNS,
    POST_COLUMNS,
    POST_STATE,
    Row,
    comment_row,
    gap_row,
    path_label,
    post_row,
    state_digest,
)
from thread_archive.store.times import parse_stamp, stamp
from thread_archive.trees import Key, Known, Node, Tree

_MARKS = ", ".join("?" * len(COMMENT_COLUMNS))
_INSERT_COMMENT = f"""INSERT INTO comments (id, {", ".join(COMMENT_COLUMNS)}, body_text, capture_id)
                      VALUES (?, {_MARKS}, ?, ?)"""
_UPDATE_COMMENT = f"""UPDATE comments SET {", ".join(f"{name} = ?" for name in COMMENT_COLUMNS)},
                      body_text = ?, capture_id = ? WHERE id = ?"""
_SELECT_COMMENTS = f"""SELECT id, {", ".join(COMMENT_COLUMNS)}, body_text, capture_id FROM comments
                       WHERE id IN (SELECT value FROM json_each(?))"""
_UPDATE_PLACE = f"UPDATE comments SET {', '.join(f'{name} = ?' for name in PLACE_COLUMNS)} WHERE id = ?"
_BODY = COMMENT_COLUMNS.index("body")
_CREATOR = COMMENT_COLUMNS.index("creator_id")
_STATE = tuple(COMMENT_COLUMNS.index(name) for name in COMMENT_STATE)
_POST_STATE = tuple(POST_COLUMNS.index(name) for name in POST_STATE)
# Rows handed to SQLite at a time where there is no page to go by.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one answer of a capture says: its number in the capture, and the instance that gave it."""

    number: int
    instance: str
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    A capture, read: all that is needed to write it but the pages themselves.

    `reasons` says why each gap is one; `restricted` are the ap_ids that only a login gave; `asked` are the instances that
    listed the thread to its end, `home` among them or not.
    """

    capture_id: int
    captured_at: datetime
    home: str | None
    post: Post
    tree: Tree
    reasons: Mapping[Key, str] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


@dataclass(slots=True)
class Changes:
    """Rows that were written: `content` in posts, comments, people and communities; `index` entries put in or taken out."""

    content: int = 0
    revisions: int = 0
    scores: int = 0
    index: int = 0

    @property
    def any(self) -> bool:
        """Whether anything was."""
        return bool(self.content or self.revisions or self.scores)


def known_places(archive: Archive, post_ap_id: str) -> dict[Key, Known]:
    """The places that the archive has of a thread: by ap_id, gaps by (instance, local id)."""
    connection = archive.db.conn
    rows = connection.execute(
        """SELECT comment.id, comment.ap_id, comment.parent_id, comment.published_at FROM comments AS comment
           JOIN posts AS post ON post.id = comment.post_id WHERE post.ap_id = ? ORDER BY comment.position""",
        [post_ap_id],
    ).fetchall()
    keys: dict[int, Key] = {row[0]: row[1] for row in rows if row[1] is not None}
    gaps = [row[0] for row in rows if row[1] is None]
    keys.update(_gap_keys(archive, gaps))
    return {
        keys[row[0]]: Known(parent=keys.get(row[2]) if row[2] else None, published_at=parse_stamp(row[3]))
        for row in rows
        if row[0] in keys
    }


def _gap_keys(archive: Archive, row_ids: Sequence[int]) -> dict[int, Key]:
    if not row_ids:
        return {}
    rows = archive.db.conn.execute(
        """SELECT local.comment_id, instance.domain, local.local_id FROM local_ids AS local
           JOIN instances AS instance ON instance.id = local.instance_id
           WHERE local.comment_id IN (SELECT value FROM json_each(?))""",
        [json.dumps(list(row_ids))],
    )
    return {row_id: (domain, local_id) for row_id, domain, local_id in rows}


def known_local_ids(archive: Archive, post_ap_id: str, instance: str) -> list[int]:
    """The local ids by which `instance` knows those comments of a thread that the archive has and believes to be there."""
    rows = archive.db.conn.execute(
        """SELECT local.local_id FROM posts AS post
           JOIN comments AS comment ON comment.post_id = post.id AND comment.ap_id IS NOT NULL
           JOIN local_ids AS local ON local.comment_id = comment.id AND local.kind = 'comment'
           JOIN instances AS instance ON instance.id = local.instance_id AND instance.domain = ?
           WHERE post.ap_id = ? AND comment.gone_at IS NULL ORDER BY local.local_id""",
        [instance, post_ap_id],
    )
    return [row[0] for row in rows]


class ThreadWriter:
    """
    Writes one visit; `write` is called once, inside a transaction.

    `plain_text` makes of Markdown what is indexed. `afresh` (for rereading) takes the rows there are for no earlier state of
    anything: they are overwritten without becoming revisions.
    """

    def __init__(
        self, archive: Archive, visit: Visit, *, plain_text: Callable[[str], str], afresh: bool = False
    ) -> None:
        self._archive = archive
        self._connection = archive.db.conn
        self._visit = visit
        self._plain_text = plain_text
        self._afresh = afresh
        self._instances: dict[str, int] = {}
        self._actors = Actors(self._connection, visit.capture_id, self._instance_of)
        self._nodes: dict[Key, Node] = {node.key: node for node in visit.tree.nodes}
        self._ids: dict[Key, int] = {}
        self._old: set[int] = set()
        self._paths: dict[Key, str] = {}
        self.changes = Changes()
        self.post_id = 0
        self._community_id = 0

    def write(self, readings: Iterable[Reading]) -> int:
        """Write everything; `readings` are the capture's pages in any order. Returns the post's row id."""
        self._write_post()
        self._give_ids()
        written: set[Key] = set()
        for reading in readings:
            self._write_page(reading, written)
        self._write_places(written)
        self.changes.content += self._actors.changed
        return self.post_id

    # --------------------------------------------------------------------------------------------- the post

    def _write_post(self) -> None:
        visit, connection = self._visit, self._connection
        post = visit.post
        self._community_id = self._actors.community(post.community)
        creator_id = self._actors.person(post.creator) if post.creator else None
        restricted = post.ap_id in visit.restricted
        row = post_row(post, community_id=self._community_id, creator_id=creator_id, restricted=restricted)
        names = ", ".join(POST_COLUMNS)
        found = connection.execute(
            f"SELECT id, body_text, capture_id, {names} FROM posts WHERE ap_id = ?", [post.ap_id]
        ).fetchone()
        if found is None:
            marks = ", ".join("?" * len(row))
            cursor = connection.execute(
                f"INSERT INTO posts ({names}, body_text, capture_id) VALUES ({marks}, ?, ?)",
                [*row, self._text_of(post.body), visit.capture_id],
            )
            self.post_id = int(cursor.lastrowid or 0)
            self.changes.content += 1
            self._index_post(row)
        else:
            self.post_id, old_text, old_capture, *old = found
            self._update_post(tuple(old), _keep_unknown(row, tuple(old)), old_text, old_capture)
        self._write_cross_posts(post)

    def _update_post(self, old: Row, new: Row, old_text: str | None, old_capture: int) -> None:
        if new == old and not self._afresh:
            return
        connection = self._connection
        capture_id = old_capture
        if self._state(old, _POST_STATE) != self._state(new, _POST_STATE) or self._afresh:
            capture_id = self._visit.capture_id
            if not self._afresh:
                state = self._state(old, _POST_STATE)
                self._add_revision("post", self.post_id, POST_STATE, state, old_capture)
        item = search_index.item_number(search_index.POST, self.post_id)
        search_index.remove(connection, [item])
        assignments = ", ".join(f"{name} = ?" for name in POST_COLUMNS)
        text = self._text_of(str(new[POST_COLUMNS.index("body")]))
        connection.execute(
            f"UPDATE posts SET {assignments}, body_text = ?, capture_id = ? WHERE id = ?",
            [*new, text, capture_id, self.post_id],
        )
        self.changes.content += 1
        self._index_post(new)

    def _index_post(self, row: Row) -> None:
        values = dict(zip(POST_COLUMNS, row, strict=True))
        body, title = str(values["body"]), str(values["title"])
        if body or title:
            creator = values["creator_id"]
            scope = search_index.scope(
                self.post_id, self._community_id, creator if isinstance(creator, int) else None, search_index.POST
            )
            item = search_index.item_number(search_index.POST, self.post_id)
            search_index.add(self._connection, search_index.POST, [(item, self._text_of(body) or body, title, scope)])
            self.changes.index += 1

    def _write_cross_posts(self, post: Post) -> None:
        cursor = self._connection.executemany(
            """INSERT INTO cross_posts (post_id, ap_id, title, community_ap_id, community_name, instance_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO UPDATE SET title = ?3, community_ap_id = ?4, community_name = ?5
               WHERE (title, community_ap_id, community_name) IS NOT (?3, ?4, ?5)""",
            [
                (self.post_id, x.ap_id, x.title, x.community_ap_id, x.community_name, self._instance_of(x.ap_id))
                for x in post.cross_posts
            ],
        )
        self.changes.content += max(0, cursor.rowcount)

    # --------------------------------------------------------------------------------------------- places

    def _give_ids(self) -> None:
        """Every place gets a row id (the one it has, or the next ones in thread order) and a path made of them."""
        connection = self._connection
        rows = connection.execute("SELECT id, ap_id FROM comments WHERE post_id = ?", [self.post_id]).fetchall()
        have: dict[Key, int] = {ap_id: row_id for row_id, ap_id in rows if ap_id is not None}
        gaps = _gap_keys(self._archive, [row_id for row_id, ap_id in rows if ap_id is None])
        for row_id, key in gaps.items():
            name = self._visit.tree.names.get(key, key) if isinstance(key, tuple) else key
            if name in have:
                self._drop_gap(row_id, have[name])
            else:
                have[name] = row_id
        self._old = set(have.values())
        next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM comments").fetchone()[0]
        for node in self._visit.tree.nodes:
            row_id = have.get(node.key)
            if row_id is None:
                row_id, next_id = next_id, next_id + 1
            self._ids[node.key] = row_id
            above = f"{self._paths[node.parent]}/" if node.parent is not None else ""
            self._paths[node.key] = above + path_label(row_id)

    def _drop_gap(self, row_id: int, successor: int) -> None:
        """A gap turned out to be a comment that the archive has under another name."""
        self._connection.execute("UPDATE comments SET parent_id = ? WHERE parent_id = ?", [successor, row_id])
        self._connection.execute("UPDATE local_ids SET comment_id = ? WHERE comment_id = ?", [successor, row_id])
        self._connection.execute("DELETE FROM comments WHERE id = ?", [row_id])

    def _place(self, node: Node) -> Row:
        parent_id = self._ids[node.parent] if node.parent is not None else None
        return (self.post_id, parent_id, self._paths[node.key], node.position, node.depth)

    def _write_places(self, written: set[Key]) -> None:
        """Places that no page filled: gaps, and comments of earlier captures."""
        rest = [node for node in self._visit.tree.nodes if node.key not in written]
        fresh: list[Row] = []
        gaps: list[Node] = []
        for batch in _batches(rest):
            old = self._rows([self._ids[node.key] for node in batch])
            for node in batch:
                row_id, place = self._ids[node.key], self._place(node)
                if row_id not in old:
                    reason = self._visit.reasons.get(node.key, "purged")
                    row = gap_row(place, stamp(node.published_at), reason)
                    fresh.append((row_id, *row, None, self._visit.capture_id))
                elif old[row_id][2:6] != place[1:]:
                    self._connection.execute(_UPDATE_PLACE, [*place[1:], row_id])
                    self.changes.content += 1
                if isinstance(node.key, tuple):
                    gaps.append(node)
                else:
                    self._note_absence(row_id, old[row_id])
        self._connection.executemany(_INSERT_COMMENT, fresh)
        self.changes.content += len(fresh)
        for instance, group in groupby(sorted(gaps, key=lambda node: str(node.key)), key=lambda node: node.key[0]):
            pairs = [(int(node.key[1]), self._ids[node.key]) for node in group]
            self._local_ids(pairs, kind="comment", instance=instance)

    def _note_absence(self, row_id: int, old: Row) -> None:
        """A comment that every server which ever showed it has stopped showing is marked as gone, and kept."""
        if old[COMMENT_COLUMNS.index("gone_at")] is not None or not self._visit.asked:
            return
        shown = self._connection.execute(
            """SELECT instance.domain FROM local_ids AS local
               JOIN instances AS instance ON instance.id = local.instance_id
               WHERE local.kind = 'comment' AND local.comment_id = ?""",
            [row_id],
        ).fetchall()
        if {domain for (domain,) in shown} <= self._visit.asked:
            self._connection.execute(
                "UPDATE comments SET gone_at = ? WHERE id = ?", [stamp(self._visit.captured_at), row_id]
            )
            self.changes.content += 1

    # --------------------------------------------------------------------------------------------- comments

    def _write_page(self, reading: Reading, written: set[Key]) -> None:
        comments = {comment.ap_id: comment for comment in reading.page.comments}
        mine = [
            comment
            for comment in comments.values()
            if self._nodes[comment.ap_id].answer == reading.number and comment.ap_id not in written
        ]
        if mine:
            self._write_comments(mine)
            written.update(comment.ap_id for comment in mine)
        if comments:
            shown = self._visit.tree.shown.get(reading.number, frozenset())
            current = [comment for comment in comments.values() if comment.ap_id in shown]
            self._local_ids(
                [(comment.local_id, self._ids[comment.ap_id]) for comment in current],
                kind="comment",
                instance=reading.instance,
                withdrawn={c.local_id: _withdrawn(c) for c in current if c.deleted or c.removed},
            )
            self._write_scores(
                reading.instance, [(self._ids[comment.ap_id], comment.votes) for comment in current], of="comment_id"
            )
        post = reading.page.post
        if post is not None and post.ap_id == self._visit.post.ap_id and post.votes is not None:
            self._write_scores(reading.instance, [(self.post_id, post.votes)], of="post_id")
            self._local_ids([(post.local_id, None)], kind="post", instance=reading.instance)

    def _write_comments(self, comments: Sequence[Comment]) -> None:
        old = self._rows([row_id for c in comments if (row_id := self._ids[c.ap_id]) in self._old])
        inserts: list[Row] = []
        entries: list[search_index.Entry] = []
        for comment in comments:
            row_id, row = self._ids[comment.ap_id], self._comment_row(comment)
            before = old.get(row_id)
            if before is None:
                text = self._text_of(comment.body)
                inserts.append((row_id, *row, text, self._visit.capture_id))
                entries += self._entry(row_id, row, text)
            elif before[:-2] != row or self._afresh:
                entries += self._update_comment(row_id, before, row)
        self._connection.executemany(_INSERT_COMMENT, inserts)
        search_index.add(self._connection, search_index.COMMENT, entries)
        self.changes.content += len(inserts)
        self.changes.index += len(entries)

    def _comment_row(self, comment: Comment) -> Row:
        node = self._nodes[comment.ap_id]
        return comment_row(
            comment,
            self._place(node),
            creator_id=self._actors.person(comment.creator),
            deleted=node.deleted,
            removed=node.removed,
            restricted=comment.ap_id in self._visit.restricted,
        )

    def _update_comment(self, row_id: int, before: Row, row: Row) -> list[search_index.Entry]:
        *old, old_text, old_capture = before
        capture_id, text = old_capture, old_text
        entries: list[search_index.Entry] = []
        if self._state(old, _STATE) != self._state(row, _STATE) or self._afresh:
            capture_id = self._visit.capture_id
            was_gap = old[0] is None
            if not self._afresh and not was_gap and isinstance(old_capture, int):
                self._add_revision("comment", row_id, COMMENT_STATE, self._state(old, _STATE), old_capture)
        if old[_BODY] != row[_BODY] or old[_CREATOR] != row[_CREATOR] or self._afresh:
            item = search_index.item_number(search_index.COMMENT, row_id)
            search_index.remove(self._connection, [item])
            text = self._text_of(str(row[_BODY]))
            entries = self._entry(row_id, row, text)
        self._connection.execute(_UPDATE_COMMENT, [*row, text, capture_id, row_id])
        self.changes.content += 1
        return entries

    def _entry(self, row_id: int, row: Row, text: str | None) -> list[search_index.Entry]:
        body, creator = row[_BODY], row[_CREATOR]
        if not body:
            return []
        scope = search_index.scope(
            self.post_id, self._community_id, creator if isinstance(creator, int) else None, search_index.COMMENT
        )
        return [(search_index.item_number(search_index.COMMENT, row_id), text or str(body), "", scope)]

    def _rows(self, row_ids: Sequence[int]) -> dict[int, Row]:
        if not row_ids:
            return {}
        rows = self._connection.execute(_SELECT_COMMENTS, [json.dumps(list(row_ids))])
        return {row[0]: row[1:] for row in rows}

    # --------------------------------------------------------------------------------------------- the rest

    @staticmethod
    def _state(row: Sequence[str | int | None], indexes: Sequence[int]) -> Row:
        return tuple(row[index] for index in indexes)

    def _add_revision(self, kind: str, row_id: int, columns: Sequence[str], state: Row, capture_id: int) -> None:
        marks = ", ".join("?" * len(state))
        cursor = self._connection.execute(
            f"""INSERT OR IGNORE INTO {kind}_revisions ({kind}_id, digest, capture_id, {", ".join(columns)})
                VALUES (?, ?, ?, {marks})""",
            [row_id, state_digest(state), capture_id, *state],
        )
        self.changes.revisions += cursor.rowcount

    def _write_scores(self, instance: str, votes: Sequence[tuple[int, Votes]], *, of: str) -> None:
        """A row where a value differs from the last one of that instance."""
        instance_id = self._instance(instance)
        known = dict.fromkeys((row_id for row_id, _ in votes), ())
        if self._old or of == "post_id":
            rows = self._connection.execute(
                f"""SELECT {of}, score, upvotes, downvotes FROM scores
                    WHERE {of} IN (SELECT value FROM json_each(?)) AND instance_id = ? ORDER BY capture_id, rowid""",
                [json.dumps([row_id for row_id, _ in votes]), instance_id],
            )
            known.update((row[0], row[1:]) for row in rows)
        new = [
            (row_id, instance_id, self._visit.capture_id, vote.score, vote.upvotes, vote.downvotes)
            for row_id, vote in votes
            if known[row_id] != (vote.score, vote.upvotes, vote.downvotes)
        ]
        self._connection.executemany(
            f"INSERT INTO scores ({of}, instance_id, capture_id, score, upvotes, downvotes) VALUES (?, ?, ?, ?, ?, ?)",
            new,
        )
        self.changes.scores += len(new)

    def _local_ids(
        self,
        pairs: Sequence[tuple[int, int | None]],
        *,
        kind: str,
        instance: str,
        withdrawn: Mapping[int, str] | None = None,
    ) -> None:
        instance_id = self._instance(instance)
        marks = withdrawn or {}
        cursor = self._connection.executemany(
            """INSERT INTO local_ids (instance_id, kind, local_id, post_id, comment_id, withdrawn)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO UPDATE SET post_id = ?4, comment_id = ?5, withdrawn = ?6
               WHERE (post_id, comment_id, withdrawn) IS NOT (?4, ?5, ?6)""",
            [
                (instance_id, kind, local_id, self.post_id if kind == "post" else None, row_id, marks.get(local_id))
                for local_id, row_id in pairs
            ],
        )
        self.changes.content += max(0, cursor.rowcount)

    def _instance(self, domain: str) -> int:
        found = self._instances.get(domain)
        if found is None:
            found = self._instances[domain] = instance_row(self._archive, domain)
        return found

    def _instance_of(self, ap_id: str) -> int:
        return self._instance(ap_id.partition("://")[2].partition("/")[0].lower())

    def _text_of(self, body: str) -> str | None:
        """The plain text of Markdown; None where it is the same, so that it is not stored twice."""
        text = self._plain_text(body)
        return None if text == body else text


def _withdrawn(comment: Comment) -> str:
    return "deleted" if comment.deleted else "removed"


def _keep_unknown(new: Row, old: Row) -> Row:
    """A withdrawn post is known only by what lists embed: its author and votes stay as they were."""
    kept = {POST_COLUMNS.index(name) for name in ("creator_id", "score", "upvotes", "downvotes", "advertised")}
    return tuple(
        before if index in kept and value is None else value
        for index, (value, before) in enumerate(zip(new, old, strict=True))
    )


def _batches(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    for start in range(0, len(nodes), _BATCH):
        yield nodes[start : start + _BATCH]
