"""Paragraphs of Markdown, as far as quoting goes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.analysis.paragraphs import paragraphs


@pytest.mark.parametrize(
    ("markdown", "found"),
    {
        "one\ntwo\n\nthree": [("one\ntwo", False), ("three", False)],
        "> one\n> two\n\nthree": [("one\n> two", True), ("three", False)],
        "> one\ntwo\n\nthree": [("one\ntwo", True), ("three", False)],
        "> one\n- two": [("one", True), ("- two", False)],
        "> > one\n> two": [("one", True), ("two", True)],
        ">one\n>\n>two": [("one", True), ("two", True)],
        "   > one": [("one", True)],
        "a > b": [("a > b", False)],
        "one\n> two": [("one", False), ("two", True)],
        "- one\n- two": [("- one", False), ("- two", False)],
        "> - one\n> - two": [("- one", True), ("- two", True)],
        "# one\ntwo": [("# one\ntwo", False)],
        "> one\n\n> two": [("one", True), ("two", True)],
        "": [],
        "\n \n": [],
    }.items(),
)
def test_each_paragraph_is_found_with_its_mark(markdown: str, found: list[tuple[str, bool]]) -> None:
    assert [(markdown[part.start : part.end], part.marked) for part in paragraphs(markdown)] == found


@given(st.text(alphabet=">- a\n#"))
def test_paragraphs_come_in_order_and_leave_out_no_word(markdown: str) -> None:
    found = paragraphs(markdown)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert "".join(markdown[part.start : part.end] for part in found).count("a") == markdown.count("a")
