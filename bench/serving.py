"""A fake Lemmy in a process of its own, so that its work does not count as ours."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from texts import Prose

from fake_lemmy import Instance, Person, World, grow, thread

HOST = "bench.test"
URL = f"http://{HOST}/post/1"
CAPTURED = "lemmy-0.19.20"


def _serve(pipe: Connection, version: str, comments: int, latency: float) -> None:
    from fake_lemmy import Server

    with Server(_world(version, comments)) as server:
        server.faults.latency = latency
        pipe.send(server.port)
        pipe.recv()


def _world(version: str, comments: int) -> World:
    """
    A thread on a server as they are: people of many instances with pictures and bios, a community with a sidebar, a
    post with a preview. Lemmy 0.19 says all of it again in each comment, which makes about 3 kB; 1.0's lists are slim.
    """
    random = Random(comments)
    prose = Prose(random)
    world = thread(Instance(domain=HOST, version=version))

    def picture(domain: str) -> str:
        return f"http://{domain}/pictrs/image/{random.getrandbits(128):032x}.webp"

    for number in range(10, 10 + max(5, comments // 10)):
        domain, name = f"instance{number % 37}.test", f"{prose.words[number % 1000]}{number}"
        world.persons[number] = Person(
            id=number, ap_id=f"http://{domain}/u/{name}", name=name, local=False,
            display_name=name.title() if number % 3 == 0 else None, bio=prose.say(25) if number % 2 else None,
            more={"avatar": picture(domain)} if number % 3 else {},
        )  # fmt: skip
    world.communities[2].sidebar = prose.say(110)
    world.communities[2].more = {"community": {"icon": picture(HOST), "banner": picture(HOST)}}
    post = world.posts[1]
    post.url, post.thumbnail_url = f"http://news.test/2026/03/{'-'.join(prose.words[200:207])}", picture(HOST)
    post.body, post.embed_title, post.embed_description = prose.say(60), prose.say(9), prose.say(25)
    for comment in grow(world, comments, random).comments.values():
        domain = urlsplit(world.persons[comment.creator_id].ap_id).netloc
        comment.content, comment.ap_id = prose.comment(), f"http://{domain}/comment/{comment.id}"
        comment.local = domain == HOST
    return world


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
