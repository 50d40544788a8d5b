"""
What is derived from texts after they are written: their HTML, links and quotes, and their plain text once more.

A changed text loses what was derived from it at once, in the transaction that changes it, so that nothing of a
withdrawn text outlives it; `derived` says 0 of every row whose turn it is.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from thread_archive.model import Link
from thread_archive.store import search_index
from thread_archive.store.archive import Archive, translated

# Rows read and written at a time.
_BATCH = 500
_INSERT_LINK = """INSERT INTO links (post_id, comment_id, paragraph_id, kind, url, domain, text, position)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
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


def write_all(archive: Archive, post_id: int, derived: Iterable[Derived], version: int) -> None:
    """
    Write what was derived of a thread, inside the caller's transaction; whatever else was due is taken as done.

    What was derived before of the same texts is replaced.
    """
    connection = archive.db.conn
    batch: list[Derived] = []
    for item in derived:
        batch.append(item)
        if len(batch) >= _BATCH:
            _write(connection, post_id, batch)
            batch.clear()
    _write(connection, post_id, batch)
    connection.execute("UPDATE posts SET derived = ?1 WHERE id = ?2 AND derived <> ?1", [version, post_id])
    connection.execute("UPDATE comments SET derived = ?1 WHERE post_id = ?2 AND derived <> ?1", [version, post_id])


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
