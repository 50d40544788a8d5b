"""
A page's tree written anew in a few kinds of blocks: nothing of the original's markup is copied but links and plain
emphasis.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urljoin, urlsplit

from bs4 import Tag
from bs4.element import NavigableString

from thread_archive.articles.markup import UNREAD, attribute
from thread_archive.model import Paragraph

# Deeper nesting than this is shown flat.
MAX_CONTAINERS = 12
MAX_INLINE = 12

HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "cite", "code": "code", "kbd": "kbd",
    "samp": "samp", "del": "del", "s": "del", "strike": "del", "ins": "ins", "mark": "mark", "q": "q",
    "small": "small", "sub": "sub", "sup": "sup", "tt": "code", "var": "var",
}  # fmt: skip
_CONTAINERS = {
    "ul": "ul", "ol": "ol", "dl": "ul", "li": "li", "dt": "li", "dd": "li", "blockquote": "blockquote",
    "details": "details",
}  # fmt: skip
_LISTS = ("ul", "ol", "table")
_BLOCKS = frozenset({
    "address", "article", "aside", "body", "caption", "center", "dir", "div", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "main", "menu", "nav", "p",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
})  # fmt: skip
_CODE = frozenset(("pre", "listing", "xmp", "plaintext"))
_PARTS_OF_A_LAYOUT = ["p", "div", "table", "ul", "ol", *HEADINGS, "blockquote", "article", "section", "pre"]
# A cell of a table of data is no longer than this; one that is holds the page's text.
_LONGEST_CELL = 400

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Container:
    """A list, an item, a quote …; `number` tells apart two that stand side by side."""

    tag: str
    number: int
    start: str = ""

    @property
    def opening(self) -> str:
        return f'<{self.tag} start="{self.start}">' if self.start else f"<{self.tag}>"


@dataclass(frozen=True, slots=True)
class _Inline:
    """A link or an emphasis that is open."""

    tag: str
    opening: str


@dataclass(slots=True)
class Writer:
    """
    Takes the tags and texts of a page in order, and writes blocks.

    `paragraphs` are those written so far, `linked` how many characters of each are texts of links, `within` the
    innermost block element around each. With `only`, of all blocks met (counted from 0) these are written.
    """

    base: str
    only: Collection[int] | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)
    linked: list[int] = field(default_factory=list)
    within: list[Tag] = field(default_factory=list)
    _out: list[str] = field(default_factory=list)
    _count: int = 0
    # What encloses the place reached; for each open tag that might, whether it does (it may be too deep).
    _path: list[_Container] = field(default_factory=list)
    _contains: list[bool] = field(default_factory=list)
    _inline: list[_Inline] = field(default_factory=list)
    _emphasises: list[bool] = field(default_factory=list)
    # What the blocks written so far have left open.
    _opened: list[_Container] = field(default_factory=list)
    # The block being written.
    _tag: str = "p"
    _html: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    # The address of the first image that has no description.
    _nameless: str = ""
    _linked: int = 0
    _broken: bool = False
    _met: int = 0
    _elements: list[Tag] = field(default_factory=list)

    def enter(self, tag: Tag) -> bool:
        """A tag opens; returns whether what is in it is wanted (and `leave` with it)."""
        name = tag.name
        if name in UNREAD or self._is_written_whole(tag):
            return False
        if name == "br":
            self._break()
        elif name == "img":
            self._image(tag)
        elif name in HEADINGS or name == "summary":
            self._flush()
            self._tag = name
        elif name in _CONTAINERS:
            self._flush()
            self._contain(tag)
        elif name in _BLOCKS:
            self._flush()
        elif name == "a" or name in INLINE:
            self._open_inline(tag)
        if is_block(name) or not self._elements:
            self._elements.append(tag)
        return True

    def leave(self, tag: Tag) -> None:
        """A tag closes."""
        name = tag.name
        if name in HEADINGS or name == "summary":
            self._flush()
            self._tag = "p"
        elif name in _CONTAINERS:
            self._flush()
            if self._contains.pop():
                self._path.pop()
        elif name in _BLOCKS:
            self._flush()
        elif (name == "a" or name in INLINE) and self._emphasises.pop():
            self._close_inline()
        if self._elements[-1] is tag:
            self._flush()
            self._elements.pop()

    def say(self, string: str) -> None:
        """Text within the block being written."""
        # Where a word may be divided is no part of it.
        string = string.replace("\u00ad", "")
        filled = bool(string.strip())
        if not filled and not self._text:
            return
        self._broken = self._broken and not filled
        self._html.append(escape(_BLANKS.sub(" ", string), quote=False))
        self._text.append(string)
        if any(inline.tag == "a" for inline in self._inline):
            self._linked += len(string.strip())

    def finished(self) -> str:
        """The HTML of all blocks."""
        self._flush()
        return "".join([*self._out, *(f"</{container.tag}>" for container in reversed(self._opened))])

    def _is_written_whole(self, tag: Tag) -> bool:
        """Writes code and tables of data at once."""
        if tag.name in _CODE:
            self._code(tag)
            return True
        if tag.name == "table" and _holds_data(tag):
            self._flush()
            self._rows(tag)
            return True
        return False

    def _code(self, tag: Tag) -> None:
        code = tag.get_text()
        if _is_inline_code(tag, code):
            self._html.append("<code>")
            self.say(code)
            self._html.append("</code>")
            return
        self._flush()
        if code.strip():
            code = code.strip("\n")
            self._write("pre", f"<code>{escape(code, quote=False)}</code>", "code", code)

    def _rows(self, table: Tag) -> None:
        self._count += 1
        self._path.append(_Container("table", self._count))
        self._elements.append(table)
        for row in table.find_all("tr"):
            cells = [(cell.name, _BLANKS.sub(" ", cell.get_text(" ")).strip()) for cell in row.find_all(["td", "th"])]
            text = " ".join(cell for _, cell in cells if cell)
            if text:
                html = "".join(f"<{name}>{escape(cell, quote=False)}</{name}>" for name, cell in cells)
                self._write("tr", html, "row", text)
        self._elements.pop()
        self._path.pop()

    def _break(self) -> None:
        """One line break is a blank in the text; two end the paragraph (pages of the font-and-br time)."""
        if self._broken:
            self._flush()
        elif self._text:
            self._html.append("<br>")
            self._text.append(" ")
            self._broken = True

    def _image(self, tag: Tag) -> None:
        """An image as a link to it: nothing is loaded from elsewhere when the article is read."""
        description = attribute(tag, "alt")
        source = self._address(attribute(tag, "src"))
        if not source.startswith("http") or any(inline.tag == "a" for inline in self._inline):
            self.say(f" {description} " if description else "")
        elif description:
            self._link(source, description)
        else:
            self._nameless = self._nameless or source

    def _link(self, address: str, text: str) -> None:
        self._html.append(f'<a href="{escape(address)}">')
        self.say(text)
        self._html.append("</a>")
        self._linked += len(text.strip())

    def _contain(self, tag: Tag) -> None:
        inside = len(self._path) < MAX_CONTAINERS
        self._contains.append(inside)
        if inside:
            self._count += 1
            start = attribute(tag, "start") if tag.name == "ol" else ""
            start = start if re.fullmatch("[0-9]{1,6}", start) else ""
            self._path.append(_Container(_CONTAINERS[tag.name], self._count, start))

    def _open_inline(self, tag: Tag) -> None:
        name, opening = INLINE.get(tag.name, ""), f"<{INLINE.get(tag.name)}>"
        if tag.name == "a" and (address := self._address(attribute(tag, "href"))):
            name, opening = "a", f'<a href="{escape(address)}">'
        wanted = bool(name) and len(self._inline) < MAX_INLINE and all(name != inline.tag for inline in self._inline)
        self._emphasises.append(wanted)
        if wanted:
            self._inline.append(_Inline(name, opening))
            self._html.append(opening)

    def _close_inline(self) -> None:
        inline = self._inline.pop()
        if self._html and self._html[-1] == inline.opening:
            self._html.pop()
        else:
            self._html.append(f"</{inline.tag}>")

    def _address(self, href: str) -> str:
        """A link's target made absolute; empty if it is none that may be followed."""
        try:
            address = urljoin(self.base, href) if self.base else href
            parts = urlsplit(address)
        except ValueError:
            return ""
        on_the_web = parts.scheme in ("http", "https") and parts.netloc
        return address if on_the_web or parts.scheme == "mailto" else ""

    def _flush(self) -> None:
        """End the block being written; emphasis and links that are still open go on in the next."""
        text = _BLANKS.sub(" ", "".join(self._text)).strip()
        if self._nameless and not text:
            # Beside words it would be one word more.
            text = "image"
            self._link(self._nameless, text)
        if text:
            closing = "".join(f"</{inline.tag}>" for inline in reversed(self._inline))
            html = "".join(self._html).strip()
            while html.endswith("<br>"):
                html = html.removesuffix("<br>").rstrip()
            self._write(self._tag, html + closing, *self._kind(text))
        self._html = [inline.opening for inline in self._inline]
        self._text, self._nameless, self._linked, self._broken = [], "", 0, False

    def _kind(self, text: str) -> tuple[str, str, int]:
        tags = [container.tag for container in self._path]
        if quotes := tags.count("blockquote"):
            return "quote", text, quotes
        if self._tag in HEADINGS:
            return "heading", text, HEADINGS[self._tag]
        if items := tags.count("li"):
            return "item", text, items
        return "paragraph", text, 0

    def _write(self, tag: str, html: str, kind: str, text: str, level: int = 0) -> None:
        """A finished block, within the containers that it stands in."""
        self._met += 1
        if self.only is not None and self._met - 1 not in self.only:
            return
        path = list(self._path)
        while tag != "tr" and path and path[-1].tag in _LISTS:
            path.pop()
        shared = 0
        while shared < min(len(path), len(self._opened)) and path[shared] == self._opened[shared]:
            shared += 1
        self._out.extend(f"</{container.tag}>" for container in reversed(self._opened[shared:]))
        self._out.extend(container.opening for container in path[shared:])
        self._opened = path
        self.paragraphs.append(Paragraph(kind=kind, text=text, level=level))
        self.linked.append(self._linked)
        self.within.append(self._elements[-1])
        self._out.append(f'<{tag} id="p{len(self.paragraphs)}">{html}</{tag}>')


def is_block(name: str) -> bool:
    """Whether an element of this name is a block of its own, or holds some."""
    return name in _BLOCKS or name in _CONTAINERS or name in HEADINGS or name == "summary"


def _is_inline_code(tag: Tag, code: str) -> bool:
    """Whether a `<pre>` stands in the middle of a sentence, as trafilatura writes `<code>`."""
    if "\n" in code:
        return False
    around = (tag.previous_sibling, tag.next_sibling)
    return any(isinstance(node, NavigableString) and node.strip() for node in around) or (
        tag.parent is not None and (tag.parent.name == "p" or tag.parent.name in HEADINGS)
    )


def _holds_data(table: Tag) -> bool:
    """Whether a table is one: not one that only puts a page's parts side by side."""
    if table.find(_PARTS_OF_A_LAYOUT) is not None:
        return False
    cells = table.find_all(["td", "th"])
    return len(cells) > 1 and all(len(cell.get_text()) <= _LONGEST_CELL for cell in cells)
