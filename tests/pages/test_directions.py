"""Text that is read from right to left stands right on every page, in files and in feeds."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from browsers import browser
from fake_lemmy import Server, thread
from fetching.servers import Server as WebServer
from fetching.servers import page as web_page
from fetching.servers import site as web_site
from runs import add, archive_in, rows, v3
from thread_archive.pages.addresses import ServedAddresses
from thread_archive.pages.bodies import directed, html_of
from thread_archive.pages.feeds import thread_feed
from thread_archive.pages.fronts import front_page, front_view
from thread_archive.pages.rendering import Reading, Site
from thread_archive.pages.searches import search_feed, search_page, search_view
from thread_archive.pages.threads import Wanted, thread_page, thread_view
from thread_archive.snapshots.exporting import export
from thread_archive.store.archive import Archive

TITLE = "نشرة الميناء القديم (1984)"
ARABIC = "افتتح الميناء عام 1984، وأُغلق بعد ذلك (مؤقتًا)."
HEBREW = "בנמל הישן נבנה מזח חדש, והספינות חזרו."
BODY = f"""# {HEBREW}

{HEBREW} https://e.example/a/ `harbour`

- {HEBREW}
- English item

1. {HEBREW}

   {HEBREW}

> {ARABIC}
>
> - {ARABIC}

> English quote

> > {ARABIC}

| {HEBREW} | b |
|---|---|
| 1 | {HEBREW} |

```
harbour // {HEBREW}
```

::: spoiler {HEBREW}
{HEBREW}
:::

{HEBREW}[^1]

[^1]: {HEBREW}
"""
ARTICLE = "".join(f"<p>{HEBREW} {number} {ARABIC * 3}</p>" for number in range(8))
BLOCKS = {"p", "li", "blockquote", "th", "td", "h4", "h5", "h6", "summary"}
INNER = ("article", "section", "div", "ul", "ol", "table", "thead", "tbody", "tr", "details")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    comments = [BODY, ARABIC, f"> {ARABIC}\n\n{HEBREW}", "Plain *English*.\n\n- one\n\n> quote"]
    world = thread(v3(), comments, post={"title": TITLE, "body": HEBREW, "url": "http://news.test/a"})
    html = (
        f"<html><head><title>{HEBREW}</title></head><body><article><h1>{HEBREW}</h1>{ARTICLE}</article></body></html>"
    )
    with (
        Server(world) as lemmy,
        WebServer(web_site(web_page(html.encode()))) as web,
        archive_in(tmp_path_factory.mktemp("directions")) as made,
    ):

        def resolver(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", web.port)] if host == "news.test" else lemmy.resolver(host, port)

        add(made, lemmy, "http://home.test/post/1", article=True, resolver=resolver)
        yield made


@pytest.fixture
def reading(archive: Archive) -> Reading:
    return Reading(connection=archive.db.conn, site=Site(addresses=ServedAddresses(), stem="archive"))


class Directions(HTMLParser):
    """Of each text the innermost element that says how it runs, as (tag, direction)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "input", "br", "hr"):
            self.open.append((tag, dict(attrs).get("dir") or ("auto" if tag == "bdi" else "")))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        said = [(tag, direction) for tag, direction in self.open if direction]
        self.found.append((data, *(said[-1] if said else ("", ""))))


def undirected(html: str) -> list[str]:
    """Right-to-left texts of a page's body that no element lets run as their letters do."""
    body = html.partition("</head>")[2] or html
    return [
        text
        for text, _, direction in Directions(body).found
        if any("\u0590" <= sign <= "\u06ff" for sign in text) and direction not in ("auto", "ltr")
    ]


def test_titles_texts_articles_and_hits_say_how_they_run(reading: Reading, archive: Archive) -> None:
    (slug,) = rows(archive, "SELECT slug FROM posts")[0]
    view = thread_view(reading, Wanted(slug=slug))
    assert view
    pages = {
        "thread": thread_page(view, reading),
        "front": front_page(front_view(reading, {}), reading),
        "search": search_page(search_view(reading, {"q": "الميناء"}), reading),
        "threads found": search_page(search_view(reading, {"q": "الميناء", "view": "threads"}), reading),
        "export": "".join(export(archive, 1, "html")),
    }
    for name, html in pages.items():
        assert TITLE in html.replace("<mark>", "").replace("</mark>", ""), name
        # What the reader asked for stands in the box and in the chips of a search.
        assert undirected(html) == [], name
    assert f'<h1 id="title" dir="auto">{TITLE}</h1>' in pages["thread"]


def test_texts_in_feeds_say_how_they_run(reading: Reading, archive: Archive) -> None:
    (slug,) = rows(archive, "SELECT slug FROM posts")[0]
    feeds = [
        thread_feed(reading, slug, "https://archive.test") or "",
        search_feed(search_view(reading, {"q": "الميناء"}), reading, "https://archive.test"),
    ]
    for feed in feeds:
        contents = [
            node.text or "" for node in ElementTree.fromstring(feed).iter("{http://www.w3.org/2005/Atom}content")
        ]
        assert contents
        assert [undirected(html) for html in contents] == [[]] * len(contents)


def test_html_of_an_older_release_is_told_how_it_runs() -> None:
    assert html_of("a", "<p>שלום</p>\n<pre><code>x</code></pre>") == (
        '<p dir="auto">שלום</p>\n<pre dir="ltr"><code>x</code></pre>'
    )
    assert html_of("a", None) == '<p dir="auto">a</p>\n'


def test_what_says_already_how_it_runs_is_left_alone() -> None:
    html = '<p id="p1" dir="auto">a</p><param><pre dir="ltr">b</pre><h2>c</h2><a title="&lt;p&gt;">d</a>'
    assert directed(html) == html.replace("<h2>", '<h2 dir="auto">')
    assert directed(directed(html)) == directed(html)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["<p", "<p ", "<p dir", "<p>", " dir=", "<pre "])
def test_hostile_html_takes_linear_time(piece: str) -> None:
    assert directed(piece * (1_000_000 // len(piece)))


SIDES = """() => { const own = (item) => {
    const copy = item.cloneNode(true);
    copy.querySelectorAll('.quoted').forEach((note) => note.remove());
    return copy.textContent;
}; return Object.fromEntries([...document.querySelectorAll(SELECTOR)].map((item, at) => [at, [
    item.tagName.toLowerCase(), getComputedStyle(item).direction, (own(item).match(/\\p{L}/u) ?? [""])[0],
    getComputedStyle(item).borderRightWidth, getComputedStyle(item).borderLeftWidth,
    getComputedStyle(item).marginRight, getComputedStyle(item).marginLeft,
]])) }""".replace(
    "SELECTOR", "'h1, .md p, .md .heading, .md li, .md blockquote, .md table, .md td, .md th, .md summary, .text p'"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as launched:
        yield launched


@pytest.mark.parametrize("width", [1440, 390])
def test_in_a_browser_blocks_marks_and_bars_stand_on_the_side_where_reading_begins(
    chromium: Any, archive: Archive, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "thread.html"
    file.write_text("".join(export(archive, 1, "html")), "utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    seen = list(page.evaluate(SIDES).values())
    assert {tag for tag, *_ in seen} == {"h1", "p", "li", "blockquote", "table", "td", "th", "summary"}
    for tag, direction, letter, right_bar, left_bar, right, left in seen:
        if not letter:
            continue
        runs = "rtl" if letter > "\u0590" else "ltr"
        assert direction == runs, (tag, letter)
        if tag == "blockquote":
            assert (right_bar, left_bar) == (("3px", "0px") if runs == "rtl" else ("0px", "3px"))
        if tag == "li":
            assert (right > left) if runs == "rtl" else (left > right), (right, left)
    code = "() => [...document.querySelectorAll('.md code')].map((item) => getComputedStyle(item).direction)"
    assert set(page.evaluate(code)) == {"ltr"}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
