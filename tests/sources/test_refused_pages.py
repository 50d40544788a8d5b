"""Lists that a server does not give to their end: by the cap of its version, or because it fails."""

from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Reply, Server, World, faults, grow, thread
from runs import add, archive_in, v3, v4
from sources.harvesting import harvested
from thread_archive.model import Harvest, MissingReason

# A thread from elsewhere, of which the server has no ActivityPub collection.
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}
REFUSALS = {
    "a proxy's": faults.html(403),
    "unknown": faults.says('{"error":"unknown"}', 400),
    "a time-out in the database": faults.says('{"error":"couldnt_get_comments"}', 400),
    "not found": faults.says('{"error":"couldnt_find_post"}', 400),
}
each_refusal = pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)


def flat(instance: Instance, number: int, **post: object) -> World:
    return thread(instance, [f"number {n}" for n in range(number)], post={**ELSEWHERE, **post})


def reasons(harvest: Harvest) -> dict[MissingReason, int]:
    return {item.reason: item.count for item in harvest.missing}


@each_refusal
@pytest.mark.parametrize("version", ["0.18.4", "0.19.3", "0.19.14", "0.19.20", "unknown version"])
def test_what_pages_within_the_cap_would_have_given_is_unexplained(
    tmp_path: Path, refusal: faults.Change, version: str
) -> None:
    world = flat(v3(version="0.19.3", advertised=version), 401)
    with Server(world) as server, archive_in(tmp_path) as archive:
        for page in range(3, 10):
            server.faults.add(refusal, path=f"&page={page}")
        (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.1)
        assert (receipt.status, receipt.exit_code) == ("partial", 1)
        assert receipt.unexplained == 401 - receipt.stored
        assert receipt.stored >= 200


@each_refusal
def test_a_list_that_is_refused_midway_is_read_from_its_other_end(refusal: faults.Change) -> None:
    with Server(flat(v3(), 401)) as server:
        server.faults.add(refusal, path="sort=Old&limit=50&page=3")
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (401, True, ())


@each_refusal
def test_subtrees_give_what_a_refused_list_does_not(refusal: faults.Change) -> None:
    replies = [Reply(text=f"number {n}", to=1 + n % 40) for n in range(400)]
    world = thread(v3(), [*[f"number {n}" for n in range(40)], *replies], post=ELSEWHERE)
    with Server(world) as server:
        for page in range(2, 10):
            server.faults.add(refusal, path=f"&page={page}")
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (440, True, ())


@pytest.mark.parametrize(
    ("version", "cap", "reason"),
    [
        ("0.19.14", 10, MissingReason.PAGE_LIMIT),
        ("0.19.14-beta.2", 10, MissingReason.PAGE_LIMIT),
        ("unknown version", 10, MissingReason.PAGE_LIMIT),
        ("0.19.20", 10, MissingReason.UNEXPLAINED),
        ("0.19.14", 9, MissingReason.UNEXPLAINED),
        ("unknown version", 9, MissingReason.UNEXPLAINED),
        ("0.19.13", 10, MissingReason.UNEXPLAINED),
    ],
)
def test_only_the_cap_of_its_version_explains_what_is_missing(version: str, cap: int, reason: MissingReason) -> None:
    with Server(flat(v3(advertised=version, page_cap=cap), 2400)) as server:
        harvest = harvested(server)
        assert not harvest.complete
        assert reasons(harvest) == {reason: 2400 - harvest.received}


def test_a_cap_does_not_explain_what_is_missing_where_the_server_also_failed() -> None:
    with Server(flat(v3(version="0.19.14"), 1200)) as server:
        server.faults.add(faults.html(403), path="sort=New&limit=50&page=4")
        assert reasons(harvested(server)).keys() == {MissingReason.UNEXPLAINED}


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
@pytest.mark.parametrize("refusal", [faults.html(403), faults.unavailable(None)], ids=["403", "503"])
def test_a_counter_is_not_called_wrong_where_another_order_was_refused(
    instance: Instance, refusal: faults.Change
) -> None:
    with Server(flat(instance, 60, comment_count=61)) as server:
        for sort in ("new", "New", "Top", "Controversial", "Hot"):
            server.faults.add(refusal, path=f"sort={sort}")
        assert reasons(harvested(server)) == {MissingReason.UNEXPLAINED: 1}
        server.faults.clear()
        harvest = harvested(server)
        assert (harvest.missing, harvest.drift) == ((), 1)


@each_refusal
def test_a_cursor_that_1_0_refuses_ends_its_list_and_another_order_goes_on(refusal: faults.Change) -> None:
    with Server(flat(v4(), 1000)) as server:
        server.faults.add(refusal, path="sort=old&max_depth=1000&page_cursor", at={2})
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (1000, True, ())


@each_refusal
def test_what_1_0_gave_before_it_refused_all_cursors_is_kept(tmp_path: Path, refusal: faults.Change) -> None:
    with Server(flat(v4(), 1000)) as server, archive_in(tmp_path) as archive:
        server.faults.add(refusal, path="page_cursor")
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code) == ("partial", 1)
        # The oldest 300 and the newest 300.
        assert (receipt.stored, receipt.unexplained) == (600, 400)


def test_a_list_that_nothing_counts_is_not_complete_before_its_end() -> None:
    with Server(flat(v3(), 401, removed=True)) as server:
        for page in range(3, 10):
            server.faults.add(faults.html(403), path=f"&page={page}")
        harvest = harvested(server)
        assert (harvest.advertised, harvest.complete) == (None, False)
        server.faults.clear()
        harvest = harvested(server)
        assert (harvest.received, harvest.complete) == (401, True)


def test_what_0_18_leaves_out_does_not_explain_what_a_refused_list_lacks() -> None:
    world = grow(thread(v3(version="0.18.5"), post=ELSEWHERE), 400, Random(3))
    with Server(world) as server:
        for way in ("&page=3", "&page=4", "&page=5", "&page=6", "&page=7", "parent_id"):
            server.faults.add(faults.html(403), path=way)
        assert reasons(harvested(server)).keys() == {MissingReason.UNEXPLAINED}
