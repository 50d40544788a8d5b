"""Threads whose post `/post` refuses: what their lists of comments tell is all there is."""

from pathlib import Path

import pytest

from fake_lemmy import Instance, Server, thread
from runs import add, archive_in, rows, v3, v4
from sources.harvesting import harvested

URL = "http://home.test/post/1"
both = pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])


def test_lemmy_1_counts_a_removed_posts_comments_and_what_is_short_is_missing() -> None:
    elsewhere = {"ap_id": "http://away.test/post/4", "local": False}
    world = thread(v4(), ["one", "two", "three"], post={"removed": True, **elsewhere})
    world.comments[2].lost = True
    with Server(world) as server:
        harvest = harvested(server)
        assert (harvest.advertised, harvest.received) == (3, 2)
        assert (harvest.missing, harvest.drift) == ((), 1)


def test_lemmy_0_19_does_not_count_a_removed_posts_comments() -> None:
    with Server(thread(v3(), ["one", "two"], post={"removed": True})) as server:
        harvest = harvested(server)
        assert (harvest.advertised, harvest.received, harvest.complete) == (None, 2, True)


def test_votes_of_a_removed_post_are_stored_where_they_are_told(tmp_path: Path) -> None:
    world = thread(v4(), ["one"], post={"removed": True, "upvotes": 9, "downvotes": 2})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT removed, body, score, upvotes, downvotes FROM posts") == [(1, "", 7, 9, 2)]


def asked(server: Server) -> int:
    """How many requests were about the thread."""
    return sum("/post?" in target or "/comment" in target for target in server.targets())


@both
def test_a_removed_post_with_a_long_body_keeps_its_comments(tmp_path: Path, instance: Instance) -> None:
    comments = [f"number {number}" for number in range(1, 300)]
    world = thread(instance, comments, post={"body": "漢" * 40_000, "removed": True})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 299, ())
        assert rows(archive, "SELECT removed, body FROM posts") == [(1, "")]
        assert rows(archive, "SELECT max(size) < 9000000 FROM exchange_bodies") == [(1,)]


@pytest.mark.parametrize(("instance", "comments", "requests"), [(v3(), 299, 2), (v4(), 19, 2), (v4(), 299, 3)])
def test_comments_of_a_removed_post_take_few_requests(instance: Instance, comments: int, requests: int) -> None:
    elsewhere = {"ap_id": "http://away.test/post/4", "local": False}
    world = thread(instance, [f"number {n}" for n in range(comments)], post={"removed": True, **elsewhere})
    with Server(world) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (comments, True, ())
        assert asked(server) == requests
