"""The program itself, as the benchmarks run it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving import URL

from thread_archive.archiving import Adding, Options, adding
from thread_archive.fetching.client import Client
from thread_archive.store.archive import Archive


@contextmanager
def underived() -> Iterator[None]:
    """Without the step that comes after a thread is written (HTML, links, quotes), and without preparing for it."""
    steps, room = adding.Derivation.steps, adding.Room
    adding.Derivation.steps, adding.Room = lambda _: iter(()), lambda: room(left=0)
    try:
        yield
    finally:
        adding.Derivation.steps, adding.Room = steps, room


def add(port: int, db: Path, *urls: str) -> None:
    """Add the served thread, or those at `urls`, to the archive at `db`, as fast as the server answers."""
    with (
        Archive.open(db, create=True) as archive,
        Client(rate=0, allow_private_network=True, resolver=lambda _host, _port: [("127.0.0.1", port)]) as client,
    ):
        options = Options(allow_private_network=True, article=False)
        for receipt in Adding(archive, client, options=options).add(urls or [URL]):
            if receipt.error or receipt.unexplained:
                raise SystemExit(f"the benchmark's thread did not come whole: {receipt}")
