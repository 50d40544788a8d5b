"""A server on loopback that answers word for word what a test scripts, and remembers what it was asked."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

# What a script gives: bytes to send, a number of seconds to wait, or None to cut the connection.
Step = bytes | float | None
Script = Callable[["Asked"], "bytes | Iterable[Step]"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


def answer(body: bytes = b"{}", status: int = 200, **headers: str) -> bytes:
    """A whole answer; names of headers are written with underscores."""
    head = {"content-type": "application/json", "content-length": str(len(body))}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def in_turn(*answers: "bytes | list[Step]") -> Script:
    """A script that gives `answers` one after the other, and the last one ever after."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def page(body: bytes = b"<p>Text.</p>", status: int = 200, **headers: str) -> bytes:
    """A page of a web site."""
    return answer(body, status, **{"content_type": "text/html; charset=utf-8"} | headers)


def site(script: "Script | bytes", robots: "bytes | list[Step] | None" = None) -> Script:
    """A script that gives `robots` (by default a 404) for /robots.txt, and `script` for everything else."""
    given = page(b"none", 404) if robots is None else robots

    def play(asked: Asked) -> "bytes | Iterable[Step]":
        if asked.target == "/robots.txt":
            return given
        return script if isinstance(script, bytes) else script(asked)

    return play


class Server:
    """Serves `script` on a free port of loopback until closed; keeps connections alive, each in a thread."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._tls = tls
        self._busy = 0
        self._lock = threading.Lock()
        self.accepted: list[socket.socket] = []
        self._wrapped: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def connections(self) -> int:
        return len(self.accepted)

    @property
    def url(self) -> str:
        return f"http://lemmy.test:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [asked.target for asked in self.asked]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for open_socket in (self._listener, *self.accepted, *self._wrapped):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.accepted.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._wrapped.append(connection)
            with connection, connection.makefile("rb") as stream:
                while asked := _request(stream):
                    with self._lock:
                        self.asked.append(asked)
                        self._busy += 1
                        self.most_at_once = max(self.most_at_once, self._busy)
                    try:
                        whole = self._play(connection, asked)
                    finally:
                        with self._lock:
                            self._busy -= 1
                    if not whole:
                        connection.shutdown(socket.SHUT_RDWR)
                        return

    def _play(self, connection: socket.socket, asked: Asked) -> bool:
        steps = self.script(asked)
        for step in [steps] if isinstance(steps, bytes) else steps:
            if step is None:
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                time.sleep(step)
        return True


def _request(stream) -> Asked | None:
    line = stream.readline().decode("latin-1").split()
    if not line:
        return None
    headers = {}
    while header := stream.readline().strip().decode("latin-1"):
        name, _, value = header.partition(": ")
        headers[name.lower()] = value
    body = stream.read(int(headers.get("content-length", 0)))
    return Asked(method=line[0], target=line[1], headers=headers, body=body)
