"""
Lemmy's Markdown as safe HTML, and the links in it.

Whatever Markdown makes of a text passes nh3's allow-list last: no script, style, id, form or remote picture.
"""

import functools
import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

import nh3
from markdown_it.token import Token

from thread_archive.markup.elements import markdown as parser
from thread_archive.markup.links import links_of, settle
from thread_archive.markup.parsing import BLOCKS, TooNestedError
from thread_archive.markup.plain import text_of
from thread_archive.model import Link
from thread_archive.spoilers import reveal

RENDERER_VERSION = 3
"""Raised whenever the HTML or the plain text of some text changes: what an older one made is made again."""

# Above any body that Lemmy takes (50,000 characters in a post, 10,000 in a comment).
MAX_LENGTH = 100_000
MAX_SIGNS = 5_000

_TAGS = {
    *("p", "br", "hr", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "details", "summary", "section"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *("a", "code", "em", "strong", "s", "sub", "sup", "span", "ruby", "rp", "rt"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# Where each block's own first letter says how it runs; code always runs from left to right.
_DIRECTIONS = {tag: {"dir": {"auto"}} for tag in (*BLOCKS, "summary")} | {"pre": {"dir": {"ltr"}}}
_ALIGNED = {"left", "center", "right"}
_CLASSES = {
    "a": {"image", "mention", "community"},
    "details": {"spoiler"},
    "li": {"task"},
    "section": {"footnotes"},
    "span": {"image", "emoji"},
    "sup": {"footnote"},
    "td": _ALIGNED,
    "th": _ALIGNED,
}
_REL = "nofollow noopener noreferrer ugc"
# What no page can hold, or would be read as another character: replaced one for one, so that places stay.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")

# Text without any of these, and without what _is_plain looks for besides, is paragraphs of plain text. In the second
# line: white space that is none to HTML or is written as an entity.
_SIGNS = re.compile(
    "[\\\\*_`~^<>&{|@\t\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
    "\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
_BLOCK = re.compile(r"\n(?:[ #=:+-]|[0-9]{1,9}[.)])")
_PARAGRAPH = '<p dir="auto">'
_PARAGRAPHS = re.compile(r"\n{2,}")
# Signs whose number makes the parser's work grow faster than the text.
_COSTLY = re.compile(r"[\[*_~^`<@:]|www\.")
# What the slowest of them take, and a cell of a table, in microseconds.
_A_SIGN, _A_CELL = 100, 15
# A table of so many is rendered in no time.
_FEW_CELLS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """
    A text's HTML, and its links in the order in which they stand; `plain` says that it has no sign of Markdown.

    `text` is what `plain_text` makes of it.
    """

    html: str
    links: tuple[Link, ...] = ()
    text: str = field(compare=False)
    plain: bool = field(default=False, compare=False)


def render_html(markdown: str, *, base: str = "") -> str:
    """The HTML of `markdown` alone; see `render`."""
    return render(markdown, base=base).html


def render(markdown: str, *, base: str = "") -> Rendered:
    """
    `markdown` as HTML that is safe to put into a page, and its links; relative ones start from the page `base`.

    Pictures become links, headings start at h4, footnotes have no anchors; an address that nothing may link to stands
    beside its text. Never raises, and takes a bounded time: what is longer than MAX_LENGTH, has more than MAX_SIGNS
    costly signs or cells, or lies too deep is shown as it was written.
    """
    if _is_plain(markdown):
        return Rendered(html=_paragraphs(markdown), text=reveal(markdown), plain=True)
    text = _UNPRINTABLE.sub("\ufffd", markdown)
    tokens = _tokens(text, base)
    if tokens is None:
        return Rendered(html=_as_written(text), text=reveal(text))
    plain = text_of(tokens)
    links = tuple(links_of(tokens, text))
    html = parser().renderer.render(tokens, parser().options, {})
    return Rendered(html=cleaned(html), links=links, text=plain)


def plain_text(markdown: str) -> str:
    """
    The text of `markdown` as a reader sees it: link texts without their addresses, images by their alt text, spoilers
    open, with the marks of `spoilers.hide`. Its words are those of the HTML that `render` makes.

    The same string where there is nothing to take away. Never raises, and takes a bounded time.
    """
    if _is_plain(markdown):
        return reveal(markdown)
    text = _UNPRINTABLE.sub("\ufffd", markdown)
    tokens = _tokens(text, "")
    return reveal(text) if tokens is None else text_of(tokens)


def _tokens(text: str, base: str) -> list[Token] | None:
    """`text` as settled tokens; None where it is shown as it was written."""
    if is_costly(text):
        return None
    env: dict[str, Any] = {}
    try:
        tokens = parser().parse(text, env)
    # The spoilers' plugin looks behind the end of some texts that end within a quote in a spoiler.
    except (TooNestedError, RecursionError, IndexError):
        return None
    if "links" in env:
        settle(tokens, base)
    return tokens


def is_costly(text: str) -> bool:
    """
    Whether `text` is longer than MAX_LENGTH, has more than MAX_SIGNS signs that make a parser slow, or could be a table
    with more cells than characters: rows that say nothing are filled up to the widest.
    """
    cells = _cells(text)
    return len(text) > MAX_LENGTH or cells > max(_FEW_CELLS, len(text)) or len(_COSTLY.findall(text)) > MAX_SIGNS


def _cells(text: str) -> int:
    """How many cells the tables in `text` have at most."""
    if "|" not in text:
        return 0
    lines = text.replace("\r", "\n").split("\n")
    return max(line.count("|") for line in lines) * len(lines)


def cost_of(text: str) -> int:
    """
    How much work `text` may make at most, about a microsecond each: for a budget, since it is the same on any machine.

    It grows with the text alone; a text that is shown as it was written costs little.
    """
    return len(text) if is_costly(text) else len(text) + _A_SIGN * len(_COSTLY.findall(text)) + _A_CELL * _cells(text)


def cleaned(html: str) -> str:
    """What the allow-list leaves of `html`: what `render` makes stays as it is."""
    return _cleaner().clean(html)


def find_links(markdown: str, *, base: str = "") -> list[Link]:
    """The links in `markdown`, as `render` finds them."""
    return list(render(markdown, base=base).links)


def _is_plain(markdown: str) -> bool:
    # One by one: a loop over them would take as long as all the rest.
    return (
        _SIGNS.search(markdown) is None
        and "://" not in markdown
        and "](" not in markdown
        and "]:" not in markdown
        and "www." not in markdown
        and " \n" not in markdown
        and _BLOCK.search("\n" + markdown) is None
    )


def _paragraphs(text: str) -> str:
    """The HTML that the parser makes of plain text, in a fiftieth of its time."""
    stripped = text.strip("\n ")
    if not stripped:
        return ""
    if "\n\n" in stripped:
        stripped = _PARAGRAPHS.sub(f"</p>\n{_PARAGRAPH}", stripped)
    return f"{_PARAGRAPH}{stripped}</p>\n"


def _as_written(text: str) -> str:
    parts = (part.strip("\n") for part in _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n")))
    return "".join(f"{_PARAGRAPH}{escape(part, quote=False)}</p>\n" for part in parts if part)


@functools.cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_DIRECTIONS,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=_REL,
    )
