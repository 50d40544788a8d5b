"""The words of a receipt and its verdict say the same, and stay the same at every later visit."""

from pathlib import Path

import pytest

from fake_lemmy import Instance, Reply, Server, World, faults, mirror, thread
from runs import add, archive_in, v3, v4
from thread_archive.archiving import Receipt
from thread_archive.cli.receipt import full_receipt

URL = "http://home.test/post/1"
# A thread from elsewhere, of which the server has no ActivityPub collection.
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}
INSTANCES = {"0.18": v3(version="0.18.4"), "0.19": v3(), "1.0": v4()}
each_instance = pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)


def reasons(receipt: Receipt) -> dict[str, int]:
    return {item.reason.value: item.count for item in receipt.missing}


def words(receipt: Receipt) -> str:
    return "\n".join(text.plain for text in full_receipt(receipt))


@each_instance
def test_a_counter_that_two_orders_belie_is_a_note_on_its_server(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["one", "two"], post={**ELSEWHERE, "comment_count": 5})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
    assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {})
    assert receipt.as_json()["sources"][0]["drift"] == 3
    assert "complete: 2 comments stored\n" in words(receipt)
    assert "its counter is 3 too high" in words(receipt)
    assert "missing" not in words(receipt)


@each_instance
def test_a_counter_that_a_child_count_bears_out_is_not_called_wrong(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["one", "two"], post={**ELSEWHERE, "comment_count": 3})
    world.comments[1].child_count = 1
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
    reason = "omitted_by_version" if instance.version == "0.18.4" else "unexplained"
    assert (receipt.status, reasons(receipt), receipt.sources[0].drift) == ("partial", {reason: 1}, 0)


@each_instance
def test_a_counter_above_an_empty_list_is_unexplained(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, post={**ELSEWHERE, "comment_count": 152})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
    assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 1, {"unexplained": 152})


@pytest.mark.parametrize("count", [8, 152])
def test_a_mirrors_counter_makes_nothing_missing_that_the_home_has_proven(tmp_path: Path, count: int) -> None:
    home = thread(v3(), ["one", Reply(text="two", to=1), "three", "four"])
    copy = mirror(home, v4("mirror.test"))
    copy.posts[1001].comment_count = count
    copy.comments[1001].child_count = 7
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
    assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {})
    drift = {source.instance: source.drift for source in receipt.sources}
    # Six of them below the first comment.
    assert drift == {"mirror.test": max(6, count - 4), "home.test": 0}


def test_a_mirrors_counter_stands_where_the_home_has_proven_nothing(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    copy = mirror(home, v4("mirror.test"))
    copy.posts[1001].comment_count, copy.comments[1001].child_count = 5, 3
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.unavailable(None), domain="home.test")
        (receipt,) = add(archive, server, "http://mirror.test/post/1001", patience=0.1)
    assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 1, {"unexplained": 3})


@pytest.mark.parametrize("is_named_by", ["the collection", "a reply"])
def test_a_comment_that_waits_for_federation_is_missing_for_that_reason(tmp_path: Path, is_named_by: str) -> None:
    waiting = Reply(text="waits", to=1, fields={"federation_pending": True})
    replies = [Reply(text="answers it", to=3)] if is_named_by == "a reply" else []
    post = ELSEWHERE if is_named_by == "a reply" else {}
    with Server(thread(v4(), ["one", "two", waiting, *replies], post=post)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 0, {"federation_pending": 1})
        assert receipt.stored == 2 + len(replies)
        # It is missing by name, and its text is in no table.
        assert len(receipt.missing[0].items) == 1
        assert archive.db.execute("SELECT count(*) FROM comments WHERE body = 'waits'").fetchone() == (0,)


def hidden() -> World:
    return thread(v4(), ["one", "two"], post={"nsfw": True, "local": False})


def omitting() -> World:
    return thread(v3(version="0.18.5"), ["one", Reply(text="two", to=1, fields={"removed": True}), "three"])


def capped() -> World:
    return thread(v3(version="0.19.14"), [f"number {n}" for n in range(1400)], post=ELSEWHERE)


def pending() -> World:
    return thread(v4(), ["one", Reply(text="waits", fields={"federation_pending": True})])


def purged() -> World:
    world = thread(v3(), ["one", Reply(text="two", to=1), Reply(text="three", to=2)])
    world.purge(2)
    return world


@pytest.mark.parametrize("made", [hidden, omitting, capped, pending, purged])
def test_what_was_explained_is_explained_at_every_later_visit(tmp_path: Path, made: object) -> None:
    with Server(made()) as server, archive_in(tmp_path) as archive:
        told = [add(archive, server, URL)[0] for _ in range(3)]
    assert [(receipt.status, receipt.exit_code, reasons(receipt)) for receipt in told] == [
        (told[0].status, 0, reasons(told[0]))
    ] * 3
    assert reasons(told[0])


def test_a_gap_that_its_server_names_no_longer_is_not_missing_though_what_answered_it_is_kept(tmp_path: Path) -> None:
    world = thread(v3(), ["one", Reply(text="two", to=1), Reply(text="three", to=2)])
    world.comments[2].lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.exit_code, reasons(receipt)) == (1, {"unexplained": 1})
        world.purge(2)
        world.purge(3)
        for _ in range(2):
            (receipt,) = add(archive, server, URL)
            assert (receipt.status, receipt.exit_code, receipt.stored) == ("complete", 0, 2)
            assert receipt.unexplained == 0


def test_what_is_gone_for_good_is_not_called_missing(tmp_path: Path) -> None:
    with Server(purged()) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
    assert "complete: 2 comments stored, 1 purged" in words(receipt)
    assert "missing" not in words(receipt)


def test_a_parent_that_the_server_has_in_another_thread_is_a_gap_of_this_one(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    other = thread(v3(), [], post={})
    other.posts[1].id, other.posts[1].ap_id = 7, "http://home.test/post/7"
    world.posts[7] = other.posts[1]
    elsewhere = world.comments[2]
    elsewhere.post_id, elsewhere.path = 7, "0.2"
    world.comments[1].path = "0.2.1"
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {"other_thread": 1})
        assert "1 in another thread" in words(receipt)
        assert archive.db.execute("SELECT depth, body FROM comments ORDER BY position").fetchall() == [
            (1, ""),
            (2, "one"),
        ]
