"""
Verifying a snapshot: is it, byte for byte, what its checksum list says, sound in itself, and signed by whom? And does
whatever people see of it follow from its database?
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from enum import IntEnum
from pathlib import Path
from typing import Any

from thread_archive.counting import counted
from thread_archive.exceptions import SnapshotDamagedError, SnapshotError
from thread_archive.snapshots.bundle import Bundle
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.derived import FILES, TEXTS, check_derived, check_texts
from thread_archive.snapshots.describing import DatabaseFile, is_of_this_release, told_by
from thread_archive.snapshots.inspecting import file_problem, inspect, set_deadline
from thread_archive.snapshots.layout import DATABASE, DESCRIPTION, is_ours
from thread_archive.snapshots.manifest import MANIFEST, SIGNATURE, parse_manifest
from thread_archive.snapshots.signing import LARGEST, check_signature
from thread_archive.store.checks import Finding
from thread_archive.store.schema import VERSION


class Depth(IntEnum):
    """
    How far a check goes: the list and the `DATA` of the database, which is what an import takes; also whether pages
    made of it show what its `TEXTS` say; also whether all other `FILES` are what it gives.
    """

    DATA = 0
    TEXTS = 1
    FILES = 2


# What is said of a snapshot of another release where the check finds something else than this one would have made.
OTHER_RELEASE = (
    "it was made by {made_by} (schema {schema}), whose pages this release cannot make again to compare them; "
    "`open` and `serve` show pages made anew from the database, `verify --quick` leaves the comparison out"
)
# What a page or a description made of strange values stumbles over.
_OF_STRANGE_VALUES = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    sqlite3.Error,
)


def verify(path: Path, *, signer: Path | None = None, quick: bool = False) -> Iterator[Finding]:
    """
    Check the snapshot at `path` (a folder or a zip) with everything in it; a finding a check, more where something is
    wrong. `signer` is a file with a public key or with allowed signers, by one of whom it has to be signed. A `quick`
    check does not compare what follows from the database with it, and says so.

    Takes time in proportion to its size, holds no more of it in memory than a file of its site, and runs nothing that
    is in it.
    """
    try:
        with Bundle(path) as bundle:
            yield Finding(check="form", ok=True, path="", message=counted(len(bundle.names), "file"))
            yield from check_bundle(bundle, signer=signer, depth=Depth.DATA if quick else Depth.FILES)
    except SnapshotError as error:
        yield Finding(check="form", ok=False, path=str(path), message=str(error))
    if quick:
        message = "left out: whether its pages, searches and descriptions are what the database gives"
        yield Finding(check=FILES, ok=True, path="", message=message)


def check_bundle(bundle: Bundle, *, signer: Path | None = None, depth: Depth = Depth.FILES) -> Iterator[Finding]:
    """As `verify`, of a snapshot that is open. Raises SnapshotDamagedError where its list cannot be read."""
    listed = bundle.checksums()
    digests = parse_manifest(listed)
    own = hashlib.sha256(listed).hexdigest()
    message = f"its own SHA-256 is {own}: compare it with what its maker tells you through another channel"
    yield Finding(check="list", ok=True, path=MANIFEST, message=message)
    yield from check_files(bundle, digests)
    yield from _signature(bundle, listed, signer)
    if not {DATABASE, DESCRIPTION} <= bundle.names:
        yield Finding(check="database", ok=False, path="", message=f"{DATABASE} or {DESCRIPTION} is missing")
        return
    try:
        yield from _database(bundle, digests, depth)
    except SnapshotDamagedError as error:
        yield Finding(check="database", ok=False, path="", message=error.message)
    for name in bundle.changed():
        yield Finding(check="files", ok=False, path=name, message="it changed while it was checked")


def _database(bundle: Bundle, digests: Mapping[str, str], depth: Depth) -> Iterator[Finding]:
    path, description = bundle.database(), bundle.description()
    problem = file_problem(path)
    if problem:
        yield Finding(check="schema", ok=False, path=DATABASE, message=problem)
        return
    sound = True
    with closing(open_snapshot(path)) as connection:
        try:
            for finding in inspect(connection, path, description["thread_archive"]):
                sound = sound and finding.ok
                yield finding
        except (sqlite3.DatabaseError, UnicodeDecodeError, ValueError) as error:
            sound = False
            yield Finding(check="database", ok=False, path=DATABASE, message=f"it cannot be read ({error})")
        # Where the data are in disorder, nothing is made of them.
        if sound and depth > Depth.DATA:
            file = DatabaseFile(size=path.stat().st_size, digest=digests.get(DATABASE, ""))
            set_deadline(connection, path)
            yield from _derived(connection, file, digests, description, depth)


def _derived(
    connection: sqlite3.Connection,
    file: DatabaseFile,
    digests: Mapping[str, str],
    description: Mapping[str, Any],
    depth: Depth,
) -> Iterator[Finding]:
    """What follows from the database, of this release; of another one, that it differs from what this one makes."""
    ours = is_of_this_release(description)
    if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
        yield _of_another_release(description, depth)
        return
    try:
        findings = [
            *check_texts(connection),
            *(check_derived(connection, file, digests, told_by(description)) if depth is Depth.FILES else ()),
        ]
    except _OF_STRANGE_VALUES as error:
        findings = [Finding(check=FILES, ok=False, path=DATABASE, message=f"no pages can be made of it ({error})")]
    except SnapshotDamagedError as error:
        findings = [Finding(check=FILES, ok=False, path=DESCRIPTION, message=error.message)]
    if ours or all(finding.ok for finding in findings):
        yield from findings
    else:
        yield _of_another_release(description, depth)


def _of_another_release(description: Mapping[str, Any], depth: Depth) -> Finding:
    told = {name: str(description["thread_archive"].get(name, "?"))[:80] for name in ("made_by", "schema")}
    check = FILES if depth is Depth.FILES else TEXTS
    return Finding(check=check, ok=False, path="", message=OTHER_RELEASE.format_map(told))


def check_files(bundle: Bundle, digests: Mapping[str, str]) -> Iterator[Finding]:
    """Whether its files are those of the list, both ways."""
    sound = True
    present = bundle.names - {MANIFEST, SIGNATURE}
    for name in sorted(digests.keys() | present):
        wrong = _what_is_wrong(bundle, name, digests.get(name)) if name in present else "it is missing"
        if not wrong and not is_ours(name):
            wrong = "no snapshot has a file of this name"
        if wrong:
            sound = False
            yield Finding(check="files", ok=False, path=name, message=wrong)
    if sound:
        yield Finding(check="files", ok=True, path="", message=f"{counted(len(digests), 'file')}, all as listed")


def _what_is_wrong(bundle: Bundle, name: str, expected: str | None) -> str:
    if expected is None:
        return "it is not in the list"
    digest = hashlib.sha256()
    try:
        for piece in bundle.pieces(name):
            digest.update(piece)
    except SnapshotDamagedError as error:
        return error.message
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return "" if digest.hexdigest() == expected else "its content is not what the list says"


def _signature(bundle: Bundle, listed: bytes, signer: Path | None) -> Iterator[Finding]:
    if SIGNATURE not in bundle.names:
        message = "it is not signed"
        yield Finding(check="signature", ok=signer is None, path="", message=message)
        return
    verdict = check_signature(listed, bundle.read(SIGNATURE, most=LARGEST), signer=signer)
    ok = signer is None if verdict.ok is None else verdict.ok
    warning = "warning: " if verdict.ok is None else ""
    yield Finding(check="signature", ok=ok, path=SIGNATURE, message=f"{warning}{verdict.message}")
