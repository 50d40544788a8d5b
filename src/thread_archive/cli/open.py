"""`thread-archive open`: look at a snapshot in the browser."""

import webbrowser
from pathlib import Path

import click

from thread_archive.cli.options import unused_db_option
from thread_archive.cli.terminal import line, output
from thread_archive.snapshots.opening import front_page


@click.command()
@click.argument("path", metavar="SNAPSHOT", type=click.Path(path_type=Path))
@unused_db_option
def command(path: Path) -> int:
    """Open a snapshot, a folder or a zip, in the browser, without any server, and print where its first page is."""
    page = front_page(path)
    # Where there is no browser, the path is all that is needed.
    webbrowser.open(page.as_uri())
    output().print(line(str(page)), overflow="fold", soft_wrap=True)
    return 0
