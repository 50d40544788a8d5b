"""
Taking in a thread as somebody else's archive has it: merged by ap_id, so that nothing is lost and nothing is doubled.

Of two states of an item the one that was edited later is current, else the one that was seen later; where one of them
is withdrawn, the one that was seen later. A live state that is not current is kept among the revisions, unless the item
is withdrawn here: what was taken back is not brought in again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from thread_archive.model import Comment, CrossPost, MissingReason, Post, Votes
from thread_archive.store.archive import Archive
from thread_archive.store.comments import CommentWriter
from thread_archive.store.observations import write_local_ids, write_scores
from thread_archive.store.places import Places, comment_rows, known_names, known_places
from thread_archive.store.posts import write_cross_posts, write_post
from thread_archive.store.purges import Marks, mark
from thread_archive.store.rows import COMMENT_COLUMNS, COMMENT_STATE, POST_COLUMNS, POST_STATE, Value, post_row
from thread_archive.store.search_index import COMMENT, POST
from thread_archive.store.times import stamp, stamp_or_none
from thread_archive.store.visits import Changes, Visit, Writing
from thread_archive.trees import Key, Known, Node, Tree, arrange

# What stands where the maker of a snapshot left a text out: no state of the item.
LEFT_OUT = frozenset({"", "[redacted]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Known):
    """Where a comment or gap stands in the received thread; whether it is withdrawn there, or why it is a gap."""

    deleted: bool = False
    removed: bool = False
    reason: str = ""


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
    A thread as a snapshot has it, as of `captured_at`.

    `places` are its comments and gaps, `names` the comments by instances' local ids; `sightings` says of each comment
    (by ap_id) what servers say of it, `seen` of the post. `reasons` tells of gaps why they are ones, `restricted` are
    the ap_ids that only a login gave, `marks` (by ap_id) of what is purged or gone.
    """

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
    """What decides which of two states is current; `live` where it has a text that nobody took back or left out."""

    values: tuple[Value, ...]
    edited_at: str
    withdrawn: bool
    left_out: bool

    @property
    def live(self) -> bool:
        return not self.withdrawn and not self.left_out


def latest_visit(archive: Archive, post_ap_id: str) -> str | None:
    """When the thread was seen last, as far as the archive knows; None where it does not have it."""
    row = archive.db.conn.execute(
        """SELECT max(capture.started_at) FROM captures AS capture JOIN posts AS post ON post.id = capture.post_id
           WHERE post.ap_id = ? AND capture.status IN ('complete', 'partial')""",
        [post_ap_id],
    ).fetchone()
    return row[0] if row else None


class ThreadMerger:
    """
    Merges one received thread; `merge` is called once, inside a transaction, under the capture `capture_id`.

    `later` says whether the received state is not older than the archive's.
    """

    def __init__(
        self, archive: Archive, received: Received, *, capture_id: int, plain_text: Callable[[str], str]
    ) -> None:
        self._archive = archive
        self._received = received
        self.later = (latest_visit(archive, received.post.ap_id) or "") <= stamp(received.captured_at)
        known = known_places(archive, received.post.ap_id)
        self._same = _same_gaps(received, known)
        visit = Visit(
            capture_id=capture_id,
            captured_at=received.captured_at,
            post=received.post,
            tree=_tree(archive, received, known, self._same),
            restricted=received.restricted - _public(archive, received.restricted),
            gaps={self._same.get(key, key): place.reason for key, place in received.places.items() if place.reason},
        )
        self._writing = Writing(archive, visit, plain_text=plain_text)

    @property
    def changes(self) -> Changes:
        """What was written so far."""
        return self._writing.changes

    def merge(self, batches: Iterable[Sequence[Comment]]) -> int:
        """Merge the post, and the comments, which come in batches in any order; returns the post's row id."""
        writing, received = self._writing, self._received
        writing.actors.tell(None, person=received.post.creator, community=received.post.community)
        is_new = latest_visit(self._archive, received.post.ap_id) is None
        post_id = self._merge_post()
        places = Places(writing, post_id)
        comments = CommentWriter(writing, places, community_id=writing.actors.community(received.post.community))
        written: set[Key] = set()
        for batch in batches:
            writing.actors.tell_authors(None, batch)
            winners = self._winners(batch, places)
            comments.write(winners)
            comments.flush()
            written.update(comment.ap_id for comment in winners)
        places.write_the_rest(written)
        self._tell_why(places)
        self._observe(post_id, places)
        self._mark(post_id, places, is_new=is_new)
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

    def _merge_post(self) -> int:
        writing, post = self._writing, self._received.post
        row = writing.connection.execute(
            f"SELECT id, {', '.join(POST_COLUMNS)} FROM posts WHERE ap_id = ?", [post.ap_id]
        ).fetchone()
        if row is None:
            return write_post(writing)
        post_id = int(row[0])
        old = _state(dict(zip(POST_COLUMNS, row[1:], strict=True)), POST_STATE, "title")
        received = post_row(post, community_id=0, creator_id=None, restricted=False)
        new = _state(dict(zip(POST_COLUMNS, received, strict=True)), POST_STATE, "title")
        if self._wins(new, old):
            return write_post(writing)
        self._keep("post", post_id, POST_STATE, new, old)
        write_cross_posts(writing, post_id, replace(post, cross_posts=self._unknown_cross_posts(post_id, post)))
        return post_id

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
        ids = places.ids
        rows = comment_rows(self._archive, [ids[c.ap_id] for c in batch if ids[c.ap_id] in places.old])
        winners: list[Comment] = []
        for comment in batch:
            row_id = ids[comment.ap_id]
            row = dict(zip(COMMENT_COLUMNS, rows[row_id], strict=False)) if row_id in rows else None
            if row is None or row["ap_id"] is None:
                winners.append(comment)
                continue
            new, old = _comment_state(comment), _state(row, COMMENT_STATE, "body")
            if self._wins(new, old):
                winners.append(comment)
            else:
                self._keep("comment", row_id, COMMENT_STATE, new, old)
        return winners

    def _wins(self, new: _State, old: _State) -> bool:
        if new.left_out or old.left_out:
            return old.left_out and not new.left_out
        if new.withdrawn or old.withdrawn or new.edited_at == old.edited_at:
            return self.later
        return new.edited_at > old.edited_at

    def _keep(self, kind: str, row_id: int, names: Sequence[str], new: _State, old: _State) -> None:
        """Keep a live state that is not to be current, unless the item is withdrawn here."""
        if new.live and not old.withdrawn and new.values != old.values:
            self._writing.add_revision(kind, row_id, names, new.values, self._writing.visit.capture_id)

    def _observe(self, post_id: int, places: Places) -> None:
        """Note what servers say of items: what is known already stays where it was seen later."""
        posts = {post_id: self._received.seen}
        self._write_sightings(posts, kind=POST, scored=self.later)
        comments = {places.ids[ap_id]: sighted for ap_id, sighted in self._received.sightings.items()}
        self._write_sightings(comments, kind=COMMENT, scored=self.later)
        for key, mine in self._same.items():
            if isinstance(key, tuple) and mine in places.ids:
                write_local_ids(self._writing, key[0], [(key[1], None, places.ids[mine])], overwrite=False)
        if not self.later:
            new = {row_id: sighted for row_id, sighted in comments.items() if row_id not in places.old}
            self._write_sightings(new, kind=COMMENT, scored=True)

    def _write_sightings(self, items: Mapping[int, Sequence[Sighted]], *, kind: int, scored: bool) -> None:
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
                overwrite=self.later,
            )
            if scored:
                votes = [(row_id, one.votes) for row_id, one in found if one.votes is not None]
                write_scores(self._writing, instance, votes, kind=kind)


def _same_gaps(received: Received, known: Mapping[Key, Known]) -> dict[Key, Key]:
    """
    Under which key the archive has a gap of the snapshot: servers name it differently, but what answers it is the same.
    """
    same: dict[Key, Key] = {}
    for key, place in received.places.items():
        if isinstance(place.parent, tuple) and key in known and isinstance(known[key].parent, tuple):
            same[place.parent] = known[key].parent or place.parent
    return same


def _tree(archive: Archive, received: Received, known: Mapping[Key, Known], same: Mapping[Key, Key]) -> Tree:
    """All places that either knows, in one tree; its nodes say what is withdrawn in the snapshot."""
    places: dict[Key, Known] = dict(known)
    for key, place in received.places.items():
        parent = None if place.parent is None else same.get(place.parent, place.parent)
        mine = same.get(key, key)
        # Where the archive has a gap for a parent, the snapshot may have the comment.
        if mine not in known or isinstance(parent, str):
            places[mine] = Known(parent=parent, published_at=place.published_at)
    names = known_names(archive, received.post.ap_id) | dict(received.names)
    tree = arrange((), home=None, known=places, known_names=names)
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


def _state(row: Mapping[str, Value], names: Sequence[str], text: str) -> _State:
    """The state that `names` make; without its `text` it is withdrawn, or was left out."""
    withdrawn = bool(row["deleted"] or row["removed"])
    return _State(
        values=tuple(row[name] for name in names),
        edited_at=str(row["edited_at"] or ""),
        withdrawn=withdrawn,
        left_out=not withdrawn and row[text] in LEFT_OUT,
    )


def _comment_state(comment: Comment) -> _State:
    row: dict[str, Value] = {
        "body": comment.body,
        "edited_at": stamp_or_none(comment.edited_at),
        "deleted": int(comment.deleted),
        "removed": int(comment.removed),
        "distinguished": int(comment.distinguished),
        "language": comment.language,
    }
    return _state(row, COMMENT_STATE, "body")
