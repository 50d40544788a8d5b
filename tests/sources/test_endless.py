"""Servers that would keep us asking for ever: each way ends after few requests, and says what is wrong."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from fake_lemmy import Server, faults, thread
from runs import add, archive_in, v3, v4
from thread_archive.archiving import Receipt
from thread_archive.model import MissingReason
from thread_archive.sources import _gathering

URL = "http://home.test/post/1"
ELSEWHERE = {"ap_id": "http://away.test/post/4", "local": False}
MANY = [f"number {number}" for number in range(1300)]


def asked(tmp_path: Path, server: Server) -> Receipt:
    with archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL, patience=0.1)
    return receipt


def in_turns(pages: int) -> faults.Change:
    """The first pages of each kind of list again and again, in 1.0 with a cursor that is new each time."""
    kept: dict[str, list[Any]] = {}
    numbers = itertools.count()

    def change(request: faults.Request, answer: Any) -> Any:
        kind = re.sub(r"&page[^&]*", "", request.target)
        come = kept.setdefault(kind, [])
        if len(come) < pages:
            come.append(answer.body)
            body = answer.body
        else:
            body = come[next(numbers) % pages]
        if "items" in body and len(come) == pages:
            body = {**body, "next_page": f"{next(numbers):032x}"}
        return type(answer).json(body)

    return change


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
@pytest.mark.parametrize("pages", [1, 2])
def test_a_list_that_goes_round_in_circles_is_left_and_the_rest_unexplained(
    tmp_path: Path, instance: Any, pages: int
) -> None:
    with Server(thread(instance, MANY, post=ELSEWHERE)) as server:
        server.faults.add(in_turns(pages), path="comment/list")
        receipt = asked(tmp_path, server)
        assert len(server.targets()) < 100
    assert receipt.exit_code == 1
    assert {item.reason for item in receipt.missing} == {MissingReason.UNEXPLAINED}
    assert receipt.stored + sum(item.count for item in receipt.missing) == 1300


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
def test_a_server_that_counts_without_measure_is_not_believed(
    tmp_path: Path, instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_gathering, "SLACK_ROWS", 1000)
    monkeypatch.setattr(_gathering, "MOST_COUNTED", 1000)
    with Server(thread(instance, MANY, post=ELSEWHERE)) as server:
        for kind in ("counts", "post"):
            server.faults.add(faults.field_of(kind, "comments", 2**52))
        server.faults.add(faults.endless(fresh=True), path="comment/list")
        receipt = asked(tmp_path, server)
    assert receipt.exit_code == 4
    assert receipt.error is not None
    assert "do not end" in receipt.error.message


def test_ancestors_that_do_not_come_are_asked_for_a_hundred_times_and_no_more(tmp_path: Path) -> None:
    path = ".".join(["0", *(str(number) for number in range(100, 600)), "1"])
    with Server(thread(v3(), ["one"])) as server:
        server.faults.add(faults.field_of("comment", "path", path))
        receipt = asked(tmp_path, server)
        assert len(server.targets()) < 120
    assert {item.reason: item.count for item in receipt.missing} == {
        MissingReason.PURGED: 100,
        MissingReason.UNEXPLAINED: 400,
    }


def test_ancestors_that_name_others_without_end_make_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_gathering, "SLACK_ROWS", 1000)
    numbers = itertools.count(1000)

    def naming(request: faults.Request, answer: Any) -> Any:
        ident = int(request.target.rpartition("=")[2])
        path = ".".join(["0", *(str(next(numbers)) for _ in range(300)), str(ident)])
        given = shown | {"id": ident, "path": path, "ap_id": f"http://home.test/comment/{ident}"}
        return type(answer).json({"comment_view": view | {"comment": given}})

    world = thread(v3(), ["one"])
    with Server(world) as server:
        kept: list[Any] = []
        fault = server.faults.add(faults.rows(lambda given: kept.extend(given) or given), path="comment/list")
        asked(tmp_path, server)
        view, shown = kept[0], kept[0]["comment"]
        server.faults.active.remove(fault)
        server.faults.add(faults.field_of("comment", "path", "0.9.1"), path="comment/list")
        server.faults.add(naming, path="/comment?id=")
        receipt = asked(tmp_path, server)
        assert len(server.targets()) < 40
    assert receipt.exit_code == 4
    assert receipt.error is not None
    assert "name others without end" in receipt.error.message


def test_of_two_comments_with_one_ap_id_the_second_is_missing_and_told(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one", "two"])) as server:
        server.faults.add(faults.field_of("comment", "ap_id", "http://home.test/comment/1"))
        receipt = asked(tmp_path, server)
        assert (receipt.status, receipt.exit_code, receipt.stored, receipt.unexplained) == ("partial", 1, 1, 1)
        assert receipt.sources[0].unreadable == 1


@pytest.mark.parametrize("path", ["0. 1", "0.0_1", "0.١", "0.+1", "0..1", "0.1."])
def test_a_comment_with_a_label_that_is_not_in_digits_stands_on_the_post(tmp_path: Path, path: str) -> None:
    with Server(thread(v3(), ["one"])) as server:
        server.faults.add(faults.field_of("comment", "path", path))
        receipt = asked(tmp_path, server)
        assert (receipt.status, receipt.stored, receipt.sources[0].misplaced) == ("complete", 1, 1)
