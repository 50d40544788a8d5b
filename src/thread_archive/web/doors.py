"""
Who is let in, and to what: hosts that a site answers to, and on a public site our own pages alone.

What is public is what is named here: Datasette's pages tell of tables, counts and columns in many ways, and a later
release of it will know more of them. Of an archive they are closed altogether.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from datasette.utils import tilde_decode

from thread_archive.web import hosts, policies, views
from thread_archive.web.archives import allowed_hosts, is_public, ours, sole

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

_STATIC = ("/-/static/", "/-/static-plugins/")
_CLOSED = (403, "This is not open to everybody.")
_NO_SUCH = (404, "There is nothing here.")


def closed(datasette: Any) -> frozenset[str]:
    """The names of databases of which Datasette itself shows nothing: archives of a public site."""
    if not is_public(datasette):
        return frozenset()
    # Where databases can be joined in one query, that is done in one of Datasette's own.
    return frozenset(ours(datasette)) | ({"_memory"} if datasette.crossdb else frozenset())


def doorkeeper(datasette: Any, app: App) -> App:
    """Datasette behind the doors of its archives. Raises InputError where a host that is allowed is none."""
    doors = _Doors(
        datasette=datasette,
        hosts=allowed_hosts(datasette),
        public=is_public(datasette),
        pages=tuple(re.compile(route) for route, _ in views.routes(datasette)),
    )

    async def keep(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ours(datasette):
            await app(scope, receive, send)
            return
        path = _path(datasette, scope)
        refused = doors.refusal(scope, path)
        if refused:
            await _refuse(send, *refused)
            return
        alone = sole(datasette) is not None
        is_own = alone or doors.is_page(path) or doors.names_an_archive(path)
        nonce = policies.new_nonce() if alone else ""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                if is_own:
                    headers = _harmless(headers, is_file=path.startswith("/-/") or _is_mounted(datasette, path))
                if nonce and not _has(headers, b"content-security-policy"):
                    headers.append((b"content-security-policy", policies.datasettes(nonce).encode()))
                if doors.public:
                    headers.append((b"x-robots-tag", b"noindex, nofollow"))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, with_headers)

    return keep


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doors:
    """What was set when the site started: `hosts` is None where every one is answered; `pages` are routes of ours."""

    datasette: Any
    hosts: tuple[str, ...] | None
    public: bool
    pages: tuple[re.Pattern[str], ...]

    def refusal(self, scope: Any, path: str) -> tuple[int, str] | None:
        """The status and the words with which a request is refused; None where it is not."""
        if self.hosts is not None and (stranger := hosts.refusal(scope, self.hosts)):
            return stranger
        if not self.public:
            return None
        return self._closed(path) if scope["method"] in ("GET", "HEAD") else (405, "This site is for reading.")

    def _closed(self, path: str) -> tuple[int, str] | None:
        """What stands before a path that a public site shows nobody; None where it has something for everybody."""
        if self.is_page(path) or path == "/favicon.ico":
            return None
        if self.names_an_archive(path):
            return _CLOSED
        # Beside other databases: theirs are for their owner to close.
        is_theirs = sole(self.datasette) is None and (not path.startswith("/-") or path.startswith(_STATIC))
        return None if is_theirs else _NO_SUCH

    def is_page(self, path: str) -> bool:
        """Whether one of our own pages is at `path`: Datasette's router asks the same expressions, ours first."""
        return any(route.match(path) for route in self.pages)

    def names_an_archive(self, path: str) -> bool:
        """Whether Datasette would show something of an archive at `path`."""
        first = path[1:].partition("/")[0]
        names = {*ours(self.datasette), *closed(self.datasette)}
        routes = {self.datasette.databases[name].route for name in names}
        return not routes.isdisjoint((tilde_decode(first), tilde_decode(first.partition(".")[0])))


def _harmless(headers: list[tuple[bytes, bytes]], *, is_file: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that a browser takes for what they say; only a file is a script."""
    kept = [
        (name, b"text/plain; charset=utf-8")
        if name.lower() == b"content-type" and not is_file and policies.is_executable(value.decode("latin-1"))
        else (name, value)
        for name, value in headers
        if name.lower() != b"x-content-type-options"
    ]
    return [*kept, (b"x-content-type-options", b"nosniff")]


def _has(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _path(datasette: Any, scope: Any) -> str:
    """The path as Datasette's own router reads it, from `base_url` on."""
    raw = scope.get("raw_path")
    path = str(raw.decode("ascii", "replace") if raw else scope["path"]).partition("?")[0]
    base = datasette.setting("base_url")
    return "/" + path[len(base) :] if base != "/" and path.startswith(base) else path


def _is_mounted(datasette: Any, path: str) -> bool:
    return any(path.startswith(f"/{mount.strip('/')}/") for mount, _ in datasette.static_mounts)


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-security-policy", policies.OURS.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-robots-tag", b"noindex, nofollow"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
