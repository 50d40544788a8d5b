"""
Erasing from answers what the owner took out of the archive, wherever in an answer it stands: pure but for what it
learns.

The same function goes over stored answers when something is redacted and over new ones before they are stored, so that
both are read as the same rows. Structure stays: who answers whom, when, with how many votes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from thread_archive.jsontext import (
    Cut,
    TooNestedError,
    child_pointer,
    count_names,
    cuts_at,
    names,
    overwritten,
    quoted,
    splice,
)
from thread_archive.payloads import parsed
from thread_archive.takedowns import MARK, PERSON, POST, Takedowns

# What holds the text of a post or comment; all its other strings (links, previews, pictures) go without a trace.
_SPOKEN = frozenset({"body", "content", "name"})
# What says where a thing stands and what it is: never text.
_STRUCTURE = frozenset(
    {
        "actor_id",
        "ap_id",
        "ban_expires",
        "code",
        "content_type",
        "cursor",
        "next_page",
        "path",
        "prev_page",
        "published",
        "updated",
        "url_content_type",
        "version",
        "visibility",
        "when_",
    }
)
_ITEM, _BESIDE_ITEM = "item", "beside"
# Of a view that shows a taken-down item, what else tells of it.
_BESIDE = frozenset({"image_details", "tags"})


@dataclass(slots=True, eq=False)
class LocalIds:
    """By which numbers one server knows what is to be erased: some of its answers name it by nothing else."""

    people: set[int] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True, eq=False)
class Erasure:
    """
    What is to be erased: what `takedowns` lists, the posts and comments whose ap_ids are in `items`, and what `pattern`
    matches in any text.

    `met` collects the ap_ids of posts and comments that were erased for their author's sake or their thread's, `links`
    what they linked to.
    """

    takedowns: Takedowns
    items: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    met: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    _local: dict[str, LocalIds] = field(default_factory=dict)

    def local(self, instance: str) -> LocalIds:
        """What was learnt of the numbers on `instance`."""
        return self._local.setdefault(instance, LocalIds())

    def kind(self, ap_id: str) -> str | None:
        """As what `ap_id` is to be erased; None where it stays."""
        if ap_id in self.items:
            return _ITEM
        return self.takedowns.kind(ap_id)

    def rewrite(self, text: str, ap_id: str | None = None) -> str:
        """A text that stays, without the passages that do not; `ap_id` is that of the item it belongs to."""
        if not text:
            return text
        text = self.takedowns.rewrite(text, ap_id)
        return text if self.pattern is None else self.pattern.sub(MARK, text)


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """An object or array of an answer, and where it stands."""

    parent: "_Node | None"
    key: str | int
    value: Any

    @property
    def pointer(self) -> str:
        keys: list[str | int] = []
        node: _Node | None = self
        while node is not None and node.parent is not None:
            keys.append(node.key)
            node = node.parent
        pointer = ""
        for key in reversed(keys):
            pointer = child_pointer(pointer, key)
        return pointer

    def get(self, name: str) -> Any:
        return self.value.get(name) if isinstance(self.value, dict) else None

    @property
    def ap_id(self) -> str | None:
        return _ap_id_of(self.value)


def _ap_id_of(value: object) -> str | None:
    told = (value.get(name) for name in ("ap_id", "actor_id")) if isinstance(value, dict) else ()
    return next((ap_id for ap_id in told if isinstance(ap_id, str)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """
    An answer without what is to be erased: the pointers that were blanked, and the taken-down threads it is about.

    The pointer `""` says that the whole of it was blanked.
    """

    body: bytes
    pointers: tuple[str, ...] = ()
    threads: frozenset[str] = frozenset()


def erase(body: bytes, erasure: Erasure, instance: str) -> Erased:
    """
    Erase from the decoded `body` of an answer of `instance`; what is no JSON is kept or blanked as a whole.

    JSON deeper than any Lemmy's is blanked as a whole.
    """
    if not body:
        return Erased(body=body)
    try:
        return _without(body, erasure, instance)
    except TooNestedError:
        return Erased(body=b"", pointers=("",))


def _without(body: bytes, erasure: Erasure, instance: str) -> Erased:
    try:
        value = parsed(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        return Erased(body=body) if erasure.rewrite(text) == text else Erased(body=b"", pointers=("",))
    nodes = list(_nodes(value))
    walk = _Walk(erasure, erasure.local(instance))
    for node in nodes:
        walk.learn(node)
    walk.learn_cross_posts(value, nodes)
    replacements: dict[str, bytes] = {}
    if isinstance(value, str) and erasure.rewrite(value) != value:
        replacements[""] = quoted(erasure.rewrite(value))
    for node in nodes:
        for key, text in walk.replaced(node):
            replacements[child_pointer(node.pointer, key)] = quoted(text)
    cuts = [*_cuts_of_names(body, nodes, erasure), *(cuts_at(body, replacements) if replacements else ())]
    new, pointers = splice(body, cuts) if cuts else (body, ())
    # A pointer is made of names.
    told = tuple(map(erasure.takedowns.rewrite, pointers))
    return Erased(body=new, pointers=told, threads=frozenset(walk.threads))


def _cuts_of_names(body: bytes, nodes: Sequence["_Node"], erasure: Erasure) -> Iterator[Cut]:
    """
    Members that are overwritten go altogether: what they are to nobody who reads the answer, they may be to others.

    And names of members are read like any text, but for patterns, which are for texts.
    """
    objects = [node.value for node in nodes if isinstance(node.value, dict)]
    if sum(map(len, objects)) != count_names(body):
        yield from overwritten(body)
    rewrite = erasure.takedowns.rewrite
    changed = {name: new for name in set().union(*objects) if (new := rewrite(name)) != name}
    if changed:
        for pointer, name, start, end in names(body):
            if name in changed:
                yield Cut(start, end, pointer, quoted(changed[name]))


def _nodes(value: object) -> Iterator[_Node]:
    """All objects and arrays, each after what it stands in."""
    stack = [_Node(None, "", value)]
    while stack:
        node = stack.pop()
        if isinstance(node.value, dict):
            yield node
            stack.extend(_Node(node, key, inner) for key, inner in node.value.items() if isinstance(inner, dict | list))
        elif isinstance(node.value, list):
            yield node
            stack.extend(
                _Node(node, index, inner) for index, inner in enumerate(node.value) if isinstance(inner, dict | list)
            )


class _Walk:
    """One answer: who and what in it is to be erased."""

    def __init__(self, erasure: Erasure, local: LocalIds) -> None:
        self._erasure = erasure
        self._local = local
        self._whole: dict[int, str] = {}
        self.threads: set[str] = set()

    def learn(self, node: _Node) -> None:
        """Find out whether an object is to be erased, and by which number else its server knows it."""
        if not isinstance(node.value, dict):
            return
        if node.parent is not None and id(node.parent.value) in self._whole:
            above = self._whole[id(node.parent.value)]
            self._whole.setdefault(id(node.value), _BESIDE_ITEM if above == PERSON else above)
        ap_id, number = node.ap_id, node.get("id")
        kind = self._erasure.kind(ap_id) if ap_id is not None else None
        if kind is not None and ap_id is not None:
            self._whole[id(node.value)] = PERSON if kind == PERSON else _ITEM
            if isinstance(number, int):
                (self._local.people if kind == PERSON else self._local.posts if kind == POST else set()).add(number)
            if kind == POST and "/cross_posts/" not in node.pointer:
                self.threads.add(ap_id)
        self._learn_view(node)

    def _learn_view(self, node: _Node) -> None:
        """An item is its view's `comment`, else its `post`; whose it is, `creator` says."""
        post, comment, creator = node.get("post"), node.get("comment"), node.get("creator")
        item = comment if isinstance(comment, dict) else post
        if not isinstance(item, dict):
            return
        by_listed = isinstance(creator, dict) and self._kind_of(creator) == PERSON
        in_listed = isinstance(post, dict) and self._kind_of(post) == POST
        if by_listed or in_listed:
            self._whole[id(item)] = _ITEM
        if by_listed or in_listed or self._kind_of(item) is not None:
            for name in _BESIDE:
                if isinstance(inner := node.get(name), dict | list):
                    self._whole[id(inner)] = _ITEM

    def learn_cross_posts(self, answer: object, nodes: Sequence[_Node]) -> None:
        """What else links to the same page tells what an erased post linked to."""
        view = answer.get("post_view") if isinstance(answer, dict) else None
        post = view.get("post") if isinstance(view, dict) else None
        if id(post) not in self._whole:
            return
        for node in nodes:
            if node.key in ("post", *_BESIDE) and node.pointer.startswith("/cross_posts/"):
                self._whole.setdefault(id(node.value), _BESIDE_ITEM)

    def _kind_of(self, value: dict[str, Any]) -> str | None:
        ap_id = _ap_id_of(value)
        return self._erasure.kind(ap_id) if ap_id is not None else None

    def _is_known(self, node: _Node) -> bool:
        """Whether an item is by whom, or in what, the server names by a number only."""
        creator, post = node.get("creator_id"), node.get("post_id")
        by_listed = isinstance(creator, int) and creator in self._local.people
        return by_listed or (isinstance(post, int) and post in self._local.posts and "content" in node.value)

    def replaced(self, node: _Node) -> Iterator[tuple[str | int, str]]:
        """The strings of an object or array that become others."""
        whole = self._whole.get(id(node.value))
        if whole is None and isinstance(node.value, dict) and self._is_known(node):
            whole = _ITEM
        if whole == _ITEM and isinstance(node.value, dict):
            self._note(node)
        members = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
        for key, value in members:
            if isinstance(value, str) and value:
                new = self._new(node, key, value, whole)
                if new != value:
                    yield key, new

    def _note(self, node: _Node) -> None:
        if node.ap_id is not None:
            self._erasure.met.add(node.ap_id)
        link = node.get("url")
        if isinstance(link, str) and link:
            self._erasure.links.add(link)

    def _new(self, node: _Node, key: str | int, value: str, whole: str | None) -> str:
        if whole == PERSON:
            if key in ("ap_id", "actor_id", "name"):
                alias = self._erasure.takedowns.alias(node.ap_id or value)
                return alias.name if key == "name" else alias.ap_id
            return value if _is_structure(key) else ""
        if _is_structure(key):
            return value
        if whole is not None:
            return MARK if key in _SPOKEN else ""
        if isinstance(key, int) and node.key == "orderedItems":
            return value
        # Whoever or whatever is called so keeps the name; a post's `name` is its title.
        if key == "name" and "creator_id" not in node.value:
            return value
        return self._erasure.rewrite(value, node.ap_id)


def _is_structure(key: str | int) -> bool:
    return isinstance(key, str) and (key in _STRUCTURE or key.endswith("_at"))
