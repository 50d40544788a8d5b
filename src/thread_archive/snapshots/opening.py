"""
A snapshot as something to look at: its pages in a folder, its database for a server; checked before it is shown.

What is shown follows from the database alone. Where a snapshot was not checked, or was made by other rules, that is
seen to by a copy in which nothing is derived: pages then render the texts themselves.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from thread_archive.articles.blocks import cleaned_blocks
from thread_archive.exceptions import InputError, SnapshotDamagedError
from thread_archive.snapshots.bundle import Bundle
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.derived import FILES, TEXTS
from thread_archive.snapshots.describing import is_of_this_release
from thread_archive.snapshots.inspecting import ground_problem
from thread_archive.snapshots.layout import DATABASE, FRONT
from thread_archive.snapshots.site import SitePages, write_site
from thread_archive.snapshots.verifying import Depth, check_bundle
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.checks import Finding

UNVERIFIED = (
    "This snapshot was not verified: whoever gave it may have put anything into it, in anybody's name. "
    "`thread-archive verify` checks it."
)
MADE_ANEW = (
    "It was made by another release, so that its pages cannot be compared: they were made anew from its database."
)


Around = Callable[[Iterable[Finding]], Iterator[Finding]]
"""What shows that a check is under way while it gives its findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How to open a snapshot: `checked` or not, and what to put `around` the check."""

    checked: bool = True
    around: Around = iter


_CHECKED = Showing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What to show: a database or a page at `path`; what every page has to say; what to tell whoever opens it."""

    path: Path
    notice: str = ""
    message: str = ""


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
def snapshot_database(path: Path, showing: Showing = _CHECKED) -> Iterator[Shown]:
    """
    The database of a snapshot for a server that opens it immutable, as long as the `with` block lasts.

    Raises SnapshotError where it does not verify or cannot be read.
    """
    with Bundle(path) as bundle, ExitStack() as stack:
        if showing.checked and _is_as_made(bundle, showing, Depth.TEXTS):
            yield Shown(path=bundle.database())
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thread-archive-")))
        database = _underived(bundle, folder)
        if showing.checked:
            yield Shown(path=database, message=MADE_ANEW)
        else:
            yield Shown(path=database, notice=UNVERIFIED)


def front_page(path: Path, showing: Showing = _CHECKED) -> Shown:
    """
    The page of a snapshot to open in a browser; a zip is unpacked to a new temporary folder, which stays.

    Its pages are shown where they are, byte by byte, what its database gives. Those of another release, and of a
    snapshot that is not checked, are made anew in such a folder.

    Raises SnapshotError where it does not verify or cannot be read, InputError where it has no pages.
    """
    with Bundle(path) as bundle:
        is_as_made = showing.checked and _is_as_made(bundle, showing, Depth.FILES)
        if FRONT not in bundle.names:
            raise InputError(
                f"{path} was made without pages.", next=f"`thread-archive serve {path}` shows it with Datasette."
            )
        if is_as_made and path.is_dir():
            return Shown(path=path.absolute() / FRONT)
        with _lasting_folder() as folder:
            if is_as_made:
                bundle.unpack(folder)
                return Shown(path=folder / FRONT)
            _write_pages(bundle, folder, notice="" if showing.checked else UNVERIFIED)
            return Shown(path=folder / FRONT, message=MADE_ANEW if showing.checked else UNVERIFIED)


@contextmanager
def _lasting_folder() -> Iterator[Path]:
    """A new temporary folder, which stays unless there is nothing to be shown in it."""
    folder = Path(tempfile.mkdtemp(prefix="thread-archive-"))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _is_as_made(bundle: Bundle, showing: Showing, depth: Depth) -> bool:
    """
    Whether all is as this release makes it; not where another one made it, by whose rules nothing can be compared.

    Raises SnapshotDamagedError where something else is wrong.
    """
    is_other = False
    for finding in showing.around(check_bundle(bundle, depth=depth)):
        if finding.ok:
            continue
        is_other = finding.check in (TEXTS, FILES) and not is_of_this_release(bundle.description())
        if not is_other:
            where = f"{finding.path}: " if finding.path else ""
            raise SnapshotDamagedError(
                f"{bundle.path} does not verify: {where}{finding.message}.",
                next="`thread-archive verify` says more; ask for another copy.",
            )
    return not is_other


def _write_pages(bundle: Bundle, folder: Path, *, notice: str) -> None:
    with tempfile.TemporaryDirectory(prefix="thread-archive-") as temporary:
        database = _underived(bundle, Path(temporary))
        contact = bundle.description()["thread_archive"].get("contact")
        pages = SitePages(contact=contact if isinstance(contact, str) else "", notice=notice)
        with closing(open_snapshot(database)) as connection:
            write_site(connection, (folder / FRONT).parent, pages)


def _underived(bundle: Bundle, folder: Path) -> Path:
    """
    A copy in `folder` of a snapshot's database, brought up to date, without what pages would show in the place of its
    texts; articles, which are nothing but HTML, are made safe once more.

    Raises SnapshotDamagedError where its tables are not ours, so that nothing in it could act.
    """
    copy = folder / DATABASE
    try:
        with closing(open_snapshot(bundle.database())) as connection:
            problem = ground_problem(connection)
            if problem:
                raise SnapshotDamagedError(f"{bundle.path} cannot be shown: {problem}.", next="Ask for another copy.")
            with closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
                # Its header may say that a log belongs to it.
                target.execute("PRAGMA journal_mode = DELETE")
        with Archive.open(copy) as archive, archive.transaction() as changing:
            changing.create_function("cleaned", 1, cleaned_blocks, deterministic=True)
            changing.execute("UPDATE articles SET html = cleaned(html)")
            for table in ("posts", "comments"):
                changing.execute(f"UPDATE {table} SET body_html = NULL, body_text = NULL")
            search_index.rebuild(changing, substrings=False)
    except (sqlite3.DatabaseError, ValueError) as error:
        raise SnapshotDamagedError(f"{bundle.path} cannot be read ({error}).", next="Ask for another copy.") from error
    return copy
