"""
One tree out of what several servers showed of a thread: who is whose parent, in which order, from which server.

Pure, and independent of the order and repetition of its input. Lemmy's own ids differ on every server; a comment's
identity is its ap_id, and a place that nobody could fill (an ancestor that a path names and no server gave) is a gap,
known by (instance, local id).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from thread_archive.model import Sighting

Key = str | tuple[str, int]
"""A comment's ap_id, or a gap's (instance, local id)."""

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


class Seen(NamedTuple):
    """
    A sighting, with the server that showed it and the number of the answer (in the capture) that held it.

    There is one for each comment, and a tuple is made four times as fast as a frozen dataclass.
    """

    instance: str
    answer: int
    sighting: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    A comment that the archive has already: its parent's key (None at the top level) and its time; `claimed` where only
    a snapshot told of it.
    """

    parent: Key | None
    published_at: datetime
    claimed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """
    What the archive has of a post or comment from earlier captures, and who told it.

    `told_by` are the instances that showed the item, `home_told_at` when its home did last (None: it never did).
    """

    told_by: frozenset[str]
    home_told_at: datetime | None
    edited_at: datetime | None
    deleted: bool
    removed: bool

    def outlasts(self, told_now: Set[str], *, edited_at: datetime | None, deleted: bool, removed: bool) -> bool:
        """
        Whether it stays although other servers, not the home, now tell this of the item.

        They all may be behind a server that is silent now: what was withdrawn stays so, and what the home said is
        replaced only by what was written or deleted since. A removal is the affair of who told it.
        """
        if self.told_by <= told_now:
            return False
        if self.home_told_at is not None:
            is_news = deleted or (not removed and (edited_at or _EPOCH) > self.home_told_at)
            return self.deleted or self.removed or not is_news
        if self.deleted or deleted or self.removed:
            return self.deleted
        return removed or (self.edited_at or _EPOCH) > (edited_at or _EPOCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """
    A place in the tree: `parent` is the key of another node or None; `position` counts from 0 in thread order, `depth`
    from 1.

    `answer` is the number of the answer to take text and state from, None where this capture did not show it or what
    the archive has of it stays.
    `deleted` and `removed` are the merged verdict; a gap is neither.
    """

    key: Key
    parent: Key | None
    depth: int
    position: int
    published_at: datetime
    answer: int | None = None
    deleted: bool = False
    removed: bool = False


class _Draft(NamedTuple):
    """A node before its place is known."""

    parent: Key | None
    published_at: datetime
    answer: int | None = None
    deleted: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """
    A thread's places in thread order, and who showed them.

    `names` says which comment a server's local id is; `shown` which comments an answer (by its number) was the last of
    its server to show. `misplaced` are those of which no server tells a place that makes sense.
    """

    nodes: Sequence[Node]
    names: Mapping[tuple[str, int], str]
    shown: Mapping[int, frozenset[str]]
    misplaced: frozenset[str] = frozenset()


def arrange(
    seen: Iterable[Seen],
    *,
    home: str | None,
    known: Mapping[Key, Known] | None = None,
    known_names: Mapping[tuple[str, int], str] | None = None,
    states: Mapping[str, State] | None = None,
    withdrawn: Set[str] = frozenset(),
) -> Tree:
    """
    The tree: depth first, siblings by (published_at, ap_id).

    `home` is the instance of the thread's community: its text and state win where it answered, else the later
    `edited_at`. Deleted or removed at the home counts everywhere; deleted by its author counts wherever it is seen;
    removed only on a mirror is that mirror's affair. `known` are places of earlier captures, which stay; `known_names`
    says whom a server's local ids meant then, so that replies to what was purged since keep their parent. `states` are
    what other servers told then, which may outlast what is told now; `withdrawn` are the comments that their own hosts
    took back, which only the home brings back.
    """
    known = known or {}
    # Where a server now shows a comment, what only a snapshot said of its place does not count.
    told = {key: place for key, place in known.items() if not place.claimed}
    by_ap_id: dict[str, dict[str, Seen]] = {}
    names: dict[tuple[str, int], str] = {place: ap_id for place, ap_id in (known_names or {}).items() if ap_id in known}
    for item in seen:
        latest = by_ap_id.setdefault(item.sighting.ap_id, {})
        # The same server may have shown it twice; what it said last counts.
        if item.instance not in latest or latest[item.instance].answer < item.answer:
            latest[item.instance] = item
        names[item.instance, item.sighting.local_id] = item.sighting.ap_id
    names |= _inferred(by_ap_id, told, names)
    drafts: dict[Key, _Draft] = {}
    for key, place in known.items():
        if isinstance(key, tuple) and key in names:
            continue
        drafts[key] = _Draft(_known_parent(place, names), place.published_at)
    shown: dict[int, set[str]] = {}
    misplaced: set[str] = set()
    for ap_id, latest in by_ap_id.items():
        draft = _merge(latest.values(), home, names)
        has_place = not all(item.sighting.misplaced for item in latest.values())
        if not has_place and ap_id not in told:
            misplaced.add(ap_id)
        if (isinstance(draft.parent, tuple) or not has_place) and ap_id in told:
            # No comment moves: a parent that the archive has is not given up for one that only a path names.
            draft = draft._replace(parent=_known_parent(told[ap_id], names))
        drafts[ap_id] = draft
        if states and ap_id in states and home not in latest:
            drafts[ap_id] = _outlasted(drafts[ap_id], latest, states[ap_id])
        if ap_id in withdrawn and home not in latest:
            drafts[ap_id] = drafts[ap_id]._replace(deleted=True)
        for item in latest.values():
            shown.setdefault(item.answer, set()).add(ap_id)
    _add_gaps(drafts, [item for latest in by_ap_id.values() for item in latest.values()], names)
    _drop_leaves(drafts)
    _break_circles(drafts)
    return Tree(
        nodes=_order(drafts),
        names=names,
        shown={number: frozenset(ap_ids) for number, ap_ids in shown.items()},
        misplaced=frozenset(misplaced),
    )


def _rank(item: Seen, home: str | None) -> tuple[bool, datetime, int]:
    return (item.instance == home, item.sighting.edited_at or _EPOCH, item.answer)


def _merge(latest: Collection[Seen], home: str | None, names: Mapping[tuple[str, int], str]) -> _Draft:
    if len(latest) == 1:
        (only,) = latest
        said = only.sighting
        return _Draft(_parent(only, (), names), said.published_at, only.answer, said.deleted, said.removed)
    best = max(latest, key=lambda item: (*_rank(item, home), item.instance))
    at_home = next((item for item in latest if item.instance == home), None)
    removed = at_home.sighting.removed if at_home else all(item.sighting.removed for item in latest)
    deleted = at_home.sighting.deleted if at_home else any(item.sighting.deleted for item in latest)
    if not removed and at_home is None and best.sighting.removed:
        best = max((item for item in latest if not item.sighting.removed), key=lambda item: _rank(item, home))
    return _Draft(_parent(best, latest, names), best.sighting.published_at, best.answer, deleted, removed)


def _outlasted(draft: _Draft, latest: Mapping[str, Seen], state: State) -> _Draft:
    """`draft` as it is told now, or with what the archive has of it."""
    edited_at = max(item.sighting.edited_at or _EPOCH for item in latest.values())
    if state.outlasts(latest.keys(), edited_at=edited_at, deleted=draft.deleted, removed=draft.removed):
        return draft._replace(answer=None, deleted=state.deleted, removed=state.removed)
    return draft


def _parent(best: Seen, others: Iterable[Seen], names: Mapping[tuple[str, int], str]) -> Key | None:
    """The parent by the best sighting, by another server's where the best one names somebody nobody knows."""
    gap: tuple[str, int] | None = None
    for item in (best, *others):
        if item.sighting.misplaced:
            continue
        if len(item.sighting.path) == 1:
            return None
        place = (item.instance, item.sighting.path[-2])
        if place in names:
            return names[place]
        gap = gap or place
    return gap


def _known_parent(place: Known, names: Mapping[tuple[str, int], str]) -> Key | None:
    return names.get(place.parent, place.parent) if isinstance(place.parent, tuple) else place.parent


def _inferred(
    by_ap_id: Mapping[str, Mapping[str, Seen]], known: Mapping[Key, Known], names: Mapping[tuple[str, int], str]
) -> dict[tuple[str, int], str]:
    """Whom a label means that nobody showed, where its reply's parent is known from the archive or another server."""
    strange: dict[str, set[tuple[str, int]]] = {}
    for ap_id, latest in by_ap_id.items():
        for item in latest.values():
            path = item.sighting.path
            if len(path) > 1 and (place := (item.instance, path[-2])) not in names:
                strange.setdefault(ap_id, set()).add(place)
    meant: dict[tuple[str, int], set[str]] = {}
    for ap_id, unnamed in strange.items():
        paths = [(item.instance, item.sighting.path) for item in by_ap_id[ap_id].values()]
        parents: set[Key | None] = {names.get((instance, path[-2])) for instance, path in paths if len(path) > 1}
        parents.add(_known_parent(known[ap_id], names) if ap_id in known else None)
        for place in unnamed:
            meant.setdefault(place, set()).update(parent for parent in parents if isinstance(parent, str))
    return {place: min(parents) for place, parents in meant.items() if parents}


def _drop_leaves(drafts: dict[Key, _Draft]) -> None:
    """A gap holds the place of what has replies: without any left it holds nothing."""
    gaps = [key for key in drafts if isinstance(key, tuple)]
    replies = Counter(draft.parent for draft in drafts.values()) if gaps else Counter()
    leaves = [key for key in gaps if not replies[key]]
    while leaves:
        parent = drafts.pop(leaves.pop()).parent
        replies[parent] -= 1
        if isinstance(parent, tuple) and parent in drafts and not replies[parent]:
            leaves.append(parent)


def _add_gaps(drafts: dict[Key, _Draft], seen: Sequence[Seen], names: Mapping[tuple[str, int], str]) -> None:
    """A gap hangs where the paths that name it say, and is as old as the oldest reply below it."""
    wanted = {draft.parent for draft in drafts.values() if isinstance(draft.parent, tuple)} - drafts.keys()
    if not wanted and not any(isinstance(key, tuple) for key in drafts):
        return
    above: dict[Key, Key | None] = {}
    born: dict[Key, datetime] = {}
    for item in seen:
        parent: Key | None = None
        for label in item.sighting.path[:-1]:
            place = (item.instance, label)
            key: Key = names.get(place, place)
            if isinstance(key, tuple):
                above[key] = parent
                born[key] = min(born.get(key, item.sighting.published_at), item.sighting.published_at)
            parent = key
    todo = list(wanted)
    while todo:
        key = todo.pop()
        if key is None or key in drafts:
            continue
        up = above.get(key)
        drafts[key] = _Draft(up, born.get(key, _EPOCH))
        if isinstance(up, tuple):
            todo.append(up)


def _break_circles(drafts: dict[Key, _Draft]) -> None:
    """Comments that answer each other in a circle: the oldest of it answers the post, so that each has a place."""
    sound: set[Key] = set()
    for start in drafts:
        chain: dict[Key, None] = {}
        key: Key | None = start
        while key is not None and key in drafts and key not in sound and key not in chain:
            chain[key] = None
            key = drafts[key].parent
        if key is not None and key in chain:
            way = list(chain)
            oldest = min(way[way.index(key) :], key=lambda one: (drafts[one].published_at, str(one)))
            drafts[oldest] = drafts[oldest]._replace(parent=None)
        sound |= chain.keys()


def _order(drafts: Mapping[Key, _Draft]) -> list[Node]:
    children: dict[Key | None, list[Key]] = {}
    for key, draft in drafts.items():
        children.setdefault(draft.parent if draft.parent in drafts else None, []).append(key)
    for siblings in children.values():
        if len(siblings) > 1:
            siblings.sort(key=lambda key: (drafts[key].published_at, isinstance(key, tuple), str(key)), reverse=True)
    ordered: list[Node] = []
    stack: list[tuple[Key, Key | None, int]] = [(key, None, 1) for key in children.get(None, [])]
    while stack:
        key, parent, depth = stack.pop()
        draft = drafts[key]
        ordered.append(
            Node(
                key=key,
                parent=parent,
                depth=depth,
                position=len(ordered),
                published_at=draft.published_at,
                answer=draft.answer,
                deleted=draft.deleted,
                removed=draft.removed,
            )
        )
        stack.extend((child, key, depth + 1) for child in children.get(key, ()))
    return ordered
