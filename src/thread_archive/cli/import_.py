"""`thread-archive import`: take what others archived into one's own archive."""

from pathlib import Path

import click
from rich.text import Text

from thread_archive.archiving.deriving import derive
from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import line, messages, output, print_indented, print_json
from thread_archive.counting import counted
from thread_archive.fetching.clock import SystemClock
from thread_archive.snapshots.importing import Imported, import_snapshot
from thread_archive.store.archive import Archive

# How wide the column of what became of a thread is.
_STATUS = 10


@click.command()
@click.argument("files", metavar="SNAPSHOT…", nargs=-1, required=True, type=click.Path(path_type=Path))
@db_option
@json_option
@click.option(
    "--signer",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Insist on a signature by this public SSH key, or by one of these allowed signers (see ssh-keygen).",
)
def command(files: tuple[Path, ...], db: Path, as_json: bool, signer: Path | None) -> int:
    """
    Take the threads of snapshots into the archive: verified first, then merged by identity.

    What is new is added as a claim of whoever made the snapshot, until a server shows it; what a server told stays,
    and a state that differs is kept beside it. Nothing is lost, nothing comes twice.
    """
    console, now = output(), SystemClock().now()
    with Archive.open(db, create=True) as archive, Busy(messages(), "importing…") as busy:
        for path in files:
            for imported in busy.around(import_snapshot(archive, path, now=now, signer=signer, derive=derive)):
                if as_json:
                    print_json(imported.as_json())
                else:
                    print_indented(console, _sentence(imported), hanging=_STATUS)
    return 0


def _sentence(imported: Imported) -> Text:
    text = Text(f"{imported.status:<{_STATUS}}").append(line(imported.title) or line(imported.thread), style="bold")
    text.append(f"  {counted(imported.comments, 'comment')}")
    if imported.added:
        text.append(f", {imported.added:,} of them new")
    if imported.revisions:
        text.append(f", {counted(imported.revisions, 'revision')}")
    return text
