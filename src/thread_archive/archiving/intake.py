"""
The door by which answers come in: nothing that is to stay out passes it, neither in memory nor into the archive.

What is withdrawn is blanked where it is fetched; so is what is listed as taken down, and again where the list has grown
while the answer was under way.
"""

from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, replace

from thread_archive.archiving.asking import THREAD, Ask
from thread_archive.captures import Exchange, Request
from thread_archive.erasing import Erasure, erase
from thread_archive.fetching.client import Client
from thread_archive.sources import OK, is_absent
from thread_archive.store import evidence, takedowns
from thread_archive.store.archive import Archive
from thread_archive.store.captures import OpenCapture
from thread_archive.store.evidence import StoredExchange
from thread_archive.withholding import withhold


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """
    What is asked, and what is taken out of its answer besides what is withdrawn; `unless_down` as the client has it.
    """

    ask: Ask
    listed: Erasure | None
    unless_down: bool


class KeptAnswers:
    """
    The answers that an interrupted visit had committed, each handed out once, in the order in which they came.

    Those that do not stand any more are not: `stands` tells.
    """

    def __init__(self, stored: list[StoredExchange], *, stands: Callable[[StoredExchange], bool]) -> None:
        self._stands = stands
        self._left: dict[tuple[str, bool], deque[StoredExchange]] = {}
        for exchange in stored:
            self._left.setdefault((exchange.url, exchange.logged_in), deque()).append(exchange)

    def next(self, request: Request) -> StoredExchange | None:
        """The answer to `request`; None where it was not asked, or not so often."""
        left = self._left.get((request.url, request.login))
        while left:
            stored = left.popleft()
            if self._stands(stored):
                return stored
        return None


class Intake:
    """
    Fetches with `client` and commits to `archive`.

    `tokens(instance)` gives the login kept for exactly that instance, or None.
    """

    def __init__(self, archive: Archive, client: Client, tokens: Callable[[str], str | None]) -> None:
        self._archive = archive
        self._client = client
        self._tokens = tokens
        self._open: set[int] = set()
        # None where nothing is listed.
        self._listed: Erasure | None = None

    def open(self, capture: OpenCapture) -> KeptAnswers:
        """From now on answers are for this capture too."""
        self._open.add(capture.id)
        self._read_takedowns()
        return KeptAnswers(evidence.exchanges(self._archive, capture.id), stands=self._stands)

    def _stands(self, stored: StoredExchange) -> bool:
        """Whether a kept answer is gone on with: what was refused or failed then may be given now."""
        if stored.purpose != THREAD or stored.status == OK:
            return True
        return is_absent(evidence.load(self._archive, stored))

    def close(self, capture: OpenCapture) -> None:
        """No more come for it."""
        self._open.discard(capture.id)

    def load(self, stored: StoredExchange, instance: str) -> Exchange:
        """An answer of `instance` that was committed before."""
        answer = evidence.load(self._archive, stored)
        self._learn(answer, instance)
        return answer

    def under_way(self, ask: Ask, *, unless_down: bool) -> UnderWay:
        """What is about to be asked, with the list as it is now."""
        return UnderWay(ask=ask, listed=self._listed, unless_down=unless_down)

    def fetch(self, under_way: UnderWay, typed_ports: Container[tuple[str, int]]) -> Exchange:
        """
        Ask, in any thread; `typed_ports` are for the client.

        Raises FetchError, and TakenDownError where the answer is a thread that is listed.
        """
        ask = under_way.ask
        token = self._tokens(ask.instance) if ask.request.login else None
        answer = self._client.get(
            ask.request,
            typed_ports=typed_ports,
            token=token,
            unless_down=under_way.unless_down,
            api=ask.purpose == THREAD,
        )
        return _without_withheld(answer, ask.instance, under_way.listed)

    def commit(self, capture: OpenCapture, answer: Exchange, under_way: UnderWay) -> None:
        """
        Commit an answer that was fetched so.

        A redaction may have come since it was asked for, but none comes while it is committed. Raises TakenDownError.
        """
        ask = under_way.ask
        with self._archive.transaction():
            self._read_takedowns()
            if under_way.listed is not self._listed:
                answer = _without_withheld(answer, ask.instance, self._listed)
            evidence.append_exchange(self._archive, capture.id, ask.instance, answer, purpose=ask.purpose)

    def _read_takedowns(self) -> None:
        """The list as it is now: another process may have redacted something since it was read."""
        listed = takedowns.load(self._archive)
        old = self._listed
        if not listed or (old is not None and old.takedowns.same_as(listed)):
            return
        self._listed = Erasure(takedowns=listed)
        for capture_id in self._open:
            for stored in evidence.exchanges(self._archive, capture_id):
                self._learn(evidence.load(self._archive, stored), stored.instance)

    def _learn(self, answer: Exchange, instance: str) -> None:
        """Learn from a kept answer, which was erased from already, by which numbers its server knows whom."""
        if self._listed is not None:
            erase(answer.body, self._listed, instance)


def _without_withheld(answer: Exchange, instance: str, listed: Erasure | None) -> Exchange:
    """The answer of `instance` without what must not be stored; raises TakenDownError."""
    body, withheld = withhold(answer.body, logged_in=answer.logged_in, takedowns=listed, instance=instance)
    return replace(answer, body=body, withheld=tuple(dict.fromkeys((*answer.withheld, *withheld))))
