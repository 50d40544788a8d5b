"""
Everything that can go wrong, as one tree; each branch is an exit code of the command line.

    ThreadArchiveError
    ├── InputError                    2  what was asked for cannot be understood
    │   ├── UnsupportedURLError
    │   ├── UnknownThreadError
    │   └── TakenDownError
    ├── FetchError                    3  a server did not give it
    │   ├── InstanceUnreachableError
    │   ├── BlockedAddressError
    │   ├── RobotsRefusedError
    │   ├── TooLargeError
    │   ├── NotAPageError
    │   ├── AccessDeniedError
    │   │   └── ClosedDoorError
    │   │       └── BotWallError
    │   ├── ThreadGoneError
    │   ├── UnsupportedSoftwareError
    │   ├── RateLimitedError
    │   └── ServerFailedError
    ├── PayloadError                  4  a server answered in a shape that no source promises
    │   └── UnexpectedError
    ├── ArchiveError                  5  the archive cannot be used
    │   ├── ArchiveMissingError
    │   ├── NotAnArchiveError
    │   ├── SchemaVersionError
    │   ├── ArchiveBusyError
    │   ├── ArchiveUnwritableError
    │   └── ArchiveDamagedError
    └── SnapshotError                 6  a snapshot does not verify
        ├── NotASnapshotError
        └── SnapshotDamagedError

Each error says what happened to what (`message`) and what the person can do next (`next`).
"""

from typing import ClassVar, Self


class ThreadArchiveError(Exception):
    """Base of all errors that the program reports to a person rather than as a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, next: str) -> None:
        super().__init__(message)
        self.message = message
        self.next = next

    def __str__(self) -> str:
        return f"{self.message} {self.next}"


class InputError(ThreadArchiveError):
    """What was asked for cannot be understood."""

    exit_code = 2


class UnsupportedURLError(InputError):
    """The text is none of the ways of writing a thread that we know."""


class UnknownThreadError(InputError):
    """The archive holds no such thread."""


class TakenDownError(InputError):
    """The thread is on the archive's takedown list: its owner had it redacted, and it stays out."""

    def __init__(self, ap_id: str) -> None:
        super().__init__(
            f"{ap_id} was taken down: it was redacted from this archive and stays out of it.",
            next="Nothing of it was stored; another archive can be named with --db.",
        )


class FetchError(ThreadArchiveError):
    """A server did not give what was asked for; `url` is what was asked."""

    exit_code = 3

    def __init__(self, message: str, *, next: str, url: str = "") -> None:
        super().__init__(message, next=next)
        self.url = url

    def saying(self, message: str, *, next: str) -> Self:
        """The same error in other words, and without its traceback."""
        other = type(self).__new__(type(self), message)
        other.__dict__.update(self.__dict__, message=message, next=next)
        return other


class InstanceUnreachableError(FetchError):
    """No answer: unknown host, refused connection, TLS failure, time-out, broken transfer."""


class BlockedAddressError(FetchError):
    """The address, port or scheme is one that we do not talk to (private networks, for one)."""


class RobotsRefusedError(FetchError):
    """The site's robots.txt does not allow us to fetch that page, or could not be had (RFC 9309)."""


class TooLargeError(FetchError):
    """The answer is larger than we accept, on the wire or decoded."""


class NotAPageError(FetchError):
    """What the server calls a page of text is something else: a PDF, a picture, a compressed file."""


class AccessDeniedError(FetchError):
    """The server wants a login, or refused the one it was given."""


class ClosedDoorError(AccessDeniedError):
    """What stands before the server (a proxy, the law) does not let us in, and no login there would change that."""

    def __init__(self, host: str, does: str, *, next: str, url: str = "", runs: str = "") -> None:
        super().__init__(f"{host} runs {runs} and {does}." if runs else f"{host} {does}.", next=next, url=url)
        self._host = host
        self._does = does

    def running(self, software: str) -> Self:
        """The same error where it is known what runs behind that door (`Lemmy 0.19.12`)."""
        return type(self)(self._host, self._does, next=self.next, url=self.url, runs=software)


class BotWallError(ClosedDoorError):
    """A page that lets only browsers pass came instead of an answer; another time it may be open."""


class ThreadGoneError(FetchError):
    """The server says that it has no such thread, or no longer shows it."""

    # Whether it is the home of a thread that it once gave, and nothing told what became of that.
    vanished = False


class UnsupportedSoftwareError(FetchError):
    """The host runs something that no source of ours speaks."""


class RateLimitedError(FetchError):
    """The server asks us to wait longer than we are willing to; `retry_after` is in seconds."""

    def __init__(self, message: str, *, next: str, url: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, next=next, url=url)
        self.retry_after = retry_after


class ServerFailedError(FetchError):
    """The server (or the proxy before it) kept failing with a 5xx or an error page."""


class PayloadError(ThreadArchiveError):
    """
    A server answered in a shape that no source promises.

    `source` names the dialect, `path` the place in the answer that failed.
    """

    exit_code = 4

    def __init__(self, message: str, *, next: str, source: str = "", path: str = "") -> None:
        super().__init__(message, next=next)
        self.source = source
        self.path = path


class UnexpectedError(PayloadError):
    """What came was odder than the program foresaw: `reason` is what Python raised. That thread alone is given up."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(
            f"This thread could not be archived: something happened that was not foreseen ({type(reason).__name__}).",
            next="Its answers are kept. Please report it, with the address and what THREAD_ARCHIVE_DEBUG=1 prints.",
        )
        self.reason = reason


class ArchiveError(ThreadArchiveError):
    """The archive cannot be used."""

    exit_code = 5


class ArchiveMissingError(ArchiveError):
    """There is no archive at that path."""


class NotAnArchiveError(ArchiveError):
    """The file is something else: not SQLite, or another program's database."""


class SchemaVersionError(ArchiveError):
    """The archive was made by a newer release than this one."""


class ArchiveBusyError(ArchiveError):
    """Another program kept the archive locked for longer than we wait."""


class ArchiveUnwritableError(ArchiveError):
    """The archive cannot be written: read-only, or the disk is full."""


class ArchiveDamagedError(ArchiveError):
    """SQLite finds the file damaged."""


class SnapshotError(ThreadArchiveError):
    """A snapshot does not verify."""

    exit_code = 6


class NotASnapshotError(SnapshotError):
    """The path holds something else than a snapshot, or one in a form that this release does not know."""


class SnapshotDamagedError(SnapshotError):
    """The snapshot is not what its maker wrote."""
