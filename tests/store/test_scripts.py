"""Scripts without spaces: their letters stand apart in the index, the same by Python and by the view's SQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from judged import Builder
from runs import archive_in
from searches import search
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.schema import APPLICATION_ID, migrations
from thread_archive.store.scripts import RANGES, apart, apart_in_sql


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE texts (body TEXT)")
        yield connection


EDGES = "".join(
    chr(ord(edge) + by) for first, last in RANGES for edge, by in ((first, -1), (first, 0), (last, 0), (last, 1))
)


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from(f"ab \n{EDGES}"), st.characters(exclude_categories=["Cs"]))))
@example(EDGES)
@example("图书a" * 300)
@example("")
def test_sql_and_python_set_the_same_letters_apart(connection: sqlite3.Connection, text: str) -> None:
    text = text.replace("\0", "")
    connection.execute("DELETE FROM texts")
    connection.execute("INSERT INTO texts VALUES (?)", [text])
    (found,) = connection.execute(f"SELECT {apart_in_sql('body')} FROM texts").fetchone()
    assert found == apart(text)


def test_text_without_such_letters_stays_the_same_string() -> None:
    for text in ("plain", "Größe, привет, مرحبا", ""):
        assert apart(text) is text


def columns_of_then(table: str) -> list[str]:
    """What a table had before the migration that this is about."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrations.apply(Database(connection), stop_before="m005_search")
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_an_archive_from_before_is_indexed_anew_where_it_has_such_letters(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with archive_in(tmp_path, "new.db") as new:
        Builder(new).build()
        rows = {
            table: new.db.conn.execute(f"SELECT {', '.join(columns_of_then(table))} FROM {table}").fetchall()
            for table in (
                "instances",
                "captures",
                "people",
                "communities",
                "posts",
                "comments",
                "articles",
                "article_paragraphs",
            )
        }
    old = sqlite3.connect(path)
    database = Database(old)
    migrations.apply(database, stop_before="m005_search")
    for table, values in rows.items():
        names = columns_of_then(table)
        old.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)
    for table, kind in (("posts", 0), ("comments", 1), ("article_paragraphs", 2)):
        old.execute(f"INSERT INTO search_items (id) SELECT id * 4 + {kind} FROM {table}")
    old.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute("PRAGMA user_version = 4")
    old.commit()
    old.close()
    with Archive.open(path) as archive:
        assert {hit.kind for hit in search(archive, "图书馆")} == {"post", "article", "comment"}
        archive.db.conn.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")
        marked = archive.db.conn.execute("SELECT count(*) FROM search_items WHERE apart").fetchone()[0]
        assert 0 < marked < archive.db.conn.execute("SELECT count(*) FROM search_items").fetchone()[0] / 2


def test_an_item_is_taken_out_with_the_letters_it_was_put_in_with(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        Builder(archive).build()
        connection = archive.db.conn
        items = [row[0] for row in connection.execute("SELECT id FROM search_items WHERE apart")]
        with connection:
            search_index.remove(connection, items)
        assert search(archive, "图书馆") == ()
        with connection:
            search_index.put(connection, items)
        assert search(archive, "图书馆")
        connection.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")
