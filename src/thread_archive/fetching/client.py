"""The polite client: asks servers at their pace, and turns each answer into an Exchange."""

import json
import re
import ssl
from collections.abc import Container, Mapping
from dataclasses import replace
from functools import partial
from typing import Self

import httpx

from thread_archive.captures import JSON, Exchange, PageRequest, Request
from thread_archive.exceptions import AccessDeniedError, FetchError
from thread_archive.fetching.addresses import (
    ANY_ADDRESS,
    LOOPBACK_ONLY,
    PUBLIC_ONLY,
    AddressRule,
    checked,
    host_of,
    origin_of,
)
from thread_archive.fetching.asker import Answer, Asker, Question
from thread_archive.fetching.bodies import read_body
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.fetching.limits import Limits, PageLimits
from thread_archive.fetching.outages import Outages
from thread_archive.fetching.pace import OnWait, Patience
from thread_archive.fetching.pages import Pages
from thread_archive.fetching.redirects import followed
from thread_archive.fetching.retries import FAILURES, Jitter, Retries, system_jitter
from thread_archive.fetching.transport import GuardedTransport, Resolver, system_resolver
from thread_archive.fetching.walls import is_page, walled
from thread_archive.withholding import holds_login, without_login

SYSTEM_CLOCK = SystemClock()
DEFAULT_LIMITS = Limits()
DEFAULT_PAGE_LIMITS = PageLimits()

_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750, 2.1


class Client:
    """
    Asks instances, politely and with care for whom it talks to; use it as a context manager.

    Any number of threads may share one: requests to one host are made one at a time, those to several at once.

    - `rate`: requests per second and host; 0 is as fast as the host answers
    - `contact`: a URL or an address for the User-Agent, so that administrators can reach whoever runs this
    - `allow_private_network`: lifts the rules on addresses, ports and plain http
    - `patience`: the longest total wait, in seconds, that one request may spend because a server asks for it or fails
    - `on_wait(server, seconds, why)`: called in the asking thread before such a wait
    - `rule`: what addresses must fulfil, instead of being public (or, with `allow_private_network`, anything)
    - `limits`, `page_limits`: what is taken of an answer, of an API and of a linked page

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
        page_limits: PageLimits = DEFAULT_PAGE_LIMITS,
        patience: float = 300.0,
        on_wait: OnWait | None = None,
        rule: AddressRule | None = None,
    ) -> None:
        self._allow_private_network = allow_private_network
        self._jitter = random or system_jitter()
        self._limits = limits
        self._patience = patience
        self._outages = Outages(clock)
        self._asker = Asker(interval=1 / rate if rate else 0.0, contact=contact, clock=clock, on_wait=on_wait)

        def guarded(rule: AddressRule) -> GuardedTransport:
            return GuardedTransport(rule=rule, resolver=resolver, clock=clock, tls=tls)

        self._transport = guarded(rule or (ANY_ADDRESS if allow_private_network else PUBLIC_ONLY))
        self._loopback = guarded(LOOPBACK_ONLY)
        self._pages = Pages(
            self._asker,
            self._transport,
            limits=page_limits,
            clock=clock,
            jitter=self._jitter,
            check=partial(checked, link=True, allow_private_network=allow_private_network),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept for the next request."""
        self._transport.close()
        self._loopback.close()

    def get(
        self,
        request: Request,
        *,
        typed_ports: Container[tuple[str, int]] = (),
        token: str | None = None,
        unless_down: bool = False,
        api: bool = False,
    ) -> Exchange:
        """
        Ask for `request.url` and return the answer, whatever its status below 500; redirects are followed.

        `typed_ports` holds the (host, port) that the user typed. `token` is a login for exactly that scheme, host and
        port: no redirect carries it elsewhere, and it goes over https (on this machine also over http). An answer that
        repeats it comes without it: blanked in the body, as `withheld` tells, and without the headers that hold it.
        With `unless_down` a server that is found down (see `outages`) is not asked, or once only; for the first request
        to one that can be done without. Only such requests tell whether it is down. With `api` it is known that an API
        is there: a page that comes with success instead of JSON is a wall, whatever is in it.

        Raises any FetchError but ThreadGoneError and UnsupportedSoftwareError, which are for the caller to find, and
        RobotsRefusedError and NotAPageError, which are of pages.
        """
        home = self._checked(request.url, typed_ports)
        server = home.netloc.decode("ascii")
        on_trial = unless_down and self._outages.is_on_trial(server, request.url)
        retries = Retries(Patience(self._patience), self._jitter, failures=0 if on_trial else FAILURES)
        try:
            answer = self._followed(request, home, retries, typed_ports, token)
        except FetchError as error:
            if unless_down:
                self._outages.failed(server, error)
            raise
        self._outages.answered(server)
        if api and request.accept == JSON and 200 <= answer.status < 300 and is_page(answer.headers, answer.body):
            raise walled(server, request.url, answer.status)
        return answer

    def _followed(
        self,
        request: Request,
        home: httpx.URL,
        retries: Retries,
        typed_ports: Container[tuple[str, int]],
        token: str | None,
    ) -> Exchange:
        last, wire_bytes = home, 0

        def ask(url: httpx.URL) -> Answer:
            login = token if origin_of(url) == origin_of(home) else None
            asked = self._asker.request(url, accept=request.accept, more=_authorization(url, login))
            answer = self._asker.answer(self._question(asked), retries)
            # Before a redirect is followed that would carry it in its address.
            return answer if token is None else _without_login(answer, token)

        for url, answer in followed(
            home, ask=ask, check=lambda url: self._checked(url, typed_ports), limit=self._limits.redirects
        ):
            last, wire_bytes = url, wire_bytes + answer.wire_bytes
        final_url = request.url if last is home else str(last)
        return answer.exchange(request.url, final_url=final_url, logged_in=bool(token), wire_bytes=wire_bytes)

    def get_page(self, request: PageRequest) -> tuple[Exchange, ...]:
        """
        Fetch a linked page as its site's robots.txt allows: an Exchange for each step, the last one the answer.

        The others are redirects, whose bodies are not read. The answer has a status below 500: 304 and no body where
        nothing has changed since `request.etag` or `request.last_modified`, no body either where its content-type is
        not text. URLs are without fragments. All takes `page_limits.seconds_in_all` at most, but for the ordinary
        pace of the hosts.

        Raises any FetchError but ThreadGoneError and UnsupportedSoftwareError.
        """
        return self._pages.get(request)

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
        more = [(b"content-type", JSON.encode()), *_authorization(target, token)]
        content = json.dumps(payload).encode()
        request = self._asker.request(target, accept=JSON, more=more, method="POST", content=content)
        answer = self._asker.answer_once(self._question(request), Patience(self._patience))
        return answer.exchange(url, logged_in=bool(token), method="POST")

    def _checked(self, url: str | httpx.URL, typed_ports: Container[tuple[str, int]]) -> httpx.URL:
        return checked(url, typed_ports=typed_ports, allow_private_network=self._allow_private_network)

    def _question(self, request: httpx.Request) -> Question:
        secret = request.method == "POST" or "authorization" in request.headers
        transport = self._loopback if secret and request.url.scheme == "http" else self._transport
        read = partial(read_body, limits=self._limits, url=str(request.url))
        return Question(request=request, transport=transport, read=read, seconds=self._limits.seconds)


def _without_login(answer: Answer, token: str) -> Answer:
    """`answer` without the `token` that it was asked for with, should it repeat it."""
    body, withheld = without_login(answer.body, token)
    headers = [(name, value) for name, value in answer.headers.raw if not holds_login(value, token)]
    return replace(answer, body=body, withheld=withheld, headers=httpx.Headers(headers))


def _authorization(url: httpx.URL, token: str | None) -> list[tuple[bytes, bytes]]:
    if token is None:
        return []
    # Checked here, since h11 would quote a header that it cannot send.
    if not _BEARER.fullmatch(token):
        raise AccessDeniedError(
            f"What is kept as the login for {host_of(url)} is not a token.", next="Log in again.", url=str(url)
        )
    return [(b"authorization", b"Bearer " + token.encode())]
