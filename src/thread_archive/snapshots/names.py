"""Which names of people are ordinary words in the texts of a snapshot, so that nobody can tell who is meant by them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from thread_archive import scripts

# So many threads in which nobody of that name takes part: there it means something else.
ORDINARY_THREADS = 3
# Shorter names are left alone as words: nearly every text has them.
SHORTEST = 3
# A word as names are made of, with Markdown's backslashes.
WORD = re.compile(r"\w+(?:\\?[.\-]\w+|\\_\w*)*")
UNSPACED = re.compile(f"[{scripts.UNSPACED}]")
_SIGNS = re.compile(r"([.\-])")
# A name within a longer word has no more parts, with the signs between them.
MOST_PARTS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """Somebody as a snapshot would show them: `name` is the one on their instance."""

    ap_id: str
    name: str
    display_name: str = ""


def words_in(text: str) -> Iterator[str]:
    """Every word in lower case, without backslashes and underscores around it; of a word of parts also each run."""
    for word in WORD.findall(text):
        whole = word.replace("\\", "").lower()
        parts = split_at_signs(whole)
        for start in range(0, len(parts), 2):
            for end in range(start + 1, min(len(parts), start + MOST_PARTS) + 1, 2):
                yield "".join(parts[start:end]).strip("_")


def split_at_signs(word: str) -> list[str]:
    """The parts of a word between its points and hyphens, which stand between them."""
    return _SIGNS.split(word)


def word_names(person: NamedPerson) -> set[str]:
    """The names of a person that are one word and stand as one in texts, in lower case."""
    names = (person.name, person.display_name.strip())
    return {name.lower() for name in names if WORD.fullmatch(name) and not UNSPACED.search(name)}


class Usage:
    """How often the names of `people` occur as words, and in which threads besides their own."""

    def __init__(self, people: Iterable[NamedPerson]) -> None:
        self._bearers: dict[str, set[str]] = defaultdict(set)
        for person in people:
            for name in word_names(person):
                self._bearers[name].add(person.ap_id)
        self._threads: dict[str, set[str]] = defaultdict(set)
        self._takes_part: dict[str, set[str]] = defaultdict(set)
        self._times: Counter[str] = Counter()

    def takes_part(self, thread: str, person: str) -> None:
        """Somebody wrote in a thread; both by ap_id."""
        self._takes_part[person].add(thread)

    def add(self, thread: str, text: str) -> None:
        """Take in a text of a thread, in any order."""
        for word in words_in(text):
            if word in self._bearers:
                self._threads[word].add(thread)
                self._times[word] += 1

    def is_ordinary(self, name: str) -> bool:
        """Whether a name is a word that is used where nobody of that name is about."""
        name = name.lower()
        if len(name) < SHORTEST:
            return True
        own = set().union(*(self._takes_part[person] for person in self._bearers.get(name, ())))
        return len(self._threads.get(name, set()) - own) >= ORDINARY_THREADS
