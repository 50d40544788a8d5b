"""Programs run in a terminal of a given width: what they print there."""

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def in_terminal(
    command: Sequence[str], folder: Path, *, columns: int, environment: Mapping[str, str]
) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    """Start `command` with its output in a terminal; gives the process and what its screen is read from."""
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (50, columns))
    settings = dict(environment) | {"TERM": environment.get("TERM", "xterm")}
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, env=settings
    )
    os.close(terminal)
    try:
        yield process, screen
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def printed(command: Sequence[str], folder: Path, *, columns: int, environment: Mapping[str, str]) -> tuple[int, str]:
    """How `command` ended in a terminal, and what it printed there."""
    with in_terminal(command, folder, columns=columns, environment=environment) as (process, screen):
        pieces = []
        with suppress(OSError):  # the end, as Linux tells it
            while piece := os.read(screen, 65536):
                pieces.append(piece)
        return process.wait(60), b"".join(pieces).decode(errors="replace").replace("\r\n", "\n")


def seen_within(screen: int, seconds: float, *texts: str) -> bool:
    """Whether all `texts` come on a screen within so many seconds."""
    deadline, shown = time.monotonic() + seconds, b""
    while not all(text.encode() in shown for text in texts) and (left := deadline - time.monotonic()) > 0:
        if select.select([screen], [], [], left)[0]:
            shown += os.read(screen, 65536)
    return all(text.encode() in shown for text in texts)
