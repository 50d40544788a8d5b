"""Threads' pages: what stands in them, that nothing gets in unescaped, that pages of files hold the whole thread."""

import re
import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shelves
from thread_archive.model import MISSING_REASONS, MissingReason
from thread_archive.pages.addresses import ServedAddresses
from thread_archive.pages.articles import outlined, with_notes
from thread_archive.pages.feeds import Entry, Feed, feed_document, thread_feed
from thread_archive.pages.fragments import author, link, mark
from thread_archive.pages.ordering import Sort
from thread_archive.pages.rendering import Reading, Site
from thread_archive.pages.threads import Wanted, pages_of, thread_page, thread_view
from thread_archive.pages.times import time_html
from thread_archive.slugs import slug
from thread_archive.snapshots.site import SiteAddresses
from thread_archive.store.connections import one_state
from thread_archive.store.reading import items


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.written(tmp_path_factory.mktemp("pages"))


def reading(connection: sqlite3.Connection, **more: object) -> Reading:
    return Reading(connection=connection, **({"site": Site(addresses=ServedAddresses())} | more))  # type: ignore[arg-type]


def page(path: Path, **wanted: object) -> str:
    connection = sqlite3.connect(path)
    with one_state(connection):
        one = reading(connection)
        view = thread_view(one, Wanted(**({"slug": shelves.SLUG} | wanted)))  # type: ignore[arg-type]
        assert view
        return thread_page(view, one)


def changed(shelf: Path, folder: Path, *statements: str) -> Path:
    path = folder / "changed.db"
    path.write_bytes(shelf.read_bytes())
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_a_thread_that_was_visited_often_says_how_often_and_since_when(shelf: Path, tmp_path: Path) -> None:
    often = """WITH RECURSIVE day(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM day WHERE n < 60)
               INSERT INTO captures (kind, url, post_id, status, started_at, receipt)
               SELECT 'visit', 'u', 1, 'complete', date('2031-01-31', n || ' days') || 'T12:00:00.000000Z',
                      iif(n = 60, '{"comments": {"stored": 1234567}}', 'of no use') FROM day"""
    text = page(changed(shelf, tmp_path, "UPDATE captures SET post_id = NULL", often))
    told = text.partition("<dt>Copied</dt>")[2].partition("</dd>")[0]
    assert "visited 60 times since" in told
    assert "2031-02-01" in told
    assert "1,234,567" in text


def test_what_only_a_snapshot_told_and_what_has_no_time_of_its_server_is_marked(shelf: Path, tmp_path: Path) -> None:
    assert "From a snapshot" not in page(shelf)
    signed = """UPDATE captures SET kind = 'snapshot', receipt = json_set(coalesce(receipt, '{}'), '$.snapshot',
                json('{"digest": "0123456789abcdef0123", "captured_at": "2026-01-01", "signer": "SHA256:<k>"}'))"""
    text = page(changed(shelf, tmp_path, signed))
    assert "From a snapshot (0123456789abcdef…, signed with SHA256:&lt;k&gt;), not from a server" in text
    once = "UPDATE comments SET clamped = 1 WHERE id = (SELECT min(id) FROM comments WHERE ap_id IS NOT NULL)"
    assert page(changed(shelf, tmp_path, once)).count("told a time that was still to come") == 1


def test_a_later_visit_that_found_the_thread_gone_is_told(shelf: Path, tmp_path: Path) -> None:
    failed = """INSERT INTO captures (kind, url, post_id, status, started_at, receipt)
                VALUES ('visit', 'u', 1, 'failed', '2031-02-01T12:00:00.000000Z', '{"error": {"message": "<gone>"}}')"""
    assert "<dt>Since then" not in page(shelf)
    text = page(changed(shelf, tmp_path, failed))
    told = text.partition("<dt>Since then</dt>")[2].partition("</dd>")[0]
    assert "1 Feb 2031" in told
    assert "&lt;gone&gt;" in told


def test_headings_of_comments_are_no_part_of_the_pages_outline(shelf: Path, tmp_path: Path) -> None:
    loud = "UPDATE comments SET body_html = '<h5>Loud</h5><hr>' WHERE body LIKE 'He never%'"
    text = page(changed(shelf, tmp_path, loud))
    assert '<p class="heading" dir="auto">Loud</p><hr>' in text


def test_tombstones_say_who_took_it_back(shelf: Path) -> None:
    text = page(shelf)
    assert "Deleted by its author." in text
    assert "Removed by a moderator." in text


def test_marks_say_who_speaks(shelf: Path, tmp_path: Path) -> None:
    path = changed(
        shelf, tmp_path, "UPDATE people SET is_bot = 1 WHERE name = 'ines_quill'",
        "UPDATE comments SET distinguished = 1, is_admin = 1, edited_at = '2026-03-01T13:00:00.000000Z', "
        "gone_at = '2026-04-01T00:00:00.000000Z' WHERE body LIKE 'He never%'",
    )  # fmt: skip
    comment = page(path).partition("He never said so")[0].rpartition("<article")[2]
    for word in (">bot<", ">admin<", ">official<", ">edited<", ">gone<"):
        assert word in comment
    assert ">OP<" in page(shelf)
    assert ">login<" in page(shelf)


@pytest.mark.parametrize("reason", list(MissingReason))
def test_a_gap_stands_in_its_place_and_says_why(reason: MissingReason, shelf: Path, tmp_path: Path) -> None:
    path = changed(
        shelf, tmp_path,
        f"UPDATE comments SET ap_id = NULL, body = '', creator_id = NULL, missing_reason = '{reason}' "
        "WHERE body LIKE 'He never%'",
    )  # fmt: skip
    text = page(path)
    assert "A comment is missing here" in text
    assert MISSING_REASONS[reason].split("’")[0].split("'")[0] in text
    assert text.index("grandfather") < text.index("A comment is missing here") < text.index("&lt;script&gt;")


def test_a_gap_of_several_names_has_the_same_one_on_the_page_and_in_json(shelf: Path, tmp_path: Path) -> None:
    path = changed(
        shelf, tmp_path,
        "UPDATE comments SET ap_id = NULL, body = '', creator_id = NULL, missing_reason = 'purged' "
        "WHERE body LIKE 'He never%'",
        "INSERT INTO instances (domain) VALUES ('z.test'), ('a.test')",
        """INSERT INTO local_ids (instance_id, of_comment, local_id, comment_id)
           SELECT instances.id, 1, value, comments.id FROM instances, comments, json_each('[901, 899, 902, 900]')
           WHERE ap_id IS NULL AND domain IN ('z.test', 'a.test')""",
    )  # fmt: skip
    (gap,) = (item.fields for item in items(sqlite3.connect(path), 1) if item.kind == "gap")
    assert (gap["instance"], gap["local_id"]) == ("a.test", 899)
    assert "(a.test names it 899)" in page(path)


def test_what_is_only_counted_as_missing_is_told_too(shelf: Path, tmp_path: Path) -> None:
    missing = '[{"reason": "page_limit", "count": 7, "items": []}]'
    receipt = f'{{"comments": {{"stored": 6, "tombstones": 2, "missing": {missing}}}}}'
    text = page(changed(shelf, tmp_path, f"UPDATE captures SET receipt = '{receipt}', status = 'partial'"))
    assert "7 comments: the server gives only the first pages" in text
    assert "partial" in text


@pytest.mark.parametrize("sort", list(Sort))
def test_every_order_shows_every_comment(sort: Sort, shelf: Path) -> None:
    text = page(shelf, sort=sort)
    assert text.count('<article class="c') == 6


def test_flat_lists_say_whom_a_comment_answers(shelf: Path) -> None:
    text = page(shelf, sort=Sort.OLD)
    assert re.search(r'<span>to <a href="#c-[a-z2-7]{16}" dir="auto">tobias_oak</a></span>', text)


def test_a_comment_in_its_context_shows_ancestors_and_replies_only(shelf: Path) -> None:
    connection = sqlite3.connect(shelf)
    (ap_id,) = connection.execute("SELECT ap_id FROM comments WHERE body LIKE 'He never%'").fetchone()
    text = page(shelf, comment=slug(ap_id))
    assert "grandfather" in text.partition('class="ancestors"')[2]
    assert "&lt;script&gt;" in text
    assert "Removed by a moderator" not in text
    assert f'class="c top here" id="c-{slug(ap_id)}"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_pages_of_files_hold_the_whole_thread_once(tmp_path: Path) -> None:
    connection = sqlite3.connect(shelves.long(tmp_path, 2500, "long.db", roots=0.6))
    with one_state(connection):
        one = reading(connection, site=Site(addresses=SiteAddresses(up="../")))
        texts = [thread_page(view, one) for view in pages_of(one, Wanted(slug=shelves.SLUG))]
    assert len(texts) > 3
    ids = [found for text in texts for found in re.findall(r'id="(c-[a-z2-7]{16})"', text)]
    assert len(ids) == len(set(ids))
    linked = sum(text.count("Continue this thread") for text in texts)
    assert len(ids) == 2500 or linked
    for number, text in enumerate(texts, 1):
        assert len(text.encode()) < 500_000
        assert ('rel="next"' in text) == (number < len(texts))
        assert 'href="/' not in text


hostile = st.text(alphabet=st.sampled_from("<>&\"'ab =/`\x00\u202e"), max_size=30).map(lambda text: f'"><script>{text}')


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile)
def test_no_column_gets_into_a_page_unescaped(shelf: Path, tmp_path: Path, text: str) -> None:
    """Columns of sanitised HTML aside (`body_html`, `articles.html`): those are trusted as they were stored."""
    path = tmp_path / "hostile.db"
    path.write_bytes(shelf.read_bytes())
    with sqlite3.connect(path) as connection:
        # A file can come from anywhere: any column can hold anything.
        connection.execute("PRAGMA foreign_keys = OFF")
        columns = {
            "posts": ["title", "url", "published_at", "edited_at", "language", "score", "upvotes"],
            "comments": ["published_at", "edited_at", "language", "score", "upvotes", "downvotes", "gone_at"],
            "people": ["name"], "communities": ["name", "title"], "instances": ["domain"],
            "articles": ["title", "byline", "site", "published_at", "language", "licence", "reason", "fetched_at",
                         "url", "final_url", "words"],
        }  # fmt: skip
        for table, names in columns.items():
            for name in names:
                value = "domain || ?" if name == "domain" else "name || id || ?" if name == "name" else "?"
                connection.execute(f"UPDATE OR IGNORE {table} SET {name} = {value}", [text])
        connection.execute("UPDATE comments SET missing_reason = ?, ap_id = NULL WHERE body = ''", [text])
    shown = page(path) + page(path, sort=Sort.NEW)
    assert shown.lower().count("<script") == 2


def test_links_lead_to_the_web_only() -> None:
    assert "href" not in link("javascript:alert(1)", "x")
    assert "href" not in author("data:text/html,x", "x", {})
    assert link('https://a.test/"><b>', "<i>").count("<") == 2
    assert mark("<b>", "warn", '"').count("<") == 2


def test_an_articles_headings_leave_no_level_out() -> None:
    html = '<h5 id="p1">A</h5><h6>B</h6><h2>C</h2><h4>D</h4><h3>E</h3><hr>'
    assert outlined(html, 3) == '<h3 id="p1">A</h3><h4>B</h4><h3>C</h3><h4>D</h4><h4>E</h4><hr>'


def test_a_note_stands_in_the_block_it_is_about() -> None:
    html = '<p id="p1">One</p><table><tr id="p2"><td class="x">Two</td></tr></table><ul><li id="p3">Three</li></ul>'
    noted = with_notes(html, {1: "[1]", 2: "[2]", 3: "[3]"}, "b")
    assert noted == (
        '<p id="b1">[1]One</p><table><tr id="b2"><td class="x">[2]Two</td></tr></table>'
        '<ul><li id="b3">[3]Three</li></ul>'
    )


def test_a_time_that_is_none_is_shown_as_the_text_it_is() -> None:
    assert time_html("<b>never") == "&lt;b&gt;never"
    good = time_html("2026-03-01T12:00:07.123456Z")
    assert 'datetime="2026-03-01T12:00:07Z" title="1 Mar 2026, 12:00:07 UTC"' in good


@given(st.text(max_size=40))
def test_a_feed_is_well_formed_whatever_is_in_it(text: str) -> None:
    entry = Entry(id="https://a.test/1", title=text, link="https://b.test", published="2026-03-01T12:00:00Z",
                  updated="2026-03-01T12:00:00Z", author=text, author_uri=text, html=f"<p>{text}</p>")  # fmt: skip
    feed = Feed(id="x", title=text, self="x", alternate="x", entries=(entry,))
    ElementTree.fromstring(feed_document(feed).encode("utf-8", "replace"))


def test_a_threads_feed_has_its_comments_newest_first_and_none_that_was_taken_back(shelf: Path) -> None:
    connection = sqlite3.connect(shelf)
    with one_state(connection):
        text = thread_feed(reading(connection), shelves.SLUG, "https://archive.test") or ""
    root = ElementTree.fromstring(text)
    atom = "{http://www.w3.org/2005/Atom}"
    published = [entry.findtext(f"{atom}published") for entry in root.iter(f"{atom}entry")]
    assert published == sorted(published, reverse=True)
    assert len(published) == 4
    for entry in root.iter(f"{atom}entry"):
        assert entry.find(f"{atom}link").get("href").startswith(f"https://archive.test/t/{shelves.SLUG}?c=")  # type: ignore[union-attr]
