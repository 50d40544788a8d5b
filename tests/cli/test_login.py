"""`thread-archive login` and `logout` as processes, in a terminal."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_lemmy import Account, Instance, Server, faults, thread
from terminals import END_OF_FILE, INTERRUPT, Session, typed

STAND_INS = Path(__file__).parents[1] / "stand_ins"
PROGRAM = [sys.executable, "-m", "thread_archive.cli"]
TOKEN = "a-very-secret-token"
ANSWERS = (("Name or e-mail", "mara_finch"), ("Password: ", "tide"))


def settings(folder: Path, **more: str) -> dict[str, str]:
    """An environment in which a keyring is installed: by default the one that works."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("THREAD_ARCHIVE")}
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.file.Keyring", "STAND_IN_KEYRING": str(folder / "keyring")}
    return plain | {"PYTHONPATH": _path(STAND_INS)} | keyring | more


def _path(first: Path) -> str:
    return os.pathsep.join([str(first), os.environ.get("PYTHONPATH", "")])


def at_terminal(folder: Path, *words: str, answers: tuple[tuple[str, str], ...] = (), **environment: str) -> Session:
    return typed([*PROGRAM, *words], answers, folder=folder, environment=settings(folder, **environment))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with an account, called by the address that it has."""
    server = Server()
    world = thread(Instance(domain=f"127.0.0.1:{server.port}"))
    world.accounts.append(Account(person_id=3, name="mara_finch", password="tide", token=TOKEN))
    server.add(world)
    with server:
        yield server


@pytest.mark.parametrize("key", [INTERRUPT, END_OF_FILE])
@pytest.mark.parametrize("answers", [(), (("Name", "mara_finch"),)], ids=["name", "password"])
def test_who_stops_at_a_prompt_is_told_that_no_login_was_kept(
    tmp_path: Path, server: Server, answers: tuple[tuple[str, str], ...], key: str
) -> None:
    (world,) = server.worlds.values()
    words = ("login", "--allow-private-network", f"http://{world.instance.domain}")
    ran = at_terminal(tmp_path, *words, answers=(*answers, ("Password: " if answers else "Name or e-mail", key)))
    assert ran.returncode == 130
    assert ran.screen.endswith("\nthread-archive: No login was kept.\n")


def test_a_login_is_kept_and_given_up(tmp_path: Path, server: Server) -> None:
    (world,) = server.worlds.values()
    url = f"http://{world.instance.domain}"
    logged_in = at_terminal(tmp_path, "login", "--allow-private-network", url, answers=ANSWERS)
    assert (logged_in.returncode, "Logged in at 127.0.0.1" in logged_in.screen) == (0, True)
    assert TOKEN in (tmp_path / "keyring").read_text()
    logged_out = at_terminal(tmp_path, "logout", "--allow-private-network", url)
    assert (logged_out.returncode, "is forgotten" in logged_out.screen) == (0, True)
    assert (tmp_path / "keyring").read_text() == "{}"
    assert world.accounts == []
    assert "No login is kept for 127.0.0.1" in at_terminal(tmp_path, "logout", url).screen
    assert not {"tide", TOKEN} & set((logged_in.screen + logged_out.screen).split())


def test_a_token_that_cannot_be_kept_is_given_back(tmp_path: Path, server: Server) -> None:
    (world,) = server.worlds.values()
    words = ("login", "--allow-private-network", f"http://{world.instance.domain}")
    ran = at_terminal(tmp_path, *words, answers=ANSWERS, PYTHON_KEYRING_BACKEND="keyring.backends.file.FickleKeyring")
    assert ran.returncode == 2
    assert "cannot be written to" in ran.screen
    assert "The login was ended at 127.0.0.1" in ran.screen
    assert world.accounts == []
    assert TOKEN not in ran.screen


def test_a_token_that_can_neither_be_kept_nor_given_back_is_told_of(tmp_path: Path, server: Server) -> None:
    (world,) = server.worlds.values()
    server.faults.add(faults.says("{}", 404), path="logout")
    words = ("login", "--allow-private-network", f"http://{world.instance.domain}")
    ran = at_terminal(tmp_path, *words, answers=ANSWERS, PYTHON_KEYRING_BACKEND="keyring.backends.file.FickleKeyring")
    assert ran.returncode == 2
    assert f"The login is valid at {world.instance.domain} until you end it in the settings there" in ran.screen
    assert TOKEN not in ran.screen


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("nowhere.Keyring", "cannot be opened"),
        ("keyring.backends.fail.Keyring", "no keyring service"),
        ("keyring.backends.null.Keyring", "does not have it afterwards"),
    ],
)
def test_a_keyring_that_does_not_work_is_told_of_before_anything_is_asked(
    tmp_path: Path, backend: str, words: str
) -> None:
    ran = at_terminal(tmp_path, "login", "home.test", PYTHON_KEYRING_BACKEND=backend)
    assert (ran.returncode, ran.screen.count("\n")) == (2, 1)
    assert words in ran.screen
    assert "$THREAD_ARCHIVE_TOKEN=INSTANCE=TOKEN" in ran.screen


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("http://127.0.0.1:1", 3, "refused the connection"),
        ("http://192.168.7.7", 3, "would get the login unencrypted"),
        ("{old}", 2, "only within URLs"),
    ],
    ids=["nobody there", "unencrypted", "0.18"],
)
def test_an_instance_that_takes_no_login_is_told_of_before_anything_is_asked(
    tmp_path: Path, url: str, code: int, words: str
) -> None:
    server = Server()
    server.add(thread(Instance(domain=f"127.0.0.1:{server.port}", version="0.18.5")))
    with server:
        url = url.format(old=f"http://127.0.0.1:{server.port}")
        ran = at_terminal(tmp_path, "login", "--allow-private-network", url)
    assert ran.returncode == code
    assert words in ran.screen
    assert "Name" not in ran.screen


def test_a_login_from_the_variable_is_said_to_come_from_there(tmp_path: Path) -> None:
    given = {"THREAD_ARCHIVE_TOKEN": f"home.test={TOKEN}"}
    for backend in ("file", "fail"):
        ran = at_terminal(
            tmp_path, "logout", "home.test", PYTHON_KEYRING_BACKEND=f"keyring.backends.{backend}.Keyring", **given
        )
        assert (ran.returncode, ran.screen.count("\n")) == (0, 1)
        assert "comes from $THREAD_ARCHIVE_TOKEN" in ran.screen


def test_without_a_keyring_nobody_can_tell_whether_a_login_is_kept(tmp_path: Path) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError('not installed')")
    ran = at_terminal(tmp_path, "logout", "home.test", PYTHONPATH=_path(tmp_path))
    assert ran.returncode == 2
    assert "not installed. Nobody can tell whether a login is kept" in ran.screen
