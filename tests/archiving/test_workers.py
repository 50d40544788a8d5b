"""Work in lanes: in order within each, several at once, on few threads."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from thread_archive.archiving.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers[int, int]]:
    made: Workers[int, int] = Workers()
    yield made
    made.stop()


def since(before: set[threading.Thread]) -> set[threading.Thread]:
    """The threads that were started since; those of other tests may end meanwhile."""
    return set(threading.enumerate()) - before


def test_a_thousand_lanes_one_after_the_other_need_one_thread(workers: Workers[int, int]) -> None:
    before = set(threading.enumerate())
    for number in range(1000):
        workers.ask(number, f"lane {number}", lambda number=number: number * number)  # type: ignore[misc]
        assert workers.answer() == (number, number * number)
    assert len(since(before)) == 1


def test_there_are_no_more_threads_than_lanes_that_are_busy_together(workers: Workers[int, int]) -> None:
    before, most, asked = set(threading.enumerate()), 0, 0
    for asked in range(8):
        workers.ask(asked, f"lane {asked}", lambda: 0)
    for number in range(1000):
        workers.answer()
        workers.ask(asked + number + 1, f"lane {asked + number + 1}", lambda: 0)
        most = max(most, len(since(before)))
    assert most <= 8


def test_lanes_are_busy_at_once_and_each_is_worked_through_in_order(workers: Workers[int, int]) -> None:
    busy: Counter[int] = Counter()
    done: dict[int, list[int]] = {lane: [] for lane in range(5)}
    together, most, guard = 0, 0, threading.Lock()

    def work(lane: int, number: int) -> Callable[[], int]:
        def do() -> int:
            nonlocal together, most
            with guard:
                busy[lane] += 1
                together += 1
                most = max(most, together)
                assert busy[lane] == 1
            time.sleep(0.0005)
            with guard:
                busy[lane] -= 1
                together -= 1
                done[lane].append(number)
            return number

        return do

    random, under_way = Random(7), 0
    for number in range(400):
        lane = random.randrange(5)
        workers.ask(number, f"lane {lane}", work(lane, number))
        under_way += 1
        while under_way and random.random() < 0.5:
            key, outcome = workers.answer()
            assert key == outcome
            under_way -= 1
    for _ in range(under_way):
        key, outcome = workers.answer()
        assert key == outcome
    assert all(numbers == sorted(numbers) for numbers in done.values())
    assert sum(map(len, done.values())) == 400
    assert most > 1


def test_what_work_raises_is_its_answer_and_the_lane_goes_on(workers: Workers[int, int]) -> None:
    workers.ask(1, "lane", lambda: 1 // 0)
    workers.ask(2, "lane", lambda: 2)
    key, outcome = workers.answer()
    assert (key, type(outcome)) == (1, ZeroDivisionError)
    assert workers.answer() == (2, 2)


def test_threads_end_when_they_are_stopped() -> None:
    before = set(threading.enumerate())
    workers: Workers[int, int] = Workers()
    for number in range(4):
        workers.ask(number, f"lane {number}", lambda: 0)
    for _ in range(4):
        workers.answer()
    started = since(before)
    workers.stop()
    for thread in started:
        thread.join(5)
    assert started
    assert not any(thread.is_alive() for thread in started)
