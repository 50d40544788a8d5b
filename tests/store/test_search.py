"""Search: ranked, with snippets, and any input is a valid query."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_lemmy import Reply, Server, thread
from runs import add, archive_in, v3
from searches import search, search_threads
from store.test_queries import NASTY
from thread_archive.store.archive import Archive
from thread_archive.store.search import END, FOUND


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    boats = thread(
        v3("boats.test"),
        [
            "A **rudder** broke near the lighthouse.", Reply(text="The lighthouse keeper saw it.", to=1),
            "Übergrößenträger im Café", "said: kcomment t1 c1", "taken back", "tide tide tide",
        ],
        post={"title": "Boats in winter", "body": "What to do with a boat when it freezes."},
    )  # fmt: skip
    boats.comments[5].deleted = True
    bread = thread(
        v3("bread.test"), ["My rudder is a spoon.", "tide"], post={"title": "Sourdough", "body": "It rises."}
    )
    with Server(boats, bread) as server, archive_in(tmp_path_factory.mktemp("search")) as archive:
        add(archive, server, "http://boats.test/post/1", "http://bread.test/post/1")
        yield archive


def found(archive: Archive, text: str) -> list[str]:
    return [hit.ap_id.removeprefix("http://") for hit in search(archive, text)]


@pytest.mark.parametrize(
    ("query", "hits"),
    {
        "lighthouse rudder": ["boats.test/comment/1"],
        '"lighthouse keeper"': ["boats.test/comment/2"],
        '"keeper lighthouse"': [],
        "light*": ["boats.test/comment/2", "boats.test/comment/1"],
        "lighthouse -keeper": ["boats.test/comment/1"],
        "keeper OR spoon": ["boats.test/comment/2", "bread.test/comment/1"],
        "cafe": ["boats.test/comment/3"],
        "UBERGROSSENTRAGER": [],
        "freezes": ["boats.test/post/1"],
        "winter": ["boats.test/post/1"],
        "taken": [],
        "kpost": [],
        "": [],
        "-lighthouse": [],
    }.items(),
)
def test_queries_find_what_they_say(archive: Archive, query: str, hits: list[str]) -> None:
    assert sorted(found(archive, query)) == sorted(hits)


def test_what_says_a_word_more_often_comes_first_and_ranks_count_from_one(archive: Archive) -> None:
    hits = search(archive, "tide")
    assert [(hit.rank, hit.ap_id) for hit in hits] == [
        (1, "http://boats.test/comment/6"),
        (2, "http://bread.test/comment/2"),
    ]
    assert hits[0].relevance > hits[1].relevance


def test_snippets_are_plain_text_with_the_words_marked(archive: Archive) -> None:
    (hit,) = search(archive, "rudder lighthouse")
    assert hit.snippet == f"A {FOUND}rudder{END} broke near the {FOUND}lighthouse{END}."
    assert hit.as_json()["snippet"] == "A rudder broke near the lighthouse."


def test_a_thread_whose_words_are_spread_over_its_items_is_found(archive: Archive) -> None:
    (hit,) = search_threads(archive, "freezes keeper")
    assert hit.thread == "http://boats.test/post/1"
    assert {inner.ap_id for inner in hit.hits} == {"http://boats.test/post/1", "http://boats.test/comment/2"}
    assert search_threads(archive, "freezes spoon") == ()


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_are_valid(archive: Archive, text: str) -> None:
    search(archive, text, facets=True)
    search_threads(archive, text)


@given(st.text(alphabet=st.one_of(st.sampled_from('tide OR:"-*<>.1'), st.characters())))
@example('"')
@example("AND OR NOT NEAR(a b) ^x {title}: *")
@example("a\0b \ud800")
@example("-" * 100 + '"')
def test_any_text_is_a_valid_query(archive: Archive, text: str) -> None:
    search(archive, text, facets=True)
    search_threads(archive, text)
