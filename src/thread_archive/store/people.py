"""People and communities: found by ap_id, made where they are new, and told of by servers (`claims`)."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from thread_archive.model import Comment, Community, Person
from thread_archive.store import optouts
from thread_archive.store.claims import A_SNAPSHOT, COMMUNITIES, PEOPLE, Claims, Held, Kind, Seen, teller
from thread_archive.store.rows import Row, Value, community_row, person_row
from thread_archive.urls import host_in, is_same_server

Actor = TypeVar("Actor", Person, Community)


class _Told(Generic[Actor]):
    """Actors of one kind in a transaction: their rows, and the first word of each server on each of them."""

    def __init__(
        self,
        kind: Kind,
        make: Callable[[Actor, int], Row],
        connection: sqlite3.Connection,
        *,
        now: Seen,
        home: int | None,
        instance: Callable[[str], int],
    ) -> None:
        self._kind = kind
        self._make: Callable[[Actor, int], Row] = make
        self._connection = connection
        self._now = now
        self._instance = instance
        self._claims = Claims(connection, kind, home=home)
        self.ids: dict[str, int] = {}
        self.words: dict[str, dict[str | None, Actor]] = {}
        self.held: dict[int, Held] = {}
        self._made: set[str] = set()
        names = ("ap_id", "instance_id", *kind.told, "told_by", "capture_id")
        self._statement = f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        self.changed = 0

    def tell(self, host: str | None, actor: Actor) -> None:
        words = self.words.get(actor.ap_id)
        if words is None:
            self.words[actor.ap_id] = {host: actor}
        else:
            words.setdefault(host, actor)

    def row_id(self, actor: Actor) -> int:
        found = self.ids.get(actor.ap_id)
        if found is None:
            if actor.ap_id not in self.words:
                self.tell(None, actor)
            found = self.ids[actor.ap_id] = self._find(actor.ap_id) or self._insert(actor.ap_id)
        return found

    def settle(self) -> None:
        """Weigh all that was told against what the archive has; once, when everything was told."""
        # Whoever is told of and wrote nothing that stands is no reason for a row, but may have one.
        for ap_id in self.words.keys() - self.ids.keys():
            known = self._find(ap_id)
            if known is not None:
                self.ids[ap_id] = known
        # Most people of a thread are new, and one server speaks of them: their row says what it said.
        ids = {
            ap_id: row_id
            for ap_id, row_id in self.ids.items()
            if not (ap_id in self._made and len(self.words[ap_id]) == 1)
        }
        self.held = self._claims.held(list(ids.values()))
        for ap_id, row_id in ids.items():
            told, own = self._told(ap_id), self._instance(host_in(ap_id))
            self.changed += self._claims.settle(row_id, self.held[row_id], told, self._now, own=own)

    def own_word(self, ap_id: str, row_id: int) -> dict[str, Value] | None:
        """What the actor's own server said in a later capture that was written before; None where it said nothing."""
        held = self.held.get(row_id)
        word = held.words.get(self._instance(host_in(ap_id))) if held else None
        if word is None or word.seen <= self._now:
            return None
        return dict(zip(self._kind.told, word.values, strict=True))

    def _find(self, ap_id: str) -> int | None:
        row = self._connection.execute(f"SELECT id FROM {self._kind.table} WHERE ap_id = ?", [ap_id]).fetchone()
        return row[0] if row else None

    def _insert(self, ap_id: str) -> int:
        self.changed += 1
        self._made.add(ap_id)
        own = self._instance(host_in(ap_id))
        told: dict[int, Row] = self._told(ap_id)
        who: int = self._claims.best_of(told, own=own)
        row: list[Value] = [ap_id, own, *told[who], teller(who), self._now.capture_id]
        cursor = self._connection.execute(self._statement, row)
        return int(cursor.lastrowid or 0)

    def _told(self, ap_id: str) -> dict[int, Row]:
        """What was told of an actor, by who told it: the row of an instance, its own by whichever name it answers."""
        own_host = host_in(ap_id)
        own = self._instance(own_host)
        told: dict[int, Row] = {}
        for host, actor in self.words[ap_id].items():
            told.setdefault(self._teller(host, own_host), self._kind.values(self._make(actor, own)))
        return told

    def _teller(self, host: str | None, own_host: str) -> int:
        if host is None:
            return A_SNAPSHOT
        return self._instance(own_host if is_same_server(host, own_host) else host)


class Actors:
    """
    People and communities within one transaction of one capture, which began at `seen_at`.

    `instance` gives the row id of a host. `home` is the instance that speaks as the thread's home, `home_host` the host
    of the community's ap_id: one server, which may have two names.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        capture_id: int,
        seen_at: str,
        *,
        instance: Callable[[str], int],
        home: str | None,
        home_host: str,
    ) -> None:
        self._connection = connection
        self._seen_at = seen_at
        self._home = home
        self._home_host = home_host
        now, home_id = Seen(seen_at, capture_id), instance(home_host) if home else None
        self._people = _Told(PEOPLE, person_row, connection, now=now, home=home_id, instance=instance)
        self._communities = _Told(COMMUNITIES, community_row, connection, now=now, home=home_id, instance=instance)
        self._heard: dict[str | None, set[str]] = {}
        self._asked = 0

    @property
    def changed(self) -> int:
        """How many rows were written."""
        return self._people.changed + self._communities.changed + self._asked

    def tell_authors(self, instance: str | None, comments: Iterable[Comment]) -> None:
        """Take in what an instance says of those who wrote the comments, as `tell` does."""
        host, known = self._host(instance), self._heard.setdefault(instance, set())
        # The same few people write most of a thread.
        for comment in comments:
            if comment.creator is not None and comment.creator.ap_id not in known:
                known.add(comment.creator.ap_id)
                self._people.tell(host, comment.creator)

    def _host(self, instance: str | None) -> str | None:
        return self._home_host if instance is not None and instance == self._home else instance

    def tell(self, instance: str | None, *, person: Person | None = None, community: Community | None = None) -> None:
        """
        Take in what an instance (None: a snapshot) says; of what it says twice in a capture the first holds.

        To be called before the row of whom it speaks of is asked for, since what makes a new row is what was told.
        """
        host = self._host(instance)
        if person is not None:
            self._people.tell(host, person)
        if community is not None:
            self._communities.tell(host, community)

    def person(self, person: Person) -> int:
        """The row id of `person`, made where it is new."""
        return self._people.ids.get(person.ap_id) or self._people.row_id(person)

    def community(self, community: Community) -> int:
        """The row id of `community`, made where it is new."""
        return self._communities.row_id(community)

    def settle(self) -> None:
        """Write whose word stands, and the claims of others; once, when everything of the capture was told."""
        self._people.settle()
        self._communities.settle()
        asking = {
            row_id: asks
            for ap_id, row_id in self._people.ids.items()
            if (asks := self._asks(ap_id, row_id)) is not None
        }
        self._asked = optouts.note(self._connection, asking, self._seen_at)

    def _asks(self, ap_id: str, row_id: int) -> bool | None:
        """Whether a person is told to ask not to be archived: False only by their own server, None by nobody."""
        words = self._people.words[ap_id]
        host = host_in(ap_id)
        for teller_host, person in words.items():
            # Of a deleted account there is no profile that could say anything.
            if teller_host is not None and is_same_server(teller_host, host) and not person.deleted:
                return optouts.asks_out(person.bio)
        if not any(optouts.asks_out(person.bio) for person in words.values()):
            return None
        later = self._people.own_word(ap_id, row_id)
        return True if later is None or later["deleted"] or optouts.asks_out(str(later["bio"])) else None
