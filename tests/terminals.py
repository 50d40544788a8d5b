"""A person at a terminal: runs a program in one and types when it asks."""

import os
import pty
import re
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERRUPT, END_OF_FILE = "\x03", "\x04"


@dataclass(frozen=True, kw_only=True)
class Session:
    """What was on the screen, and how the program ended."""

    screen: str
    returncode: int


def typed(
    words: Sequence[str],
    answers: Sequence[tuple[str, str]],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float = 60,
) -> Session:
    """
    Run `words` in a terminal; of `answers` each is typed once the screen shows what comes before it.

    An answer that is no control character is followed by a line's end.
    """
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.execve(words[0], list(words), dict(environment))
        finally:
            os._exit(127)
    screen, seen, waiting, until = "", 0, list(answers), time.monotonic() + seconds
    while time.monotonic() < until:
        if waiting and (match := re.compile(re.escape(waiting[0][0])).search(screen, seen)):
            seen = match.end()
            # The prompt is printed before the terminal stops echoing.
            time.sleep(0.1)
            _, text = waiting.pop(0)
            os.write(terminal, (text if text in (INTERRUPT, END_OF_FILE) else f"{text}\n").encode())
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            given = os.read(terminal, 65536)
        except OSError:
            break
        if not given:
            break
        screen += given.decode("utf-8", "replace").replace("\r\n", "\n")
    else:
        os.kill(child, 9)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return Session(screen=screen, returncode=os.waitstatus_to_exitcode(status))
