"""`thread-archive export`: one thread in a file."""

import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from thread_archive.cli.options import db_option, find_thread
from thread_archive.cli.streams import give_up_output
from thread_archive.cli.terminal import messages
from thread_archive.controls import without_controls
from thread_archive.exceptions import InputError
from thread_archive.snapshots.exporting import FORMATS, export
from thread_archive.store.archive import Archive
from thread_archive.store.restrictions import has_restricted

_NOT_FOR_ALL = (
    "The file holds what only a login showed, what its server purged or no longer shows, what is unconfirmed, or texts "
    "of people who ask not to be archived; `thread-archive snapshot` leaves all of these out."
)


@click.command()
@click.argument("thread", metavar="THREAD")
@db_option
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What kind of file to write.")
@click.option(
    "--raw",
    is_flag=True,
    help="Keep every character as it was written, formulas and those that steer terminals and readers too.",
)
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="The file (default: standard output).")
def command(thread: str, db: Path, form: str, raw: bool, target: Path | None) -> int:
    """
    Write one thread to one file: html, a page that needs nothing beside it; md, a text; jsonl, what `show --json`
    prints; csv, rows for a spreadsheet, none of which is taken for a formula.

    Characters that show nothing and steer whoever shows a text (escapes, marks of direction, tags) are left out; in
    jsonl they are written as escapes. A terminal gets none even with --raw.

    The file is for you: it has all that `show` prints. A snapshot leaves out what is not for everybody.
    """
    with Archive.open(db, read_only=True) as archive:
        post_id = find_thread(archive, thread)
        try:
            with _opened(target) as out:
                # Whatever is asked for: a terminal would obey what strangers wrote.
                shown = without_controls if raw and out.isatty() else str
                for piece in export(archive, post_id, form, raw):
                    out.write(shown(piece).encode("utf-8", "replace"))
        except BrokenPipeError:
            raise
        except OSError as error:
            if target is None:
                give_up_output()
            raise InputError(
                f"{target or 'Standard output'} cannot be written ({error.strerror or error}).",
                next="Give another file with -o.",
            ) from error
        with archive.reading() as connection:
            if has_restricted(connection, post_id):
                messages().print(_NOT_FOR_ALL)
    return 0


@contextmanager
def _opened(target: Path | None) -> Iterator[BinaryIO]:
    """Where to write what is to be `target`, or standard output."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif target.exists() and not target.is_file():
        # A pipe or a device is written to; another file cannot take its place.
        with target.open("wb") as out:
            yield out
    else:
        with _replacing(target.resolve()) as out:
            yield out


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that takes its place when it is whole; on an error what was there stays as it was."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as out:
            yield out
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
