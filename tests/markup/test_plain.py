"""Markdown as plain text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.markup import plain_text, render_html
from thread_archive.spoilers import CLOSE, OPEN, conceal, reveal


@pytest.mark.parametrize(
    ("markdown", "text"),
    {
        "plain": "plain",
        "**bold** and _slanted_ and ***both***": "bold and slanted and both",
        "snake_case_words and 2 * 3 * 4": "snake_case_words and 2 * 3 * 4",
        "[the page](https://x.example/a_(b)) said": "the page said",
        "![a red boat](https://x.example/i.png)": "a red boat",
        "[![alt](i.png)](https://x.example)": "alt",
        "see https://x.example/a_b_c": "see https://x.example/a_b_c",
        "<https://x.example/>": "https://x.example/",
        "> quoted\n> twice\n\nanswer": "quoted\ntwice\n\nanswer",
        "# Title\ntext": "Title\ntext",
        "- one\n- [x] two\n1. three": "one\ntwo\nthree",
        "~~gone~~ H~2~O x^2^": "gone H2O x2",
        "`code_with_signs` stays": "code_with_signs stays",
        "```python\nx = 1\n```": "x = 1",
        r"\*not slanted\*": "*not slanted*",
        "AT&amp;T &lt;3": "AT&T <3",
        "@mara@lemmy.example in !harbour@lemmy.example": "@mara@lemmy.example in !harbour@lemmy.example",
        "| a | b |\n|---|---|\n| 1 | 2 |": "a b \n\n1 2",
        "<b>bold</b> but 1 < 2 > 0": "bold but 1 < 2 > 0",
    }.items(),
)
def test_signs_go_and_text_stays(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "excerpt"),
    {
        "::: spoiler Who did it\nThe *gardener*.\n:::\nSorry.": "Who did it\n▒▒▒.\nSorry.",
        ":::spoiler Who\nThe gardener.\n\nIn the library": "Who\n▒▒▒",
        "> ::: spoiler Who\n> The gardener.\n> :::\n\nReally?": "Who\n▒▒▒.\n\nReally?",
        "- a\n- ::: spoiler b\n  The gardener\n  :::\n- c": "a\nb\n ▒▒▒\nc",
        ":::: spoiler Who\n::: spoiler And how\nSo.\n:::\nThe gardener.\n::::\nSorry.": "Who\n▒▒▒.\nSorry.",
        "::: spoiler\nThe gardener.\n:::": "▒▒▒.",
        "::: spoiler Empty\n:::\nSorry.": "Empty\nSorry.",
        "Not one:\n::: warning\ntext\n:::\nmore": "Not one:\n::: warning\ntext\nmore",
    }.items(),
)
def test_words_in_spoilers_are_there_but_not_in_excerpts(markdown: str, excerpt: str) -> None:
    text = plain_text(markdown)
    assert conceal(text).strip() == excerpt
    assert "gardener" in reveal(text) or "gardener" not in markdown


def test_marks_of_spoilers_cannot_be_smuggled_in() -> None:
    assert plain_text(f"{OPEN}shown{CLOSE}, *too*") == "shown, too"
    assert plain_text(f"{OPEN}shown") == "shown"


CONTENT = st.sampled_from(
    ["HIDDEN text", "- HIDDEN", "> HIDDEN", "*HIDDEN*", "", "1. HIDDEN\n2. b", "```\nHIDDEN\n```"]
)
AROUND = st.sampled_from(["shown", "- shown", "> shown", "", "# shown", "shown\nshown", ":::", "```\nshown\n```"])
SPOILER = st.builds("{0} spoiler title\n{1}\n\n{2}\n{0}".format, st.sampled_from([":::", "::::"]), CONTENT, CONTENT)


@given(st.lists(AROUND), SPOILER, st.lists(AROUND), st.sampled_from(["", "> ", "- ", "1. ", "> - ", "- > "]))
def test_what_the_page_folds_away_no_excerpt_shows(
    before: list[str], spoiler: str, after: list[str], prefix: str
) -> None:
    rest = re.sub(r"[-1.]", " ", prefix)
    inside = "\n".join((prefix if number == 0 else rest) + line for number, line in enumerate(spoiler.split("\n")))
    markdown = "\n\n".join([*before, inside, *after])
    folded = re.findall(r"</summary>(.*?)</details>", render_html(markdown), re.DOTALL)
    if any("HIDDEN" in part for part in folded):
        assert "HIDDEN" in plain_text(markdown)
        assert "HIDDEN" not in conceal(plain_text(markdown))


def test_text_without_signs_is_the_very_same_object() -> None:
    text = "nothing to take away here, not even a comma too many"
    assert plain_text(text) is text


@given(st.text())
def test_any_text_has_a_plain_one(text: str) -> None:
    assert isinstance(plain_text(text), str)


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True), min_size=1))
def test_words_stay(words: list[str]) -> None:
    assert plain_text("**" + " ".join(words) + "** [x](y)").split() == [*words, "x"]


HOSTILE = (
    "[",
    "*",
    "`",
    ">",
    "~",
    "_a",
    "[a](",
    "<a",
    "- ",
    "![[",
    "|-",
    "^a",
    "**a",
    "&#",
    "\\",
    "::: spoiler a\n",
    "- ",
    ":::\n",
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_does_not_hang_it(piece: str) -> None:
    assert isinstance(plain_text(piece * (1_000_000 // len(piece))), str)
