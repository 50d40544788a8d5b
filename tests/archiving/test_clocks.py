"""Times that a server tells and that are still to come: no later word than others', nor news at the next visit."""

from pathlib import Path
from typing import Any

import pytest

from fake_lemmy import Instance, Server, World, mirror, thread
from runs import add, archive_in, rows, v3, v4
from snapshots.test_importing import At, shared, taken
from thread_archive.archiving import reread
from thread_archive.store.archive import Archive
from thread_archive.store.dump import content
from thread_archive.store.reading import thread_items

URL, NOON, LATER = "http://home.test/post/1", "2026-11-24T12:00:00.000000Z", "2099-01-01T00:00:00.000000Z"
VERSIONS = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])


def world_of(instance: Instance) -> World:
    world = thread(instance, ["published later", "edited later", "in time"], post={"updated": LATER})
    world.comments[1].published = LATER
    world.comments[2].updated = LATER
    return world


def times(archive: Archive) -> list[tuple[Any, ...]]:
    return rows(
        archive,
        """SELECT body, published_at, edited_at, clamped FROM comments
           UNION ALL SELECT 'post', '', edited_at, clamped FROM posts ORDER BY 1""",
    )


CLAMPED = [
    ("edited later", "2026-03-01T12:02:00.000000Z", NOON, 1),
    ("in time", "2026-03-01T12:03:00.000000Z", None, 0),
    ("post", "", NOON, 1),
    ("published later", NOON, None, 1),
]


@VERSIONS
def test_a_time_still_to_come_gives_way_to_that_of_the_first_visit_and_is_marked(
    instance: Instance, tmp_path: Path
) -> None:
    world = world_of(instance)
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, clock=At(0))
        assert times(archive) == CLAMPED
        for hours in (9, 100):
            # Another answer, so that the thread is written.
            world.comments[3].upvotes += 1
            (receipt,) = add(archive, server, URL, clock=At(hours))
            assert (times(archive), receipt.revisions_added) == (CLAMPED, 0)
        assert rows(archive, "SELECT count(*) FROM comment_revisions") == [(0,)]
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before
        told = {item.fields["body"]: item.remarks for item in thread_items(archive, 1)}
        assert "still to come" in told["edited later"][0]
        assert not told["in time"]


def test_the_mark_goes_when_the_server_tells_a_time_that_can_be(tmp_path: Path) -> None:
    world = world_of(v3())
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, clock=At(0))
        world.comments[2].updated = "2026-11-24T13:00:00.000000Z"
        world.posts[1].updated = None
        add(archive, server, URL, clock=At(5))
        assert times(archive)[0] == (
            "edited later", "2026-03-01T12:02:00.000000Z", "2026-11-24T13:00:00.000000Z", 0,
        )  # fmt: skip
        assert times(archive)[2] == ("post", "", None, 0)


def test_a_clock_that_is_some_hours_fast_is_let_be(tmp_path: Path) -> None:
    world = thread(v3(), ["one"])
    world.comments[1].updated = "2026-11-25T11:00:00.000000Z"
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, clock=At(0))
        assert rows(archive, "SELECT edited_at, clamped FROM comments") == [("2026-11-25T11:00:00.000000Z", 0)]


def test_a_mirror_does_not_outlast_the_home_by_a_later_time(tmp_path: Path) -> None:
    home = thread(v3(), ["one"])
    liar = mirror(home, v3("mirror.test"))
    liar.comments[1001].content, liar.comments[1001].updated = "FORGED", LATER
    with Server(home, liar) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001", home=False, clock=At(0))
        add(archive, server, URL, clock=At(1))
        assert rows(archive, "SELECT body, edited_at, clamped FROM comments") == [("one", None, 0)]


def test_what_was_clamped_can_be_shared(tmp_path: Path) -> None:
    with Server(world_of(v3())) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, clock=At(0))
        bundle = shared(archive, tmp_path / "bundle")
        with archive_in(tmp_path, "other.db") as other:
            assert [imported.status for imported in taken(other, bundle)] == ["new"]
