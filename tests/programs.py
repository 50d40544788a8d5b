"""The program as a process: how it is started."""

import os
import sys

PROGRAM = [sys.executable, "-m", "thread_archive.cli"]


def settings(**more: str) -> dict[str, str]:
    """The environment without what would change what the program prints, and with `more`."""
    others = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM")
    kept = {name: text for name, text in os.environ.items() if not name.startswith("THREAD_ARCHIVE")}
    return {name: text for name, text in kept.items() if name not in others} | more
