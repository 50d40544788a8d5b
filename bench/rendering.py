"""
Rendering, alone: `python bench/rendering.py [ROUNDS]`, CPU a comment against the naive way in the same run.

The naive way is a new parser for each comment and nh3 with its defaults; it finds no bare URLs, mentions or links.
"""

import json
import lzma
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nh3
from markdown_it import MarkdownIt

from thread_archive.markup import plain_text, render

CAPTURES = Path(__file__).parents[1] / "fixtures" / "captures"
PLAIN = (
    "I have read the whole of it now, and it is better than the title makes one think.",
    "Does it still work when the server is gone? Mine lost half of the pictures last year, \"for good\" they said.\n\n"
    "We moved to another one in 2023. It took two evenings (and a lot of tea).",
    "Yes.",
    "Thanks! That is what I was looking for; the library's list at the end is worth the read alone.",
)  # fmt: skip
MARKED = (
    "> the loss is mostly a loss of bindings\n\nThat is *not* what the report says, see https://x.example/report?page=4.",
    "Try [this one](https://x.example/a) or ask in !harbour@lemmy.example, @mara@lemmy.example **knows** it.",
    "- films\n- boxes\n- no `rebinding`\n\n::: spoiler The end\nIt was *late*.\n:::",
)  # fmt: skip


def captured() -> list[str]:
    """The bodies of all comments of the captured threads."""
    rows = (
        json.loads(line)
        for path in sorted(CAPTURES.glob("*/comments.jsonl.xz"))
        for line in lzma.decompress(path.read_bytes()).decode().splitlines()
    )
    return [row["body"] for row in rows]


def naive(markdown: str) -> str:
    """What a short script would do."""
    return nh3.clean(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def microseconds(function: Callable[[str], object], texts: list[str], rounds: int) -> float:
    """The CPU that a text takes, in the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for text in texts:
            function(text)
        best = min(best, time.process_time() - started)
    return best / len(texts) * 1e6


def main(rounds: int = 5) -> bool:
    """Print a line for each kind of text; whether all goals are met."""
    met = True
    for name, texts, goal in (
        ("captured threads", captured(), 150.0),
        ("plain sentences", list(PLAIN) * 250, 10.0),
        ("with quotes, links, lists, spoilers", list(MARKED) * 100, 400.0),
    ):
        ours, theirs = microseconds(render, texts, rounds), microseconds(naive, texts[:1_000], rounds)
        text = microseconds(plain_text, texts, rounds)
        met &= ours <= goal
        print(
            f"{name}: {ours:.1f} µs a comment (goal {goal:.0f}) of {sum(map(len, texts)) / len(texts):.0f} characters, "
            f"naive {theirs:.0f} µs, ratio {ours / theirs:.3f}; plain text {text:.1f} µs"
        )
    return met


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:])) else 1)
