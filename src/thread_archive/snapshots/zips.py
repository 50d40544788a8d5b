"""
A snapshot in one file: a zip in which every byte counts.

Every header holds the values that follow from the members' names and contents, in the order of the names, with nothing
before, between or after them; the comment at the end is the SHA-256 of all that stands before it, so that a change
shows which a lax reader would not see. Any zip program opens it. Where sizes or offsets would need the zip64 form, a
folder has to do.

The library's `zipfile` reads laxly by design and writes times and systems of its own; hence these few structures
(APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from thread_archive.exceptions import InputError, SnapshotDamagedError
from thread_archive.snapshots.manifest import NAME

# As small as 9, in three quarters of its time.
LEVEL = 8
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
# Deflated, made by a program that knows version 2.0 of the form, on the first day that the form knows.
_NEEDS, _MADE_BY, _DEFLATED, _DAY = 20, 20 | 3 << 8, 8, 1 << 5 | 1
_MODE = 0o100444 << 16
_COMMENT = b"sha256:"
_COMMENT_SIZE = len(_COMMENT) + 64
_LARGEST = 0xFFFFFFFE
_MOST_MEMBERS = 0xFFFE
# Text and SQLite pages shrink by far less; a file of zeros shrinks a thousand times.
MOST_SHRUNK = 100
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a zip: its `size`, its `packed` size, and where its local header begins."""

    name: str
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def start(self) -> int:
        """Where its packed bytes begin."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def local_header(self) -> bytes:
        """What stands before its bytes."""
        name = self.name.encode("ascii")
        sizes = (self.crc, self.packed, self.size, len(name), 0)
        return _LOCAL.pack(b"PK\3\4", _NEEDS, 0, _DEFLATED, 0, _DAY, *sizes) + name

    @property
    def central_header(self) -> bytes:
        """What stands of it in the list of contents."""
        name = self.name.encode("ascii")
        sizes = (self.crc, self.packed, self.size, len(name), 0, 0, 0, 0, _MODE, self.offset)
        return _CENTRAL.pack(b"PK\1\2", _MADE_BY, _NEEDS, 0, _DEFLATED, 0, _DAY, *sizes) + name


def pack(folder: Path, names: Iterable[str], target: Path) -> None:
    """Write these files of `folder` to the zip `target`. Raises InputError where they are too large for one."""
    with target.open("wb") as out:
        members: list[Member] = []
        for name in sorted(names):
            with (folder / name).open("rb") as file:
                members.append(_pack_member(out, name, file))
        directory = b"".join(member.central_header for member in members)
        start = out.tell()
        if start + len(directory) > _LARGEST or len(members) > _MOST_MEMBERS:
            raise InputError(
                f"{target.name} would be too large for one zip (4 GB, 65,000 files).",
                next="Write a folder instead: a DEST that does not end in .zip, without --zip.",
            )
        out.write(directory + _end(members, start, len(directory)))
    with target.open("r+b") as out:
        digest = _digest(out, target.stat().st_size)
        out.seek(0, os.SEEK_END)
        out.write(_COMMENT + digest.encode("ascii"))


def _pack_member(out: BinaryIO, name: str, file: BinaryIO) -> Member:
    offset = out.tell()
    out.write(bytes(_LOCAL.size + len(name)))
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = size = packed = 0
    while piece := file.read(_CHUNK):
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        packed += out.write(packer.compress(piece))
    packed += out.write(packer.flush())
    if max(size, packed, offset) > _LARGEST:
        raise InputError(
            f"{name} is too large for a zip (4 GB).",
            next="Write a folder instead: a DEST that does not end in .zip, without --zip.",
        )
    member = Member(name=name, crc=crc, packed=packed, size=size, offset=offset)
    end = out.tell()
    out.seek(offset)
    out.write(member.local_header)
    out.seek(end)
    return member


def _end(members: list[Member], start: int, size: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, len(members), len(members), size, start, _COMMENT_SIZE)


def _digest(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0 and (piece := file.read(min(size, _CHUNK))):
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def members_of(file: BinaryIO) -> list[Member]:
    """
    The members of a zip of ours. Raises SnapshotDamagedError where a byte of it, outside the members' packed bytes, is
    not as we write it, where the whole is not what its comment says, or where something would unpack to more than a
    snapshot can hold.
    """
    whole = file.seek(0, os.SEEK_END)
    end = whole - _END.size - _COMMENT_SIZE
    if end < 0:
        raise _damaged("it is too short")
    file.seek(end)
    tail = file.read()
    if tail[_END.size :] != _COMMENT + _digest(file, whole - _COMMENT_SIZE).encode("ascii"):
        raise _damaged("it is not what the digest in its comment says")
    count, size, start = struct.unpack_from("<8xHHLLH", tail)[1:4]
    if start + size != end:
        raise _damaged("something stands before or after its list of contents")
    file.seek(start)
    members = list(_listed(file.read(size)))
    if tail[: _END.size] != _end(members, start, size) or len(members) != count:
        raise _damaged("its end is none of ours")
    _check_layout(file, members, start)
    return members


def _listed(directory: bytes) -> Iterator[Member]:
    at = 0
    while at < len(directory):
        if len(directory) - at < _CENTRAL.size:
            raise _damaged("its list of contents breaks off")
        fields = _CENTRAL.unpack_from(directory, at)
        name = directory[at + _CENTRAL.size : at + _CENTRAL.size + fields[10]].decode("latin-1")
        if NAME.fullmatch(name) is None:
            raise _damaged("a name in it is none of ours")
        member = Member(name=name, crc=fields[7], packed=fields[8], size=fields[9], offset=fields[16])
        if directory[at : at + len(member.central_header)] != member.central_header:
            raise _damaged(f"the entry of {name} is none of ours")
        if member.size > MOST_SHRUNK * member.packed + _CHUNK:
            raise _damaged(f"{name} would unpack to {member.size:,} bytes")
        yield member
        at += len(member.central_header)


def _check_layout(file: BinaryIO, members: list[Member], end: int) -> None:
    names = [member.name for member in members]
    if names != sorted(set(names)):
        raise _damaged("its names are not sorted and different")
    at = 0
    for member in members:
        file.seek(at)
        if member.offset != at or file.read(len(member.local_header)) != member.local_header:
            raise _damaged(f"what stands before {member.name} is none of ours")
        at = member.start + member.packed
    if at != end:
        raise _damaged("something stands between its members and the list of contents")


def unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """A member's bytes, in pieces. Raises SnapshotDamagedError where they are not what its header says."""
    file.seek(member.start)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    left, size, crc = member.packed, 0, 0
    try:
        while not unpacker.eof:
            piece = unpacker.unconsumed_tail or file.read(min(left, _CHUNK))
            if not unpacker.unconsumed_tail:
                left -= len(piece)
            data = unpacker.decompress(piece, _CHUNK)
            if not piece and not data:
                raise _damaged(f"{member.name} breaks off")
            size, crc = size + len(data), zlib.crc32(data, crc)
            if size > member.size:
                raise _damaged(f"{member.name} is longer than its header says")
            yield data
    except zlib.error as error:
        raise _damaged(f"{member.name} cannot be unpacked ({error})") from error
    if left or unpacker.unused_data or size != member.size or crc != member.crc:
        raise _damaged(f"{member.name} is not what its header says")


def _damaged(why: str) -> SnapshotDamagedError:
    return SnapshotDamagedError(f"The zip is damaged: {why}.", next="Ask for another copy.")
