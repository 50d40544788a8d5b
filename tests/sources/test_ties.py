"""Comments of the same second: PostgreSQL gives them in another order in each query, so that pages lose some."""

import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Reply, Server, World, faults, moment, thread
from runs import v3, v4
from sources.harvesting import answered, harvested
from thread_archive.captures import Exchange, Request
from thread_archive.model import Missing, MissingReason, Site
from thread_archive.sources import Place, harvester

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"
NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)
# A thread from elsewhere, of which the server has no ActivityPub collection.
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}


def burst(instance: Instance, number: int, *, tied: int, seed: int = 1) -> World:
    """
    A thread of `number` comments, `tied` of them in each second, built as the recorded ones: five eighths answer the
    post, a fifth one comment, some stand in a chain, the rest anywhere.
    """
    rng = Random(seed)
    roots, siblings, chain = number * 5 // 8, number // 5, number // 20
    replies = [Reply(text=f"top {n}") for n in range(roots)]
    replies += [Reply(text=f"sibling {n}", to=9) for n in range(siblings)]
    replies += [Reply(text=f"chain {n}", to=len(replies) + n if n else 11) for n in range(chain)]
    replies += [Reply(text="anywhere", to=rng.randint(1, roots)) for n in range(number - len(replies))]
    world = thread(instance, replies, post=ELSEWHERE)
    order = list(world.comments)
    for place, ident in enumerate(order):
        world.comments[ident].published = moment(place // tied)
    return world


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tied", [2, 3, 5, 7, 20, 60, 400])
def test_400_comments_come_in_30_requests_however_many_are_of_one_second(tied: int, seed: int) -> None:
    with Server(burst(v3(seed=seed), 400, tied=tied, seed=seed)) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing, harvest.drift) == (400, True, (), 0)
        assert len(server.targets()) <= 30


@pytest.mark.parametrize(("tied", "most"), [(2, 85), (5, 85), (7, 85), (20, 85), (60, 85), (400, 120)])
def test_of_1500_comments_none_is_lost_either(tied: int, most: int) -> None:
    """Of 400 in a second each page is any 50 of them, and 937 answer the post, of which a tree holds 300."""
    with Server(burst(v3(), 1500, tied=tied)) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing, harvest.drift) == (1500, True, (), 0)
        assert len(server.targets()) <= most


@pytest.mark.parametrize("tied", [2, 5, 7, 20, 60])
def test_lemmy_1_loses_none_to_its_cursors(tied: int) -> None:
    with Server(burst(v4(), 400, tied=tied)) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.missing) == (400, ())


@pytest.mark.parametrize("tied", [3, 5, 20, 400])
def test_the_recorded_400_come_whole_though_each_list_repeats_some(tied: int) -> None:
    with lzma.open(CAPTURES / "ties" / f"ties-{tied}.jsonl.xz", "rt", encoding="utf-8") as lines:
        recorded = {exchange["path"]: exchange for exchange in map(json.loads, lines)}
    place = Place(base="http://lemmy19.test:8536", site=Site(version="0.19.20"), post_id=7)
    asked: list[str] = []

    def answer(request: Request) -> Exchange:
        path = request.url.removeprefix(place.base)
        asked.append(path)
        known = recorded.get(path, {"status": 400, "body": {"error": "not_recorded"}})
        return Exchange(
            url=request.url, status=known["status"], requested_at=NOW, body=json.dumps(known["body"]).encode()
        )

    harvest = answered(harvester(place, dialect="lemmy_v3", came={}).harvest(), answer)
    assert (harvest.received, harvest.complete, harvest.missing, harvest.drift) == (400, True, (), 0)
    assert len(asked) <= 30


def test_a_list_that_has_more_rows_than_different_ones_has_proven_a_loss() -> None:
    """Whatever is asked, one comment never comes, another one stands in its place, and no counter tells."""
    world = thread(v3(), [f"number {n}" for n in range(400)], post={**ELSEWHERE, "comment_count": 399})

    def instead(given: list[faults.Row]) -> list[faults.Row]:
        for row in given:
            if row["comment"]["id"] == 201:
                row["comment"] |= {"id": 200, "ap_id": "http://home.test/comment/200", "path": "0.200"}
        return given

    for ident in (200, 201):
        world.comments[ident].published = moment(200)
    with Server(world) as server:
        server.faults.add(faults.rows(instead), path="comment/list")
        harvest = harvested(server)
        assert (harvest.received, harvest.missing) == (399, (Missing(reason=MissingReason.UNEXPLAINED, count=1),))


@pytest.mark.parametrize("tied", [2, 7, 60])
def test_no_page_is_asked_for_that_a_version_does_not_give(tied: int) -> None:
    with Server(burst(v3(version="0.19.14"), 480, tied=tied)) as server:
        harvest = harvested(server)
        assert (harvest.received, harvest.complete, harvest.missing) == (480, True, ())
        pages = [int(target.rpartition("&page=")[2]) for target in server.targets() if "&page=" in target]
        assert max(pages) <= 10


def test_a_thread_without_ties_is_asked_for_nothing_more() -> None:
    with Server(thread(v3(), [f"number {n}" for n in range(400)], post=ELSEWHERE)) as server:
        harvested(server)
        assert sum("/comment/list" in target for target in server.targets()) == 9
