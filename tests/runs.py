"""Runs of the real thing against fake servers: what most tests need."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fake_lemmy import Instance, Server
from thread_archive.archiving import Adding, Options, Receipt
from thread_archive.fetching.client import Client
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.store.archive import Archive


@contextmanager
def archive_in(folder: Path, name: str = "archive.db") -> Iterator[Archive]:
    """A new or existing archive in `folder`."""
    with Archive.open(folder / name, create=True) as archive:
        yield archive


def add(
    archive: Archive,
    server: Server,
    *texts: str,
    home: bool = True,
    login: bool = False,
    article: bool = False,
    tokens: Callable[[str], str | None] = lambda _: None,
    clock: Clock | None = None,
    **client: Any,
) -> list[Receipt]:
    """Add threads from the worlds of `server`, by their recorded names, at full speed; `article` their links too."""
    settings = {"rate": 0, "allow_private_network": True, "resolver": server.resolver, "patience": 3.0} | client
    with Client(**settings) as asking:
        options = Options(home=home, login=login, article=article, allow_private_network=True)
        adding = Adding(archive, asking, options=options, tokens=tokens, clock=clock or SystemClock())
        return list(adding.add(texts))


def v3(domain: str = "home.test", version: str = "0.19.20", **more: Any) -> Instance:
    """An instance of Lemmy 0.19."""
    return Instance(domain=domain, version=version, **more)


def v4(domain: str = "home.test", **more: Any) -> Instance:
    """An instance of Lemmy 1.0."""
    return Instance(domain=domain, version="1.0.0", **more)


def rows(archive: Archive, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What a query gives."""
    return archive.db.conn.execute(query, values).fetchall()
