"""A Datasette with our plugin, in this process: what it answers."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.plugins import pm

import thread_archive.web as plugin
from thread_archive.web.serving import Ready, datasette_for


def register() -> None:
    """Where the package is not installed, its entry point is not found."""
    if not pm.is_registered(plugin):
        pm.register(plugin, name="thread_archive")


def plain(
    *files: Path,
    immutable: bool = False,
    public: bool = False,
    allow_hosts: list[str] | None = None,
    **more: Any,
) -> Datasette:
    """What `datasette FILES` makes, the plugin's settings aside."""
    register()
    config: dict[str, Any] = {"public": True} if public else {}
    config |= {} if allow_hosts is None else {"allow_hosts": allow_hosts}
    metadata = {"plugins": {"thread-archive": config}} if config else {}
    names = [str(file) for file in files]
    return Datasette(**({"immutables": names} if immutable else {"files": names}), metadata=metadata, **more)


def served(file: Path, *, public: bool = False, immutable: bool = False, **shown: bool) -> Datasette:
    """What `thread-archive serve FILE` makes."""
    return datasette_for(Ready(path=file, immutable=immutable), public=public, **shown)


def ask(datasette: Datasette, path: str, *, method: str = "get", **headers: str) -> Any:
    """The answer to one request; in header names `_` is `-`."""
    (answer,) = ask_all(datasette, [path], method=method, **headers)
    return answer


def ask_all(datasette: Datasette, paths: Iterable[str], *, method: str = "get", **headers: str) -> list[Any]:
    """The answers to several, one after another."""

    async def run() -> list[Any]:
        await datasette.invoke_startup()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return [await datasette.client.request(method.upper(), path, headers=sent) for path in paths]

    return asyncio.run(run())
