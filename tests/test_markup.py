"""Markdown as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.markup import plain_text


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
        "::: spoiler Who did it\nThe gardener.\n:::": "Who did it\nThe gardener.",
        "@mara@lemmy.example in !harbour@lemmy.example": "@mara@lemmy.example in !harbour@lemmy.example",
        "| a | b |\n|---|---|\n| 1 | 2 |": "a b \n\n1 2",
        "<b>bold</b> but 1 < 2 > 0": "bold but 1 < 2 > 0",
    }.items(),
)
def test_signs_go_and_text_stays(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


def test_text_without_signs_is_the_very_same_object() -> None:
    text = "nothing to take away here, not even a comma too many"
    assert plain_text(text) is text


@given(st.text())
def test_any_text_has_a_plain_one(text: str) -> None:
    assert isinstance(plain_text(text), str)


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True), min_size=1))
def test_words_stay(words: list[str]) -> None:
    assert plain_text("**" + " ".join(words) + "** [x](y)").split() == [*words, "x"]


HOSTILE = ("[", "*", "`", ">", "~", "_a", "[a](", "<a", "- ", "![[", "|-", "^a", "**a", "&#", "\\")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_does_not_hang_it(piece: str) -> None:
    assert isinstance(plain_text(piece * (1_000_000 // len(piece))), str)
