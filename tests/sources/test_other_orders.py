"""What one order of a list loses comes in another: 1.0's cursors skip rows that tie with the last one of a page."""

from collections.abc import Callable
from random import Random

import pytest

from fake_lemmy import Comment, Instance, Reply, Server, World, faults, grow, moment, thread
from runs import v3, v4
from sources.harvesting import harvested
from thread_archive.model import Missing, MissingReason

# A thread from elsewhere, of which the server has no ActivityPub collection.
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}
both = pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])


def flat(number: int) -> World:
    """So many comments on the post itself."""
    return thread(v4(), [f"number {n}" for n in range(number)], post=ELSEWHERE)


def nested(number: int) -> World:
    """One comment on the post, the others on that."""
    replies = [Reply(text=f"number {n}", to=1) for n in range(number - 1)]
    return thread(v4(), ["first", *replies], post=ELSEWHERE)


def last_reply(world: World) -> Comment:
    """The last comment that answers another one."""
    return next(row for row in reversed(world.comments.values()) if len(row.labels) > 2)


@pytest.mark.parametrize("made", [flat, nested])
@pytest.mark.parametrize("number", [402, 600, 900])
def test_comments_of_the_same_time_at_the_end_of_a_page_come(made: Callable[[int], World], number: int) -> None:
    world = made(number)
    world.comments[301].published = world.comments[300].published
    with Server(world) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (number, True, ())


@pytest.mark.parametrize("made", [flat, nested])
def test_comments_of_the_same_time_come_wherever_there_are_some(made: Callable[[int], World]) -> None:
    world = made(1000)
    for comment in world.comments.values():
        comment.published = moment(comment.id // 3)
    with Server(world) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.missing) == (1000, ())


@both
def test_replies_that_only_one_order_loses_come_in_another(instance: Instance) -> None:
    world = grow(thread(instance, post=ELSEWHERE), 60, Random(2), roots=0.1)
    replies = [row.id for row in world.comments.values() if len(row.labels) > 2][:4]
    with Server(world) as server:
        server.faults.add(faults.losing(*replies), path="sort=old" if instance.version == "1.0.0" else "sort=Old")
        harvest = harvested(server)
        assert (harvest.received, harvest.missing) == (60, ())


@both
def test_what_is_short_below_a_comment_is_looked_for_in_another_order_once(instance: Instance) -> None:
    world = grow(thread(instance, post=ELSEWHERE), 60, Random(2), roots=0.1)
    last_reply(world).lost = True
    with Server(world) as server:
        harvest = harvested(server)
        assert harvest.missing == (Missing(reason=MissingReason.UNEXPLAINED, count=1),)
        lists = [target for target in server.targets() if "/comment/list" in target]
        assert len(lists) == len(set(lists))
        assert any("post_id=1" in target and "sort=new" in target.lower() for target in lists)


def test_a_collection_that_names_no_more_does_not_end_the_search_for_what_is_short() -> None:
    world = thread(v4(), ["first", "second"])
    world.comments[1].child_count = 1
    with Server(world) as server:
        harvest = harvested(server)
        assert harvest.missing == (Missing(reason=MissingReason.UNEXPLAINED, count=1),)
        assert any("post_id=1" in target and "sort=new" in target for target in server.targets())


def test_what_0_18_leaves_out_of_every_list_is_not_looked_for_in_another_order() -> None:
    replies = [Reply(text="second", to=1, fields={"removed": True}), "third"]
    with Server(thread(v3(version="0.18.5"), ["first", *replies])) as server:
        harvest = harvested(server)
        assert harvest.missing == (Missing(reason=MissingReason.OMITTED_BY_VERSION, count=1),)
        assert not any("sort=New" in target for target in server.targets())


@both
def test_a_server_that_refuses_another_order_has_still_given_what_it_gave(instance: Instance) -> None:
    world = grow(thread(instance, post=ELSEWHERE), 60, Random(2), roots=0.1)
    last_reply(world).lost = True
    with Server(world) as server:
        server.faults.add(faults.html(403), path="sort=new" if instance.version == "1.0.0" else "sort=New")
        harvest = harvested(server)
        assert (harvest.received, harvest.missing) == (59, (Missing(reason=MissingReason.UNEXPLAINED, count=1),))
