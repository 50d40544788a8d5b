"""The search page as it is made: what a reader finds on it, and the same for machines."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiving.test_articles import SENTENCES, article_page, setting
from fetching.servers import page as web_page
from judged import Builder
from runs import archive_in
from searches import search
from store.test_queries import NASTY
from thread_archive.pages.addresses import ServedAddresses
from thread_archive.pages.rendering import Reading, Site
from thread_archive.pages.searches import SIZE, hit_address, search_document, search_feed, search_page, search_view
from thread_archive.pages.threads import Wanted, thread_page, thread_view
from thread_archive.pages.times import this_hour
from thread_archive.slugs import slug
from thread_archive.store.archive import Archive
from thread_archive.store.search import Sort, ranking

ATOM = "{http://www.w3.org/2005/Atom}"
ORIGIN = "https://archive.test"


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    with archive_in(tmp_path_factory.mktemp("searches")) as archive:
        Builder(archive).build()
        yield reading_of(archive)


def reading_of(archive: Archive) -> Reading:
    site = Site(addresses=ServedAddresses(), stem="archive")
    return Reading(connection=archive.db.conn, site=site, now=this_hour())


def page(reading: Reading, **query: str) -> str:
    return search_page(search_view(reading, query), reading)


def links(text: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]*)"', text)]


def test_a_hit_leads_to_its_comment_in_context_or_to_its_paragraph(reading: Reading) -> None:
    ferry, comment = slug("https://coast.test/post/ferry"), slug("https://home.test/comment/ferry-6")
    found = links(page(reading, q="helicopter"))
    assert f"/t/{ferry}?c={comment}#c-{comment}" in found
    assert f"/t/{ferry}#p2" in found


def test_each_of_two_texts_paragraphs_has_an_address_that_is_on_the_threads_page(tmp_path: Path) -> None:
    own = [f"In the {ordinal} year the ferrymen wrote their own account of the flood." for ordinal in range(20)]
    with setting(tmp_path, web_page(article_page()), body="\n\n".join(own)) as here:
        here.add()
        reading = reading_of(here.archive)
        for query, letters in (("ferrymen", {"b"}), ("harbour master", {"p"}), ("year OR winter", {"b", "p"})):
            view = search_view(reading, {"q": query})
            asked = [hit_address(hit, reading) for hit in view.found.hits]
            assert {address.partition("#")[2][0] for address in asked} == letters
            thread = thread_view(reading, Wanted(slug=view.found.hits[0].slug))
            assert thread
            shown = set(re.findall(r'id="([^"]+)"', thread_page(thread, reading)))
            assert {address.partition("#")[2] for address in asked} <= shown
            document = json.loads(search_document(view, reading))
            assert [hit["page"] for hit in document["hits"]] == asked
            ids = [entry.findtext(f"{ATOM}id") for entry in ElementTree.fromstring(search_feed(view, reading, ORIGIN))]
            assert len(asked) == len({one for one in ids if one and "#" in one})


def test_the_own_text_of_a_post_has_the_plain_anchors_where_it_stands_alone(tmp_path: Path) -> None:
    with setting(tmp_path, web_page(article_page()), url=None, body="\n\n".join(SENTENCES)) as here:
        here.add()
        assert [hit.anchor for hit in search(here.archive, "thickest")] == ["p4"]


def test_a_hit_tells_its_kind_author_whom_it_answers_time_and_community(reading: Reading) -> None:
    text = page(reading, q="accounting")
    (hit,) = re.findall(r'<li class="card hit">.*?</li>', text, re.DOTALL)
    assert "comment" in hit
    assert ">tess<" in hit
    assert "in reply to mara" in hit
    assert 'datetime="2025-10-01T11:00:00Z"' in hit
    assert "islands@coast.test" in hit
    assert "<mark>accounting</mark>" in hit


def test_there_is_one_search_box(reading: Reading) -> None:
    for query in ({}, {"q": "winter"}, {"q": "zzzz"}, {"q": "winter", "view": "threads"}):
        assert page(reading, **query).count('type="search"') == 1


def test_chips_take_one_part_of_the_query_away(reading: Reading) -> None:
    text = page(reading, q="battery author:nils -fire", sort="newest")
    chips = re.search(r'<ul class="chips".*?</ul>', text, re.DOTALL)
    assert chips
    asked = [dict(parse_qsl(urlsplit(href).query)) for href in links(chips[0])]
    assert asked == [
        {"q": "-fire author:nils", "sort": "newest"},
        {"q": "battery author:nils", "sort": "newest"},
        {"q": "battery -fire", "sort": "newest"},
    ]


def test_every_link_of_the_page_to_a_search_finds_what_it_says(reading: Reading) -> None:
    text = page(reading, q="winter")
    counted = re.findall(r'<li><a href="([^"]*)">[^<]*</a> <span class="count">([\d,]+)</span>', text)
    assert len(counted) > 10
    for href, count in counted:
        asked = dict(parse_qsl(urlsplit(unescape(href)).query))
        document = json.loads(search_document(search_view(reading, asked), reading))
        assert document["widened"] or document["total"] == int(count.replace(",", "")), asked


def test_pages_follow_one_another_with_labels(reading: Reading) -> None:
    first, second = page(reading, q="the"), page(reading, q="the", page="2")
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert f"1–{SIZE} of " in first
    assert f"{SIZE + 1}–{2 * SIZE} of " in second
    assert 'rel="prev" href="/search?q=the"' in second
    assert f'<ol class="cards" start="{SIZE + 1}">' in second
    far = page(reading, q="the", page="10000")
    assert 'rel="prev"' in far
    assert 'rel="next"' not in far


def test_nothing_found_says_what_would_be(reading: Reading) -> None:
    text = page(reading, q="acetone helicopter community:islands")
    assert "Nothing was found" in text
    assert "/search?q=helicopter+community%3Aislands" in links(text)
    assert "/search?q=acetone+helicopter+community%3Aislands&view=threads" in links(text)


def test_what_was_not_looked_at_is_said_with_a_way_to_look_at_all(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "EXACT", 20)
    monkeypatch.setattr(ranking, "NEWEST", 10)
    monkeypatch.setattr(ranking, "NEWEST_POSTS", 5)
    text = page(reading, q="the")
    assert re.search(r"The 15 archived last of \d+ candidates were scored", text)
    assert "/search?q=the&all=1" in links(text)
    assert re.search(r"were scored, \d+ of them match the filters", page(reading, q="the depth:>0"))
    assert "archived last" not in page(reading, q="the", all="1")
    assert re.search(r"Counted in 15 of \d+ candidates", text)
    assert "/search?q=the&counts=exact" in links(text)
    assert "Counted in" not in page(reading, q="the", counts="exact")
    assert "look at all" in page(reading, q="the", view="threads")


def test_threads_have_their_words_in_different_parts(reading: Reading) -> None:
    text = page(reading, q="couchettes sweden", view="threads")
    assert "1 thread has all of these words, even if in different parts" in text
    assert "no thread has all of these words anywhere in it" in page(reading, q="couchettes zzzz", view="threads")
    assert "<mark>couchettes</mark>" in text.lower() or "<mark>Couchettes</mark>" in text
    assert "<mark>Sweden</mark>" in text


def test_the_document_has_hits_where_they_are_read_and_what_comes_next(reading: Reading) -> None:
    document = json.loads(search_document(search_view(reading, {"q": "the"}), reading))
    assert document["total"] > SIZE
    assert document["next"] == "/search.json?q=the&page=2"
    assert len(document["hits"]) == SIZE
    assert [hit["rank"] for hit in document["hits"]] == list(range(1, SIZE + 1))
    assert all(hit["page"].startswith("/t/") for hit in document["hits"])
    assert document["facets"]["values"]["kind"]
    threads = json.loads(search_document(search_view(reading, {"q": "acetone", "view": "threads"}), reading))
    assert [thread["thread"] for thread in threads["threads"]] == ["https://hearth.test/post/starter"]


def test_the_feed_is_of_the_newest_and_valid(reading: Reading) -> None:
    view = search_view(reading, {"q": "winter"}, sort=Sort.NEWEST)
    feed = ElementTree.fromstring(search_feed(view, reading, ORIGIN))
    times = [entry.findtext(f"{ATOM}published") or "" for entry in feed.iter(f"{ATOM}entry")]
    assert len(times) == min(view.total, SIZE)
    assert times == sorted(times, reverse=True)
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    for link in feed.iter(f"{ATOM}link"):
        assert link.attrib["href"].startswith(f"{ORIGIN}/")


@pytest.mark.parametrize("text", NASTY)
def test_nasty_queries_give_a_page_a_document_and_a_feed(reading: Reading, text: str) -> None:
    for view in ("", "threads"):
        found = search_view(reading, {"q": text, "view": view, "sort": text[:50], "page": text[:50]})
        assert "</html>" in search_page(found, reading)
        assert json.loads(search_document(found, reading))["page"] == 1
        ElementTree.fromstring(search_feed(found, reading, ORIGIN))


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&\"'\x02\x03the ")))
def test_what_is_typed_is_never_markup(reading: Reading, text: str) -> None:
    plain = page(reading, q="the")
    made = page(reading, q=text)
    assert made.count("<script") == plain.count("<script")
    assert not re.search(r"<(?!/?[a-z][a-z0-9]*[ >]|!doctype)", made)
