"""Verifying a snapshot: is it, byte for byte, what its checksum list says, sound in itself, and signed by whom?"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from thread_archive.counting import counted
from thread_archive.exceptions import SnapshotDamagedError, SnapshotError
from thread_archive.snapshots.bundle import DATABASE, DESCRIPTION, Bundle
from thread_archive.snapshots.inspecting import inspect
from thread_archive.snapshots.manifest import MANIFEST, SIGNATURE, parse_manifest
from thread_archive.snapshots.signing import LARGEST, check_signature
from thread_archive.store.checks import Finding


def verify(path: Path, *, signer: Path | None = None) -> Iterator[Finding]:
    """
    Check the snapshot at `path` (a folder or a zip) with everything in it; a finding a check, more where something is
    wrong. `signer` is a file with a public key or with allowed signers, by one of whom it has to be signed.

    Takes time in proportion to its size, holds no file of it in memory, and runs nothing that is in it.
    """
    try:
        with Bundle(path) as bundle:
            yield Finding(check="form", ok=True, path="", message=counted(len(bundle.names), "file"))
            yield from check_bundle(bundle, signer=signer)
    except SnapshotError as error:
        yield Finding(check="form", ok=False, path=str(path), message=str(error))


def check_bundle(bundle: Bundle, *, signer: Path | None = None) -> Iterator[Finding]:
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
        yield from inspect(bundle.database(), bundle.description()["thread_archive"])
    except SnapshotDamagedError as error:
        yield Finding(check="database", ok=False, path="", message=error.message)


def check_files(bundle: Bundle, digests: Mapping[str, str]) -> Iterator[Finding]:
    """Whether its files are those of the list, both ways."""
    sound = True
    present = bundle.names - {MANIFEST, SIGNATURE}
    for name in sorted(digests.keys() | present):
        wrong = _what_is_wrong(bundle, name, digests.get(name)) if name in present else "it is missing"
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
