"""What happens while threads are fetched, for whoever shows it."""

from typing import Protocol

from thread_archive.archiving.receipts import Receipt


class Progress(Protocol):
    """
    Is told what happens; `url` is the canonical URL of a thread that is being added.

    `waiting` is called from the thread that waits, everything else from the main one.
    """

    def started(self, url: str) -> None:
        """A thread's first request is about to be made."""

    def asking(self, url: str, instance: str) -> None:
        """A server is about to be asked, which need not answer soon: an instance, or the host of a linked page."""

    def advanced(self, url: str, instance: str, *, received: int, expected: int) -> None:
        """
        An answer came: so many comments of that instance are here, so many the instance makes one expect (0: unknown).
        """

    def waiting(self, instance: str, seconds: float, why: str) -> None:
        """An instance asked us to wait, or failed and will be asked again."""

    def finished(self, url: str, receipt: Receipt) -> None:
        """A thread is done, one way or the other."""


class SilentProgress:
    """Shows nothing."""

    def started(self, url: str) -> None:
        """Say nothing."""

    def asking(self, url: str, instance: str) -> None:
        """Say nothing."""

    def advanced(self, url: str, instance: str, *, received: int, expected: int) -> None:
        """Say nothing."""

    def waiting(self, instance: str, seconds: float, why: str) -> None:
        """Say nothing."""

    def finished(self, url: str, receipt: Receipt) -> None:
        """Say nothing."""
