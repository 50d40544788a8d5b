"""The pages in a real browser: sizes, schemes, scripts on and off, keys, print, and what axe-core says of them."""

from pathlib import Path
from typing import Any

import pytest

import shelves
from runs import archive_in
from web.browsing import Visit, serving

THREAD = f"/t/{shelves.SLUG}"
WIDTHS = (390, 768, 1280)
MARKUP, DEEP, WIDE, LIBRARY = (
    "/t/gjquwteoqb3h7xui", "/t/eyrywnrtb6gurxmg", "/t/iux2q6pbslr5dlee", "/t/osbgqmsm3qys72yb",
)  # fmt: skip
WRITTEN = ("/", THREAD, f"{THREAD}?sort=new", f"{THREAD}?sort=top",
           "/?author=mara_finch&since=2026-01-01", "/?author=nobody", "/t/aaaaaaaaaaaaaaaa")  # fmt: skip
CAPTURED = ("/", MARKUP, DEEP, LIBRARY)


def inspect(visit: Visit, path: str, *, axe: bool = True) -> None:
    visit.go(path)
    assert visit.overflow <= 0, path
    assert not visit.strangers, path
    if axe:
        assert not visit.violations(), path
    assert not [said for said in visit.said if "404" not in said], path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_sound_at_every_size_and_in_both_schemes(
    chrome: Any, written_site: str, captured_site: str, width: int, dark: bool
) -> None:
    for base, paths in ((written_site, WRITTEN), (captured_site, CAPTURED)):
        for path in paths:
            with Visit(chrome, base, width=width, dark=dark) as visit:
                inspect(visit, path)


@pytest.mark.parametrize("width", WIDTHS)
def test_long_threads_are_sound_too(chrome: Any, captured_site: str, long_site: str, width: int) -> None:
    with Visit(chrome, captured_site, width=width) as visit:
        inspect(visit, WIDE, axe=width == 390)
    with Visit(chrome, long_site, width=width) as visit:
        inspect(visit, f"{THREAD}?page=2", axe=False)
        inspect(visit, f"{THREAD}?sort=old&page=2", axe=False)


def test_an_empty_archive_is_sound(chrome: Any, tmp_path: Path) -> None:
    with archive_in(tmp_path):
        pass
    with serving(tmp_path / "archive.db") as base, Visit(chrome, base, width=390) as visit:
        inspect(visit, "/")


def test_everything_is_there_without_javascript(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site, script=False) as visit:
        visit.go(THREAD)
        page = visit.page
        assert page.locator(".c").count() == 6
        assert not page.locator("button.theme").is_visible()
        first = page.locator(".c").first
        assert first.locator("text=He never said so").is_visible()
        first.locator("> details > summary").click()
        assert not first.locator("text=He never said so").is_visible()
        assert first.locator("> header .folded").is_visible()
        page.click("text=Jump to discussion")
        assert page.url.endswith("#discussion")
        page.click("nav.sorts >> text=Newest")
        assert page.locator(".c").first.inner_text().count("to ")


def test_the_header_of_a_folded_comment_stays(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        first = visit.page.locator(".c").first
        first.locator("> details > summary").press("Enter")
        assert first.locator("> header a.by").is_visible()
        assert not first.locator(".c").first.is_visible()


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.closest('.c, .card')?.id ?? ''"))


def test_keys_walk_and_fold(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        ids = page.evaluate("[...document.querySelectorAll('.c')].map(c => c.id)")
        tops = page.evaluate("[...document.querySelectorAll('.c.top')].map(c => c.id)")
        walked = []
        for key in "jjkj":
            page.keyboard.press(key)
            walked.append(focused(page))
        assert walked == [ids[0], ids[1], ids[0], ids[1]]
        page.keyboard.press("n")
        assert focused(page) == tops[1]
        page.keyboard.press("p")
        assert focused(page) == tops[0]
        page.keyboard.press("x")
        assert not page.locator(f"#{ids[1]}").is_visible()
        page.keyboard.press("x")
        assert page.locator(f"#{ids[1]}").is_visible()
        page.keyboard.press("[")
        assert page.locator(".c > details[open]").count() == 0
        page.keyboard.press("]")
        assert page.locator(".c > details:not([open])").count() == 0


def test_keys_help_and_search_but_not_while_somebody_types(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        page.keyboard.press("?")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("j")
        assert focused(page) == ""
        page.keyboard.press("Escape")
        assert not page.locator("dialog").is_visible()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.name") == "q"
        page.keyboard.type("j?x/")
        assert page.input_value("input[name=q]") == "j?x/"
        assert not page.locator("dialog").is_visible()


def test_the_keyboard_alone_reaches_everything(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        reached = set()
        for _ in range(80):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or page.evaluate("document.activeElement === document.body")
        assert {"A.by", "A.when", "SUMMARY.", "A.step"} <= reached


def test_the_theme_button_is_remembered(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go("/")
        page = visit.page
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.click("button.theme")
        page.click("button.theme")
        assert page.inner_text("button.theme") == "Theme: dark"
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        visit.go(THREAD)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        assert not visit.violations()


def test_a_link_to_a_comment_shows_it_with_what_stands_above_and_below(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        page.locator(".c", has_text="He never said so").last.locator("> header a.when").click()
        assert "?c=" in page.url
        assert "He never said so" in page.inner_text(".c.here > details > .body")
        assert "grandfather" in page.inner_text(".ancestors")
        assert page.locator(".c.here .c").count() == 1
        assert page.locator(".c", has_text="Removed by a moderator").count() == 0
        assert not visit.violations()
        page.click("text=The post and its whole discussion")
        assert page.locator(".c").count() == 6


def test_article_and_discussion_are_linked_both_ways(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        page.click("#p3 .quoted a")
        assert "grandfather" in page.inner_text(".c:target")
        page.click(".c:target > details > .ties >> text=the article")
        assert page.url.endswith("#p3")
        assert page.evaluate("document.querySelector(':target').id") == "p3"


def test_a_link_into_a_folded_comment_opens_it(chrome: Any, written_site: str) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        inner = page.evaluate("document.querySelector('.c .c').id")
        page.keyboard.press("[")
        page.evaluate(f"location.hash = '#{inner}'")
        page.wait_for_function(f"document.getElementById('{inner}').checkVisibility()")


def test_a_printed_page_is_open_and_shows_addresses(chrome: Any, written_site: str, tmp_path: Path) -> None:
    with Visit(chrome, written_site) as visit:
        visit.go(THREAD)
        page = visit.page
        page.evaluate("document.querySelectorAll('.c > details').forEach(d => { d.open = false })")
        page.emulate_media(media="print")
        hidden = page.evaluate(
            "[...document.querySelectorAll('.c .body')].filter(b => b.getBoundingClientRect().height === 0).length"
        )
        assert hidden == 0
        after = page.evaluate("getComputedStyle(document.querySelector('.link a'), '::after').content")
        assert shelves.URL in after
        assert not page.locator("form.search").is_visible()
        page.pdf(path=tmp_path / "thread.pdf")
        assert (tmp_path / "thread.pdf").stat().st_size > 10_000


def test_hostile_texts_stay_texts(chrome: Any, written_site: str, captured_site: str) -> None:
    for base, path in ((written_site, THREAD), (captured_site, MARKUP)):
        with Visit(chrome, base) as visit:
            dialogs: list[str] = []
            visit.page.on("dialog", lambda dialog, seen=dialogs: (seen.append(dialog.message), dialog.dismiss()))
            visit.go(path)
            for summary in visit.page.locator("details.spoiler > summary").all():
                summary.click()
            assert not dialogs
            assert "owned" not in visit.page.title()
            assert visit.page.locator("main script, main img, main iframe, main [onerror], main [style]").count() == 0
            assert not visit.said


def test_targets_are_large_enough_for_a_finger(chrome: Any, captured_site: str) -> None:
    with Visit(chrome, captured_site, width=390) as visit:
        visit.go(LIBRARY)
        small = visit.page.evaluate("""[...document.querySelectorAll('.c > header a, summary, button, nav a, .ties a')]
            .filter(e => e.checkVisibility()).map(e => [e.className || e.tagName, e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 24 || box.width < 24).map(([name]) => name)""")
        assert small == []


def test_datasettes_own_pages_work_with_our_policy(chrome: Any, written_site: str) -> None:
    for path in ("/-/", "/written", "/written/posts", "/written/posts/1", "/written/longest_threads"):
        with Visit(chrome, written_site) as visit:
            answer = visit.go(path)
            assert answer.status == 200
            assert not visit.strangers
            assert not visit.said, path
