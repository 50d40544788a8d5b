"""
The corpus of articles: texts in nine languages (Markdown, the gold), each set in several layouts with clutter.

Texts, layouts and clutter were written for it and lie in `fixtures/articles`; a page is made of them when asked for.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trafilatura
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from thread_archive.articles.pages import decode
from thread_archive.articles.sameness import words

HERE = Path(__file__).parents[2] / "fixtures" / "articles"
LAYOUTS = ("newspaper", "soup", "tables", "font", "blog", "bare", "magazine", "portal")
# Pages of the font-and-br time are in the encodings of their time, and mark no headings.
OLD = ("tables", "font")
LEGACY = {"ru": "windows-1251", "zh": "gb2312", "ja": "shift_jis", "ar": "windows-1256"}
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A gold text: what its front matter says, and its body in Markdown."""

    name: str
    title: str
    byline: str
    site: str
    published: str
    language: str
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as a server would send it, and what an extractor should find in it."""

    name: str
    layout: str
    text: Text
    body: bytes
    content_type: str
    words: tuple[str, ...]
    headings: tuple[str, ...]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much of the gold text was found (recall), and how much of what was found is gold (precision), by words."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score(found: str, page: Page) -> Score:
    """The score of an extracted text, as bags of words."""
    mine, gold = Counter(words(found)), Counter(page.words)
    common = (mine & gold).total()
    return Score(precision=common / max(1, mine.total()), recall=common / max(1, gold.total()))


def trafilatura_alone(page: Page) -> str:
    """What trafilatura makes of a page by itself, as plain text."""
    return trafilatura.extract(decode(page.body, page.content_type), include_comments=False) or ""


@cache
def texts() -> tuple[Text, ...]:
    return tuple(_read(path) for path in sorted((HERE / "texts").glob("*.md")))


def pages() -> Iterator[Page]:
    """Every text in four of the layouts, so that each layout is met in several languages."""
    for number, text in enumerate(texts()):
        for layout in (*LAYOUTS, *LAYOUTS)[number % len(LAYOUTS) :][:4]:
            yield page(text, layout)


def page(text: Text, layout: str) -> Page:
    html = MARKDOWN.render(text.markdown)
    charset = LEGACY.get(text.language, "windows-1252") if layout in OLD else "utf-8"
    template = _environment().get_template(f"{layout}.html")
    made = template.render(text=text, c=_clutter()[text.language], charset=charset, **_bodies(html))
    headings, quotes, gold = _gold(MARKDOWN.parse(text.markdown))
    return Page(
        name=f"{text.name}-{layout}",
        layout=layout,
        text=text,
        body=made.encode(charset, "xmlcharrefreplace"),
        # As on many servers, the old pages' encoding stands in the page alone.
        content_type="text/html" if layout in OLD else "text/html; charset=utf-8",
        words=tuple(words(gold)),
        headings=() if layout == "font" else headings,
        quotes=quotes,
    )


def _bodies(html: str) -> dict[str, object]:
    """The body in the ways in which layouts write one."""
    starts = [match.start() for match in re.finditer(r"(?<!<blockquote>\n)^<(?:p|h2)>", html, re.MULTILINE)]
    cut, again = starts[min(2, len(starts) - 1)], starts[max(3, 2 * len(starts) // 3)]
    breaks = re.sub(r"</?p>", "", re.sub(r"</p>", "<br><br>", html))
    breaks = re.sub(r"<h\d>(.*?)</h\d>", r"<b><font size=+1>\1</font></b><br><br>", breaks)
    return {
        "html": Markup(html),
        "parts": [Markup(html[:cut]), Markup(html[cut:again]), Markup(html[again:])],
        "divs": Markup(html.replace("<p>", '<div class="txt">').replace("</p>", "</div>")),
        "breaks": Markup(breaks),
        "unclosed": Markup(re.sub(r"</(?:p|li|td|tr)>", "", html)),
    }


def _gold(tokens: list[Token]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Headings, quotes and all text, from the Markdown's own tokens: not by the code under test."""
    headings, quotes, everything = [], [], []
    quoted = 0
    for number, token in enumerate(tokens):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type in ("fence", "code_block"):
            everything.append(token.content)
        if token.type != "inline":
            continue
        text = "".join(" " if "break" in child.type else child.content for child in token.children or [])
        everything.append(text)
        if tokens[number - 1].type == "heading_open":
            headings.append(text)
        elif quoted:
            quotes.append(text)
    return tuple(headings), tuple(quotes), "\n".join(everything)


def _read(path: Path) -> Text:
    head, _, markdown = path.read_text(encoding="utf-8").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return Text(name=path.stem, markdown=markdown, **fields)


@cache
def _clutter() -> dict[str, dict[str, object]]:
    return json.loads((HERE / "clutter.json").read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(HERE / "layouts"), autoescape=True)
