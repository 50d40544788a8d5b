"""Progress on stderr: a live display in a terminal, a plain line now and then elsewhere."""

import time
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from thread_archive.archiving import Receipt
from thread_archive.cli.terminal import line

# What takes less is not worth a word.
_QUIET_SECONDS = 1.0
_LINE_SECONDS = 5.0


class ShownProgress:
    """Implements archiving.Progress on `console`; a context manager."""

    def __init__(self, console: Console, *, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._started = self._said = time.monotonic()
        self._lock = Lock()
        self._tasks: dict[str, TaskID] = {}
        self._live = (
            Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("comments"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def started(self, url: str) -> None:
        """A thread's line appears once the run has taken long enough to be worth it."""
        if self._live:
            self._tasks[url] = self._live.add_task(line(url)[:60], total=None)

    def advanced(self, url: str, instance: str, *, received: int, expected: int) -> None:
        """Move the thread's bar, or say a line."""
        now = time.monotonic()
        if now - self._started < _QUIET_SECONDS:
            return
        if self._live:
            self._live.start()
            total = max(received, expected) or None
            self._live.update(self._tasks[url], completed=received, total=total)
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            of = f" of about {expected}" if expected else ""
            self._say(f"{line(url)}: {received}{of} comments from {line(instance)}{self._count()}")

    def waiting(self, instance: str, seconds: float, why: str) -> None:
        """Say that a server makes us wait."""
        self._say(f"{line(instance)}: waiting {seconds:.0f} s ({line(why)})")

    def finished(self, url: str, receipt: Receipt) -> None:  # noqa: ARG002 - the protocol's
        """Count the thread as done and clear the display, so that the receipt is printed where it was."""
        self._done += 1
        if self._live:
            self._live.stop()
            if (task := self._tasks.pop(url, None)) is not None:
                self._live.remove_task(task)

    def _count(self) -> str:
        return f" ({self._done} of {self._total} threads done)" if self._total > 1 else ""

    def _say(self, text: str) -> None:
        with self._lock:
            (self._live.console if self._live else self._console).print(text)
