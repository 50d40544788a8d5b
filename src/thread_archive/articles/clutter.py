"""A page's tree without what stands around an article: navigation, forms, share bars, comments."""

import re
from copy import copy

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from thread_archive.articles.markup import UNREAD, attribute, take_out

_AROUND = frozenset({"nav", "header", "footer", "aside", "form", "dialog"})
_NAMED = re.compile(
    r"comment|disqus|cookie|consent|cmpbox|related|share|social|newsletter|sidebar|breadcrumb|promo|byline|teaser",
    re.IGNORECASE,
)
_NAMED_PARTS = frozenset({"div", "section", "ul", "ol"})
# What stands within an article without being its text.
_BESIDE = frozenset({"figure", "figcaption", "menu", "nav", "aside", "form", "dialog", "footer"})
_NAMED_BESIDE = re.compile(
    "quiz|poll|survey|player|video|audio|caption|credit|widget|gallery|carousel|slide|slider|menu|navi?|toolbar|tabs?|tags?|"
    "banner|adverts?|advertisement|ads?|sponsor|subscri|signup|sign-up|paywall|rating|popular|trending|recommend|recirc|"
    "read-?more|more-?(?:on|from|stories)|embed|toc|author|bio|meta|info-?box|download|button|modal|popup|tooltip|print",
    re.IGNORECASE,
)
# What holds more of the page's text than this is no clutter, whatever it is called: some pages are one form.
MOST = 0.4


def without_clutter(soup: BeautifulSoup) -> BeautifulSoup:
    """A copy of a page's tree without its clutter."""
    page = copy(soup)
    sizes = lengths(page)
    most = MOST * sizes[id(page)]
    take_out([tag for tag in page.find_all(True) if sizes[id(tag)] <= most and is_clutter(tag)])
    return page


def is_clutter(tag: Tag) -> bool:
    """Whether an element is clutter by its tag or name."""
    return tag.name in _AROUND or (tag.name in _NAMED_PARTS and bool(_NAMED.search(_names(tag))))


def is_beside(tag: Tag) -> bool:
    """Whether an element stands beside an article's text where it stands within it: a caption, a player, a quiz."""
    return tag.name in _BESIDE or bool(_NAMED_BESIDE.search(_names(tag)))


def lengths(page: Tag) -> dict[int, int]:
    """How much text each tag holds, by its identity: each is counted once, from the innermost outwards."""
    found: dict[int, int] = {}
    for tag in reversed([page, *page.find_all(True)]):
        if tag.name in UNREAD:
            found[id(tag)] = 0
            continue
        found[id(tag)] = sum(
            found[id(child)] if isinstance(child, Tag) else len(child.strip())
            for child in tag.contents
            if isinstance(child, Tag | NavigableString)
        )
    return found


def _names(tag: Tag) -> str:
    return f"{attribute(tag, 'id')} {attribute(tag, 'class')}"
