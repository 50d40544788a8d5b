"""Kept logins: from the environment and from a keyring, whatever that does."""

import sys

import pytest

from thread_archive.exceptions import InputError
from thread_archive.logins import VARIABLE, Logins

TOKEN = "a-very-secret-token"


@pytest.fixture
def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_the_variable_holds_tokens_of_several_instances(without_keyring: None) -> None:
    logins = Logins({VARIABLE: f"Lemmy.World={TOKEN}  127.0.0.1:8536=x=="})
    assert (logins.token("lemmy.world"), logins.token("127.0.0.1:8536")) == (TOKEN, "x==")
    assert logins.token("other.test") is None


@pytest.mark.parametrize(
    "entry", [TOKEN, f"={TOKEN}", "lemmy.world=", f"https://lemmy.world={TOKEN}", f"a b={TOKEN}", f"a..b={TOKEN}"]
)
def test_a_variable_that_cannot_be_read_is_complained_of_without_its_tokens(entry: str) -> None:
    with pytest.raises(InputError, match="INSTANCE=TOKEN") as caught:
        Logins({VARIABLE: f"lemmy.test=x {entry}"})
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
