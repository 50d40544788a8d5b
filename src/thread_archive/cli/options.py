"""Options and arguments that several verbs share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from thread_archive.exceptions import UnknownThreadError, UnsupportedURLError
from thread_archive.store import reading, settings
from thread_archive.store.archive import Archive
from thread_archive.urls import parse_thread_url, without_password

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_DB = "archive.db"
_CONTACT = "contact"


def db_option(function: F) -> F:
    """`--db PATH`."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path, dir_okay=True),
        default=lambda: Path(os.environ.get("THREAD_ARCHIVE_DB") or DEFAULT_DB),
        help="The archive's file (default: archive.db, or $THREAD_ARCHIVE_DB).",
    )(function)


def unused_db_option(function: F) -> F:
    """`--db PATH` of a verb that uses no archive, so that it can be given to every verb."""
    return click.option("--db", expose_value=False, hidden=True)(function)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")(function)


def unverified_option(function: F) -> F:
    """`--unverified`."""
    return click.option(
        "--unverified",
        is_flag=True,
        help="Show a snapshot without checking it: its texts are rendered anew, and every page says so.",
    )(function)


def contact_option(function: F) -> F:
    """`--contact`."""
    return click.option(
        "--contact",
        default=lambda: os.environ.get("THREAD_ARCHIVE_CONTACT") or None,
        help="A URL or address for the User-Agent, so that admins can reach you (or $THREAD_ARCHIVE_CONTACT). "
        "The archive keeps it, for later visits and for what you share.",
    )(function)


def kept_contact(archive: Archive, contact: str | None) -> str | None:
    """The contact to use: the one that is given, which the archive keeps from now on, else the one that it keeps."""
    kept = settings.get(archive.db.conn, _CONTACT)
    if contact and contact != kept:
        with archive.transaction() as connection:
            settings.put(connection, _CONTACT, contact)
    return contact or kept


def find_thread(archive: Archive, text: str) -> int:
    """The row of the thread that `text` means: an id of `ls`, an ap_id, or any URL. Raises UnknownThreadError."""
    found: int | None = None
    if text.isascii() and text.isdigit() and len(text) < 19:
        found = reading.post_by_row_id(archive, int(text))
    else:
        found = reading.post_by_ap_id(archive, text.encode("utf-8", "replace").decode())
        if found is None:
            found = _by_url(archive, text)
    if found is None:
        raise UnknownThreadError(
            f"The archive {archive.path} has no thread {without_password(text)!r}.",
            next="`thread-archive ls` lists what it has; `thread-archive add URL` adds a thread.",
        )
    return found


def _by_url(archive: Archive, text: str) -> int | None:
    try:
        url = parse_thread_url(text)
    except UnsupportedURLError:
        return None
    if url.software:
        return reading.post_by_ap_id(archive, url.canonical)
    kind, local_id = url.named
    for instance in filter(None, (url.instance, url.fallback)):
        for scheme in ("https", "http"):
            if found := reading.post_by_ap_id(archive, f"{scheme}://{instance}/{kind}/{local_id}"):
                return found
        if found := reading.post_by_local_id(archive, instance, kind, local_id):
            return found
    return None
