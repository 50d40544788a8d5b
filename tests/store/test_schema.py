"""Migrations: an archive of an older release keeps all it holds. Indexes: what an article changes is found by them."""

import json
import lzma
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from runs import archive_in, rows
from searches import search
from thread_archive.archiving import reread
from thread_archive.model import Link
from thread_archive.store import derivations, paragraphs, search_index
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content
from thread_archive.store.optouts import opted_out
from thread_archive.store.schema import VERSION, lacking
from thread_archive.store.states import States

ARCHIVES = Path(__file__).parents[2] / "fixtures" / "archives"
# The SHA-256 of what the release that made the archive printed as its content, line by line.
SCHEMA_1_CONTENT = "d7cca7489aa389762830cb34d71fa9998d6d4a7062d8791579dba0d411d79544"
TABLES_OF_THEN = (
    "communities",
    "people",
    "posts",
    "comments",
    "cross_posts",
    "local_ids",
    "post_revisions",
    "comment_revisions",
    "scores",
    "index",
)


def content_of_then(archive: Archive) -> str:
    """What the archive holds of that release's tables, in its order and form."""
    lines = [json.loads(line) for line in content(archive)]
    lines = [line[:3] if line[0] == "index" else line for line in lines]
    told = sha256()
    for table in TABLES_OF_THEN:
        for line in sorted(json.dumps(line) for line in lines if line[0] == table):
            told.update(line.encode() + b"\n")
    return told.hexdigest()


def unpacked(folder: Path, name: str) -> Path:
    path = folder / "archive.db"
    path.write_bytes(lzma.decompress((ARCHIVES / name).read_bytes()))
    return path


def test_an_archive_of_schema_1_is_migrated_with_all_its_content(tmp_path: Path) -> None:
    with Archive.open(unpacked(tmp_path, "schema-1.db.xz")) as archive:
        assert rows(archive, "PRAGMA user_version") == [(VERSION,)]
        assert content_of_then(archive) == SCHEMA_1_CONTENT
        assert [finding for finding in check(archive) if not finding.ok] == []
        assert [hit.ap_id for hit in search(archive, "drawer where")] == ["http://home.test/comment/2"]
        assert rows(archive, "SELECT length(slug) FROM posts") == [(16,)]


def test_migrating_notes_who_asks_not_to_be_archived_and_shows_nobody_by_another_name(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "schema-1.db.xz")
    with closing(sqlite3.connect(path)) as connection, connection:
        names = connection.execute("SELECT id, name FROM people ORDER BY id").fetchall()
        connection.execute("UPDATE people SET name = 'hitler', bio = 'Gardener. #noarchive' WHERE id = 1")
        connection.execute("UPDATE communities SET name = 'evilname'")
    with Archive.open(path) as archive:
        assert rows(archive, "SELECT id, name FROM people ORDER BY id") == names
        assert rows(archive, "SELECT count(*) FROM communities WHERE name = 'evilname'") == [(0,)]
        assert opted_out(archive.db.conn) == {1}
        assert rows(archive, "SELECT DISTINCT told_by FROM people") == [(None,)]
        reread(archive)
        assert rows(archive, "SELECT count(*) FROM people WHERE told_by IS NULL") == [(0,)]


def test_a_migrated_archive_is_reread_to_what_it_was(tmp_path: Path) -> None:
    with Archive.open(unpacked(tmp_path, "schema-1.db.xz")) as archive:
        reread(archive)
        assert content_of_then(archive) == SCHEMA_1_CONTENT


def test_an_older_archive_can_be_read_and_stays_as_it_is(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "schema-1.db.xz")
    before = path.read_bytes()
    with Archive.open(path, read_only=True) as archive:
        assert content_of_then(archive) == SCHEMA_1_CONTENT
        assert [hit.ap_id for hit in search(archive, "drawer where")] == ["http://home.test/comment/2"]
    assert path.read_bytes() == before


@contextmanager
def statements_of(archive: Archive) -> Iterator[list[str]]:
    """What is executed inside the block, values filled in."""
    statements: list[str] = []
    archive.db.conn.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        archive.db.conn.set_trace_callback(None)


def scans(archive: Archive, statements: list[str]) -> list[str]:
    """Which tables the statements, and the checks of foreign keys that they bring about, read from end to end."""
    steps = [row[3] for statement in statements for row in rows(archive, f"EXPLAIN QUERY PLAN {statement}")]
    return [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]


def test_no_table_is_read_from_end_to_end_for_an_article_that_lost_paragraphs(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        archive.db.conn.execute("PRAGMA foreign_keys = OFF")
        archive.db.conn.execute("INSERT INTO article_paragraphs VALUES (1, 1, 1, 'p', 0, 'a'), (2, 1, 2, 'p', 0, 'b')")
        archive.db.conn.commit()
        archive.db.conn.execute("PRAGMA foreign_keys = ON")
        with statements_of(archive) as statements:
            derivations.write_article_links(archive, 1, 1, list[Link]())
            paragraphs.drop(archive.db.conn, 1, after=1)
        assert any("DELETE FROM article_paragraphs" in statement for statement in statements)
        assert scans(archive, statements) == []


def test_no_table_is_read_from_end_to_end_for_the_servers_that_know_a_post(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        states = States(archive, "http://home.test/post/1", capture_id=1, home="home.test")
        with statements_of(archive) as statements:
            states.comments(frozenset({"home.test"}))
        assert len(statements) == 1
        assert scans(archive, statements) == []


def test_what_an_archive_lacks_of_its_schema_is_found_and_what_its_owner_added_is_not_minded(
    tmp_path: Path,
) -> None:
    with archive_in(tmp_path) as archive:
        connection = archive.db.conn
        search_index.rebuild(connection, substrings=True)
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE INDEX mine ON comments(published_at)")
        assert lacking(connection) == []
        connection.execute("DROP INDEX captures_post_id")
        connection.execute("DROP VIEW search_content")
        connection.execute("ALTER TABLE takedowns ADD COLUMN remark TEXT")
        assert lacking(connection) == ["captures_post_id", "search_content", "takedowns"]


def test_a_migrated_archive_lacks_nothing_of_its_schema(tmp_path: Path) -> None:
    with Archive.open(unpacked(tmp_path, "schema-1.db.xz")) as archive:
        assert lacking(archive.db.conn) == []
