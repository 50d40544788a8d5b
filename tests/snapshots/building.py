"""Archives to take snapshots of: two servers' threads, with an article, links and quotes put in by hand."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from fake_lemmy import Reply, Server, World, grow, mirror, thread
from runs import add, archive_in, v3, v4
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Made, Making, make
from thread_archive.store import search_index
from thread_archive.store.archive import Archive

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE, TWO = "http://one.test/post/1", "http://mirror.test/post/1001"
PLAIN = Making(site=False)


class Noon:
    """A clock that stands still: two archives of the same answers have the same times."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        del seconds


def worlds() -> list[World]:
    """A thread with whatever can be withdrawn or missing, and a long one with a copy on another server."""
    first = thread(
        v3("one.test"),
        [
            "A lighthouse of **iron**, see https://example.org/iron",
            Reply(text="> A lighthouse of iron\n\nNot of stone?", to=1),
            Reply(text="taken back", to=1, fields={"deleted": True}),
            Reply(text="moderated", to=2, fields={"removed": True}),
            Reply(text="to be purged", to=2),
            Reply(text="an answer to what was purged", to=5),
            Reply(text="Ünïcode: 灯塔 маяк", to=6),
        ],
        post={"title": "Iron lighthouses", "url": "https://example.org/article", "body": "What do you think?"},
    )
    del first.comments[5]
    home = grow(thread(v3("home.test")), 130, Random(8))
    return [first, home, mirror(home, v4("mirror.test"), without=[17])]


def fill(archive: Archive, server: Server, urls: Sequence[str] = (ONE, TWO)) -> None:
    """Add the threads as of noon."""
    for url in urls:
        add(archive, server, url, clock=Noon())


def derive(archive: Archive) -> None:
    """Put in what is derived: an article of two paragraphs about the first thread, a link, quotes."""
    with archive.transaction() as connection:
        for table in ("links", "quotes"):
            connection.execute(f"DELETE FROM {table}")
        post, community = connection.execute("SELECT id, community_id FROM posts WHERE ap_id = ?", [ONE]).fetchone()
        quoting, quoted = (
            connection.execute("SELECT id FROM comments WHERE body LIKE ?", [f"%{words}%"]).fetchone()[0]
            for words in ("Not of stone", "A lighthouse of **iron")
        )
        article = put(
            connection, "articles", post_id=post, is_body=0, is_page=1, url="https://example.org/article",
            final_url="https://example.org/article", redirects="[]", status="stored", reason="", robots_ignored=0,
            title="On iron", byline="A. Smith", site="Example", published_by="", language="en", licence="",
            canonical_url="", robots="", html='<p id="p1">Iron rusts.</p><p id="p2">Stone does not.</p>', words=5,
            extractor="hand", extractor_version="1", fetched_at="2026-11-24T12:00:00.000000Z", capture_id=1,
        )  # fmt: skip
        for number, text in enumerate(("Iron rusts.", "Stone does not."), 1):
            row = put(
                connection,
                "article_paragraphs",
                article_id=article,
                number=number,
                kind="paragraph",
                level=0,
                text=text,
            )
            scope = search_index.scope(post, community, None, search_index.PARAGRAPH)
            item = search_index.item_number(search_index.PARAGRAPH, row)
            search_index.add(connection, [(item, text, "On iron" if number == 1 else "", scope)])
        put(
            connection, "links", post_id=post, comment_id=quoted, kind="link", url="https://example.org/iron",
            domain="example.org", text="", position=36,
        )  # fmt: skip
        put(
            connection, "quotes", post_id=post, comment_id=quoting, start=2, end=22, marked=1, target_kind="comment",
            target_comment_id=quoted, target_start=0, target_end=24, score=97.5,
        )  # fmt: skip


def put(connection: sqlite3.Connection, table: str, **values: Any) -> int:
    """Insert a row; returns its number."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))
    return int(cursor.lastrowid or 0)


def made(folder: Path, *, name: str = "bundle", making: Making = PLAIN, urls: Sequence[str] = (ONE, TWO)) -> Made:
    """A snapshot of both threads, in `folder`, with the archive beside it."""
    with Server(*worlds()) as server, archive_in(folder) as archive:
        fill(archive, server, urls)
        if ONE in urls:
            derive(archive)
        return make(archive, folder / name, select(archive, Wanted()), making)


def database_of(bundle: Path) -> sqlite3.Connection:
    """The database of a snapshot in a folder."""
    return sqlite3.connect(f"file:{bundle}/archive.db?mode=ro&immutable=1", uri=True)
