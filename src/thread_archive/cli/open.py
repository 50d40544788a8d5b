"""`thread-archive open`: look at a snapshot in the browser."""

import webbrowser
from pathlib import Path

import click

from thread_archive.cli.options import unused_db_option, unverified_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import line, messages, output
from thread_archive.snapshots.opening import Showing, front_page


@click.command()
@click.argument("path", metavar="SNAPSHOT", type=click.Path(path_type=Path))
@unused_db_option
@unverified_option
def command(path: Path, unverified: bool) -> int:
    """
    Check a snapshot, a folder or a zip, open it in the browser, without any server, and print where its first page is.

    Its pages are shown where they are, byte by byte, what its database gives; those of another release are made anew.
    """
    with Busy(messages(), "checking…") as busy:
        shown = front_page(path, Showing(checked=not unverified, around=busy.around))
    if shown.message:
        messages().print(shown.message)
    # Where there is no browser, the path is all that is needed.
    webbrowser.open(shown.path.as_uri())
    output().print(line(str(shown.path)), overflow="fold", soft_wrap=True)
    return 0
