"""
What a public site keeps closed: SQL, downloads, streams, evidence, what was replaced or withdrawn, paths and logins.

Everything is closed but what is named here, so that a table or page that comes later is closed until somebody thinks
of it.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from thread_archive.store.restrictions import has_restricted
from thread_archive.web.archives import PLUGIN, also_shown, is_public, ours, sole
from thread_archive.web.responses import CSP

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

# Tables that say nothing of any one item.
_ALWAYS = frozenset({"instances", "communities"})
# Tables of items: open while there is nothing among them that is not for everybody.
_UNRESTRICTED = frozenset(
    {
        "people", "posts", "comments", "cross_posts", "local_ids", "scores", "articles", "article_paragraphs", "links",
        "quotes", "search_items", "search_content", "search_fts",
    }
)  # fmt: skip
# Below `/-/`: what pages are drawn with. The rest tells of files and settings, or asks for logins.
_DRAWN = ("/-/static/", "/-/static-plugins/", f"/-/{PLUGIN}/")
_INDEX = frozenset({"/-", "/-/"})
# Datasette's own pages have scripts and styles in them.
_CORE_CSP = CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
# What was found in files, by path, size and time of change of the file and its WAL.
_restricted: dict[tuple[object, ...], bool] = {}
_MOST_KNOWN = 100


async def open_tables(datasette: Any, database: str) -> frozenset[str]:
    """The tables (and views) of an archive that a public site shows."""
    return _ALWAYS if await _holds_restricted(datasette, database) else _ALWAYS | _UNRESTRICTED


async def is_allowed(datasette: Any, action: str, database: str, child: str | None) -> bool:
    """Whether a public site allows an action on an archive, or on a table or query of it."""
    if action in ("view-instance", "view-database"):
        return True
    if action == "view-table":
        return child in await open_tables(datasette, database)
    return action == "view-query" and not await _holds_restricted(datasette, database)


async def _holds_restricted(datasette: Any, database: str) -> bool:
    db = datasette.databases[database]
    purged, unconfirmed = also_shown(datasette)
    key = (*_state(db.path), purged, unconfirmed)
    if key not in _restricted:
        if len(_restricted) >= _MOST_KNOWN:
            _restricted.clear()
        _restricted[key] = await db.execute_fn(partial(has_restricted, purged=purged, unconfirmed=unconfirmed))
    return _restricted[key]


def _state(path: str) -> tuple[object, ...]:
    state: list[object] = [path]
    for name in (path, f"{path}-wal"):
        try:
            status = Path(name).stat()
        except OSError:
            continue
        state += [status.st_ino, status.st_size, status.st_mtime_ns]
    return tuple(state)


def doorkeeper(datasette: Any, app: App) -> App:
    """Datasette behind the doors of its archives: closed ones where it is public, and a CSP on its own pages."""

    async def keep(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ours(datasette):
            await app(scope, receive, send)
            return
        public = is_public(datasette)
        refusal = _refusal(datasette, scope) if public else None
        if refusal:
            await _refuse(send, *refusal)
            return
        alone = sole(datasette) is not None

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_more_headers(message, alone, public)]}
            await send(message)

        await app(scope, receive, with_headers)

    return keep


def _more_headers(message: Any, alone: bool, public: bool) -> list[tuple[bytes, bytes]]:
    have = {name.lower() for name, _ in message.get("headers", [])}
    more = []
    if alone and b"content-security-policy" not in have:
        more.append((b"content-security-policy", _CORE_CSP.encode()))
    if public:
        more.append((b"x-robots-tag", b"noindex, nofollow"))
    return more


def _refusal(datasette: Any, scope: Any) -> tuple[int, str] | None:
    """The status and the words with which a public site refuses a request; None where it does not."""
    if scope["method"] not in ("GET", "HEAD"):
        return (405, "This site is for reading.")
    path = unquote((scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0])
    path = "/" + path.removeprefix(datasette.setting("base_url")).lstrip("/")
    # Beside other databases our pages are there; alone, Datasette has something of its own at that address.
    is_page = (path == "/-/threads" or path.startswith("/-/threads/")) and sole(datasette) is None
    if path.startswith("/-") and path not in _INDEX and not path.startswith(_DRAWN) and not is_page:
        return (404, "There is nothing here.")
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    if "_stream" in query:
        return (403, "This site does not stream whole tables.")
    return None


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-security-policy", CSP.encode()),
        (b"x-robots-tag", b"noindex, nofollow"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


async def denial_rows(datasette: Any, action: str) -> dict[str, frozenset[str]]:
    """For each archive of a public site: the tables or queries an action is allowed on; absent where all is."""
    if not is_public(datasette) or action in ("view-instance", "view-database"):
        return {}
    found: dict[str, frozenset[str]] = {}
    for name in ours(datasette):
        if action == "view-table":
            found[name] = await open_tables(datasette, name)
        elif not await is_allowed(datasette, action, name, None):
            found[name] = frozenset()
    return found
