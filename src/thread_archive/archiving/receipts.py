"""The receipt: an account of every comment that any server named or counted, by where it went."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from thread_archive.archiving.linking import ArticleReceipt
from thread_archive.exceptions import ThreadArchiveError, UnexpectedError
from thread_archive.model import Missing, MissingItem, MissingReason, TakenBack
from thread_archive.urls import host_in

COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as a receipt tells it."""

    type: str
    message: str
    next: str
    exit_code: int

    @classmethod
    def of(cls, error: ThreadArchiveError) -> "Problem":
        """What `error` says."""
        name = "unexpected" if isinstance(error, UnexpectedError) else type(error).__name__
        return cls(type=name, message=error.message, next=error.next, exit_code=error.exit_code)

    def as_json(self) -> dict[str, Any]:
        """The contract's object."""
        return {"type": self.type, "message": self.message, "next": self.next}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReceipt:
    """
    What one server was asked and gave.

    `advertised` is its own count of live comments (None where it shows no post) and `drift` by how many that is too
    high; `lacked` is how many comments that others gave it did not. `misplaced` comments have a path that makes no
    sense, so that they stand on the post; of `incomplete` ones it told only a part; `unreadable` rows of its lists
    were passed over.
    """

    instance: str
    software: str = ""
    version: str = ""
    is_home: bool = False
    advertised: int | None = None
    received: int = 0
    tombstones: int = 0
    lacked: int = 0
    requests: int = 0
    drift: int = 0
    misplaced: int = 0
    incomplete: int = 0
    unreadable: int = 0
    error: Problem | None = None

    def as_json(self) -> dict[str, Any]:
        """The contract's object; what is odd about few servers is there only where it is not 0."""
        odd = {"misplaced": self.misplaced, "incomplete": self.incomplete, "unreadable": self.unreadable}
        return {
            "instance": self.instance,
            "software": self.software,
            "version": self.version,
            "is_home": self.is_home,
            "advertised": self.advertised,
            "received": self.received,
            "tombstones": self.tombstones,
            "lacked": self.lacked,
            "requests": self.requests,
            "drift": self.drift,
            **{name: count for name, count in odd.items() if count},
            "error": self.error.as_json() if self.error else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What became of one URL.

    `status` is `complete`, `partial` or `failed`; `stored` counts the thread's comments in the archive, tombstones
    and what was `purged` included (by ap_id, and by which server); `taken_back` says why the post is not given any
    more. `unconfirmed` comments are kept and count as nothing. `attested_by` are the servers whose word the thread
    rests on where neither its home nor its own host told of it. `seconds` and `bytes` (over the wire) are those of the
    whole visit.
    """

    url: str
    status: str
    thread: str | None = None
    title: str = ""
    asked_for: str | None = None
    changed: bool = False
    error: Problem | None = None
    captured_at: datetime | None = None
    sources: tuple[SourceReceipt, ...] = ()
    stored: int = 0
    tombstones: int = 0
    missing: tuple[Missing, ...] = ()
    purged: tuple[MissingItem, ...] = ()
    unconfirmed: tuple[MissingItem, ...] = ()
    attested_by: tuple[str, ...] = ()
    taken_back: TakenBack | None = None
    article: ArticleReceipt = field(default_factory=ArticleReceipt)
    underived: int = 0
    revisions_added: int = 0
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def unexplained(self) -> int:
        """How many comments are missing and nobody knows why."""
        return sum(item.count for item in self.missing if item.reason is MissingReason.UNEXPLAINED)

    @property
    def exit_code(self) -> int:
        """The process's exit code if this were the only URL."""
        if self.error:
            return self.error.exit_code
        return 1 if self.unexplained else 0

    def _named(self) -> tuple[Missing, ...]:
        """What is missing; and of what was purged, by name, also that which an earlier visit stored."""
        if not self.purged:
            return self.missing
        gaps = next((item for item in self.missing if item.reason is MissingReason.PURGED), None)
        items = (*(gaps.items if gaps else ()), *self.purged)
        purged = Missing(reason=MissingReason.PURGED, count=len(items), items=items)
        return (purged, *(item for item in self.missing if item is not gaps))

    def as_json(self) -> dict[str, Any]:
        """The contract's object of `add --json`; what few threads have is there only where there is any."""
        return {
            "url": self.url,
            "thread": self.thread,
            "title": self.title,
            "asked_for": self.asked_for,
            "status": self.status,
            "changed": self.changed,
            "exit_code": self.exit_code,
            "error": self.error.as_json() if self.error else None,
            "captured_at": self.captured_at.isoformat().replace("+00:00", "Z") if self.captured_at else None,
            **({"attested_by": list(self.attested_by)} if self.attested_by else {}),
            "sources": [source.as_json() for source in self.sources],
            "comments": {
                "stored": self.stored,
                "tombstones": self.tombstones,
                "missing": [_missing_json(item) for item in self._named()],
                "unexplained": self.unexplained,
                **({"unconfirmed": [_item_json(item) for item in self.unconfirmed]} if self.unconfirmed else {}),
                **({"underived": self.underived} if self.underived else {}),
            },
            "article": self.article.as_json(),
            "revisions_added": self.revisions_added,
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }


def _missing_json(missing: Missing) -> dict[str, Any]:
    return {
        "reason": missing.reason.value,
        "count": missing.count,
        "items": [_item_json(item) for item in missing.items],
    }


def _item_json(item: MissingItem) -> dict[str, Any]:
    return {"ap_id": item.ap_id, "instance": item.instance, "local_id": item.local_id}


def failure(url: str, error: ThreadArchiveError, sources: tuple[SourceReceipt, ...] = ()) -> Receipt:
    """The receipt of a URL that gave no thread."""
    return Receipt(url=url, status=FAILED, error=Problem.of(error), sources=sources)


def less(receipt: Mapping[str, Any], lost: Collection[str], stored: int, tombstones: int) -> dict[str, Any]:
    """A kept receipt's object for a thread that has so many comments, since those `lost` belong to another thread."""
    comments: dict[str, Any] = dict(receipt.get("comments") or {})
    others = [item for item in comments.get("missing", ()) if item["reason"] != MissingReason.OTHER_THREAD]
    before = [item for item in comments.get("missing", ()) if item["reason"] == MissingReason.OTHER_THREAD]
    named = [{"ap_id": ap_id, "instance": host_in(ap_id), "local_id": None} for ap_id in lost]
    items = [item for entry in before for item in entry["items"]] + named
    entry = {"reason": MissingReason.OTHER_THREAD.value, "count": len(items), "items": items}
    kept = [item for item in comments.get("unconfirmed", ()) if item["ap_id"] not in lost]
    comments |= {"stored": stored, "tombstones": tombstones, "missing": [*others, entry]}
    if "unconfirmed" in comments:
        comments["unconfirmed"] = kept
    return {**receipt, "comments": comments}
