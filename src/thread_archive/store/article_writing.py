"""
Writing articles: the page that a post links to, and the post's own body where that is one.

An article's row stays when its text goes; what a page said before is in `article_revisions`. Paragraphs keep their row
ids as long as there is a paragraph with their number.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from thread_archive.model import Article
from thread_archive.store import paragraphs, search_index
from thread_archive.store.archive import Archive
from thread_archive.store.articles import linked
from thread_archive.store.rows import Row, state_digest
from thread_archive.store.times import stamp, stamp_or_none
from thread_archive.store.visits import Replay

STORED, FAILED, WITHDRAWN = "stored", "failed", "withdrawn"
_STATE = ("url", "title", "byline", "html")
_TEXT = (
    "title",
    "byline",
    "site",
    "published_at",
    "published_by",
    "language",
    "licence",
    "canonical_url",
    "robots",
    "html",
    "words",
    "extractor",
    "extractor_version",
)


class Written(StrEnum):
    """What became of the article that was written."""

    NEW = "stored"
    CHANGED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    How a linked page was come by.

    `url` is the post's link, `redirects` are the addresses between it and `final_url`; `exchange_id` is the row of the
    answer that the text was read from, None where somebody else has that.
    """

    url: str
    final_url: str
    redirects: Sequence[str]
    exchange_id: int | None
    fetched_at: datetime
    robots_ignored: bool = False


def write_page(
    archive: Archive,
    post_id: int,
    article: Article,
    fetched: Fetched,
    *,
    capture_id: int,
    replay: Replay | None = None,
) -> Written:
    """
    Put the text of a linked page in the place of what was there, which becomes a revision; in the caller's transaction.

    In a `replay` the first page that is written may find the text of a later capture, which is no earlier state.
    """
    connection = archive.db.conn
    found = connection.execute(
        f"SELECT id, {', '.join(_STATE)}, capture_id, fetched_at, reason FROM articles WHERE post_id = ? AND is_page",
        [post_id],
    ).fetchone()
    if found is None:
        found = (_insert(connection, post_id, capture_id, is_page=True), "", "", "", "", capture_id, None, "")
    article_id, old, reason = found[0], found[1:5], found[7]
    first = replay is not None and replay.first("article", post_id)
    if (fetched.url, article.title, article.byline, article.html) == old and not first:
        if reason and replay is None:
            clear_failure(archive, post_id)
        if fetched.exchange_id is not None:
            _take_over(connection, article_id, fetched, capture_id)
        return Written.UNCHANGED
    paragraphs.unindex(connection, article_id)
    if old[3] and not first:
        _keep_revision(connection, article_id, old, capture_id=found[5], fetched_at=found[6])
    connection.execute(
        f"""UPDATE articles SET {", ".join(f"{name} = ?" for name in _TEXT)}, url = ?, final_url = ?, redirects = ?,
            exchange_id = ?, status = ?, fetched_at = ?, capture_id = ? WHERE id = ?""",
        [
            *_text_row(article),
            fetched.url,
            fetched.final_url,
            json.dumps(list(fetched.redirects)),
            fetched.exchange_id,
            STORED,
            stamp(fetched.fetched_at),
            capture_id,
            article_id,
        ],
    )
    if replay is None:
        connection.execute(
            "UPDATE articles SET reason = '', robots_ignored = ? WHERE id = ?",
            [int(fetched.robots_ignored), article_id],
        )
    paragraphs.write(connection, article_id, article)
    _make_due(connection, post_id)
    return Written.CHANGED if old[3] else Written.NEW


def _take_over(connection: sqlite3.Connection, article_id: int, fetched: Fetched, capture_id: int) -> None:
    """What came with a snapshot was found to be so: from now on it is what was fetched here."""
    connection.execute(
        """UPDATE articles SET exchange_id = ?, fetched_at = ?, capture_id = ?
           WHERE id = ? AND capture_id IN (SELECT id FROM captures WHERE kind = 'snapshot')""",
        [fetched.exchange_id, stamp(fetched.fetched_at), capture_id, article_id],
    )


def clear_failure(archive: Archive, post_id: int) -> None:
    """The last attempt went well, inside the caller's transaction."""
    archive.db.conn.execute(
        "UPDATE articles SET reason = '' WHERE post_id = ? AND is_page = 1 AND reason <> ''", [post_id]
    )


def note_failure(archive: Archive, post_id: int, url: str, reason: str, *, capture_id: int) -> None:
    """Note why the linked page was not to be had, inside the caller's transaction; a text of an earlier visit stays."""
    connection = archive.db.conn
    found = connection.execute(
        "SELECT id, url, html, reason FROM articles WHERE post_id = ? AND is_page = 1", [post_id]
    ).fetchone()
    if found is None:
        article_id = _insert(connection, post_id, capture_id, is_page=True)
        connection.execute(
            "UPDATE articles SET url = ?, status = ?, reason = ? WHERE id = ?", [url, FAILED, reason, article_id]
        )
        return
    article_id, old_url, html, old_reason = found
    if old_url != url and html:
        # The post links to something else now: the old text is none of what it is about.
        empty_page(connection, post_id, capture_id=capture_id, status=FAILED)
        connection.execute("UPDATE articles SET url = ?, final_url = '' WHERE id = ?", [url, article_id])
    if old_reason != reason or old_url != url:
        connection.execute("UPDATE articles SET url = ?, reason = ? WHERE id = ?", [url, reason, article_id])


def empty_page(connection: sqlite3.Connection, post_id: int, *, capture_id: int, status: str = WITHDRAWN) -> None:
    """
    Take the linked page out of the current state, inside the caller's transaction; its text becomes a revision.

    Where it is and why it was not to be had, which has its address, go too.
    """
    found = connection.execute(
        f"""SELECT id, {", ".join(_STATE)}, capture_id, fetched_at FROM articles
            WHERE post_id = ? AND is_page = 1 AND (html <> '' OR url <> '' OR final_url <> '' OR reason <> '')""",
        [post_id],
    ).fetchone()
    if found is None:
        return
    if found[_STATE.index("html") + 1]:
        _keep_revision(connection, found[0], found[1:5], capture_id=found[5], fetched_at=found[6])
        _clear(connection, post_id, found[0])
    connection.execute(
        """UPDATE articles SET title = '', byline = '', site = '', html = '', words = 0, is_body = 0, url = '',
           final_url = '', redirects = '[]', canonical_url = '', reason = '', status = ?, capture_id = ?
           WHERE id = ?""",
        [status, capture_id, found[0]],
    )


def forget_body(connection: sqlite3.Connection, post_id: int) -> None:
    """A post's own body is no article any more (it changed, or was withdrawn), inside the caller's transaction."""
    found = connection.execute("SELECT id FROM articles WHERE post_id = ? AND is_page = 0", [post_id]).fetchone()
    if found is not None:
        _clear(connection, post_id, found[0])
        connection.execute("DELETE FROM articles WHERE id = ?", [found[0]])
    _mark_page(connection, post_id, is_body=False)


def forget_articles(connection: sqlite3.Connection, post_id: int) -> None:
    """Take all articles of a thread away, with their earlier states, inside the caller's transaction."""
    for (article_id,) in connection.execute("SELECT id FROM articles WHERE post_id = ?", [post_id]).fetchall():
        _clear(connection, post_id, article_id)
        connection.execute("DELETE FROM article_revisions WHERE article_id = ?", [article_id])
        connection.execute("DELETE FROM articles WHERE id = ?", [article_id])


def _mark_page(connection: sqlite3.Connection, post_id: int, *, is_body: bool) -> None:
    """Whether the linked page is the post's own body: then its paragraphs are indexed as the post's author's."""
    found = connection.execute(
        "SELECT id FROM articles WHERE post_id = ? AND is_page = 1 AND is_body <> ?", [post_id, int(is_body)]
    ).fetchone()
    if found is not None:
        paragraphs.unindex(connection, found[0])
        connection.execute("UPDATE articles SET is_body = ? WHERE id = ?", [int(is_body), found[0]])
        paragraphs.index(connection, found[0])


def write_body(archive: Archive, post_id: int, article: Article | None, *, is_page_too: bool) -> None:
    """
    Say whether the post's own body is an article, inside the caller's transaction.

    `article` is the body as one, None where it is too short; `is_page_too` that the linked page is the same text, so
    that the body needs no article of its own.
    """
    connection = archive.db.conn
    wanted = (article is not None and not is_page_too, article is not None and is_page_too)
    rows = connection.execute(
        "SELECT id, is_page, is_body, html, title FROM articles WHERE post_id = ?", [post_id]
    ).fetchall()
    own = next((row for row in rows if not row[1]), None)
    page = next((row for row in rows if row[1]), None)
    same_page = (page is not None and bool(page[2])) == wanted[1]
    same_own = (own is None and not wanted[0]) or (
        own is not None and article is not None and wanted[0] and (own[3], own[4]) == (article.html, article.title)
    )
    if same_page and same_own:
        return
    item = search_index.item_number(search_index.POST, post_id)
    search_index.remove(connection, [item])
    if not same_own:
        forget_body(connection, post_id)
        if article is not None and wanted[0]:
            article_id = _insert(connection, post_id, linked(archive, post_id).capture_id, is_page=False)
            connection.execute(
                f"UPDATE articles SET {', '.join(f'{name} = ?' for name in _TEXT)}, status = ? WHERE id = ?",
                [*_text_row(article), STORED, article_id],
            )
            paragraphs.write(connection, article_id, article)
            _make_due(connection, post_id)
    _mark_page(connection, post_id, is_body=wanted[1])
    search_index.put(connection, [item])


def _insert(connection: sqlite3.Connection, post_id: int, capture_id: int, *, is_page: bool) -> int:
    cursor = connection.execute(
        f"""INSERT INTO articles (post_id, is_body, is_page, url, final_url, redirects, status, reason, robots_ignored,
                                  {", ".join(_TEXT)}, capture_id)
            VALUES (?, ?, ?, '', '', '[]', ?, '', 0, '', '', '', NULL, '', '', '', '', '', '', 0, '', '', ?)""",
        [post_id, int(not is_page), int(is_page), FAILED, capture_id],
    )
    return int(cursor.lastrowid or 0)


def _text_row(article: Article) -> Row:
    words = sum(len(paragraph.text.split()) for paragraph in article.paragraphs)
    return (
        article.title,
        article.byline,
        article.site,
        stamp_or_none(article.published_at),
        article.published_by,
        article.language,
        article.licence,
        article.canonical_url,
        article.robots,
        article.html,
        words,
        article.extractor,
        article.extractor_version,
    )


def _keep_revision(
    connection: sqlite3.Connection, article_id: int, state: Row, *, capture_id: int, fetched_at: str | None
) -> None:
    connection.execute(
        f"""INSERT OR IGNORE INTO article_revisions (article_id, digest, capture_id, {", ".join(_STATE)}, fetched_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [article_id, state_digest(state), capture_id, *state, fetched_at],
    )


def _clear(connection: sqlite3.Connection, post_id: int, article_id: int) -> None:
    """Take an article's paragraphs out of everything."""
    paragraphs.unindex(connection, article_id)
    paragraphs.drop(connection, article_id, after=0)
    _make_due(connection, post_id)


def _make_due(connection: sqlite3.Connection, post_id: int) -> None:
    """Whoever may quote the article has to be looked at again."""
    connection.execute("UPDATE posts SET derived = 0 WHERE id = ?", [post_id])
    connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ? AND derived <> 0", [post_id])
