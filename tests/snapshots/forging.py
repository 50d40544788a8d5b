"""What somebody does who changes a snapshot and takes care that all its sums fit again."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from thread_archive.snapshots import zips
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.derived import derived_files
from thread_archive.snapshots.describing import DatabaseFile, told_by
from thread_archive.snapshots.manifest import MANIFEST, files_in, write_manifest
from thread_archive.snapshots.verifying import verify


def copied(original: Path, target: Path) -> Path:
    """A copy of a snapshot's folder that can be written."""
    shutil.copytree(original, target)
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def sealed(bundle: Path) -> Path:
    """The snapshot with a checksum list that fits it."""
    (bundle / MANIFEST).unlink(missing_ok=True)
    write_manifest(bundle)
    return bundle


def packed(bundle: Path) -> Path:
    """The snapshot as a zip of the form that we write, beside it."""
    target = bundle.with_suffix(".zip")
    zips.pack(bundle, files_in(bundle), target)
    return target


def forged(bundle: Path, statements: str) -> Path:
    """The snapshot with another database, and with everything that our own program makes of that one."""
    path = bundle / "archive.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; {statements}")
    told = told_by(json.loads((bundle / "datapackage.json").read_text()))
    shutil.rmtree(bundle / "site", ignore_errors=True)
    file = DatabaseFile(size=path.stat().st_size, digest=hashlib.sha256(path.read_bytes()).hexdigest())
    with closing(open_snapshot(path)) as connection:
        for name, content in derived_files(connection, file, told):
            (bundle / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle / name).write_bytes(content)
    return sealed(bundle)


def found(bundle: Path, *, quick: bool = False) -> list[str]:
    """The checks that say that something is wrong."""
    return [finding.check for finding in verify(bundle, quick=quick) if not finding.ok]


@contextmanager
def swapped(one: Path, other: Path) -> Iterator[None]:
    """Each of two files by the name of the other."""
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    yield
    one.write_bytes(first)
    other.write_bytes(second)
