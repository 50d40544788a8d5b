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
from thread_archive.exceptions import AccessDeniedError, FetchError, ServerFailedError, ThreadGoneError
from thread_archive.model import Site
from thread_archive.payloads import error_code
from thread_archive.urls import host_in

T = TypeVar("T")
Steps = Generator[Request, Exchange, T]

OK = 200

# Codes and texts by which 0.18, 0.19 and 1.0 say that something is not there (lemmy-api: 0.19.4+ answers 400, 0.18
# and 1.0 404; 0.18 also in plain text).
NOT_FOUND = frozenset(
    {
        "couldnt_find_comment",
        "couldnt_find_object",
        "couldnt_find_post",
        "not_found",
        "Record not found",
        "resolve_object_failed",
    }
)
LOGIN_NEEDED = frozenset({"instance_is_private", "not_logged_in", "incorrect_login"})


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
    """An answer that cannot come from the dialect that the server was taken to speak."""


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
    return answer.status != OK and error_code(answer.body) in NOT_FOUND


def is_json(answer: Exchange) -> bool:
    """Whether an answer claims to be JSON; proxies and front ends answer API paths with HTML."""
    return answer.body.lstrip()[:1] in (b"{", b"[")


def refuse(answer: Exchange, what: str) -> FetchError:
    """The error that says why `answer` did not give `what` (a noun phrase such as "the thread")."""
    code = error_code(answer.body)
    host = host_in(answer.url)
    if code in LOGIN_NEEDED or answer.status in (401, 403):
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
    return ServerFailedError(
        f"{host} answered {answer.status} instead of {what}.",
        next="Try again later; the same command goes on from there.",
        url=answer.url,
    )
