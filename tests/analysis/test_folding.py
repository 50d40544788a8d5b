"""Words, and where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.analysis.folding import LONGEST, fold, place


@pytest.mark.parametrize(
    ("text", "words"),
    {
        "Nobody's “here” – yet…": ["nobody", "s", "here", "yet"],
        "snake_case and *slanted*": ["snake", "case", "and", "slanted"],
        "[text](https://x.example/a_(b) \"title\") on": ["text", "on"],
        "go to https://x.example/a-b, now": ["go", "to", "now"],
        "a &amp; b": ["a", "b"],
        "before\n```py\ncode here\n```\nafter": ["before", "after"],
        "> ```\n> code\n> ```\n> after": ["after"],
        "before\n```\nnever closed": ["before"],
        "Всё ещё": ["все", "еще"],
        "茶馆 abc": ["茶", "馆", "abc"],
        "हिन्दी में": ["हिन्दी", "में"],
        "cafe\u0301 soft\u00adly": ["café", "softly"],
        "كِتَاب": ["كتاب"],
        "İstanbul": ["istanbul"],
    }.items(),
)  # fmt: skip
def test_what_tells_no_text_from_another_is_folded_away(text: str, words: list[str]) -> None:
    assert fold(text) == words


@given(st.text(alphabet=st.characters(codec=None)))
def test_both_forms_give_the_same_words_each_within_the_text(text: str) -> None:
    words = place(text)
    assert list(words.texts) == fold(text)
    until = 0
    for start, end in zip(words.starts, words.ends, strict=True):
        assert until <= start < end <= len(text)
        until = end


def test_a_word_stands_where_it_was_before_accents_were_composed() -> None:
    text = "un cafe\u0301 noir"
    words = place(text)
    assert [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)] == [
        "un",
        "cafe\u0301",
        "noir",
    ]


def test_what_lies_beyond_the_longest_text_is_not_read() -> None:
    assert len(fold("a " * LONGEST)) == LONGEST // 2
