"""A fake Lemmy in a process of its own, so that its work does not count as ours."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

HOST = "bench.test"
URL = f"http://{HOST}/post/1"
CAPTURED = "lemmy-0.19.20"


def _serve(pipe: Connection, version: str, comments: int, latency: float) -> None:
    from fake_lemmy import Instance, Server, grow, thread

    world = grow(thread(Instance(domain=HOST, version=version)), comments, Random(comments), length=(20, 400))
    with Server(world) as server:
        server.faults.latency = latency
        pipe.send(server.port)
        pipe.recv()


@contextmanager
def _apart(serve: Callable[..., None], *arguments: object) -> Iterator[Any]:
    """What a server in a process of its own tells when it is ready; it is stopped at the end."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, *arguments))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("over")
        process.join(5)
        process.terminate()


@contextmanager
def serving(version: str, comments: int, *, latency: float = 0) -> Iterator[int]:
    """The port on which a thread of so many comments is served; `latency` seconds are added to each answer."""
    with _apart(_serve, version, comments, latency) as port:
        yield port


def _serve_captured(pipe: Connection) -> None:
    from fake_lemmy import Server, manifest, world_from

    told = manifest(CAPTURED)
    with Server(world_from(CAPTURED)) as server:
        pipe.send((server.port, [f"{told['base']}/post/{number}" for number in told["posts"].values()]))
        pipe.recv()


@contextmanager
def captured_server() -> Iterator[tuple[int, list[str]]]:
    """The port on which the captured threads of a real 0.19 server are served, and their URLs."""
    with _apart(_serve_captured) as told:
        yield told
