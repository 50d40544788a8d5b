"""What is known of a thread's copy: when it was made, from which servers, and what is not in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thread_archive.counting import counted
from thread_archive.model import GONE_FOR_GOOD, MISSING_REASONS, MissingReason
from thread_archive.store.threadpages import Visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    The latest capture's account. `sources` are sentences, `missing` what is not there and why, `gone` what nobody has
    any more; `stored` counts comments, tombstones among them, None where the archive holds no account; `failure` is
    what a later visit met.
    """

    status: str
    captured_at: str
    visits: int
    first_at: str
    failed_at: str = ""
    failure: str = ""
    stored: int | None = None
    tombstones: int = 0
    sources: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


def facts(
    visits: Visits | None, receipts: Iterable[Any], failure: tuple[str, Any] | None = None, *, hidden: int | None = None
) -> Facts | None:
    """
    The facts that the visits and the latest of `receipts` (the latest first) with an account tell; None without.

    `failure` is when a later visit failed, and its receipt. Where a public site hides comments, `hidden` is how many of
    those that receipts count, 0 too, and no number is told that would count them.
    """
    if visits is None:
        return None
    receipt = next((told for told in map(_mapping, receipts) if isinstance(told.get("comments"), dict)), {})
    comments = _mapping(receipt.get("comments"))
    told = [_mapping(item) for item in _list(comments.get("missing"))]
    gone = [item for item in told if item.get("reason") in GONE_FOR_GOOD]
    missing = [item for item in told if item not in gone]
    stored = comments.get("stored")
    return Facts(
        status=visits.status,
        captured_at=visits.captured_at,
        visits=visits.count,
        first_at=visits.first_at,
        failed_at=failure[0] if failure else "",
        failure=str(_mapping(_mapping(failure[1]).get("error")).get("message") or "") if failure else "",
        stored=stored - (hidden or 0) if isinstance(stored, int) else None,
        tombstones=0 if hidden is not None else _number(comments.get("tombstones")),
        sources=tuple(_source(_mapping(item), counts=hidden is None) for item in _list(receipt.get("sources"))),
        missing=tuple(_missing(_number(item.get("count")), item.get("reason")) for item in missing),
        gone=tuple(_missing(_number(item.get("count")), item.get("reason")) for item in gone if hidden is None),
        uncounted=tuple(
            _missing(bare, item.get("reason"))
            for item in missing
            if (bare := _number(item.get("count")) - len(_list(item.get("items")))) > 0
        ),
    )


def _source(source: dict[str, Any], *, counts: bool) -> str:
    name = str(source.get("software") or "").capitalize()
    software = f"{name or 'unknown software'} {source.get('version') or ''}".strip()
    home = ", the thread’s home" if source.get("is_home") else ""
    who = f"{source.get('instance')} ({software}{home})"
    error = _mapping(source.get("error")).get("message")
    if error:
        return f"{who}: {error}"
    if not counts:
        return who
    advertised = source.get("advertised")
    live = f"counts {advertised:,} live, " if isinstance(advertised, int) else ""
    drift = _number(source.get("drift"))
    too_high = f" (its counter is {drift:,} too high)" if drift else ""
    return f"{who}: {live}gave {_number(source.get('received')):,}{too_high}"


def _missing(count: int, reason: object) -> str:
    try:
        why = MISSING_REASONS[MissingReason(str(reason))]
    except ValueError:
        why = str(reason)
    return f"{counted(count, 'comment')}: {why}"


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
