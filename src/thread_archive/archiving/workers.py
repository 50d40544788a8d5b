"""One thread a host that fetches, so that several hosts are asked at once and none twice at a time."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from thread_archive.exceptions import ThreadArchiveError

K = TypeVar("K")
A = TypeVar("A")


class Workers(Generic[K, A]):
    """
    Carries work out and hands the answers back, each with the key it was asked under.

    Work of one lane is done one after the other, by a thread of its own. They are daemons: a wait that a server imposed
    must not hold up the end of the program.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, SimpleQueue[tuple[K, Callable[[], A]] | None]] = {}
        self._answers: SimpleQueue[tuple[K, A | BaseException]] = SimpleQueue()

    def ask(self, key: K, lane: str, work: Callable[[], A]) -> None:
        """Have `work` done after what was asked of its lane before."""
        waiting = self._lanes.get(lane)
        if waiting is None:
            waiting = self._lanes[lane] = SimpleQueue()
            Thread(target=self._work, args=(waiting,), name=f"fetch {lane}", daemon=True).start()
        waiting.put((key, work))

    def answer(self) -> tuple[K, A | ThreadArchiveError]:
        """Wait for the next answer from any lane: what the work gave, or why it gave nothing."""
        key, outcome = self._answers.get()
        if isinstance(outcome, BaseException) and not isinstance(outcome, ThreadArchiveError):
            raise outcome
        return key, outcome

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer that need not be waited for."""
        return not self._answers.empty()

    def stop(self) -> None:
        """Let the threads end when they have done what they are at."""
        for waiting in self._lanes.values():
            waiting.put(None)

    def _work(self, waiting: "SimpleQueue[tuple[K, Callable[[], A]] | None]") -> None:
        while (item := waiting.get()) is not None:
            key, work = item
            try:
                self._answers.put((key, work()))
            except BaseException as error:  # noqa: BLE001 - whatever it is, the main thread must hear of it
                self._answers.put((key, error))
