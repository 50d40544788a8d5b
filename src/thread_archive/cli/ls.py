"""`thread-archive ls`: list the threads in the archive."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.terminal import NO_BREAK, as_started, line, output, print_indented, print_json, print_table
from thread_archive.counting import counted
from thread_archive.store.archive import Archive
from thread_archive.store.reading import ThreadSummary, threads

# The columns of the table that are as wide as what is in them: id, comments, status, date, and what is between.
_REST = 38
# A title in a narrower column would be a tower of words; a community's name may be of any length.
_LEAST_TITLE = 24
_MOST_COMMUNITY = 40


@click.command()
@db_option
@json_option
def command(db: Path, as_json: bool) -> int:
    """List the threads in the archive, those visited last first."""
    with Archive.open(db, read_only=True) as archive:
        if as_json:
            for summary in threads(archive):
                print_json(summary.as_json())
            return 0
        console, listed = output(), list(threads(archive))
        communities = max((len(_community(summary)) for summary in listed), default=0)
        if not listed:
            console.print(as_started("The archive holds no thread yet: `thread-archive add URL` adds one."))
        elif console.width < _REST + min(communities, _MOST_COMMUNITY) + _LEAST_TITLE:
            _print_pairs(console, listed)
        else:
            print_table(console, _table(listed, folded=console.file.isatty()))
    return 0


def _table(listed: Sequence[ThreadSummary], *, folded: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", justify="right")
    table.add_column("thread", overflow="fold")
    table.add_column("community", overflow="fold", max_width=_MOST_COMMUNITY if folded else None)
    table.add_column("comments", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("visited", no_wrap=True)
    for summary in listed:
        table.add_row(
            str(summary.id),
            Text(_title(summary)),
            Text(_community(summary)),
            f"{summary.comments:,}",
            summary.status,
            summary.captured_at[:10],
        )
    return table


def _print_pairs(console: Console, listed: Sequence[ThreadSummary]) -> None:
    """Two lines for each thread, for where a table would have no room."""
    width = max(len(str(summary.id)) for summary in listed)
    for summary in listed:
        comments = counted(summary.comments, "comment").replace(" ", NO_BREAK)
        facts = [_community(summary), comments, summary.status, summary.captured_at[:10]]
        number = f"{summary.id:>{width}}  "
        print_indented(console, Text(number).append(_title(summary), style="bold"), hanging=len(number.lstrip()))
        print_indented(console, Text(" · ".join(facts), style="dim"), len(number))


def _title(summary: ThreadSummary) -> str:
    return line(summary.title) or line(summary.ap_id)


def _community(summary: ThreadSummary) -> str:
    name = summary.community.rstrip("/").rpartition("/")[2]
    return line(f"{name}@{summary.instance}")
