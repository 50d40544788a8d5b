"""Progress on stderr: a live display in a terminal, a plain line now and then elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from threading import Event, RLock, Thread
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from thread_archive.archiving import Receipt
from thread_archive.cli.terminal import draws, line, shortened
from thread_archive.counting import counted

T = TypeVar("T")

# What takes less is not worth a word; the first plain line, which stays, may take a moment more.
_QUIET_SECONDS = 1.0
_PLAIN_SECONDS = 2.0
_LINE_SECONDS = 5.0
# How long the display stays away after something was printed in its place: many short threads do not make it flicker.
_AWAY_SECONDS = 0.2
_TICK_SECONDS = 0.1
# Narrower than this there is no room for more than the name and the numbers.
_NARROW = 60
_WIDE = 100


class Display(ABC):
    """
    What is under way, shown on `console` from when it has taken long enough: nothing of it is left when it is over.

    A context manager. A thread of its own keeps it moving, so that it also says that nothing happens.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._has_unicode = console.encoding.startswith("utf")
        self._spinner = Spinner("dots" if self._has_unicode else "line")
        self._lock = RLock()
        self._over = Event()
        self._ticker = Thread(target=self._tick, name="progress", daemon=True)
        self._draws = draws(console)
        self._live: Live | None = None
        self._away = False
        self._handed_out = 0
        self._due = time.monotonic() + (_QUIET_SECONDS if self._draws else _PLAIN_SECONDS)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join()
        self._hide()

    def around(self, results: Iterable[T]) -> Iterator[T]:
        """`results`, each of which is handled with the display out of the way, so that it can be printed."""
        for result in results:
            with self._lock:
                self._away = True
                self._handed_out += 1
                self._hide()
            yield result
            with self._lock:
                self._away = False
                if self._draws:
                    self._due = max(self._due, time.monotonic() + _AWAY_SECONDS)

    @abstractmethod
    def lines(self, width: int) -> list[Text]:
        """What is drawn in a terminal, a line for each thing that is under way."""

    @abstractmethod
    def sentence(self) -> str:
        """What is said now and then where nothing can be drawn; empty where there is nothing to say."""

    def _say(self, text: str) -> None:
        with self._lock:
            self._console.print(text)

    def _tick(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            with self._lock:
                now = time.monotonic()
                if self._away or now < self._due:
                    continue
                if self._draws:
                    self._show()
                elif told := self.sentence():
                    self._due = now + _LINE_SECONDS
                    self._console.print(told)

    def _show(self) -> None:
        if self._live is None:
            # A new one each time: one that was stopped would begin by wiping what was printed in its place. What is
            # printed meanwhile goes where it is meant to go, which may be a file.
            self._live = Live(
                get_renderable=self._drawn,
                console=self._console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.refresh()

    def _hide(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def _drawn(self) -> Group:
        frame = self._spinner.render(time.monotonic())
        sign = frame if isinstance(frame, Text) else Text()
        # The last column stays free: some terminals wrap as soon as it is written.
        return Group(*(self._with(sign, text) for text in self.lines(self._console.width - 3)))

    @staticmethod
    def _with(sign: Text, text: Text) -> Text:
        return Text.assemble(sign, " ", text, no_wrap=True, overflow="ellipsis")


class Busy(Display):
    """Says what is being done, on stderr; `around` lets results be printed meanwhile."""

    def __init__(self, console: Console, doing: str) -> None:
        super().__init__(console)
        self._doing = doing

    def update(self, doing: str) -> None:
        """Say something else from now on."""
        self._doing = doing

    def lines(self, width: int) -> list[Text]:  # noqa: ARG002 - the display's
        """What is being done."""
        return [Text(self._doing)]

    def sentence(self) -> str:
        """What is being done."""
        return self._doing


@dataclass(slots=True)
class _Shown:
    """A thread that is being added: whom it waits for, since when, and what came."""

    started: float
    instance: str
    asked: float
    received: int = 0
    expected: int = 0


class ShownProgress(Display):
    """Implements archiving.Progress; `total` is how many receipts `around` will hand out."""

    def __init__(self, console: Console, *, total: int) -> None:
        super().__init__(console)
        self._total = total
        self._threads: dict[str, _Shown] = {}
        # Until when a server is not asked.
        self._waits: dict[str, float] = {}

    def started(self, url: str) -> None:
        """A thread has a line from now on."""
        now = time.monotonic()
        with self._lock:
            self._threads[url] = _Shown(started=now, instance="", asked=now)

    def asking(self, url: str, instance: str) -> None:
        """Show whom the thread waits for."""
        with self._lock:
            shown = self._threads[url]
            if shown.instance != instance:
                shown.received = shown.expected = 0
            shown.instance, shown.asked = instance, time.monotonic()

    def advanced(self, url: str, instance: str, *, received: int, expected: int) -> None:
        """Move the thread's bar, unless another server is asked already."""
        with self._lock:
            shown = self._threads[url]
            if shown.instance == instance:
                shown.received, shown.expected = received, expected

    def waiting(self, instance: str, seconds: float, why: str) -> None:
        """Say that a server makes us wait."""
        with self._lock:
            self._waits[instance] = time.monotonic() + seconds
        self._say(f"{line(instance)}: waiting {ceil(seconds)} s ({line(why)})")

    def finished(self, url: str, receipt: Receipt) -> None:  # noqa: ARG002 - the protocol's
        """The thread has no line any more."""
        with self._lock:
            self._threads.pop(url, None)

    def lines(self, width: int) -> list[Text]:
        """A line for each thread, and how many URLs are done where there are several."""
        now = time.monotonic()
        states = {url: self._state(url, shown, now, width) for url, shown in self._threads.items()}
        ends = {url: _elapsed(now - shown.started) if width > _NARROW else "" for url, shown in self._threads.items()}
        room = width - max((len(states[url].plain) + len(ends[url]) for url in states), default=0) - 2
        names = {url: shortened(line(url), max(room, 8)) for url in states}
        longest = max(map(len, names.values()), default=0)
        drawn = [
            Text(f"{names[url]:<{longest}}  ").append_text(state).append(ends[url]) for url, state in states.items()
        ]
        return [*drawn, Text(self._count(), style="dim")] if self._total > 1 else drawn

    def sentence(self) -> str:
        """How the thread fares for which something was asked last."""
        if not self._threads:
            return ""
        url, shown = max(self._threads.items(), key=lambda item: item[1].asked)
        now = time.monotonic()
        instance = line(shown.instance)
        if left := self._left(shown, now):
            state = f"waiting {left} s for {instance}"
        elif shown.received:
            of = f" of about {max(shown.received, shown.expected):,}" if shown.expected else ""
            noun = "comments" if of else counted(shown.received, "comment").partition(" ")[2]
            state = f"{shown.received:,}{of} {noun} from {instance}"
        else:
            state = f"asking {instance}…"
        silent = now - shown.asked
        since = f" (nothing new for {silent:.0f} s)" if silent >= _LINE_SECONDS and not left else ""
        return f"{line(url)}: {state}{since}{f' ({self._count()})' if self._total > 1 else ''}"

    def _count(self) -> str:
        return f"{self._handed_out:,} of {self._total:,} URLs done"

    def _left(self, shown: _Shown, now: float) -> int:
        return max(0, ceil(self._waits.get(shown.instance, now) - now))

    def _state(self, url: str, shown: _Shown, now: float, width: int) -> Text:
        narrow = width <= _NARROW
        # Where there is little room, whom the line names already is not named again.
        named = not narrow or f"//{shown.instance}/" not in url
        instance = shortened(line(shown.instance), max(8, width // 2 - 10)) if named else ""
        if left := self._left(shown, now):
            return Text(f"waiting {left} s" if narrow else f"waiting {left} s for {instance}", style="yellow")
        if not shown.received:
            return Text(f"asking {instance}…" if instance else "asking…")
        numbers = f"{shown.received:,}"
        noun = "" if narrow else " comments"
        if not shown.expected:
            return Text(f"{numbers} comments")
        total = max(shown.received, shown.expected)
        cells = 24 if width > _WIDE else 12 if width > _NARROW else 6
        return self._bar(cells, shown.received / total).append(f" {numbers}/{total:,}{noun}")

    def _bar(self, cells: int, part: float) -> Text:
        full, rest = ("━", "─") if self._has_unicode else ("#", "-")
        filled = int(cells * part)
        return Text(full * filled, style="green").append(rest * (cells - filled), style="dim")


def _elapsed(seconds: float) -> str:
    return f"  {int(seconds) // 60}:{int(seconds) % 60:02}"
