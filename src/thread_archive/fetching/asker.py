"""One request, asked at the pace of its host until it is answered: what API requests and linked pages share."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from threading import Lock

import httpx
import stamina

from thread_archive.captures import KEPT_HEADERS, Exchange
from thread_archive.exceptions import FetchError, InstanceUnreachableError, ServerFailedError
from thread_archive.fetching.addresses import host_of
from thread_archive.fetching.bodies import ACCEPT_ENCODING
from thread_archive.fetching.clock import Clock
from thread_archive.fetching.failures import TRANSFER_FAILURES, explained
from thread_archive.fetching.pace import Allowance, OnWait, Pace, limited
from thread_archive.fetching.ratelimits import is_limited, retry_after
from thread_archive.fetching.retries import Retries
from thread_archive.fetching.transport import GuardedTransport
from thread_archive.fetching.walls import wall

PRODUCT = "thread-archive"

# Without a handler of its own a retry's warning would go to stderr; people are told through `on_wait`.
logging.getLogger("stamina").addHandler(logging.NullHandler())


# Takes in the body of an answer: gives it, and how many bytes came over the network for it. Raises FetchError and
# httpx.DecodingError.
Read = Callable[[httpx.Response], tuple[bytes, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, the transport it goes over, how its answer is read, and how many seconds that may take at most."""

    request: httpx.Request
    transport: GuardedTransport
    read: Read
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What a server answered; `wire_bytes` is the size of the body on the network, `withheld` points at what was blanked
    in it.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    wire_bytes: int
    asked_at: datetime
    withheld: tuple[str, ...] = ()

    def exchange(
        self,
        url: str,
        *,
        final_url: str = "",
        wire_bytes: int | None = None,
        logged_in: bool = False,
        method: str = "GET",
    ) -> Exchange:
        """The evidence of having asked for `url`; `wire_bytes` where those of redirects count too."""
        return Exchange(
            url=url,
            method=method,
            status=self.status,
            requested_at=self.asked_at,
            body=self.body,
            final_url=final_url or url,
            headers={name: value for name, value in self.headers.items() if name in KEPT_HEADERS},
            logged_in=logged_in,
            wire_bytes=self.wire_bytes if wire_bytes is None else wire_bytes,
            withheld=self.withheld,
        )


class Asker:
    """
    Asks each host one question at a time, at least `interval` seconds apart, and says who asks.

    `contact` and `on_wait` are as Client describes them.
    """

    def __init__(self, *, interval: float, contact: str | None, clock: Clock, on_wait: OnWait | None) -> None:
        self._interval = interval
        self._user_agent = _user_agent(contact)
        self._clock = clock
        self._on_wait = on_wait
        self._paces: dict[str, Pace] = {}
        self._paces_lock = Lock()

    def request(
        self,
        url: httpx.URL,
        *,
        accept: str,
        more: Iterable[tuple[bytes, bytes]] = (),
        method: str = "GET",
        content: bytes | None = None,
    ) -> httpx.Request:
        """A request with what each carries, and the headers `more`."""
        headers = [
            # Left to httpx, it would decode the name for it, and raise for one that IDNA 2008 refuses: an emoji's.
            (b"host", url.netloc),
            (b"user-agent", self._user_agent),
            (b"accept", accept.encode()),
            (b"accept-encoding", ACCEPT_ENCODING),
            *more,
        ]
        return httpx.Request(method, url, headers=headers, content=content)

    def pace(self, url: httpx.URL) -> Pace:
        """The pace of the host that `url` belongs to, one for all its ports."""
        host = host_of(url).rstrip(".")  # with the root's dot it is the same
        with self._paces_lock:
            if host not in self._paces:
                self._paces[host] = Pace(host, interval=self._interval, clock=self._clock, on_wait=self._on_wait)
            return self._paces[host]

    def answer(self, question: Question, retries: Retries) -> Answer:
        """Ask until there is an answer below 500; raises FetchError when `retries` has no room for another attempt."""
        pace, url = self.pace(question.request.url), str(question.request.url)
        # stamina runs the attempts, but the waits are the pace's: they hold the host for all threads, not only for
        # this request, and pass on the injected clock. So the hook says "again, at once" or no.
        for attempt in stamina.retry_context(
            on=lambda error: 0.0 if retries.granted(error) else False, attempts=None, timeout=None
        ):
            with attempt, pace.turn(retries.allowance, url=url):
                try:
                    return self._answer(question, pace, retries.allowance)
                except FetchError as error:
                    # Within the turn, so that no other thread slips in before the host is held.
                    retries.weigh(error, pace)
                    raise
        raise AssertionError("the last attempt returns or raises")

    def answer_once(self, question: Question, allowance: Allowance) -> Answer:
        """Ask one time only; raises FetchError."""
        pace = self.pace(question.request.url)
        with pace.turn(allowance, url=str(question.request.url)):
            return self._answer(question, pace, allowance)

    def _answer(self, question: Question, pace: Pace, allowance: Allowance) -> Answer:
        request = question.request
        host, url = host_of(request.url), str(request.url)
        seconds = allowance.for_answer(question.seconds)
        if seconds <= 0:
            raise InstanceUnreachableError(
                f"The time was used up before {host} could be asked.", next="Try again later.", url=url
            )
        request.extensions["seconds"] = seconds
        asked_at = self._clock.now()
        try:
            response = question.transport.handle_request(request)
            try:
                body, wire_bytes = question.read(response)
            finally:
                response.close()
        except TRANSFER_FAILURES as error:
            raise explained(error, host=host, url=url, seconds=seconds) from error
        except FetchError as error:
            error.url = url
            raise
        status, headers = response.status_code, response.headers
        # A page that was asked for and came is no wall, whatever is in it; a failure is, if it says so.
        is_for_programs = "json" in request.headers["accept"] or status in (429, 503)
        if is_for_programs and (barrier := wall(host, url, status, headers, body)):
            raise barrier
        if is_limited(status, headers, body):
            raise limited(host, retry_after(headers, self._clock.now()) or pace.window_left(), url=url)
        pace.learn(headers)
        if status >= 500:
            raise ServerFailedError(
                f"{host} answered with the error {status}.", next="The server has a problem; try again later.", url=url
            )
        return Answer(status=status, headers=headers, body=body, wire_bytes=wire_bytes, asked_at=asked_at)


def _user_agent(contact: str | None) -> bytes:
    product = f"{PRODUCT}/{version(PRODUCT)}"
    # What cannot be printed cannot stand in a header either.
    printable = "".join(character for character in contact or "" if character.isprintable())
    return (f"{product} (+{printable})" if printable else product).encode()
