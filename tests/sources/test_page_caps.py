"""Threads longer than the pages that 0.19.14 gives of a list: 500 comments from either end."""

from random import Random

import pytest

from fake_lemmy import Reply, Server, grow, thread
from runs import v3
from sources.harvesting import harvested
from thread_archive.model import Missing, MissingReason

CAPPED = v3(version="0.19.14")


@pytest.mark.parametrize("seed", [3, 4])
def test_what_lies_between_the_ends_comes_by_the_comments_on_the_post_and_their_subtrees(seed: int) -> None:
    with Server(grow(thread(CAPPED), 1400, Random(seed), roots=0.1, length=(5, 20))) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (1400, True, ())
        assert len(server.targets()) < 100


def test_of_more_comments_on_the_post_than_a_tree_gives_those_of_both_ends_come() -> None:
    roots = [f"number {number}" for number in range(500)]
    between = [Reply(text="between", to=number) for number in range(401, 501) for _ in range(3)]
    late = [Reply(text="late", to=1) for _ in range(520)]
    early = [Reply(text="early") for _ in range(20)]
    with Server(thread(CAPPED, [*early, *roots, *between, *late])) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (1340, True, ())


def test_the_newest_comments_are_asked_for_until_they_meet_the_oldest() -> None:
    with Server(grow(thread(CAPPED), 700, Random(3), roots=0.1)) as server:
        assert harvested(server).received == 700
        newest = [target for target in server.targets() if "sort=New" in target]
        # Four pages of new ones, one that has new and old ones or ends where they do, one of old ones.
        assert len(newest) <= 6


@pytest.mark.parametrize(("number", "complete"), [(700, True), (1400, False)])
def test_a_thread_that_nothing_counts_is_complete_where_its_two_ends_meet(number: int, complete: bool) -> None:
    world = grow(thread(CAPPED, post={"removed": True}), number, Random(3), roots=0.1, length=(5, 20))
    with Server(world) as server:
        harvest = harvested(server)
        assert (harvest.advertised, harvest.received, harvest.complete) == (None, number, complete)


def test_where_the_two_ends_meet_neither_a_cap_nor_drift_explains_a_counter_that_is_too_high() -> None:
    with Server(grow(thread(CAPPED, post={"comment_count": 701}), 700, Random(3), roots=0.1)) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete) == (700, True)
        assert harvest.missing == (Missing(reason=MissingReason.UNEXPLAINED, count=1),)
