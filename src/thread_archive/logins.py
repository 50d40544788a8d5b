"""Logins that are kept: in the system's keyring, or given in an environment variable; for one exact instance each."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import Any

from thread_archive.exceptions import InputError
from thread_archive.urls import host_of

VARIABLE = "THREAD_ARCHIVE_TOKEN"
_SERVICE = "thread-archive"


class Logins:
    """
    Tokens by instance (host, and port where it is not the scheme's own).

    `environment` may hold $THREAD_ARCHIVE_TOKEN: `INSTANCE=TOKEN`, several separated by spaces. It comes before the
    keyring. Raises InputError where it holds anything else.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        entries = enumerate(environment.get(VARIABLE, "").split(), start=1)
        self._tokens: dict[str, str | None] = dict(_entry(*each) for each in entries)
        self._lock = Lock()

    def token(self, instance: str) -> str | None:
        """The token kept for `instance`; None where there is none, or no keyring."""
        with self._lock:
            if instance not in self._tokens:
                keyring = _keyring()
                self._tokens[instance] = keyring.get_password(_SERVICE, instance) if keyring else None
            return self._tokens[instance]

    def require_keyring(self) -> Any:
        """The keyring, before a password is typed in vain. Raises InputError where there is none that works."""
        keyring = _keyring()
        if keyring is None:
            raise InputError(
                "There is no keyring to keep the login in.",
                next=f"Install `thread-archive[keyring]`, or give the token as ${VARIABLE}=INSTANCE=TOKEN.",
            )
        return keyring

    def keep(self, instance: str, token: str) -> None:
        """Put a token into the keyring. Raises InputError where there is none that works."""
        self.require_keyring().set_password(_SERVICE, instance, token)
        with self._lock:
            self._tokens[instance] = token

    def forget(self, instance: str) -> bool:
        """Take a token out of the keyring; returns whether there was one."""
        keyring = _keyring()
        had = keyring is not None and keyring.get_password(_SERVICE, instance) is not None
        if keyring is not None and had:
            keyring.delete_password(_SERVICE, instance)
        with self._lock:
            self._tokens[instance] = None
        return had


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
    """The keyring module with a working back end; None without (it is an optional extra)."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), NoKeyring) else keyring
