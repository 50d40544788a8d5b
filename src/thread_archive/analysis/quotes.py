"""Who quotes whom: passages of a comment that stand in what it answers, marked with `>` or not."""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from thread_archive.analysis.passages import Passage, Search
from thread_archive.analysis.readiness import DEEPEST, Readiness
from thread_archive.analysis.texts import Text

# How many texts an unmarked passage is looked for in.
_MOST_TARGETS = 24
# Characters of comments that a matcher keeps ready.
_KEPT = 250_000
_STOPS = ".!?…。！？؟"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A text that may be quoted, and its owner's name for it: a post's or comment's Markdown, or plain text."""

    key: Hashable
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """
    Characters `start` to `end` of a body stand in the target named `target`, from `target_start` to `target_end`.

    `score` is 0 to 100, 100 for the same words; `marked` says that the passage stands in a `>` block.
    """

    start: int
    end: int
    target: Hashable
    target_start: int
    target_end: int
    score: float
    marked: bool


class Matcher:
    """
    Finds what comments of one thread quote.

    `shared` is what every comment of the thread may quote: the post, then the article's paragraphs. What was prepared
    is kept as far as it is not too much; comments that come in thread order find their ancestors ready. `ready` is
    what was found out of the thread's texts before.
    """

    def __init__(self, shared: Iterable[Target] = (), *, ready: Readiness | None = None) -> None:
        self._ready = ready or Readiness()
        self._targets = tuple(shared)
        self._shared = tuple(Text(target.text) for target in self._targets)
        self._holders: dict[int, dict[int, list[int]]] = {}
        self._all_shared: dict[int, frozenset[int]] = {}
        self._kept: OrderedDict[str, Text] = OrderedDict()
        self._characters = 0

    def find(self, body: str, above: Sequence[Target] = ()) -> list[Quote]:
        """
        The quotes in the Markdown `body`, in order, none over another.

        `above` are its parent and further ancestors, nearest first. Of equal passages the nearest target's counts, one
        that says it before one that quotes it. A `>` block that matches nothing is left out: what it quotes is not
        here. Withdrawn text must not be given. Never raises; takes time linear in the lengths.
        """
        text = self._prepared(body)
        has_marked = ">" in body and any(marked for _, _, marked in text.paragraphs)
        is_stranger = not has_marked and self._ready.is_stranger(body, [target.text for target in above])
        if is_stranger and not self._likely(text, ()):
            return []
        above = above[:DEEPEST]
        near = [self._prepared(target.text) for target in above]
        likely = self._likely(text, near)
        if not likely and not has_marked:
            return []
        targets = (*above, *self._targets)
        search = Search(text=text, above=near, shared=self._shared, likely=likely)
        texts = (*near, *self._shared)
        return [_quote(text, passage, targets[passage.order], texts[passage.order]) for passage in search.run()]

    def _prepared(self, source: str) -> Text:
        text = self._kept.get(source)
        if text is not None:
            self._kept.move_to_end(source)
            return text
        text = self._kept[source] = self._ready.take(source)
        self._characters += len(source)
        while self._characters > _KEPT and len(self._kept) > 1:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)
        return text

    def _likely(self, text: Text, near: Sequence[Text]) -> list[int]:
        """The texts (by their order) that share more than one shingle with `text`, those with most first."""
        size = text.shingle
        shingles = text.shingles(size)
        shares: Counter[int] = Counter()
        for order, other in enumerate(near):
            if not shingles.isdisjoint(other.shingles(size)):
                shares[order] = len(shingles & other.shingles(size))
        if size not in self._all_shared:
            self._all_shared[size] = frozenset().union(*(other.shingles(size) for other in self._shared))
        for shingle in shingles & self._all_shared[size]:
            for number in self._holding(size)[shingle]:
                shares[len(near) + number] += 1
        by_share = sorted(shares.items(), key=lambda share: (-share[1], share[0]))
        return [order for order, count in by_share[:_MOST_TARGETS] if count > 1]

    def _holding(self, size: int) -> dict[int, list[int]]:
        """Which of the shared texts hold a shingle."""
        if size not in self._holders:
            holders: dict[int, list[int]] = {}
            for number, text in enumerate(self._shared):
                for shingle in text.shingles(size):
                    known = holders.setdefault(shingle, [])
                    if len(known) < _MOST_TARGETS:
                        known.append(number)
            self._holders[size] = holders
        return self._holders[size]


def _quote(text: Text, passage: Passage, target: Target, other: Text) -> Quote:
    run = passage.match.run
    return Quote(
        start=text.starts[run.first],
        end=_with_stop(text.source, text.ends[run.after - 1]),
        target=target.key,
        target_start=other.starts[run.there_first],
        target_end=_with_stop(other.source, other.ends[run.there_after - 1]),
        score=round(passage.match.score, 1),
        marked=passage.marked,
    )


def _with_stop(source: str, end: int) -> int:
    while end < len(source) and source[end] in _STOPS:
        end += 1
    return end
