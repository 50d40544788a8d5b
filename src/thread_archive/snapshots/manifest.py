"""The checksum list of a snapshot, in the form that `sha256sum -c` reads: whoever has it needs none of our program."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from thread_archive.exceptions import SnapshotDamagedError

MANIFEST = "manifest-sha256.txt"
SIGNATURE = "manifest-sha256.txt.sig"
# Names as we write them: nothing that climbs out, hides, or means something to a shell or a file system.
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}"
NAME = re.compile(rf"{_NAME}(?:/{_NAME}){{0,3}}")
_LINE = re.compile(rf"(?P<digest>[0-9a-f]{{64}})  (?P<name>{NAME.pattern})")
# A list of more than a million files is none of ours.
LARGEST = 200 * 1024 * 1024
_CHUNK = 1024 * 1024


def file_digest(file: BinaryIO) -> str:
    """The SHA-256 of the rest of `file`, in hexadecimal; holds a piece of it at a time."""
    digest = hashlib.sha256()
    while piece := file.read(_CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def files_in(folder: Path) -> Iterator[str]:
    """
    The names of all files (and whatever else is no folder) below `folder`, with slashes; follows no link.

    Raises OSError where a folder cannot be read.
    """
    for base, folders, files in os.walk(folder, onerror=_raise):
        links = [name for name in folders if Path(base, name).is_symlink()]
        for name in (*files, *links):
            yield Path(base, name).relative_to(folder).as_posix()


def empty_folders_in(folder: Path) -> Iterator[str]:
    """The names of the folders below `folder` that hold nothing. Raises OSError where one cannot be read."""
    for base, folders, files in os.walk(folder, onerror=_raise):
        if not folders and not files and Path(base) != folder:
            yield Path(base).relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error


def write_manifest(folder: Path, known: Mapping[str, str] | None = None) -> str:
    """List every file of `folder`, of which some digests may be `known`; returns the digest of the list itself."""
    digests = dict(known or {})
    for name in files_in(folder):
        if name not in digests:
            with (folder / name).open("rb") as file:
                digests[name] = file_digest(file)
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode("ascii")
    (folder / MANIFEST).write_bytes(listed)
    return hashlib.sha256(listed).hexdigest()


def parse_manifest(listed: bytes) -> Mapping[str, str]:
    """The digest of each file by its name. Raises SnapshotDamagedError where the list is not as we write it."""
    digests: dict[str, str] = {}
    lines = listed.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        found = _LINE.fullmatch(line.decode("latin-1"))
        if found is None:
            raise _damaged(f"line {number} is none of ours")
        digests[found["name"]] = found["digest"]
    if lines[-1] or list(digests) != sorted(digests) or len(digests) != len(lines) - 1:
        raise _damaged("its lines are not complete, sorted and different")
    if MANIFEST in digests or SIGNATURE in digests:
        raise _damaged("it lists itself")
    return digests


def _damaged(why: str) -> SnapshotDamagedError:
    return SnapshotDamagedError(f"The checksum list {MANIFEST} is damaged: {why}.", next="Ask for another copy.")
