"""
What finding quotes costs: `python bench/quoting.py`.

Three figures, each CPU of this process: a comment of 60 words that quotes nothing, below a parent, three ancestors, a
post and an article of 60 paragraphs; the same where it quotes with a mark what is not here; a comment of the labelled
set (half of them quote, the texts are few). The yardstick in the same run is what one writes in an afternoon:
`fuzz.partial_ratio` of each sentence with each text. Then the labelled set's precision and recall, and memory.
"""

import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rapidfuzz import fuzz

from labelled_quotes import agreement, threads
from thread_archive.analysis.quotes import Matcher, Target

Asked = Sequence[tuple[str, list[Target]]]
_SENTENCES = re.compile(r"[^.!?]+[.!?]*")


class Prose:
    """Sentences in the vocabulary of the labelled English comments, in which common pairs of words come often."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._next: dict[str, list[str]] = {}
        for thread in threads():
            for comment in thread.comments:
                if comment.body.isascii():
                    for word, following in pairwise(re.findall(r"[a-z']+", comment.body.lower())):
                        self._next.setdefault(word, []).append(following)
        self._words = list(self._next)

    def write(self, count: int) -> str:
        """So many words."""
        words: list[str] = []
        while len(words) < count:
            word = self._random.choice(self._words)
            sentence = [word]
            while word in self._next and len(sentence) < 14:
                # Now and then any word, lest whole sentences of the set come again.
                words_after = self._next[word] if self._random.random() < 0.5 else self._words
                word = self._random.choice(words_after)
                sentence.append(word)
            words += [sentence[0].capitalize(), *sentence[1:-1], sentence[-1] + "."]
        return " ".join(words[:count])


def naive(shared: Sequence[Target], body: str, above: Sequence[Target]) -> int:
    """How many sentences of `body` are somewhere, by the slow way."""
    found = 0
    for sentence in _SENTENCES.findall(body.lower()):
        if len(sentence) >= 40:
            found += any(fuzz.partial_ratio(sentence, target.text.lower()) >= 85 for target in (*above, *shared))
    return found


def cpu(function: Callable[[], object]) -> float:
    """The CPU seconds that a call takes."""
    started = time.process_time()
    function()
    return time.process_time() - started


def thread_of(prose: Prose, count: int) -> tuple[list[Target], Asked]:
    """A post, an article of 60 paragraphs and `count` comments of 60 words, each below four others."""
    shared = [Target(key="post", text=prose.write(200)), *(Target(key=n, text=prose.write(70)) for n in range(60))]
    comments = [Target(key=f"c{number}", text=prose.write(60)) for number in range(count)]
    return shared, [(one.text, comments[max(0, at - 4) : at][::-1]) for at, one in enumerate(comments)]


def ask(shared: Sequence[Target], asked: Asked) -> int:
    """Ask about each comment; how many quotes there are."""
    matcher = Matcher(shared)
    return sum(len(matcher.find(body, above)) for body, above in asked)


def line(name: str, ours: float, theirs: float, goal: str = "") -> None:
    """A figure against the naive way, in milliseconds a comment."""
    print(f"{name:<44} {ours * 1000:>9.3f} ms {theirs * 1000:>9.2f} ms {ours / theirs:>8.4f}  {goal}", flush=True)


def costs() -> None:
    """The three costs."""
    prose = Prose(1)
    shared, asked = thread_of(prose, 2_000)
    found = ask(shared, asked)
    ours = min(cpu(lambda: ask(shared, asked)) for _ in range(3)) / len(asked)
    few = asked[::100]
    theirs = cpu(lambda: [naive(shared, body, above) for body, above in few]) / len(few)
    line(
        f"60 words that quote nothing ({found} found)",
        ours,
        theirs,
        "<= 0.15 ms " + ("met" if ours <= 0.00015 else "MISSED"),
    )

    strange = [(f"> {prose.write(40)}\n\n{prose.write(20)}", above) for _, above in asked[:300]]
    ours = cpu(lambda: ask(shared, strange)) / len(strange)
    theirs = cpu(lambda: [naive(shared, body, above) for body, above in strange[::20]]) / len(strange[::20])
    line("40 of 60 words quote what is not here", ours, theirs)

    count = sum(len(thread.comments) for thread in threads())
    sets = [(thread.shared, [(comment.body, comment.above) for comment in thread.comments]) for thread in threads()]
    ours = min(cpu(lambda: [ask(*one) for one in sets]) for _ in range(3)) / count
    theirs = cpu(lambda: [naive(shared, body, above) for shared, asked in sets for body, above in asked]) / count
    line("the labelled set, which quotes", ours, theirs)


def memory() -> None:
    """What a matcher has taken after 20,000 comments."""
    shared, asked = thread_of(Prose(2), 20_000)
    matcher = Matcher(shared)
    tracemalloc.start()
    for body, above in asked:
        matcher.find(body, above)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory over 20,000 comments: {kept / 1e6:.1f} MB kept, {peak / 1e6:.1f} MB at most")


def main() -> None:
    """Print all figures."""
    print(f"{'CPU a comment':<44} {'ours':>12} {'naive':>12} {'ratio':>8}")
    costs()
    for name, held_out in (("tuned on", False), ("held out", True)):
        found = agreement([thread for thread in threads() if thread.held_out == held_out])
        print(
            f"labelled set, {name}: precision {found.precision:.3f}, recall {found.recall:.3f} "
            f"({found.right} right, {found.wrong} wrong, {found.missed} missed)"
        )
    memory()


if __name__ == "__main__":
    main()
