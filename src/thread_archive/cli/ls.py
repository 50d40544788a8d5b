"""`thread-archive ls`: list the threads in the archive."""

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.terminal import line, output, print_json, print_table
from thread_archive.store.archive import Archive
from thread_archive.store.reading import threads


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
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("id", justify="right")
        table.add_column("thread", overflow="fold", ratio=1)
        table.add_column("community", overflow="fold")
        table.add_column("comments", justify="right", no_wrap=True)
        table.add_column("status", no_wrap=True)
        table.add_column("visited", no_wrap=True)
        for summary in threads(archive):
            name = summary.community.rstrip("/").rpartition("/")[2]
            table.add_row(
                str(summary.id),
                Text(line(summary.title) or line(summary.ap_id)),
                Text(line(f"{name}@{summary.instance}")),
                f"{summary.comments:,}",
                summary.status,
                summary.captured_at[:10],
            )
        if table.row_count:
            print_table(output(), table)
        else:
            output().print("The archive holds no thread yet: `thread-archive add URL` adds one.")
    return 0
