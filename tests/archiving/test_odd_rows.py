"""A row that makes no sense costs nothing but its own place: it is stored as far as it goes, and told of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fake_lemmy import Instance, Reply, Server, faults, mirror, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import rereading
from thread_archive.cli.receipt import full_receipt
from thread_archive.store.dump import content

URL = "http://home.test/post/1"
INSTANCES = {"0.18": v3(version="0.18.4"), "0.19": v3(), "1.0": v4()}
each_instance = pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
Row = dict[str, Any]


def second(edit: Callable[[Row], None]) -> faults.Change:
    """The second comment is told otherwise, wherever it is."""

    def visit(whole: Any) -> Any:
        for item in whole if isinstance(whole, list) else whole.values() if isinstance(whole, dict) else ():
            visit(item)
        if isinstance(whole, dict) and isinstance(whole.get("comment"), dict) and whole["comment"].get("id") == 2:
            edit(whole)
        return whole

    return faults.body(visit)


def of_comment(**fields: Any) -> Callable[[Row], None]:
    return lambda row: row["comment"].update(fields)


def without(*names: str) -> Callable[[Row], None]:
    def edit(row: Row) -> None:
        for name in names:
            row.pop(name, None)
            row["comment"].pop(name, None)

    return edit


MISPLACED = {
    "a path of nothing but 0": of_comment(path="0"),
    "an empty path": of_comment(path=""),
    "no path": without("path"),
    "a path that is a number": of_comment(path=7),
    "somebody else's path": of_comment(path="0.3"),
    "a path that goes round": of_comment(path="0.1.2.1.2"),
}
INCOMPLETE = {
    "no text": without("content"),
    "a text that is a number": of_comment(content=5),
    "no author": without("creator"),
    "an author that is a name": lambda row: row.update(creator="mara"),
    "no numbers": without("counts", "score", "upvotes", "downvotes", "child_count"),
}
UNREADABLE = {
    "no id": without("id"),
    "no ap_id": without("ap_id"),
    "an ap_id that is none": of_comment(ap_id="javascript:alert(1)"),
    "no time": without("published", "published_at"),
    "a time that is none": of_comment(published="tomorrow", published_at="tomorrow"),
    "another thread's row": of_comment(post_id=99),
}


@each_instance
@pytest.mark.parametrize("edit", MISPLACED.values(), ids=MISPLACED)
def test_a_comment_whose_path_makes_no_sense_stands_on_the_post_and_is_told_of(
    tmp_path: Path, instance: Instance, edit: Callable[[Row], None]
) -> None:
    with Server(thread(instance, ["one", "two", Reply(text="three", to=1)])) as server:
        server.faults.add(second(edit))
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, URL)
            assert (receipt.error, receipt.exit_code, receipt.stored) == (None, 0, 3)
            assert [source.misplaced for source in receipt.sources] == [1]
            assert any("does not tell the place of 1 comment" in text.plain for text in full_receipt(receipt))
            assert rows(archive, "SELECT body, depth FROM comments ORDER BY position") == [
                ("one", 1), ("three", 2), ("two", 1),
            ]  # fmt: skip
            assert rows(archive, "SELECT body FROM comments WHERE misplaced") == [("two",)]
            before = list(content(archive))
            rereading.reread(archive)
            assert list(content(archive)) == before
            assert rows(archive, "SELECT body FROM comments WHERE misplaced") == [("two",)]


def test_a_comment_whose_place_was_known_keeps_it_and_one_that_gets_a_place_is_marked_no_longer(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one", Reply(text="two", to=1)])) as server, archive_in(tmp_path) as archive:
        placed = "SELECT body, depth, misplaced FROM comments ORDER BY position"
        fault = server.faults.add(second(of_comment(path="0")))
        add(archive, server, URL)
        assert rows(archive, placed) == [("one", 1, 0), ("two", 1, 1)]
        server.faults.active.remove(fault)
        add(archive, server, URL)
        assert rows(archive, placed) == [("one", 1, 0), ("two", 2, 0)]
        server.faults.add(second(of_comment(path="0")))
        add(archive, server, URL)
        assert rows(archive, placed) == [("one", 1, 0), ("two", 2, 0)]


def test_the_place_that_another_server_tells_is_taken(tmp_path: Path) -> None:
    home = thread(v3(), ["one", Reply(text="two", to=1)])
    with Server(home, mirror(home, v4("mirror.test"))) as server, archive_in(tmp_path) as archive:
        server.faults.add(second(of_comment(path="0")), domain="home.test")
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert rows(archive, "SELECT body, depth, misplaced FROM comments ORDER BY position") == [
            ("one", 1, 0), ("two", 2, 0),
        ]  # fmt: skip
        assert [source.misplaced for source in receipt.sources] == [0, 1]


@each_instance
@pytest.mark.parametrize("edit", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_comment_of_which_a_part_cannot_be_read_is_stored_without_it_and_told_of(
    tmp_path: Path, instance: Instance, edit: Callable[[Row], None]
) -> None:
    with Server(thread(instance, ["one", "two", Reply(text="three", to=2)])) as server:
        server.faults.add(second(edit))
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, URL)
            assert (receipt.error, receipt.stored) == (None, 3)
            assert [source.incomplete for source in receipt.sources] == [1]
            assert any("told only a part of 1 comment" in text.plain for text in full_receipt(receipt))
            told = rows(archive, "SELECT body, depth, creator_id IS NULL, score FROM comments ORDER BY position")
            assert told[0] == ("one", 1, 0, 1)
            assert told[2] == ("three", 2, 0, 1)
            assert sum([told[1][0] == "", told[1][2] == 1, told[1][3] is None]) == 1
            before = list(content(archive))
            rereading.reread(archive)
            assert list(content(archive)) == before


@each_instance
@pytest.mark.parametrize("edit", UNREADABLE.values(), ids=UNREADABLE)
def test_a_row_that_cannot_be_told_is_passed_over_and_still_counted(
    tmp_path: Path, instance: Instance, edit: Callable[[Row], None]
) -> None:
    with Server(thread(instance, ["one", "two", Reply(text="three", to=1)])) as server:
        server.faults.add(second(edit))
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, URL)
            assert (receipt.error, receipt.exit_code, receipt.stored, receipt.unexplained) == (None, 1, 2, 1)
            assert receipt.status == "partial"
            assert receipt.sources[0].unreadable >= 1
            assert rows(archive, "SELECT body FROM comments ORDER BY position") == [("one",), ("three",)]


@each_instance
@pytest.mark.parametrize("garbage", [faults.truncated(), faults.says('{"comments": {}, "items": {}}')])
def test_an_answer_that_is_no_list_is_kept_as_evidence_and_another_order_gives_the_thread(
    tmp_path: Path, instance: Instance, garbage: faults.Change
) -> None:
    with Server(thread(instance, ["one", "two", Reply(text="three", to=1)])) as server:
        server.faults.add(garbage, path="comment/list", at={1})
        with archive_in(tmp_path) as archive:
            (receipt,) = add(archive, server, URL)
            assert (receipt.status, receipt.exit_code, receipt.stored) == ("complete", 0, 3)
            before = list(content(archive))
            assert rereading.reread(archive).captures == 1
            assert list(content(archive)) == before
