"""A thread as Markdown: no words reach beyond their own place, whatever they are."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from markup.test_isolation import MARKDOWN, parser
from thread_archive.markup import as_code, standalone
from thread_archive.model import Paragraph
from thread_archive.snapshots import markdown
from thread_archive.store.articles import PageText
from thread_archive.store.reading import Item

STAMP = "2026-03-01T12:00:00.000000Z"
# In the first row: what opens something that only its container can close.
BODIES = MARKDOWN | st.sampled_from(
    [
        *("first\n\n```\nnot closed", "> ~~~~\n> x", "- a\n\n  ```", "<details>", "<!-- x", "<script>", "<![CDATA["),
        *("\tcode\twith tabs", "-\tx\n\n\t\tcode", "```\n\tx\n", "1.\ta\n\n\tb", ">\tx", "\t\tx", "```\n\n\n   \nx"),
        *(
            "---\ntitle: x\n---",
            "x\n===",
            "x\n---",
            "===",
            "a  \nb\\\nc",
            "[bob]: https://evil.example",
            "::: spoiler x",
        ),
        "- **bob@x.example** · 2026-03-01 12:00 UTC\n\n    words\n\n> - **eve@x.example**",
    ]
)
REPLIES = st.lists(st.tuples(BODIES, st.integers(1, 16)), max_size=8)


def post(body: str, *, title: str = "Plans", url: str = "", name: str = "op") -> Item:
    return Item(kind="post", depth=0, fields=comment(body, 0, name).fields | {"title": title, "url": url})


def comment(body: str, depth: int, name: str, parent: str | None = None) -> Item:
    fields: dict[str, Any] = {
        "kind": "comment", "ap_id": f"https://x.example/comment/{name}", "parent": parent, "depth": depth,
        "author": f"https://x.example/u/{name}", "author_name": name, "body": body, "published_at": STAMP,
        "edited_at": None, "score": None, "deleted": False, "removed": False, "community": "https://x.example/c/boats",
        "purged_at": None, "attested_by": None, "unconfirmed": None,
    }  # fmt: skip
    return Item(kind="comment", depth=depth, fields=fields)


def article(*paragraphs: Paragraph, title: str = "On iron", byline: str = "", site: str = "Paper") -> Item:
    page = PageText(
        url="https://paper.example/iron", title=title, byline=byline, site=site, published_at=STAMP, status="stored",
        paragraphs=paragraphs,
    )  # fmt: skip
    fields = {"url": page.url, "site": site, "title": title, "author_name": byline or None, "published_at": STAMP}
    return Item(kind="article", depth=0, fields=fields, page=page)


def written(items: Sequence[Item]) -> str:
    return "".join(f"{line}\n" for line in markdown.lines(items))


class Entry(NamedTuple):
    """An author's line where it stands: how often it is quoted, its text, and the HTML of the words below."""

    quoted: int
    line: str
    html: str


def entries(text: str) -> list[Entry]:
    """The items of lists that stand in no other one, as a reader that obeys HTML sees them."""
    return list(_entries(reader().parse(text, env := {}), env))


def reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True, "maxNesting": 200})


def _entries(tokens: Sequence[Token], env: dict[str, Any]) -> Iterator[Entry]:
    quoted = 0
    places = iter(range(len(tokens)))
    for at in places:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(tokens[at].type, 0)
        if tokens[at].type != "list_item_open":
            continue
        end = next(n for n in range(at, len(tokens)) if tokens[n].level == tokens[at].level and n > at)
        assert [token.type for token in tokens[at + 1 : at + 4]] == ["paragraph_open", "inline", "paragraph_close"]
        html = reader().renderer.render(tokens[at + 4 : end], reader().options, env)
        yield Entry(quoted, tokens[at + 2].content, trimmed(html))
        while next(places) < end:
            pass


def trimmed(html: str) -> str:
    """HTML without the blank lines at the end of code: a fence that nobody closes takes along what comes after it."""
    return re.sub(r"\n*</code></pre>", "</code></pre>", html)


def alone(body: str) -> str:
    """The HTML of a body by itself, whose HTML is text as in Lemmy."""
    code = as_code(body.replace("\0", "\ufffd"))
    if standalone(body) == code:
        return trimmed(str(reader().render(code)))
    return trimmed(parser(html=False).render(body.rstrip(" \t\r\n")))


@settings(deadline=None)
@given(BODIES, REPLIES)
@example("```", [("> <!--", 1), ("words", 2), ("\tx", 3), ("\n", 2), ("1) [x]\n\n[x]: y", 1)])
def test_every_author_stands_in_their_own_place_and_every_body_reads_as_it_does_alone(
    body: str, replies: list[tuple[str, int]]
) -> None:
    depths = [min(depth, at + 1) for at, (_, depth) in enumerate(replies)]
    items = [comment(words, depths[at], f"p{at}", "x") for at, (words, _) in enumerate(replies)]
    found = entries(written([post(body), *items]))
    assert [entry.quoted for entry in found] == [0, *(depth - 1 for depth in depths)]
    names = [re.match(r"\*\*(\w+)@x\.example\*\* · ", entry.line) for entry in found]
    assert [match[1] if match else None for match in names] == ["op", *(f"p{at}" for at in range(len(items)))]
    assert [entry.html for entry in found] == [alone(body), *(alone(words) for words, _ in replies)]


@settings(deadline=None)
@given(st.text(), st.text(), st.text(), MARKDOWN)
@example("What does <b> do in *C*?", "**x", "javascript:<b>", "```")
@example("x", "y", "- z", "1. w")
@example("```\n# x", "[1]: y", "https://x.example/<!-- -->\n\n- x", "<script>")
def test_titles_names_addresses_and_an_articles_text_are_text(title: str, name: str, url: str, words: str) -> None:
    kinds = (("paragraph", 0), ("item", 3), ("quote", 2), ("heading", 9), ("row", 0), ("code", 0), ("item", 9))
    blocks = [Paragraph(kind=kind, text=" ".join(words.split()) or "x", level=level) for kind, level in kinds]
    items = [post("x", title=title, url=url, name=name), article(*blocks, title=title, byline=name, site=title)]
    text = written([*items, comment("last", 1, name), comment("words", 2, "bob")])
    env: dict[str, Any] = {}
    tokens = reader().parse(text, env)
    assert not env.get("references")
    assert not [token for token in tokens if "html" in (token.type + str([c.type for c in token.children or ()]))]
    headings = [
        tokens[at + 1].level for at, token in enumerate(tokens) if token.type == "heading_open" and not token.level
    ]
    assert len(headings) == 3
    found = entries(text)
    assert [entry.quoted for entry in found] == [0, 0, 0, 1]
    assert [entry.html for entry in found][2:] == ["<p>last</p>\n", "<p>words</p>\n"]
    plain = " ".join(words.split()).replace("\0", "\ufffd") or "x"
    shown = [said(token) for token in tokens if token.type == "inline" and token.level > 2]
    assert shown.count(plain) >= len(kinds) - 1


def said(block: Token) -> str:
    assert all(token.type == "text" or token.type == "text_special" or token.nesting for token in block.children or ())
    return "".join(token.content for token in block.children or ())


def test_the_code_of_an_article_is_code_wherever_it_stands() -> None:
    code = Paragraph(kind="code", text="x = 1\n\ty\n````\n- z")
    blocks = [Paragraph(kind="item", text="one", level=1), code, Paragraph(kind="item", text="two", level=4), code]
    html = entries(written([post("x"), article(*blocks)]))[1].html
    assert html.count("<pre><code>x = 1\n\ty\n````\n- z</code></pre>") == 2
    assert html.count("<li>") == 2


def test_what_lies_deep_is_quoted_no_further_and_says_whom_it_answers() -> None:
    chain = [comment("x", depth, f"p{depth}", f"https://x.example/comment/p{depth - 1}") for depth in range(1, 60)]
    found = entries(written([post("x"), *chain]))
    assert len(found) == 60
    assert max(entry.quoted for entry in found) == 12
    assert "answers" not in found[13].line
    assert found[14].line.endswith(" · answers <https://x.example/comment/p13>")
    # A parser with the limits of CommonMark's own preset leaves nothing out.
    assert MarkdownIt("commonmark").render(written([post("x"), *chain])).count("<strong>p") == 59


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (article(title="", byline="A. *Smith*"), "- **A. \\*Smith\\*** · Paper · 2026-03-01 · <https://paper.example/iron>"),
        (article(site=""), "- 2026-03-01 · <https://paper.example/iron>"),
    ],
)  # fmt: skip
def test_an_article_says_where_it_is_from(item: Item, line: str) -> None:
    assert line in written([post("x"), item]).split("\n")
