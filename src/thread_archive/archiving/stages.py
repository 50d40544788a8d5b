"""A thread on its way into the archive: visited, no longer asked for, written and waiting for its page, derived."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from thread_archive.archiving.asking import Asking
from thread_archive.archiving.deriving import Derivation
from thread_archive.archiving.intake import KeptAnswers, UnderWay
from thread_archive.archiving.line import Wanted
from thread_archive.archiving.linking import ArticleReceipt
from thread_archive.archiving.preparing import Preparation
from thread_archive.archiving.receipts import Receipt
from thread_archive.archiving.visiting import Found, ThreadVisit
from thread_archive.captures import PageRequest
from thread_archive.exceptions import TakenDownError, ThreadArchiveError
from thread_archive.store.captures import OpenCapture


@dataclass(slots=True, kw_only=True, eq=False)
class OpenVisit:
    """A thread that is being visited: how to go on, and what its servers were asked last."""

    wanted: Wanted
    capture: OpenCapture
    visit: ThreadVisit
    steps: Asking[list[Found]]
    kept: KeptAnswers
    preparation: Preparation
    started: float
    under_way: UnderWay | None = None
    # The instances that gave an answer so far.
    answered: set[str] = field(default_factory=set)
    # The thread was taken down while its answers were under way.
    ruled_out: TakenDownError | None = None

    @property
    def name(self) -> str:
        """What progress calls it."""
        return self.wanted.url.canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A visit that is over: what each server gave, or what kept it from that."""

    visit: OpenVisit
    founds: list[Found]
    problem: ThreadArchiveError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A thread that is written, while the page that it links to is under way."""

    visit: OpenVisit
    receipt: Receipt
    post_id: int
    page: PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """A thread all of which is there, while what follows from its texts is derived."""

    visit: OpenVisit
    receipt: Receipt
    post_id: int
    article: ArticleReceipt
    derivation: Derivation
    steps: Iterator[None]
