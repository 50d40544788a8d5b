"""An article's paragraphs: rows that keep their ids while there is one with their number, and entries in the index."""

import sqlite3

from thread_archive.model import Article, Paragraph
from thread_archive.store import search_index


def _paragraph_ids(connection: sqlite3.Connection, article_id: int, *, after: int = 0) -> list[int]:
    rows = connection.execute(
        "SELECT id FROM article_paragraphs WHERE article_id = ? AND number > ?", [article_id, after]
    )
    return [row_id for (row_id,) in rows]


def unindex(connection: sqlite3.Connection, article_id: int) -> None:
    """Before anything of an article changes: its title is in the index too, with its first paragraph."""
    ids = _paragraph_ids(connection, article_id)
    search_index.remove(connection, [search_index.item_number(search_index.PARAGRAPH, row_id) for row_id in ids])


def index(connection: sqlite3.Connection, article_id: int) -> None:
    """Put all paragraphs of an article, none of which is in the index, there as they are now."""
    ids = _paragraph_ids(connection, article_id)
    search_index.put(connection, [search_index.item_number(search_index.PARAGRAPH, row_id) for row_id in ids])


def drop(connection: sqlite3.Connection, article_id: int, *, after: int) -> None:
    """Delete the paragraphs beyond number `after`, which are not in the index any more, and what points at them."""
    ids = _paragraph_ids(connection, article_id, after=after)
    for statement in (
        "DELETE FROM quotes WHERE target_paragraph_id = ?",
        "DELETE FROM links WHERE paragraph_id = ?",
        "DELETE FROM article_paragraphs WHERE id = ?",
    ):
        connection.executemany(statement, [(row_id,) for row_id in ids])


def write(connection: sqlite3.Connection, article_id: int, article: Article) -> None:
    """Write an article's paragraphs, none of which is in the index, and put them there."""
    old = {
        number: (row_id, kind, level, text)
        for row_id, number, kind, level, text in connection.execute(
            "SELECT id, number, kind, level, text FROM article_paragraphs WHERE article_id = ?", [article_id]
        )
    }
    for number, paragraph in enumerate(article.paragraphs, 1):
        _write_paragraph(connection, article_id, number, paragraph, old.get(number))
    drop(connection, article_id, after=len(article.paragraphs))
    index(connection, article_id)


def _write_paragraph(
    connection: sqlite3.Connection,
    article_id: int,
    number: int,
    paragraph: Paragraph,
    old: tuple[int, str, int, str] | None,
) -> None:
    values = [paragraph.kind, paragraph.level, paragraph.text]
    if old is None:
        connection.execute(
            "INSERT INTO article_paragraphs (kind, level, text, article_id, number) VALUES (?, ?, ?, ?, ?)",
            [*values, article_id, number],
        )
        return
    row_id = old[0]
    if list(old[1:]) != values:
        connection.execute(
            "UPDATE article_paragraphs SET kind = ?, level = ?, text = ? WHERE id = ?", [*values, row_id]
        )
        connection.execute("DELETE FROM quotes WHERE target_paragraph_id = ?", [row_id])
        connection.execute("DELETE FROM links WHERE paragraph_id = ?", [row_id])
