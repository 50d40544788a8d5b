"""A Server: one or several Worlds over real HTTP on loopback."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType

import uvicorn
from uvicorn.server import ServerState

from fake_lemmy.app import App
from fake_lemmy.faults import Faults, Request
from fake_lemmy.world import World

logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


class Server:
    """
    Serves `worlds` on one port of 127.0.0.1 while the `with` block lasts; the Host header says which is meant.
    Worlds and `faults` may be changed meanwhile. The port is known at once, so that an Instance can be called
    `127.0.0.1:PORT` and added later. `clock` (seconds) drives the rate limits.
    """

    def __init__(self, *worlds: World, clock: Callable[[], float] = time.monotonic) -> None:
        self.worlds = {world.instance.domain.lower(): world for world in worlds}
        self.faults = Faults()
        self.app = App(worlds=self.worlds, faults=self.faults, clock=clock)
        # asyncio switches Nagle's algorithm off only where the protocol is named: 40 ms an answer otherwise.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._config = uvicorn.Config(
            self.app, http="h11", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
            timeout_keep_alive=60,
        )  # fmt: skip
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> "Server":
        self._config.load()
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(timeout=5)
        self._socket.close()

    async def _serve(self) -> None:
        """uvicorn's protocol on a loop of our own: uvicorn's needs a fifth of a second to stop."""
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        state = ServerState()
        state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        make = self._config.http_protocol_class
        listener = await self._loop.create_server(
            lambda: make(config=self._config, server_state=state, app_state={}),  # type: ignore[call-arg]
            sock=self._socket,
        )
        self._ready.set()
        await self._over.wait()
        listener.close()
        for connection in list(state.connections):
            connection.transport.abort()

    def add(self, *worlds: World) -> None:
        """Serves these too."""
        self.worlds.update((world.instance.domain.lower(), world) for world in worlds)

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in order of arrival."""
        return self.app.requests

    def targets(self, domain: str = "") -> list[str]:
        """Path and query of the requests so far: of all instances, or of one."""
        return [request.target for request in self.requests if domain in ("", request.domain)]

    def resolver(self, host: str, port: int) -> list[tuple[str, int]]:
        """Where a name of one of its instances is: an injected look-up that never leaves loopback."""
        if any(host.lower() == domain.partition(":")[0] for domain in self.worlds):
            return [("127.0.0.1", self.port)]
        raise socket.gaierror(socket.EAI_NONAME, f"no such host: {host}")
