"""What a person types into a search, as FTS5 understands it: any text is a valid query."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]", re.UNICODE)
# More would only cost time: nobody types so many.
_MOST_TERMS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """
    `groups` of alternatives, all of which must be met, each an FTS5 string; `excluded` must not be.

    A Query without groups finds nothing.
    """

    groups: tuple[tuple[str, ...], ...]
    excluded: tuple[str, ...] = ()

    @property
    def match(self) -> str:
        """The whole as one FTS5 expression, for the columns that hold text."""
        every = " AND ".join(self.group(index) for index in range(len(self.groups)))
        without = " OR ".join(self.excluded)
        expression = f"({every}) NOT ({without})" if without else every
        return f"{{body title}} : ({expression})"

    def group(self, index: int) -> str:
        """One group as an FTS5 expression."""
        return f"({' OR '.join(self.groups[index])})"


def parse_query(text: str) -> Query:
    """
    Words are all wanted; `"a phrase"`, `begin*`, `-without` and `this OR that` mean what they do elsewhere.

    Whatever else stands in `text` is taken as words; never raises.
    """
    groups: list[list[str]] = []
    excluded: list[str] = []
    joined = False
    for match in list(_TOKEN.finditer(text.encode("utf-8", "replace").decode()))[:_MOST_TERMS]:
        word = match["word"]
        if word == "OR" and groups:
            joined = True
            continue
        term = _term(match["phrase"] if word is None else word, prefix=bool(word) and word.endswith("*"))
        if term is None:
            continue
        if match["minus"]:
            excluded.append(term)
        elif joined:
            groups[-1].append(term)
        else:
            groups.append([term])
        joined = False
    return Query(groups=tuple(tuple(group) for group in groups), excluded=tuple(excluded))


def _term(text: str, *, prefix: bool) -> str | None:
    """Text as an FTS5 string; None where the tokenizer would find no word in it."""
    text = text.replace("\x00", " ")
    if not _WORD.search(text):
        return None
    quoted = '"' + text.rstrip("*").replace('"', '""') + '"'
    return f"{quoted} *" if prefix else quoted
