"""What is known of one visit when its thread is written, and what the writing shares while it lasts."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from thread_archive.model import Page, Post
from thread_archive.store import imported
from thread_archive.store.archive import Archive
from thread_archive.store.instances import instance_row
from thread_archive.store.people import Actors
from thread_archive.store.rows import Row, state_digest
from thread_archive.store.times import stamp
from thread_archive.trees import Key, Tree
from thread_archive.urls import host_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one answer of a capture says: its number in the capture, and the instance that gave it."""

    number: int
    instance: str
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    A capture, read: all that is needed to write it but the pages themselves.

    `places` are the local ids by which instances know the post; `restricted` are the ap_ids that only a login gave;
    `gaps` say why a place (instance, local id) is empty; `asked` are the instances that listed the thread to its end.
    `post_stays` says that the archive's state of the post outlasts what is told of it now, `scored_at_home` are the
    ap_ids of what has its votes from the thread's home, which is silent now. `home` is the thread's home where it told
    something, `at_home` are the ap_ids of what it gave, `purged` of what it no longer has. `told` is what instances
    say of the post. `ahead` are the ap_ids of what some server tells a time of that is still to come; `post_clamped`
    says that `post` has another one therefore.
    `spoken` are the ap_ids of what the home or their own hosts speak for, `attested` says of the rest who shows it, and
    `home_whole_at` when the home was last asked and whole, in this capture or an earlier one.
    """

    capture_id: int
    captured_at: datetime
    post: Post
    tree: Tree
    places: Sequence[tuple[str, int]] = ()
    restricted: frozenset[str] = frozenset()
    gaps: Mapping[Key, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    post_stays: bool = False
    scored_at_home: frozenset[str] = frozenset()
    home: str | None = None
    at_home: frozenset[str] = frozenset()
    purged: frozenset[str] = frozenset()
    told: Sequence[tuple[str, Post]] = ()
    ahead: frozenset[str] = frozenset()
    post_clamped: bool = False
    spoken: frozenset[str] = frozenset()
    attested: Mapping[str, frozenset[str]] = field(default_factory=dict)
    home_whole_at: datetime | None = None


@dataclass(slots=True)
class Changes:
    """
    Rows that were written: `content` in posts, comments, people and communities; `index` entries put in or taken out.
    """

    content: int = 0
    revisions: int = 0
    scores: int = 0
    index: int = 0

    @property
    def any(self) -> bool:
        """Whether anything was."""
        return bool(self.content or self.revisions or self.scores)


@dataclass(slots=True)
class Replay:
    """
    The memory of a reread of one thread: which rows a capture has filled so far.

    Until then a row's content is of a later capture (or of an older parser) and no earlier state of anything.
    """

    filled: set[tuple[str, int]] = field(default_factory=set)

    def first(self, kind: str, row_id: int) -> bool:
        """Whether the row is filled for the first time; from now on it is not."""
        if (kind, row_id) in self.filled:
            return False
        self.filled.add((kind, row_id))
        return True

    def has_filled(self, kind: str, row_id: int) -> bool:
        """Whether a capture has filled the row."""
        return (kind, row_id) in self.filled


class Writing:
    """
    The transaction in which one visit is written: the connection, row ids of instances and actors, what changed.

    `imports` are the captures by which snapshots told of the thread: a state that one of them told of is a claim.
    """

    def __init__(
        self, archive: Archive, visit: Visit, *, plain_text: Callable[[str], str], replay: Replay | None = None
    ) -> None:
        self.archive = archive
        self.connection: sqlite3.Connection = archive.db.conn
        self.visit = visit
        self.replay = replay
        self.changes = Changes()
        self.imports = imported.sources(self.connection, visit.post.ap_id)
        self._plain_text = plain_text
        self._instances: dict[str, int] = {}
        self.actors = Actors(
            self.connection,
            visit.capture_id,
            stamp(visit.captured_at),
            instance=self.instance,
            home=visit.home,
            home_host=host_in(visit.post.community.ap_id),
        )

    def instance(self, domain: str) -> int:
        """The row id of an instance."""
        found = self._instances.get(domain)
        if found is None:
            found = self._instances[domain] = instance_row(self.archive, domain)
        return found

    def instance_of(self, ap_id: str) -> int:
        """The row id of the instance that an ap_id belongs to."""
        return self.instance(host_in(ap_id))

    def text_of(self, body: str) -> str | None:
        """The plain text of Markdown; None where it is the same, so that it is not stored twice."""
        text = self._plain_text(body)
        return None if text == body else text

    def is_first(self, kind: str, row_id: int) -> bool:
        """Whether a row that exists is filled for the first time in a reread (never on a live visit)."""
        return self.replay is not None and self.replay.first(kind, row_id)

    def add_revision(self, kind: str, row_id: int, columns: Sequence[str], state: Row, capture_id: int) -> None:
        """Keep a state that is about to be replaced; `capture_id` is the capture that saw it first."""
        marks = ", ".join("?" * len(state))
        cursor = self.connection.execute(
            f"""INSERT OR IGNORE INTO {kind}_revisions ({kind}_id, digest, capture_id, {", ".join(columns)})
                VALUES (?, ?, ?, {marks})""",
            [row_id, state_digest(state), capture_id, *state],
        )
        self.changes.revisions += cursor.rowcount
