"""A fetched page as an Article, or why it gives none. Pure: the same bytes give the same article."""

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version

from bs4 import BeautifulSoup

from thread_archive.articles.blocks import Blocks, blocks_of_html
from thread_archive.articles.markup import parse, too_complex, too_odd, visible_text
from thread_archive.articles.metadata import PageMetadata
from thread_archive.articles.pages import Media, decode, media_of
from thread_archive.articles.readable import Readable, is_long, readable
from thread_archive.articles.refusals import Refusal
from thread_archive.articles.shown import without_hidden
from thread_archive.articles.signs import asks_for_consent, is_discussion, is_navigation, is_paywalled
from thread_archive.model import Article

# What fetching lets through; a longer text is cut off, not refused.
MAX_BYTES = 10_000_000
# Ten times the longest articles; a page's text takes about three seconds a megabyte.
MAX_TEXT = 2_000_000
# Characters that HTML writes as entities: nh3 takes the square of their number, a fifth of a second for so many.
MAX_ENTITIES = 100_000
MAX_TITLE = 120

_NOT_READ = {
    Media.PDF: Refusal.PDF,
    Media.IMAGE: Refusal.IMAGE,
    Media.VIDEO: Refusal.VIDEO,
    Media.OTHER: Refusal.UNSUPPORTED_TYPE,
}
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\f\r\x1b")))
_EMPTY_LINE = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """An article, or the reason why there is none: one of the two is None."""

    article: Article | None = None
    refusal: Refusal | None = None


def extract(body: bytes, *, content_type: str, url: str) -> Extraction:
    """
    The article in a page's bytes. `content_type` is its header (or empty), `url` the final address, for links.

    Whatever the bytes are, this ends: in time linear in their length, without raising.
    """
    media = media_of(content_type, body)
    if media in _NOT_READ:
        return Extraction(refusal=_NOT_READ[media])
    if _is_binary(body, content_type):
        return Extraction(refusal=Refusal.DAMAGED)
    text = decode(body[:MAX_BYTES], content_type)
    if media is Media.TEXT:
        return _of_plain_text(text, url)
    if too_complex(text):
        return Extraction(refusal=Refusal.TOO_COMPLEX)
    return _of_page(text, url)


def article_of_body(html: str, *, title: str) -> Article:
    """A post's own body as an article: `html` is its Markdown, rendered."""
    return _article(blocks_of_html(html), "body", _own_version(), title=title)


def _of_page(text: str, url: str) -> Extraction:
    soup = parse(text)
    if too_odd(soup):
        return Extraction(refusal=Refusal.TOO_COMPLEX)
    metadata = PageMetadata(soup=soup, url=url)
    if is_discussion(soup, metadata):
        return Extraction(refusal=Refusal.DISCUSSION_PAGE)
    visible = visible_text(soup)
    if len(visible) > MAX_TEXT or sum(map(visible.count, "<>&")) > MAX_ENTITIES:
        return Extraction(refusal=Refusal.TOO_COMPLEX)
    page = without_hidden(soup)
    if page is soup:
        return _of_tree(soup, text, metadata)
    shown = _of_tree(page, str(page), metadata)
    if shown.article:
        return shown
    # Some pages hide their text until a script has run.
    whole = _of_tree(soup, text, metadata)
    return whole if whole.article and is_long(whole.article.paragraphs) else shown


def _of_tree(page: BeautifulSoup, text: str, metadata: PageMetadata) -> Extraction:
    """The article in a page's tree, of which `text` is the HTML."""
    shown = visible_text(page)
    found = readable(page, text, metadata, shown=shown)
    blocks = found.blocks if found else None
    if asks_for_consent(page, metadata.url, shown, blocks):
        return Extraction(refusal=Refusal.CONSENT_PAGE)
    if is_paywalled(page, metadata, shown, blocks):
        return Extraction(refusal=Refusal.PAYWALL)
    if found is None:
        return Extraction(refusal=Refusal.EMPTY)
    if is_navigation(found.blocks):
        return Extraction(refusal=Refusal.NAVIGATION)
    return Extraction(article=_described(found, metadata))


def _described(found: Readable, metadata: PageMetadata) -> Article:
    stated = metadata.published_at
    published_at = stated or found.published_at
    return Article(
        title=metadata.title or found.title,
        html=found.blocks.html,
        paragraphs=found.blocks.paragraphs,
        extractor=found.how,
        extractor_version=_own_version() if found.how == "rule" else f"{version('trafilatura')}+{_own_version()}",
        byline=metadata.byline or found.byline,
        site=metadata.site or found.site,
        published_at=published_at,
        published_by="stated" if stated else "heuristic" if published_at else "",
        language=metadata.language,
        licence=metadata.licence or found.licence,
        canonical_url=metadata.canonical_url,
        robots=metadata.robots,
    )


def _of_plain_text(text: str, url: str) -> Extraction:
    parts = [part for part in _EMPTY_LINE.split(text) if part.strip()]
    if not parts:
        return Extraction(refusal=Refusal.EMPTY)
    if sum(map(text.count, "<>&")) > MAX_ENTITIES:
        return Extraction(refusal=Refusal.TOO_COMPLEX)
    blocks = blocks_of_html("".join(f"<p>{escape(part, quote=False)}</p>" for part in parts))
    first = blocks.paragraphs[0].text if blocks.paragraphs else ""
    title = first if len(first) <= MAX_TITLE else url.rpartition("/")[2]
    return Extraction(article=_article(blocks, "text", _own_version(), title=title))


def _article(blocks: Blocks, extractor: str, extractor_version: str, *, title: str) -> Article:
    return Article(
        title=title,
        html=blocks.html,
        paragraphs=blocks.paragraphs,
        extractor=extractor,
        extractor_version=extractor_version,
    )


def _is_binary(body: bytes, content_type: str) -> bool:
    """Whether what is called text is full of control bytes, and not in UTF-16 or UTF-32, which are."""
    head = body[:65_536]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or "utf-16" in content_type.lower()
    return not wide and len(head) - len(head.translate(None, _CONTROLS)) > 0.05 * len(head)


@cache
def _own_version() -> str:
    return version("thread-archive")
