"""A list that one way of asking does not give comes by another: in another order, in smaller pages."""

from collections.abc import Callable

import pytest

from fake_lemmy import Instance, Request, Server, World, faults, thread
from fake_lemmy.answers import Answer
from runs import v3, v4
from sources.harvesting import harvested
from thread_archive.exceptions import FetchError, PayloadError

# A thread from elsewhere, of which the server has no ActivityPub collection.
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}
INSTANCES = {"0.18": v3(version="0.18.4"), "0.19": v3(), "1.0": v4()}
each_instance = pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
REFUSALS = {
    "a firewall's": faults.html(403),
    "a page": faults.html(200),
    "an error": faults.says('{"error":"unknown"}', 400),
    "a failing server's": faults.unavailable(None),
    "no answer": faults.dies(),
    "a cut answer": faults.truncated(),
}
each_refusal = pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)


def short(instance: Instance, number: int = 60) -> World:
    return thread(instance, [f"number {n}" for n in range(number)], post=ELSEWHERE)


def where(is_refused: Callable[[str], bool], change: faults.Change) -> faults.Change:
    def only(request: Request, answer: Answer) -> Answer:
        return change(request, answer) if is_refused(request.target.lower()) else answer

    return only


@each_instance
@each_refusal
def test_a_thread_comes_where_the_order_that_is_asked_for_first_is_refused(
    instance: Instance, refusal: faults.Change
) -> None:
    with Server(short(instance)) as server:
        server.faults.add(where(lambda target: "sort=old" in target, refusal), path="comment/list")
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (60, True, ())


@each_instance
@each_refusal
def test_a_thread_comes_where_only_small_pages_are_given(instance: Instance, refusal: faults.Change) -> None:
    with Server(short(instance)) as server:
        server.faults.add(where(lambda target: "limit=10" not in target, refusal), path="comment/list")
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (60, True, ())


@each_instance
@each_refusal
def test_a_thread_that_no_way_of_asking_gives_is_refused_with_what_was_said_first(
    instance: Instance, refusal: faults.Change
) -> None:
    with Server(short(instance)) as server:
        server.faults.add(refusal, path="comment/list")
        with pytest.raises((FetchError, PayloadError)):
            harvested(server)
        assert sum("comment/list" in target for target in server.targets()) < 30


@each_instance
def test_a_thread_that_is_not_there_is_asked_for_in_one_order(instance: Instance) -> None:
    with Server(short(instance)) as server:
        server.faults.add(faults.says('{"error":"couldnt_find_post"}', 404), path="comment/list")
        with pytest.raises(FetchError, match="no such thread"):
            harvested(server)
        assert sum("comment/list" in target for target in server.targets()) == 1


@pytest.mark.parametrize("number", [301, 400])
def test_a_long_thread_comes_where_the_stable_order_is_refused(number: int) -> None:
    with Server(short(v3(), number)) as server:
        server.faults.add(faults.html(403), path="sort=Old")
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (number, True, ())
