"""HTML as numbered, sanitised blocks."""

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from thread_archive.articles.blocks import blocks_of_html


def kinds(html: str) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in blocks_of_html(html).paragraphs]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>one</p><p>two</p>", [("paragraph", 0, "one"), ("paragraph", 0, "two")]),
        ("loose <div>and in a div</div> again", [("paragraph", 0, t) for t in ("loose", "and in a div", "again")]),
        ("<h3>A <i>title</i></h3>", [("heading", 3, "A title")]),
        ("<ul><li>a<ul><li>b</ul>c</ul>", [("item", 1, "a"), ("item", 2, "b"), ("item", 1, "c")]),
        ("<dl><dt>word<dd>meaning</dl>", [("item", 1, "word"), ("item", 1, "meaning")]),
        ("<blockquote>a<blockquote><p>b</blockquote></blockquote>", [("quote", 1, "a"), ("quote", 2, "b")]),
        ("<blockquote><ul><li>said</ul></blockquote>", [("quote", 1, "said")]),
        ("<pre>\n  x = 1\n\n  y</pre>", [("code", 0, "  x = 1\n\n  y")]),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", [("row", 0, "a b"), ("row", 0, "1 2")]),
        (
            "<table><tr><td>menu<td><p>text</p><p>more</p></table>",
            [("paragraph", 0, t) for t in ("menu", "text", "more")],
        ),
        ("one<br>line<br><br>another", [("paragraph", 0, "one line"), ("paragraph", 0, "another")]),
        ("<details><summary>Who</summary>He</details>", [("paragraph", 0, "Who"), ("paragraph", 0, "He")]),
        ("<script>x</script><style>y</style><p>z<noscript>n</noscript>", [("paragraph", 0, "z")]),
        ("&lt;b&gt; stays text", [("paragraph", 0, "<b> stays text")]),
        ("", []),
    ],
)
def test_each_kind_of_block(html: str, blocks: list[tuple[str, int, str]]) -> None:
    assert kinds(html) == blocks


def test_structure_is_written_again() -> None:
    html = blocks_of_html("<ol start=3><li>x<ul><li>y</ul><li>z</ol><blockquote><p>q</blockquote>").html
    assert html == (
        '<ol start="3"><li><p id="p1">x</p><ul><li><p id="p2">y</p></li></ul></li><li><p id="p3">z</p></li></ol>'
        '<blockquote><p id="p4">q</p></blockquote>'
    )


def test_emphasis_that_spans_blocks_is_in_both() -> None:
    assert blocks_of_html("<b><div>one</div><div>two</div></b>").html == (
        '<p id="p1"><strong>one</strong></p><p id="p2"><strong>two</strong></p>'
    )


def test_links_are_absolute_and_marked_as_not_ours() -> None:
    html = blocks_of_html('<a href="../x?a=1&amp;b=2">x</a>', base="https://news.example/dir/page").html
    assert 'href="https://news.example/x?a=1&amp;b=2"' in html
    assert 'rel="nofollow noopener noreferrer ugc"' in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "/local",
        "http://",
        "http://[",
        "file:///etc/passwd",
    ],
)
def test_links_that_nobody_may_follow_are_text(address: str) -> None:
    blocks = blocks_of_html(f'<a href="{address}">text</a>')
    assert blocks.html == '<p id="p1">text</p>'


def test_images_become_links_and_load_nothing() -> None:
    html = blocks_of_html('<p>see <img src="https://i.example/a.png" alt="a boat" onerror="alert(1)">').html
    assert "<img" not in html
    assert '<a href="https://i.example/a.png"' in html
    assert ">a boat</a>" in html


def test_an_image_without_a_description_is_a_word_only_where_there_is_no_other() -> None:
    image = '<img src="https://i.example/a.png">'
    blocks = blocks_of_html(f"<p>{image} The harbour.</p><p>{image}</p><p><img alt='a pier'></p>")
    assert [paragraph.text for paragraph in blocks.paragraphs] == ["The harbour.", "image", "a pier"]
    assert blocks.linked == (0, 5, 0)


def test_soft_hyphens_do_not_divide_words() -> None:
    blocks = blocks_of_html("<p>har&shy;bour mas\u00adter</p>")
    assert (blocks.html, blocks.paragraphs[0].text) == ('<p id="p1">harbour master</p>', "harbour master")


def test_ids_of_the_page_do_not_stand_beside_ours() -> None:
    assert re.findall(r'id="([^"]*)"', blocks_of_html('<p id="p7">a</p><div id="menu">b</div>').html) == ["p1", "p2"]


_TAGS = [
    *("p", "div", "b", "a", "li", "ul", "ol", "blockquote", "pre", "table", "tr", "td", "h2", "img", "br", "code"),
    *("script", "style", "svg", "math", "iframe", "details", "summary", "form", "noscript", "template", "textarea"),
]
_ATTRIBUTES = [
    'href="javascript:alert(1)"',
    "href=' javascript:x'",
    'src="data:text/html,x"',
    "onclick=alert(1)",
    "onerror='x'",
    'style="background:url(javascript:x)"',
    'id="p1"',
    'href="https://x.example/"',
    '"',
    "<",
    "start=2",
]
_PIECES = st.one_of(
    st.sampled_from(_TAGS).map(lambda tag: f"</{tag}>"),
    st.tuples(st.sampled_from(_TAGS), st.lists(st.sampled_from(_ATTRIBUTES), max_size=3)).map(
        lambda made: f"<{made[0]} {' '.join(made[1])}>"
    ),
    st.sampled_from(
        ["<!--", "-->", "<![CDATA[", "]]>", "&lt;script&gt;", "&#0;", "&#xD800;", "\0", "\ud800", "<", ">"]
    ),
    st.text(max_size=8),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
@example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>")
@example("<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>")
@example("<noscript><p title='</noscript><img src=x onerror=alert(1)>'>")
def test_nothing_that_runs_survives_and_ids_name_the_paragraphs(html: str) -> None:
    blocks = blocks_of_html(html, base="https://x.example/")
    tree = BeautifulSoup(blocks.html, "html.parser")
    for tag in tree.find_all(True):
        assert tag.name not in {
            "script",
            "style",
            "iframe",
            "img",
            "svg",
            "math",
            "form",
            "template",
            "object",
            "embed",
        }
        assert set(tag.attrs) <= {"id", "href", "rel", "start"}
        assert str(tag.get("href", "https:")).startswith(("https:", "http:", "mailto:"))
    shown = {tag["id"]: "".join(tag.get_text().split()) for tag in tree.find_all(id=True)}
    told = {f"p{n}": "".join(block.text.split()) for n, block in enumerate(blocks.paragraphs, 1)}
    assert shown == told
    assert all("\n" not in block.text for block in blocks.paragraphs if block.kind != "code")


@settings(max_examples=100, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_blocks_of_blocks_are_the_same_blocks(html: str) -> None:
    once = blocks_of_html(html)
    assert blocks_of_html(once.html).paragraphs == once.paragraphs
