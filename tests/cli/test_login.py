"""`thread-archive login` and `logout` as processes, in a terminal."""

import os
import sys
from pathlib import Path

import pytest

from terminals import END_OF_FILE, INTERRUPT, Session, typed

STAND_INS = Path(__file__).parents[1] / "stand_ins"
PROGRAM = [sys.executable, "-m", "thread_archive.cli"]
TOKEN = "a-very-secret-token"


def settings(folder: Path, **more: str) -> dict[str, str]:
    """An environment in which a keyring is installed: by default the one that works."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("THREAD_ARCHIVE")}
    path = os.pathsep.join([str(STAND_INS), plain.get("PYTHONPATH", "")])
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.file.Keyring", "STAND_IN_KEYRING": str(folder / "keyring")}
    return plain | {"PYTHONPATH": path} | keyring | more


def at_terminal(folder: Path, *words: str, answers: tuple[tuple[str, str], ...] = (), **environment: str) -> Session:
    return typed([*PROGRAM, *words], answers, folder=folder, environment=settings(folder, **environment))


@pytest.mark.parametrize("key", [INTERRUPT, END_OF_FILE])
@pytest.mark.parametrize("answers", [(), (("Name", "mara_finch"),)], ids=["name", "password"])
def test_who_stops_at_a_prompt_is_told_that_no_login_was_kept(
    tmp_path: Path, answers: tuple[tuple[str, str], ...], key: str
) -> None:
    prompt = "Password: " if answers else "home.test: "
    ran = at_terminal(tmp_path, "login", "home.test", answers=(*answers, (prompt, key)))
    assert ran.returncode == 130
    assert ran.screen.endswith("\nthread-archive: No login was kept.\n")
