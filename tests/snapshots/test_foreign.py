"""What is HTML of ours: all that we make of any text, with pseudonyms or without, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from thread_archive.articles.blocks import blocks_of_html, cleaned_blocks
from thread_archive.articles.passages import replace_passages
from thread_archive.markup import cleaned, render_html
from thread_archive.snapshots.foreign import is_foreign
from thread_archive.snapshots.renaming import rename_in_html

PIECES = (
    "word",
    "\xa0",
    "it's",
    '"',
    "&",
    "<",
    ">",
    "\n",
    "\n\n",
    "    code",
    "```\n\ncode\n```",
    "> ",
    "* ",
    "1. ",
    "# ",
    "*",
    "**",
    "_",
    "~~",
    "`",
    "| a | b |\n|---|:-:|\n| c | d |",
    "[a](https://x.test/?a=b&c='d' \"e\")",
    "![a](https://x.test/a.png)",
    "https://x.test/a",
    "@ada@x.test",
    "!boats@x.test",
    "::: spoiler a\nb\n:::",
    "^a^",
    "~a~",
    "{a|b}",
    "- [x] done",
    "[^1]\n\n[^1]: note",
)
TAGS = (
    "<p>",
    "</p>",
    "<ul><li>",
    "</ul>",
    "<pre>\n\n",
    "</pre>",
    "<em>",
    "</em>",
    "<a href='https://x.test/'>",
    "</a>",
    "<table><tr><td>",
    "<details>",
    "<summary>",
    "<q>",
    "<blockquote>",
    "<h2>",
    "word",
    "it's",
    "&nbsp;",
    "\n",
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_made_of_any_markdown_is_ours(markdown: str) -> None:
    html = render_html(markdown)
    assert not is_foreign(html, cleaned)
    assert not is_foreign(rename_in_html(html, lambda text: text.replace("word", "person-abc")), cleaned)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=20).map("".join))
def test_what_is_made_of_any_page_is_ours(page: str) -> None:
    html = blocks_of_html(page).html
    assert not is_foreign(html, cleaned_blocks)
    assert not is_foreign(replace_passages(html, lambda text: text.replace("word", "[redacted]")), cleaned_blocks)
