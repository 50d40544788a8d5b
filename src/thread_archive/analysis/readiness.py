"""What is found out of a thread's texts while they come, before anybody matches them."""

from collections.abc import Sequence

from thread_archive.analysis.texts import Text

DEEPEST = 50
"""How many of the texts above a comment are looked at: as deep as Lemmy lets a comment be."""


class Readiness:
    """
    Texts made ready for a Matcher, which takes them out; and which of them share nothing with those they answer.

    What is not ready costs a Matcher time, and changes nothing that it finds.
    """

    def __init__(self) -> None:
        self._texts: dict[str, Text] = {}
        self._strangers: set[tuple[str, ...]] = set()

    def add(self, body: str, above: Sequence[str]) -> None:
        """Make `body` ready, which stands below the texts `above`, nearest first."""
        text = self._texts[body] = Text(body)
        above = above[:DEEPEST]
        shingles, size = text.shingles(text.shingle), text.shingle
        if all(other in self._texts and shingles.isdisjoint(self._texts[other].shingles(size)) for other in above):
            self._strangers.add((body, *above))

    def take(self, body: str) -> Text:
        """The text ready for matching; the second time it is made anew."""
        return self._texts.pop(body) if body in self._texts else Text(body)

    def is_stranger(self, body: str, above: Sequence[str]) -> bool:
        """Whether `body` is known to share nothing with the texts `above`."""
        return (body, *above[:DEEPEST]) in self._strangers

    def clear(self) -> None:
        """Forget everything."""
        self._texts.clear()
        self._strangers.clear()
