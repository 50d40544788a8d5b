"""
What each server says of a person or a community, and whose word stands.

The server that an actor is at home on outranks all others; of the rest, the homes of threads that a person wrote in
outrank servers that only have copies. Of equal ones the later word stands, of one visit's that of the first server by
name. A server whose word does not stand keeps it as a claim.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from thread_archive.store.rows import COMMUNITY_COLUMNS, PERSON_COLUMNS, Row

# Who says something: the row of an instance, or one of these two. Neither of them outranks any server.
A_SNAPSHOT, AN_UNKNOWN_SERVER = -1, 0


class Seen(NamedTuple):
    """When a capture began, and its row id: later ones compare as greater."""

    at: str
    capture_id: int


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of an actor, by the `told` columns of its Kind, and since which capture."""

    values: Row
    seen: Seen


@dataclass(frozen=True, slots=True)
class Held:
    """What the archive has of an actor: everybody's word, and whose is shown."""

    words: Mapping[int, Word]
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """People or communities: their tables, and the column by which the table of claims points at the actor."""

    table: str
    claims: str
    key: str
    columns: tuple[str, ...]
    told: tuple[str, ...]

    def values(self, row: Row) -> Row:
        """Of a row by `columns` what a server told: `told` are all but the actor's ap_id and its instance."""
        at = self.columns.index("instance_id")
        return (*row[1:at], *row[at + 1 :])


def _kind(table: str, claims: str, key: str, columns: tuple[str, ...]) -> Kind:
    told = tuple(name for name in columns if name not in ("ap_id", "instance_id"))
    return Kind(table=table, claims=claims, key=key, columns=columns, told=told)


PEOPLE = _kind("people", "person_claims", "person_id", PERSON_COLUMNS)
COMMUNITIES = _kind("communities", "community_claims", "community_id", COMMUNITY_COLUMNS)


class Claims:
    """The words on actors of one kind, in a transaction; `home` is the row of the thread's home, where it tells."""

    def __init__(self, connection: sqlite3.Connection, kind: Kind, *, home: int | None) -> None:
        self._connection = connection
        self._kind = kind
        self._home = home
        self._is_any_home: dict[int, bool] = {}

    def held(self, row_ids: list[int]) -> dict[int, Held]:
        """What the archive has of the actors with these rows."""
        kind = self._kind
        names = ", ".join(f"told.{name}" for name in kind.told)
        rows = self._connection.execute(
            f"""SELECT told.id, 1, coalesce(told.told_by, CASE capture.kind WHEN 'snapshot' THEN {A_SNAPSHOT}
                                                               ELSE {AN_UNKNOWN_SERVER} END),
                       capture.started_at, capture.id, {names}
                FROM {kind.table} AS told JOIN captures AS capture ON capture.id = told.capture_id
                WHERE told.id IN (SELECT value FROM json_each(?1))
                UNION ALL
                SELECT told.{kind.key}, 0, told.instance_id, capture.started_at, capture.id, {names}
                FROM {kind.claims} AS told JOIN captures AS capture ON capture.id = told.capture_id
                WHERE told.{kind.key} IN (SELECT value FROM json_each(?1))""",
            [json.dumps(row_ids)],
        )
        words: dict[int, dict[int, Word]] = {}
        shown: dict[int, int] = {}
        for row_id, is_shown, who, at, capture_id, *values in rows:
            words.setdefault(row_id, {})[who] = Word(tuple(values), Seen(at, capture_id))
            if is_shown:
                shown[row_id] = who
        return {row_id: Held(words[row_id], who) for row_id, who in shown.items()}

    def settle(self, row_id: int, held: Held, told: Mapping[int, Row], now: Seen, *, own: int) -> int:
        """
        Take in what was `told` of an actor in the capture `now`, and write what changes by it; `own` is the row of its
        own server. Returns how many rows that were.
        """
        shown = held.words[held.shown]
        if len(held.words) == 1 and told == {held.shown: shown.values}:
            return 0
        words, said = dict(held.words), {who: word.seen for who, word in held.words.items()}
        for who, values in told.items():
            before = words.get(who)
            if before is None or (before.values != values and before.seen <= now):
                words[who] = Word(values, now)
            if words[who].values == values:
                said[who] = max(words[who].seen, now)
        best = self._best(row_id, words, said, own)
        if best != held.shown and words[best] is held.words.get(best):
            words[best] = Word(words[best].values, said[best])
        return self._write(row_id, held, words, best)

    def best_of(self, told: Mapping[int, Row], *, own: int) -> int:
        """Whose word on a new actor stands."""
        return self._best(0, told, dict.fromkeys(told, Seen("", 0)), own) if len(told) > 1 else next(iter(told))

    def _best(self, row_id: int, words: Mapping[int, object], said: Mapping[int, Seen], own: int) -> int:
        if own in words:
            return own
        ranks = {who: self._rank(row_id, who) for who in words} if len(words) > 1 else dict.fromkeys(words, 0)
        first = max((ranks[who], said[who]) for who in words)
        equal = [who for who in words if (ranks[who], said[who]) == first]
        return equal[0] if len(equal) == 1 else min(equal, key=self._domain)

    def _rank(self, row_id: int, who: int) -> int:
        if who <= AN_UNKNOWN_SERVER:
            return who
        return 2 if self._is_home(row_id, who) else 1

    def _domain(self, who: int) -> str:
        return str(self._connection.execute("SELECT domain FROM instances WHERE id = ?", [who]).fetchone()[0])

    def _is_home(self, row_id: int, who: int) -> bool:
        """Whether the person wrote in a thread that is at home there."""
        if who == self._home or self._kind is not PEOPLE:
            return who == self._home
        if who not in self._is_any_home:
            query = "SELECT EXISTS (SELECT 1 FROM communities WHERE instance_id = ?)"
            self._is_any_home[who] = bool(self._connection.execute(query, [who]).fetchone()[0])
        if not self._is_any_home[who]:
            return False
        query = """SELECT EXISTS (
                       SELECT 1 FROM (SELECT community_id FROM posts WHERE creator_id = ?1
                                      UNION ALL SELECT post.community_id FROM comments AS comment
                                      JOIN posts AS post ON post.id = comment.post_id WHERE comment.creator_id = ?1)
                       JOIN communities AS community ON community.id = community_id WHERE community.instance_id = ?2)"""
        return bool(self._connection.execute(query, [row_id, who]).fetchone()[0])

    def _write(self, row_id: int, held: Held, words: Mapping[int, Word], best: int) -> int:
        kind, changed = self._kind, 0
        if (best, words[best]) != (held.shown, held.words[held.shown]):
            changed += 1
            names = ", ".join(f"{name} = ?" for name in kind.told)
            self._connection.execute(
                f"UPDATE {kind.table} SET {names}, told_by = ?, capture_id = ? WHERE id = ?",
                [*words[best].values, teller(best), words[best].seen.capture_id, row_id],
            )
        if best != held.shown and best in held.words:
            changed += 1
            self._connection.execute(
                f"DELETE FROM {kind.claims} WHERE {kind.key} = ? AND instance_id = ?", [row_id, best]
            )
        marks = ", ".join("?" * (len(kind.told) + 3))
        claims = [
            (row_id, who, *word.values, word.seen.capture_id)
            for who, word in words.items()
            if who != best and teller(who) and (who == held.shown or word != held.words.get(who))
        ]
        self._connection.executemany(
            f"INSERT OR REPLACE INTO {kind.claims} ({kind.key}, instance_id, {', '.join(kind.told)}, capture_id) "
            f"VALUES ({marks})",
            claims,
        )
        return changed + len(claims)


def teller(who: int) -> int | None:
    """The row of the instance that tells; None where none does, or nobody knows which."""
    return who if who > AN_UNKNOWN_SERVER else None


def in_thread(person: str, community: str) -> str:
    """
    SQL that joins what the home of a thread in `community` says of a `person`, where the person's own server says
    nothing; `shown` then tells.
    """
    return f"""LEFT JOIN person_claims AS told_{person} ON told_{person}.person_id = {person}.id
               AND told_{person}.instance_id = {community}.instance_id
               AND {person}.told_by IS NOT {person}.instance_id"""


def shown_handle(person: str, community: str) -> str:
    """SQL of how a `person` is named in a text: `name@host`, or the name for one of the thread's own server."""
    at = f"(SELECT '@' || domain FROM instances WHERE id = {person}.instance_id)"
    elsewhere = f"CASE WHEN {person}.instance_id = {community}.instance_id THEN '' ELSE {at} END"
    return f"({shown('name', person)} || {elsewhere})"


def shown(column: str, person: str) -> str:
    """SQL of what is shown of a `person` that `in_thread` joined."""
    return f"coalesce(told_{person}.{column}, {person}.{column})"
