"""
Nothing costs more than its size: over texts that are made to be slow, each step takes time in proportion to them.

Each is tried at three sizes; see `attacks.grows` for what counts as more.
"""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from attacks import Attack, attacks, cpu, grows, patterns, pieces
from thread_archive.analysis.quotes import Matcher, Target
from thread_archive.articles.candidates import wayback_links, why_not_an_article
from thread_archive.articles.extracting import extract
from thread_archive.articles.markup import parse
from thread_archive.exceptions import UnsupportedURLError
from thread_archive.htmltext import rewrite_html
from thread_archive.markup import cleaned, links_in_html, render, standalone
from thread_archive.spoilers import conceal, hide
from thread_archive.store.queries import parse_query
from thread_archive.urls import parse_thread_url
from thread_archive.withholding import withhold, without_login

# Looked for at one place only (`match`, `fullmatch`), never through a whole text.
AT_ONE_PLACE = {
    "analysis.paragraphs._BLOCK",
    "archiving.targets._HANDLE",
    "articles.markup._PROLOGUE",
    "articles.pages._HTML_START",
    "fetching.robots._USER_AGENT",
    "markup.addresses._SCHEME",
    "markup.parsing._SPOILER",
    "markup.words._TITLE",
    "mentions._HOSTLIKE",
    "urls.handles._OPAQUE",
    "urls.others._COMMUNITY_NAME",
    "urls.threads._BARE",
    "urls.threads._OTHER_ARCHIVES",
    "urls.threads._WAYBACK",
    "urls.threads._WAYBACK_PATH",
}
# Of well-formed JSON only, in which every quotation mark begins or ends a string.
OF_WELL_FORMED_JSON = {"jsontext._NAMED", "jsontext._TOKEN", "withholding._TOKEN"}

SIGNS = ["*", "~", "^", "`", "[", "](", "![", "<", "http://a.b/"]
BLOCKS = ["- ", "1. ", "# ", "\n", " ", "|", "-|", "::: spoiler a\n", "[a]: b\n", "> "]
JSON = ["[", "{", '"a":', '"content":"x",', r'"\u0064":', '"deleted":true,', "1,", '"",', " ", '"x"', '{"a":', '{"a":[']
STRING = [r"\u0041", r"\\", r"\"", "a", r"\u0064eleted", '" : true, "', " "]
PROSE = ["a ", "b c d e ", ".", '"', "> ", "\n", "\n\n", "的", "! ", "’", "a\u0301"]
ADDRESS = ["http://", "https%3A%2F%2F", "a.b", "/", "/post/1", "?", "#", "&amp;", " ", "\n", "%25", "@", "(", "\u200b"]
HTML = ['<a href="x">', "</a>", '<img src="x">', "<", "&amp;", '<p id="p1">', "a", " ", "<b>", "<!--", "<td>", "<li>"]
WORDS = ['"', " ", "-", "a", "OR ", "by:", "(", "2020-01", ":", "的", "a.b"]


def test_every_pattern_of_the_package_looks_in_time_that_grows_as_its_text_does() -> None:
    slow = []
    for name, pattern in patterns().items():
        if name in OF_WELL_FORMED_JSON:
            continue
        for way in ("match", "fullmatch") if name in AT_ONE_PLACE else ("finditer",):
            slow += [
                f"{name} over {attack}"
                for attack in attacks(pieces(pattern))
                if grows(looking(pattern, way), attack, times=1_600, slow=0.001)
            ]
    assert slow == []


def looking(pattern: re.Pattern[str] | re.Pattern[bytes], way: str) -> Callable[[str], object]:
    look = getattr(pattern, way)

    def step(text: str) -> object:
        found = look(text if isinstance(pattern.pattern, str) else text.encode("utf-8", "surrogatepass"))
        return list(found) if way == "finditer" else found

    return step


def quoting(text: str) -> None:
    Matcher([Target(key=1, text=text)]).find(f"> {text}\n\n{text}", [Target(key=2, text=text)])


def pasting(text: str) -> None:
    with suppress(UnsupportedURLError):
        parse_thread_url(text)


def withholding(text: str) -> None:
    withhold(f'{{"deleted":true,"x":[{text}0]}}'.encode())


def withholding_in_strings(text: str) -> None:
    withhold(f'{{"deleted":true,"x":"{text}"}}'.encode())
    without_login(f'{{"x":"{text}"}}'.encode(), "eyJabc-def.ghi_jkl")


def searching(text: str) -> None:
    parse_query(text)
    conceal(hide(text))


def linking(text: str) -> None:
    why_not_an_article(f"http://a.b/{text}")
    wayback_links([text, f"https://web.archive.org/web/2020/{text}"], "http://a.b/")


def writing(text: str) -> None:
    rewrite_html(cleaned(text), lambda run: run.html, lambda attributes: attributes)
    links_in_html(text)


@pytest.mark.parametrize(
    ("step", "parts", "times"),
    [
        (render, SIGNS, 200),
        (render, BLOCKS, 200),
        (standalone, BLOCKS[:8], 100),
        (quoting, PROSE, 200),
        (withholding, JSON, 1_000),
        (withholding_in_strings, STRING, 2_000),
        (pasting, ADDRESS, 400),
        (linking, ADDRESS, 400),
        (searching, WORDS, 1_000),
        (writing, HTML, 400),
    ],
)
def test_a_step_over_foreign_text_takes_time_that_grows_as_the_text_does(
    step: Callable[[str], object], parts: list[str], times: int
) -> None:
    assert [attack for attack in attacks(parts) if grows(step, attack, times=times, slow=0.02)] == []


TEXT = f"<p>{'The cat sat on the mat and looked at the sea for a long time, again and again. ' * 10}</p>" * 3
ELEMENTS = [
    "<a href=/x>y</a> ", "<br> ", "<p>x", "<div>", "<b>", "<h2>x</h2>", "<ul><li>", "<li>x", "<table><tr><td>x</table>",
    "<td>x", "<img src=x alt=y>", "<blockquote>x", "<pre> </pre>", "<sup>1</sup>", "&#", "&nbsp;", "<", "\n ", "a'",
    "<!-- x -->", "<time datetime=2020-01-01></time>", "<div class=comment>x</div>", "<p hidden>x</p>", "12/12/12 ",
    "<span class=author>By A</span> ", "https://a.b/c ", "<p>The same sentence again and again.</p>",
]  # fmt: skip


@pytest.mark.parametrize("element", ELEMENTS)
def test_a_page_is_read_in_time_that_grows_as_it_does(element: str) -> None:
    def reading(body: str) -> object:
        page = f"<html><head><title>t</title></head><body><article>{TEXT}{body}</article></body></html>"
        return extract(page.encode(), content_type="text/html", url="https://a.example/x")

    assert not grows(reading, Attack((element,)), times=600, slow=0.3)


@pytest.mark.parametrize(
    "element",
    [
        "<a href=/x>y</a> " * 30_000,
        "<h2>x</h2>" * 20_000,
        f"<table>{'<tr><td colspan=1000 rowspan=1000>x</td>' * 2_000}</table>",
        f"<p>{'&#' * 300_000}</p>",
    ],
    ids=["links", "headings", "spans", "entities"],
)
def test_a_page_with_more_than_any_article_has_takes_no_longer_than_its_tree_does_a_few_times(element: str) -> None:
    page = f"<html><head><title>t</title></head><body><article>{TEXT}{element}</article></body></html>".encode()
    reading = cpu(lambda: extract(page, content_type="text/html", url="https://a.example/x"), 1)
    assert reading < 15 * cpu(lambda: parse(page.decode()), 2)


def test_patterns_that_took_the_square_are_found_to_do_so() -> None:
    once = {
        r"\|?[ \t:]*-[-| \t:]*\|[-| \t:]*$": "-|",
        r'\\u00[0-9a-f]{2}[^"]*"\s*:\s*true': r"\u0041",
        r"[.!?]\W*\s": ".",
        r"(?:\s*<br>)+$": "<br>",
    }
    for source, part in once.items():
        step = looking(re.compile(source), "finditer")
        assert any(grows(step, attack, times=1_600, slow=0.001) for attack in attacks([part, "x"])), source
