"""What an import says is a claim of its sender: it adds, and outranks no server, however late it says that it is."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_lemmy import Reply, Server, World, mirror, thread
from runs import add, archive_in, rows, v3
from snapshots.test_importing import At, shared, taken
from snapshots.test_verify import keys as keys
from snapshots.test_verify import rewritten
from thread_archive.archiving import reread
from thread_archive.exceptions import SnapshotDamagedError
from thread_archive.snapshots.importing import _is_news, import_snapshot
from thread_archive.snapshots.receiving import SharedPage
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store import imported
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content
from thread_archive.store.reading import thread_items, threads
from thread_archive.store.search_index import rebuild

HOME, EVIL = "http://home.test/post/1", "http://evil.test/post/1"
TEXTS = ["one", "two", Reply(text="three", to=2)]
LATE = "2026-11-24T11:00:00.000000Z"


def honest() -> World:
    return thread(v3("home.test"), TEXTS)


def forged(change: Callable[[World], None] = lambda _: None, *, texts: Sequence[Any] = ()) -> World:
    """A server that tells the thread of another one as its own, edited since."""
    world = thread(
        v3("evil.test"), texts or ["ONE FORGED", "TWO FORGED", "x"], post={"title": "Forged", "updated": LATE}
    )
    world.posts[1].ap_id = HOME
    for number, comment in world.comments.items():
        comment.ap_id, comment.updated = f"http://home.test/comment/{number}", LATE
    world.comments[3].deleted = True
    for person in world.persons.values():
        person.ap_id = person.ap_id.replace("evil", "home")
    change(world)
    return world


def snapshot_of(world: World, folder: Path, name: str, url: str, *, hours: float = 0) -> Path:
    """A snapshot that somebody made of what `world` shows."""
    with Server(world) as server, archive_in(folder, f"{name}.db") as archive:
        (receipt,) = add(archive, server, url, clock=At(hours))
        assert receipt.error is None
        return shared(archive, folder / name)


def shown(archive: Archive) -> list[tuple[Any, ...]]:
    """What a thread says of itself: whose it is, its texts, its places."""
    return rows(
        archive,
        """SELECT post.ap_id, post.title, post.body, community.ap_id, post.edited_at, comment.ap_id, comment.body,
                  comment.deleted, comment.removed, comment.edited_at, parent.ap_id, person.ap_id, comment.purged_at,
                  comment.gone_at, comment.score
           FROM posts AS post JOIN communities AS community ON community.id = post.community_id
           LEFT JOIN comments AS comment ON comment.post_id = post.id
           LEFT JOIN comments AS parent ON parent.id = comment.parent_id
           LEFT JOIN people AS person ON person.id = comment.creator_id
           WHERE comment.ap_id IS NULL OR comment.body NOT LIKE '%FORGED%' ORDER BY post.ap_id, comment.position""",
    )


def test_a_forged_snapshot_changes_nothing_of_what_a_server_told(tmp_path: Path) -> None:
    bundle = snapshot_of(forged(), tmp_path, "evil", EVIL)
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        before = shown(archive)
        local_ids = rows(archive, "SELECT * FROM local_ids ORDER BY 1, 2, 3")
        taken(archive, bundle)
        assert shown(archive) == before
        assert set(local_ids) == set(rows(archive, "SELECT * FROM local_ids"))
        assert ("ONE FORGED",) in rows(archive, "SELECT body FROM comment_revisions")
        (receipt,) = add(archive, server, HOME)
        assert (receipt.exit_code, receipt.status) == (0, "complete")
        assert shown(archive) == before
        assert all(finding.ok for finding in check(archive))


def test_a_thread_that_a_forged_snapshot_brought_first_is_the_homes_once_it_speaks(tmp_path: Path) -> None:
    bundle = snapshot_of(forged(), tmp_path, "evil", EVIL)
    with Server(honest()) as server:
        with archive_in(tmp_path, "plain.db") as archive:
            add(archive, server, HOME)
            expected = shown(archive)
        with archive_in(tmp_path) as archive:
            taken(archive, bundle)
            (receipt,) = add(archive, server, HOME)
            assert (receipt.exit_code, receipt.status) == (0, "complete")
            assert shown(archive) == expected
            assert all(finding.ok for finding in check(archive))
            assert add(archive, server, HOME)[0].changed is False
            assert {row[0] for row in rows(archive, "SELECT title FROM post_revisions")} == {"Forged"}


def test_a_thread_that_an_earlier_release_let_be_taken_over_is_put_right_by_adding_it_at_its_home(
    tmp_path: Path,
) -> None:
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        expected = shown(archive)
        connection = archive.db.conn
        connection.executescript(
            """INSERT INTO captures (id, kind, url, post_id, status, started_at, finished_at, home, plan, receipt)
                   SELECT 50, 'snapshot', 'http://evil.test/post/1', 1, 'complete', '2099-01-01T00:00:00.000000Z',
                          '2099-01-01T00:00:00.000000Z', 'evil.test', '[]',
                          '{"snapshot": {"digest": "ab", "captured_at": "2026-01-01T00:00:00.000000Z"}}';
               INSERT INTO instances (id, domain) VALUES (50, 'evil.test');
               INSERT INTO communities SELECT 50, 'http://evil.test/c/harbour', name, title, description, 50, nsfw,
                          deleted, removed, visibility, 50, NULL FROM communities LIMIT 1;
               UPDATE posts SET title = 'Forged', community_id = 50, edited_at = '2099-01-01T00:00:00.000000Z',
                          capture_id = 50;
               UPDATE comments SET body = 'FORGED', edited_at = '2099-01-01T00:00:00.000000Z', capture_id = 50;
               UPDATE comments SET body = '', deleted = 1 WHERE id = 3"""
        )
        rebuild(connection, substrings=False)
        connection.commit()
        (receipt,) = add(archive, server, HOME)
        assert (receipt.exit_code, receipt.status) == (0, "complete")
        assert shown(archive) == expected
        assert all(finding.ok for finding in check(archive))


def test_an_import_adds_comments_to_a_known_thread_and_says_whose_word_they_are(tmp_path: Path, keys: Path) -> None:
    world = honest()
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME, clock=At(0))
        with archive_in(tmp_path, "other.db") as other:
            world.comments[4] = thread(v3("home.test"), ["one", "two", "three", "four"]).comments[4]
            add(other, server, HOME, clock=At(1))
            bundle = make(
                other, tmp_path / "bundle", select(other, Wanted()), Making(site=False, key=keys / "mine")
            ).path
        (imported_thread,) = taken(archive, bundle)
        assert (imported_thread.status, imported_thread.added) == ("merged", 1)
        told = {item.fields["ap_id"]: item.remarks for item in thread_items(archive, 1)}
        assert [ap_id for ap_id, remarks in told.items() if remarks] == ["http://home.test/comment/4"]
        (remark,) = told["http://home.test/comment/4"]
        assert "From a snapshot (" in remark
        assert "signed with SHA256:" in remark
        add(archive, server, HOME, clock=At(2))
        assert not any(item.remarks for item in thread_items(archive, 1))


@pytest.mark.parametrize("order", ["import first", "visit first"])
def test_a_snapshot_does_not_take_a_comment_away_from_the_thread_in_which_a_server_shows_it(
    order: str, tmp_path: Path
) -> None:
    def steal(world: World) -> None:
        world.posts[1].ap_id = "http://home.test/post/77"

    bundle = snapshot_of(forged(steal), tmp_path, "evil", EVIL)
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        if order == "import first":
            taken(archive, bundle)
        (receipt,) = add(archive, server, HOME)
        assert (receipt.exit_code, receipt.status) == (0, "complete")
        if order == "visit first":
            taken(archive, bundle)
        assert rows(
            archive,
            """SELECT comment.body FROM comments AS comment JOIN posts AS post ON post.id = post_id
               WHERE post.ap_id = ? ORDER BY position""",
            HOME,
        ) == [("one",), ("two",), ("three",)]
        assert all(finding.ok for finding in check(archive))
        assert add(archive, server, HOME)[0].exit_code == 0


def test_a_reply_keeps_its_place_where_the_comment_above_it_is_another_threads(tmp_path: Path) -> None:
    def steal(world: World) -> None:
        world.posts[1].ap_id = "http://home.test/post/77"
        world.comments[3].ap_id, world.comments[3].deleted = "http://evil.test/comment/3", False

    texts = ["A FORGED", "B", Reply(text="answer", to=2)]
    bundle = snapshot_of(forged(steal, texts=texts), tmp_path, "evil", EVIL)
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        taken(archive, bundle)
        add(archive, server, HOME)
        for name in ("again", "and again"):
            assert rows(
                archive,
                """SELECT parent.ap_id, parent.missing_reason, comment.depth FROM comments AS comment
                   JOIN comments AS parent ON parent.id = comment.parent_id WHERE comment.body = 'answer'""",
            ) == [(None, "other_thread", 2)]
            taken(archive, snapshot_of(forged(steal, texts=texts), tmp_path, name, EVIL, hours=1))


def test_a_comment_that_a_server_placed_is_not_moved_by_a_snapshot(tmp_path: Path) -> None:
    bundle = snapshot_of(forged(texts=["A FORGED", "B FORGED", Reply(text="x", to=1)]), tmp_path, "evil", EVIL)
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        before = shown(archive)
        taken(archive, bundle)
        assert shown(archive) == before


def test_a_known_thread_keeps_the_account_of_its_visit_and_can_be_shared_with_what_was_added(tmp_path: Path) -> None:
    def add_one(world: World) -> None:
        world.comments[1].ap_id = "http://evil.test/comment/1"

    bundle = snapshot_of(forged(add_one), tmp_path, "evil", EVIL, hours=9)
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME, clock=At(0))
        before = next(threads(archive))
        (status,) = {imported_thread.status for imported_thread in taken(archive, bundle)}
        after = next(threads(archive))
        assert (status, after.comments) == ("merged", before.comments + 1)
        assert (after.captured_at, after.status, after.community) == (before.captured_at, "complete", before.community)
        again = shared(archive, tmp_path / "again")
        assert all(finding.ok for finding in verify(again))
        with archive_in(tmp_path, "third.db") as third:
            assert [imported_thread.status for imported_thread in taken(third, again)] == ["new"]
            assert all(finding.ok for finding in check(third))


def test_a_gap_keeps_the_reason_that_a_server_told(tmp_path: Path) -> None:
    world = honest()
    world.purge(2)
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        bundle = shared(archive, tmp_path / "bundle")
        rewritten(bundle, "UPDATE comments SET missing_reason = 'unexplained' WHERE ap_id IS NULL")
        before = rows(archive, "SELECT missing_reason FROM comments WHERE ap_id IS NULL")
        with pytest.raises(SnapshotDamagedError):
            taken(archive, bundle)
        with archive_in(tmp_path, "other.db") as other:
            add(other, server, HOME)
            other.db.conn.execute("UPDATE comments SET missing_reason = 'unexplained' WHERE ap_id IS NULL")
            other.db.conn.commit()
            taken(archive, shared(other, tmp_path / "other"))
        assert before
        assert rows(archive, "SELECT missing_reason FROM comments WHERE ap_id IS NULL") == before


def test_a_page_that_was_fetched_here_stays(tmp_path: Path) -> None:
    with Server(honest()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        archive.db.conn.execute("UPDATE posts SET url = 'https://example.org/'")
        archive.db.conn.execute(
            """INSERT INTO articles SELECT 1, 1, 0, 1, url, url, '[]', 'stored', '', 0, NULL, '', '', '', NULL, '', '',
               '', '', '', '<p>x</p>', 1, '', '', '2026-01-01T00:00:00.000000Z', capture_id FROM posts"""
        )
        later = "2026-06-01T00:00:00.000000Z"
        page = SharedPage(article=None, url="https://example.org/", final_url="", fetched_at=later)  # type: ignore[arg-type]
        assert not _is_news(archive, 1, page)
        assert not any(item.remarks for item in thread_items(archive, 1))
        archive.db.conn.execute("UPDATE captures SET kind = 'snapshot'")
        assert _is_news(archive, 1, page)
        (article,) = (item for item in thread_items(archive, 1) if item.kind == "article")
        assert article.remarks == ("From a snapshot, not from a server",)


@pytest.mark.parametrize("column", ["published_at", "edited_at"])
@pytest.mark.parametrize("table", ["posts", "comments"])
def test_a_snapshot_with_a_time_that_is_still_to_come_is_refused_by_name(
    table: str, column: str, tmp_path: Path
) -> None:
    bundle = snapshot_of(honest(), tmp_path, "bundle", HOME)
    with archive_in(tmp_path, "bundle.db") as archive:
        archive.db.conn.execute(f"UPDATE {table} SET {column} = '2099-01-01T00:00:00.000000Z' WHERE id = 1")
        archive.db.conn.commit()
        bundle = shared(archive, tmp_path / "later")
    with archive_in(tmp_path) as archive:
        ap_id = HOME if table == "posts" else "http://home.test/comment/1"
        with pytest.raises(SnapshotDamagedError, match=f"{column} of {ap_id} is 2099-01-01.* still to come"):
            taken(archive, bundle)
        assert rows(archive, "SELECT count(*) FROM captures") == [(0,)]


def test_a_clock_that_is_a_day_fast_is_let_pass(tmp_path: Path) -> None:
    bundle = snapshot_of(honest(), tmp_path, "bundle", HOME)
    with archive_in(tmp_path) as archive:
        made_at = datetime(2026, 11, 24, 12, tzinfo=UTC)
        (imported_thread,) = import_snapshot(archive, bundle, now=made_at - timedelta(hours=23))
        assert imported_thread.status == "new"


@pytest.fixture(scope="module")
def claimed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[World]]:
    """Snapshots of the thread, honest and forged ones, and the servers that show it: its home and a mirror."""
    folder = tmp_path_factory.mktemp("claimed")
    home = honest()
    away = mirror(home, v3("mirror.test"))
    bundles = [snapshot_of(home, folder, "honest", HOME)]
    for number, change in enumerate(
        (
            lambda _world: None,
            lambda world: setattr(world.posts[1], "ap_id", "http://home.test/post/77"),
            lambda world: setattr(world.posts[1], "deleted", True),
        )
    ):
        bundles.append(snapshot_of(forged(change), folder, f"forged-{number}", EVIL, hours=number + 1))
    return bundles, [home, away]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(["home", "mirror", 0, 1, 2, 3]), max_size=6).flatmap(
        lambda some: st.permutations([*some, "home"])
    )
)
def test_in_any_order_of_imports_and_visits_the_thread_is_what_its_home_said(
    steps: list[str | int], claimed: tuple[list[Path], list[World]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    bundles, worlds = claimed
    folder = tmp_path_factory.mktemp("order")
    with Server(*worlds) as server:
        with archive_in(folder, "plain.db") as archive:
            add(archive, server, HOME)
            expected = shown(archive)
        with archive_in(folder) as archive:
            for step in steps:
                if isinstance(step, int):
                    taken(archive, bundles[step])
                else:
                    url = HOME if step == "home" else "http://mirror.test/post/1001"
                    assert add(archive, server, url)[0].exit_code == 0
            found = [row for row in shown(archive) if row[0] == HOME]
            assert found == expected
            assert all(finding.ok for finding in check(archive))
            before = list(content(archive))
            reread(archive)
            assert list(content(archive)) == before


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 1, 2, 3]))
def test_snapshots_alone_give_the_same_in_any_order(
    order: list[int], claimed: tuple[list[Path], list[World]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    query = """SELECT post.ap_id, post.title, post.deleted, community.ap_id, comment.ap_id, comment.body,
                      comment.deleted, comment.missing_reason, parent.ap_id, person.ap_id
               FROM posts AS post JOIN communities AS community ON community.id = community_id
               LEFT JOIN comments AS comment ON comment.post_id = post.id AND comment.ap_id IS NOT NULL
               LEFT JOIN comments AS parent ON parent.id = comment.parent_id
               LEFT JOIN people AS person ON person.id = comment.creator_id
               ORDER BY post.ap_id, comment.position"""
    found = []
    for numbers in (order, [0, 1, 2, 3]):
        with archive_in(tmp_path_factory.mktemp("alone")) as archive:
            taken(archive, *(claimed[0][number] for number in numbers))
            found.append(rows(archive, query))
            assert all(finding.ok for finding in check(archive))
    assert found[0] == found[1]


def test_what_weighs_more_is_withdrawn_then_has_a_text_then_is_later() -> None:
    def weight(**more: Any) -> imported.Weight:
        told = {"withdrawn": False, "text": "a", "edited_at": "2026"} | more
        source = imported.Source(digest=told.pop("digest", "a"), captured_at=told.pop("captured_at", "2026"))
        return imported.weight(source, **told)

    assert weight(withdrawn=True, text="", edited_at=None) > weight(edited_at="2030")
    assert weight(edited_at=None) > weight(text="[redacted]", edited_at="2030")
    assert weight(edited_at="2027") > weight(captured_at="2030")
    assert weight(captured_at="2027") > weight(digest="b")
    assert weight(digest="b") > weight()
