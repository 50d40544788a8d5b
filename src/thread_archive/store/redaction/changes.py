"""What a redaction changed, item by item: what is listed before the owner is asked."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedItem:
    """
    Something that was redacted, or would be: `kind` is `post`, `comment`, `article`, `person`, `community` or
    `cross_post`.

    `text` is what it said; it lives in memory only.
    """

    kind: str
    ap_id: str
    thread: str | None
    author: str | None
    text: str


@dataclass(slots=True)
class Changes:
    """
    Items that changed, and the row ids of threads that did; `posts` are those whose own text changed.

    `merged` are threads in which two states of an item became one.
    """

    items: list[ErasedItem] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)
    merged: set[int] = field(default_factory=set)
    other: int = 0

    @property
    def any(self) -> bool:
        """Whether anything was changed at all."""
        return bool(self.items or self.threads or self.other)
