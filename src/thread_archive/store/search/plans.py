"""What a query means for the index and for the tables: an FTS5 expression, and conditions on what it finds."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from thread_archive.store.queries import KINDS, Filter, Form, Query, Range, Term
from thread_archive.store.scripts import apart
from thread_archive.store.search.snippets import folded
from thread_archive.store.search_index import has_substrings

# What hangs on `found.id`, an item's number, which has its kind in its last two bits (see `search_index`).
JOINS = """
LEFT JOIN comments AS comment ON found.id % 4 = 1 AND comment.id = found.id / 4
LEFT JOIN article_paragraphs AS paragraph ON found.id % 4 = 2 AND paragraph.id = found.id / 4
LEFT JOIN articles AS article ON article.id = paragraph.article_id
JOIN posts AS post
    ON post.id = CASE found.id % 4 WHEN 0 THEN found.id / 4 WHEN 1 THEN comment.post_id ELSE article.post_id END"""
KIND = "CASE found.id % 4 WHEN 0 THEN 'post' WHEN 1 THEN 'comment' ELSE 'article' END"
CREATOR = """CASE found.id % 4 WHEN 1 THEN comment.creator_id
    WHEN 0 THEN post.creator_id ELSE CASE WHEN article.is_body THEN post.creator_id END END"""
PUBLISHED = "coalesce(comment.published_at, post.published_at)"
SCORE = "CASE found.id % 4 WHEN 1 THEN comment.score ELSE post.score END"
EDITED = "CASE found.id % 4 WHEN 1 THEN comment.edited_at ELSE post.edited_at END"
_DEPTH = "CASE found.id % 4 WHEN 1 THEN comment.depth ELSE 0 END"
_STATES = {
    "op": f"({CREATOR}) = post.creator_id",
    "edited": f"({EDITED}) IS NOT NULL",
    "deleted": "coalesce(comment.deleted OR comment.removed, post.deleted OR post.removed)",
}
# The columns that hold text, before an expression in parentheses.
TEXT = "{body title} : "
# What of a query could be found in the column `scope`.
_NUMBERED = re.compile(r"[tcu]\d+")
_BEGUN = re.compile(r"[tcu]\d*")
_KIND_TOKENS = tuple(f"k{kind}" for kind in KINDS)
_WORD = re.compile(r"[^\W_]+")
# A listing shows of an article its post, not each of its paragraphs.
_WHOLE = ("kpost", "kcomment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Tokens of the index's column `scope`, all of the same first letter, of which an item has one (or must not)."""

    tokens: tuple[str, ...]

    @property
    def match(self) -> str:
        """As an FTS5 expression."""
        # The space ends a number: in an index of substrings `t1` is the beginning of `t12`.
        quoted = [f'"{token}"' if token[0] == "k" else f'"{token} "' for token in self.tokens]
        return f"scope : ({' OR '.join(quoted)})"

    @property
    def condition(self) -> str:
        """As SQL over JOINS, for what is not in the index."""
        column = {"t": "post.id", "c": "post.community_id", "u": f"({CREATOR})", "k": f"({KIND})"}[self.tokens[0][0]]
        # Row ids and KINDS: nothing that a person typed.
        return f"{column} IN ({', '.join(repr(t[1:]) if t[0] == 'k' else t[1:] for t in self.tokens)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    How to find what a query means.

    `words` is what texts must have and `excluded` what they must not (FTS5 expressions for the `columns`; all are empty
    where there is nothing to say), `scopes` and `unwanted` narrow that. `conditions` are SQL over JOINS, with `values`
    by name. `tombstones` where what was withdrawn is listed, which the index does not have. `impossible` where nothing
    can be found, such as items of a person whom the archive does not have.
    """

    words: str = ""
    excluded: str = ""
    columns: str = ""
    scopes: tuple[Scope, ...] = ()
    unwanted: tuple[Scope, ...] = ()
    conditions: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    tombstones: bool = False
    impossible: bool = False

    @property
    def match(self) -> str:
        """The FTS5 expression of all that the index knows of the query."""
        return self.matching(self.words, excluded=self.excluded)

    def matching(self, words: str, *scopes: Scope, excluded: str = "") -> str:
        """The FTS5 expression of other words, narrowed by more scopes."""
        wanted = [words, *(scope.match for scope in (*self.scopes, *scopes))]
        expression = " AND ".join(f"({part})" for part in wanted if part) or Scope(tokens=_WHOLE).match
        without = [excluded, *(scope.match for scope in self.unwanted)]
        if any(without):
            return f"({expression}) NOT ({' OR '.join(f'({part})' for part in without if part)})"
        return expression


def plan(connection: sqlite3.Connection, query: Query, *, public: bool = False) -> Plan:
    """Look up the people, communities, instances and threads that a query names, and say how to find what it means."""
    scopes = [_scope(connection, name, query.named(name)) for name in _TOKENS if query.named(name)]
    scopes = [scope for scope in scopes if scope is None or not _is_of_all(connection, scope)]
    unwanted = [_scope(connection, one.name, [one]) for one in query.filters if one.negated and one.name in _TOKENS]
    conditions, values = _conditions(query)
    if public and _has_restricted(connection):
        conditions.append("NOT (post.restricted OR coalesce(comment.restricted, 0))")
    listing = not query.groups
    tombstones = listing and any(one.value == "deleted" for one in query.named("is"))
    if listing and not query.named("kind"):
        scopes.append(Scope(tokens=_WHOLE))
    found = tuple(scope for scope in scopes if scope)
    columns = _columns(connection, query)
    words = " AND ".join(map(group_match, query.groups))
    excluded = group_match(query.excluded) if query.excluded else ""
    if tombstones:
        conditions += [scope.condition for scope in found]
        conditions += [f"NOT coalesce({scope.condition}, 0)" for scope in unwanted if scope]
    return Plan(
        words=f"{columns}({words})" if words else "",
        excluded=columns + excluded if excluded else "",
        columns=columns,
        scopes=found,
        unwanted=tuple(scope for scope in unwanted if scope),
        conditions=tuple(conditions),
        values=values,
        tombstones=tombstones,
        impossible=len(found) < len(scopes),
    )


def _columns(connection: sqlite3.Connection, query: Query) -> str:
    """
    The columns to look in, where that has to be said.

    To name columns costs FTS5 a look at every place of a word, half as much again, so that it is done only for what
    could be one of the tokens of `scope`.
    """
    terms = (*(term for group in query.groups for term in group), *query.excluded)
    return TEXT if any(map(_is_like_a_token, terms)) or has_substrings(connection) else ""


def _is_like_a_token(term: Term) -> bool:
    numbered = _BEGUN if term.form is Form.PREFIX else _NUMBERED
    return any(
        numbered.fullmatch(word)
        or any(kind.startswith(word) if term.form is Form.PREFIX else kind == word for kind in _KIND_TOKENS)
        for word in _WORD.findall(folded(term.text))
    )


def group_match(group: Iterable[Term]) -> str:
    """Alternatives as an FTS5 expression in parentheses."""
    return f"({' OR '.join(map(_term_match, group))})"


def _term_match(term: Term) -> str:
    quoted = '"' + apart(term.text).replace('"', '""') + '"'
    return f"{quoted} *" if term.form is Form.PREFIX else quoted


def _scope(connection: sqlite3.Connection, name: str, filters: Iterable[Filter]) -> Scope | None:
    """The scope of filters of one name; None where they name nothing that the archive has."""
    tokens = [token for one in filters for token in _TOKENS[name](connection, one.value)]
    return Scope(tokens=tuple(dict.fromkeys(tokens))) if tokens else None


def _is_of_all(connection: sqlite3.Connection, scope: Scope) -> bool:
    """Whether it narrows nothing: all communities of the archive, be they of the one instance that it is of."""
    return (
        scope.tokens[0].startswith("c") and len(scope.tokens) == _ids(connection, "SELECT count(*) FROM communities")[0]
    )


def _conditions(query: Query) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for number, one in enumerate(query.filters):
        if condition := _condition(one, f"value{number}", values):
            conditions.append(f"NOT coalesce({condition}, 0)" if one.negated else condition)
    return conditions, values


def _condition(one: Filter, name: str, values: dict[str, Any]) -> str:
    if one.name == "is":
        return f"({_STATES[one.value]})"
    if one.name in ("before", "after"):
        values[name] = one.time
        return f"({PUBLISHED} {'<' if one.name == 'before' else '>='} :{name})"
    if one.name in ("score", "depth"):
        return _between(SCORE if one.name == "score" else _DEPTH, one.numbers, name, values)
    return ""


def _between(what: str, numbers: Range, name: str, values: dict[str, Any]) -> str:
    parts = []
    for sign, bound, suffix in ((">=", numbers.low, "low"), ("<=", numbers.high, "high")):
        if bound is not None:
            values[name + suffix] = bound
            parts.append(f"({what}) {sign} :{name}{suffix}")
    return f"({' AND '.join(parts)})"


def _has_restricted(connection: sqlite3.Connection) -> bool:
    query = """SELECT EXISTS (SELECT 1 FROM posts WHERE restricted = 1)
                   OR EXISTS (SELECT 1 FROM comments WHERE restricted = 1)"""
    return bool(connection.execute(query).fetchone()[0])


def _authors(connection: sqlite3.Connection, value: str) -> Iterator[str]:
    return (f"u{row_id}" for row_id in _actors(connection, value.removeprefix("@"), "people", "display_name"))


def _communities(connection: sqlite3.Connection, value: str) -> Iterator[str]:
    """By what a community is called; else by the name in its address, which a home may have changed alone."""
    name = value.removeprefix("!")
    by_address = "SELECT id FROM communities WHERE lower(substr(ap_id, -length(?1) - 1)) = '/' || lower(?1)"
    found = _actors(connection, name, "communities", "title") or _ids(connection, by_address, name)
    return (f"c{row_id}" for row_id in found)


def _actors(connection: sqlite3.Connection, value: str, table: str, shown: str) -> list[int]:
    """The rows of people or communities of this ap_id, `name@instance`, name, or else of this shown name."""
    if "://" in value:
        return _ids(connection, f"SELECT id FROM {table} WHERE ap_id = ?", value)
    name, _, domain = value.rpartition("@")
    if name:
        query = f"""SELECT {table}.id FROM {table} JOIN instances ON instances.id = instance_id
                    WHERE name = ? COLLATE NOCASE AND domain = ?"""
        return _ids(connection, query, name, domain.lower())
    by = f"SELECT id FROM {table} WHERE {{}} = ? COLLATE NOCASE"
    return _ids(connection, by.format("name"), value) or _ids(connection, by.format(shown), value)


def _instances(connection: sqlite3.Connection, value: str) -> Iterator[str]:
    """An instance's communities: what is discussed there."""
    domain = (value.partition("://")[2] or value).partition("/")[0].lower()
    query = "SELECT communities.id FROM communities JOIN instances ON instances.id = instance_id WHERE domain = ?"
    return (f"c{row_id}" for row_id in _ids(connection, query, domain))


def _threads(connection: sqlite3.Connection, value: str) -> Iterator[str]:
    return (f"t{row_id}" for row_id in _ids(connection, "SELECT id FROM posts WHERE slug = ?1 OR ap_id = ?1", value))


def _kinds(_connection: sqlite3.Connection, value: str) -> Iterator[str]:
    return iter((f"k{value}",))


_TOKENS: Mapping[str, Callable[[sqlite3.Connection, str], Iterator[str]]] = {
    "author": _authors,
    "community": _communities,
    "instance": _instances,
    "thread": _threads,
    "kind": _kinds,
}


def _ids(connection: sqlite3.Connection, query: str, *values: str) -> list[int]:
    return [row_id for (row_id,) in connection.execute(query, values)]
