"""The ASGI application: routes a request to its instance's answer, lets the faults at it, and writes the bytes."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fake_lemmy import about, activitypub, v3, v4
from fake_lemmy.answers import Answer, RefusedError, private_instance
from fake_lemmy.faults import Faults, Request
from fake_lemmy.limits import Limiter
from fake_lemmy.login import LOGOUT_PATHS, login, logout
from fake_lemmy.login import PATHS as LOGIN_PATHS
from fake_lemmy.query import Query
from fake_lemmy.view import View
from fake_lemmy.world import World

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
VARY = "accept-encoding, Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


@dataclass(slots=True, kw_only=True)
class App:
    """Answers for `worlds`; the Host header says which. `clock` (seconds) drives the rate limits."""

    worlds: dict[str, World]
    faults: Faults
    clock: Callable[[], float]
    requests: list[Request] = field(default_factory=list)
    _limiters: dict[str, Limiter] = field(default_factory=dict)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request over HTTP."""
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        domain = headers.get("host", "").lower()
        number = len(self.requests) + 1
        request = Request(number=number, domain=domain, method=scope["method"], target=target, headers=headers)
        self.requests.append(request)
        for hook in self.faults.before:
            hook(request)
        content = await read(receive)
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        answer = self.faults.apply(request, self.answer(request, content))
        await write(send, request, answer)

    def answer(self, request: Request, content: bytes) -> Answer:
        """What the instance answers when nothing goes wrong."""
        world = self.worlds.get(request.domain)
        if world is None:
            return Answer.text(f"no such instance: {request.domain}", 421)
        query = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
        line = world.instance.line
        account = world.account(token_of(line, request, query))
        headers: dict[str, str] = {}
        try:
            if request.path.startswith("/api/"):
                limiter = self._limiters.setdefault(request.domain, Limiter(instance=world.instance, clock=self.clock))
                headers = limiter.take()
            view = View(world=world, account=account, shim=line == "1.0" and request.path.startswith("/api/v3/"))
            answer = route(view, request, Query(line=line, fields=query), content)
        except RefusedError as refusal:
            answer = refusal.answer
            headers = {} if refusal.unread else headers
        answer.headers |= headers
        if line != "0.18":
            answer.headers.setdefault("cache-control", "private" if account else "public, max-age=60")
        return answer


def token_of(line: str, request: Request, query: dict[str, str]) -> str | None:
    """The token, from where the version reads it: 0.18 from the query, later ones from the header or cookie."""
    if line == "0.18":
        return query.get("auth")
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token
    cookies = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in cookies if name == "jwt"), None)


def route(view: View, request: Request, query: Query, content: bytes) -> Answer:
    """The answer to a path; one that nobody knows is 404 without a body."""
    path, line = request.path, view.line
    if path == "/.well-known/nodeinfo" or path.startswith("/nodeinfo/") or path == "/version":
        return about.nodeinfo(view.world, path)
    if request.method == "POST" and path in LOGOUT_PATHS:
        return logout(view.world, path, view.account)
    if request.method == "POST":
        return login(view.world, path, form_of(content)) if path in LOGIN_PATHS else Answer(status=404)
    version, _, rest = path.removeprefix("/api/").partition("/")
    if path.startswith("/api/") and version in ("v3", "v4") and (version == "v3" or line == "1.0"):
        if rest == "site":
            return about.site(view, query)
        routes = v4.ROUTES if version == "v4" else v3.SHIM_ROUTES if view.shim else v3.ROUTES
        if (handler := routes.get(f"/{rest}")) is None:
            return Answer(status=404)
        if view.world.instance.private and view.account is None:
            raise private_instance(line)
        return handler(view, query)
    parts = path.strip("/").split("/")
    if parts[0] in ("post", "comment") and len(parts) in (2, 3) and parts[1].isdecimal():
        return page_or_object(view, request, parts)
    return Answer(status=404)


def page_or_object(view: View, request: Request, parts: list[str]) -> Answer:
    """`/post/ID`, `/comment/ID` and `/post/ID/context`, as ActivityPub or as the shell of a page."""
    if parts[2:] == ["context"]:
        return activitypub.context(view, int(parts[1])) if parts[0] == "post" else Answer(status=404)
    if "json" in request.headers.get("accept", ""):
        return activitypub.given(view, parts[0], int(parts[1]))
    return Answer.text("<!DOCTYPE html><title>Lemmy</title>", 200, "text/html")


def form_of(content: bytes) -> Any:
    """The JSON that was posted, or None."""
    try:
        return json.loads(content)
    except ValueError:
        return None


async def read(receive: Receive) -> bytes:
    """The request's body."""
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            return content


def encoded(body: Any) -> bytes:
    """A body as bytes; what no strict encoder takes (lone surrogates, huge integers) is written all the same."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return bytes(body)
    try:
        return bytes(msgspec.json.encode(body))
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(body).encode()


async def write(send: Send, request: Request, answer: Answer) -> None:
    """Sends the answer: gzipped where that is accepted, cut off where it is to die."""
    headers = dict(answer.headers)
    stream = answer.body if isinstance(answer.body, Iterator) else None
    content = b"" if stream else encoded(answer.body)
    content = content[: int(len(content) * answer.keep)]
    if content and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, compresslevel=1, mtime=0)
        headers |= {"content-encoding": "gzip", "vary": VARY}
    if not stream:
        headers["content-length"] = str(len(content))
    if answer.cut == 0:
        # uvicorn's own cycle is behind `send`: an ASGI application has no other way to hang up without a word.
        send.__self__.transport.abort()  # type: ignore[attr-defined]
        return
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    if answer.cut is not None:
        await send({"type": "http.response.body", "body": content[: answer.cut], "more_body": True})
        send.__self__.transport.close()  # type: ignore[attr-defined]
        return
    for chunk in stream or ():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": content})
