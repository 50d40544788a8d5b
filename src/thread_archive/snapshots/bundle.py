"""A snapshot as a reader finds it, a folder or one zip: its files by name, none of them trusted."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Self

from thread_archive.exceptions import NotASnapshotError, SnapshotDamagedError
from thread_archive.snapshots import zips
from thread_archive.snapshots.layout import DATABASE, DESCRIPTION
from thread_archive.snapshots.manifest import LARGEST, MANIFEST, empty_folders_in, files_in, parse_manifest

_CHUNK = 1024 * 1024
_MOST_FILES = 1_000_000

State = tuple[int, int, int, int]
"""By what a file is known to be the same as before: device, number, size, time of the last change (ns)."""


class Bundle:
    """
    An open snapshot; a context manager.

    `names` are its files. Raises NotASnapshotError where `path` is none, SnapshotDamagedError where its form is not
    ours: links, devices and empty folders in a folder, any strange byte in a zip.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closing = ExitStack()
        self._zip: BinaryIO | None = None
        self._members: dict[str, zips.Member] = {}
        self._states: dict[str, State] = {}
        self._unpacked: Path | None = None
        if path.is_dir():
            self._states = dict(_files_of(path))
            self.names = frozenset(self._states)
        elif path.is_file():
            with ExitStack() as opening:
                self._zip = opening.enter_context(path.open("rb"))
                self._members = {member.name: member for member in _members(self._zip, path)}
                self._closing = opening.pop_all()
            self.names = frozenset(self._members)
        else:
            raise _no_snapshot(path, "does not exist")
        if MANIFEST not in self.names:
            self.close()
            raise _no_snapshot(path, f"has no {MANIFEST}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it, and take away what was unpacked."""
        self._closing.close()

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of one of its files, in pieces. Raises SnapshotDamagedError where they cannot be unpacked."""
        if self._zip is not None:
            yield from zips.unpacked(self._zip, self._members[name])
            return
        with open(self.path / name, "rb", opener=_opened) as file:
            while piece := file.read(_CHUNK):
                yield piece

    def read(self, name: str, *, most: int) -> bytes:
        """A small file. Raises SnapshotDamagedError where it is not there, or larger than `most` bytes."""
        if name not in self.names:
            raise SnapshotDamagedError(f"{name} is missing.", next="Ask for another copy.")
        found = b""
        for piece in self.pieces(name):
            found += piece
            if len(found) > most:
                raise SnapshotDamagedError(f"{name} is larger than it can be.", next="Ask for another copy.")
        return found

    def checksums(self) -> bytes:
        """Its checksum list, as it is written. Raises SnapshotDamagedError where it is larger than it can be."""
        return self.read(MANIFEST, most=LARGEST)

    def listed(self) -> Mapping[str, str]:
        """The digest of each file by its name. Raises SnapshotDamagedError where the list is not as we write it."""
        return parse_manifest(self.checksums())

    def description(self) -> dict[str, Any]:
        """What `datapackage.json` says of it. Raises SnapshotDamagedError where that cannot be read."""
        try:
            told = json.loads(self.read(DESCRIPTION, most=200 * _CHUNK))
        except (ValueError, RecursionError) as error:
            raise SnapshotDamagedError(f"{DESCRIPTION} cannot be read.", next="Ask for another copy.") from error
        if not isinstance(told, dict) or not isinstance(told.get("thread_archive"), dict):
            raise SnapshotDamagedError(f"{DESCRIPTION} does not describe a snapshot.", next="Ask for another copy.")
        return told

    def database(self) -> Path:
        """The path of its database, unpacked to a temporary folder, once, where it lies in a zip."""
        if DATABASE not in self.names:
            raise SnapshotDamagedError(f"{DATABASE} is missing.", next="Ask for another copy.")
        if self._zip is None:
            return self.path / DATABASE
        if self._unpacked is None:
            target = self._temporary() / DATABASE
            with target.open("wb") as out:
                for piece in self.pieces(DATABASE):
                    out.write(piece)
            target.chmod(0o444)
            self._unpacked = target
        return self._unpacked

    def changed(self) -> list[str]:
        """The names of files in a folder that somebody wrote, added or took away since it was opened."""
        if self._zip is not None:
            return []
        now = dict(_files_of(self.path))
        return sorted(name for name in now.keys() | self.names if now.get(name) != self._states.get(name))

    def unpack(self, folder: Path) -> None:
        """Write all its files below `folder`."""
        for name in self.names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as out:
                for piece in self.pieces(name):
                    out.write(piece)

    def _temporary(self) -> Path:
        return Path(self._closing.enter_context(TemporaryDirectory(prefix="thread-archive-")))


def _opened(path: str, flags: int) -> int:
    """Open a file that was no link or pipe when it was looked at, and may have become one: neither is waited for."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _no_snapshot(path: Path, why: str) -> NotASnapshotError:
    return NotASnapshotError(f"{path} is no snapshot: it {why}.", next="Give the folder or the zip of one.")


def _members(file: BinaryIO, path: Path) -> list[zips.Member]:
    if file.read(2) != b"PK":
        raise _no_snapshot(path, "is neither a folder nor a zip")
    return zips.members_of(file)


def _files_of(folder: Path) -> Iterator[tuple[str, State]]:
    """The files of a folder by their names, each as it stands."""
    try:
        for name in empty_folders_in(folder):
            raise _strange(name, "an empty folder")
        for count, name in enumerate(files_in(folder)):
            found = (folder / name).lstat()
            if not stat.S_ISREG(found.st_mode):
                raise _strange(name, "a link or a device")
            if count > _MOST_FILES:
                raise _no_snapshot(folder, "holds too many files")
            yield name, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    except OSError as error:
        raise SnapshotDamagedError(
            f"{folder} cannot be read ({error.strerror or error}).", next="Check its permissions, or ask for another."
        ) from error


def _strange(name: str, what: str) -> SnapshotDamagedError:
    return SnapshotDamagedError(f"{name} is {what}.", next="Do not use this copy; ask for another.")
