"""`thread-archive serve`: browse the archive with Datasette."""

from pathlib import Path

import click

from thread_archive.cli.options import db_option
from thread_archive.cli.terminal import messages
from thread_archive.store.archive import Archive
from thread_archive.web.serving import serve


@click.command()
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@db_option
@click.option("--host", default="127.0.0.1", help="The address to serve on (default: 127.0.0.1, this machine only).")
@click.option("--port", default=8001, type=click.IntRange(0, 65535), help="The port to serve on (default: 8001).")
def command(file: Path | None, db: Path, host: str, port: int) -> int:
    """Browse the archive with Datasette, until interrupted."""
    path = file or db
    with Archive.open(path, read_only=True):
        pass
    shown = f"[{host}]" if ":" in host else host
    messages().print(f"Serving {path} at http://{shown}:{port}/ (Ctrl-C ends it)")
    serve(path, host=host, port=port)
    return 0
