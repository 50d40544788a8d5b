#!/usr/bin/env python3
"""
Everything from one command, on a machine with nothing but Python and pip:

    python3 run.py demo        sets up, and archives a bundled thread
    python3 run.py test        sets up, and runs the tests
    python3 run.py VERB …      sets up, and runs `thread-archive VERB …`

All is installed into the folder .venv beside this file, only when pyproject.toml has changed. It needs neither root,
nor Debian's python3-venv, nor leave to change the system's Python (PEP 668).
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST:
        return stop(f"thread-archive needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    testing = arguments[:1] == ["test"]
    try:
        set_up("test" if testing else None)
    except subprocess.CalledProcessError as error:
        return stop(
            f"Setting up failed: {' '.join(map(str, error.cmd))} ended with {error.returncode}. Its reason is above."
        )
    if testing:
        # All of them by two processes, a file at a time: half of what they take is waiting.
        chosen = arguments[1:] or ["-n", "2", "--dist", "loadfile", str(HERE / "tests")]
        command = [str(PYTHON), "-m", "pytest", "--rootdir", str(HERE), *chosen]
    else:
        command = [str(PYTHON), "-m", "thread_archive.cli", *arguments]
        os.environ["THREAD_ARCHIVE_COMMAND"] = "python3 run.py"
    if os.name == "nt":
        return subprocess.run(command).returncode
    os.execv(command[0], command)
    raise AssertionError("not reached")


def set_up(group: str | None) -> None:
    """Make the environment and install the program into it, and what the dependency group `group` holds."""
    stamp = ENVIRONMENT / f"installed-{group or 'program'}"
    wanted = hashlib.sha256((HERE / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and PYTHON.exists():
        return
    if not PYTHON.exists():
        say("making .venv …")
        # Without pip: Debian keeps what would put it there in a package of its own (python3-venv).
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(ENVIRONMENT)], check=True)
    say("installing thread-archive and what it needs into .venv …")
    install("--editable", str(HERE), *(requirements(group) if group else []))
    stamp.write_text(wanted)


def requirements(group: str) -> list[str]:
    """A dependency group of pyproject.toml; the pip of Debian 12 cannot read one itself."""
    import tomllib

    with (HERE / "pyproject.toml").open("rb") as file:
        groups = tomllib.load(file)["dependency-groups"]
    return [str(requirement) for requirement in groups[group]]


def install(*what: str) -> None:
    """Install with this Python's pip into the environment; with a pip of its own where this Python has none."""
    options = ["--quiet", "--disable-pip-version-check"]
    has_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0
    if has_pip:
        command = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", *options, *what]
    else:
        subprocess.run([str(PYTHON), "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
        command = [str(PYTHON), "-m", "pip", "install", *options, *what]
    subprocess.run(command, check=True)


def say(text: str) -> None:
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def stop(text: str) -> int:
    say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
