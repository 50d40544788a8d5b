"""`thread-archive serve`: read and search the archive in a browser."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from thread_archive.cli.options import db_option, unverified_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import messages
from thread_archive.snapshots.opening import Showing, is_snapshot, snapshot_database
from thread_archive.web.serving import Ready, ready, serve


@click.command()
@click.argument("file", metavar="[FILE_OR_SNAPSHOT]", required=False, type=click.Path(path_type=Path))
@db_option
@click.option("--host", default="127.0.0.1", help="The address to serve on (default: 127.0.0.1, this machine only).")
@click.option("--port", default=8001, type=click.IntRange(1, 65535), help="The port to serve on (default: 8001).")
@click.option(
    "--public",
    is_flag=True,
    help="For everyone to read: our pages alone, without tables, SQL or downloads, and without what only a login "
    "gave, what its server purged, what is unconfirmed, or what people wrote who ask not to be archived.",
)
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Answer to this name too, as behind a proxy; may be repeated (default: localhost and what --host says).",
)
@click.option("--include-purged", is_flag=True, help="With --public, show what its server purged too.")
@click.option("--include-unconfirmed", is_flag=True, help="With --public, show unconfirmed comments too.")
@unverified_option
def command(
    file: Path | None,
    db: Path,
    host: str,
    port: int,
    public: bool,
    hosts: tuple[str, ...],
    include_purged: bool,
    include_unconfirmed: bool,
    unverified: bool,
) -> int:
    """
    Read and search the archive in a browser, with Datasette's tables behind it, until interrupted.

    FILE is an archive, or a snapshot: a folder or a zip, which is checked first.
    """
    with _served(file or db, unverified=unverified) as served:
        shown = f"[{host}]" if ":" in host else host
        messages().print(f"Serving {file or db} at http://{shown}:{port}/ (Ctrl-C ends it)")
        serve(
            served,
            host=host,
            port=port,
            public=public,
            purged=include_purged,
            unconfirmed=include_unconfirmed,
            hosts=hosts,
        )
    return 0


@contextmanager
def _served(path: Path, *, unverified: bool) -> Iterator[Ready]:
    if not is_snapshot(path):
        with ready(path) as served:
            yield served
        return
    with ExitStack() as stack:
        with Busy(messages(), "checking…") as busy:
            showing = Showing(checked=not unverified, around=busy.around)
            shown = stack.enter_context(snapshot_database(path, showing))
        for told in (shown.message, shown.notice):
            if told:
                messages().print(told)
        yield Ready(path=shown.path, immutable=True, notice=shown.notice)
