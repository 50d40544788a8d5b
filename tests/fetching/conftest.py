"""What the tests of `fetching` share."""

import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fetching.clocks import FakeClock, NoJitter
from fetching.servers import Script, Server
from thread_archive.fetching import Client

CERTIFICATES = Path(__file__).parent / "certificates"


def loopback(host: str, port: int) -> list[tuple[str, int]]:
    """A resolver for which every host is this machine."""
    return [("127.0.0.1", port)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server that follows a script."""
    with ExitStack() as stack:

        def start(script: Script | bytes, *, tls: ssl.SSLContext | None = None) -> Server:
            whole = (lambda _: script) if isinstance(script, bytes) else script
            return stack.enter_context(Server(whole, tls=tls))

        yield start


@pytest.fixture
def client_with(clock: FakeClock, trusting: ssl.SSLContext) -> Iterator[Callable[..., Client]]:
    """Make a client for loopback; options replace the defaults of the tests (no pacing, no chance, no real waits)."""
    with ExitStack() as stack:

        def make(**options) -> Client:
            defaults = {
                "rate": 0,
                "allow_private_network": True,
                "resolver": loopback,
                "clock": clock,
                "random": NoJitter(),
                "tls": trusting,
            }
            return stack.enter_context(Client(**defaults | options))

        yield make


@pytest.fixture
def client(client_with) -> Client:
    return client_with()


@pytest.fixture(scope="session")
def trusting() -> ssl.SSLContext:
    """TLS of a client that trusts the tests' authority, and no other."""
    return ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")


@pytest.fixture(scope="session")
def certified() -> ssl.SSLContext:
    """TLS of a server that is lemmy.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "lemmy.test.pem")
    return context


@pytest.fixture(scope="session")
def bomb() -> bytes:
    """300 KB of gzip that stand for 300 MB."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    megabyte = bytes(1024 * 1024)
    return b"".join([*(packer.compress(megabyte) for _ in range(300)), packer.flush()])
