"""Kept logins: from the environment and from a keyring, whatever that does."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from thread_archive.exceptions import InputError
from thread_archive.logins import VARIABLE, Logins, NoKeyringError

STAND_INS = Path(__file__).parent / "stand_ins"
Choose = Callable[[str], None]
TOKEN = "a-very-secret-token"


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Choose]:
    """Chooses the back end of a keyring that is installed; the one of none where it is not called."""
    found = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "keyring"}
    for name in found:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(STAND_INS)
    monkeypatch.setenv("STAND_IN_KEYRING", str(tmp_path / "keyring.json"))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    yield lambda name: monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"keyring.backends.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "keyring"]:
        del sys.modules[name]
    sys.modules.update(found)


@pytest.fixture
def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_the_variable_holds_tokens_of_several_instances(without_keyring: None) -> None:
    logins = Logins({VARIABLE: f"Lemmy.World={TOKEN}  127.0.0.1:8536=x=="})
    assert (logins.token("lemmy.world"), logins.token("127.0.0.1:8536")) == (TOKEN, "x==")
    assert logins.token("other.test") is None
    assert (logins.is_given("lemmy.world"), logins.is_given("other.test")) == (True, False)


@pytest.mark.parametrize(
    "entry", [TOKEN, f"={TOKEN}", "lemmy.world=", f"https://lemmy.world={TOKEN}", f"a b={TOKEN}", f"a..b={TOKEN}"]
)
def test_a_variable_that_cannot_be_read_is_complained_of_without_its_tokens(entry: str) -> None:
    with pytest.raises(InputError, match="INSTANCE=TOKEN") as caught:
        Logins({VARIABLE: f"lemmy.test=x {entry}"})
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_token_is_kept_and_forgotten(keyring: Choose) -> None:
    keyring("file.Keyring")
    logins = Logins({})
    logins.try_keyring()
    assert logins.token("lemmy.test") is None
    logins.keep("lemmy.test", TOKEN)
    assert (logins.token("lemmy.test"), Logins({}).token("lemmy.test")) == (TOKEN, TOKEN)
    logins.forget("lemmy.test")
    assert (logins.token("lemmy.test"), Logins({}).token("lemmy.test")) == (None, None)


def test_trying_the_keyring_leaves_nothing_in_it(keyring: Choose, tmp_path: Path) -> None:
    keyring("file.Keyring")
    Logins({}).try_keyring()
    assert (tmp_path / "keyring.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("nowhere.Keyring", r"cannot be opened \(ModuleNotFoundError: .*nowhere"),
        ("file.LockedKeyring", "Failed to unlock the collection"),
        ("null.Keyring", "does not have it afterwards"),
        ("fail.Keyring", "no keyring service"),
    ],
)
def test_a_keyring_that_keeps_nothing_is_found_out_before_a_login(keyring: Choose, backend: str, words: str) -> None:
    keyring(backend)
    with pytest.raises(InputError, match=words) as caught:
        Logins({}).try_keyring()
    assert VARIABLE in caught.value.next
    assert "[keyring]" not in str(caught.value)


def test_a_keyring_that_cannot_be_written_to_says_which_file(keyring: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring("file.Keyring")
    monkeypatch.setenv("STAND_IN_KEYRING", "/nowhere/keyring.json")
    with pytest.raises(InputError, match=r"cannot be written to \(FileNotFoundError: .*/nowhere/keyring.json"):
        Logins({}).try_keyring()


def test_what_a_keyring_says_of_a_token_that_it_refuses_is_not_repeated(keyring: Choose) -> None:
    keyring("file.FickleKeyring")
    with pytest.raises(InputError, match=r"cannot be written to \(RuntimeError\)") as caught:
        Logins({}).keep("lemmy.test", TOKEN)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("backend", ["nowhere.Keyring", "file.LockedKeyring"])
def test_a_keyring_that_cannot_be_read_is_no_lack_of_a_login(keyring: Choose, backend: str) -> None:
    keyring(backend)
    logins = Logins({VARIABLE: f"given.test={TOKEN}"})
    assert logins.token("given.test") == TOKEN
    with pytest.raises(InputError):
        logins.token("lemmy.test")


@pytest.mark.parametrize("backend", ["null.Keyring", "fail.Keyring"])
def test_where_there_is_no_keyring_no_login_is_kept(keyring: Choose, backend: str) -> None:
    keyring(backend)
    assert Logins({}).token("lemmy.test") is None


def test_without_the_package_it_is_named(without_keyring: None) -> None:
    assert Logins({}).token("lemmy.test") is None
    with pytest.raises(NoKeyringError, match=r"thread-archive\[keyring\]"):
        Logins({}).try_keyring()
