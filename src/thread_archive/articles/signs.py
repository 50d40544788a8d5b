"""
Signs that a page is no article: a discussion, a question for consent, the beginning of something for subscribers.

Articles about cookies, forums and subscriptions exist, so that no single word decides: structure does, or many words
where there is little text.
"""

import re
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from thread_archive.articles.blocks import Blocks
from thread_archive.articles.markup import attribute
from thread_archive.articles.metadata import MAX_HEADINGS, PageMetadata, types
from thread_archive.articles.phrases import (
    CONSENT_HOST,
    CONSENT_MARKUP,
    CONSENT_TOPICS,
    CONSENT_YES,
    FORUM_GENERATOR,
    FORUM_MARKUP,
    MESSAGE,
    MESSAGE_HEADING,
    PAYWALL,
    PAYWALL_MARKUP,
)
from thread_archive.articles.sameness import words
from thread_archive.articles.titles import begins
from thread_archive.scripts import DENSE

# Fewer words than these may be what a wall lets through; signs of Chinese and Japanese count as words.
TEASER_WORDS = 250
CONSENT_WORDS = 400
# Paragraphs in links beyond this share, or none longer than this, are a list of links.
LINKED_SHARE = 0.6
# A text with less weight than this is short: `is_brief` tells whether it is an article.
LITTLE = 250
SENTENCE = 80
# A short article says something in at least one sentence of so many words.
BRIEF_WORDS = 8
SENTENCE_END = re.compile(r"[.!?…。！？؟।][\"'”’»)\]]{0,3}\s*$")
_ARTICLE_TYPES = ("Article", "BlogPosting")
_DENSE_SIGN = re.compile(f"[{DENSE}]")


def is_discussion(soup: BeautifulSoup, metadata: PageMetadata) -> bool:
    """Whether the page is a thread of Lemmy or of another forum, whose comments an extractor would tear apart."""
    if FORUM_GENERATOR.search(metadata.meta.get("generator", "")):
        return True
    if any("window.isoData" in script.get_text()[:2_000] for script in soup.find_all("script", src=False)):
        return True
    if any({"DiscussionForumPosting", "QAPage"} & set(types(node)) for node in metadata.nodes):
        return True
    return soup.select_one(FORUM_MARKUP) is not None


def asks_for_consent(soup: BeautifulSoup, url: str, shown: str, read: Blocks | None) -> bool:
    """
    Whether the page stands in the article's place to ask for consent.

    `shown` is all of its text, `read` what was extracted. A banner beside an article does not count: there must be
    little text beside it.
    """
    text = read.text if read else ""
    length = len(words(text))
    if CONSENT_HOST.search(_host(url)):
        return True
    asked = text if length >= TEASER_WORDS / 4 else shown
    if length > CONSENT_WORDS or len(words(asked)) > CONSENT_WORDS:
        return False
    signs = sum(1 for pattern in CONSENT_TOPICS if pattern.search(asked))
    enough = 2 if _is_marked(soup, CONSENT_MARKUP) else 3
    # What can be pressed: without it, a text speaks of consent and does not ask for it.
    pressed = " ".join(
        f"{tag.get_text()} {attribute(tag, 'value')}" for tag in soup.find_all(["button", "input", "a"])[:500]
    )
    return signs >= enough and bool(CONSENT_YES.search(pressed))


def is_paywalled(soup: BeautifulSoup, metadata: PageMetadata, shown: str, read: Blocks | None) -> bool:
    """Whether what was extracted is the beginning of an article for subscribers."""
    length = len(words(read.text)) if read else 0
    if length >= TEASER_WORDS:
        return False
    if any(str(node.get("isAccessibleForFree", "")).lower() == "false" for node in metadata.nodes):
        return True
    if metadata.meta.get("article:content_tier", "").lower() in ("locked", "metered"):
        return True
    return bool(PAYWALL.search(shown)) and (_is_marked(soup, PAYWALL_MARKUP) or length < TEASER_WORDS / 2)


def is_navigation(read: Blocks) -> bool:
    """Whether what was extracted is links and labels rather than sentences."""
    longest = max((weight(paragraph.text) for paragraph in read.paragraphs), default=0)
    labels = longest < SENTENCE and weight(read.text) >= LITTLE
    return sum(read.linked) > LINKED_SHARE * len(read.text) or labels


def is_brief(page: BeautifulSoup, metadata: PageMetadata, read: Blocks) -> bool:
    """
    Whether a short text is an article all the same, as news in brief are: sentences on a page that calls itself an
    article, or under the heading that is its title. What a server says in an article's place is none.
    """
    if not any(len(words(block.text)) >= BRIEF_WORDS and SENTENCE_END.search(block.text) for block in read.paragraphs):
        return False
    headings = [metadata.title_element, *metadata.headings, *(b.text for b in read.paragraphs if b.kind == "heading")]
    if any(MESSAGE_HEADING.search(heading) for heading in headings) or MESSAGE.search(read.text):
        return False
    under = [*metadata.headings, *(tag.get_text(" ") for tag in page.find_all("h2", limit=MAX_HEADINGS))]
    if page.select_one("input[type=password]") is not None:
        return False
    named = metadata.meta.get("og:type", "").lower() == "article" or any(
        name.endswith(_ARTICLE_TYPES) for node in metadata.nodes for name in types(node)
    )
    return named or len(page.find_all("article")) == 1 or any(begins(metadata.title, heading) for heading in under)


def weight(text: str) -> int:
    """A text's length in letters; a sign of Chinese or Japanese says as much as three."""
    return len(text) + 2 * len(_DENSE_SIGN.findall(text))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_marked(soup: BeautifulSoup, pattern: re.Pattern[str]) -> bool:
    """Whether a script's address, an id or a class matches."""
    return any(pattern.search(attribute(tag, name)) for tag in soup.find_all(True) for name in ("id", "class", "src"))
