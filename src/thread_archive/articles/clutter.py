"""A page's tree without what stands around an article: navigation, forms, share bars, comments."""

import re
from copy import copy

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from thread_archive.articles.markup import UNREAD, attribute

_AROUND = frozenset({"nav", "header", "footer", "aside", "form", "dialog"})
_NAMED = re.compile(
    r"comment|disqus|cookie|consent|cmpbox|related|share|social|newsletter|sidebar|breadcrumb|promo|byline|teaser",
    re.IGNORECASE,
)
_NAMED_PARTS = frozenset({"div", "section", "ul", "ol"})
# What holds more of the page's text than this is no clutter, whatever it is called: some pages are one form.
_MOST = 0.4


def without_clutter(soup: BeautifulSoup) -> BeautifulSoup:
    """A copy of a page's tree without its clutter."""
    page = copy(soup)
    lengths = _lengths(page)
    most = _MOST * lengths.get(id(page), 0)
    for tag in page.find_all(True):
        if tag.decomposed or tag.name not in _AROUND | _NAMED_PARTS or lengths[id(tag)] > most:
            continue
        if tag.name in _AROUND or _NAMED.search(f"{attribute(tag, 'id')} {attribute(tag, 'class')}"):
            tag.decompose()
    return page


def _lengths(page: BeautifulSoup) -> dict[int, int]:
    """How much text each tag holds, by its identity: each is counted once, from the innermost outwards."""
    lengths: dict[int, int] = {}
    for tag in reversed([page, *page.find_all(True)]):
        if tag.name in UNREAD:
            lengths[id(tag)] = 0
            continue
        lengths[id(tag)] = sum(
            lengths[id(child)] if isinstance(child, Tag) else len(child.strip())
            for child in tag.contents
            if isinstance(child, Tag | NavigableString)
        )
    return lengths
