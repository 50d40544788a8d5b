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

from thread_archive.markup.elements import markdown as parser
from thread_archive.markup.links import links_of, settle
from thread_archive.markup.parsing import TooNestedError
from thread_archive.model import Link

RENDERER_VERSION = 1
"""Raised whenever the HTML of some text changes: what an older one made is rendered again."""

# Above any body that Lemmy takes (50,000 characters in a post, 10,000 in a comment).
MAX_LENGTH = 100_000
MAX_SIGNS = 5_000

_TAGS = {
    *("p", "br", "hr", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "details", "summary", "section"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *("a", "code", "em", "strong", "s", "sub", "sup", "span", "ruby", "rp", "rt"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
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
_PARAGRAPHS = re.compile(r"\n{2,}")
# Signs whose number makes the parser's work grow faster than the text.
_COSTLY = re.compile(r"[\[*_~^`<@:]|www\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text's HTML, and its links in the order in which they stand; `plain` says that it has no sign of Markdown."""

    html: str
    links: tuple[Link, ...] = ()
    plain: bool = field(default=False, compare=False)


def render_html(markdown: str, *, base: str = "") -> str:
    """The HTML of `markdown` alone; see `render`."""
    return render(markdown, base=base).html


def render(markdown: str, *, base: str = "") -> Rendered:
    """
    `markdown` as HTML that is safe to put into a page, and its links; relative ones start from the page `base`.

    Pictures become links, headings start at h4, footnotes have no anchors. Never raises, and takes a bounded time:
    what is longer than MAX_LENGTH, has more than MAX_SIGNS costly signs or lies too deep is shown as it was written.
    """
    if _is_plain(markdown):
        return Rendered(html=_paragraphs(markdown), plain=True)
    text = _UNPRINTABLE.sub("\ufffd", markdown)
    if is_costly(text):
        return Rendered(html=_as_written(text))
    env: dict[str, Any] = {}
    try:
        tokens = parser().parse(text, env)
    except (TooNestedError, RecursionError):
        return Rendered(html=_as_written(text))
    links: tuple[Link, ...] = ()
    if "links" in env:
        settle(tokens, base)
        links = tuple(links_of(tokens, text))
    html = parser().renderer.render(tokens, parser().options, env)
    return Rendered(html=cleaned(html), links=links)


def is_costly(text: str) -> bool:
    """Whether `text` is longer than MAX_LENGTH, or has more than MAX_SIGNS signs that make a parser slow."""
    return len(text) > MAX_LENGTH or len(_COSTLY.findall(text)) > MAX_SIGNS


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
        stripped = _PARAGRAPHS.sub("</p>\n<p>", stripped)
    return f"<p>{stripped}</p>\n"


def _as_written(text: str) -> str:
    parts = (part.strip("\n") for part in _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n")))
    return "".join(f"<p>{escape(part, quote=False)}</p>\n" for part in parts if part)


@functools.cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=_REL,
    )
