"""Serving an archive: the file made ready, a Datasette with our plugin, and a server on one address."""

import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thread_archive.exceptions import ArchiveUnwritableError, InputError
from thread_archive.store.archive import Archive
from thread_archive.store.descriptions import DESCRIPTIONS
from thread_archive.web.archives import PLUGIN
from thread_archive.web.hosts import checked

# Before anything else is looked at: whoever upgrades needs the new tables, and a reader cannot make them.
_BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A file that can be served; `immutable` where nothing will change it; what every page says first, if anything."""

    path: Path
    immutable: bool
    notice: str = ""


@contextmanager
def ready(path: Path) -> Iterator[Ready]:
    """
    The archive at `path`, brought up to date where it can be; where it cannot be written, a copy of it is.

    Raises ArchiveError as `Archive.open` does.
    """
    try:
        with Archive.open(path, busy=_BUSY_SECONDS):
            pass
    except ArchiveUnwritableError:
        pass
    else:
        yield Ready(path=path, immutable=False)
        return
    with tempfile.TemporaryDirectory(prefix="thread-archive-") as folder:
        yield Ready(path=_readable(path, Path(folder)), immutable=True)


def _readable(path: Path, folder: Path) -> Path:
    """`path` itself where a reader can use it as it is, else a copy in `folder` that is up to date."""
    try:
        with Archive.open(path, read_only=True) as archive:
            if not archive.is_copy:
                # A file with a WAL beside it cannot be read as one that never changes.
                wal = path.with_name(f"{path.name}-wal")
                if not wal.exists() or wal.stat().st_size == 0:
                    return path
            copy = folder / path.name
            with closing(sqlite3.connect(copy)) as target:
                archive.db.conn.backup(target)
            return copy
    except ArchiveUnwritableError:
        # SQLite cannot even read a WAL file where it cannot write beside it: in a folder of ours it can.
        copy = folder / path.name
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            if source.exists():
                shutil.copyfile(source, folder / (path.name + suffix))
        with Archive.open(copy):
            pass
        return copy


def datasette_for(
    served: Ready, *, public: bool, purged: bool = False, unconfirmed: bool = False, hosts: Sequence[str] = ()
) -> Any:
    """
    A Datasette that shows one file with our plugin, and on a public site nothing that is not for everyone; what was
    `purged` or is `unconfirmed` is, where that is asked for. It answers to `hosts` and to this machine's loopback, and
    to no other name.
    """
    # In this order: what handles errors is made a plugin by the first, and would be an empty one if it came before.
    import datasette.app
    import datasette.handle_exception
    from datasette.plugins import pm

    import thread_archive.web as plugin

    # Where rich is installed, as it is here, Datasette prints every value on the way to a page that is not there.
    datasette.handle_exception.rich = None
    # From a folder of sources there is no entry point.
    if not pm.is_registered(plugin):
        pm.register(plugin, name="thread_archive")
    settings = {}
    if public:
        settings = {
            "default_allow_sql": False,
            "allow_download": False,
            "allow_csv_stream": False,
            "suggest_facets": False,
            "allow_signed_tokens": False,
        }
    files = {"immutables" if served.immutable else "files": [str(served.path)]}
    config = {
        "public": public,
        "include_purged": purged,
        "include_unconfirmed": unconfirmed,
        "allow_hosts": list(hosts),
        "notice": served.notice,
    }
    metadata = {"title": "thread-archive", **_said(served), "plugins": {PLUGIN: config}}
    return datasette.app.Datasette(**({"files": []} | files), settings=settings, metadata=metadata)


def _said(served: Ready) -> dict[str, Any]:
    """What Datasette's own pages say at their end, of the site, the database and each table: where it is from."""
    if not served.notice:
        return {}
    source = {"source": served.notice}
    tables = dict.fromkeys(DESCRIPTIONS, source)
    return source | {"databases": {served.path.stem: source | {"tables": tables}}}


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


def serve(
    served: Ready,
    *,
    host: str,
    port: int,
    public: bool = False,
    purged: bool = False,
    unconfirmed: bool = False,
    hosts: Sequence[str] = (),
) -> None:
    """
    Serve until interrupted, to whoever asks for `host`, for one of `hosts` or for this machine's loopback.

    Raises InputError where the port is taken, or a name is none.
    """
    check_port(host, port)
    import uvicorn

    allowed = checked((host, *hosts))
    app = datasette_for(served, public=public, purged=purged, unconfirmed=unconfirmed, hosts=allowed).app()
    uvicorn.run(app, host=host, port=port, log_level="warning", lifespan="on", server_header=False)
