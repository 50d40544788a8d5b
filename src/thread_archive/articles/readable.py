"""The readable part of a page: trafilatura, and a plain rule where it finds nothing. The home of trafilatura."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bs4 import BeautifulSoup, Tag

from thread_archive.articles.blocks import Blocks, blocks_of
from thread_archive.articles.choosing import chosen
from thread_archive.articles.clutter import without_clutter
from thread_archive.articles.markup import attribute
from thread_archive.articles.metadata import PageMetadata, moment_of
from thread_archive.articles.signs import LITTLE, is_brief, is_navigation, weight
from thread_archive.articles.surroundings import places
from thread_archive.articles.writing import HEADINGS
from thread_archive.model import Paragraph

# Less text than this share of the page's makes us try again, as little text does.
LITTLE_SHARE = 0.05

# What it looks at again and again: links and headings at the end of a text, each among all before it, and cells that
# span others, each written out. No article has more of either; what has is read by the plain rule.
MAX_LINKS = 8_000
MAX_CELLS = 100_000
_WIDEST = 1_000

# A date from marks and addresses; the extensive search takes any that the text tells of.
_DATES = {"original_date": True, "extensive_search": False}

# What third-party code may raise over a page that somebody made to break it; anything else is our own mistake.
_BREAKS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """
    What was found, how (`trafilatura`, `trafilatura-recall`, `rule`), and what trafilatura guessed beside it.

    `lines` is its own plain text: where it marks links and emphasis it loses words around them.
    """

    blocks: Blocks
    how: str
    lines: tuple[str, ...] = ()
    title: str = ""
    byline: str = ""
    site: str = ""
    licence: str = ""
    published_at: datetime | None = None


def readable(page: BeautifulSoup, text: str, metadata: PageMetadata, *, shown: str) -> Readable | None:
    """
    The readable part of a page's tree, of which `text` is the HTML and `shown` all text; None where there is none that
    is long enough, or short and yet an article.

    The result may still be a list of links (`is_navigation`), where nothing better was found.
    """
    url = metadata.url
    found = None if _takes_long(page) else _tried(text, url, enough=max(LITTLE, LITTLE_SHARE * weight(shown)))
    if found is None or not is_long(found.blocks.paragraphs) or is_navigation(found.blocks):
        plain = Readable(blocks=blocks_by_rule(page, base=url), how="rule")
        if is_long(plain.blocks.paragraphs) and (found is None or not is_navigation(plain.blocks)):
            return plain
    if found is None:
        return None
    if not is_long(found.blocks.paragraphs) and not is_brief(page, metadata, found.blocks):
        return None
    if is_navigation(found.blocks):
        return found
    title = metadata.title or found.title
    byline = metadata.byline or found.byline
    if only := chosen(blocks_of(page, base=url), found.lines, places(page), title=title, byline=byline):
        return replace(found, blocks=blocks_of(page, base=url, only=only))
    return found


def is_long(paragraphs: Iterable[Paragraph]) -> bool:
    """Whether a text is as long as articles are, news in brief apart."""
    return sum(weight(paragraph.text) for paragraph in paragraphs) >= LITTLE


def _tried(text: str, url: str, *, enough: float) -> Readable | None:
    """What trafilatura finds; where that is little, what it finds when told to miss nothing, if that is much more."""
    found = by_trafilatura(text, url, recall=False)
    if _size(found) >= enough:
        return found
    again = by_trafilatura(text, url, recall=True)
    better = again is not None and _size(again) > 2 * _size(found) and not is_navigation(again.blocks)
    return again if better else found


def _takes_long(page: BeautifulSoup) -> bool:
    """Whether trafilatura would take longer over a page than in proportion to its length."""
    cells = page.find_all(["td", "th"])
    spanned = sum(_span(cell, "colspan") * _span(cell, "rowspan") for cell in cells)
    return len(page.find_all(["a", *HEADINGS], limit=MAX_LINKS + 1)) > MAX_LINKS or spanned > MAX_CELLS


def _span(cell: Tag, name: str) -> int:
    said = attribute(cell, name)[:9]
    return min(max(int(said), 1), _WIDEST) if said.isdecimal() else 1


def _size(found: Readable | None) -> int:
    return weight(found.blocks.text) if found else 0


def by_trafilatura(text: str, url: str, *, recall: bool) -> Readable | None:
    """What trafilatura makes of a page, in its own markup; with `recall` it is told to miss nothing."""
    # Half a second, so only where an article is read.
    import trafilatura
    from lxml.etree import LxmlError

    for name in ("trafilatura", "htmldate", "courlan", "readability", "justext"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    try:
        # Not Markdown, which loses the marks of quotes.
        document = trafilatura.extract_with_metadata(
            text,
            url=url or None,
            output_format="html",
            favor_recall=recall,
            include_comments=False,
            include_formatting=True,
            include_links=True,
            date_extraction_params=_DATES,
        )
        plain = trafilatura.extract(text, url=url or None, favor_recall=recall, include_comments=False)
    except (*_BREAKS, LxmlError):
        return None
    if document is None or not document.text:
        return None
    # As XML: it writes code within a sentence as <pre> within <p>, which a parser of HTML would tear apart.
    body = BeautifulSoup(document.text, "xml").find("body")
    if body is None:
        return None
    return Readable(
        blocks=blocks_of(body, base=url),
        how="trafilatura-recall" if recall else "trafilatura",
        lines=tuple((plain or "").splitlines()),
        title=document.title or "",
        byline=(document.author or "").replace("; ", ", "),
        site=document.sitename or "",
        licence=document.license or "",
        published_at=moment_of(document.date or ""),
    )


def blocks_by_rule(soup: BeautifulSoup, *, base: str = "") -> Blocks:
    """The plain rule: without navigation and forms, what `<article>`, `<main>` or the body holds."""
    return blocks_of(_main_part(without_clutter(soup)), base=base)


def _main_part(page: BeautifulSoup) -> Tag:
    articles = page.find_all("article")
    # Several are a front page's teasers, or an article's related ones: the enclosing part is read instead.
    if len(articles) == 1:
        return articles[0]
    return page.find("main") or page.find("body") or page
