"""Texts for benchmarks: made-up words, as frequent as those of a language (Zipf), for an index of the usual shape."""

from itertools import accumulate
from random import Random

_LETTERS = "etaoinshrdlucmfwypvbgk"
# A comment's words, in the mean; performance figures of the field's archives have between 30 and 60.
MEAN_WORDS = 35


class Prose:
    """Endless text; the same `random` state gives the same."""

    def __init__(self, random: Random, *, words: int = 30_000) -> None:
        self._random = random
        weights = range(len(_LETTERS), 0, -1)
        self.words = ["".join(random.choices(_LETTERS, weights, k=random.randint(2, 9))) for _ in range(words)]
        self._heap = list(accumulate(1 / rank for rank in range(1, words + 1)))

    def say(self, words: int) -> str:
        """So many words."""
        return " ".join(self._random.choices(self.words, cum_weights=self._heap, k=words))

    def comment(self) -> str:
        """A text as long as comments are: mostly short, a few very long."""
        return self.say(1 + min(800, int(self._random.expovariate(1 / (MEAN_WORDS - 1)))))
