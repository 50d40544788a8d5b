"""Lemmy's Markdown as HTML."""

import hashlib
import re
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_lemmy.captured import NAMES, manifest, truth_comments, truth_posts
from thread_archive.markup import RENDERER_VERSION, cost_of, render, render_html
from thread_archive.markup import rendering as module

REL = 'rel="nofollow noopener noreferrer ugc"'


def undirected(html: str) -> str:
    """Without what says how a block runs, which has tests of its own."""
    return re.sub(' dir="(?:auto|ltr)"', "", html)


@pytest.mark.parametrize(
    ("markdown", "html"),
    {
        "one\ntwo\n\nthree": "<p>one\ntwo</p>\n<p>three</p>",
        "**bold** _slanted_ ~~gone~~ H~2~O x^2^": (
            "<p><strong>bold</strong> <em>slanted</em> <s>gone</s> H<sub>2</sub>O x<sup>2</sup></p>"
        ),
        "::: spoiler Who *did* it `x`\nThe **gardener**.\n:::\nafter": (
            '<details class="spoiler"><summary>Who <em>did</em> it <code>x</code></summary>\n'
            "<p>The <strong>gardener</strong>.</p>\n</details>\n<p>after</p>"
        ),
        ":::spoiler [no](https://x.example) link in a title\nx": (
            '<details class="spoiler"><summary>[no](https://x.example) link in a title</summary>\n<p>x</p>\n</details>'
        ),
        "::: spoiler\nnot shown\n:::": (
            '<details class="spoiler"><summary>Spoiler</summary>\n<p>not shown</p>\n</details>'
        ),
        "::: warning\nx\n:::": "<p>::: warning\nx\n:::</p>",
        "{漢字|かんじ}": "<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby></p>",
        "{漢字|かん|じ}": ("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby></p>"),
        "{no ruby} {a|} a|b": "<p>{no ruby} {a|} a|b</p>",
        "- [ ] to do\n- [x] done\n- [] neither": (
            '<ul>\n<li class="task">☐ to do</li>\n<li class="task">☑ done</li>\n<li>[] neither</li>\n</ul>'
        ),
        "| a | b |\n|:-:|---|\n| 1 | `x` |": (
            '<table>\n<thead>\n<tr>\n<th class="center">a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
            '<td class="center">1</td>\n<td><code>x</code></td>\n</tr>\n</tbody>\n</table>'
        ),
        "# one\n## two\n### three\n###### six": "<h4>one</h4>\n<h5>two</h5>\n<h6>three</h6>\n<h6>six</h6>",
        "```python\nprint('<b>')\n```": "<pre><code>print('&lt;b&gt;')\n</code></pre>",
        "a[^n] b[^n] c^[in *line*]\n\n[^n]: note": (
            '<p>a<sup class="footnote">[1]</sup> b<sup class="footnote">[1]</sup>'
            ' c<sup class="footnote">[2]</sup></p>\n'
            '<section class="footnotes">\n<ol>\n<li><p>note</p>\n</li>\n<li><p>in <em>line</em></p>\n</li>\n</ol>\n'
            "</section>"
        ),
        "3. three\n4. four": '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>',
        '![a "red" boat](https://x.example/i.png "At sea")': (
            f'<p><a class="image" href="https://x.example/i.png" title="At sea" {REL}>a "red" boat</a></p>'
        ),
        "![](https://x.example/a%20b)": f'<p><a class="image" href="https://x.example/a%20b" {REL}>a b</a></p>',
        "![](javascript:alert(1))": "<p>![](javascript:alert(1))</p>",
        "![alt](/pictrs/x.png)": '<p><span class="image">alt</span></p>',
        "[![alt](https://x.example/i.png)](https://y.example/)": (
            f'<p><a href="https://y.example/" {REL}><span class="image">alt</span></a></p>'
        ),
        '![parrot](https://x.example/p.webp "emoji party_parrot")': '<p><span class="emoji">parrot</span></p>',
        '![](https://x.example/p.webp "emoji party_parrot")': '<p><span class="emoji">party_parrot</span></p>',
        "https://x.example/a_b_c_(d)?e=f&g#h.": (
            f'<p><a href="https://x.example/a_b_c_(d)?e=f&amp;g#h" {REL}>https://x.example/a_b_c_(d)?e=f&amp;g#h</a>.</p>'
        ),
        "*www.x.example/a*": f'<p><em><a href="https://www.x.example/a" {REL}>www.x.example/a</a></em></p>',
        "x.example, ftp://x.example, xhttps://x.example, `https://x.example`": (
            "<p>x.example, ftp://x.example, xhttps://x.example, <code>https://x.example</code></p>"
        ),
        "@mara_finch@lemmy.example!": (
            f'<p><a href="https://lemmy.example/u/mara_finch" class="mention" {REL}>@mara_finch@lemmy.example</a>!</p>'
        ),
        "!harbour@lemmy.example:8536.": (
            f'<p><a href="https://lemmy.example:8536/c/harbour" class="community" {REL}>!harbour@lemmy.example:8536</a>'
            ".</p>"
        ),
        "/c/a_b_c@x.example /u/d@x.example": (
            f'<p><a href="https://x.example/c/a_b_c" class="community" {REL}>/c/a_b_c@x.example</a> '
            f'<a href="https://x.example/u/d" class="mention" {REL}>/u/d@x.example</a></p>'
        ),
        "[h](/c/h@x.example) [m](https://y.example/post/1)": (
            f'<p><a href="https://x.example/c/h" {REL}>h</a> <a href="https://y.example/post/1" {REL}>m</a></p>'
        ),
        "a@x.example !a a!b@c.example /c/a @a@": "<p>a@x.example !a a!b@c.example /c/a @a@</p>",
        "[mail](mailto:a@x.example) [tel](tel:1)": f'<p><a href="mailto:a@x.example" {REL}>mail</a> tel (tel:1)</p>',
        "<b>bold</b> &amp; &lt; &copy;": "<p>&lt;b&gt;bold&lt;/b&gt; &amp; &lt; ©</p>",
    }.items(),
)
def test_it_looks_as_in_lemmy(markdown: str, html: str) -> None:
    assert undirected(render_html(markdown)) == html + "\n"


def test_relative_links_start_from_the_page_they_are_written_on() -> None:
    html = render_html("[a](/post/1) ![b](/pictrs/i.png)", base="https://x.example/comment/2")
    assert 'href="https://x.example/post/1"' in html
    assert 'href="https://x.example/pictrs/i.png"' in html
    assert undirected(render_html("[a](/post/1)")) == "<p>a</p>\n"


def captured() -> list[str]:
    comments = [comment["body"] for name in NAMES for comment in truth_comments(name)]
    return comments + [post["body"] for name in NAMES for post in truth_posts(name) if post["body"]]


def test_captured_threads_render_and_most_of_them_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = captured()
    assert sum(map(module._is_plain, bodies)) > len(bodies) / 2
    fast = [render(body) for body in bodies]
    monkeypatch.setattr(module, "_is_plain", lambda markdown: False)
    assert fast == [render(body) for body in bodies]


# One sign short of what Markdown takes for something, at every place of a line.
PIECES = st.sampled_from(
    [
        *"\n\n\n  .,;:!?'\"()[]-+=/#1a",
        "\n\n",
        "word ",
        "1987 ",
        "- ",
        "3.",
        "[a] ",
        "[ ] ",
        "a:b",
        "é",
        "漢字",
        "\u0301",
    ]
)


@given(st.one_of(st.lists(PIECES).map("".join), st.text()))
@example("a\n 1. b")
@example("a \nb")
@example("[a]:\nb")
@example("a\n:-")
@example(" \n\n \na")
def test_plain_text_is_rendered_as_by_the_parser(text: str) -> None:
    if module._is_plain(text):
        html = module._cleaner().clean(module.parser().render(text))
        assert render_html(text) == html


@pytest.mark.parametrize("frame", ["a{}b", "{}a", "a{}", "a\n{}b", "a{}\nb", "{}"])
def test_every_character_is_rendered_as_by_the_parser(frame: str) -> None:
    for code in [*range(0x3100), *range(0xFDC0, 0xFE00), 0xFEFF, 0xFFFD, 0xFFFE, 0x1F6A2]:
        text = frame.format(chr(code))
        if module._is_plain(text):
            assert render_html(text) == module._cleaner().clean(module.parser().render(text)), hex(code)


def test_changed_output_has_a_new_version() -> None:
    """If this fails, raise RENDERER_VERSION and write down the new digest: then old archives are rendered again."""
    number = manifest("lemmy-0.19.20")
    posts = [post["body"] for post in truth_posts("lemmy-0.19.20") if post["id"] == number["posts"]["markup"]]
    ids = number["comments"]["markup"]
    comments = [comment["body"] for comment in truth_comments("lemmy-0.19.20") if comment["id"] in ids]
    html = "".join(map(render_html, posts + comments))
    assert (RENDERER_VERSION, hashlib.sha256(html.encode()).hexdigest()[:16]) == (3, "3f305b3bb93f0d20")


HOSTILE = (
    "[",
    "](",
    "[a](",
    "![[",
    "![x](",
    "^[",
    "^a ",
    "~a ",
    "~~a ",
    "*a **a ",
    "a**b",
    "_a ",
    "<a",
    "<http:",
    "{a|",
    "&amp;",
    "\\",
    "`x",
    "@a@",
    "!a@b.",
    "/c/a@",
    "http://a.b/((",
    "https://a.example/[",
    "www.",
    "www.a.b/((",
    "> ",
    ">\n",
    "- a\n",
    "1. a\n",
    "# a\n",
    "|-",
    "a|b\n-|-\n",
    "[a]: b\n",
    "[^a]: b\n",
    "::: spoiler a\n",
    "~~~\n",
    "\t- ",
    "x",
    "漢",
    "(",
    '[a](b "',
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_a_bounded_time(piece: str) -> None:
    """As much of it as is parsed at all, and more; it took 3.4 seconds at worst, on a busy machine."""
    signs = len(module._COSTLY.findall(piece))
    most = min(module.MAX_LENGTH // len(piece), module.MAX_SIGNS // signs if signs else module.MAX_LENGTH)
    for text in (piece * most, piece * (1_000_000 // len(piece))):
        began = time.process_time()
        assert isinstance(render_html(text), str)
        assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    {
        "many quotes": ">" * 3_000 + " deep",
        "many lists": "\n".join("  " * depth + "- deep" for depth in range(300)),
        "quotes and lists": "> - " * 500 + "deep",
        "many spoilers": "::: spoiler a\n" * 300 + "deep",
        "notes in notes": "^[" * 2_000 + "deep" + "]" * 2_000,
        "brackets": "[" * 4_000 + "deep" + "]" * 4_000,
        "emphasis": "*a _b " * 800 + "deep",
    }.values(),
)
def test_deep_nesting_loses_no_text(text: str) -> None:
    assert "deep" in render_html(text)


@given(st.integers(0, 70), st.sampled_from(["> ", "- ", "1. "]))
def test_no_depth_loses_text(depth: int, mark: str) -> None:
    """markdown-it itself drops what is nested deeper than its limit."""
    assert "innermost" in render_html(mark * depth + "innermost")


def test_no_depth_of_the_caller_matters() -> None:
    text = "> " * 50 + "*innermost*"

    def deep(frames: int) -> str:
        return render_html(text) if not frames else deep(frames - 1)

    assert all("innermost" in deep(sys.getrecursionlimit() - spare) for spare in range(150, 500, 10))


def test_what_is_too_long_is_shown_as_it_was_written() -> None:
    assert undirected(render_html("*a* <b>\n\nc\n" * 10_000)).startswith(
        "<p>*a* &lt;b&gt;</p>\n<p>c\n*a* &lt;b&gt;</p>\n"
    )


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@example("\ud800")
@example("a\x00b *c*")
@example("\x1b[31m*red*")
@example("::: spoiler a\n\n")
@example("- :::spoiler\n:")
def test_any_text_has_html(text: str) -> None:
    html = render_html(text)
    html.encode()
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


PARTS = st.sampled_from(
    [
        "a",
        " ",
        "\n",
        "\n\n",
        "    ",
        "\t",
        "\r\n",
        ":::",
        "::: spoiler a\n",
        "- ",
        "> ",
        "1. ",
        "# ",
        "```",
        "`",
        "|",
        "-|-\n",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "^[",
        "[^a]",
        "[^a]: ",
        "[a]: b",
        "*",
        "**",
        "_",
        "~",
        "~~",
        "^",
        "{",
        "|a}",
        "<",
        ">",
        "&amp;",
        "\\",
        "@",
        "!",
        "@a@b.c",
        "!a@b.c",
        "/c/a@b.c",
        "https://",
        "https://a.b",
        "www.a.b",
        "[ ] ",
        "===",
        "---",
    ]
)


@given(st.lists(PARTS, max_size=30).map("".join))
def test_any_markup_has_html(markdown: str) -> None:
    assert isinstance(render_html(markdown), str)


def test_a_text_that_ends_in_a_quote_in_a_spoiler_has_html() -> None:
    for times in range(1, 40):
        assert "spoiler" in render_html("::: spoiler a\n> " * times)


def test_a_table_with_more_cells_than_its_text_has_characters_is_shown_as_it_was_written() -> None:
    wide = "a|" * 500 + "\n" + "-|" * 500 + "\n" + "|\n" * 500
    assert "<td" not in render_html(wide) and "a|a|a|" in render_html(wide)
    data = "name|depth|time\n-|-|-\n" + "Ebb|2.5 m|06:40\n" * 300
    assert render_html(data).count("<td") == 900


def test_the_cost_of_a_text_is_counted_from_the_text_alone() -> None:
    assert cost_of("a" * 1_000) < cost_of("*" * 1_000) < 200 * cost_of("a" * 1_000)
    assert cost_of("a|b\n-|-\n" * 50) > cost_of("a b\n- -\n" * 50)
    assert cost_of("*" * 50_000) == 50_000
