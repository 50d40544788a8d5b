"""What no browser shows is no text of the article."""

import pytest

from thread_archive.articles.extracting import extract
from thread_archive.articles.markup import parse
from thread_archive.articles.shown import without_hidden

STORY = "".join(
    f"<p>On day {day} the ferry did not run, and the harbour office wrote into its ledger who asked for it.</p>"
    for day in ("one", "two", "three", "four")
)


def shown(body: str) -> str:
    return " ".join(without_hidden(parse(f"<html><body>{body}</body></html>")).get_text(" ").split())


@pytest.mark.parametrize(
    "attributes",
    [
        "hidden",
        'hidden="hidden"',
        'style="display:none"',
        'style="color:red; DISPLAY : none !important;"',
        'style="visibility: hidden"',
        'style="visibility:collapse"',
        'aria-hidden="true"',
        'style="display:block; display:none"',
        'class="note sr-only"',
        'class="visually-hidden"',
        'class="screen-reader-text"',
    ],
)
def test_hidden_text_stays_out(attributes: str) -> None:
    hidden = f"<div {attributes}><p>Nobody sees the sentence that stands in this paragraph of the page here.</p></div>"
    assert shown(f"<p>seen</p>{hidden}") == "seen"
    page = f"<html><head><title>Ferry</title></head><body><article>{STORY}{hidden}{STORY}</article></body></html>"
    article = extract(page.encode(), content_type="text/html", url="https://news.example/a").article
    assert article is not None
    assert not any("Nobody sees" in paragraph.text for paragraph in article.paragraphs)


def test_a_template_is_shown_as_a_shadow_tree_alone() -> None:
    for attributes, left in (("", 0), ('shadowrootmode="open"', 1)):
        page = parse(f"<html><body><p hidden></p><template {attributes}><p>Text</p></template></body></html>")
        assert len(without_hidden(page).find_all("template")) == left


@pytest.mark.parametrize(
    "body",
    [
        '<p aria-hidden="false">seen</p>',
        '<p hidden style="display:block">seen</p>',
        '<p hidden="until-found">seen</p>',
        '<p style="display:none;display:block">seen</p>',
        '<div style="visibility:hidden"><p style="visibility:visible">seen</p></div>',
        '<button aria-controls="x y"></button><div id="y" aria-hidden="true">seen</div>',
        '<p style="background:url(none)">seen</p>',
        '<p class="hidden-gem not-sr-only">seen</p>',
    ],
)
def test_what_something_shows_is_kept(body: str) -> None:
    assert shown(body) == "seen"


def test_a_page_that_hides_all_until_a_script_has_run_is_read() -> None:
    page = f'<html><body style="visibility:hidden"><article hidden>{STORY}</article></body></html>'
    assert extract(page.encode(), content_type="text/html", url="https://news.example/a").article is not None


def test_a_page_that_hides_nothing_is_not_copied() -> None:
    soup = parse("<p>seen</p>")
    assert without_hidden(soup) is soup
