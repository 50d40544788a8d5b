"""Beside databases of others the plugin changes nothing of theirs."""

import re
import sqlite3
from pathlib import Path

import pytest
from datasette.app import Datasette
from datasette.plugins import pm

import shelves
import thread_archive.web as plugin
from web.datasettes import ask, ask_all, plain, register

PAGES = (
    "/", "/.json", "/foreign", "/foreign.json", "/foreign/t", "/foreign/t.json", "/foreign/t/1", "/foreign/posts",
    "/foreign/posts.json", "/foreign/posts/1", "/foreign/posts.csv", "/foreign?sql=select+1",
    "/foreign.json?sql=select+1", "/foreign/-/query.json?sql=select+1", "/-/databases.json", "/-/settings.json",
    "/-/threads.json", "/robots.txt", "/t/aaaaaaaaaaaaaaaa", "/search", "/threads.json", "/nothing",
    "/foreign/search_content.json", "/-/",
)  # fmt: skip


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
        connection.execute("INSERT INTO posts VALUES (1, 'A title', 'A <b>body</b>')")
        connection.execute("INSERT INTO t VALUES (1, 'x')")
    return path


def answers(*files: Path) -> list[tuple[str, int, bytes, dict[str, str]]]:
    given = ask_all(Datasette(files=[str(file) for file in files]), PAGES)
    # What changes from one run to the next.
    volatile = ("date", "set-cookie")
    return [
        (path, one.status_code, one.content, {k: v for k, v in one.headers.items() if k not in volatile})
        for path, one in zip(PAGES, given, strict=True)
    ]


def test_all_pages_of_a_foreign_database_are_the_same_with_and_without_the_plugin(foreign: Path) -> None:
    register()
    with_plugin = answers(foreign)
    name = pm.get_name(plugin)
    pm.unregister(plugin)
    try:
        without = answers(foreign)
    finally:
        pm.register(plugin, name=name)
    for ours, theirs in zip(with_plugin, without, strict=True):
        assert scrubbed(ours) == scrubbed(theirs), ours[0]


def scrubbed(one: tuple[str, int, bytes, dict[str, str]]) -> tuple[object, ...]:
    """Without measured times."""
    path, status, content, headers = one
    text = re.sub(r'[\d.]+ms|"query_ms": [\d.]+|csrftoken" value="[^"]*"', "", content.decode("utf-8", "replace"))
    headers.pop("content-length", None)
    return (path, status, text if "threads.json" not in path else "", headers)


def test_beside_other_databases_the_stock_index_stays_and_ours_has_its_own_address(
    foreign: Path, written: Path
) -> None:
    site = plain(foreign, written)
    index, theirs, threads, listed, thread = ask_all(
        site,
        ["/", "/foreign/posts", "/-/threads", "/-/threads/written/", f"/-/threads/written/t/{shelves.SLUG}"],
    )
    assert "foreign" in index.text
    assert "card" not in index.text
    assert "content-security-policy" not in theirs.headers
    for page in (threads, listed):
        assert f'href="/-/threads/written/t/{shelves.SLUG}"' in page.text
    assert "What the water took" in thread.text
    style = thread.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert ask(site, style).status_code == 200
    assert ask(site, f"/t/{shelves.SLUG}").status_code == 404


def test_several_archives_are_listed(written: Path, captured: Path) -> None:
    site = plain(written, captured)
    text = ask(site, "/-/threads").text
    assert 'href="/-/threads/written/"' in text
    assert 'href="/-/threads/captured/"' in text
    assert ask(site, "/-/threads/nothing/").status_code == 404


def test_a_public_archive_beside_a_foreign_database_closes_its_own_tables_only(foreign: Path, written: Path) -> None:
    site = plain(foreign, written, public=True)
    own, theirs = ask_all(site, ["/written/exchanges.json", "/foreign/posts.json"])
    assert own.status_code == 403
    assert theirs.status_code == 200


def test_an_archive_of_a_newer_release_is_left_to_datasette(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    path.write_bytes(written.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    answer = ask(plain(path), "/")
    assert answer.status_code == 200
    assert "thread-archive/pages" not in answer.text
