"""Articles in the archive, as they are read: the page that a post links to, or the own body of a post."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from thread_archive.model import Paragraph
from thread_archive.store.archive import Archive, translated
from thread_archive.store.connections import tuples


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """
    What the archive has of a linked page: `etag` and `last_modified` are what to ask again with; `is_received` where it
    came with a snapshot.
    """

    article_id: int
    url: str
    final_url: str
    title: str
    words: int
    status: str
    reason: str
    etag: str
    last_modified: str
    fetched_at: str
    is_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article that has a text: its HTML, and (row id, text) of its paragraphs."""

    article_id: int
    is_page: bool
    is_body: bool
    html: str
    paragraphs: Sequence[tuple[int, str]]

    @property
    def text(self) -> str:
        """The whole text, a paragraph a line."""
        return "\n".join(text for _, text in self.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A linked page as it is read: `url` is the post's link, `published_at` is empty where nobody knows."""

    url: str
    title: str
    byline: str
    site: str
    published_at: str
    status: str
    paragraphs: Sequence[Paragraph]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """
    A post as far as its articles need it; `withdrawn` says that nothing of it is to be shown.

    `capture_id` is the capture that saw this state of it first.
    """

    post_id: int
    capture_id: int
    ap_id: str
    url: str
    title: str
    body: str
    withdrawn: bool


def linked(archive: Archive, post_id: int) -> Linked:
    """The post of the row `post_id`."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            "SELECT id, ap_id, url, title, body, deleted OR removed, capture_id FROM posts WHERE id = ?", [post_id]
        ).fetchone()
    return Linked(
        post_id=row[0],
        capture_id=row[6],
        ap_id=row[1],
        url=row[2],
        title=row[3],
        body=row[4],
        withdrawn=bool(row[5]),
    )


def stored_page(archive: Archive, post_id: int) -> StoredPage | None:
    """The page that the archive has (or tried to get) for the post."""
    with translated(archive.path):
        row = archive.db.conn.execute(
            """SELECT article.id, article.url, article.final_url, article.title, article.words, article.status,
                      article.reason, coalesce(exchange.headers, '{}'), coalesce(article.fetched_at, ''),
                      (SELECT kind = 'snapshot' FROM captures WHERE id = article.capture_id)
               FROM articles AS article
               LEFT JOIN exchanges AS exchange ON exchange.id = article.exchange_id
               WHERE article.post_id = ? AND article.is_page = 1""",
            [post_id],
        ).fetchone()
    if row is None:
        return None
    headers = json.loads(row[7])
    return StoredPage(
        article_id=row[0],
        url=row[1],
        final_url=row[2],
        title=row[3],
        words=row[4],
        status=row[5],
        reason=row[6],
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        fetched_at=row[8],
        is_received=bool(row[9]),
    )


def stored_articles(archive: Archive, post_id: int) -> list[StoredArticle]:
    """The articles of a post that have a text: the linked page, the own body."""
    connection = archive.db.conn
    rows = connection.execute(
        "SELECT id, is_page, is_body, html FROM articles WHERE post_id = ? AND html <> '' ORDER BY is_page DESC",
        [post_id],
    ).fetchall()
    return [
        StoredArticle(
            article_id=row[0],
            is_page=bool(row[1]),
            is_body=bool(row[2]),
            html=row[3],
            paragraphs=connection.execute(
                "SELECT id, text FROM article_paragraphs WHERE article_id = ? ORDER BY number", [row[0]]
            ).fetchall(),
        )
        for row in rows
    ]


def linked_page(connection: sqlite3.Connection, post_id: int) -> PageText | None:
    """The text of the page that the post links to; None where there is none."""
    row = tuples(
        connection,
        """SELECT id, url, title, byline, site, coalesce(published_at, ''), status FROM articles
           WHERE post_id = ? AND is_page = 1 AND html <> ''""",
        post_id,
    ).fetchone()
    if row is None:
        return None
    blocks = tuples(
        connection, "SELECT kind, text, level FROM article_paragraphs WHERE article_id = ? ORDER BY number", row[0]
    )
    return PageText(
        url=row[1],
        title=row[2],
        byline=row[3],
        site=row[4],
        published_at=row[5],
        status=row[6],
        paragraphs=[Paragraph(kind=kind, text=text, level=level) for kind, text, level in blocks],
    )


def known_instances(archive: Archive, host: str) -> frozenset[str]:
    """Which of `host` and the domain above it the archive knows as servers of posts, communities or people."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT domain FROM instances WHERE domain IN (?, ?) AND (software IS NOT NULL
                   OR id IN (SELECT instance_id FROM communities) OR id IN (SELECT instance_id FROM people))""",
            [host, host.partition(".")[2]],
        ).fetchall()
    return frozenset(domain for (domain,) in rows)


def texts_that_link_to(archive: Archive, post_id: int, host: str) -> list[str]:
    """The Markdown of the post and of the comments in a thread that name `host`, in thread order."""
    with translated(archive.path):
        rows = archive.db.conn.execute(
            """SELECT body, -1 AS position FROM posts WHERE id = ?1 AND instr(body, ?2)
               UNION ALL SELECT body, position FROM comments WHERE post_id = ?1 AND instr(body, ?2)
               ORDER BY position""",
            [post_id, host],
        ).fetchall()
    return [body for body, _ in rows]
