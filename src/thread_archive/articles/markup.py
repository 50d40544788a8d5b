"""HTML from outside as a tree, within bounds."""

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup, Tag

from thread_archive.articles.pages import printable

# A tree of so many elements takes some seconds and a few hundred megabytes; the longest encyclopedia pages have half.
MAX_TAGS = 150_000
# Where libxml2 stops building a tree, and trafilatura with it; what walks up from each tag would take its time.
MAX_DEPTH = 255
# No element has so many attributes; what compares each with all others would take minutes for 100,000.
MAX_ATTRIBUTES = 500
# No attribute that we read is longer; the rest (data: images, style) is dropped before anything reads it.
MAX_ATTRIBUTE = 4_000

_TAG_START = re.compile(r"<[a-zA-Z]")
_PROLOGUE = re.compile(r"\s*<\?xml[^>]{0,500}>")
# Elements whose content is no text of the page.
UNREAD = frozenset({
    "applet", "area", "audio", "base", "basefont", "button", "canvas", "datalist", "embed", "frame", "frameset",
    "head", "iframe", "input", "link", "map", "math", "meta", "noembed", "noframes", "noscript", "object",
    "option", "param", "script", "select", "source", "style", "svg", "template", "textarea", "title", "track",
    "video",
})  # fmt: skip


def too_complex(text: str) -> bool:
    """Whether a page has more than MAX_TAGS tags."""
    return sum(1 for _ in _TAG_START.finditer(text)) > MAX_TAGS


def too_odd(soup: BeautifulSoup) -> bool:
    """Whether tags are nested more than MAX_DEPTH deep, or one has more than MAX_ATTRIBUTES attributes."""
    depths = {id(soup): 0}
    for tag in soup.find_all(True):
        depths[id(tag)] = depth = depths[id(tag.parent)] + 1
        if depth > MAX_DEPTH or len(tag.attrs) > MAX_ATTRIBUTES:
            return True
    return False


def take_out(tags: Sequence[Tag]) -> None:
    """
    Take elements of one tree out of it, with all that is in them.

    bs4 tells of an element that went with another (`Tag.decomposed`) only by looking through all that is below it.
    """
    doomed = {id(tag) for tag in tags}
    for tag in [tag for tag in tags if not any(id(around) in doomed for around in tag.parents)]:
        tag.decompose()


def parse(html: str) -> BeautifulSoup:
    """The tree of a page or a fragment; attributes longer than MAX_ATTRIBUTE are left out."""
    # The body around it tells Beautiful Soup that this is markup, however short.
    text = printable(html)
    # Only where it stands first: looked for everywhere, runs of spaces would take the square of their length.
    if prologue := _PROLOGUE.match(text):
        text = text[prologue.end() :]
    soup = BeautifulSoup(text if "<" in text else f"<p>{text}</p>", "lxml")
    for tag in soup.find_all(True):
        for name in [name for name, value in tag.attrs.items() if len(value) > MAX_ATTRIBUTE]:
            del tag.attrs[name]
    return soup


def attribute(tag: Tag, name: str) -> str:
    """An attribute's value as text, blanks around it taken away; empty without one."""
    value = tag.get(name) or ""
    return (value if isinstance(value, str) else " ".join(value)).strip()


def visible_text(root: Tag) -> str:
    """All text of a tree that a reader could see, blanks folded."""
    texts = []
    for string in root.find_all(string=True):
        parent = string.parent
        if type(string).__name__ == "NavigableString" and parent is not None and parent.name not in UNREAD:
            texts.append(string)
    return " ".join(" ".join(texts).split())
