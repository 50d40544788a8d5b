"""
What goes wrong between a server and its client, switched on for a Server at any time.

A Change takes the request and the right answer and gives the wrong one; Faults decides when. Wrong *rows* are made
with `rows` or `field`, which work on the decoded JSON of lists and single objects alike.
"""

import copy
import itertools
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from fake_lemmy.answers import Answer
from fake_lemmy.listing import cursor_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: `number` counts from 1 over the whole Server, `target` is path and query."""

    number: int
    domain: str
    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


Change = Callable[[Request, Answer], Answer]
Hook = Callable[[Request], None]


@dataclass(slots=True, kw_only=True)
class Fault:
    """A Change for the requests whose target holds `path`: all of them, or those `at` these numbers (from 1)."""

    change: Change
    path: str = ""
    domain: str = ""
    at: Container[int] | None = None
    seen: int = 0

    def apply(self, request: Request, answer: Answer) -> Answer:
        """The answer, changed where the fault is due."""
        if self.path not in request.target or self.domain not in request.domain:
            return answer
        self.seen += 1
        return self.change(request, answer) if self.at is None or self.seen in self.at else answer


@dataclass(slots=True, kw_only=True)
class Faults:
    """A Server's faults. `latency` (seconds) is added to each answer; `before` is called with each request."""

    latency: float = 0
    before: list[Hook] = field(default_factory=list)
    active: list[Fault] = field(default_factory=list)

    def add(self, change: Change, *, path: str = "", domain: str = "", at: Container[int] | None = None) -> Fault:
        """Switches a Change on: `at` counts the requests that match, from now and from 1."""
        fault = Fault(change=change, path=path, domain=domain, at=at)
        self.active.append(fault)
        return fault

    def before_request(self, number: int, hook: Callable[[], None]) -> None:
        """Calls `hook` when the Server's request of that number has come, before it is answered."""
        self.before.append(lambda request: hook() if request.number == number else None)

    def clear(self) -> None:
        """Back to a server that does what it should."""
        self.latency, self.before[:], self.active[:] = 0, [], []

    def apply(self, request: Request, answer: Answer) -> Answer:
        """The answer after every active fault."""
        for fault in self.active:
            answer = fault.apply(request, answer)
        return answer


def dies(after: int = 0) -> Change:
    """The connection closes after so many bytes of the body; with 0 before the status line."""

    def change(request: Request, answer: Answer) -> Answer:
        return Answer(status=answer.status, body=answer.body, headers=answer.headers, cut=after)

    return change


def says(body: bytes | str, status: int = 200, content_type: str = "application/json", **headers: str) -> Change:
    """Another answer altogether; a header's `_` stands for `-`."""
    raw = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, answer: Answer(status=status, body=raw, headers={"content-type": content_type, **named})


def html(status: int = 200) -> Change:
    """A proxy's page instead of JSON."""
    page = "<!DOCTYPE html><html><head><title>One moment</title></head><body><h1>One moment, please</h1></body></html>"
    return says(page, status, "text/html; charset=utf-8")


def unavailable(retry_after: str | None = "1") -> Change:
    """503, with Retry-After unless that is None."""
    return says("", 503, "text/plain", **({} if retry_after is None else {"retry_after": retry_after}))


def redirects(to: str = "http://127.0.0.1:1/", status: int = 302) -> Change:
    """A redirect elsewhere."""
    return says("", status, "text/plain", location=to)


def moved(base: str, status: int = 301) -> Change:
    """A redirect to the same path and query at another `base`."""
    return lambda request, answer: Answer(status=status, body=b"", headers={"location": base + request.target})


def nested(depth: int = 100_000) -> Change:
    """JSON that is nothing but lists within lists."""
    return says("[" * depth + "]" * depth)


def huge(size: int = 100_000_000) -> Change:
    """JSON of so many bytes, made as it is sent."""

    def chunks() -> Iterator[bytes]:
        yield b'{"comments":["'
        for _ in range(size // 65_536):
            yield b"x" * 65_536
        yield b'"]}'

    return lambda request, answer: Answer(body=chunks(), headers={"content-type": "application/json"})


def truncated(keep: float = 0.5) -> Change:
    """JSON that stops in the middle, as a whole answer."""
    return lambda request, answer: Answer(status=answer.status, body=answer.body, headers=answer.headers, keep=keep)


def body(edit: Callable[[Any], Any]) -> Change:
    """The decoded JSON, edited: `edit` gives the new value. Answers that are not JSON objects stay."""

    def change(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer.body, dict):
            return answer
        return Answer(status=answer.status, body=edit(copy.deepcopy(answer.body)), headers=answer.headers)

    return change


def rows(edit: Callable[[list[Row]], list[Row]]) -> Change:
    """The rows of a list, edited: `edit` gives the new ones."""

    def change(whole: Any) -> Any:
        for name in ("comments", "items"):
            if name in whole:
                whole[name] = edit(whole[name])
        return whole

    return body(change)


def field_of(kind: str, name: str, value: Any, *, ident: int | None = None) -> Change:
    """
    Every object under the key `kind` (`comment`, `post`, `counts` …) gets `name` = `value`; Ellipsis takes the
    field away. `ident` restricts it to the object of that id.
    """

    def visit(whole: Any) -> Any:
        if isinstance(whole, list):
            for item in whole:
                visit(item)
        elif isinstance(whole, dict):
            for key, item in whole.items():
                if key == kind and isinstance(item, dict) and ident in (None, item.get("id"), item.get("comment_id")):
                    if value is ...:
                        item.pop(name, None)
                    else:
                        item[name] = value
                visit(item)
        return whole

    return body(visit)


def losing(*idents: int) -> Change:
    """Lists without these comments; with `path="post_id="` the lists by parent still have them."""
    return rows(lambda given: [row for row in given if row["comment"]["id"] not in idents])


def short_page(drop: int = 1) -> Change:
    """A page whose last rows are missing."""
    return rows(lambda given: given[:-drop])


def repeated_rows() -> Change:
    """Each row comes twice."""
    return rows(lambda given: [row for row in given for _ in range(2)])


def endless(*, fresh: bool = False) -> Change:
    """
    A list that never ends: where it would be empty, the last full page comes again, and in v4 there is always a next
    page. With `fresh`, its rows have ids, and its pages cursors, never seen before.
    """
    last: list[Row] = []
    numbers = itertools.count(1_000_000)

    def renumbered(row: Row) -> Row:
        ident, own = next(numbers), row["comment"]
        ap_id = f"{own['ap_id'].rpartition('/')[0]}/{ident}"
        return {**row, "comment": {**own, "id": ident, "path": f"0.{ident}", "ap_id": ap_id}}

    def change(whole: Any) -> Any:
        name = "items" if "items" in whole else "comments"
        if name not in whole:
            return whole
        last[:] = whole[name] or last
        whole[name] = [renumbered(row) for row in last] if fresh else list(last)
        if name == "items" and last:
            width = 9 + next(numbers) % 1_000_000 if fresh else 9
            whole["next_page"] = cursor_of(last[-1]["comment"]["id"], width)
        return whole

    return body(change)
