"""Markdown among other Markdown: HTML, definitions of links and footnotes reach no further than the text itself."""

import time
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from mdit_py_plugins.footnote import footnote_plugin

from thread_archive.markup import as_code, escaped, escaped_paragraph, standalone

SIGNS = [
    *(
        "```",
        "~~~~",
        "`",
        "``",
        "<",
        "<b>",
        "</b>",
        "<details>",
        "<script>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?php",
        "]]>",
    ),
    *("<!X", '<a href="', '">', "<https://x.example>", "[1]", "[a][1]", "![p][1]", "[1][]", "[1]: https://a.example"),
    *("[1]: <b c> 'T'", "[^1]", "[^1]: note", "[^n]: https://a.example", "^[x]", "[", "]", "](", "(", ")", "\\", "'"),
    *(
        "&lt;",
        "&",
        "> ",
        "- ",
        "+ ",
        "1. ",
        "10) ",
        "    ",
        "\t",
        "  \n",
        "\n",
        "\n\n",
        "\r",
        "\0",
        "***",
        "---",
        "===",
    ),
    *("# ", "::: spoiler x\n", ":::", "|a|b|\n|-|-|\n", "*", "_", "**ada@x.example** · x", "word", " "),
]
MARKDOWN = st.lists(st.sampled_from(SIGNS), max_size=20).map("".join)


def parser(*, html: bool) -> MarkdownIt:
    """CommonMark, in which a footnote is text as it is without the extension, also where its note is one word."""
    made = MarkdownIt("commonmark", {"html": html, "maxNesting": 100})
    made.validateLink = lambda url: True  # type: ignore[method-assign]
    made.block.ruler.at("reference", link_definition)
    return made


def link_definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", at) and reference(state, start, end, silent)


@settings(deadline=None)
@given(MARKDOWN)
@example("> [1]: https://a.example\n\n[x] [1] <b>")
@example("![a <b> [1]][1]\n\n[1]: /u\\( 'x\"\ny'")
def test_it_reads_among_html_as_it_read_without_and_defines_nothing(markdown: str) -> None:
    env: dict[str, object] = {}
    made = standalone(markdown)
    html = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).render(made, env)
    assert not env.get("references")
    if made != as_code(markdown.replace("\0", "\ufffd")):
        assert parser(html=True).render(made) == parser(html=False).render(markdown)
    assert "<b>" not in html.replace("&lt;b>", "")
    footnotes: dict[str, dict[str, object]] = {}
    parser(html=True).use(footnote_plugin).parse(made, footnotes)
    assert not footnotes.get("footnotes", {}).get("refs")


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("a <b>x</b> and `<i>`, <https://x.example>", "a &lt;b>x&lt;/b> and `<i>`, <https://x.example>"),
        ("see [it][1]\n\n[1]: https://a.example 'T'", 'see [it](https://a.example "T")\n\n'),
        ("so[^1]\n\n[^1]: not so", "so\\[^1]\n\n\\[^1]: not so"),
        ("```\n<b> [1]: x\n[^1]", "```\n<b> [1]: x\n[^1]"),
        ("\tcode\twith\n\t\ttabs\n\n-\tx\n\n```\n\tx", "    code\twith\n    \ttabs\n\n-   x\n\n```\n\tx"),
        ("plain\\\nwords  \nhere", "plain\\\nwords  \nhere"),
    ],
)  # fmt: skip
def test_only_what_would_reach_further_is_written_otherwise(markdown: str, made: str) -> None:
    assert standalone(markdown) == made


@pytest.mark.parametrize("number", [900, 30_000])
@pytest.mark.parametrize(
    "sign", ["<", "[^", "[1]: x\n", "[x][<", "`<", "<!--", "> <", "\t<\n", "![", "[a]", "<a ", "- <"]
)
def test_hostile_words_take_a_bounded_time(sign: str, number: int) -> None:
    begun = time.perf_counter()
    made = standalone(sign * number + "\n\n[a]: <x")
    assert time.perf_counter() - begun < 5
    if number > 1_000:
        assert parser(html=False).parse(made)[0].type == "fence"


@settings(deadline=None)
@given(st.text())
@example("What does <b> do in *C*?")
@example("&lt; _a_ snake_case `x` [1] # #")
@example("1. one")
@example("__0__ a__b _ _c")
@example("::: spoiler")
def test_plain_text_says_just_that(text: str) -> None:
    words = " ".join(text.split()).replace("\0", "\ufffd")
    assert unescape(shown(f"# {escaped(text)}", "h1")) == words
    assert unescape(shown(escaped_paragraph(text), "p")) == words


def shown(markdown: str, tag: str) -> str:
    """What stands in the only element of the HTML of `markdown`."""
    html = parser(html=True).render(markdown).removesuffix("\n")
    if not html:
        return ""
    assert html.startswith(f"<{tag}>"), html
    assert html.endswith(f"</{tag}>"), html
    return html.removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")
