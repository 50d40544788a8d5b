"""
The guarded transport: every connection of the program is made here.

One look-up a connection, and the connection goes to one of the addresses that were looked up and checked: a name
that answers differently the second time (DNS rebinding) has no second time. Host header, SNI and certificate
check see the name, as always. Everything between look-up and last byte shares one deadline.
"""

import errno
import logging
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import httpcore
import httpx

from thread_archive.fetching.addresses import AddressRule
from thread_archive.fetching.clock import Clock
from thread_archive.fetching.failures import ConnectFailure

# There is no way from this machine to anywhere, or none to that network.
_NO_WAY = frozenset({errno.ENETUNREACH, errno.ENETDOWN})

# OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED.
_EXPIRED = 10

IDLE_SECONDS = 30.0
IDLE_CONNECTIONS = 20

# Its DEBUG records show the headers of answers, and a Lemmy's answer to a login sets the token as a cookie.
logging.getLogger("httpcore.http11").setLevel(logging.INFO)


class Resolver(Protocol):
    """What turns a name into addresses."""

    def __call__(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """The (numeric address, port) pairs to try for `host`, best first; raises OSError for an unknown host."""


def system_resolver(host: str, port: int) -> Sequence[tuple[str, int]]:
    """Ask this machine's resolver, once. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(address[0]), int(address[1])) for *_, address in found]


class GuardedTransport(httpx.BaseTransport):
    """
    HTTP/1.1 with keep-alive to hosts whose addresses pass `rule`. A request says in its extension `seconds` how long
    the answer may take in all.

    Raises BlockedAddressError; ConnectFailure for names, refused connections and TLS; and httpcore's own exceptions
    for time-outs and broken transfers.
    """

    def __init__(self, *, rule: AddressRule, resolver: Resolver, clock: Clock, tls: ssl.SSLContext | None) -> None:
        self._clock = clock
        self._pool = httpcore.ConnectionPool(
            # Without one each TLS connection makes its own: 30 ms that a run over plain http need not spend.
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_GuardedBackend(rule, resolver, clock),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; the body of the answer is read from its stream, under the same deadline."""
        # httpcore hands each of these numbers untouched to our backend and streams, for every single read. So
        # they carry the moment when all must be done, not a duration: a drip of bytes cannot prolong it.
        deadline = self._clock.monotonic() + request.extensions["seconds"]
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": {"connect": deadline, "read": deadline, "write": deadline}},
            )
        )
        return httpx.Response(status_code=answer.status, headers=answer.headers, stream=_BodyStream(answer))

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()


class _BodyStream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _GuardedBackend(httpcore.NetworkBackend):
    """Looks up, checks and connects; `timeout` is a deadline throughout (see GuardedTransport.handle_request)."""

    def __init__(self, rule: AddressRule, resolver: Resolver, clock: Clock) -> None:
        self._rule = rule
        self._resolver = resolver
        self._clock = clock
        self._sockets = httpcore.SyncBackend()
        # Whether anything was ever looked up or reached: without a network nothing is.
        self._looked_up_any = self._connected_any = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        places = self._looked_up(host, port)
        self._rule.check(host, [address for address, _ in places])
        for place, (address, actual_port) in enumerate(places):
            left = _left(timeout, self._clock, httpcore.ConnectTimeout)
            # A share for each address, so that one which swallows packets does not use up the others' time.
            share = None if left is None else left / (len(places) - place)
            try:
                stream = self._sockets.connect_tcp(address, actual_port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._connected_any = True
                return _DeadlineStream(stream, self._clock)
        if isinstance(failure, httpcore.ConnectTimeout):
            raise failure
        if isinstance(failure.__cause__, OSError) and failure.__cause__.errno in _NO_WAY and not self._connected_any:
            raise _no_network(f"there is no way to {host}") from failure
        refused = isinstance(failure.__cause__, ConnectionRefusedError)
        what = f"refused the connection on port {port}" if refused else f"cannot be reached on port {port}"
        raise ConnectFailure(
            f"{host} {what}.", next="The server may be down, or the address wrong; try again later."
        ) from failure

    def _looked_up(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        try:
            places = self._resolver(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that no name can have
            if not _may_be_known(error):
                self._looked_up_any = True
                raise _unknown(host) from error
            if not self._looked_up_any:
                raise _no_network(f"the name {host} could not be looked up") from error
            raise ConnectFailure(
                f"The name {host} could not be looked up: its name servers, or ours, do not answer.",
                next="Try again later; the server may be down.",
            ) from error
        self._looked_up_any = True
        if not places:
            raise _unknown(host)
        return places


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which every read and write ends at the deadline that it is given as `timeout`."""

    def __init__(self, stream: httpcore.NetworkStream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._clock, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._clock, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, self._clock, httpcore.ConnectTimeout)
        try:
            return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._clock)
        except (httpcore.ConnectError, ValueError) as error:  # ValueError: a name that TLS cannot ask for
            cause = error.__cause__ or error
            advice = "Check the address and this machine's clock; otherwise its administrators must repair it."
            if not isinstance(cause, ssl.SSLCertVerificationError):
                what = f"{server_hostname} could not agree with us on an encrypted connection."
            elif cause.verify_code == _EXPIRED:
                what = f"The certificate of {server_hostname} has expired."
                advice = (
                    "Its administrators must renew it, unless this machine's clock is wrong; until then another server "
                    "may hold a copy."
                )
            else:
                what = f"The certificate of {server_hostname} is not valid ({cause.verify_message})."
            raise ConnectFailure(what, next=advice, lasting=True) from cause

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _may_be_known(error: OSError | UnicodeError) -> bool:
    """Whether a look-up that failed tells nothing of the name: nobody answered it."""
    return isinstance(error, OSError) and (error.errno in _NO_WAY or error.errno == socket.EAI_AGAIN)


def _no_network(what: str) -> ConnectFailure:
    return ConnectFailure(
        f"This machine seems to have no network: {what}, and nothing else was reached.",
        next="Check this machine's network connection, then try again.",
    )


def _unknown(host: str) -> ConnectFailure:
    return ConnectFailure(f"There is no host named {host}.", next="Check the address for typing errors.", lasting=True)


def _left(deadline: float | None, clock: Clock, late: type[httpcore.TimeoutException]) -> float | None:
    if deadline is None:
        return None
    left = deadline - clock.monotonic()
    if left <= 0:
        raise late("the time for this answer is used up")
    return left
