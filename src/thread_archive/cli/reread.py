"""`thread-archive reread`: rebuild the content from the kept answers."""

from pathlib import Path

import click

from thread_archive.archiving import reread
from thread_archive.cli.options import db_option, find_thread, json_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import messages, output, print_json
from thread_archive.counting import counted
from thread_archive.store import search_index
from thread_archive.store.archive import Archive


@click.command()
@click.argument("thread", metavar="[THREAD]", required=False)
@db_option
@json_option
@click.option(
    "--index",
    type=click.Choice(["words", "substrings"]),
    help="Make the search index anew: of words (as it is at first), or of substrings, which finds parts of words.",
)
def command(thread: str | None, db: Path, as_json: bool, index: str | None) -> int:
    """Rebuild posts, comments, revisions and index from the answers that servers gave; of one thread or of all."""
    with Archive.open(db) as archive, Busy(messages(), "reading…") as busy:
        done = reread(
            archive,
            progress=lambda done, total: busy.update(f"{done:,} of {counted(total, 'thread')} reread"),
            post_id=find_thread(archive, thread) if thread is not None else None,
        )
        if index is not None:
            busy.update("making the index…")
            with archive.transaction() as connection:
                search_index.rebuild(connection, substrings=index == "substrings")
    if as_json:
        print_json({"threads": done.threads, "captures": done.captures})
    else:
        output().print(f"{counted(done.threads, 'thread')} reread, from {counted(done.captures, 'capture')}.")
    return 0
