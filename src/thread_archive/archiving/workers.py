"""Threads that fetch, as many as there are hosts under way: several are asked at once, and none twice at a time."""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

K = TypeVar("K")
A = TypeVar("A")


class Workers(Generic[K, A]):
    """
    Carries work out and hands the answers back, each with the key it was asked under.

    Work of one lane is done one after the other, that of several at once. A thread whose lane has nothing left takes up
    another, so that there are no more threads than lanes were ever busy together. They are daemons: a wait that a
    server imposed must not hold up the end of the program.
    """

    def __init__(self) -> None:
        # What waits in each lane that is begun; one that has nothing left is not listed.
        self._lanes: dict[str, deque[tuple[K, Callable[[], A]]]] = {}
        self._begun: SimpleQueue[str | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[K, A | BaseException]] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        # How many threads have no lane, and none coming to them.
        self._idle = 0

    def ask(self, key: K, lane: str, work: Callable[[], A]) -> None:
        """Have `work` done after what was asked of its lane before."""
        with self._lock:
            if lane in self._lanes:
                self._lanes[lane].append((key, work))
                return
            self._lanes[lane] = deque([(key, work)])
            self._call_a_thread()
        self._begun.put(lane)

    def answer(self) -> tuple[K, A | BaseException]:
        """Wait for the next answer from any lane: what the work gave, or what it raised."""
        return self._answers.get()

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer that need not be waited for."""
        return not self._answers.empty()

    def stop(self) -> None:
        """Let the threads end when they have done what they are at."""
        for _ in range(self._threads):
            self._begun.put(None)

    def _call_a_thread(self) -> None:
        if self._idle:
            self._idle -= 1
        else:
            Thread(target=self._work, name=f"fetch {self._threads}", daemon=True).start()
            self._threads += 1

    def _work(self) -> None:
        while (lane := self._begun.get()) is not None:
            self._work_through(lane)

    # On its own, so that a thread that waits holds on to no answer.
    def _work_through(self, lane: str) -> None:
        item = self._next(lane)
        while item is not None:
            key, work = item
            outcome: A | BaseException
            try:
                outcome = work()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the main thread must hear of it
                outcome = error
            # Before the answer is handed over: whoever then asks another lane finds this thread free.
            item = self._next(lane)
            self._answers.put((key, outcome))

    def _next(self, lane: str) -> tuple[K, Callable[[], A]] | None:
        with self._lock:
            if self._lanes[lane]:
                return self._lanes[lane].popleft()
            del self._lanes[lane]
            self._idle += 1
            return None
