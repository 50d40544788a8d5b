"""
The texts of a snapshot as scripts, for the page that searches them without a server.

A browser reads no file for a page that came from a file, but runs the scripts that the page names: so the texts are
calls of a function, in pieces that can be read one at a time. A piece is a list a column, since what is alike shrinks
more when it lies together.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from thread_archive.pages.articles import anchor_letters
from thread_archive.slugs import slug
from thread_archive.store.claims import in_thread, shown_handle
from thread_archive.store.threadpages import articles

# Characters in a piece: one is read and searched before the next one is asked for.
SHARD = 2_000_000
_ITEMS = f"""
SELECT 0, NULL, NULL, {shown_handle("person", "community")}, post.title || char(10) || CASE
           WHEN EXISTS (SELECT 1 FROM articles WHERE post_id = post.id AND is_body) THEN ''
           ELSE coalesce(post.body_text, post.body) END
FROM posts AS post JOIN communities AS community ON community.id = post.community_id
LEFT JOIN people AS person ON person.id = post.creator_id {in_thread("person", "community")} WHERE post.id = ?1
UNION ALL
SELECT * FROM (
    SELECT 2, article.id, paragraph.number, article.byline, paragraph.text
    FROM articles AS article JOIN article_paragraphs AS paragraph ON paragraph.article_id = article.id
    WHERE article.post_id = ?1 ORDER BY article.is_page, paragraph.number)
UNION ALL
SELECT * FROM (
    SELECT 1, comment.ap_id, NULL, {shown_handle("person", "community")}, coalesce(comment.body_text, comment.body)
    FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
    JOIN communities AS community ON community.id = post.community_id
    LEFT JOIN people AS person ON person.id = comment.creator_id {in_thread("person", "community")}
    WHERE comment.post_id = ?1 AND comment.body <> '' ORDER BY comment.position)
"""
_POST, _COMMENT, _PARAGRAPH = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchScope:
    """A thread whose texts are to be found; `pages` says on which page of it a comment stands."""

    post_id: int
    slug: str
    pages: Mapping[str, str]


class SearchData:
    """Makes the scripts as the threads are added: of each its name and its text, as soon as it is whole."""

    def __init__(self) -> None:
        self._threads: list[tuple[str, str]] = []
        self._rows: list[tuple[int, int, str, str, str]] = []
        self._size = 0
        self.shards = 0
        self.items = 0

    def add(self, connection: Connection, scope: SearchScope) -> Iterator[tuple[str, str]]:
        """Add the texts of a thread; gives the pieces that became full."""
        number = len(self._threads)
        title = connection.execute("SELECT title FROM posts WHERE id = ?", [scope.post_id]).fetchone()[0]
        self._threads.append((scope.slug, title))
        for kind, where, author, text in self._items(connection, scope):
            self._rows.append((number, kind, where, author, text))
            self._size += len(where) + len(author) + len(text)
            self.items += 1
            if self._size >= SHARD:
                yield self._piece()

    def rest(self) -> Iterator[tuple[str, str]]:
        """What is left when all threads were added: the last piece, and the list of threads."""
        if self._rows:
            yield self._piece()
        yield _script("threads", _json(self._threads))

    def _items(self, connection: Connection, scope: SearchScope) -> Iterator[tuple[int, str, str, str]]:
        """Of each item its kind, where it stands (after the thread's slug), who wrote it, its text."""
        letters = anchor_letters(articles(connection, scope.post_id))
        for kind, key, number, author, text in connection.execute(_ITEMS, [scope.post_id]):
            where = ".html"
            if kind == _COMMENT:
                own = slug(key)
                where = f"{scope.pages.get(own, '')}.html#c-{own}"
            elif kind == _PARAGRAPH:
                where = f".html#{letters[key]}{number}"
            yield kind, where, author or "", text

    def _piece(self) -> tuple[str, str]:
        columns = ",\n".join(map(_json, zip(*self._rows, strict=True)))
        self._rows, self._size, self.shards = [], 0, self.shards + 1
        return _script(f"{self.shards - 1}", f"[\n{columns}\n]")


def _script(name: str, value: str) -> tuple[str, str]:
    return f"{name}.js", f'threadArchive.take("{name}", {value});\n'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
