"""The search page in Datasette and in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judged import Builder
from runs import archive_in
from thread_archive.slugs import slug
from web.browsing import Visit, serving
from web.datasettes import ask, ask_all, plain, served

PATHS = (
    "/search",
    "/search?q=winter",
    "/search?q=winter&view=threads",
    "/search?q=the&page=2&sort=oldest",
    "/search?q=battery+kind:comment+-author:nils+score:%3E1",
    "/search?q=acetone+helicopter+community:islands",
    "/search?q=%E5%9B%BE%E4%B9%A6%E9%A6%86",
    "/search?q=community:energy",
)


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with archive_in(tmp_path_factory.mktemp("judged"), "judged.db") as archive:
        Builder(archive).build()
        with archive.db.conn as connection:
            connection.execute("UPDATE comments SET restricted = 1 WHERE body LIKE '%seasick%'")
        return archive.path


@pytest.fixture(scope="module")
def judged_site(judged: Path) -> Iterator[str]:
    with serving(judged) as base:
        yield base


@pytest.mark.parametrize("path", PATHS)
def test_every_search_answers_with_a_strict_policy_as_page_document_and_feed(path: str, judged: Path) -> None:
    document, feed = (path.replace("/search", f"/search.{kind}") for kind in ("json", "atom"))
    answers = ask_all(plain(judged), (path, document, feed))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "html" in answers[0].headers["content-type"]
    assert answers[1].json()["query"] == ask(plain(judged), document).json()["query"]
    assert "atom" in answers[2].headers["content-type"]


def test_a_public_site_does_not_find_what_only_a_login_showed(judged: Path) -> None:
    for site, hits in ((served(judged), 1), (served(judged, public=True), 0)):
        assert len(ask(site, "/search.json?q=seasick").json()["hits"]) == hits
        assert len(ask(site, "/search.json?q=seasick&view=threads").json()["threads"]) == hits
        assert ask(site, "/search.atom?q=seasick").text.count("<entry>") == hits


def test_an_unchanged_search_is_not_sent_again(judged: Path) -> None:
    site = plain(judged)
    tag = ask(site, "/search?q=winter").headers["etag"]
    assert ask(site, "/search?q=winter", if_none_match=tag).status_code == 304


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_is_sound_at_every_size_and_in_both_schemes(
    chrome: Any, judged_site: str, width: int, dark: bool
) -> None:
    for path in PATHS:
        with Visit(chrome, judged_site, width=width, dark=dark) as visit:
            visit.go(path)
            visit.page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = true })")
            assert visit.overflow <= 0, path
            assert not visit.violations(), path
            assert not visit.strangers, path
            assert not visit.said, path


def test_a_search_leads_from_the_front_page_to_a_comment_without_javascript(chrome: Any, judged_site: str) -> None:
    with Visit(chrome, judged_site, script=False) as visit:
        visit.go("/")
        page = visit.page
        page.fill("input[name=q]", "couchettes author:tess")
        page.press("input[name=q]", "Enter")
        assert page.locator("input[type=search]").count() == 1
        assert "1 found" in page.inner_text("[role=status]")
        assert page.inner_text("mark").lower() == "couchettes"
        page.click(".chips >> text=author:tess")
        assert page.input_value("#q") == "couchettes"
        assert page.locator(".hit").count() == 2
        page.click("nav.sorts >> text=Oldest")
        page.locator(".hit h2 a").first.click()
        assert page.url.endswith(f"#c-{slug('https://home.test/comment/nightrain-1')}")
        assert "Six of us" in page.inner_text(".c.here > details > .body")


def test_facets_are_folded_and_narrow_the_search(chrome: Any, judged_site: str) -> None:
    with Visit(chrome, judged_site, width=390, script=False) as visit:
        visit.go("/search?q=winter")
        page = visit.page
        assert not page.locator(".facets").is_visible()
        page.click("text=Narrow it down")
        page.click(".facets >> text=beekeeping@hearth.test")
        assert page.input_value("#q") == "winter community:beekeeping@hearth.test"
        assert page.locator(".hit").count() == 1


def test_an_articles_paragraph_is_shown_where_it_stands(chrome: Any, judged_site: str) -> None:
    with Visit(chrome, judged_site) as visit:
        visit.go("/search?q=helicopter+kind:article")
        visit.page.click(".hit h2 a")
        assert visit.page.url.endswith("#p2")


def test_keys_walk_over_hits_and_go_to_the_box(chrome: Any, judged_site: str) -> None:
    with Visit(chrome, judged_site) as visit:
        visit.go("/search?q=winter")
        page = visit.page
        page.keyboard.press("j")
        page.keyboard.press("j")
        within = "document.activeElement.closest('.hit') === document.querySelectorAll('.hit')[1]"
        assert page.evaluate(within)
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"


def test_targets_are_large_enough_for_a_finger(chrome: Any, judged_site: str) -> None:
    with Visit(chrome, judged_site, width=390) as visit:
        visit.go("/search?q=battery+kind:comment")
        visit.page.click("text=Narrow it down")
        small = visit.page.evaluate("""
            [...document.querySelectorAll('.chips a, nav a, .facets a, .hit .where a, summary, button')]
            .filter(e => e.checkVisibility()).map(e => [e.outerHTML, e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html)""")
        assert small == []


def test_a_printed_search_shows_hits_and_no_controls(chrome: Any, judged_site: str, tmp_path: Path) -> None:
    with Visit(chrome, judged_site) as visit:
        visit.go("/search?q=winter")
        page = visit.page
        page.emulate_media(media="print")
        assert page.locator(".hit").first.is_visible()
        assert not page.locator("details.filters").is_visible()
        page.pdf(path=tmp_path / "search.pdf")
        assert (tmp_path / "search.pdf").stat().st_size > 5_000
