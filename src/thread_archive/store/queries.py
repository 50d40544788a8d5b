"""
What a person types into a search, taken apart: words, phrases and operators. Any text is a valid query.

Pure: what the parts mean for the index is `store.search.plans`' business, and the chips of a page are made of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_TOKEN = re.compile(
    r"""(?P<minus>-?)(?:
        (?P<name>[A-Za-z]{2,12}):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))
        |"(?P<phrase>[^"]*)"?
        |(?P<word>[^\s"]+))""",
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W_]")
_NUMBERS = re.compile(
    r"(?:(?P<sign><=|>=|<|>)(?P<bound>-?\d{1,9})|(?P<low>-?\d{1,9})?(?P<dots>\.\.)?(?P<high>-?\d{1,9})?)"
)
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?)?")
# More would only cost time: nobody types so much.
_MOST_PARTS = 64
_LONGEST = 4096
# A beginning of fewer letters is that of too many words.
_SHORTEST_BEGINNING = 4
# Two letters and a star would be a third of all words.
_SHORTEST_PREFIX = 3

KINDS = ("article", "post", "comment")
STATES = ("op", "edited", "deleted")

OPERATORS: Mapping[str, str] = {
    "author": "written by this person: `ada`, or `ada@lemmy.world`",
    "community": "in this community: `boats`, or `boats@lemmy.world`",
    "instance": "in communities of this instance: `lemmy.world`",
    "thread": "in this thread: the last part of its page's address, or its URL",
    "kind": "`article`, `post` or `comment`",
    "before": "published before the beginning of `2026`, `2026-03` or `2026-03-01` (UTC)",
    "after": "published since the beginning of `2026`, `2026-03` or `2026-03-01` (UTC)",
    "score": "with so many votes: `>10`, `<=0`, `5..`, `5..10`",
    "depth": "so deep in the discussion: `<3`; the post is 0, what answers it 1",
    "is": "`op` (by who began the thread), `edited`, or `deleted` (taken back by its author or a moderator)",
}
"""Each operator and, for a person, what it narrows a search to."""


class Form(StrEnum):
    """How a term was written."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something to look for in texts: `text` without the signs of its `form`."""

    text: str
    form: Form = Form.WORD

    def __str__(self) -> str:
        if self.form is Form.PHRASE:
            return f'"{self.text}"'
        return f"{self.text}*" if self.form is Form.PREFIX else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Whole numbers from `low` to `high`, both included; None is no bound."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """
    An operator and its value as written; `negated` takes away what it describes.

    `numbers` is what `score` and `depth` allow, `time` the first moment that `before` or `after` names (UTC).
    """

    name: str
    value: str
    negated: bool = False
    numbers: Range = field(default_factory=Range)
    time: str = ""

    def __str__(self) -> str:
        value = f'"{self.value}"' if re.search(r"\s", self.value) else self.value
        return f"{'-' if self.negated else ''}{self.name}:{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A part of a query for a page that shows what was understood: `text`, and the query that lacks it (`without`)."""

    text: str
    without: str
    is_filter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """
    `groups` of alternatives, of each of which one must occur; `excluded` must not; `filters` narrow to some items.

    Several filters of one name are alternatives where an item has only one of the thing (author, community, instance,
    thread, kind), and must all hold elsewhere; negated ones must all not hold.
    """

    groups: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to look for; what is only excluded is no search."""
        return bool(self.groups or self.filters)

    def __str__(self) -> str:
        """The query as text that means the same."""
        parts = [" OR ".join(map(str, group)) for group in self.groups]
        return " ".join([*parts, *(f"-{term}" for term in self.excluded), *map(str, self.filters)])

    def named(self, name: str, *, negated: bool = False) -> tuple[Filter, ...]:
        """The filters of one name."""
        return tuple(x for x in self.filters if x.name == name and x.negated == negated)

    @property
    def widened(self) -> "Query":
        """The query with other forms of its words as alternatives: what begins as they do. Phrases stay as they are."""
        groups = tuple(
            tuple(dict.fromkeys(form for term in group for form in (term, _beginning(term)))) for group in self.groups
        )
        return Query(groups=groups, excluded=self.excluded, filters=self.filters)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """Everything that was understood, each part with the query that lacks it."""
        return tuple(self._chips())

    def _chips(self) -> Iterator[Chip]:
        for group in self.groups:
            rest = tuple(other for other in self.groups if other is not group)
            without = Query(groups=rest, excluded=self.excluded, filters=self.filters)
            yield Chip(text=" OR ".join(map(str, group)), without=str(without), is_filter=False)
        for term in self.excluded:
            rest_terms = tuple(other for other in self.excluded if other is not term)
            without = Query(groups=self.groups, excluded=rest_terms, filters=self.filters)
            yield Chip(text=f"-{term}", without=str(without), is_filter=False)
        for one in self.filters:
            rest_filters = tuple(other for other in self.filters if other is not one)
            without = Query(groups=self.groups, excluded=self.excluded, filters=rest_filters)
            yield Chip(text=str(one), without=str(without), is_filter=True)


def _beginning(term: Term) -> Term:
    """What most forms of a word begin with: the word without its last letter or, where that is long, two."""
    length = len(term.text)
    if term.form is not Form.WORD or not term.text.isalpha() or length <= _SHORTEST_BEGINNING:
        return term
    return Term(text=term.text[: length - (2 if length > _SHORTEST_BEGINNING + 3 else 1)], form=Form.PREFIX)


def parse_query(text: str) -> Query:
    """
    Take a query apart; never raises.

    Words are all wanted; `"a phrase"`, `begin*`, `-without` and `this OR that` mean what they do elsewhere; OPERATORS
    has the rest. What looks like an operator and is none (`score:many`) is taken as words. Of a text longer than 4,096
    characters or 64 parts the beginning counts.
    """
    clean = text[:_LONGEST].encode("utf-8", "replace").decode().replace("\x00", " ")
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    filters: list[Filter] = []
    joined = False
    for match in list(_TOKEN.finditer(clean))[:_MOST_PARTS]:
        if match["word"] == "OR" and not match["minus"] and (groups or filters):
            joined = True
            continue
        one = _filter(match)
        if one is not None:
            filters.append(one)
        elif (term := _term(match)) is not None:
            if match["minus"]:
                excluded.append(term)
            elif joined and groups:
                groups[-1].append(term)
            else:
                groups.append([term])
        joined = False
    return Query(
        groups=tuple(map(tuple, groups)),
        excluded=tuple(dict.fromkeys(excluded)),
        filters=tuple(dict.fromkeys(filters)),
    )


def _term(match: re.Match[str]) -> Term | None:
    """What to look for; None where it has no letter or digit."""
    if (phrase := match["phrase"]) is not None:
        return Term(text=" ".join(phrase.split()), form=Form.PHRASE) if _LETTER.search(phrase) else None
    word = match["word"]
    if word is None:
        # An operator that is none.
        source = match[0][len(match["minus"]) :].replace('"', " ")
        return Term(text=" ".join(source.split()), form=Form.PHRASE)
    if not _LETTER.search(word):
        return None
    stem = word.rstrip("*")
    if stem != word and len(stem) >= _SHORTEST_PREFIX:
        return Term(text=stem, form=Form.PREFIX)
    return Term(text=stem)


def _filter(match: re.Match[str]) -> Filter | None:
    """An operator with a value that it can have; None for all else."""
    name = (match["name"] or "").lower()
    value = (match["quoted"] if match["value"] is None else match["value"]) or ""
    value = " ".join(value.split())
    if name not in OPERATORS or not value:
        return None
    negated = bool(match["minus"])
    if name in ("before", "after"):
        date = _DATE.fullmatch(value)
        if date is None or date["year"] == "0000":
            return None
        time = f"{date['year']}-{date['month'] or '01'}-{date['day'] or '01'}"
        return Filter(name=name, value=value, negated=negated, time=time)
    if name in ("score", "depth"):
        numbers = _numbers(value)
        return None if numbers is None else Filter(name=name, value=value, negated=negated, numbers=numbers)
    if name in ("kind", "is"):
        value = value.lower()
        if value not in (KINDS if name == "kind" else STATES):
            return None
    return Filter(name=name, value=value, negated=negated)


def _numbers(text: str) -> Range | None:
    """`>10`, `<=3`, `5`, `5..`, `..5`, `5..10` as a Range; None for what is none of them."""
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return None
    if match["sign"]:
        bound = int(match["bound"])
        if match["sign"].startswith(">"):
            return Range(low=bound + (match["sign"] == ">"))
        return Range(high=bound - (match["sign"] == "<"))
    low, high = (int(part) if part else None for part in (match["low"], match["high"]))
    if not match["dots"]:
        return None if low is None or high is not None else Range(low=low, high=low)
    return None if low is None and high is None else Range(low=low, high=high)
