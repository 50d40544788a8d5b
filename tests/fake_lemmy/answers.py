"""An answer before it is bytes, and the refusals in each version's words."""

from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
ACTIVITY = "application/activity+json"


@dataclass(slots=True, kw_only=True)
class Answer:
    """
    Status, body and headers, names in lower case. The body is a JSON value, bytes, an iterator of bytes (sent as
    they come, never compressed), or None for nothing. `keep` is the share of its bytes that is sent as if it were
    all; `cut` closes the connection after that many bytes.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: float = 1
    cut: int | None = None

    @classmethod
    def json(cls, body: Any, status: int = 200, content_type: str = JSON) -> "Answer":
        """A JSON body under its media type."""
        return cls(status=status, body=body, headers={"content-type": content_type})

    @classmethod
    def text(cls, body: str, status: int, content_type: str = "text/plain") -> "Answer":
        """A body of plain text."""
        return cls(status=status, body=body.encode(), headers={"content-type": content_type})


class RefusedError(Exception):
    """
    Raised where a real server refuses; carries the Answer that it gives instead. `unread` is a query that the
    framework could not read: it never came to the limiter, and has none of its headers.
    """

    def __init__(self, answer: Answer, *, unread: bool = False) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.unread = unread


def refuse(code: str, status: int = 400, **more: str) -> RefusedError:
    """A refusal with Lemmy's JSON error body."""
    return RefusedError(Answer.json({"error": code, **more}, status))


def bad_query(line: str, message: str) -> RefusedError:
    """What the framework says of a query that it cannot read: text in 0.18, JSON later."""
    message = f"Query deserialize error: {message}"
    if line == "0.18":
        return RefusedError(Answer.text(message, 400, "text/plain; charset=utf-8"))
    return RefusedError(Answer.json({"error": "unknown", "message": message}, 400), unread=True)


def unknown_row(line: str, code: str, *, early: bool = False) -> RefusedError:
    """No such row. `code` is v3's word for it; `early` is 0.19.0–0.19.3, which still said 404."""
    if line == "0.18":
        return RefusedError(Answer.text("Record not found", 404))
    if line == "1.0":
        return refuse("not_found", 404, cause="Record not found")
    return refuse(code, 404 if early else 400)


def private_instance(line: str) -> RefusedError:
    """What a private instance tells anybody who is not logged in."""
    code = "instance_is_private"
    return refuse(code, cause="InstanceIsPrivate") if line == "1.0" else refuse(code)
