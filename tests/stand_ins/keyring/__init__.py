"""
A stand-in for the package keyring, which is an extra: in front of the import path it is what the program finds.

The back end is chosen as there, by $PYTHON_KEYRING_BACKEND; the one that works is a file, named in $STAND_IN_KEYRING.
"""

import os
from importlib import import_module
from typing import Any


def get_keyring() -> Any:
    """The back end, made anew."""
    module, _, name = os.environ.get("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring").rpartition(".")
    return getattr(import_module(module), name)()


def get_password(service: str, username: str) -> str | None:
    """What the back end has."""
    return get_keyring().get_password(service, username)


def set_password(service: str, username: str, password: str) -> None:
    """Put it into the back end."""
    get_keyring().set_password(service, username, password)


def delete_password(service: str, username: str) -> None:
    """Take it out of the back end."""
    get_keyring().delete_password(service, username)
