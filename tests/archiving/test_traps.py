"""How Lemmy's lists lose comments, one trap a test, and in how few requests they are got round."""

from math import ceil
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Reply, Server, grow, manifest, thread, world_from
from runs import add, archive_in, rows, v3, v4

URL = "http://home.test/post/1"
both = pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])


def asked(server: Server) -> list[str]:
    """The requests about the thread, without discovery and the ActivityPub collection."""
    return [target for target in server.targets() if "/api/" in target and not target.endswith("/site")]


@pytest.mark.parametrize(
    ("instance", "count", "most"),
    [
        (v3(), 0, 2),
        (v3(), 250, 2),
        (v3(), 299, 2),
        (v3(), 420, ceil(420 / 50) + 2),
        (v3(), 450, ceil(450 / 50) + 3),
        (v4(), 0, 2),
        (v4(), 250, 2),
        (v4(), 700, ceil(700 / 300) + 2),
        (v4(), 600, ceil(600 / 300) + 3),
    ],
)
def test_a_thread_of_which_nothing_is_short_takes_the_fewest_requests(
    tmp_path: Path, instance: Instance, count: int, most: int
) -> None:
    with Server(grow(thread(instance), count, Random(1))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored) == ("complete", count)
        assert len(asked(server)) <= most


@pytest.mark.parametrize(("name", "requests"), [("lemmy-0.19.20", 26), ("lemmy-1.0.0-beta.1", 6)])
def test_the_captured_wide_thread_comes_page_by_page_none_twice(tmp_path: Path, name: str, requests: int) -> None:
    told = manifest(name)
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, f"{told['base']}/post/{told['posts']['wide']}")
        assert receipt.stored == 1200
        assert len(asked(server)) == requests


def test_more_rows_than_the_tree_gives_are_found_though_the_counter_says_fewer(tmp_path: Path) -> None:
    gone = {"removed": True}
    replies = [Reply(text=f"number {number}", fields=gone if number > 290 else {}) for number in range(1, 331)]
    with Server(thread(v3(), replies)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        # By the count of live ones all would fit into one answer; only the rows themselves tell of the rest.
        assert (receipt.sources[0].advertised, receipt.stored, receipt.tombstones) == (290, 330, 40)


@both
def test_comments_older_than_the_sites_default_time_range_come(tmp_path: Path, instance: Instance) -> None:
    ranged = type(instance)(domain="home.test", version=instance.version, default_time_range=300)
    with Server(thread(ranged, ["old", "older"])) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 2, ())
        assert len(asked(server)) == 2


@both
def test_a_thread_that_came_by_federation_comes_though_the_site_lists_local_ones(
    tmp_path: Path, instance: Instance
) -> None:
    world = thread(instance, ["one", "two"], post={"local": False}, community={"local": False})
    for comment in world.comments.values():
        comment.local = False
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert receipt.stored == 2


@both
def test_siblings_stand_in_the_order_of_their_times_not_of_paths_as_text(tmp_path: Path, instance: Instance) -> None:
    with Server(thread(instance, [f"number {n}" for n in range(1, 13)])) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert [body for (body,) in rows(archive, "SELECT body FROM comments ORDER BY position")] == [
            f"number {n}" for n in range(1, 13)
        ]
        paths = [path for (path,) in rows(archive, "SELECT path FROM comments ORDER BY position")]
        assert paths == sorted(paths)


def test_a_subtree_is_what_lies_between_a_path_and_its_end(tmp_path: Path) -> None:
    world = grow(thread(v3()), 200, Random(2))
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        inside = {
            row.id: {other.ap_id for other in world.comments.values() if f".{row.id}." in f"{other.path}."}
            for row in world.comments.values()
        }
        top = max(world.comments.values(), key=lambda row: len(inside[row.id]))
        found = rows(
            archive,
            "SELECT c.ap_id FROM comments c, comments t WHERE t.ap_id = ? AND c.path BETWEEN t.path AND t.path || '~'",
            top.ap_id,
        )
        assert {ap_id for (ap_id,) in found} == inside[top.id]


def test_times_without_a_zone_are_utc(tmp_path: Path) -> None:
    with Server(thread(v3(version="0.18.4"), ["one"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT published_at FROM comments") == [("2026-03-01T12:01:00.000000Z",)]
