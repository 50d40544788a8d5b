"""What is in a snapshot's database, and that the same threads give the same bytes."""

import shutil
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from browsers import need
from fake_lemmy import Reply, Server, thread
from runs import add, archive_in, rows, v3
from searches import search
from snapshots.building import ONE, PLAIN, TWO, Noon, database_of, derive, fill, made, put, worlds
from thread_archive.snapshots import columns
from thread_archive.snapshots.columns import EMPTY, LEFT_OUT, Wording
from thread_archive.snapshots.database import FORMAT, MARK, create
from thread_archive.snapshots.inspecting import schema_problem
from thread_archive.snapshots.numbering import Paths
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Making, make
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.reading import post_by_ap_id, thread_items, threads
from thread_archive.store.rows import path_label
from thread_archive.store.schema import VERSION

SHARED: dict[str, Any] = {
    "instances": columns.instances(),
    "captures": columns.captures(Wording()),
    "communities": columns.communities(Wording()),
    "people": columns.people(Wording()),
    "person_claims": columns.person_claims(Wording()),
    "posts": columns.posts(Wording()),
    "comments": columns.comments(Wording()),
    "cross_posts": columns.cross_posts(Wording()),
    "local_ids": columns.local_ids(),
    "scores": columns.scores("1", "1"),
    "articles": columns.articles(Wording()),
    "article_paragraphs": columns.article_paragraphs(Wording()),
    "links": columns.links(Wording()),
    "quotes": columns.quotes(),
    "search_items": ("id", "apart"),
    "settings": ("name", "value"),
}
# Adds a thread on a clock that stands still, so that it can be killed between two answers.
PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from thread_archive.archiving import Adding, Options
from thread_archive.fetching.client import Client
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
class Noon:
    def now(self): return datetime(2026, 11, 24, 12, tzinfo=UTC)
    def monotonic(self): return 0.0
    def sleep(self, seconds): pass
port, db, url = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with Archive.open(db, create=True) as archive, Client(
    rate=0, allow_private_network=True, resolver=lambda host, asked: [("127.0.0.1", port)]
) as client:
    list(Adding(archive, client, options=Options(allow_private_network=True), clock=Noon()).add([url]))
"""


def digest_of(bundle: Path) -> str:
    return sha256(b"".join(path.read_bytes() for path in sorted(bundle.iterdir()))).hexdigest()


def test_every_column_of_every_table_is_shared_or_left_out_by_decision(tmp_path: Path) -> None:
    with sqlite3.connect(":memory:") as connection:
        create(connection)
        found = {
            table: {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0}
            for (table,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_fts%'"
            )
        }
    assert found.keys() == SHARED.keys() | EMPTY
    assert not found.keys() & LEFT_OUT
    assert {table: set(names) for table, names in SHARED.items()} == {table: found[table] for table in SHARED}


@pytest.mark.parametrize("version", range(4, VERSION + 1))
def test_a_snapshot_of_an_earlier_schema_is_known_as_ours(version: int) -> None:
    with sqlite3.connect(":memory:") as connection:
        create(connection, version=version)
        connection.execute("INSERT INTO settings VALUES (?, ?)", [MARK, FORMAT])
        assert schema_problem(connection) == ""


def test_a_snapshot_reads_as_the_archive_does(tmp_path: Path) -> None:
    bundle = made(tmp_path).path
    with (
        Archive.open(tmp_path / "archive.db", read_only=True) as archive,
        Archive.open(bundle / "archive.db", read_only=True) as snapshot,
    ):
        for summary in threads(archive):
            copied = post_by_ap_id(snapshot, summary.ap_id)
            assert copied is not None
            assert list(thread_items(snapshot, copied)) == list(thread_items(archive, summary.id))
        for query in ("lighthouse", "iron", "harbour river", '"the old"'):
            assert {hit.ap_id for hit in search(snapshot, query)} == {hit.ap_id for hit in search(archive, query)}
        found = rows(snapshot, "SELECT rowid % 4 FROM search_fts WHERE search_fts MATCH 'rusts'")
        assert found == [(search_index.PARAGRAPH,)]
        assert {s.as_json()["status"] for s in threads(snapshot)} == {s.as_json()["status"] for s in threads(archive)}


def test_links_quotes_and_articles_point_at_the_rows_they_pointed_at(tmp_path: Path) -> None:
    connection = database_of(made(tmp_path).path)
    assert connection.execute(
        """SELECT post.ap_id, comment.body, target.body FROM quotes JOIN posts AS post ON post.id = quotes.post_id
           JOIN comments AS comment ON comment.id = comment_id
           JOIN comments AS target ON target.id = target_comment_id"""
    ).fetchall() == [
        (ONE, "> A lighthouse of iron\n\nNot of stone?", "A lighthouse of **iron**, see https://example.org/iron")
    ]
    assert connection.execute(
        "SELECT text FROM article_paragraphs JOIN articles AS article ON article.id = article_id ORDER BY number"
    ).fetchall() == [("Iron rusts.",), ("Stone does not.",)]
    assert connection.execute(
        "SELECT url, comment.body LIKE '%iron%' FROM links JOIN comments AS comment ON comment.id = comment_id"
    ).fetchall() == [("https://example.org/iron", 1)]


def test_paths_and_parents_say_the_same(tmp_path: Path) -> None:
    connection = database_of(made(tmp_path).path)
    wrong = connection.execute(
        """SELECT count(*) FROM comments AS comment LEFT JOIN comments AS parent ON parent.id = comment.parent_id
           WHERE (parent.id IS NULL) <> (comment.depth = 1)
              OR (parent.id IS NOT NULL AND NOT (comment.path > parent.path AND comment.path < parent.path || '~'))"""
    ).fetchone()
    assert wrong == (0,)
    assert connection.execute("SELECT count(*) FROM comments WHERE depth > 2").fetchone()[0] > 10


def test_paths_are_made_of_the_new_numbers(tmp_path: Path) -> None:
    connection = database_of(made(tmp_path).path)
    comments = connection.execute(
        """SELECT comment.id, comment.path, coalesce(parent.path || '/', '')
           FROM comments AS comment LEFT JOIN comments AS parent ON parent.id = comment.parent_id"""
    ).fetchall()
    assert [path for _, path, _ in comments] == [f"{above}{path_label(number)}" for number, _, above in comments]


def test_comments_out_of_order_are_given_no_path() -> None:
    path = Paths()
    assert [path(number, depth) for number, depth in ((1, 1), (2, 2), (3, 2), (4, 1))] == ["11", "11/12", "11/13", "14"]
    with pytest.raises(ValueError, match="comment 6 comes in place of 5"):
        path(6, 1)


def test_the_index_is_left_with_as_much_memory_as_sqlite_gives_it(tmp_path: Path) -> None:
    connection = database_of(made(tmp_path).path)
    assert connection.execute("SELECT v FROM search_fts_config WHERE k = 'hashsize'").fetchone() == (1024 * 1024,)


def test_captures_in_any_order_repeated_and_killed_between_give_the_same_bytes(tmp_path: Path) -> None:
    with Server(*worlds()) as server:
        with archive_in(tmp_path, "first.db") as archive:
            fill(archive, server, (ONE, TWO))
            derive(archive)
            first = make(archive, tmp_path / "first", select(archive, Wanted()), PLAIN)
        with archive_in(tmp_path, "third.db") as archive:
            add(archive, server, "http://home.test/post/1", clock=Noon())
        for number in (3, 6):
            process = None
            server.faults.before_request(len(server.requests) + number, lambda: process.kill())  # noqa: B023
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(server.port), str(tmp_path / "second.db"), TWO]
            )
            process.wait(30)
            server.faults.clear()
        with archive_in(tmp_path, "second.db") as archive:
            assert rows(archive, "SELECT count(*) > 0 FROM captures WHERE status = 'open'") == [(1,)]
            fill(archive, server, (TWO, TWO, ONE, TWO, ONE))
            derive(archive)
            second = make(archive, tmp_path / "second", select(archive, Wanted()), PLAIN)
    assert first.manifest == second.manifest
    assert digest_of(tmp_path / "first") == digest_of(tmp_path / "second")


def test_another_time_gives_the_same_content_hash_and_another_text_does_not(tmp_path: Path) -> None:
    hashes = []
    world = worlds()
    with Server(*world) as server:
        for number in range(3):
            with archive_in(tmp_path, f"{number}.db") as archive:
                add(archive, server, ONE, TWO)
                hashes.append(make(archive, tmp_path / f"{number}", select(archive, Wanted()), PLAIN))
            if number == 0:
                world[0].comments[1].upvotes += 5
            else:
                world[0].comments[1].content = "another text"
    found = [one.description["content_sha256"] for one in hashes]
    assert found[0] == found[1] != found[2]
    assert len({one.manifest for one in hashes}) == 3


def test_of_each_servers_votes_the_last_ones_are_shared(tmp_path: Path) -> None:
    world = worlds()[0]
    with Server(world) as server, archive_in(tmp_path) as archive:
        for votes in (5, 9, 7):
            world.comments[1].upvotes = votes
            add(archive, server, ONE)
        assert rows(archive, "SELECT count(*) FROM scores WHERE comment_id IS NOT NULL AND upvotes > 4") == [(3,)]
        connection = database_of(make(archive, tmp_path / "bundle", select(archive, Wanted()), PLAIN).path)
    found = connection.execute("SELECT upvotes FROM scores WHERE comment_id IS NOT NULL AND upvotes > 4")
    assert found.fetchall() == [(7,)]


def test_the_content_hash_can_be_computed_with_the_sqlite3_shell(tmp_path: Path) -> None:
    from thread_archive.snapshots.canonical import QUERIES

    need(shutil.which("sqlite3"), "sqlite3", "needs SQLite's shell: `apt-get install sqlite3`")
    bundle = made(tmp_path)
    shown = subprocess.run(
        ["sqlite3", str(bundle.path / "archive.db"), "; ".join(QUERIES)], capture_output=True, check=True
    )
    assert sha256(shown.stdout).hexdigest() == bundle.description["content_sha256"]


def test_nothing_of_the_owner_is_in_a_snapshot(tmp_path: Path) -> None:
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        fill(archive, server)
        with archive.transaction() as connection:
            put(connection, "settings", name="salt", value="secret-of-the-owner")
            put(connection, "takedowns", digest="digest-of-the-owner", kind="post", added_at="2026")
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), PLAIN).path
        owner = rows(archive, "SELECT DISTINCT headers FROM exchanges")
    everything = b"".join(path.read_bytes() for path in bundle.iterdir())
    for text in ("secret-of-the-owner", "digest-of-the-owner", str(tmp_path), *(row[0] for row in owner)):
        assert text.encode() not in everything
    connection = database_of(bundle)
    assert connection.execute("SELECT * FROM settings").fetchall() == [("snapshot", "1")]
    assert connection.execute(
        "SELECT count(*) FROM captures WHERE coalesce(owner, plan, finished_at) IS NOT NULL"
    ).fetchone() == (0,)


@pytest.mark.parametrize(("choice", "expected"), [
    ({"community": "harbour@one.test"}, {ONE}),
    ({"community": "!harbour@home.test"}, {"http://home.test/post/1"}),
    ({"community": "http://one.test/c/harbour"}, {ONE}),
    ({"community": "harbour"}, {ONE, "http://home.test/post/1"}),
    ({"query": "lighthouse"}, {ONE}),
])  # fmt: skip
def test_whole_threads_with_a_match_are_taken(tmp_path: Path, choice: dict[str, str], expected: set[str]) -> None:
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        fill(archive, server)
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted(**choice)), PLAIN)
    told = {thread["ap_id"]: thread["comments"] for thread in bundle.description["threads"]}
    assert told.keys() == expected
    assert told.get(ONE, 6) == 6
    assert bundle.description["counts"]["threads"] == len(expected)


def test_what_belongs_to_other_threads_alone_leaves_no_trace(tmp_path: Path) -> None:
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        fill(archive, server)
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted(community="harbour@one.test")), PLAIN).path
        only = tmp_path / "only"
        with archive_in(tmp_path, "only.db") as other:
            fill(other, server, (ONE,))
            make(other, only, select(other, Wanted()), PLAIN)
    assert b"home.test" not in (bundle / "archive.db").read_bytes()
    assert digest_of(bundle) == digest_of(only)


def test_what_only_a_login_showed_is_left_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    world = thread(v3("one.test"), ["open", Reply(text="for-members-only", to=1), Reply(text="below", to=2)])
    with Server(world, worlds()[1]) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE, "http://home.test/post/1")
        with archive.transaction() as connection:
            connection.execute("UPDATE comments SET restricted = 1 WHERE body = 'for-members-only'")
            connection.execute("UPDATE posts SET restricted = 1 WHERE ap_id LIKE '%home.test%'")
        public = make(archive, tmp_path / "public", select(archive, Wanted()), PLAIN)
        asked = Making(site=False, restricted=True)
        full = make(archive, tmp_path / "full", select(archive, Wanted(restricted=True)), asked)
    assert (public.description["counts"]["threads"], full.description["counts"]["threads"]) == (1, 2)
    assert b"for-members-only" not in (public.path / "archive.db").read_bytes()
    assert b"for-members-only" in (full.path / "archive.db").read_bytes()
    assert database_of(public.path).execute(
        "SELECT ap_id IS NULL, depth, body, missing_reason, creator_id IS NULL FROM comments ORDER BY position"
    ).fetchall() == [
        (0, 1, "open", None, 0), (1, 2, "", "hidden_community", 1), (0, 3, "below", None, 0),
    ]  # fmt: skip
    numbers = "SELECT local_id FROM local_ids WHERE kind = 'comment' ORDER BY local_id"
    assert database_of(public.path).execute(numbers).fetchall() == [(1,), (3,)]


def test_source_date_epoch_dates_the_description(tmp_path: Path) -> None:
    for name, epoch, created in (
        ("now", None, "2026-11-24T12:00:00.000000Z"),
        ("then", 1_000_000_000, "2001-09-09T01:46:40Z"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        path = made(folder, making=Making(site=False, epoch=epoch)).path / "datapackage.json"
        assert f'"created": "{created}"' in path.read_text()
