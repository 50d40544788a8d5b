"""One thread a host that fetches, so that several hosts are asked at once and none twice at a time."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from thread_archive.archiving.visiting import Ask
from thread_archive.captures import Exchange
from thread_archive.exceptions import ThreadArchiveError

K = TypeVar("K")


class Workers(Generic[K]):
    """
    Carries requests out and hands the answers back, each with the key it was asked under.

    `fetch` is called in the worker threads. They are daemons: a wait that a server imposed must not hold up the end of
    the program.
    """

    def __init__(self, fetch: Callable[[Ask], Exchange]) -> None:
        self._fetch = fetch
        self._asks: dict[str, SimpleQueue[tuple[K, Ask] | None]] = {}
        self._answers: SimpleQueue[tuple[K, Exchange | BaseException]] = SimpleQueue()

    def ask(self, key: K, ask: Ask) -> None:
        """Have `ask` carried out after what its instance was asked before."""
        asks = self._asks.get(ask.instance)
        if asks is None:
            asks = self._asks[ask.instance] = SimpleQueue()
            Thread(target=self._work, args=(asks,), name=f"fetch {ask.instance}", daemon=True).start()
        asks.put((key, ask))

    def answer(self) -> tuple[K, Exchange | ThreadArchiveError]:
        """Wait for the next answer from anywhere: an exchange without what must not be stored, or why there is none."""
        key, outcome = self._answers.get()
        if isinstance(outcome, Exchange | ThreadArchiveError):
            return key, outcome
        raise outcome

    def stop(self) -> None:
        """Let the threads end when they have done what they are at."""
        for asks in self._asks.values():
            asks.put(None)

    def _work(self, asks: "SimpleQueue[tuple[K, Ask] | None]") -> None:
        while (item := asks.get()) is not None:
            key, ask = item
            try:
                self._answers.put((key, self._fetch(ask)))
            except BaseException as error:  # noqa: BLE001 - whatever it is, the main thread must hear of it
                self._answers.put((key, error))
