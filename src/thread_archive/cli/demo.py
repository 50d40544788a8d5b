"""`thread-archive demo`: archive a bundled thread, to see how it goes."""

import os
import shlex
from pathlib import Path

import click
from rich.text import Text

from thread_archive.archiving import Adding, Options
from thread_archive.cli import program
from thread_archive.cli.add import report
from thread_archive.cli.options import DEFAULT_DB
from thread_archive.cli.search import command as search_command
from thread_archive.cli.terminal import messages, print_indented
from thread_archive.demo.recording import Recording
from thread_archive.fetching.addresses import LOOPBACK_ONLY
from thread_archive.fetching.client import Client
from thread_archive.store.archive import Archive

_QUERY = "harbour"


@click.command()
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    default=lambda: Path(os.environ.get("THREAD_ARCHIVE_DB") or DEFAULT_DB),
    help="The archive to add the thread to (default: archive.db, or $THREAD_ARCHIVE_DB).",
)
def command(db: Path) -> int:
    """
    Archive a real thread whose answers are bundled, over HTTP on this machine, and search it.

    Its mirror counts seven comments, gives seven and looks complete; its home has one more.
    """
    say = messages().print
    with (
        Recording() as recording,
        Archive.open(db, create=True) as archive,
        Client(rate=0, allow_private_network=True, resolver=recording.resolver, rule=LOOPBACK_ONLY) as client,
    ):
        url = recording.threads[0]
        say(f"$ thread-archive add {url}", soft_wrap=True)
        code = report(Adding(archive, client, options=Options(allow_private_network=True)).add([url]), as_json=False)
    at = "" if db == Path(DEFAULT_DB) else f" --db {shlex.quote(str(db))}"
    say(f"\n$ thread-archive search {_QUERY}{at}", soft_wrap=True)
    search_command.main([_QUERY, "--limit", "3", "--db", str(db)], standalone_mode=False)
    hints = {
        f"show {url}{at}": "reads the thread",
        f"serve{at}": "opens the archive at http://127.0.0.1:8001/",
        f"add https://INSTANCE/post/ID{at}": "archives a thread of your own",
    }
    say("\nWhat to do next:")
    for command_line, does in hints.items():
        # Whole, so that it can be copied.
        say(f"  {program()} {command_line}", soft_wrap=True)
        print_indented(messages(), Text(f"      {does}"))
    return code
