"""
Who is let in, and to what: hosts that a site answers to, and on a public site our own pages alone.

What is public is what is named here: Datasette's pages tell of tables, counts and columns in many ways, and a later
release of it will know more of them. Of an archive they are closed altogether.
"""

from collections.abc import Awaitable, Callable
from re import match
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
    """Datasette behind the doors of its archives."""

    async def keep(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ours(datasette):
            await app(scope, receive, send)
            return
        refused = _refusal(datasette, scope)
        if refused:
            await _refuse(send, *refused)
            return
        alone, public, path = sole(datasette) is not None, is_public(datasette), _path(datasette, scope)
        is_own = alone or _is_page(datasette, path) or _names_an_archive(datasette, path)
        nonce = policies.new_nonce() if alone else ""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                if is_own:
                    headers = _harmless(headers, is_file=path.startswith("/-/") or _is_mounted(datasette, path))
                if nonce and not _has(headers, b"content-security-policy"):
                    headers.append((b"content-security-policy", policies.datasettes(nonce).encode()))
                if public:
                    headers.append((b"x-robots-tag", b"noindex, nofollow"))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, with_headers)

    return keep


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


def _refusal(datasette: Any, scope: Any) -> tuple[int, str] | None:
    """The status and the words with which a request is refused; None where it is not."""
    allowed = allowed_hosts(datasette)
    if allowed is not None and (stranger := hosts.refusal(scope, allowed)):
        return stranger
    if not is_public(datasette):
        return None
    if scope["method"] not in ("GET", "HEAD"):
        return (405, "This site is for reading.")
    return _closed_door(datasette, _path(datasette, scope))


def _closed_door(datasette: Any, path: str) -> tuple[int, str] | None:
    """What stands before a path that a public site shows nobody; None where it has something for everybody."""
    if _is_page(datasette, path) or path == "/favicon.ico":
        return None
    if _names_an_archive(datasette, path):
        return _CLOSED
    # Beside other databases: theirs are for their owner to close.
    is_theirs = sole(datasette) is None and (not path.startswith("/-") or path.startswith(_STATIC))
    return None if is_theirs else _NO_SUCH


def _is_page(datasette: Any, path: str) -> bool:
    """Whether one of our own pages is at `path`: Datasette's router asks the same expressions, ours first."""
    return any(match(route, path) for route, _ in views.routes(datasette))


def _names_an_archive(datasette: Any, path: str) -> bool:
    """Whether Datasette would show something of an archive at `path`."""
    first = path[1:].partition("/")[0]
    routes = {datasette.databases[name].route for name in {*ours(datasette), *closed(datasette)}}
    return not routes.isdisjoint((tilde_decode(first), tilde_decode(first.partition(".")[0])))


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
