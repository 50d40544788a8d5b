"""The stylesheet and the script, under names that change with what is in them, so that they can be kept for ever."""

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
ASSETS = ("pages.css", "pages.js", "search.js")


@cache
def content(name: str) -> bytes:
    """The bytes of one of ASSETS; raises KeyError for any other name."""
    if name not in ASSETS:
        raise KeyError(name)
    return (files("thread_archive.pages") / "static" / name).read_bytes()


def content_type(name: str) -> str:
    """The media type of one of ASSETS."""
    return _TYPES[name.rpartition(".")[2]]


@cache
def hashed_name(name: str) -> str:
    """`pages.0123456789ab.css` for `pages.css`."""
    stem, _, kind = name.partition(".")
    return f"{stem}.{hashlib.sha256(content(name)).hexdigest()[:12]}.{kind}"


@cache
def integrity(name: str) -> str:
    """The digest of one of ASSETS as Subresource Integrity and Content-Security-Policy write it: `sha256-…`."""
    return digest(content(name).decode())


def digest(text: str) -> str:
    """The SHA-256 of a script's or a stylesheet's text as a policy writes it."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def by_hashed_name() -> dict[str, str]:
    """Which of ASSETS a hashed name means."""
    return {hashed_name(name): name for name in ASSETS}
