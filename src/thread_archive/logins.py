"""Logins that are kept: in the system's keyring, or given in an environment variable; for one exact instance each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from thread_archive.exceptions import InputError
from thread_archive.urls import host_of

VARIABLE = "THREAD_ARCHIVE_TOKEN"
_SERVICE = "thread-archive"
# What is written and taken out again to find out whether anything can be kept; no instance is called so.
_TRIAL = "(trial)"
_INSTEAD = f"give the token as ${VARIABLE}=INSTANCE=TOKEN"


class NoKeyringError(InputError):
    """There is no keyring: the extra is not installed, or the system has no service behind it."""


class Logins:
    """
    Tokens by instance (host, and port where it is not the scheme's own).

    `environment` may hold $THREAD_ARCHIVE_TOKEN: `INSTANCE=TOKEN`, several separated by spaces. It comes before the
    keyring. Raises InputError where it holds anything else.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = dict(_entry(*each) for each in enumerate(environment.get(VARIABLE, "").split(), start=1))
        self._kept: dict[str, str | None] = {}
        self._lock = Lock()

    def is_given(self, instance: str) -> bool:
        """Whether the environment holds a token for `instance`."""
        return instance in self._given

    def token(self, instance: str) -> str | None:
        """
        The token for `instance`; None where there is none, or no keyring.

        Raises InputError where there is a keyring that cannot be read.
        """
        if instance in self._given:
            return self._given[instance]
        with self._lock:
            if instance not in self._kept:
                try:
                    self._kept[instance] = self.kept(instance)
                except NoKeyringError:
                    self._kept[instance] = None
            return self._kept[instance]

    def kept(self, instance: str) -> str | None:
        """The token that the keyring has for `instance`. Raises InputError where there is no keyring to be read."""
        keyring = _keyring()
        with _telling("The keyring cannot be read"):
            token: str | None = keyring.get_password(_SERVICE, instance)
        return token

    def try_keyring(self) -> None:
        """
        Find out whether a login could be kept, before a password is typed in vain: by an entry that goes again.

        Raises InputError where it could not.
        """
        self.keep(_TRIAL, _TRIAL)
        self.forget(_TRIAL)

    def keep(self, instance: str, token: str) -> None:
        """Put a token into the keyring. Raises InputError where that cannot be, or where it is not there afterwards."""
        keyring = _keyring()
        # Of what goes wrong with a token in hand only the name is told: a back end may quote what it was given.
        with _telling("The keyring cannot be written to", quoting=token == _TRIAL):
            keyring.set_password(_SERVICE, instance, token)
        if self.kept(instance) != token:
            raise InputError(
                "The keyring takes a login and does not have it afterwards.",
                next=f"Set up another one, or {_INSTEAD}.",
            )
        with self._lock:
            self._kept[instance] = token

    def forget(self, instance: str) -> None:
        """Take a token out of the keyring. Raises InputError where that cannot be."""
        keyring = _keyring()
        with _telling("The keyring cannot be written to"):
            keyring.delete_password(_SERVICE, instance)
        with self._lock:
            self._kept[instance] = None


def _entry(number: int, entry: str) -> tuple[str, str]:
    """Instance and token of an entry of the variable; the error quotes none of it, as it may be the token."""
    instance, _, token = entry.partition("=")
    if token and "/" not in instance:
        with suppress(ValueError):
            return host_of(f"https://{instance}"), token
    raise InputError(
        f"${VARIABLE} cannot be read: its entry {number} is not of the form INSTANCE=TOKEN.",
        next="INSTANCE is a host, as in lemmy.world=TOKEN; several are separated by spaces.",
    )


def _keyring() -> Any:
    """The keyring module (it is an optional extra) with a back end. Raises InputError."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError as error:
        raise NoKeyringError(
            "The package keyring, which keeps logins, is not installed.",
            next=f"Install `thread-archive[keyring]`, or {_INSTEAD}.",
        ) from error
    with _telling("The keyring cannot be opened"):
        backend = keyring.get_keyring()
    if isinstance(backend, NoKeyring):
        raise NoKeyringError(
            "There is no keyring service on this system to keep a login in.",
            next=f"Start or install one, such as GNOME Keyring or KWallet, or {_INSTEAD}.",
        )
    return keyring


@contextmanager
def _telling(what: str, *, quoting: bool = True) -> Iterator[None]:
    """Whatever a back end raises, as a sentence; its own words only if `quoting`."""
    try:
        yield
    # Each raises what its system does.
    except Exception as error:
        words = " ".join(str(error).split()) if quoting or isinstance(error, OSError) else ""
        reason = f"{type(error).__name__}: {words}" if words else type(error).__name__
        raise InputError(f"{what} ({reason}).", next=f"Unlock or mend it, or {_INSTEAD}.") from error
