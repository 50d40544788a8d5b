"""The pages of a snapshot in a real browser, from files and from a plain server: read, searched, linked to."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from browsers import axe, browser
from fake_lemmy import Reply, Server, grow, thread
from runs import add, archive_in, v3
from snapshots.building import derive
from snapshots.hosting import hosted
from thread_archive.slugs import slug
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Making, make

LONG = "http://long.test/post/1"
SHORT = "http://one.test/post/1"
LARGEST_PAGE = 500_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    short = thread(
        v3("one.test"),
        [
            "A lighthouse of **iron**, see https://example.org/iron",
            Reply(text="> A lighthouse of iron\n\nNot of stone?", to=1),
            Reply(text="withdrawn zebra", to=1, fields={"deleted": True}),
            Reply(text="Café Über Łódź naïve résumé", to=2),
            Reply(text="灯塔在海边 и маяк", to=2),
            Reply(
                text="</script><script>alert(1)</script> \u2028 <img src=https://evil.test/x.png onerror=alert(1)>",
                to=2,
            ),
            Reply(text="dry harbour, then a harbour that is dry", to=2),
        ],
        post={"title": "Iron <lighthouses> & more", "url": "https://example.org/article"},
    )
    long = grow(thread(v3("long.test")), 1500, Random(7), length=(20, 400))
    with Server(short, long) as server, archive_in(folder) as archive:
        add(archive, server, SHORT, LONG)
        derive(archive)
        made = make(archive, folder / "bundle", select(archive, Wanted()), Making(contact="archive@one.test"))
    return made.path / "site"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="module", params=["file", "http"])
def base(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    if request.param == "file":
        yield site.as_uri()
    else:
        with hosted(site) as address:
            yield address


@pytest.fixture
def page(chromium: Any, base: str) -> Iterator[Any]:
    """A page that must ask for nothing outside the snapshot and have no errors."""
    context = chromium.new_context()
    opened = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("dialog", lambda dialog: wrong.append("a dialog"))
    yield opened
    assert not [url for url in asked if not url.startswith((base, "data:"))]
    assert not wrong
    context.close()


def found(page: Any, base: str, query: str) -> list[str]:
    """The passages that a search finds."""
    page.goto(f"{base}/search.html")
    page.fill("#q", query)
    page.press("#q", "Enter")
    page.wait_for_function("/^[0-9,]+ found$|^Nothing/.test(document.getElementById('said').textContent)")
    return [hit.inner_text() for hit in page.query_selector_all(".snippet")]


def test_the_front_page_leads_to_threads_and_their_comments(page: Any, base: str) -> None:
    page.goto(f"{base}/index.html")
    page.click("text=Iron <lighthouses> & more")
    assert page.url.endswith(f"/t/{slug(SHORT)}.html")
    assert "Not of stone?" in page.inner_text("main")
    assert "zebra" not in page.inner_text("main")
    assert "Stone does not." in page.inner_text("main")
    assert "archive@one.test" in page.inner_text("footer")


def test_every_comment_of_a_long_thread_is_on_a_page_and_its_permalink_leads_there(site: Path) -> None:
    shown: dict[str, set[str]] = {}
    links: dict[str, set[str]] = {}
    for path in (site / "t").glob("*.html"):
        text = path.read_text("utf-8")
        assert len(text.encode()) <= LARGEST_PAGE
        shown[path.name] = set(re.findall(r'id="(c-[a-z2-7]{16})"', text))
        for name, fragment in re.findall(r'href="\.\./t/([a-z2-7-]+\d*\.html)(?:#([^"]*))?"', text):
            links.setdefault(name, set()).add(fragment)
    assert len(set().union(*shown.values())) == 1500 + 7
    assert len(shown) > 5
    for name, fragments in links.items():
        assert name in shown
        assert {fragment for fragment in fragments if fragment.startswith("c-")} <= shown[name]
    assert "\x02" not in "".join(path.read_text("utf-8") for path in (site / "t").glob("*.html"))


@pytest.mark.parametrize(
    ("query", "count", "lit"),
    [
        ("lighthouse iron", 2, {"lighthouse", "iron"}),
        ("lighthouses", 1, {"lighthouses"}),
        ("light", 0, set()),
        ("light*", 3, {"lighthouse", "lighthouses"}),
        ('"dry harbour"', None, {"dry harbour"}),
        ("cafe uber", 1, {"Café", "Über"}),
        ("NAÏVE", 1, {"naïve"}),
        ("海边", 1, {"海边"}),
        ("маяк", 1, {"маяк"}),
        ("iron -stone", None, {"iron", "Iron"}),
        ("rusts", 1, {"rusts"}),
        ("zebra", 0, set()),
        ("zeppelin", 0, set()),
    ],
)
def test_a_search_finds_words_phrases_and_beginnings_and_lights_them_up(
    page: Any, base: str, query: str, count: int | None, lit: set[str]
) -> None:
    passages = found(page, base, query)
    if count is not None:
        assert len(passages) == count, passages
    marked = {mark.inner_text() for mark in page.query_selector_all(".hit mark")}
    assert {word.lower() for word in marked} == {word.lower() for word in lit}
    if query == "iron -stone":
        assert passages
        assert not any("stone" in passage.lower() for passage in passages)


def test_a_hit_leads_to_its_comment_whichever_page_it_is_on(page: Any, base: str) -> None:
    assert len(found(page, base, "winter ledgers")) == 30
    hrefs = {link.get_attribute("href") for link in page.query_selector_all(".hit a")}
    assert len({href.partition("#")[0] for href in hrefs}) > 3
    for href in sorted(hrefs)[:6]:
        page.goto(f"{base}/{href}")
        text = page.inner_text(f"#{href.partition('#')[2]}")
        assert "winter" in text
        assert "ledgers" in text


def test_a_query_in_the_address_is_searched_for_and_going_back_works(page: Any, base: str) -> None:
    page.goto(f"{base}/index.html")
    page.fill("#header-q", "iron")
    page.press("#header-q", "Enter")
    page.wait_for_selector(".hit")
    assert page.input_value("#q") == "iron"
    page.fill("#q", "rusts")
    page.press("#q", "Enter")
    page.wait_for_selector("mark:text('rusts')")
    page.go_back()
    page.wait_for_selector("mark:text('iron')")


@pytest.mark.parametrize(
    "query", ['"', "-", "*", '"""', "-iron", "\\", "<img src=x onerror=alert(1)>", "(" * 999, "\ud83d"]
)
def test_any_query_is_answered(page: Any, base: str, query: str) -> None:
    page.goto(f"{base}/search.html")
    page.evaluate("query => { document.getElementById('q').value = query; }", query)
    page.press("#q", "Enter")
    page.wait_for_function("document.getElementById('said').textContent !== ''")


def test_without_javascript_all_is_read_and_the_search_says_what_it_needs(chromium: Any, base: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{base}/index.html")
    opened.click("text=Iron <lighthouses> & more")
    assert "Not of stone?" in opened.inner_text("main")
    opened.goto(f"{base}/search.html")
    assert "needs JavaScript" in opened.inner_text("main")
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (768, "dark"), (1280, "light")])
def test_pages_keep_nobody_out(chromium: Any, site: Path, scheme: str, width: int) -> None:
    base = site.as_uri()
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    for name in ("index.html", "search.html?q=iron", f"t/{slug(SHORT)}.html", f"t/{slug(LONG)}-2.html"):
        opened.goto(f"{base}/{name}")
        opened.wait_for_timeout(200)
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        opened.evaluate(axe())
        violations = opened.evaluate(
            "axe.run(document, {preload: false}).then(found => found.violations.map(v => v.id))"
        )
        assert violations == [], name
    context.close()


def test_a_thread_prints_with_everything_open(chromium: Any, base: str, tmp_path: Path) -> None:
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(f"{base}/t/{slug(SHORT)}.html")
    assert len(opened.pdf()) > 5_000
    context.close()


def test_the_same_threads_give_the_same_site(site: Path, tmp_path: Path) -> None:
    from thread_archive.store.archive import Archive

    with Archive.open(site.parents[1] / "archive.db", read_only=True) as archive:
        again = make(archive, tmp_path / "again", select(archive, Wanted()), Making(contact="archive@one.test"))
    assert (again.path / "manifest-sha256.txt").read_bytes() == (site.parent / "manifest-sha256.txt").read_bytes()
