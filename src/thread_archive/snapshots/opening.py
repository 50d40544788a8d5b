"""A snapshot as something to look at: its files in a folder, its database for a server."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from thread_archive.exceptions import InputError, SnapshotDamagedError
from thread_archive.snapshots.bundle import Bundle
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.inspecting import schema_problem
from thread_archive.snapshots.verifying import check_files

FRONT = "site/index.html"


def is_snapshot(path: Path) -> bool:
    """Whether `path` is to be taken for a snapshot rather than for the file of an archive."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError:
        return False


@contextmanager
def snapshot_database(path: Path) -> Iterator[Path]:
    """
    The database of a snapshot, unpacked where it lies in a zip, as long as the `with` block lasts.

    Raises SnapshotError where the snapshot cannot be read, or its database has tables, views or triggers not of ours.
    """
    with Bundle(path) as bundle:
        database = bundle.database()
        with closing(open_snapshot(database)) as connection:
            problem = schema_problem(connection)
        if problem:
            raise SnapshotDamagedError(f"{path} is not to be trusted: {problem}.", next="Ask for another copy.")
        yield database


def front_page(path: Path) -> Path:
    """
    The page of a snapshot to open in a browser; a zip is unpacked to a new temporary folder, which stays.

    Raises SnapshotError where a file of it is not what its checksum list says, InputError where it has no pages.
    """
    with Bundle(path) as bundle:
        wrong = [finding for finding in check_files(bundle, bundle.listed()) if not finding.ok]
        if wrong:
            raise SnapshotDamagedError(
                f"{path} does not verify: {wrong[0].path}: {wrong[0].message}.",
                next="`thread-archive verify` says more; ask for another copy.",
            )
        if FRONT not in bundle.names:
            raise InputError(
                f"{path} was made without pages.", next=f"`thread-archive serve {path}` shows it with Datasette."
            )
        if path.is_dir():
            return path.absolute() / FRONT
        folder = Path(tempfile.mkdtemp(prefix="thread-archive-"))
        bundle.unpack(folder)
        return folder / FRONT
