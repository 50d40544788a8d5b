"""
Any readable HTML as blocks: numbered, sanitised HTML, and the same text in paragraphs.

What the writer writes is safe as it is built; it goes through nh3 all the same, so that a mistake there cannot reach a
reader.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import nh3
from bs4 import Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from thread_archive.articles.markup import parse
from thread_archive.articles.writing import HEADINGS, INLINE, Writer
from thread_archive.model import Paragraph

REL = "nofollow noopener noreferrer ugc"
_CLEANER = nh3.Cleaner(
    tags={
        *INLINE.values(), *HEADINGS, "a", "blockquote", "br", "details", "li", "ol", "p", "pre", "summary", "table",
        "tbody", "td", "th", "tr", "ul",
    },
    attributes={"*": {"id"}, "a": {"href"}, "ol": {"start"}},
    attribute_filter=lambda _, name, value: value if name != "id" or re.fullmatch("p[1-9][0-9]{0,8}", value) else None,
    url_schemes={"http", "https", "mailto"},
    link_rel=REL,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """
    Sanitised `html` whose block n has the id `pn`, and its `paragraphs`; for each, how many of its characters are texts
    of links, and the innermost block element of the tree that it was read `within`.
    """

    html: str
    paragraphs: tuple[Paragraph, ...]
    linked: tuple[int, ...]
    within: tuple[Tag, ...]

    @property
    def text(self) -> str:
        """All paragraphs, a line each."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)


def blocks_of(root: Tag, *, base: str = "", only: Collection[int] | None = None) -> Blocks:
    """
    The blocks of a tree, or `only` those with these numbers (from 0).

    Links are made absolute with the address `base`; those that are not http, https or mailto then are no links.
    """
    writer = Writer(base=base, only=only)
    # Without recursion, and so at any depth. False: the tag closes.
    stack: list[tuple[bool, PageElement]] = [(True, root)]
    while stack:
        entering, node = stack.pop()
        if isinstance(node, Tag):
            if not entering:
                writer.leave(node)
            elif writer.enter(node):
                stack.append((False, node))
                stack.extend((True, child) for child in reversed(node.contents))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            writer.say(str(node))
    html = cleaned_blocks(writer.finished())
    return Blocks(
        html=html, paragraphs=tuple(writer.paragraphs), linked=tuple(writer.linked), within=tuple(writer.within)
    )


def blocks_of_html(html: str, *, base: str = "") -> Blocks:
    """The blocks of a page or a fragment in HTML."""
    return blocks_of(parse(html), base=base)


def cleaned_blocks(html: str) -> str:
    """What the allow-list leaves of `html`: that of Blocks stays as it is."""
    return _CLEANER.clean(html)
