"""Ones that keep passwords in a file."""

import json
import os
from pathlib import Path


class Keyring:
    """Works."""

    def __init__(self) -> None:
        self._path = Path(os.environ["STAND_IN_KEYRING"])

    def _entries(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        """The password, None where there is none."""
        return self._entries().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._path.write_text(json.dumps(self._entries() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        """Keep it no longer."""
        entries = self._entries()
        del entries[f"{service} {username}"]
        self._path.write_text(json.dumps(entries))


class LockedKeyring(Keyring):
    """Cannot be read."""

    def get_password(self, service: str, username: str) -> str | None:
        """Refuse."""
        raise RuntimeError("Failed to unlock the collection!")


class FickleKeyring(Keyring):
    """Takes what is only tried, and no token."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse, quoting what it was given as tools do that are run with it."""
        if "(" not in username:
            raise RuntimeError(f"Command 'keep {password}' returned 1.")
        super().set_password(service, username, password)
