"""What hides in a spoiler: found by a search, shown by no excerpt."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_lemmy import Server, thread
from runs import add, archive_in, v3
from searches import search
from thread_archive.spoilers import SHOWN, conceal, hide, reveal


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')")
        yield connection


def excerpts(index: sqlite3.Connection, text: str, query: str, words: int) -> list[str]:
    index.execute("DELETE FROM texts")
    index.execute("INSERT INTO texts VALUES (?)", [text])
    rows = index.execute(
        "SELECT snippet(texts, 0, char(2), char(3), '…', ?) FROM texts WHERE texts MATCH ?", [words, query]
    )
    return [row[0] for row in rows]


WORDS = st.lists(st.sampled_from(["shown", "plain", "text,", "éclair", "don't"]), max_size=12).map(" ".join)
SECRETS = st.lists(
    st.sampled_from(["secret", "secret-ly", "«secret»", "se\u0301cret", "secret，secret", "ความลับ", "秘密", "مخفيّ"]),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(WORDS, SECRETS, st.sampled_from([" ", "\n", ""]))), WORDS, st.integers(2, 24))
def test_no_cut_of_an_excerpt_shows_a_hidden_word(
    index: sqlite3.Connection, parts: list[tuple[str, list[str], str]], end: str, words: int
) -> None:
    text = " ".join(f"{shown} {hide(gap.join(secrets))}" for shown, secrets, gap in parts) + " " + end
    for query in ("shown", "secret", "plain", "text", '"秘密"'):
        for excerpt in excerpts(index, text, query, words):
            concealed = conceal(excerpt).replace("\x02", "").replace("\x03", "")
            assert not any(secret in concealed for secret in ("secret", "cret", "秘", "ลับ", "مخ"))


@given(WORDS, SECRETS)
def test_marks_change_neither_what_is_found_nor_phrases(
    index: sqlite3.Connection, shown: str, secrets: list[str]
) -> None:
    text = f"{shown} {' '.join(secrets)}"
    for query in ("secret", '"secret secret"', '"secret ly"', "secret*"):
        found = bool(excerpts(index, text, query, 8))
        assert bool(excerpts(index, f"{shown} {hide(' '.join(secrets))}", query, 8)) == found


@given(st.text())
def test_hiding_keeps_the_text(text: str) -> None:
    assert reveal(hide(reveal(text))) == reveal(text)


def test_neighbouring_hidden_words_are_one_bar() -> None:
    assert conceal(f"It was {hide('the gardener, in the library')}!") == f"It was {SHOWN}!"


def test_a_search_finds_a_hidden_word_and_does_not_show_it(tmp_path: Path) -> None:
    world = thread(v3("boats.test"), ["Look.\n\n::: spoiler The end\nThe ferry was **late**.\n:::"], post={"body": ""})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://boats.test/post/1")
        (hit,) = search(archive, "ferry late")
    assert "The end" in hit.snippet
    assert SHOWN in hit.snippet
    assert "ferry" not in hit.snippet
    assert "ferry" not in str(hit.as_json())
