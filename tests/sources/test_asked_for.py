"""The comment that a URL names besides its post."""

import pytest

from fake_lemmy import Instance, Reply, Server, World, say, thread
from runs import v3, v4
from sources.harvesting import harvested

both = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])


def two_threads(instance: Instance) -> World:
    """Post 1 with the comments 1 and 2, post 9 with the comment 3."""
    world = thread(instance, ["one", "two"])
    other = thread(instance).posts[1]
    other.id, other.ap_id = 9, "http://home.test/post/9"
    world.posts[9] = other
    say(world, Reply(text="elsewhere"), post_id=9)
    return world


@both
@pytest.mark.parametrize("comment_id", [3, 777], ids=["another thread's", "nobody's"])
def test_a_comment_that_is_not_of_the_thread_is_not_the_one_asked_for(instance: Instance, comment_id: int) -> None:
    with Server(two_threads(instance)) as server:
        harvest = harvested(server, comment_id=comment_id)
        assert (harvest.received, harvest.complete, harvest.missing) == (2, True, ())
        assert harvest.asked_for is None


@both
def test_a_comment_of_the_thread_that_lists_leave_out_is_the_one_asked_for(instance: Instance) -> None:
    world = two_threads(instance)
    world.comments[2].unlisted = True
    with Server(world) as server:
        harvest = harvested(server, comment_id=2)
        assert (harvest.received, harvest.asked_for) == (2, "http://home.test/comment/2")
