"""Connections: one deadline, one look-up, keep-alive, TLS."""

import errno
import socket
import ssl
import threading
import time

import pytest

from fetching.clocks import FakeClock
from fetching.conftest import CERTIFICATES
from fetching.servers import answer, in_turn
from thread_archive.captures import Request
from thread_archive.exceptions import InstanceUnreachableError
from thread_archive.fetching import Client, Limits, SystemClock

SHORT = Limits(seconds=0.4)


class QuickClock(SystemClock):
    """The real time, but waits between attempts take none."""

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture
def hurried(client_with):
    return client_with(limits=SHORT, clock=QuickClock(), patience=0)


@pytest.mark.parametrize(
    "steps",
    [
        [5.0],
        [step for byte in b"HTTP/1.1 200 OK\r\nX-Slow: yes" for step in (bytes([byte]), 0.05)],
        [answer(b"", content_length="99"), *[step for _ in range(99) for step in (b"x", 0.05)]],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[step for _ in range(99) for step in (b"x" * 3000, 0.05)]],
        [step for _ in range(99) for step in (b"HTTP/1.1 102 Processing\r\n\r\n", 0.05)],
    ],
    ids=["silence", "dripping header", "dripping body", "endless body", "endless interim answers"],
)
def test_slow_answer_ends_at_the_deadline(hurried, serve, steps) -> None:
    """A byte now and then does not prolong the time for an answer: neither in headers nor in the body."""
    server = serve(lambda _: steps)
    started = time.monotonic()
    with pytest.raises(InstanceUnreachableError, match=r"within 0\.4 seconds"):
        hurried.get(Request(url=server.url))
    assert time.monotonic() - started < 1.2


def test_silent_tls_handshake_ends_at_the_deadline(hurried) -> None:
    """A server that accepts and says nothing to a TLS hello is left at the deadline too."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        started = time.monotonic()
        with pytest.raises(InstanceUnreachableError, match="whole answer"):
            hurried.get(Request(url=f"https://lemmy.test:{mute.getsockname()[1]}/"))
        assert time.monotonic() - started < 1.2


def test_deadline_is_for_each_answer_anew(client_with, serve) -> None:
    """A kept connection does not keep an old deadline."""
    server = serve(lambda _: [0.25, answer()])
    client = client_with(limits=SHORT, clock=SystemClock(), patience=0)
    for _ in range(3):
        assert client.get(Request(url=server.url)).status == 200
    assert server.connections == 1


def test_connection_is_kept_and_looked_up_once(client_with, serve) -> None:
    """Ten requests, one connection, one look-up."""
    server = serve(answer())
    looked_up = []

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        looked_up.append(host)
        return [("127.0.0.1", port)]

    client = client_with(resolver=resolver)
    for number in range(10):
        client.get(Request(url=f"{server.url}/{number}"))
    assert (server.connections, looked_up) == (1, ["lemmy.test"])
    assert server.targets == [f"/{number}" for number in range(10)]


def test_connection_closed_meanwhile_is_made_anew(client, serve) -> None:
    """A server that closes idle connections costs no failure."""
    server = serve(lambda _: [answer(), None])
    for _ in range(3):
        assert client.get(Request(url=server.url)).status == 200
        time.sleep(0.05)
    assert (server.connections, len(server.asked)) == (3, 3)


def test_next_address_is_tried_where_the_first_refuses(client_with, serve) -> None:
    """A host with a dead address is reached at the other."""
    server = serve(answer())
    client = client_with(resolver=lambda host, port: [("127.0.0.1", 1), ("::1", 1), ("127.0.0.1", port)])
    assert client.get(Request(url=server.url)).status == 200


def test_address_that_swallows_packets_leaves_time_for_the_next(client_with, serve) -> None:
    """The first address may use its share of the deadline, not all of it."""
    server = serve(answer())
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        place = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(place)
        time.sleep(0.05)
        client = client_with(
            resolver=lambda host, port: [place, ("127.0.0.1", port)],
            limits=Limits(seconds=1.0),
            clock=SystemClock(),
            patience=0,
        )
        assert client.get(Request(url=server.url)).status == 200
        for one in waiting:
            one.close()


def test_certificate_of_the_host_is_accepted(client, serve, certified) -> None:
    """https works by the name, although the connection goes to a checked address."""
    server = serve(answer(b'{"tls": true}'), tls=certified)
    exchange = client.get(Request(url=f"https://lemmy.test:{server.port}/"))
    assert exchange.body == b'{"tls": true}'
    assert server.asked[0].headers["host"] == f"lemmy.test:{server.port}"


@pytest.mark.parametrize(
    ("host", "trusted", "reason"),
    [("lemmy.test", False, "self-signed|unable to get"), ("other.test", True, "not valid for 'other.test'")],
)
def test_invalid_certificate_is_named_and_not_tried_again(
    client_with, serve, certified, trusting, clock, host: str, trusted: bool, reason: str
) -> None:
    """An unknown authority or another host's certificate: the message names the host, and no second attempt is made."""
    server = serve(answer(), tls=certified)
    client = client_with(tls=trusting if trusted else ssl.create_default_context())
    with pytest.raises(InstanceUnreachableError, match=rf"The certificate of {host} is not valid .*({reason})"):
        client.get(Request(url=f"https://{host}:{server.port}/"))
    assert (server.connections, server.asked, clock.slept) == (1, [], [])


def test_certificate_that_has_expired_is_called_so(client_with, serve) -> None:
    """What helps is another than where a certificate is somebody else's."""
    path = CERTIFICATES / "expired.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = serve(answer(), tls=context)
    client = client_with(tls=ssl.create_default_context(cafile=path))
    with pytest.raises(InstanceUnreachableError, match=r"The certificate of lemmy\.test has expired") as caught:
        client.get(Request(url=f"https://lemmy.test:{server.port}/"))
    assert "renew" in caught.value.next
    assert server.connections == 1


def test_plain_server_on_an_https_address_is_a_tls_failure(client) -> None:
    """A server that does not speak TLS at all."""
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def reply() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(9999)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=reply).start()
        with pytest.raises(InstanceUnreachableError, match="encrypted"):
            client.get(Request(url=f"https://lemmy.test:{plain.getsockname()[1]}/"))


@pytest.mark.parametrize(
    ("code", "message", "attempts"),
    [
        (socket.EAI_NONAME, "no host named lemmy.test", 1),
        (socket.EAI_NODATA, "no host named lemmy.test", 1),
        (socket.EAI_AGAIN, "could not be looked up", 4),
    ],
)
def test_unknown_host_is_told_from_a_failing_look_up(client_with, code: int, message: str, attempts: int) -> None:
    """A typing error is reported at once; a resolver that is out of order may come back."""
    looked_up = []

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        looked_up.append(host)
        raise socket.gaierror(code, "no")

    with pytest.raises(InstanceUnreachableError, match=message) as caught:
        client_with(resolver=resolver).get(Request(url="https://lemmy.test/post/1"))
    assert len(looked_up) == attempts
    assert caught.value.url == "https://lemmy.test/post/1"


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_AGAIN, "no"), OSError(errno.ENETUNREACH, "no")])
def test_machine_without_a_network_blames_no_host(client_with, error: OSError) -> None:
    """Where nothing at all is looked up, the fault is not the server's."""

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        raise error

    client = client_with(resolver=resolver)
    for host in ("one.test", "two.test"):
        with pytest.raises(InstanceUnreachableError, match="This machine seems to have no network") as caught:
            client.get(Request(url=f"https://{host}/"))
        assert "this machine's network" in caught.value.next


def test_name_servers_that_are_silent_about_one_host_are_not_this_machines(client_with, serve) -> None:
    """Where another host was looked up, the network is there."""
    server = serve(answer())

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        if host == "lemmy.test":
            return [("127.0.0.1", port)]
        raise socket.gaierror(socket.EAI_AGAIN, "no")

    client = client_with(resolver=resolver)
    client.get(Request(url=server.url))
    with pytest.raises(InstanceUnreachableError, match=r"^The name two\.test could not be looked up"):
        client.get(Request(url="https://two.test/"))


@pytest.mark.parametrize("reached", [False, True])
def test_way_to_nowhere_is_told_from_no_way_to_one_host(client_with, serve, monkeypatch, reached: bool) -> None:
    """Addresses that are known lead nowhere without a network; with one, a single host may be out of reach."""
    server = serve(answer())
    client = client_with()
    if reached:
        client.get(Request(url=server.url))

    def unreachable(*_: object, **__: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(InstanceUnreachableError) as caught:
        client.get(Request(url="http://other.test/"))
    assert ("This machine seems to have no network" in caught.value.message) is not reached


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test"])
def test_impossible_name_is_an_unknown_host(host: str) -> None:
    """Names that no resolver can be asked for are unknown hosts, too."""
    with Client(rate=0) as client, pytest.raises(InstanceUnreachableError, match="no host named"):
        client.get(Request(url=f"https://{host}/"))


def test_host_without_addresses_is_unknown(client_with) -> None:
    """An empty answer of the resolver."""
    with pytest.raises(InstanceUnreachableError, match="no host named"):
        client_with(resolver=lambda *_: []).get(Request(url="https://lemmy.test/"))


def test_refused_connection_is_named(client, clock: FakeClock) -> None:
    """Nobody listens: said so with the port, after three more attempts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InstanceUnreachableError, match=rf"lemmy\.test refused the connection on port {port}"):
        client.get(Request(url=f"http://lemmy.test:{port}/"))
    assert clock.slept == [1, 2, 4]


def test_reset_connection_is_tried_again(client, serve) -> None:
    """A connection that breaks once does not fail the request."""
    server = serve(in_turn([None], [answer()]))
    assert client.get(Request(url=server.url)).status == 200
    assert len(server.asked) == 2
