"""What a real browser makes of rendered attacks, without the Content-Security-Policy that our pages have besides."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

import browsers
from markup.test_harmless import ADDRESSES, FRAMES, RAW
from thread_archive.markup import render_html

FAULTS = """() => [...document.querySelectorAll('main *')].filter(element =>
    [...element.attributes].some(({name}) => /^(on.*|style|id|name|src|srcset|data|action)$/.test(name))
    || /^(script|style|img|iframe|object|embed|link|meta|base|form|input|button|svg|math)$/i.test(element.tagName)
).length"""
SCHEMES = "() => [...new Set([...document.querySelectorAll('main a')].map(link => link.protocol))].sort()"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsers.browser() as started:
        yield started


def looked_at(browser: Any, texts: Iterable[str]) -> tuple[int, list[str], list[str], bool]:
    """(elements and attributes that no text may make, schemes of links, what was asked for, whether a script ran)."""
    page = browser.new_page()
    asked: list[str] = []
    page.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
    articles = "".join(f"<article>{text}</article>" for text in texts)
    page.set_content(f"<!doctype html><script>alert = () => window.owned = true</script><main>{articles}</main>")
    page.wait_for_timeout(300)
    seen = page.evaluate(FAULTS), page.evaluate(SCHEMES), asked, page.evaluate("() => window.owned === true")
    page.close()
    return seen


def test_nothing_runs_or_loads_in_chromium(browser: Any) -> None:
    attacks = (
        frame.replace("{{", "{").replace("}}", "}").replace("{}", attack)
        for frame in FRAMES
        for attack in RAW + ADDRESSES
    )
    texts = [render_html(attack, base="https://home.example/comment/1") for attack in attacks]
    assert looked_at(browser, texts) == (0, ["https:"], [], False)


def test_the_attacks_are_real(browser: Any) -> None:
    faults, _, asked, ran = looked_at(browser, ["<img src=x onerror=alert(1)>", "<img src='https://x.example/i.png'>"])
    assert (faults, asked, ran) == (2, ["https://x.example/i.png"], True)
