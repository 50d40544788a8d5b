"""Whether two texts are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.corpus import texts
from thread_archive.articles.sameness import same_text, words


def test_words_are_without_case_and_punctuation() -> None:
    assert words("Don’t STOP: the ﬁre!") == ["don't", "stop", "the", "fire"]


def test_signs_of_scripts_without_spaces_are_words() -> None:
    assert words("旧书店 2 x") == ["旧", "书", "店", "2", "x"]


@pytest.mark.parametrize("text", ["ສະບາຍດີ", "សួស្តី", "မင်္ဂလာပါ", "สวัสดี"], ids=["Lao", "Khmer", "Burmese", "Thai"])
def test_as_many_words_are_counted_in_each_script_without_spaces_as_it_has_signs(text: str) -> None:
    assert words(text) == list(text)


def test_punctuation_of_scripts_without_spaces_is_no_word() -> None:
    assert words("旧・书、店。") == ["旧", "书", "店"]


def test_a_text_with_a_line_before_and_after_is_the_same() -> None:
    text = texts()[0].markdown
    assert same_text(text, f"Copied from the paper:\n\n{text}\n\nWhat do you think?")


def test_the_first_half_is_the_same_text() -> None:
    text = texts()[0].markdown
    assert same_text(text, text[: len(text) // 2])


def test_texts_on_the_same_subject_are_two() -> None:
    by_name = {text.name: text.markdown for text in texts()}
    assert not same_text(by_name["ferry-en"], by_name["bakery-en"])
    assert not same_text("The ferry left for the last time.", by_name["ferry-en"])


def test_more_than_a_tenth_changed_is_another_text() -> None:
    found = [f"word{n}" for n in range(200)]
    changed = [word if n % 25 else "other" for n, word in enumerate(found)]
    assert not same_text(" ".join(found), " ".join(changed))
    assert same_text(" ".join(found), " ".join([*found[:100], "other", *found[101:]]))


def test_no_words_are_not_the_same_as_no_words() -> None:
    assert not same_text("", "")
    assert not same_text("…", "one two")


@given(st.text(max_size=200), st.text(max_size=200))
def test_which_comes_first_does_not_matter(one: str, other: str) -> None:
    assert same_text(one, other) == same_text(other, one)
