"""
The receipts that a snapshot brings: of what strangers say, only what has the shape of a receipt.

What else an object says is left out, since nothing here would know how to show it, or how to redact it.
"""

from typing import Any, TypedDict

from thread_archive.payloads import parsed


class _Error(TypedDict, total=False):
    type: str


class _Source(TypedDict, total=False):
    instance: str | None
    software: str | None
    version: str | None
    is_home: bool | None
    advertised: int | None
    received: int | None
    tombstones: int | None
    lacked: int | None
    requests: int | None
    drift: int | None
    misplaced: int | None
    incomplete: int | None
    unreadable: int | None
    error: _Error | None


class _MissingItem(TypedDict, total=False):
    ap_id: str | None
    instance: str | None
    local_id: int | None


class _Missing(TypedDict, total=False):
    reason: str
    count: int
    items: list[_MissingItem]


class _Comments(TypedDict, total=False):
    stored: int | None
    tombstones: int | None
    missing: list[_Missing]
    unexplained: int | None


class _Article(TypedDict, total=False):
    status: str | None
    url: str | None
    reason: str | None


class _Receipt(TypedDict, total=False):
    status: str
    captured_at: str | None
    sources: list[_Source]
    comments: _Comments | None
    article: _Article | None


def received_receipt(text: str) -> dict[str, Any]:
    """The receipt that `text` is; raises ValueError where it is none."""
    return dict(parsed(text.encode(), _Receipt))
