"""The polite client: asks servers at their pace, and turns each answer into an Exchange."""

import json
import logging
import re
import ssl
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from threading import Lock
from typing import Self

import httpx
import stamina

from thread_archive.captures import JSON, KEPT_HEADERS, Exchange, Request
from thread_archive.exceptions import AccessDeniedError, BlockedAddressError, FetchError, ServerFailedError
from thread_archive.fetching.addresses import (
    ANY_ADDRESS,
    LOOPBACK_ONLY,
    PUBLIC_ONLY,
    AddressRule,
    checked,
    host_of,
    origin_of,
    port_of,
)
from thread_archive.fetching.bodies import ACCEPT_ENCODING, read_body
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.fetching.failures import TRANSFER_FAILURES, explained
from thread_archive.fetching.limits import Limits
from thread_archive.fetching.pace import OnWait, Pace, Patience, limited
from thread_archive.fetching.ratelimits import is_limited, retry_after
from thread_archive.fetching.retries import Jitter, Retries, system_jitter
from thread_archive.fetching.transport import GuardedTransport, Resolver, system_resolver

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SYSTEM_CLOCK = SystemClock()
DEFAULT_LIMITS = Limits()

_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750, 2.1

# Without a handler of its own a retry's warning would go to stderr; people are told through `on_wait`.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes
    wire_bytes: int
    asked_at: datetime


class Client:
    """
    Asks instances, politely and with care for whom it talks to; use it as a context manager.

    Any number of threads may share one: requests to one host are made one at a time, those to several at once.

    - `rate`: requests per second and host; 0 is as fast as the host answers
    - `contact`: a URL or an address for the User-Agent, so that administrators can reach whoever runs this
    - `allow_private_network`: lifts the rules on addresses, ports and plain http
    - `patience`: the longest total wait, in seconds, that one request may spend because a server asks for it or fails
    - `on_wait(host, seconds, why)`: called in the asking thread before such a wait
    - `rule`: what addresses must fulfil, instead of being public (or, with `allow_private_network`, anything)

    httpx's own client is not used: all that it adds to a transport (cookies, redirects, netrc, proxies from the
    environment, a log of URLs) would have to be turned off here.
    """

    def __init__(
        self,
        *,
        rate: float = 1.0,
        contact: str | None = None,
        allow_private_network: bool = False,
        resolver: Resolver = system_resolver,
        clock: Clock = SYSTEM_CLOCK,
        random: Jitter | None = None,
        tls: ssl.SSLContext | None = None,
        limits: Limits = DEFAULT_LIMITS,
        patience: float = 300.0,
        on_wait: OnWait | None = None,
        rule: AddressRule | None = None,
    ) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._user_agent = _user_agent(contact)
        self._allow_private_network = allow_private_network
        self._clock = clock
        self._jitter = random or system_jitter()
        self._limits = limits
        self._patience = patience
        self._on_wait = on_wait
        self._paces: dict[str, Pace] = {}
        self._paces_lock = Lock()

        def guarded(rule: AddressRule) -> GuardedTransport:
            return GuardedTransport(rule=rule, resolver=resolver, clock=clock, seconds=limits.seconds, tls=tls)

        self._transport = guarded(rule or (ANY_ADDRESS if allow_private_network else PUBLIC_ONLY))
        self._loopback = guarded(LOOPBACK_ONLY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept for the next request."""
        self._transport.close()
        self._loopback.close()

    def get(
        self, request: Request, *, typed_ports: Container[tuple[str, int]] = (), token: str | None = None
    ) -> Exchange:
        """
        Ask for `request.url` and return the answer, whatever its status below 500; redirects are followed.

        `typed_ports` holds the (host, port) that the user typed. `token` is a login for exactly that scheme, host and
        port: no redirect carries it elsewhere, and it goes over https (on this machine also over http).

        Raises any FetchError but ThreadGoneError and UnsupportedSoftwareError, which are for the caller to find.
        """
        home = url = self._checked(request.url, typed_ports)
        retries = Retries(self._patience, self._jitter)
        wire_bytes = 0
        for _ in range(self._limits.redirects + 1):
            login = token if origin_of(url) == origin_of(home) else None
            answer = self._asked_until_answered(self._request("GET", url, accept=request.accept, token=login), retries)
            wire_bytes += answer.wire_bytes
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or not location:
                final_url = request.url if url is home else str(url)
                return _exchange(answer, request.url, final_url=final_url, token=token, wire_bytes=wire_bytes)
            url = self._redirected(url, location, typed_ports)
        raise ServerFailedError(
            f"{host_of(home)} redirects us more than {self._limits.redirects} times.",
            next="Open the address in a browser and use the one where it ends.",
            url=request.url,
        )

    def post_json(
        self,
        url: str,
        payload: Mapping[str, object],
        *,
        typed_ports: Container[tuple[str, int]] = (),
        token: str | None = None,
    ) -> Exchange:
        """
        Send `payload` once, for logging in and out: not retried, not redirected, never in a log or an error.

        Goes over https, on this machine also over http. The answer may hold a token: it is not for the archive.
        Raises as `get` does.
        """
        target = self._checked(url, typed_ports)
        content = json.dumps(payload).encode()
        pace = self._pace(target)
        with pace.turn(Patience(self._patience), url=url):
            answer = self._asked(self._request("POST", target, accept=JSON, token=token, content=content), pace)
        return _exchange(answer, url, final_url=url, token=token, wire_bytes=answer.wire_bytes, method="POST")

    def _checked(self, url: str | httpx.URL, typed_ports: Container[tuple[str, int]]) -> httpx.URL:
        return checked(url, typed_ports=typed_ports, allow_private_network=self._allow_private_network)

    def _redirected(self, url: httpx.URL, location: str, typed_ports: Container[tuple[str, int]]) -> httpx.URL:
        try:
            target = url.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            raise ServerFailedError(
                f"{host_of(url)} redirects us to what is no address.", next="Try again later.", url=str(url)
            ) from error
        if url.scheme == "https" and target.scheme == "http":
            raise BlockedAddressError(
                f"{host_of(url)} redirects us from https to plain http, which we do not follow.",
                next="Its administrators must repair that.",
                url=str(url),
            )
        return self._checked(target, typed_ports)

    def _request(
        self, method: str, url: httpx.URL, *, accept: str, token: str | None, content: bytes | None = None
    ) -> httpx.Request:
        headers = [
            (b"user-agent", self._user_agent),
            (b"accept", accept.encode()),
            (b"accept-encoding", ACCEPT_ENCODING),
        ]
        if content is not None:
            headers.append((b"content-type", JSON.encode()))
        if token is not None:
            # Checked here, since h11 would quote a header that it cannot send.
            if not _BEARER.fullmatch(token):
                raise AccessDeniedError(
                    f"What is kept as the login for {host_of(url)} is not a token.", next="Log in again.", url=str(url)
                )
            headers.append((b"authorization", b"Bearer " + token.encode()))
        return httpx.Request(method, url, headers=headers, content=content)

    def _pace(self, url: httpx.URL) -> Pace:
        host = f"{host_of(url)}:{port_of(url)}"
        with self._paces_lock:
            if host not in self._paces:
                self._paces[host] = Pace(
                    host_of(url), interval=self._interval, clock=self._clock, on_wait=self._on_wait
                )
            return self._paces[host]

    def _asked_until_answered(self, request: httpx.Request, retries: Retries) -> _Answer:
        pace = self._pace(request.url)
        # stamina runs the attempts, but the waits are the pace's: they hold the host for all threads, not only for
        # this request, and pass on the injected clock. So the hook says "again, at once" or no.
        for attempt in stamina.retry_context(
            on=lambda error: 0.0 if retries.granted(error) else False, attempts=None, timeout=None
        ):
            with attempt, pace.turn(retries.patience, url=str(request.url)):
                try:
                    return self._asked(request, pace)
                except FetchError as error:
                    # Within the turn, so that no other thread slips in before the host is held.
                    retries.weigh(error, pace)
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, request: httpx.Request, pace: Pace) -> _Answer:
        host, url = host_of(request.url), str(request.url)
        asked_at = self._clock.now()
        secret = request.method == "POST" or "authorization" in request.headers
        transport = self._loopback if secret and request.url.scheme == "http" else self._transport
        try:
            response = transport.handle_request(request)
            try:
                body, wire_bytes = read_body(response, self._limits, url=url)
            finally:
                response.close()
        except TRANSFER_FAILURES as error:
            raise explained(error, host=host, url=url, seconds=self._limits.seconds) from error
        except FetchError as error:
            error.url = url
            raise
        status, headers = response.status_code, response.headers
        if is_limited(status, headers, body):
            raise limited(host, retry_after(headers, self._clock.now()) or pace.window_left(), url=url)
        pace.learn(headers)
        if status >= 500:
            raise ServerFailedError(
                f"{host} answered with the error {status}.", next="The server has a problem; try again later.", url=url
            )
        return _Answer(status=status, headers=headers, body=body, wire_bytes=wire_bytes, asked_at=asked_at)


def _exchange(
    answer: _Answer, url: str, *, final_url: str, token: str | None, wire_bytes: int, method: str = "GET"
) -> Exchange:
    return Exchange(
        url=url,
        method=method,
        status=answer.status,
        requested_at=answer.asked_at,
        body=answer.body,
        final_url=final_url,
        headers={name: value for name, value in answer.headers.items() if name in KEPT_HEADERS},
        logged_in=bool(token),
        wire_bytes=wire_bytes,
    )


def _user_agent(contact: str | None) -> bytes:
    product = f"thread-archive/{version('thread-archive')}"
    # What cannot be printed cannot stand in a header either.
    printable = "".join(character for character in contact or "" if character.isprintable())
    return (f"{product} (+{printable})" if printable else product).encode()
