"""Erasing articles: of a redacted post the whole of them, of others the passages and the evidence they stand in."""

import json
import sqlite3
from collections.abc import Callable, Collection

from thread_archive.erasing import Erasure
from thread_archive.store.redaction.changes import Changes, ErasedItem
from thread_archive.store.redaction.exchanges import blank, drop_articles
from thread_archive.store.redaction.survey import Covered

_TEXTS = ("url", "final_url", "reason", "title", "byline", "site", "licence", "canonical_url", "robots")


class ArticleEraser:
    """
    One redaction's way through the articles, inside the caller's transaction.

    `in_html(html, rewrite)` rewrites what a reader of some HTML reads.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        erasure: Erasure,
        changes: Changes,
        in_html: Callable[[str, Callable[[str], str]], str],
    ) -> None:
        self._connection = connection
        self._erasure = erasure
        self._changes = changes
        self._in_html = in_html

    def erase(self, covered: Covered, *, pages: Collection[int] = ()) -> None:
        """
        Erase; `pages` are row ids of posts of whose linked page an answer was blanked already.

        What an article said before goes with the answers in which it said so.
        """
        for post_id in sorted(covered.posts):
            self._drop_all(post_id)
        for post_id in sorted(self._changes.posts - covered.posts):
            self._drop_body(post_id)
        rows = self._connection.execute(
            f"SELECT id, post_id, redirects, html, {', '.join(_TEXTS)} FROM articles ORDER BY id"
        ).fetchall()
        for article_id, post_id, redirects, html, *texts in rows:
            if self._rewrite(article_id, post_id, redirects, html, texts) or post_id in pages:
                self._drop_evidence(article_id, post_id)

    def _drop_all(self, post_id: int) -> None:
        """Nothing is left of what a redacted post was about."""
        articles = self._connection.execute(
            """SELECT article.id, article.url, article.title, post.ap_id FROM articles AS article
               JOIN posts AS post ON post.id = article.post_id WHERE post.id = ?""",
            [post_id],
        ).fetchall()
        for article_id, url, title, ap_id in articles:
            self._erasure.links.add(url)
            self._item(ap_id, f"{title} {url}")
            self._drop(article_id)
        if drop_articles(self._connection, self._erasure.links, [post_id]) or articles:
            self._due(post_id)
        # Its address is that of the page.
        gone = self._connection.execute("DELETE FROM captures WHERE kind = 'article' AND post_id = ?", [post_id])
        self._changes.other += gone.rowcount

    def _drop_body(self, post_id: int) -> None:
        """A post's own body that is an article follows from the body, which has changed."""
        rows = self._connection.execute("SELECT id FROM articles WHERE post_id = ? AND is_page = 0", [post_id])
        for (article_id,) in rows.fetchall():
            self._drop(article_id)
        self._connection.execute("UPDATE articles SET is_body = 0 WHERE post_id = ? AND is_body = 1", [post_id])

    def _drop(self, article_id: int) -> None:
        of_paragraphs = "(SELECT id FROM article_paragraphs WHERE article_id = ?)"
        for statement in (
            f"DELETE FROM quotes WHERE target_paragraph_id IN {of_paragraphs}",
            f"DELETE FROM links WHERE paragraph_id IN {of_paragraphs}",
            "DELETE FROM search_items WHERE id IN (SELECT id * 4 + 2 FROM article_paragraphs WHERE article_id = ?)",
            "DELETE FROM article_paragraphs WHERE article_id = ?",
            "DELETE FROM article_revisions WHERE article_id = ?",
            "DELETE FROM articles WHERE id = ?",
        ):
            self._connection.execute(statement, [article_id])

    def _rewrite(self, article_id: int, post_id: int, redirects: str, html: str, texts: list[str]) -> bool:
        """Erase passages; returns whether there were any."""
        rewrite = self._erasure.rewrite
        new = [rewrite(text) for text in texts]
        new_html = self._new_html(html)
        hops = [rewrite(address) for address in json.loads(redirects)]
        changed_paragraphs = [
            (rewrite(text), row_id, text)
            for row_id, text in self._connection.execute(
                "SELECT id, text FROM article_paragraphs WHERE article_id = ?", [article_id]
            ).fetchall()
            if rewrite(text) != text
        ]
        for text, row_id, _ in changed_paragraphs:
            self._connection.execute("UPDATE article_paragraphs SET text = ? WHERE id = ?", [text, row_id])
            self._connection.execute("DELETE FROM quotes WHERE target_paragraph_id = ?", [row_id])
            self._connection.execute("DELETE FROM links WHERE paragraph_id = ?", [row_id])
        if (new, hops) == (texts, json.loads(redirects)) and not changed_paragraphs and new_html == html:
            return self._revisions_hold_passages(article_id)
        self._connection.execute(
            f"UPDATE articles SET {', '.join(f'{name} = ?' for name in _TEXTS)}, redirects = ?, html = ? WHERE id = ?",
            [*new, json.dumps(hops), new_html, article_id],
        )
        (ap_id,) = self._connection.execute("SELECT ap_id FROM posts WHERE id = ?", [post_id]).fetchone()
        said = dict.fromkeys(filter(None, [*texts, *(old for _, _, old in changed_paragraphs)]))
        self._item(ap_id, " ".join(said))
        self._due(post_id)
        return True

    def _revisions_hold_passages(self, article_id: int) -> bool:
        rows = self._connection.execute(
            "SELECT url, title, byline, html FROM article_revisions WHERE article_id = ?", [article_id]
        ).fetchall()
        return any(self._erasure.rewrite(text) != text for row in rows for text in row) or any(
            self._new_html(html) != html for *_, html in rows
        )

    def _new_html(self, html: str) -> str:
        """The HTML without the passages; the very same where it has none."""
        new = self._in_html(html, self._erasure.rewrite)
        return html if new == self._in_html(html, str) else new

    def _drop_evidence(self, article_id: int, post_id: int) -> None:
        rows = self._connection.execute(
            """SELECT exchange.id FROM exchanges AS exchange
               JOIN captures AS capture ON capture.id = exchange.capture_id
               WHERE exchange.purpose = 'article' AND capture.post_id = ?""",
            [post_id],
        ).fetchall()
        for (exchange_id,) in rows:
            blank(self._connection, exchange_id)
        self._connection.execute("DELETE FROM article_revisions WHERE article_id = ?", [article_id])
        self._changes.threads.add(post_id)

    def _item(self, ap_id: str, text: str) -> None:
        self._changes.items.append(ErasedItem(kind="article", ap_id=ap_id, thread=ap_id, author=None, text=text))

    def _due(self, post_id: int) -> None:
        self._changes.threads.add(post_id)
        self._connection.execute("UPDATE posts SET derived = 0 WHERE id = ?", [post_id])
        self._connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ?", [post_id])
