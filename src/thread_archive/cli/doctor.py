"""`thread-archive doctor`: check the archive."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from thread_archive.archiving import reread
from thread_archive.cli.findings import print_finding
from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import messages, print_json
from thread_archive.counting import counted
from thread_archive.exceptions import ArchiveError, ThreadArchiveError
from thread_archive.store.archive import Archive
from thread_archive.store.checks import Finding, check
from thread_archive.store.dump import content_digest


@click.command()
@db_option
@json_option
@click.option("--deep", is_flag=True, help="Also reread a copy and compare it with the archive.")
def command(db: Path, as_json: bool, deep: bool) -> int:
    """Check the file, its references, its index and the kept answers, and say what to do about what is wrong."""
    sound = True
    with Archive.open(db, read_only=True) as archive, Busy(messages(), "checking…") as busy:
        for finding in busy.around(_findings(archive, deep=deep)):
            sound = sound and finding.ok
            if as_json:
                print_json(finding.as_json())
                continue
            print_finding(finding)
    return 0 if sound else ArchiveError.exit_code


def _findings(archive: Archive, *, deep: bool) -> Iterator[Finding]:
    yield from check(archive)
    if deep:
        yield _reread_copy(archive)


def _reread_copy(archive: Archive) -> Finding:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "copy.db"
        try:
            archive.copy_to(path)
            with Archive.open(path) as copy:
                done = reread(copy)
                same = content_digest(copy) == content_digest(archive)
        except ThreadArchiveError as error:
            return Finding(check="reread", ok=False, path=str(archive.path), message=str(error))
    message = (
        f"{counted(done.captures, 'capture')} reread, with the same rows"
        if same
        else "the captures give other rows than the archive has; `thread-archive reread` brings them in"
    )
    return Finding(check="reread", ok=same, path="", message=message)
