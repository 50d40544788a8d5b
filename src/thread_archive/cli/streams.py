"""The standard streams: whoever starts the program may have closed one, or have no room for what it writes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from thread_archive.exceptions import InputError


def prepare() -> None:
    """
    Give input and messages something to be where they are closed: nothing is read, and nobody is told.

    Raises InputError where standard output is closed; where it cannot be written, what writes to it does from now on.
    """
    # In this order, which is that of their numbers: no other file may come to lie under the number of a closed one.
    if sys.stdin is None:
        sys.stdin = TextIOWrapper(os.fdopen(os.open(os.devnull, os.O_RDONLY), "rb"))
    if sys.stdout is None:
        raise _unwritable("it is closed")
    if sys.stderr is None:
        sys.stderr = TextIOWrapper(os.fdopen(os.open(os.devnull, os.O_WRONLY), "wb"))
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout = _Output(
            sys.stdout.buffer,
            encoding=sys.stdout.encoding,
            errors=sys.stdout.errors,
            line_buffering=sys.stdout.line_buffering,
            write_through=sys.stdout.write_through,
        )


def give_up_output() -> None:
    """Let go what standard output could not take: the interpreter would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Output(TextIOWrapper):
    """Standard output, of which an error can be told from that of any other file."""

    def write(self, text: str, /) -> int:
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        with self._told():
            super().flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            give_up_output()
            raise _unwritable(error.strerror or str(error)) from error


def _unwritable(why: str) -> InputError:
    return InputError(f"Standard output cannot be written ({why}).", next="Send it to where it can be.")
