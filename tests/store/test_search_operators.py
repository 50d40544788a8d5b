"""What operators, sorts, pages and facets do, over the judged set and a few rows unlike the rest."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_lemmy import Reply, Server, thread
from judged import Builder, item_key
from runs import add, archive_in, v3
from searches import search, search_threads
from thread_archive.slugs import slug
from thread_archive.spoilers import hide
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.queries import parse_query
from thread_archive.store.search import END, FOUND, Request, Sort, find, find_threads, ranking
from thread_archive.store.search.snippets import Marker

Judged = tuple[Archive, dict[str, str]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    with archive_in(tmp_path_factory.mktemp("operators")) as archive:
        builder = Builder(archive)
        builder.build()
        by_name = {key: ap_id for ap_id, key in builder.keys.items()}
        connection = archive.db.conn
        with connection:
            change = "UPDATE comments SET {} WHERE ap_id = ?"
            connection.execute(change.format("edited_at = '2025-08-01T00:00:00.000000Z'"), [by_name["wells/c1"]])
            connection.execute(change.format("restricted = 1"), [by_name["ferry/c9"]])
            withdraw(connection, by_name["wells/c11"])
        yield archive, builder.keys


def withdraw(connection: sqlite3.Connection, ap_id: str) -> None:
    """As a visit does of a comment that its author took back."""
    row_id = connection.execute("SELECT id FROM comments WHERE ap_id = ?", [ap_id]).fetchone()[0]
    search_index.remove(connection, [search_index.item_number(search_index.COMMENT, row_id)])
    connection.execute("UPDATE comments SET body = '', body_text = NULL, deleted = 1 WHERE id = ?", [row_id])


def keys(judged: Judged, text: str, **more: object) -> list[str]:
    archive, names = judged
    hits = search(archive, text, **{"limit": 1000} | more)
    return [item_key(names, hit.kind, hit.ap_id, hit.paragraph) for hit in hits]


@pytest.mark.parametrize(
    ("query", "found"),
    {
        "well author:ada": {"wells/p"},
        "well author:@ada@home.test": {"wells/p"},
        "well author:https://home.test/u/ada": {"wells/p"},
        "well author:ada@other.test": set(),
        "well author:nobody": set(),
        "helicopter -author:odile": {"ferry/a2"},
        "helicopter author:odile author:ada": {"ferry/c6"},
        "helicopter author:odile OR author:ada": {"ferry/c6"},
        "starter community:repair": {"crank/p", "crank/c1", "crank/c6"},
        "starter community:!repair@hearth.test kind:comment": {"crank/c1", "crank/c6"},
        "cell kind:article": {"storage/a1", "storage/a2", "storage/a3"},
        "mites -kind:comment": set(),
        "python instance:hearth.test": {"snake/p", "snake/c1", "snake/c4"},
        "acetone after:2025-03 before:2025-04 score:>20": {"starter/c1"},
        "acetone before:2025": set(),
        "helicopter after:2025-10-01": {"ferry/a2", "ferry/c6"},
        "helicopter after:2025-10-02": set(),
        "borehole depth:1": {"wells/c1", "wells/c12"},
        "borehole depth:0": {"wells/a4"},
        "borehole is:edited": {"wells/c1"},
        "borehole -is:edited kind:comment": {"wells/c12"},
        "borehole is:deleted": set(),
        "ground is:op": {"crank/c5", "crank/c10"},
        "is:deleted": {"wells/c11"},
        "is:deleted author:hugo": {"wells/c11"},
        "is:deleted -author:hugo": set(),
        "is:deleted community:baking": set(),
        "author:finn score:>1 depth:1": {
            "wells/c9", "snake/c8", "bees/c5", "labels/c7", "rad/c6", "huerto/c7",
        },
        f"borehole thread:{slug('https://hearth.test/post/wells')}": {"wells/a4", "wells/c1", "wells/c12"},
        "borehole thread:nothing": set(),
    }.items(),
)  # fmt: skip
def test_operators_narrow_to_what_they_say(judged: Judged, query: str, found: set[str]) -> None:
    assert (
        set(keys(judged, query)) - ({"wells/p"} if "is:op" in query else set()) == found - {"wells/p"}
        or set(keys(judged, query)) == found
    )


def test_operators_alone_list_newest_first_and_articles_as_one(judged: Judged) -> None:
    archive, _ = judged
    hits = search(archive, "community:energy", limit=100)
    assert {hit.kind for hit in hits} == {"post", "comment"}
    times = [hit.published_at for hit in hits]
    assert times == sorted(times, reverse=True)
    assert {hit.kind for hit in search(archive, "community:energy kind:article", limit=100)} == {"article"}


def test_what_only_a_login_showed_is_left_out_of_public_answers(judged: Judged) -> None:
    archive, _ = judged
    assert keys(judged, "solveig") == ["ferry/c9", "ferry/a1"]
    assert keys(judged, "solveig", public=True) == ["ferry/a1"]
    (thread,) = search_threads(archive, "solveig", public=True)
    assert [hit.kind for hit in thread.hits] == ["article"]
    assert search_threads(archive, "seasick", public=True) == ()
    request = Request(query=parse_query("solveig"), public=True, facets=True)
    facets = {facet.name: facet.values for facet in find(archive.db.conn, request).facets.facets}
    assert facets["author"] == ()


def test_a_public_answer_does_not_say_whose_hidden_comment_it_answers(tmp_path: Path) -> None:
    world = thread(v3(), ["for members", Reply(text="the reply", to=1)])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        with archive.transaction() as connection:
            connection.execute("UPDATE comments SET restricted = 1 WHERE body = 'for members'")
        (own,), (public,) = (search(archive, "reply", public=public) for public in (False, True))
        assert own.in_reply_to is not None
        assert public.in_reply_to is None
        (found,) = search_threads(archive, "reply", public=True)
        assert (found.comments, [hit.in_reply_to for hit in found.hits]) == (1, [None])


@pytest.mark.parametrize("sort", Sort)
@settings(deadline=None)
@given(size=st.integers(1, 9), text=st.sampled_from(["winter", "the", "kind:comment", "a OR the", "score:>3 the"]))
def test_pages_put_together_are_the_whole(judged: Judged, sort: Sort, size: int, text: str) -> None:
    archive, _ = judged
    whole = [hit.rank for hit in search(archive, text, sort=sort, limit=1000)]
    request = Request(query=parse_query(text), sort=sort, limit=size)
    total = find(archive.db.conn, request).total
    assert len(whole) == total
    pages = [
        keys(judged, text, sort=sort, limit=size, offset=offset) for offset in range(0, min(total, 5 * size), size)
    ]
    assert [key for page in pages for key in page] == keys(judged, text, sort=sort)[: min(total, 5 * size)]


def test_items_alike_stay_in_one_order_over_pages(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        builder = Builder(archive)
        builder.build()
        connection = archive.db.conn
        names = [row[1] for row in connection.execute("PRAGMA table_info(comments)")]
        copied = ", ".join(name for name in names if name not in ("id", "ap_id"))
        copy = f"""INSERT INTO comments (id, ap_id, {copied})
                   SELECT 100000 + ?1, 'https://copy.test/' || ?1, {copied} FROM comments
                   WHERE body LIKE 'Couchettes would%' AND id < 100000"""
        with connection:
            for number in range(60, 0, -1):
                connection.execute(copy, [number])
                search_index.put(connection, [search_index.item_number(search_index.COMMENT, 100_000 + number)])
        for sort in Sort:
            pages = [search(archive, "couchettes", sort=sort, limit=7, offset=start) for start in range(0, 63, 7)]
            found = [hit.ap_id for page in pages for hit in page]
            assert len(set(found)) == len(found) == 62
        copies = [ap_id for ap_id in found if "copy" in ap_id]
        assert copies == sorted(copies, key=lambda ap_id: int(ap_id.rpartition("/")[2]))


@pytest.mark.parametrize(("sort", "field"), [(Sort.NEWEST, "published_at"), (Sort.SCORE, "score")])
def test_sorts_are_by_what_they_say(judged: Judged, sort: Sort, field: str) -> None:
    archive, _ = judged
    values = [getattr(hit, field) for hit in search(archive, "the", sort=sort, limit=200)]
    assert len(set(values)) > 3
    assert values == sorted(values, reverse=True)


def test_facets_count_all_that_is_found_and_narrow_to_it(judged: Judged) -> None:
    archive, _ = judged
    for text in ("winter", "battery kind:comment", "score:>3 ferry"):
        found = find(archive.db.conn, Request(query=parse_query(text), facets=True))
        for facet in found.facets.facets:
            for value in facet.values:
                narrowed = find(archive.db.conn, Request(query=parse_query(f"{text} {value.filter}"), limit=1))
                # A narrower query may find so few that other forms of its words count too.
                assert narrowed.total == value.count or narrowed.widened


def test_of_very_common_words_the_last_archived_are_scored_and_all_on_request(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, _ = judged
    monkeypatch.setattr(ranking, "EXACT", 20)
    monkeypatch.setattr(ranking, "NEWEST", 10)
    monkeypatch.setattr(ranking, "NEWEST_POSTS", 5)
    request = Request(query=parse_query("the"), limit=100)
    some = find(archive.db.conn, request)
    assert some.approximate
    assert all(hit.approximate for hit in some.hits)
    assert some.looked_at == some.total == len(some.hits) == 15
    assert {hit.kind for hit in some.hits} > {"comment"}
    everything = find(archive.db.conn, replace(request, everything=True, limit=1000))
    assert not everything.approximate
    assert everything.total == everything.matches == some.matches == len(everything.hits)
    threads = find_threads(archive.db.conn, request)
    assert threads.approximate
    assert threads.total < find_threads(archive.db.conn, replace(request, everything=True)).total


def test_a_search_that_takes_too_long_is_stopped_and_says_so(judged: Judged) -> None:
    archive, _ = judged
    request = Request(query=parse_query("the OR a OR of"), facets=True, seconds=0.0)
    assert find(archive.db.conn, request).stopped
    assert find_threads(archive.db.conn, request).stopped
    assert find(archive.db.conn, replace(request, seconds=None)).total


def test_few_finds_bring_other_forms_of_the_words_but_not_of_phrases(judged: Judged) -> None:
    archive, _ = judged
    assert "rad/p" in keys(judged, "Radwege")
    request = Request(query=parse_query('"Radwege"'))
    assert not find(archive.db.conn, request).widened
    assert find(archive.db.conn, replace(request, query=parse_query("Radwege"))).widened
    assert keys(judged, '"Radwege"') == ["rad/c2"]


def test_nothing_found_suggests_the_query_without_one_of_its_parts(judged: Judged) -> None:
    archive, _ = judged
    found = find(archive.db.conn, Request(query=parse_query("acetone helicopter community:islands")))
    assert not found.hits
    assert [(one.text, one.total) for one in found.suggestions] == [("helicopter community:islands", 2)]


def test_a_scripts_word_without_spaces_is_found_wherever_it_stands_and_marked(judged: Judged) -> None:
    archive, _ = judged
    hit = search(archive, "会")[0]
    assert f"{FOUND}会{END}" in hit.snippet
    assert "\u200b" not in hit.snippet
    assert "luyou/c1" in keys(judged, "图书馆")
    assert keys(judged, "学图书") == ["luyou/c1"]


def test_an_index_of_substrings_finds_parts_of_words_and_keeps_scopes_apart(judged: Judged) -> None:
    archive, _ = judged
    assert keys(judged, "dachpumpen") == keys(judged, "armepump") == []
    with archive.db.conn:
        search_index.rebuild(archive.db.conn, substrings=True)
    try:
        assert "waerme/a1" in keys(judged, "ärmepump")
        assert set(keys(judged, "图书")) == {"luyou/p", "luyou/a1", "luyou/c1"}
        archive.db.conn.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")
        for row_id, ap_id in archive.db.conn.execute("SELECT id, ap_id FROM posts").fetchall():
            (of_thread,) = {hit.thread for hit in search(archive, f"thread:{slug(ap_id)}", limit=100)}
            assert (row_id, of_thread) == (row_id, ap_id)
        (hit,) = search(archive, "ferment")
        assert f"{FOUND}ferment{END}s" in hit.snippet
    finally:
        with archive.db.conn:
            search_index.rebuild(archive.db.conn, substrings=False)


def test_the_index_holds_what_the_view_says(judged: Judged) -> None:
    archive, _ = judged
    archive.db.conn.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")


def test_snippets_show_the_passage_with_most_of_what_was_looked_for() -> None:
    text = "Rudder. " + "word " * 200 + "the rudder of the old lighthouse boat " + "word " * 200
    marker = Marker(term for group in parse_query("rudder lighthouse").groups for term in group)
    snippet = marker.snippet(text)
    assert f"{FOUND}rudder{END} of the old {FOUND}lighthouse{END}" in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert len(snippet) < 300


def test_a_text_cannot_pretend_to_have_been_found() -> None:
    marker = Marker(term for group in parse_query("rudder").groups for term in group)
    assert marker.snippet(f"{FOUND}fake{END} rudder") == f"fake {FOUND}rudder{END}"


@pytest.mark.parametrize("query", ["ferry", "was", "shown", "shown late", '"late ferry"', '"shown late"', "lat*"])
@given(before=st.integers(0, 300), after=st.integers(0, 300), hidden=st.integers(1, 60))
def test_no_snippet_shows_what_a_spoiler_hides(query: str, before: int, after: int, hidden: int) -> None:
    text = "shown " * before + hide("late ferry secretly " * hidden) + " shown" * after
    marker = Marker(term for group in parse_query(query).groups for term in group)
    for told in (marker.snippet(text), marker.marked(text)):
        assert not any(word in told for word in ("late", "ferry", "secret", "cret", "erry"))
        assert told.count(FOUND) == told.count(END)


def test_words_that_look_like_the_indexs_own_tokens_find_only_texts(judged: Judged) -> None:
    for text in ("kpost", "kcomm*", "t1", "c1", "u1*", '"c1 u1"', "t1 kpost"):
        assert keys(judged, text) == []


def test_a_thread_that_has_an_excluded_word_anywhere_is_not_found(judged: Judged) -> None:
    archive, names = judged
    assert {names[hit.thread] for hit in search_threads(archive, "starter")} == {"starter", "crank"}
    assert {names[hit.thread] for hit in search_threads(archive, "starter -acetone")} == {"crank"}
