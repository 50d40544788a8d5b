"""Taking over: nothing is lost, nothing comes twice, and what is newer is current, whoever had it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everything import found_in
from fake_lemmy import Instance, Reply, Server, World, grow, mirror, thread
from planted import OTHERS, plant
from runs import add, archive_in, rows, v3, v4
from searches import search
from snapshots.building import ONE, PLAIN, TWO, Noon, fill, made, worlds
from snapshots.test_verify import copied, rewritten
from thread_archive.archiving import reread, targets
from thread_archive.archiving.deriving import derive
from thread_archive.archiving.redacting import redact
from thread_archive.archiving.rereading import Reread
from thread_archive.exceptions import InputError, SnapshotDamagedError
from thread_archive.snapshots.canonical import content_hash
from thread_archive.snapshots.importing import Imported, import_snapshot
from thread_archive.snapshots.inspecting import counts
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Made, Making, make
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content, content_digest
from thread_archive.store.takedowns import extend

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class At(Noon):
    """A clock that stands still so many hours after noon."""

    def __init__(self, hours: float) -> None:
        self._now = NOON + timedelta(hours=hours)

    def now(self) -> datetime:
        return self._now


def taken(archive: Archive, *bundles: Path) -> list[Imported]:
    now = max(NOON, datetime.now(UTC)) + timedelta(days=30)
    return [imported for bundle in bundles for imported in import_snapshot(archive, bundle, now=now, derive=derive)]


def shared(archive: Archive, target: Path) -> Path:
    return make(archive, target, select(archive, Wanted(restricted=True)), Making(site=False, restricted=True)).path


# What a snapshot does not bring: states that were replaced, and which server said what of whom.
def current(archive: Archive) -> list[str]:
    left_out = ('["post_revisions', '["comment_revisions', '["told', '["person_claims', '["community_claims')
    return [line for line in content(archive) if not line.startswith(left_out)]


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_an_empty_archive_takes_over_a_snapshot_as_it_is(tmp_path: Path, zipped: bool) -> None:
    name = "bundle.zip" if zipped else "bundle"
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        fill(archive, server)
        bundle = make(archive, tmp_path / name, select(archive, Wanted()), Making(site=False, zipped=zipped)).path
        with archive_in(tmp_path, "other.db") as other:
            assert [imported.status for imported in taken(other, bundle)] == ["new", "new"]
            assert current(other) == current(archive)
            assert all(finding.ok for finding in check(other))
            assert {hit.ap_id for hit in search(other, "lighthouse")} == {
                hit.ap_id for hit in search(archive, "lighthouse")
            }
            again = shared(other, tmp_path / "again")
            first = make(archive, tmp_path / "first", select(archive, Wanted()), PLAIN)
    assert (again / "README.txt").read_text() == (first.path / "README.txt").read_text()


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    bundle = made(tmp_path).path
    with archive_in(tmp_path, "other.db") as other:
        taken(other, bundle)
        before = list(content(other)), rows(other, "SELECT count(*) FROM captures")
        assert [imported.status for imported in taken(other, bundle)] == ["unchanged", "unchanged"]
        assert (list(content(other)), rows(other, "SELECT count(*) FROM captures")) == before
    with archive_in(tmp_path) as archive:
        before = list(content(archive)), None
        assert {imported.status for imported in taken(archive, bundle)} == {"unchanged"}
        assert list(content(archive)) == before[0]


def histories(tmp_path: Path, change: "Iterator[None]", world: World) -> tuple[Path, Path]:
    """Two snapshots of a thread: before and after `change`."""
    with Server(world) as server:
        for hours, name in ((0, "old"), (5, "new")):
            with archive_in(tmp_path, f"{name}.db") as archive:
                add(archive, server, ONE, clock=At(hours))
                shared(archive, tmp_path / name)
            next(change, None)
    return tmp_path / "old", tmp_path / "new"


def edited(world: World) -> Iterator[None]:
    world.comments[1].content = "a better lighthouse"
    world.comments[1].updated = "2026-11-24T14:00:00.000000Z"
    world.comments[3].deleted = True
    world.comments[3].updated = "2026-11-24T14:00:00.000000Z"
    world.posts[1].body = "another body"
    world.posts[1].updated = "2026-11-24T14:00:00.000000Z"
    del world.comments[4]
    world.persons[3].display_name = "Mara the elder"
    yield


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_whichever_comes_first_the_newer_state_is_current_and_the_older_one_kept(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    world = thread(v3("one.test"), ["a lighthouse", "stays", "to be deleted", "to be purged"])
    world.comments[4].creator_id = world.posts[1].creator_id
    histories(tmp_path, edited(world), world)
    with archive_in(tmp_path, "mine.db") as mine:
        taken(mine, *(tmp_path / name for name in order))
        assert rows(mine, "SELECT body FROM comments ORDER BY position") == [
            ("a better lighthouse",), ("stays",), ("",), ("to be purged",),
        ]  # fmt: skip
        assert rows(mine, "SELECT body FROM posts") == [("another body",)]
        assert ("a lighthouse",) in rows(mine, "SELECT body FROM comment_revisions")
        assert rows(mine, "SELECT body FROM post_revisions") == [("See for yourselves.",)]
        assert rows(mine, "SELECT display_name FROM people WHERE name = 'mara_finch'") == [("Mara the elder",)]
        # What was taken back meanwhile is not brought in again by an old copy.
        assert (("to be deleted",) in rows(mine, "SELECT body FROM comment_revisions")) == (order[0] == "old")
        assert all(finding.ok for finding in check(mine))
        assert rows(mine, "SELECT count(*) FROM comments") == [(4,)]


def test_a_visit_after_an_import_goes_on_with_what_came(tmp_path: Path) -> None:
    world = grow(thread(v3("one.test")), 60, Random(4))
    with Server(world) as server:
        with archive_in(tmp_path) as archive:
            add(archive, server, ONE, clock=At(0))
            bundle = shared(archive, tmp_path / "bundle")
        gone = world.comments[20].ap_id
        world.purge(20)
        with archive_in(tmp_path, "other.db") as other:
            taken(other, bundle)
            (receipt,) = add(other, server, ONE, clock=At(9))
            assert rows(other, "SELECT gone_at IS NOT NULL FROM comments WHERE ap_id = ?", gone) == [(1,)]
            assert rows(other, "SELECT count(*) FROM comment_revisions") == [(0,)]
            # Its home is whole without it, and nobody else ever told of it here but the snapshot.
            assert receipt.stored == 59
            assert [(item.ap_id, item.instance) for item in receipt.unconfirmed] == [(gone, "")]
            assert all(finding.ok for finding in check(other))


def test_an_import_that_was_cut_short_is_finished_by_importing_again_or_by_a_reread(tmp_path: Path) -> None:
    bundle = made(tmp_path).path
    with archive_in(tmp_path, "whole.db") as whole:
        taken(whole, bundle)
        expected = list(content(whole))
    for number, mend in enumerate((lambda archive: taken(archive, bundle), reread)):
        with archive_in(tmp_path, f"{number}.db") as other:
            # As if killed after the rows were written, and before anything was derived from them.
            list(import_snapshot(other, bundle, now=NOON + timedelta(days=30)))
            assert list(content(other)) != expected
            mend(other)
            assert list(content(other)) == expected


def test_a_reread_counts_only_threads_that_it_read_anew(tmp_path: Path) -> None:
    bundle = made(tmp_path).path
    with archive_in(tmp_path) as archive:
        assert reread(archive) == Reread(threads=2, captures=2)
    with archive_in(tmp_path, "other.db") as other:
        taken(other, bundle)
        assert reread(other) == Reread(threads=0, captures=0)


def test_rereading_leaves_what_a_snapshot_brought(tmp_path: Path) -> None:
    world = thread(v3("one.test"), ["a lighthouse", "stays", "to be deleted", "to be purged"])
    old, _ = histories(tmp_path, edited(world), world)
    with Server(world) as server, archive_in(tmp_path, "mine.db") as mine:
        add(mine, server, ONE, clock=At(6))
        taken(mine, old)
        before = list(content(mine))
        assert any("to be purged" in line for line in before)
        reread(mine)
        assert list(content(mine)) == before


def test_a_gap_that_somebody_else_has_the_comment_of_is_filled_and_the_other_way_round_stays_filled(
    tmp_path: Path,
) -> None:
    world = thread(v3("one.test"), ["first", Reply(text="second", to=1), Reply(text="third", to=2)])
    with Server(world) as server:
        with archive_in(tmp_path, "full.db") as archive:
            add(archive, server, ONE, clock=At(0))
            full = shared(archive, tmp_path / "full")
        del world.comments[2]
        with archive_in(tmp_path, "gap.db") as archive:
            add(archive, server, ONE, clock=At(5))
            assert rows(archive, "SELECT count(*) FROM comments WHERE ap_id IS NULL") == [(1,)]
            lacking = shared(archive, tmp_path / "gap")
    for order in ((full, lacking), (lacking, full)):
        with archive_in(tmp_path, f"{order[0].name}-first.db") as mine:
            taken(mine, *order)
            assert rows(mine, "SELECT body, depth FROM comments ORDER BY position") == [
                ("first", 1), ("second", 2), ("third", 3),
            ]  # fmt: skip
            assert rows(mine, "SELECT count(*) FROM comments WHERE ap_id IS NULL") == [(0,)]


def test_the_same_gap_known_by_two_names_is_one_gap(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["first", Reply(text="second", to=1), Reply(text="third", to=2)])
    copy = mirror(home, v4("mirror.test"))
    del home.comments[2]
    lost = next(row.id for row in copy.comments.values() if row.content == "second")
    del copy.comments[lost]
    with Server(home, copy) as server:
        bundles = []
        for name, url, with_home in (
            ("mirror", "http://mirror.test/post/1001", False),
            ("both", "http://mirror.test/post/1001", True),
            ("home", "http://home.test/post/1", True),
        ):
            with archive_in(tmp_path, f"{name}.db") as archive:
                add(archive, server, url, home=with_home, clock=At(0))
                bundles.append(shared(archive, tmp_path / name))
    with archive_in(tmp_path, "mine.db") as mine:
        taken(mine, *bundles)
        assert rows(mine, "SELECT count(*) FROM comments WHERE ap_id IS NULL") == [(1,)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 1, 2, 3]), again=st.lists(st.integers(0, 3), max_size=3))
def test_any_order_and_repetition_of_snapshots_gives_the_same_current_rows(
    order: list[int], again: list[int], four: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("order")
    with archive_in(folder, "mine.db") as mine:
        taken(mine, *(four[number] for number in (*order, *again)))
        found = sorted(rows(mine, "SELECT ap_id, body, deleted, removed, position, depth FROM comments"))
        posts = rows(mine, "SELECT ap_id, title, body FROM posts ORDER BY ap_id")
    with archive_in(folder, "sorted.db") as mine:
        taken(mine, *four)
        assert sorted(rows(mine, "SELECT ap_id, body, deleted, removed, position, depth FROM comments")) == found
        assert rows(mine, "SELECT ap_id, title, body FROM posts ORDER BY ap_id") == posts


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four snapshots of a thread that is edited, moderated and answered between them, each from another archive."""
    folder = tmp_path_factory.mktemp("four")
    world, random = grow(thread(v3("one.test")), 30, Random(5)), Random(9)
    bundles = []
    with Server(world) as server:
        for number in range(4):
            with archive_in(folder, f"{number}.db") as archive:
                add(archive, server, ONE, clock=At(number))
                bundles.append(shared(archive, folder / f"{number}"))
            for _ in range(4):
                row = random.choice(list(world.comments.values()))
                row.content = f"edited in round {number}"
                row.updated = f"2026-11-24T{13 + number}:00:00.000000Z"
                other = random.choice(list(world.comments.values()))
                other.deleted = not other.deleted
            grow(world, 3, random)
    return bundles


def test_what_does_not_verify_is_not_imported(tmp_path: Path) -> None:
    copy = copied(made(tmp_path).path, tmp_path / "copy")
    with (copy / "archive.db").open("r+b") as file:
        file.seek(9000)
        file.write(b"x")
    with archive_in(tmp_path, "other.db") as other:
        with pytest.raises(SnapshotDamagedError, match="does not verify"):
            taken(other, copy)
        assert rows(other, "SELECT count(*) FROM captures") == [(0,)]


def test_a_text_that_is_none_is_found_before_it_is_imported(tmp_path: Path) -> None:
    copy = copied(made(tmp_path).path, tmp_path / "copy")
    rewritten(copy, "UPDATE comments SET body_html = x'3c703e'")
    with archive_in(tmp_path, "other.db") as other, pytest.raises(SnapshotDamagedError, match=r"comments\.body_html"):
        taken(other, copy)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE comments SET published_at = 'yesterday'",
        "UPDATE people SET ap_id = 'javascript:alert(1)' || id",
        "UPDATE captures SET receipt = 'null'",
        "UPDATE captures SET receipt = '{\"comments\": 5}'",
        'UPDATE captures SET receipt = \'{"sources": ["x"], "comments": {}}\'',
        'UPDATE captures SET receipt = \'{"article": {"url": 5}}\'',
        'UPDATE captures SET receipt = \'{"sources": [{"error": "x"}]}\'',
        "UPDATE captures SET receipt = CAST(x'ff' AS TEXT)",
        "UPDATE comments SET language = CAST(x'eda080' AS TEXT)",
        "UPDATE comments SET parent_id = (SELECT max(id) FROM comments AS c WHERE c.post_id = comments.post_id)",
        "UPDATE comments SET parent_id = (SELECT max(id) FROM comments) WHERE post_id = 1",
        "UPDATE captures SET status = 'open'",
        "UPDATE captures SET started_at = '2026-01-01'",
    ],
)
def test_what_no_archive_holds_is_refused_and_nothing_is_written(
    tmp_path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(made(tmp_path).path, tmp_path / "copy")
    rewritten(copy, statement)
    monkeypatch.setattr("thread_archive.snapshots.importing.check_bundle", lambda *_, **__: iter(()))
    with archive_in(tmp_path, "other.db") as other:
        with pytest.raises(SnapshotDamagedError):
            taken(other, copy)
        assert rows(other, "SELECT (SELECT count(*) FROM posts) + (SELECT count(*) FROM captures)") == [(0,)]


def told_anew(bundle: Path, statements: str, **told: object) -> None:
    """As `rewritten`, by somebody who takes care that the description fits."""
    with closing(sqlite3.connect(bundle / "archive.db")) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; {statements}")
        described = json.loads((bundle / "datapackage.json").read_text())
        described["thread_archive"] |= {
            "content_sha256": content_hash(connection), "counts": counts(connection), **told
        }  # fmt: skip
    (bundle / "datapackage.json").write_text(json.dumps(described))
    rewritten(bundle, "SELECT 1")


# The first comment of the second thread, a reply in it, the gap of the first.
_FIRST = "(SELECT min(id) FROM comments WHERE post_id = 2)"
_REPLY = "(SELECT max(id) FROM comments WHERE post_id = 2 AND parent_id IS NOT NULL)"
_GAP = "(SELECT id FROM comments WHERE ap_id IS NULL)"


@pytest.mark.parametrize(
    ("column", "statement"),
    [
        ("captures.status", "UPDATE captures SET status = 'open' WHERE id = 2"),
        ("captures.status", "UPDATE captures SET status = 'failed'"),
        ("captures.started_at", "UPDATE captures SET started_at = '2026-01-01' WHERE id = 2"),
        ("captures.started_at", "UPDATE captures SET started_at = '2026-01-01T00:00:00.000000+01:00' WHERE id = 2"),
        ("communities.ap_id", "UPDATE communities SET ap_id = 'javascript:alert(1)' WHERE id = 2"),
        ("people.ap_id", "UPDATE people SET ap_id = 'https:///u/nobody' WHERE id = 2"),
        ("posts.ap_id", "UPDATE posts SET ap_id = 'data:text/html,x' WHERE id = 2"),
        ("posts.published_at", "UPDATE posts SET published_at = '2026-01-01T00:00:00' WHERE id = 2"),
        ("posts.edited_at", "UPDATE posts SET edited_at = '' WHERE id = 2"),
        ("posts.score", f"UPDATE posts SET score = {2**63 - 1} WHERE id = 2"),
        ("posts.advertised", f"UPDATE posts SET advertised = {-(2**63)} WHERE id = 2"),
        ("comments.ap_id", f"UPDATE comments SET ap_id = 'comment' WHERE id = {_FIRST}"),
        ("comments.published_at", f"UPDATE comments SET published_at = '2026-01-01' WHERE id = {_FIRST}"),
        (
            "comments.published_at",
            "UPDATE comments SET published_at = '2026-02-30T00:00:00.000000Z' WHERE id = 12",
        ),
        (
            "comments.edited_at",
            "UPDATE comments SET edited_at = '9999-12-31T23:59:59.999999-23:59' WHERE id = 12",
        ),
        ("comments.gone_at", f"UPDATE comments SET gone_at = '<b>' WHERE id = {_FIRST}"),
        ("comments.upvotes", f"UPDATE comments SET upvotes = {2**62} WHERE id = {_FIRST}"),
        ("comments.parent_id", f"UPDATE comments SET parent_id = 1 WHERE id = {_REPLY}"),
        ("comments.parent_id", f"UPDATE comments SET parent_id = id WHERE id = {_REPLY}"),
        ("comments.parent_id", f"UPDATE comments SET parent_id = {_REPLY} WHERE id = {_FIRST}"),
        ("comments.depth", f"UPDATE comments SET depth = {2**40} WHERE id = {_REPLY}"),
        ("comments.depth", f"UPDATE comments SET depth = -1 WHERE id = {_FIRST}"),
        ("comments.position", f"UPDATE comments SET position = -1 WHERE id = {_FIRST}"),
        ("comments.missing_reason", f"UPDATE comments SET missing_reason = 'eaten' WHERE id = {_GAP}"),
        ("comments.missing_reason", f"UPDATE comments SET missing_reason = NULL WHERE id = {_GAP}"),
        ("cross_posts.ap_id", "INSERT INTO cross_posts VALUES (2, 'x', '', '', '', 1)"),
        ("local_ids.local_id", "UPDATE local_ids SET local_id = -5 WHERE comment_id = 2"),
        ("local_ids.withdrawn", "UPDATE local_ids SET withdrawn = 'banned' WHERE comment_id = 2"),
        ("scores.score", f"UPDATE scores SET score = {2**62} WHERE item = 9"),
        ("articles.published_at", "UPDATE articles SET published_at = '1999'"),
        ("articles.fetched_at", "UPDATE articles SET fetched_at = '2026-11-24T12:00:00'"),
    ],
)
def test_a_value_of_the_right_type_that_no_archive_holds_is_named_and_nothing_is_written(
    bundle: Path, tmp_path: Path, column: str, statement: str
) -> None:
    copy = copied(bundle, tmp_path)
    told_anew(copy, statement)
    assert [finding.message for finding in verify(copy) if not finding.ok] == [f"{column} holds what no archive does"]
    refused(copy, tmp_path)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("bundle")).path


def refused(copy: Path, tmp_path: Path) -> None:
    with archive_in(tmp_path, "other.db") as other:
        with pytest.raises(SnapshotDamagedError):
            taken(other, copy)
        assert rows(other, "SELECT (SELECT count(*) FROM posts) + (SELECT count(*) FROM captures)") == [(0,)]


def test_a_thread_that_was_seen_in_the_future_is_refused_and_nothing_is_written(bundle: Path, tmp_path: Path) -> None:
    copy = copied(bundle, tmp_path)
    told_anew(copy, "UPDATE captures SET started_at = '9999-12-31T23:59:59.999999Z' WHERE id = 2")
    assert all(finding.ok for finding in verify(copy, quick=True))
    refused(copy, tmp_path)


def test_replies_deeper_than_any_server_has_are_refused(bundle: Path, tmp_path: Path) -> None:
    names = (
        "id, ap_id, post_id, parent_id, path, position, depth, creator_id, body, published_at, deleted, removed, "
        "distinguished, language, is_moderator, is_admin, restricted, capture_id"
    )
    copy = copied(bundle, tmp_path)
    told_anew(
        copy,
        f"""WITH RECURSIVE chain(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM chain WHERE number < 2001)
            INSERT INTO comments ({names})
            SELECT 100000 + number, 'https://deep.test/' || number, 2, CASE number WHEN 1 THEN NULL ELSE 99999 + number
                   END, '', 10000 + number, number, 1, '', '2026-01-01T00:00:00.000000Z', 0, 0, 0, 'und', 0, 0, 0, 2
            FROM chain""",
    )
    (finding,) = [finding for finding in verify(copy) if not finding.ok]
    assert finding.message == "comments.depth holds what no archive does"
    refused(copy, tmp_path)


def test_a_null_character_comes_in_as_servers_ones_do(bundle: Path, tmp_path: Path) -> None:
    copy = copied(bundle, tmp_path)
    told_anew(copy, "UPDATE people SET display_name = 'half' || char(0) || 'hidden', bio = char(0) WHERE id = 2")
    with archive_in(tmp_path, "other.db") as other:
        taken(other, copy)
        found = rows(other, "SELECT display_name, bio FROM people WHERE display_name LIKE 'half%'")
        assert found == [("half\ufffdhidden", "\ufffd")]


@pytest.mark.parametrize("options", [[], None, "none", {"pseudonymised": []}])
def test_what_the_description_says_of_its_options_is_not_relied_on(
    bundle: Path, tmp_path: Path, options: object
) -> None:
    copy = copied(bundle, tmp_path)
    told_anew(copy, "SELECT 1", options=options)
    with archive_in(tmp_path, "other.db") as other:
        assert [imported.status for imported in taken(other, copy)] == ["new", "new"]


def test_of_a_receipt_only_what_a_receipt_says_comes_in(tmp_path: Path) -> None:
    copy = copied(made(tmp_path).path, tmp_path / "copy")
    told = {"title": 5, "sources": [{"instance": "one.test", "error": {"type": "E", "message": ["x"]}, "more": 1}]}
    rewritten(copy, f"UPDATE captures SET receipt = '{json.dumps(told)}'")
    with archive_in(tmp_path, "other.db") as other:
        taken(other, copy)
        for (receipt,) in rows(other, "SELECT receipt FROM captures"):
            assert json.loads(receipt).keys() == {"sources", "comments", "snapshot"}
            assert json.loads(receipt)["sources"] == [{"instance": "one.test", "error": {"type": "E"}}]


def test_pseudonyms_are_refused(tmp_path: Path) -> None:
    copy = copied(made(tmp_path).path, tmp_path / "copy")
    rewritten(copy, "INSERT INTO settings VALUES ('pseudonymised', '1')")
    with archive_in(tmp_path, "other.db") as other, pytest.raises(InputError, match="pseudonyms"):
        taken(other, copy)


def test_what_is_restricted_stays_so_unless_somebody_was_shown_it_openly(tmp_path: Path) -> None:
    with Server(*worlds()) as server:
        with archive_in(tmp_path) as archive:
            fill(archive, server, (ONE, TWO))
            with archive.transaction() as connection:
                connection.execute("UPDATE comments SET restricted = 1")
            bundle = shared(archive, tmp_path / "bundle")
        with archive_in(tmp_path, "empty.db") as other:
            taken(other, bundle)
            assert rows(other, "SELECT count(*) FROM comments WHERE NOT restricted AND ap_id IS NOT NULL") == [(0,)]
        with archive_in(tmp_path, "public.db") as other:
            fill(other, server, (ONE,))
            taken(other, bundle)
            assert rows(
                other,
                """SELECT post.ap_id, max(comments.restricted) FROM comments JOIN posts AS post ON post.id = post_id
                   WHERE comments.ap_id IS NOT NULL GROUP BY 1 ORDER BY 1""",
            ) == [("http://home.test/post/1", 1), (ONE, 0)]


def test_what_was_taken_down_here_does_not_come_back_with_a_snapshot(tmp_path: Path) -> None:
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        fill(archive, server)
        bundle = shared(archive, tmp_path / "bundle")
        listed = rows(archive, "SELECT ap_id FROM comments WHERE body LIKE 'A lighthouse%'")[0][0]
        person = rows(archive, "SELECT ap_id, name FROM people WHERE ap_id LIKE '%one.test%' AND name = 'tobias_oak'")[
            0
        ]
    with archive_in(tmp_path, "other.db") as other:
        with other.transaction() as connection:
            entries = [("comment", listed), ("person", person[0]), ("post", "http://home.test/post/1")]
            extend(connection, entries, now=NOON)
        assert [imported.status for imported in taken(other, bundle)] == ["kept out", "new"]
        assert rows(other, "SELECT body FROM comments WHERE ap_id = ?", listed) == [("[redacted]",)]
        assert rows(other, "SELECT count(*) FROM people WHERE name = 'tobias_oak'") == [(0,)]
        assert rows(
            other,
            "SELECT count(*) FROM comments WHERE body <> '' AND creator_id IN "
            "(SELECT id FROM people WHERE name LIKE 'redacted-%') AND body <> '[redacted]'",
        ) == [(0,)]
        assert rows(other, "SELECT count(*) FROM search_fts WHERE search_fts MATCH 'lighthouse'")[0][0] <= 1
        assert all(finding.ok for finding in check(other))
        before = list(content(other))
        taken(other, bundle)
        assert list(content(other)) == before


def test_the_page_that_a_thread_is_about_comes_with_it_made_safe_once_more(tmp_path: Path) -> None:
    bundle = made(tmp_path).path
    with archive_in(tmp_path, "other.db") as other:
        taken(other, bundle)
        assert rows(other, "SELECT title, status, exchange_id FROM articles") == [("On iron", "stored", None)]
        assert [hit.kind for hit in search(other, "rusts")] == ["article"]
        assert all(finding.ok for finding in check(other))
        before = list(content(other))
        reread(other)
        assert list(content(other)) == before


@pytest.mark.parametrize("instance", [v3("home.test"), v4("home.test")], ids=["0.19", "1.0"])
def test_who_was_redacted_here_is_in_nothing_that_a_snapshot_brings(instance: Instance, tmp_path: Path) -> None:
    for name in ("theirs", "here"):
        (tmp_path / name).mkdir()
    planted = plant(tmp_path / "theirs", instance)
    with archive_in(tmp_path / "theirs") as theirs:
        bundle = shared(theirs, tmp_path / "bundle")
    with archive_in(tmp_path / "here") as here:
        who = targets.person(here, f"{planted.words['name']}@home.test")
        redact(here, who, now=NOON)
        taken(here, bundle)
        assert [finding for finding in check(here) if not finding.ok] == []
        before = content_digest(here)
        redact(here, who, now=NOON)
        assert content_digest(here) == before
    assert found_in(tmp_path / "here", planted.all_but(*OTHERS, "passage")) == {}
    assert found_in(tmp_path / "here", planted.of("others_body", "others_name")) != {}


def test_a_gap_keeps_the_reason_that_the_snapshot_tells(tmp_path: Path) -> None:
    with (
        Server(thread(v3("one.test"), ["shown", Reply(text="answered", to=1)])) as server,
        archive_in(tmp_path) as made,
    ):
        add(made, server, ONE)
        with made.transaction() as connection:
            connection.execute("UPDATE comments SET restricted = 1 WHERE body = 'shown'")
        bundle = make(made, tmp_path / "bundle", select(made, Wanted()), Making(site=False))
    with archive_in(tmp_path, "other.db") as other:
        taken(other, bundle.path)
        reasons = rows(other, "SELECT missing_reason FROM comments ORDER BY position")
        assert reasons == [("hidden_community",), (None,)]
        again = make(other, tmp_path / "again", select(other, Wanted()), Making(site=False))
    assert content_hash_of(again) == content_hash_of(bundle)


def content_hash_of(made: Made) -> str:
    return str(made.description["content_sha256"])
