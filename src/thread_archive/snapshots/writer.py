"""Making a snapshot: a folder, or one zip, that appears whole or not at all."""

import secrets
import shutil
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from thread_archive.exceptions import InputError, SnapshotError
from thread_archive.snapshots import database, describing, zips
from thread_archive.snapshots.bundle import Bundle
from thread_archive.snapshots.columns import Wording
from thread_archive.snapshots.database import Choice
from thread_archive.snapshots.layout import DATABASE, SITE
from thread_archive.snapshots.manifest import MANIFEST, SIGNATURE, file_digest, files_in, write_manifest
from thread_archive.snapshots.pseudonymising import pseudonyms_for, register
from thread_archive.snapshots.pseudonyms import Pseudonyms
from thread_archive.snapshots.signing import sign
from thread_archive.snapshots.site import SitePages, write_site
from thread_archive.store.archive import Archive
from thread_archive.store.optouts import opted_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """
    How to make a snapshot.

    `contact` is whom to ask for removal; `epoch` is SOURCE_DATE_EPOCH, in seconds; `key` signs the checksum list.
    With `pseudonyms`, a key, people get others' names; `keep_source` gives the threads' addresses all the same;
    `coarse` leaves out what else would tell which row is which where it was published.
    """

    zipped: bool = False
    site: bool = True
    restricted: bool = False
    purged: bool = False
    unconfirmed: bool = False
    contact: str = ""
    epoch: int | None = None
    key: Path | None = None
    pseudonyms: bytes | None = None
    keep_source: bool = False
    coarse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """
    What was made: `sizes` in bytes of its parts (`database`, `site`, `rest`; `zip` where it is one), the digest of its
    checksum list, and what its description says.
    """

    path: Path
    manifest: str
    sizes: Mapping[str, int]
    description: Mapping[str, Any] = field(default_factory=dict)


def make(archive: Archive, target: Path, posts: Collection[int], making: Making) -> Made:
    """
    Write a snapshot of the threads of these rows to `target`; one that is there already is replaced.

    Raises InputError where something else is at `target` or it cannot be written there, ArchiveError where the archive
    cannot be read.
    """
    check_target(target)
    try:
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
            folder = Path(temporary) / "snapshot"
            folder.mkdir()
            description, digest = _write(archive, folder, posts, making)
            manifest = write_manifest(folder, {DATABASE: digest})
            if making.key is not None:
                sign(folder, making.key)
            for name in files_in(folder):
                (folder / name).chmod(0o444)
            sizes = _sizes(folder)
            if making.zipped:
                packed = Path(temporary) / "snapshot.zip"
                zips.pack(folder, files_in(folder), packed)
                sizes["zip"] = packed.stat().st_size
                folder = packed
            _put(folder, target)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror or error}).", next="Give another place, or free some space."
        ) from error
    return Made(path=target, manifest=manifest, sizes=sizes, description=description)


def _write(archive: Archive, folder: Path, posts: Collection[int], making: Making) -> tuple[dict[str, Any], str]:
    """Write all but the checksum list; returns what the description says, and the digest of the database."""
    path = folder / DATABASE
    names: Pseudonyms | None = None
    if making.pseudonyms is not None:
        names = pseudonyms_for(archive.db.conn, posts, making.pseudonyms, coarse=making.coarse)
        register(archive.db.conn, names)
    choice = Choice(
        posts=posts,
        silent=opted_out(archive.db.conn),
        restricted=making.restricted,
        purged=making.purged,
        unconfirmed=making.unconfirmed,
    )
    wording = Wording(pseudonymised=names is not None, source=names is None or making.keep_source, coarse=making.coarse)
    database.build(archive, path, choice, wording=wording)
    with path.open("rb") as file:
        digest = file_digest(file)
    told = describing.Told(
        contact=making.contact,
        options={
            "site": making.site,
            "restricted": making.restricted,
            "purged": making.purged,
            "unconfirmed": making.unconfirmed,
            database.PSEUDONYMISED: names is not None,
            "coarse": making.coarse,
        },
        created=describing.created_at(making.epoch),
        names_left=asdict(names.remaining) if names is not None else None,
    )
    with closing(database.open_snapshot(path)) as connection:
        if making.site:
            write_site(connection, folder / SITE, SitePages(contact=making.contact))
        shared = describing.DatabaseFile(size=path.stat().st_size, digest=digest)
        described = describing.describe(connection, shared, told)
    for name, content in described.files.items():
        (folder / name).write_bytes(content)
    return described.ours, digest


def check_target(target: Path) -> None:
    """Raise InputError where `target` is something else than a place for a snapshot, or a snapshot to be replaced."""
    if not target.parent.is_dir():
        raise InputError(f"The folder of {target} does not exist.", next="Make the folder first.")
    if not target.exists() and not target.is_symlink():
        return
    if target.is_dir() and not any(target.iterdir()):
        return
    try:
        with Bundle(target) as bundle:
            more = bundle.names - bundle.listed().keys() - {MANIFEST, SIGNATURE}
    except (SnapshotError, OSError):
        more = frozenset({"something else"})
    if more:
        raise InputError(
            f"{target} is there already and is not (only) a snapshot: it holds {min(more)}.",
            next="Give another name, or take it away yourself.",
        )


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {"database": 0, "site": 0, "rest": 0}
    for name in files_in(folder):
        part = "database" if name == DATABASE else "site" if name.startswith(f"{SITE}/") else "rest"
        sizes[part] += (folder / name).stat().st_size
    return sizes


def _put(made: Path, target: Path) -> None:
    if not target.is_dir():
        made.replace(target)
        return
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    target.rename(old)
    made.rename(target)
    shutil.rmtree(old)


def source_date_epoch(environment: Mapping[str, str]) -> int | None:
    """What $SOURCE_DATE_EPOCH says; raises InputError where that is no number of seconds."""
    text = environment.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise InputError("$SOURCE_DATE_EPOCH is not a number of seconds.", next="Set it to one, or unset it.")
    return int(text)
