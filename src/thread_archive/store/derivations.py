"""
What is derived from texts after they are written: their HTML, links and quotes, and their plain text once more.

A changed text loses what was derived from it at once, in the transaction that changes it, so that nothing of a
withdrawn text outlives it; `derived` says 0 of every row whose turn it is.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from thread_archive.model import Link
from thread_archive.store import search_index
from thread_archive.store.archive import Archive, translated

# Rows read and written at a time.
_BATCH = 500
_INSERT_LINK = """INSERT INTO links (post_id, comment_id, paragraph_id, kind, url, domain, text, position)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# All that something is derived from, and where it stands.
_TEXTS = (
    "SELECT ap_id, title, url, body FROM posts WHERE id = ?",
    "SELECT id, depth, position, body FROM comments WHERE post_id = ? ORDER BY position",
    "SELECT id, is_page, is_body, html FROM articles WHERE post_id = ? ORDER BY id",
    """SELECT paragraph.id, text FROM article_paragraphs AS paragraph
       JOIN articles AS article ON article.id = paragraph.article_id WHERE article.post_id = ? ORDER BY paragraph.id""",
)
# For more comments than these it takes longer to find what answers them than to derive the whole thread anew.
_FEW = 20


def forget_comment(connection: sqlite3.Connection, comment_id: int) -> None:
    """Take away what was derived from a comment's old text; what answers or quotes it is due as well."""
    connection.execute(
        """UPDATE comments SET derived = 0 WHERE derived <> 0 AND (
               id IN (SELECT comment_id FROM quotes WHERE target_comment_id = ?1)
               OR id IN (SELECT answer.id FROM comments AS comment JOIN comments AS answer
                         ON answer.post_id = comment.post_id
                            AND answer.path > comment.path AND answer.path < comment.path || '~'
                         WHERE comment.id = ?1))""",
        [comment_id],
    )
    connection.execute("UPDATE comments SET derived = 0, body_html = NULL WHERE id = ?", [comment_id])
    connection.execute("DELETE FROM quotes WHERE comment_id = ?1 OR target_comment_id = ?1", [comment_id])
    connection.execute("DELETE FROM links WHERE comment_id = ?", [comment_id])


def forget_comments(connection: sqlite3.Connection, post_id: int, comment_ids: Sequence[int]) -> None:
    """Take away what was derived from old texts of comments of one thread; where they are many, all of it is due."""
    if len(comment_ids) <= _FEW:
        for comment_id in comment_ids:
            forget_comment(connection, comment_id)
        return
    connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ? AND derived <> 0", [post_id])
    values = [(comment_id,) for comment_id in comment_ids]
    connection.executemany("UPDATE comments SET body_html = NULL WHERE id = ?", values)
    connection.executemany("DELETE FROM quotes WHERE comment_id = ?1 OR target_comment_id = ?1", values)
    connection.executemany("DELETE FROM links WHERE comment_id = ?", values)


def forget_post(connection: sqlite3.Connection, post_id: int) -> None:
    """Take away what was derived from a post's old text; all its comments are due as well."""
    connection.execute("UPDATE posts SET derived = 0, body_html = NULL WHERE id = ?", [post_id])
    connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ? AND derived <> 0", [post_id])
    connection.execute(
        "DELETE FROM quotes WHERE post_id = ? AND (comment_id IS NULL OR target_kind IN ('post', 'title'))", [post_id]
    )
    connection.execute("DELETE FROM links WHERE post_id = ? AND comment_id IS NULL AND paragraph_id IS NULL", [post_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class DueText:
    """A comment of a thread with its Markdown; `due` says that what follows from it has to be made anew."""

    comment_id: int
    depth: int
    body: str
    due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """
    What follows from one text: `html` is None where it is nothing but the text in paragraphs.

    `text` is the plain text, None where it is the same: it was written and indexed with the row, maybe by older rules.
    `comment_id` is None for the post. A quote's target is named by its kind and, for a comment or a paragraph of an
    article, the row id.
    """

    comment_id: int | None
    text: str | None
    html: str | None
    links: Sequence[Link]
    quotes: Sequence["DerivedQuote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedQuote:
    """A row of `quotes`, without who quotes."""

    start: int
    end: int
    marked: bool
    target_kind: str
    target_id: int | None
    target_start: int
    target_end: int
    score: float


def is_due(archive: Archive, post_id: int, version: int) -> tuple[bool, bool]:
    """Whether anything is due of the thread's post, and of its comments, by this version of the rules."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            """SELECT derived <> ?1, EXISTS (SELECT 1 FROM comments WHERE post_id = ?2 AND derived <> ?1)
               FROM posts WHERE id = ?2""",
            [version, post_id],
        ).fetchone()
    return bool(row[0]), bool(row[1])


def texts(archive: Archive, post_id: int, version: int) -> Iterator[DueText]:
    """All comments of a thread in thread order; gaps and withdrawn ones have an empty body."""
    position = -1
    while rows := archive.db.conn.execute(
        """SELECT id, depth, body, derived <> ?, position FROM comments
           WHERE post_id = ? AND position > ? ORDER BY position LIMIT ?""",
        [version, post_id, position, _BATCH],
    ).fetchall():
        for row_id, depth, body, due, position in rows:  # noqa: B007 - the last position is where to go on
            yield DueText(comment_id=row_id, depth=depth, body=body, due=bool(due))


class Texts:
    """The texts of a thread as they are now; `unchanged` tells later whether they still are."""

    def __init__(self, archive: Archive, post_id: int) -> None:
        self._archive = archive
        self._post_id = post_id
        self._digest = self._read()
        self.note()

    def unchanged(self) -> bool:
        """Whether nobody changed one since, inside the caller's transaction; read only where somebody wrote at all."""
        return self._seen == self._state() or self._digest == self._read()

    def note(self) -> None:
        """What the caller wrote itself since `unchanged` is no change of the texts."""
        self._seen = self._state()

    def _state(self) -> tuple[int, int]:
        """A pair that is another one as soon as this connection or any other wrote something."""
        connection = self._archive.db.conn
        return int(connection.execute("PRAGMA data_version").fetchone()[0]), connection.total_changes

    def _read(self) -> bytes:
        digest = sha256()
        with translated(self._archive.path):
            for statement in _TEXTS:
                for row in self._archive.db.conn.execute(statement, [self._post_id]):
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return digest.digest()


def due(archive: Archive, post_id: int, version: int) -> int:
    """How many texts of a thread are due, its post's among them."""
    row = archive.db.conn.execute(
        """SELECT (SELECT count(*) FROM comments WHERE post_id = ?2 AND derived <> ?1 AND body <> '')
                  + (derived <> ?1) FROM posts WHERE id = ?2""",
        [version, post_id],
    ).fetchone()
    return int(row[0])


def write(archive: Archive, post_id: int, derived: Sequence[Derived], version: int) -> None:
    """
    Write what was derived of some texts of a thread, inside the caller's transaction: they are no longer due.

    What was derived before of the same texts is replaced.
    """
    connection = archive.db.conn
    _write(connection, post_id, derived)
    connection.executemany(
        "UPDATE comments SET derived = ? WHERE id = ?",
        [(version, item.comment_id) for item in derived if item.comment_id is not None],
    )
    if any(item.comment_id is None for item in derived):
        connection.execute("UPDATE posts SET derived = ? WHERE id = ?", [version, post_id])


def close(archive: Archive, post_id: int, version: int, *, all_done: bool) -> None:
    """Take as done what is due and has no text, inside the caller's transaction; with `all_done` whatever is due."""
    connection = archive.db.conn
    if all_done:
        connection.execute("UPDATE posts SET derived = ?1 WHERE id = ?2 AND derived <> ?1", [version, post_id])
    connection.execute(
        f"""UPDATE comments SET derived = ?1 WHERE post_id = ?2 AND derived <> ?1
            {"" if all_done else "AND body = ''"}""",
        [version, post_id],
    )


def write_article_links(archive: Archive, post_id: int, article_id: int, links: Iterable[Link]) -> None:
    """Write the links of an article, whose `position` is the number of a paragraph, inside the caller's transaction."""
    connection = archive.db.conn
    paragraphs = dict(
        connection.execute("SELECT number, id FROM article_paragraphs WHERE article_id = ?", [article_id]).fetchall()
    )
    connection.executemany("DELETE FROM links WHERE paragraph_id = ?", [(row_id,) for row_id in paragraphs.values()])
    connection.executemany(
        _INSERT_LINK,
        [
            (post_id, None, paragraphs[link.position], link.kind, link.url, link.domain, link.text, None)
            for link in links
            if link.position in paragraphs
        ],
    )


def _write(connection: sqlite3.Connection, post_id: int, batch: Sequence[Derived]) -> None:
    comments = [item for item in batch if item.comment_id is not None]
    all_ids = json.dumps([item.comment_id for item in comments])
    _write_texts(connection, post_id, batch, all_ids)
    for table in ("links", "quotes"):
        connection.execute(f"DELETE FROM {table} WHERE comment_id IN (SELECT value FROM json_each(?))", [all_ids])
    connection.execute(
        """UPDATE comments SET body_html = NULL
           WHERE id IN (SELECT value FROM json_each(?)) AND body_html IS NOT NULL""",
        [json.dumps([item.comment_id for item in comments if item.html is None])],
    )
    connection.executemany(
        "UPDATE comments SET body_html = ? WHERE id = ? AND body_html IS NOT ?1",
        [(item.html, item.comment_id) for item in comments if item.html is not None],
    )
    for item in batch:
        if item.comment_id is None:
            connection.execute("UPDATE posts SET body_html = ? WHERE id = ?", [item.html, post_id])
            connection.execute(
                "DELETE FROM links WHERE post_id = ? AND comment_id IS NULL AND paragraph_id IS NULL", [post_id]
            )
            connection.execute("DELETE FROM quotes WHERE post_id = ? AND comment_id IS NULL", [post_id])
    connection.executemany(
        _INSERT_LINK,
        [
            (post_id, item.comment_id, None, link.kind, link.url, link.domain, link.text, link.position)
            for item in batch
            for link in item.links
        ],
    )
    connection.executemany(
        """INSERT INTO quotes (post_id, comment_id, start, end, marked, target_kind, target_comment_id,
                               target_paragraph_id, target_start, target_end, score)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [_quote_row(post_id, item.comment_id, quote) for item in batch for quote in item.quotes],
    )


def _write_texts(connection: sqlite3.Connection, post_id: int, batch: Sequence[Derived], comment_ids: str) -> None:
    """Write plain texts that other rules made otherwise, and index them."""
    known = dict(
        connection.execute(
            "SELECT id, body_text FROM comments WHERE id IN (SELECT value FROM json_each(?))", [comment_ids]
        ).fetchall()
    )
    known[None] = connection.execute("SELECT body_text FROM posts WHERE id = ?", [post_id]).fetchone()[0]
    for item in batch:
        if known[item.comment_id] == item.text:
            continue
        kind, table, row_id = search_index.COMMENT, "comments", item.comment_id
        if row_id is None:
            kind, table, row_id = search_index.POST, "posts", post_id
        number = search_index.item_number(kind, row_id)
        search_index.remove(connection, [number])
        connection.execute(f"UPDATE {table} SET body_text = ? WHERE id = ?", [item.text, row_id])
        search_index.put(connection, [number])


def _quote_row(post_id: int, comment_id: int | None, quote: DerivedQuote) -> tuple[object, ...]:
    return (
        post_id,
        comment_id,
        quote.start,
        quote.end,
        int(quote.marked),
        quote.target_kind,
        quote.target_id if quote.target_kind == "comment" else None,
        quote.target_id if quote.target_kind == "article" else None,
        quote.target_start,
        quote.target_end,
        quote.score,
    )
