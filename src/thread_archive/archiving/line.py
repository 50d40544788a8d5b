"""Whose turn it is: threads wait in line, by host."""

from collections import deque
from dataclasses import dataclass

from thread_archive.urls import ThreadURL, typed_ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A thread that is to be visited, under all the texts by which it was asked for."""

    url: ThreadURL
    texts: list[str]


class Line:
    """
    The threads that wait. One of a host is visited at a time, and `at_once` in all.

    `typed_ports` holds the (host, port) that people typed.
    """

    def __init__(self, *, at_once: int) -> None:
        self.typed_ports: set[tuple[str, int]] = set()
        self._at_once = at_once
        self._known: dict[str, Wanted] = {}
        self._waiting: dict[str, deque[Wanted]] = {}
        self._visited: set[str] = set()

    def join(self, url: ThreadURL, text: str) -> None:
        """Have the thread at `url` visited, once however many texts name it."""
        if url.canonical in self._known:
            self._known[url.canonical].texts.append(text)
            return
        self._known[url.canonical] = wanted = Wanted(url=url, texts=[text])
        self._waiting.setdefault(url.instance, deque()).append(wanted)
        self.typed_ports |= typed_ports(url.instance)

    def next(self) -> Wanted | None:
        """The next thread whose visit may begin, of hosts in the order in which they came; None where none may."""
        if len(self._visited) >= self._at_once:
            return None
        instance = next((instance for instance in self._waiting if instance not in self._visited), None)
        if instance is None:
            return None
        wanted = self._waiting[instance].popleft()
        if not self._waiting[instance]:
            del self._waiting[instance]
        self._visited.add(instance)
        return wanted

    def leave(self, wanted: Wanted) -> None:
        """The visit is over, and another of its host may begin."""
        self._visited.discard(wanted.url.instance)
