"""What was taken back for good: posts that a Tombstone stands for, and what its server purged."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fake_lemmy import Instance, Reply, Server, World, faults, mirror, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import Receipt, reread
from thread_archive.cli.receipt import full_receipt
from thread_archive.model import TakenBack
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.store.archive import Archive
from thread_archive.store.dump import content
from thread_archive.store.evidence import exchange, load
from thread_archive.store.queries import parse_query
from thread_archive.store.search import Request, find

URL = "http://home.test/post/1"
OBJECT = "/post/1"
VERSIONS = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])
MARKS = "SELECT purged_at IS NOT NULL, purged_by, gone_at IS NOT NULL FROM {} ORDER BY id"


def marks(archive: Archive, table: str = "comments") -> list[tuple[object, ...]]:
    """Whether each is purged, by whom, and whether it is gone."""
    return rows(archive, MARKS.format(table))


def found(archive: Archive, words: str) -> list[str | None]:
    """When each of the hits was purged."""
    return [hit.purged_at for hit in find(archive.db.conn, Request(query=parse_query(words))).hits]


def told(receipt: Receipt) -> str:
    """The receipt as a person reads it."""
    return "\n".join(line.plain for line in full_receipt(receipt))


def outcome(receipt: Receipt) -> tuple[str, int, TakenBack | None]:
    """How a visit ended."""
    return receipt.status, receipt.exit_code, receipt.taken_back


def reread_is_the_same(archive: Archive) -> bool:
    """Whether a reread gives the same rows."""
    before = list(content(archive))
    reread(archive)
    return list(content(archive)) == before


# ------------------------------------------------------------------------------------------------------- tombstones


@VERSIONS
@pytest.mark.parametrize("how", ["deleted", "removed"])
def test_a_withdrawn_post_without_comments_leaves_its_place_and_its_history(
    tmp_path: Path, instance: Instance, how: str
) -> None:
    world = thread(instance, post={"title": "Gulls", "body": "a peculiar sentence", "url": "http://home.test/page"})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        setattr(world.posts[1], how, True)
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, TakenBack.WITHDRAWN)
        assert "The post was withdrawn: at its address, http://home.test/post/1, stands a Tombstone." in told(receipt)
        assert rows(archive, "SELECT title, body, url, embed_title, deleted, removed FROM posts") == [
            ("", "", "", "", 1, 0)
        ]
        assert rows(archive, "SELECT title, body FROM post_revisions") == [("Gulls", "a peculiar sentence")]
        assert (found(archive, "peculiar"), found(archive, "gulls")) == ([], [])
        assert rows(archive, "SELECT count(*) FROM links") == [(0,)]
        assert reread_is_the_same(archive)
        (again,) = add(archive, server, URL)
        assert (outcome(again), again.changed) == (outcome(receipt), False)


@VERSIONS
def test_a_post_that_is_restored_is_there_again(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, post={"body": "a peculiar sentence"})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].removed = True
        add(archive, server, URL)
        world.posts[1].removed = False
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, None)
        assert rows(archive, "SELECT body, deleted, removed FROM posts") == [("a peculiar sentence", 0, 0)]
        assert found(archive, "peculiar") == [None]
        assert reread_is_the_same(archive)


def test_on_0_18_the_comments_of_a_withdrawn_post_that_are_removed_too_are_asked_for_singly(tmp_path: Path) -> None:
    world = thread(v3(version="0.18.5"), ["a peculiar sentence"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].removed = world.comments[1].removed = True
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, TakenBack.WITHDRAWN)
        assert rows(archive, "SELECT body, removed FROM comments") == [("", 1)]
        assert found(archive, "peculiar") == []
        assert reread_is_the_same(archive)


@pytest.mark.parametrize(
    "answer",
    [
        faults.html(410),
        faults.says(b"", 404),
        faults.says(b'{"type": "Tombstone", "id": "http://home.test/post/2"}'),
        faults.unavailable(None),
    ],
    ids=["a page", "not found", "another's", "failing"],
)
def test_nothing_but_its_own_tombstone_withdraws_a_post(tmp_path: Path, answer: faults.Change) -> None:
    world = thread(v3(), post={"body": "a peculiar sentence"})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].deleted = True
        server.faults.add(answer, path=OBJECT)
        (receipt,) = add(archive, server, URL, patience=0.05)
        assert receipt.taken_back is not TakenBack.WITHDRAWN
        assert rows(archive, "SELECT body FROM posts") == [("a peculiar sentence",)]


def test_a_tombstone_of_another_host_is_not_believed(tmp_path: Path) -> None:
    world, other = thread(v3(), post={"body": "a peculiar sentence"}), thread(v3("other.test"))
    tombstone = faults.says(b'{"type": "Tombstone", "id": "http://home.test/post/1"}', 410)
    with Server(world, other) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].deleted = True
        server.faults.add(faults.redirects("http://other.test/post/1"), path=OBJECT, domain="home.test")
        server.faults.add(tombstone, path=OBJECT, domain="other.test")
        (receipt,) = add(archive, server, URL)
        assert receipt.status == "failed"
        assert rows(archive, "SELECT body FROM posts") == [("a peculiar sentence",)]


def test_a_post_that_its_author_wrote_elsewhere_is_withdrawn_by_the_author_s_server(tmp_path: Path) -> None:
    home = thread(v3(), post={"ap_id": "http://author.test/post/5", "local": False, "body": "a peculiar sentence"})
    author = mirror(home, v3("author.test"), shift=4)
    with Server(home, author) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        home.posts[1].deleted = author.posts[5].deleted = True
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, TakenBack.WITHDRAWN)
        assert rows(archive, "SELECT body FROM posts") == [("",)]


def test_a_home_that_withdrew_a_post_is_believed_against_a_mirror_that_still_shows_it(tmp_path: Path) -> None:
    home = thread(v3(), post={"title": "Gulls", "body": "a peculiar sentence"})
    copy = mirror(home, v4("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        home.posts[1].removed = True
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert (receipt.exit_code, receipt.taken_back) == (0, TakenBack.WITHDRAWN)
        assert rows(archive, "SELECT title, body FROM posts") == [("", "")]
        assert reread_is_the_same(archive)


def test_of_an_object_that_is_still_there_neither_text_nor_author_is_kept(tmp_path: Path) -> None:
    world = thread(v3(), post={"body": "a peculiar sentence"}, community={"hidden": True})
    with Server(world) as server, archive_in(tmp_path) as archive:
        world.communities[2].hidden = False
        add(archive, server, URL)
        world.communities[2].hidden = True
        add(archive, server, URL)
        asked = "SELECT id, purpose, status, withheld FROM exchanges WHERE url LIKE '%.test/post/1'"
        ((number, *told),) = rows(archive, asked)
        assert told == ["thread", 200, '[""]']
        stored = exchange(archive, number)
        assert stored is not None
        assert json.loads(load(archive, stored).body) == {
            "type": "Page",
            "id": URL,
            "audience": "http://home.test/c/harbour",
            "attributedTo": "http://home.test",
        }


# ----------------------------------------------------------------------------------------------------------- purges


@VERSIONS
@pytest.mark.parametrize("around", [(), ("before", "after")], ids=["alone", "among others"])
def test_a_purged_comment_is_marked_and_kept(tmp_path: Path, instance: Instance, around: Sequence[str]) -> None:
    world = thread(instance, ["a peculiar sentence", *around])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.purge(1)
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, None)
        assert [item.ap_id for item in receipt.purged] == ["http://home.test/comment/1"]
        assert "purged: 1 comment that home.test no longer has" in told(receipt)
        (missing,) = receipt.as_json()["comments"]["missing"]
        assert (missing["reason"], missing["items"][0]["ap_id"]) == ("purged", "http://home.test/comment/1")
        assert marks(archive) == [(1, "home.test", 1), *[(0, None, 0)] * len(around)]
        assert rows(archive, "SELECT body FROM comments ORDER BY id LIMIT 1") == [("a peculiar sentence",)]
        assert len(found(archive, "peculiar")) == 1
        assert found(archive, "peculiar")[0]
        assert reread_is_the_same(archive)
        (again,) = add(archive, server, URL)
        assert (again.changed, again.purged) == (False, receipt.purged)


@VERSIONS
def test_a_purged_comment_keeps_its_place_above_what_answers_it(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["one", Reply(text="a peculiar sentence", to=1), Reply(text="an answer", to=2)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.purge(2)
        (receipt,) = add(archive, server, URL)
        assert (outcome(receipt), len(receipt.purged)) == (("complete", 0, None), 1)
        assert marks(archive) == [(0, None, 0), (1, "home.test", 1), (0, None, 0)]
        assert rows(archive, "SELECT depth FROM comments ORDER BY position") == [(1,), (2,), (3,)]
        assert reread_is_the_same(archive)


@VERSIONS
@pytest.mark.parametrize("comments", [(), ("one", "two")], ids=["alone", "with comments"])
def test_a_purged_post_is_marked_with_its_comments(tmp_path: Path, instance: Instance, comments: list[str]) -> None:
    world = thread(instance, comments, post={"body": "a peculiar sentence"})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.purge_post(1)
        (receipt,) = add(archive, server, URL)
        assert outcome(receipt) == ("complete", 0, TakenBack.PURGED)
        assert "The post was purged: home.test, the thread's home, no longer has it" in told(receipt)
        assert receipt.as_json()["error"] is None
        assert "purged" in receipt.as_json()["sources"][0]["error"]["message"]
        assert marks(archive, "posts") == [(1, "home.test", 0)]
        assert marks(archive) == [(1, "home.test", 1)] * len(comments)
        assert found(archive, "peculiar") != [None]
        assert rows(archive, "SELECT body FROM posts") == [("a peculiar sentence",)]
        assert reread_is_the_same(archive)
        (again,) = add(archive, server, URL)
        assert (outcome(again), again.changed) == (outcome(receipt), False)


def test_what_the_home_gives_again_is_unmarked(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    post, comments = world.posts[1], dict(world.comments)
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.purge_post(1)
        add(archive, server, URL)
        world.posts[1] = post
        world.comments.update(comments)
        (receipt,) = add(archive, server, URL)
        assert (outcome(receipt), receipt.purged) == (("complete", 0, None), ())
        assert marks(archive, "posts") + marks(archive) == [(0, None, 0)] * 3
        assert reread_is_the_same(archive)


def test_the_thread_of_a_purged_comment_is_found_by_that_comment_s_address(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.purge(2)
        (receipt,) = add(archive, server, "http://home.test/comment/2")
        assert outcome(receipt) == ("complete", 0, None)
        assert marks(archive) == [(0, None, 0), (1, "home.test", 1)]


def test_more_purged_comments_than_are_asked_for_at_once_are_marked_visit_by_visit(tmp_path: Path) -> None:
    world = thread(v3(), [f"number {number}" for number in range(150)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.comments.clear()
        add(archive, server, URL)
        assert rows(archive, "SELECT count(purged_at), count(gone_at) FROM comments") == [(100, 150)]
        add(archive, server, URL)
        assert rows(archive, "SELECT count(purged_at), count(gone_at) FROM comments") == [(150, 150)]


def test_a_mirror_purges_nothing(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    home.posts[2] = replace(home.posts[1], id=2, ap_id="http://home.test/post/2")
    copy = mirror(home, v3("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001", "http://mirror.test/post/1002")
        copy.purge(1001)
        add(archive, server, "http://mirror.test/post/1001")
        assert marks(archive) == [(0, None, 0)] * 2
        copy.purge_post(1001)
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert receipt.status == "failed"
        assert marks(archive, "posts") + marks(archive) == [(0, None, 0)] * 4


def test_what_the_home_purged_stays_so_whoever_else_shows_it(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    copy = mirror(home, v3("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        home.purge(1)
        add(archive, server, "http://mirror.test/post/1001")
        assert marks(archive) == [(1, "home.test", 0), (0, None, 0)]
        server.faults.add(faults.dies(), domain="home.test")
        add(archive, server, "http://mirror.test/post/1001", patience=0.05)
        assert marks(archive) == [(1, "home.test", 0), (0, None, 0)]
        server.faults.clear()
        home.purge_post(1)
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert (receipt.exit_code, receipt.taken_back) == (0, TakenBack.PURGED)
        assert marks(archive, "posts") == [(1, "home.test", 0)]
        assert [purged for purged, *_ in marks(archive)] == [1, 1]
        assert reread_is_the_same(archive)


def emptied(world: World) -> None:
    """A server that begins with nothing."""
    for table in (world.posts, world.comments, world.communities):
        table.clear()


def begun_anew(world: World) -> None:
    """A server that begins with nothing, and has a community of the same name by now."""
    world.posts.clear()
    world.comments.clear()
    world.communities[2].published = "2026-11-01T00:00:00.000000Z"


@VERSIONS
@pytest.mark.parametrize("lose", [emptied, begun_anew])
def test_a_server_that_lost_everything_has_purged_nothing(tmp_path: Path, instance: Instance, lose) -> None:
    world = thread(instance, ["one"])
    world.posts[2] = thread(instance).posts[1]
    world.posts[2].id, world.posts[2].ap_id = 2, "http://home.test/post/2"
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, "http://home.test/post/2")
        before = list(content(archive))
        lose(world)
        receipts = add(archive, server, URL, "http://home.test/post/2")
        assert [(receipt.status, receipt.exit_code) for receipt in receipts] == [("failed", 3)] * 2
        assert list(content(archive)) == before
        assert marks(archive, "posts") == [(0, None, 0)] * 2
        assert len(select(archive, Wanted())) == 2


def test_what_vanished_with_its_community_is_neither_purged_nor_published(tmp_path: Path) -> None:
    world = thread(v3(), ["one"])
    other = thread(v3())
    world.communities[3] = other.communities[2]
    world.communities[3].id, world.communities[3].name = 3, "attic"
    world.communities[3].ap_id = "http://home.test/c/attic"
    world.posts[2] = other.posts[1]
    world.posts[2].id, world.posts[2].ap_id, world.posts[2].community_id = 2, "http://home.test/post/2", 3
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, "http://home.test/post/2")
        world.purge_post(1)
        del world.communities[2]
        (receipt,) = add(archive, server, URL)
        assert receipt.status == "failed"
        assert marks(archive, "posts") == [(0, None, 1), (0, None, 0)]
        assert len(select(archive, Wanted())) == 1


def test_until_it_is_answered_what_vanished_is_not_published(tmp_path: Path) -> None:
    world = thread(v3(), ["one"])
    post = world.posts[1]
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, "http://home.test/post/1")
        other = say(world, Reply(text="two"))
        del world.posts[1], world.comments[1], world.comments[other.id]
        server.faults.add(faults.unavailable(None), path=OBJECT)
        (receipt,) = add(archive, server, URL, patience=0.05)
        assert receipt.status == "failed"
        assert marks(archive, "posts") == [(0, None, 1)]
        reread(archive)
        assert marks(archive, "posts") == [(0, None, 1)]
        with pytest.raises(Exception, match="may be shared"):
            select(archive, Wanted())
        assert len(select(archive, Wanted(purged=True))) == 1
        server.faults.clear()
        world.posts[1] = post
        add(archive, server, URL)
        assert marks(archive, "posts") == [(0, None, 0)]
        assert len(select(archive, Wanted())) == 1


@pytest.mark.parametrize("hidden", [{"hidden": True}, {"visibility": "local_only_private"}, {"removed": True}])
def test_a_thread_whose_community_is_closed_to_visitors_is_not_purged(
    tmp_path: Path, hidden: dict[str, object]
) -> None:
    world = thread(v3(), ["one"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        for name, value in hidden.items():
            setattr(world.communities[2], name, value)
        if "removed" in hidden:
            # The fake gives the posts of a removed community, and Lemmy does not.
            world.purge_post(1)
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.taken_back) == ("failed", None)
        assert marks(archive, "posts")[0][0] == 0
