"""Where each block of a page stands: beside which others, and within what."""

from dataclasses import dataclass

from bs4 import Tag

from thread_archive.articles.clutter import MOST, is_beside, is_clutter, lengths
from thread_archive.articles.writing import is_block

# What is a block itself, or holds the parts of one: it stands where its parent stands.
PARTS = frozenset({
    "blockquote", "dd", "details", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "summary",
    "table", "ul",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where a block stands: the `container` that it shares with its neighbours, and whether it is within clutter, or
    within something `beside` an article's text (`is_beside`).
    """

    container: Tag
    clutter: bool = False
    beside: bool = False


def places(root: Tag) -> dict[int, Place]:
    """The place of each element of a tree, by the element's identity."""
    sizes = lengths(root)
    most = MOST * sizes[id(root)]
    grouping = _grouping(root, sizes)
    found = {id(root): Place(container=root)}
    for tag in root.find_all(True):
        around = found[id(tag.parent)]
        small = sizes[id(tag)] <= most
        found[id(tag)] = Place(
            container=tag if id(tag) in grouping else around.container,
            clutter=around.clutter or (small and is_clutter(tag)),
            beside=around.beside or (small and is_beside(tag)),
        )
    return found


def _grouping(root: Tag, sizes: dict[int, int]) -> set[int]:
    """The identities of those elements that hold several blocks: not what is one block, or is put around one."""
    found: set[int] = set()
    holding: set[int] = set()
    for tag in reversed(root.find_all(True)):
        if tag.name not in PARTS and id(tag) in holding and _texts(tag, sizes) > 1:
            found.add(id(tag))
        if tag.parent is not None and (is_block(tag.name) or id(tag) in holding):
            holding.add(id(tag.parent))
    return found


def _texts(tag: Tag, sizes: dict[int, int]) -> int:
    """How many children of an element hold text."""
    return sum(1 for child in tag.contents if (sizes[id(child)] if isinstance(child, Tag) else str(child).strip()))
