"""
Taking in a thread as somebody else's archive has it: merged by ap_id, so that nothing is lost and nothing is doubled.

A snapshot's word is a claim of whoever made it. It adds what is new, and changes nothing that a server told: of such an
item a live state that differs is kept among the revisions, unless the item is withdrawn here, since what was taken back
is not brought in again. Of what only snapshots told the word that weighs more stands, see `store.imported`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from thread_archive.model import Comment, CrossPost, MissingReason, Post, Votes
from thread_archive.store.archive import Archive
from thread_archive.store.attestations import doubt, home_was_whole_at
from thread_archive.store.comments import CommentWriter
from thread_archive.store.imported import (
    Source,
    Weight,
    sources,
    weight,
)
from thread_archive.store.observations import write_local_ids, write_scores
from thread_archive.store.ownership import Word, detach_claims, elsewhere, nameless_gap
from thread_archive.store.places import Places, known_names, known_places
from thread_archive.store.posts import write_cross_posts, write_post
from thread_archive.store.purges import Marks, mark
from thread_archive.store.rows import COMMENT_STATE, POST_COLUMNS, POST_STATE, Value, post_row
from thread_archive.store.search_index import COMMENT, POST
from thread_archive.store.times import stamp_or_none
from thread_archive.store.visits import Changes, Visit, Writing
from thread_archive.trees import Key, Known, Node, Tree, arrange


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Known):
    """
    Where a comment or gap stands in the received thread; whether it is withdrawn there, or why it is a gap; when it was
    edited, and whether it has a text.
    """

    deleted: bool = False
    removed: bool = False
    reason: str = ""
    edited_at: str = ""
    has_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """What one server says of an item: its number there, whether it is withdrawn there, its votes where it told."""

    instance: str
    local_id: int
    withdrawn: str | None = None
    votes: Votes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """
    A thread as a snapshot, the `source`, has it, as of `captured_at`.

    `places` are its comments and gaps, `names` the comments by instances' local ids; `sightings` says of each comment
    (by ap_id) what servers say of it, `seen` of the post. `reasons` tells of gaps why they are ones, `restricted` are
    the ap_ids that only a login gave, `marks` (by ap_id) of what is purged or gone.
    """

    source: Source
    captured_at: datetime
    post: Post
    places: Mapping[Key, Place]
    names: Mapping[tuple[str, int], str]
    sightings: Mapping[str, Sequence[Sighted]]
    seen: Sequence[Sighted] = ()
    reasons: Mapping[Key, MissingReason] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()
    marks: Mapping[str, Marks] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The state of an item here, how much its words weigh, and whether a server told of it."""

    values: tuple[Value, ...]
    weight: Weight
    told: bool


def latest_visit(archive: Archive, post_ap_id: str) -> str | None:
    """When the thread was seen last, as far as the archive knows; None where it does not have it."""
    row = archive.db.conn.execute(
        """SELECT max(capture.started_at) FROM captures AS capture JOIN posts AS post ON post.id = capture.post_id
           WHERE post.ap_id = ? AND capture.status IN ('complete', 'partial')""",
        [post_ap_id],
    ).fetchone()
    return row[0] if row else None


class ThreadMerger:
    """Merges one received thread; `merge` is called once, inside a transaction, under the capture `capture_id`."""

    def __init__(
        self, archive: Archive, received: Received, *, capture_id: int, plain_text: Callable[[str], str]
    ) -> None:
        self._archive = archive
        self._imports = sources(archive.db.conn, received.post.ap_id)
        self._received = received = _without_others(archive, received)
        known = known_places(archive, received.post.ap_id)
        self._states = self._comment_states()
        self._won = frozenset(ap_id for ap_id in received.places if isinstance(ap_id, str) and self._wins(ap_id))
        self._same = _same_gaps(received, known)
        visit = Visit(
            capture_id=capture_id,
            captured_at=received.captured_at,
            post=received.post,
            tree=_tree(archive, received, known, same=self._same, won=self._won),
            restricted=received.restricted - _public(archive, received.restricted),
            gaps={
                mine: place.reason
                for key, place in received.places.items()
                if place.reason and (mine := self._same.get(key, key)) not in known
            },
        )
        self._writing = Writing(archive, visit, plain_text=plain_text)

    def _comment_states(self) -> dict[str, _State]:
        """The states of the thread's comments here, by ap_id."""
        rows = self._archive.db.conn.execute(
            f"""SELECT comment.ap_id, comment.capture_id, {", ".join(f"comment.{name}" for name in COMMENT_STATE)}
                FROM posts AS post JOIN comments AS comment ON comment.post_id = post.id
                WHERE post.ap_id = ? AND comment.ap_id IS NOT NULL""",
            [self._received.post.ap_id],
        )
        return {ap_id: self._state(values, COMMENT_STATE, "body", capture_id) for ap_id, capture_id, *values in rows}

    def _state(self, values: Sequence[Value], names: Sequence[str], text: str, capture_id: int) -> _State:
        source = self._imports.get(capture_id)
        row = dict(zip(names, values, strict=True))
        return _State(
            values=tuple(values),
            weight=_weight(source or Source(digest="", captured_at=""), row, text),
            told=source is None,
        )

    def _wins(self, ap_id: str) -> bool:
        """Whether what is received of a comment is to be current."""
        state, place = self._states.get(ap_id), self._received.places[ap_id]
        if state is None:
            return True
        withdrawn = place.deleted or place.removed
        text = "text" if place.has_text else ""
        new = weight(self._received.source, withdrawn=withdrawn, text=text, edited_at=place.edited_at)
        return not state.told and new > state.weight

    @property
    def changes(self) -> Changes:
        """What was written so far."""
        return self._writing.changes

    def merge(self, batches: Iterable[Sequence[Comment]]) -> int:
        """Merge the post, and the comments, which come in batches in any order; returns the post's row id."""
        writing, received = self._writing, self._received
        writing.actors.tell(None, person=received.post.creator, community=received.post.community)
        post_id, is_new = self._merge_post()
        places = Places(writing, post_id)
        (community_id,) = writing.connection.execute(
            "SELECT community_id FROM posts WHERE id = ?", [post_id]
        ).fetchone()
        comments = CommentWriter(writing, places, community_id=community_id)
        written: set[Key] = set()
        for batch in batches:
            writing.actors.tell_authors(None, batch)
            winners = self._winners(batch, places)
            comments.write(winners)
            comments.flush()
            written.update(comment.ap_id for comment in winners)
        places.write_the_rest(written)
        self._tell_why(places)
        self._observe(post_id, places, is_new=is_new)
        self._mark(post_id, places, is_new=is_new)
        writing.connection.execute("UPDATE captures SET post_id = ? WHERE id = ?", [post_id, writing.visit.capture_id])
        whole_at = home_was_whole_at(self._archive, received.post.ap_id, before=writing.visit.capture_id)
        doubt(writing, post_id, whole_at)
        writing.actors.settle()
        self.changes.content += writing.actors.changed
        return post_id

    def _tell_why(self, places: Places) -> None:
        """Of gaps that the archive had neither as one nor as a comment, the reason that the snapshot tells."""
        rows = ((reason, places.ids.get(self._same.get(key, key))) for key, reason in self._received.reasons.items())
        self._writing.connection.executemany(
            "UPDATE comments SET missing_reason = ? WHERE id = ? AND ap_id IS NULL",
            [(reason, row_id) for reason, row_id in rows if row_id is not None and row_id not in places.old],
        )

    def _mark(self, post_id: int, places: Places, *, is_new: bool) -> None:
        """Marks come along with what is new here; of what the archive has, a snapshot's word changes none."""
        connection, marks = self._writing.connection, self._received.marks
        if is_new and self._received.post.ap_id in marks:
            mark(connection, "posts", {post_id: marks[self._received.post.ap_id]})
        found = {places.ids[ap_id]: told for ap_id, told in marks.items() if ap_id in places.ids}
        mark(connection, "comments", {row_id: told for row_id, told in found.items() if row_id not in places.old})

    def _merge_post(self) -> tuple[int, bool]:
        """The post's row, and whether it is a new one."""
        writing, post = self._writing, self._received.post
        row = writing.connection.execute(
            f"SELECT id, capture_id, {', '.join(POST_STATE)} FROM posts WHERE ap_id = ?", [post.ap_id]
        ).fetchone()
        if row is None:
            return write_post(writing), True
        post_id, capture_id, *values = row
        old = self._state(values, POST_STATE, "title", capture_id)
        received = dict(
            zip(POST_COLUMNS, post_row(post, community_id=0, creator_id=None, restricted=False), strict=True)
        )
        new = _weight(self._received.source, received, "title")
        if not old.told and new > old.weight:
            return write_post(writing), False
        self._keep("post", post_id, POST_STATE, tuple(received[name] for name in POST_STATE), new, old)
        if not old.told:
            write_cross_posts(writing, post_id, replace(post, cross_posts=self._unknown_cross_posts(post_id, post)))
        return post_id, False

    def _unknown_cross_posts(self, post_id: int, post: Post) -> tuple[CrossPost, ...]:
        known = {
            ap_id
            for (ap_id,) in self._writing.connection.execute(
                "SELECT ap_id FROM cross_posts WHERE post_id = ?", [post_id]
            )
        }
        return tuple(item for item in post.cross_posts if item.ap_id not in known)

    def _winners(self, batch: Sequence[Comment], places: Places) -> list[Comment]:
        """Those comments whose received state is to be current; of the others it goes to the revisions."""
        winners = []
        for comment in batch:
            if comment.ap_id in self._won:
                winners.append(comment)
            elif comment.ap_id in self._states:
                row = _comment_state(comment)
                values = tuple(row[name] for name in COMMENT_STATE)
                new, old = _weight(self._received.source, row, "body"), self._states[comment.ap_id]
                self._keep("comment", places.ids[comment.ap_id], COMMENT_STATE, values, new, old)
        return winners

    def _keep(
        self, kind: str, row_id: int, names: Sequence[str], values: tuple[Value, ...], new: Weight, old: _State
    ) -> None:
        """Keep a live state that is not to be current, unless the item is withdrawn here."""
        if new.has_text and not old.weight.withdrawn and values != old.values:
            self._writing.add_revision(kind, row_id, names, values, self._writing.visit.capture_id)

    def _observe(self, post_id: int, places: Places, *, is_new: bool) -> None:
        """Note what the snapshot says that servers say, of what no server has told this archive of."""
        if is_new:
            self._write_sightings({post_id: self._received.seen}, kind=POST)
        sightings = self._received.sightings
        self._write_sightings(
            {places.ids[ap_id]: sighted for ap_id, sighted in sightings.items() if ap_id in self._won}, kind=COMMENT
        )
        for key, mine in self._same.items():
            if isinstance(key, tuple) and mine in places.ids:
                write_local_ids(self._writing, key[0], [(key[1], None, places.ids[mine])], overwrite=False)

    def _write_sightings(self, items: Mapping[int, Sequence[Sighted]], *, kind: int) -> None:
        by_instance: dict[str, list[tuple[int, Sighted]]] = {}
        for row_id, sighted in items.items():
            for one in sighted:
                by_instance.setdefault(one.instance, []).append((row_id, one))
        for instance, found in sorted(by_instance.items()):
            write_local_ids(
                self._writing,
                instance,
                [
                    (one.local_id, row_id if kind == POST else None, row_id if kind == COMMENT else None)
                    for row_id, one in found
                ],
                withdrawn={one.local_id: one.withdrawn for _, one in found if one.withdrawn},
                overwrite=False,
            )
            votes = [(row_id, one.votes) for row_id, one in found if one.votes is not None]
            write_scores(self._writing, instance, votes, kind=kind)


def _without_others(archive: Archive, received: Received) -> Received:
    """
    The received thread with gaps for the comments that are another thread's: servers' word stands, and of two threads
    of snapshots that of the post whose ap_id comes first has them.
    """
    mine = received.post.ap_id
    found = elsewhere(archive, mine, [key for key in received.places if isinstance(key, str)])
    if not found:
        return received
    won = {ap_id for ap_id, claim in found.items() if claim.word is Word.CLAIMED and mine < claim.post}
    detach_claims(archive, [claim.row_id for ap_id, claim in found.items() if ap_id in won])
    names: dict[Key, Key] = {ap_id: nameless_gap(ap_id) for ap_id in found if ap_id not in won}

    def named(key: Key | None) -> Key | None:
        return names.get(key, key) if key is not None else None

    places = {names.get(key, key): replace(place, parent=named(place.parent)) for key, place in received.places.items()}
    for name in names.values():
        places[name] = replace(places[name], reason=MissingReason.OTHER_THREAD, deleted=False, removed=False)
    return replace(
        received,
        places=places,
        names={place: ap_id for place, ap_id in received.names.items() if ap_id not in names},
        sightings={ap_id: sighted for ap_id, sighted in received.sightings.items() if ap_id not in names},
        reasons={**received.reasons, **dict.fromkeys(names.values(), MissingReason.OTHER_THREAD)},
        restricted=received.restricted - names.keys(),
        marks={ap_id: told for ap_id, told in received.marks.items() if ap_id not in names},
    )


def _same_gaps(received: Received, known: Mapping[Key, Known]) -> dict[Key, Key]:
    """
    Under which key the archive has a gap of the snapshot: servers name it differently, but what answers it is the same.
    """
    same: dict[Key, Key] = {}
    for key, place in received.places.items():
        if isinstance(place.parent, tuple) and key in known and isinstance(known[key].parent, tuple):
            same[place.parent] = known[key].parent or place.parent
    return same


def _tree(
    archive: Archive, received: Received, known: Mapping[Key, Known], *, same: Mapping[Key, Key], won: Set[Key]
) -> Tree:
    """
    All places that either knows, in one tree; its nodes say what is withdrawn in the snapshot.

    What the archive has stays where it is, unless only snapshots told of it. Where the archive has a gap for a number
    of a server, the snapshot may have the comment of that number.
    """
    places: dict[Key, Known] = dict(known)
    for key, place in received.places.items():
        parent = None if place.parent is None else same.get(place.parent, place.parent)
        mine = same.get(key, key)
        if mine not in known or mine in won:
            places[mine] = Known(parent=parent, published_at=place.published_at)
    claimed = {place: ap_id for place, ap_id in received.names.items() if ap_id in won}
    tree = arrange((), home=None, known=places, known_names=claimed | known_names(archive, received.post.ap_id))
    nodes: list[Node] = []
    for node in tree.nodes:
        there = received.places.get(node.key)
        nodes.append(replace(node, deleted=there.deleted, removed=there.removed) if there else node)
    return replace(tree, nodes=nodes)


def _public(archive: Archive, ap_ids: frozenset[str]) -> frozenset[str]:
    """Those of `ap_ids` that the archive was shown without a login."""
    found = archive.db.conn.execute(
        """SELECT ap_id FROM comments WHERE NOT restricted AND ap_id IN (SELECT value FROM json_each(?1))
           UNION ALL SELECT ap_id FROM posts WHERE NOT restricted AND ap_id IN (SELECT value FROM json_each(?1))""",
        [json.dumps(sorted(ap_ids))],
    )
    return frozenset(ap_id for (ap_id,) in found)


def _weight(source: Source, row: Mapping[str, Value], text: str) -> Weight:
    return weight(
        source,
        withdrawn=bool(row["deleted"] or row["removed"]),
        text=str(row[text]),
        edited_at=str(row["edited_at"] or ""),
    )


def _comment_state(comment: Comment) -> dict[str, Value]:
    return {
        "body": comment.body,
        "edited_at": stamp_or_none(comment.edited_at),
        "deleted": int(comment.deleted),
        "removed": int(comment.removed),
        "distinguished": int(comment.distinguished),
        "language": comment.language,
    }
