"""Writing comments, a page at a time: rows are read before they are written, so that unchanged ones are not."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter

from thread_archive.exceptions import PayloadError
from thread_archive.model import Comment
from thread_archive.payloads import REPORT
from thread_archive.store import derivations, search_index
from thread_archive.store.places import INSERT_COMMENT, Places, comment_rows
from thread_archive.store.rows import COMMENT_COLUMNS, COMMENT_STATE, Row, comment_row
from thread_archive.store.visits import Writing

_UPDATE = f"""UPDATE comments SET {", ".join(f"{name} = ?" for name in COMMENT_COLUMNS)}, body_text = ?, capture_id = ?
              WHERE id = ?"""
_AP_ID = COMMENT_COLUMNS.index("ap_id")
_POST = COMMENT_COLUMNS.index("post_id")
_BODY = COMMENT_COLUMNS.index("body")
_CREATOR = COMMENT_COLUMNS.index("creator_id")
_VOTES = slice(COMMENT_COLUMNS.index("score"), COMMENT_COLUMNS.index("downvotes") + 1)
_MODERATOR = COMMENT_COLUMNS.index("is_moderator")
_STATE = tuple(COMMENT_COLUMNS.index(name) for name in COMMENT_STATE)


class CommentWriter:
    """Writes the comments of one visit, each of which comes once; `flush` after the last one."""

    def __init__(self, writing: Writing, places: Places, *, community_id: int) -> None:
        self._writing = writing
        self._places = places
        self._community_id = community_id
        self._inserts: list[Row] = []
        self._entries: list[search_index.Entry] = []

    def write(self, comments: Sequence[Comment]) -> None:
        """Write the comments of one page."""
        writing, ids = self._writing, self._places.ids
        old = comment_rows(writing.archive, [ids[c.ap_id] for c in comments if ids[c.ap_id] in self._places.old])
        for comment in comments:
            row_id, row = ids[comment.ap_id], self._row(comment)
            before = old.get(row_id)
            claimed = before is not None and before[-1] in writing.imports
            if row[_MODERATOR] is None:
                known = before[_MODERATOR] if before and not claimed else 0
                row = (*row[:_MODERATOR], known, *row[_MODERATOR + 1 :])
            if before is not None and comment.ap_id in writing.visit.scored_at_home:
                row = (*row[: _VOTES.start], *before[_VOTES], *row[_VOTES.stop :])
            first = writing.is_first("comment", row_id)
            if before is None:
                text = writing.text_of(comment.body)
                self._inserts.append((row_id, *row, text, writing.visit.capture_id))
                self._entries += self._entry(row_id, row, text)
            elif before[:-2] != row or first or claimed:
                self._entries += self._update(row_id, before, row, first=first)

    def flush(self) -> None:
        """Write what was gathered, in the order of the rows: an answer has its own."""
        self._inserts.sort(key=itemgetter(0))
        self._entries.sort(key=itemgetter(0))
        with _in_one_thread():
            self._writing.connection.executemany(INSERT_COMMENT, self._inserts)
        search_index.add(self._writing.connection, self._entries)
        self._writing.changes.content += len(self._inserts)
        self._writing.changes.index += len(self._entries)
        self._inserts.clear()
        self._entries.clear()

    def _row(self, comment: Comment) -> Row:
        node = self._places.nodes[comment.ap_id]
        return comment_row(
            comment,
            self._places.of(node),
            creator_id=self._writing.actors.person(comment.creator) if comment.creator else None,
            deleted=node.deleted,
            removed=node.removed,
            restricted=comment.ap_id in self._writing.visit.restricted,
        )

    def _update(self, row_id: int, before: Row, row: Row, *, first: bool) -> list[search_index.Entry]:
        *old, text, capture_id = before
        was_gap = old[_AP_ID] is None
        old_state = tuple(old[index] for index in _STATE)
        changed = old_state != tuple(row[index] for index in _STATE)
        if changed and not first and not was_gap:
            self._writing.add_revision("comment", row_id, COMMENT_STATE, old_state, int(capture_id or 0))
        if changed or first or was_gap or capture_id in self._writing.imports:
            capture_id = self._writing.visit.capture_id
        entries: list[search_index.Entry] = []
        if first or old[_BODY] != row[_BODY] or old[_CREATOR] != row[_CREATOR]:
            item = search_index.item_number(search_index.COMMENT, row_id)
            search_index.remove(self._writing.connection, [item])
            text = self._writing.text_of(str(row[_BODY]))
            entries = self._entry(row_id, row, None if text is None else str(text))
        with _in_one_thread():
            self._writing.connection.execute(_UPDATE, [*row, text, capture_id, row_id])
        if first or old[_BODY] != row[_BODY]:
            derivations.forget_comment(self._writing.connection, row_id)
        self._writing.changes.content += 1
        return entries

    def _entry(self, row_id: int, row: Row, text: str | None) -> list[search_index.Entry]:
        if not row[_BODY]:
            return []
        scope = search_index.scope(row[_POST], self._community_id, row[_CREATOR], search_index.COMMENT)
        body = str(row[_BODY]) if text is None else text
        return [(search_index.item_number(search_index.COMMENT, row_id), body, "", scope)]


@contextmanager
def _in_one_thread() -> Iterator[None]:
    """Two servers, or one at two times, may name different posts for one comment: only the first is believed."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise PayloadError(
            "A comment of this thread is in the archive already, as one of another thread.",
            next=REPORT,
            path="$.comment.ap_id",
        ) from error
