"""What a server counts or names and does not give: fetched again, else listed with its reason."""

from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Reply, Server, faults, grow, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import Receipt, reread
from thread_archive.model import MissingReason

INSTANCES = {"0.19": v3(), "1.0": v4()}


def reasons(receipt: Receipt) -> dict[str, int]:
    return {item.reason.value: item.count for item in receipt.missing}


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_comments_that_the_list_loses_are_fetched_by_their_parent(tmp_path: Path, instance: Instance) -> None:
    world = grow(thread(instance), 60, Random(2), roots=0.1)
    replies = [row.id for row in world.comments.values() if len(row.labels) > 2][:4]
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.losing(*replies), path="post_id=")
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.stored, reasons(receipt)) == ("complete", 60, {})


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_comments_that_no_request_brings_are_missing_and_unexplained(tmp_path: Path, instance: Instance) -> None:
    world = grow(thread(instance), 40, Random(2), roots=0.1)
    leaf = next(row for row in reversed(world.comments.values()) if len(row.labels) > 2)
    leaf.lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code) == ("partial", 1)
        assert reasons(receipt) == {"unexplained": 1}
        assert receipt.stored == 39


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_a_purged_comment_leaves_a_gap_where_it_stood(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["first", Reply(text="second", to=1), Reply(text="third", to=2)])
    del world.comments[2]
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {"purged": 1})
        assert rows(archive, "SELECT ap_id IS NULL, missing_reason, depth FROM comments ORDER BY position") == [
            (0, None, 1), (1, "purged", 2), (0, None, 3),
        ]  # fmt: skip


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
@pytest.mark.parametrize("parent", [0, 1])
def test_a_gap_that_the_server_still_counts_is_missing_once_and_not_purged(
    tmp_path: Path, instance: Instance, parent: int
) -> None:
    world = thread(instance, ["first", Reply(text="second", to=parent), Reply(text="third", to=2)])
    world.comments[2].lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 1, {"unexplained": 1})
        assert [(item.instance, item.local_id) for item in receipt.missing[0].items] == [("home.test", 2)]
        gap = "SELECT missing_reason FROM comments WHERE ap_id IS NULL"
        assert rows(archive, gap) == [("unexplained",)]
        reread(archive)
        assert rows(archive, gap) == [("unexplained",)]
        del world.comments[2]
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {"purged": 1})
        assert rows(archive, gap) == [("purged",)]


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
@pytest.mark.parametrize("refusal", [faults.html(403), faults.says("", 404), faults.unavailable(None)])
def test_a_gap_about_which_the_server_only_fails_is_not_called_purged(
    tmp_path: Path, instance: Instance, refusal: faults.Change
) -> None:
    world = thread(instance, ["first", Reply(text="second", to=1), Reply(text="third", to=2)])
    del world.comments[2]
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(refusal, path="/comment?id=2")
        (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.1)
        assert (receipt.exit_code, reasons(receipt)) == (1, {"unexplained": 1})


@pytest.mark.parametrize("asked", ["/context", "parent_id", "/comment?id", "resolve_object", "sort=New"])
@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_a_server_that_fails_when_asked_for_the_rest_has_still_given_what_it_gave(
    tmp_path: Path, instance: Instance, asked: str
) -> None:
    world = grow(thread(instance), 40, Random(2), roots=0.1)
    world.comments[40].lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.unavailable(None), path=asked)
        (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.1)
        assert (receipt.status, receipt.exit_code, receipt.stored) == ("partial", 1, 39)


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_a_comment_purged_since_the_last_visit_stays_with_its_replies(tmp_path: Path, instance: Instance) -> None:
    world = thread(instance, ["first", Reply(text="second", to=1), Reply(text="third", to=2)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        del world.comments[2]
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert receipt.stored == 3
        assert reasons(receipt) == {}
        assert rows(archive, "SELECT body, depth, gone_at IS NULL FROM comments ORDER BY position") == [
            ("first", 1, 1), ("second", 2, 0), ("third", 3, 1),
        ]  # fmt: skip


@pytest.mark.parametrize("parent", [0, 1])
@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_a_comment_that_is_still_counted_and_no_longer_given_is_stored_and_not_missing(
    tmp_path: Path, instance: Instance, parent: int
) -> None:
    world = thread(instance, ["first", Reply(text="second", to=parent), "third"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        server.faults.add(faults.unavailable(None), path="/context")
        world.comments[2].lost = True
        for _ in range(2):
            (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.1)
            assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {})
            assert receipt.stored == 3


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_what_was_stored_and_then_erased_does_not_stand_for_another_comment_that_is_not_given(
    tmp_path: Path, instance: Instance
) -> None:
    world = thread(instance, ["first", "second", "third", Reply(text="erased", to=1), Reply(text="stays", to=1)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        server.faults.add(faults.unavailable(None), path="/context")
        world.purge(3)
        world.purge(4)
        say(world, Reply(text="never seen", to=2)).lost = True
        (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.1)
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 1, {"unexplained": 1})
        assert receipt.stored == 5


def test_what_is_stored_and_named_does_not_stand_for_another_comment_that_is_not_given(tmp_path: Path) -> None:
    world = thread(v3(), ["first", Reply(text="second", to=1), Reply(text="third", to=2), "fourth"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        world.comments[2].lost = True
        say(world, Reply(text="never seen", to=4)).lost = True
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 1, {"unexplained": 1})


def test_a_counter_that_is_too_high_is_called_drift_and_does_not_fail(tmp_path: Path) -> None:
    world = grow(thread(v3()), 30, Random(2))
    world.posts[1].comment_count = 33
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("complete", 0, {})
        assert receipt.sources[0].drift == 3


def test_a_thread_that_lemmy_1_hides_from_visitors_is_said_to_be_hidden(tmp_path: Path) -> None:
    world = thread(v4(), ["one", "two"], post={"nsfw": True, "local": False})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 0, {"hidden_nsfw": 2})


@pytest.mark.parametrize("version", ["0.18.3", "0.18.4", "0.18.5"])
def test_what_0_18_leaves_out_is_counted_as_left_out(tmp_path: Path, version: str) -> None:
    world = thread(v3(version=version), ["one", Reply(text="two", to=1, fields={"removed": True})])
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code, reasons(receipt)) == ("partial", 0, {"omitted_by_version": 1})


def test_a_withdrawn_ancestor_that_0_18_leaves_out_is_fetched_singly_without_its_text(tmp_path: Path) -> None:
    world = thread(v3(version="0.18.5"), [Reply(text="secret", fields={"deleted": True}), Reply(text="two", to=1)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.stored, receipt.tombstones) == ("complete", 2, 1)
        assert rows(archive, "SELECT deleted, body FROM comments ORDER BY position") == [(1, ""), (0, "two")]


@pytest.mark.parametrize("mark", ["deleted", "removed"])
@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_a_withdrawn_post_keeps_its_place_and_its_comments(tmp_path: Path, instance: Instance, mark: str) -> None:
    world = thread(instance, ["one", "two"], post={mark: True})
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert receipt.error is None
        assert receipt.stored == 2
        assert rows(archive, f"SELECT {mark}, body FROM posts") == [(1, "")]


@pytest.mark.parametrize("reason", list(MissingReason))
def test_every_reason_has_a_sentence(reason: MissingReason) -> None:
    from thread_archive.model import MISSING_REASONS

    assert MISSING_REASONS[reason]
