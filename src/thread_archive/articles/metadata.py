"""What a page says about itself: Open Graph, JSON-LD, `<meta>`, `<link>`, `<time>`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import islice
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

from thread_archive.articles.markup import attribute
from thread_archive.articles.titles import title_of

# Of JSON-LD no more than this is read.
MAX_JSON = 1_000_000
MAX_NODES = 20_000
# No title, name or licence that is one is longer.
MAX_FIELD = 500
# More main headings than these no article has.
MAX_HEADINGS = 10

_ARTICLE_TYPES = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting|WebPage)$")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8}){0,3}")
_PUBLISHED = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished",
    "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "date", "pubdate", "publishdate", "publish-date",
    "publication_date", "parsely-pub-date", "sailthru.date", "citation_publication_date", "citation_date",
)  # fmt: skip

Node = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class PageMetadata:
    """The metadata of one page's tree; what it does not say is empty."""

    soup: BeautifulSoup
    url: str

    @cached_property
    def meta(self) -> dict[str, str]:
        """The contents of `<meta>` by lower-case name, property or itemprop; of several the first, robots all."""
        found: dict[str, str] = {}
        for tag in self.soup.find_all("meta"):
            content = _one_line(attribute(tag, "content"))
            for key in ("property", "name", "itemprop", "http-equiv"):
                name = attribute(tag, key).lower()
                if name and content:
                    if name == "robots" and name in found:
                        found[name] = f"{found[name]}, {content}"[:MAX_FIELD]
                    found.setdefault(name, content)
        return found

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All objects of the page's JSON-LD, outer ones first."""
        found: list[Node] = []
        for script in self.soup.find_all(
            "script", attrs={"type": re.compile(r"^\s*application/ld\+json", re.IGNORECASE)}
        ):
            text = script.get_text()
            if len(text) <= MAX_JSON:
                found.extend(_objects(text, MAX_NODES - len(found)))
        return tuple(found)

    @property
    def articles(self) -> Iterator[Node]:
        """The JSON-LD objects that are an article or the page as such."""
        return (node for node in self.nodes if any(_ARTICLE_TYPES.search(name) for name in types(node)))

    @cached_property
    def title(self) -> str:
        """The title that the page's head and its headings agree on."""
        names = ("og:title", "twitter:title", "dc.title", "dcterms.title", "citation_title")
        stated = [self.meta.get(name, "") for name in names]
        stated += [self._first("headline"), self._first("name")]
        return title_of(stated, self.title_element, self.headings, [self.site, *self._host_names()])

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The page's main headings."""
        found = (_one_line(tag.get_text(" ")) for tag in self.soup.find_all("h1", limit=MAX_HEADINGS))
        return tuple(text for text in found if text)

    @property
    def title_element(self) -> str:
        """What `<title>` says, often with the site's name."""
        return _one_line(self.soup.title.get_text()) if self.soup.title else ""

    @property
    def byline(self) -> str:
        """Who wrote it, several names separated by commas."""
        for node in self.articles:
            if names := _names(node.get("author")):
                return names
        return self._meta("author", "article:author:name", "dc.creator", "parsely-author", "citation_author")

    @property
    def site(self) -> str:
        """The publication's name."""
        stated = self._meta("og:site_name", "application-name", "dc.publisher")
        return stated or next((names for node in self.articles if (names := _names(node.get("publisher")))), "")

    @property
    def published_at(self) -> datetime | None:
        """When the page says that it was published."""
        said = [self._first("datePublished"), *(self.meta.get(name, "") for name in _PUBLISHED)]
        said += [
            attribute(tag, "datetime")
            for tag in self.soup.find_all("time")
            if attribute(tag, "itemprop").lower() == "datepublished" or tag.has_attr("pubdate")
        ]
        return next((moment for text in said if (moment := moment_of(text))), None)

    @property
    def language(self) -> str:
        """The language as a BCP 47 tag."""
        root = self.soup.find("html")
        said = [attribute(root, "lang"), attribute(root, "xml:lang")] if root else []
        said += [self._meta("content-language"), self._first("inLanguage"), self._meta("og:locale", "dc.language")]
        return next((text.replace("_", "-") for text in said if _LANGUAGE.fullmatch(text)), "")

    @property
    def licence(self) -> str:
        """The licence's address or name: `rel=license`, JSON-LD, Dublin Core."""
        tag = self.soup.find(["link", "a"], rel="license")
        stated = self._absolute(attribute(tag, "href")) if tag else ""
        return stated or self._first("license") or self._meta("dcterms.license", "dc.rights.license")

    @property
    def canonical_url(self) -> str:
        """The page's own address of choice."""
        tag = self.soup.find("link", rel="canonical")
        return self._absolute(attribute(tag, "href") if tag else self.meta.get("og:url", ""))

    @property
    def robots(self) -> str:
        """What `<meta name=robots>` asks for."""
        return self.meta.get("robots", "")

    def _host_names(self) -> list[str]:
        """What the site may be called after its host: the host, and its parts."""
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:
            return []
        return [host, host.removeprefix("www."), *host.split(".")]

    def _meta(self, *names: str) -> str:
        return next((self.meta[name] for name in names if name in self.meta), "")

    def _first(self, key: str) -> str:
        values = (node.get(key) for node in self.articles)
        return next((_one_line(value) for value in values if isinstance(value, str) and value.strip()), "")

    def _absolute(self, href: str) -> str:
        try:
            address = urljoin(self.url, href) if href else ""
            return address if urlsplit(address).scheme in ("http", "https") else ""
        except ValueError:
            return ""


def types(node: Node) -> list[str]:
    """The types of a JSON-LD object."""
    said = node.get("@type")
    return [name for name in (said if isinstance(said, list) else [said]) if isinstance(name, str)]


def moment_of(text: str) -> datetime | None:
    """A time as pages write it (ISO 8601, RFC 5322), aware; one without a zone is taken as UTC. None if it is none."""
    text = text.strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _objects(text: str, limit: int) -> list[Node]:
    try:
        values: list[object] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return []
    found: list[Node] = []
    # It grows while it is read: outer objects first.
    for value in islice(values, limit):
        if isinstance(value, dict):
            found.append(value)
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
    return found


def _names(value: object) -> str:
    """The names of people or organisations as JSON-LD gives them: text, object, or a list of them."""
    found = []
    for item in (value if isinstance(value, list) else [value])[:20]:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str) and name.strip() and not name.startswith("http"):
            found.append(_one_line(name))
    return ", ".join(found)[:MAX_FIELD]


def _one_line(text: str) -> str:
    return " ".join(text[: 4 * MAX_FIELD].split())[:MAX_FIELD]
