"""A limit to how long SQLite may work on a search."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

# SQLite asks after so many steps of its machine: about every millisecond.
_STEPS = 2_000


class TimeUp(Exception):  # noqa: N818 - not an error: what was asked for takes longer than was allowed
    """The search was stopped."""


@contextmanager
def deadline(connection: sqlite3.Connection, seconds: float | None) -> Iterator[None]:
    """Stop whatever SQLite does on `connection` after `seconds`, raising TimeUp; None sets no limit."""
    if seconds is None:
        yield
        return
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_INTERRUPT:
            raise TimeUp from error
        raise
    finally:
        connection.set_progress_handler(None, 0)
