"""
How a source asks: a generator that yields what to request and is sent the answer.

Nothing here touches the network, so that a procedure can be driven by a live client, by stored exchanges after an
interruption, or by a test.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import (
    AccessDeniedError,
    ClosedDoorError,
    FetchError,
    ServerFailedError,
    ThreadGoneError,
)
from thread_archive.model import Site
from thread_archive.payloads import api_error
from thread_archive.urls import host_in

T = TypeVar("T")
Steps = Generator[Request, Exchange, T]

OK = 200

# How every version says that something is not there. The codes begin alike from the first versions on
# (`couldnt_find_post`, `couldnt_find_that_username_or_email`) but for those that 1.0 brought.
NOT_FOUND_PREFIX = "couldnt_find_"
NOT_FOUND = frozenset({"not_found", "resolve_object_failed"})
# What the database's library says, of which up to 0.18 came as plain text and with 0.19.0–0.19.3 as the message of an
# `unknown` error; `NotFound` is how it said that before Lemmy 0.17.
NO_RECORD = frozenset({"record not found", "notfound", "no object found", "no object found."})
LOGIN_NEEDED = frozenset({"instance_is_private", "not_logged_in", "incorrect_login"})

ELSEWHERE = "Another Lemmy server may hold a copy of the thread."
LET_IN = "Its administrators can let thread-archive in; --contact tells them who asks."

# What proxies, firewalls and courts answer; Lemmy has words of its own.
_CLOSED_DOORS = {
    401: "asks for a password of its own, which is not that of an account",
    403: "does not let programs in: a proxy or firewall before it refuses them",
    410: "says that this is gone for good",
    451: "withholds this for legal reasons",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where to ask for a thread: a server's base URL (`https://host`), and a post or a comment there by local id.

    `login` says to ask with the person's login; `expected` are local ids of comments that an earlier visit got there.
    """

    base: str
    site: Site
    post_id: int | None = None
    comment_id: int | None = None
    login: bool = False
    expected: tuple[int, ...] = ()

    @property
    def instance(self) -> str:
        """The server's host, with its port where that is not the scheme's own."""
        return self.base.partition("://")[2]

    def request(self, path: str, **query: str | int) -> Request:
        """A GET of `path` at this server with `query` in the order given."""
        url = f"{self.base}{path}?{urlencode(query)}" if query else f"{self.base}{path}"
        return Request(url=url, login=self.login)


def split_query(query: Mapping[str, str | int]) -> tuple[dict[str, str | int], dict[str, str | int]]:
    """A list's parameters in two: what it is of (`post_id`, `parent_id`), and how much of it."""
    where = {name: value for name, value in query.items() if name in ("post_id", "parent_id")}
    return where, {name: value for name, value in query.items() if name not in where}


class Contradiction(Exception):  # noqa: N818 - not an error of the person's: discovery runs again
    """An answer to `url` that cannot come from the dialect that the server was taken to speak, a `page` for one."""

    def __init__(self, url: str, *, page: bool = False) -> None:
        super().__init__(url)
        self.page = page


def contradicts(answer: Exchange) -> bool:
    """
    Whether an answer to an API path cannot come from the dialect we took the server to speak.

    A Lemmy that lacks an end point answers 404 with an empty body, other software and front ends with a page.
    """
    if is_json(answer) or answer.status in (401, 403):
        return False
    return answer.status == OK or (answer.status in (404, 405, 410) and not is_absent(answer))


def is_absent(answer: Exchange) -> bool:
    """Whether the server says that it has no such thing (as opposed to failing or refusing)."""
    if answer.status == OK:
        return False
    told = api_error(answer.body)
    words = told.error if told.error not in ("", "unknown") else (told.message or "").strip()
    return words in NOT_FOUND or words.startswith(NOT_FOUND_PREFIX) or words.casefold() in NO_RECORD


def is_json(answer: Exchange) -> bool:
    """Whether an answer claims to be JSON; proxies and front ends answer API paths with HTML."""
    return answer.body.lstrip()[:1] in (b"{", b"[")


def is_page(answer: Exchange) -> bool:
    """Whether an answer is a web page; what it says is not kept, but for its type."""
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


def closed_door(answer: Exchange) -> ClosedDoorError | None:
    """The error for an answer by which something before the server does not let us in; None for any other."""
    does = _CLOSED_DOORS.get(answer.status)
    if does is None:
        return None
    advice = f"{LET_IN} {ELSEWHERE}" if answer.status in (401, 403) else ELSEWHERE
    return ClosedDoorError(host_in(answer.url), f"{does} ({answer.status})", next=advice, url=answer.url)


def refuse(answer: Exchange, what: str) -> FetchError:
    """The error that says why `answer` did not give `what` (a noun phrase such as "the thread")."""
    told = api_error(answer.body)
    code, host = told.said, host_in(answer.url)
    if told.error in LOGIN_NEEDED or (told.error and answer.status == 401):
        if answer.logged_in:
            return AccessDeniedError(
                f"{host} refuses the login that is kept for it ({code or answer.status}).",
                next=f"Log in again with `thread-archive login {host}`, or renew the token in $THREAD_ARCHIVE_TOKEN.",
                url=answer.url,
            )
        return AccessDeniedError(
            f"{host} does not show {what} to visitors ({code or answer.status}).",
            next=f"If you have an account there: `thread-archive login {host}`, then `add --login`.",
            url=answer.url,
        )
    if is_absent(answer):
        return ThreadGoneError(
            f"{host} has no such thread, or no longer shows it ({code}).",
            next="Check the address; another server may still hold a copy of the thread.",
            url=answer.url,
        )
    if door := closed_door(answer):
        return door
    return ServerFailedError(
        f"{host} answered {answer.status} instead of {what}.",
        next="Try again later; the same command goes on from there.",
        url=answer.url,
    )
