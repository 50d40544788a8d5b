"""Serving an archive with Datasette, as it is for now: its own pages, with what our tables and columns mean."""

import socket
from pathlib import Path
from typing import Any

from thread_archive.exceptions import InputError
from thread_archive.store.descriptions import DESCRIPTIONS


def metadata(name: str) -> dict[str, Any]:
    """Datasette's metadata for an archive whose file stem is `name`: sentences, labels, and how to search."""
    tables: dict[str, dict[str, Any]] = {
        table: {
            "description": columns[""],
            "columns": {column: sentence for column, sentence in columns.items() if column},
        }
        for table, columns in DESCRIPTIONS.items()
    }
    tables["posts"] |= {"label_column": "title", "sort_desc": "published_at"}
    tables["people"] |= {"label_column": "name"}
    tables["communities"] |= {"label_column": "name"}
    tables["instances"] |= {"label_column": "domain"}
    # Without both of these Datasette answers `_search` with all rows.
    tables["search_content"] |= {"fts_table": "search_fts", "fts_pk": "id"}
    return {"title": "thread-archive", "databases": {name: {"tables": tables}}}


def check_port(host: str, port: int) -> None:
    """Raise InputError where nothing can be served at `host` and `port`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise InputError(
            f"Nothing can be served at {host}, port {port} ({error.strerror or error}).",
            next="Choose another one with --host or --port.",
        ) from error


def serve(path: Path, *, host: str, port: int) -> None:
    """Serve the archive at `path` until interrupted. Raises InputError where the port is taken."""
    check_port(host, port)
    import uvicorn
    from datasette.app import Datasette

    app = Datasette(files=[str(path)], metadata=metadata(path.stem)).app()
    uvicorn.run(app, host=host, port=port, log_level="warning", lifespan="on")
