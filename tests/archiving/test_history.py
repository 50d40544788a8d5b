"""Adding a thread again: what is new comes in, what is replaced is kept, what is unchanged is not written."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_lemmy import Instance, Reply, Server, faults, grow, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import reread
from thread_archive.store.dump import content, content_digest
from thread_archive.store.threadpages import failure_since

URL = "http://home.test/post/1"


def test_an_edited_comment_keeps_its_earlier_state(tmp_path: Path) -> None:
    world = thread(v3(), ["first version", "another"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.comments[1].content, world.comments[1].updated = "second version", "2026-03-05T00:00:00Z"
        (receipt,) = add(archive, server, URL)
        assert (receipt.changed, receipt.revisions_added) == (True, 1)
        assert rows(archive, "SELECT body FROM comments ORDER BY position") == [("second version",), ("another",)]
        assert rows(archive, "SELECT body, capture_id FROM comment_revisions") == [("first version", 1)]


def test_withdrawn_text_stays_in_the_revisions_and_leaves_the_current_state_and_the_index(tmp_path: Path) -> None:
    world = thread(v4(), ["a peculiar sentence"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.comments[1].deleted = True
        add(archive, server, URL)
        assert rows(archive, "SELECT body, deleted FROM comments") == [("", 1)]
        assert rows(archive, "SELECT body FROM comment_revisions") == [("a peculiar sentence",)]
        assert rows(archive, "SELECT count(*) FROM search_fts WHERE search_fts MATCH 'peculiar'") == [(0,)]


def test_an_edited_post_keeps_its_earlier_state(tmp_path: Path) -> None:
    world = thread(v3(), ["one"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].title = "Another title"
        (receipt,) = add(archive, server, URL)
        assert receipt.revisions_added == 1
        assert rows(archive, "SELECT title FROM posts") == [("Another title",)]
        assert rows(archive, "SELECT title FROM post_revisions") == [("What the tide left",)]


def test_new_votes_are_a_row_of_scores_and_no_revision(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        before = rows(archive, "SELECT count(*) FROM scores")[0][0]
        world.comments[2].upvotes = 9
        (receipt,) = add(archive, server, URL)
        assert (receipt.changed, receipt.revisions_added) == (True, 0)
        assert rows(archive, "SELECT count(*) FROM scores")[0][0] == before + 1
        assert rows(archive, "SELECT upvotes FROM comments ORDER BY position") == [(1,), (9,)]


def test_comments_written_between_visits_come_in_at_their_place_and_others_keep_their_rows(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        ids = dict(rows(archive, "SELECT body, id FROM comments"))
        say(world, Reply(text="between", to=1))
        (receipt,) = add(archive, server, URL)
        assert (receipt.stored, receipt.revisions_added) == (3, 0)
        assert rows(archive, "SELECT body FROM comments ORDER BY position") == [("one",), ("between",), ("two",)]
        assert ids.items() <= dict(rows(archive, "SELECT body, id FROM comments")).items()


def test_an_unchanged_thread_is_not_written_even_where_the_evidence_differs(tmp_path: Path) -> None:
    world = grow(thread(v3()), 30, Random(4))
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        before = content_digest(archive)
        # The community's subscribers are in every answer and nothing that we keep.
        world.communities[2].subscribers = 4711
        (receipt,) = add(archive, server, URL)
        assert not receipt.changed
        assert content_digest(archive) == before


def test_what_was_stored_once_stays_when_a_server_forgets_it(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        del world.comments[2]
        (receipt,) = add(archive, server, URL)
        assert receipt.stored == 2
        assert rows(archive, "SELECT body, gone_at IS NOT NULL FROM comments ORDER BY position") == [
            ("one", 0),
            ("two", 1),
        ]


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
def test_a_visit_that_finds_a_thread_gone_is_kept_with_that_thread_and_takes_nothing_from_it(
    tmp_path: Path, instance: Instance
) -> None:
    world = thread(instance)
    post, community = world.posts[1], world.communities[2]
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        before = list(content(archive))
        world.posts.clear()
        world.communities.clear()
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.exit_code) == ("failed", 3)
        assert rows(archive, "SELECT status, post_id FROM captures ORDER BY id") == [("complete", 1), ("failed", 1)]
        assert list(content(archive)) == before
        reread(archive)
        assert list(content(archive)) == before
        told = failure_since(archive.db.conn, 1)
        assert told is not None
        assert "no longer shows it" in told[1]["error"]["message"]
        world.posts[1], world.communities[2] = post, community
        add(archive, server, URL)
        assert failure_since(archive.db.conn, 1) is None


@pytest.mark.parametrize("instance", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
def test_a_moderators_mark_stays_when_the_post_is_withdrawn_and_nobody_tells_of_it(
    tmp_path: Path, instance: Instance
) -> None:
    world = thread(instance, ["one"])
    world.communities[2].moderators = [world.posts[1].creator_id, world.comments[1].creator_id]
    marks = "SELECT is_moderator FROM posts UNION ALL SELECT is_moderator FROM comments"
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, marks) == [(1,), (1,)]
        world.posts[1].removed = True
        add(archive, server, URL)
        assert rows(archive, "SELECT removed FROM posts") == [(1,)]
        assert rows(archive, marks) == [(1,), (1,)]
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before


@pytest.mark.parametrize("instance", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
def test_a_comment_in_the_url_that_is_of_another_thread_is_left_out(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["one"])
    world.posts[2] = replace(world.posts[1], id=2, ap_id="http://home.test/post/2")
    say(world, Reply(text="elsewhere"), post_id=2)
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, f"{URL}/2")
        assert (receipt.status, receipt.asked_for, receipt.stored) == ("complete", None, 1)
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before


def test_a_visit_that_finds_nothing_where_the_archive_knows_no_thread_is_kept_with_none(tmp_path: Path) -> None:
    with Server(thread(v3(), post={"deleted": True})) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT status, post_id FROM captures") == [("failed", None)]


def test_a_comment_withdrawn_on_0_18_since_the_last_visit_is_asked_for_singly(tmp_path: Path) -> None:
    world = thread(v3(version="0.18.5"), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.comments[2].removed = True
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored, receipt.tombstones) == ("complete", 2, 1)
        assert rows(archive, "SELECT body, removed FROM comments ORDER BY position") == [("one", 0), ("", 1)]


def test_on_0_18_a_withdrawn_comment_is_found_among_many_that_were_purged(tmp_path: Path) -> None:
    world = thread(v3(version="0.18.5"), [f"number {number}" for number in range(10)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        for number in range(1, 9):
            del world.comments[number]
        world.comments[10].deleted = True
        add(archive, server, URL)
        assert rows(archive, "SELECT body, deleted, gone_at FROM comments WHERE position = 9") == [("", 1, None)]


def test_an_interrupted_visit_is_not_gone_on_with_after_a_later_one(tmp_path: Path) -> None:
    world = grow(thread(v3()), 400, Random(4))
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.unavailable(None), path="comment/list", at=range(8, 1000))
        assert add(archive, server, URL, patience=0.05)[0].status == "failed"
        server.faults.clear()
        world.comments[1].deleted = True
        add(archive, server, "http://home.test/post/1/2")
        add(archive, server, URL)
        assert rows(archive, "SELECT deleted, body FROM comments WHERE ap_id LIKE '%/comment/1'") == [(1, "")]
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before


CHANGES = st.lists(
    st.tuples(st.sampled_from(["edit", "delete", "remove", "restore", "vote", "reply", "purge"]), st.integers(0, 30)),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visits=st.lists(CHANGES, min_size=1, max_size=4))
def test_rereading_all_captures_gives_the_same_rows_whatever_happened(
    visits: list[list[tuple[str, int]]], tmp_path_factory: object
) -> None:
    folder = tmp_path_factory.mktemp("history")  # type: ignore[attr-defined]
    world = grow(thread(v3()), 12, Random(7))
    with Server(world) as server, archive_in(folder) as archive:
        add(archive, server, URL)
        for changes in visits:
            for kind, number in changes:
                change(world, kind, number)
            add(archive, server, URL)
        before, visible = list(content(archive)), rows(archive, "SELECT id, ap_id, path FROM comments ORDER BY id")
        reread(archive)
        assert list(content(archive)) == before
        assert rows(archive, "SELECT id, ap_id, path FROM comments WHERE ap_id IS NOT NULL ORDER BY id") == [
            row for row in visible if row[1] is not None
        ]
        archive.db.conn.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")


def change(world: object, kind: str, number: int) -> None:
    comments = world.comments  # type: ignore[attr-defined]
    if not comments:
        return
    row = comments[sorted(comments)[number % len(comments)]]
    if kind == "edit":
        row.content, row.updated = f"{row.content[:20]} edited {number}", f"2026-04-{1 + number % 28:02}T00:00:00Z"
    elif kind in ("delete", "remove"):
        setattr(row, "deleted" if kind == "delete" else "removed", True)
    elif kind == "restore":
        row.deleted = row.removed = False
    elif kind == "vote":
        row.upvotes += number
    elif kind == "reply":
        say(world, Reply(text=f"reply {number}", to=row.id))  # type: ignore[arg-type]
    else:
        del comments[row.id]
