"""The labelled set of quotes (`fixtures/quotes`): its threads, and how far what is found agrees with the labels."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thread_archive.analysis.quotes import Matcher, Quote, Target

THREADS = Path(__file__).parents[1] / "fixtures" / "quotes" / "threads.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A comment, what is above it, and its labels as (start, end, target, marked)."""

    case: str
    body: str
    above: list[Target]
    labels: list[tuple[int, int, str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A labelled thread: what all its comments may quote, and the comments."""

    name: str
    held_out: bool
    shared: list[Target]
    comments: list[Asked]


@cache
def threads() -> list[Thread]:
    return [_thread(json.loads(line)) for line in THREADS.read_text("utf-8").splitlines()]


def _thread(data: dict) -> Thread:
    shared = [Target(key="post", text=data["post"]), Target(key="title", text=data["title"])]
    shared += [Target(key=f"a{number}", text=text) for number, text in enumerate(data["article"], 1)]
    by_id = {comment["id"]: comment for comment in data["comments"]}
    comments = []
    for comment in data["comments"]:
        above, parent = [], comment["parent"]
        while parent is not None:
            above.append(Target(key=parent, text=by_id[parent]["body"]))
            parent = by_id[parent]["parent"]
        labels = [(label["start"], label["end"], label["target"], label["marked"]) for label in comment["quotes"]]
        comments.append(Asked(case=comment["case"], body=comment["body"], above=above, labels=labels))
    return Thread(name=data["thread"], held_out=data["held_out"], shared=shared, comments=comments)


@dataclass(slots=True)
class Agreement:
    """Quotes that a label has, quotes that none has, labels that were not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def agreement(which: list[Thread]) -> Agreement:
    """A quote is right where target and mark are the label's and the passages share half of what both cover."""
    total = Agreement()
    for labels, quotes in _answers(which):
        left = list(labels)
        for quote in quotes:
            label = next((label for label in left if _same(quote, label)), None)
            if label is None:
                total.wrong += 1
            else:
                total.right += 1
                left.remove(label)
        total.missed += len(left)
    return total


def _answers(which: list[Thread]) -> Iterator[tuple[list[tuple[int, int, str, bool]], list[Quote]]]:
    for thread in which:
        matcher = Matcher(thread.shared)
        for comment in thread.comments:
            yield comment.labels, matcher.find(comment.body, comment.above)


def _same(quote: Quote, label: tuple[int, int, str, bool]) -> bool:
    start, end, target, marked = label
    both = min(quote.end, end) - max(quote.start, start)
    either = max(quote.end, end) - min(quote.start, start)
    return (quote.target, quote.marked) == (target, marked) and both * 2 >= either
