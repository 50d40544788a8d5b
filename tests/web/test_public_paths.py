"""A public site, asked at every address that Datasette's own router knows: it tells nothing but our pages."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import shelves
from web.datasettes import ask, ask_all, plain, served

THREAD = f"/t/{shelves.SLUG}"
HIDDEN_BODY, HIDDEN_NAME, HIDDEN_PLACE = "Zwergbirke", "hiddenperson", "hiddenplace"
# What stands for a part of an address, by the name that the router gives it.
PARTS = {
    "database": ("written", "_memory", "~77ritten"),
    "table": ("comments", "exchanges", "longest_threads"),
    "query": ("longest_threads",),
    "pks": ("6",),
    "format": ("json", "csv", "md"),
    "path": ("app.css",),
    "rest": ("/x",),
}
QUERIES = (
    "", "sql=select+name,sql+from+sqlite_master", "_extra=count,columns,table_definition,database_schema,debug,query",
    "_shape=array&_labels=on&_nocount=0", "_facet=deleted&_search=Zwergbirke", "_stream=on&_size=max", "q=Zwergbirke",
    "table=comments&database=written&schema=1", "_trace=1&_context=1", "_size=0&_json=body",
)  # fmt: skip
TOLD = ("CREATE TABLE", "CREATE VIEW", "exchange_bodies", "redaction_log", "comment_revisions", "search_fts",
        "row_count", "hidden_count", "_sqlite_migrations")  # fmt: skip


@pytest.fixture(scope="module")
def hiding(tmp_path_factory: pytest.TempPathFactory, written: Path) -> Path:
    """An archive with a comment, a person and a community of which a public site must not tell."""
    path = tmp_path_factory.mktemp("hiding") / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET restricted = 0")
        (hidden,) = connection.execute("SELECT max(id) FROM comments WHERE ap_id IS NOT NULL").fetchone()
        connection.execute("UPDATE comments SET body = ?, body_html = ?, restricted = 1 WHERE id = ?",
                           [HIDDEN_BODY, f"<p>{HIDDEN_BODY}</p>", hidden])  # fmt: skip
        copy_row(connection, "people", name=HIDDEN_NAME, ap_id=f"https://hidden.test/u/{HIDDEN_NAME}", id=900)
        connection.execute("UPDATE comments SET creator_id = 900 WHERE id = ?", [hidden])
        copy_row(connection, "communities", name=HIDDEN_PLACE, ap_id=f"https://hidden.test/c/{HIDDEN_PLACE}", id=900)
    return path


def copy_row(connection: sqlite3.Connection, table: str, **other: object) -> None:
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()) | other
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])


def routes(site: Any) -> Iterator[str]:
    """Every address that the router knows, with each of PARTS where it has a part of that name."""
    found = site._routes() if hasattr(site, "_routes") else site.get_routes()
    for pattern, _ in found:
        text = getattr(pattern, "pattern", pattern)
        optional = (
            re.sub(r"\(((?:[^()]|\([^()]*\))*)\)\?", r"\1", text),
            re.sub(r"\((?:[^()]|\([^()]*\))*\)\?", "", text),
        )
        for form in dict.fromkeys(optional):
            names = re.findall(r"\(\?P<(\w+)>", form)
            for values in product(*(PARTS.get(name, (shelves.SLUG,)) for name in names)):
                given = iter(values)
                path = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", lambda _, given=given: next(given), form)
                yield re.sub(r"\(\?:(\w+)\|\w+\)", r"\1", path.strip("^$").replace("/?", "/")).replace("\\", "")


def is_page(path: str) -> bool:
    page = rf"/(\.json|\.atom)?|/(threads|index)\.\w+|/search(\.\w+)?|/t/{shelves.SLUG}(\.\w+)?"
    return re.fullmatch(f"{page}|/robots.txt|/favicon.ico", path) is not None


@pytest.mark.parametrize("make", [served, plain])
def test_at_no_address_of_datasettes_router_is_there_anything_but_our_pages(make: Any, hiding: Path) -> None:
    site = make(hiding, public=True)
    paths = sorted(set(routes(site)))
    assert len(paths) > 100
    asked = [path if not query else f"{path}?{query}" for path in paths for query in ("", QUERIES[2])]
    for path, answer in zip(asked, ask_all(site, asked), strict=True):
        tells_nothing(path, answer)
        if not is_page(path.partition("?")[0]):
            assert answer.status_code in (403, 404), (path, answer.status_code)
            assert len(answer.text) < 50


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "path",
    ["/", "/.json", "/.atom", THREAD, f"{THREAD}.json", f"{THREAD}.atom", "/search", "/search.json", "/search.atom",
     "/written", "/written.json", "/written/-/schema", "/-/schema.json", "/-/jump.json", "/-/databases.json"],
)  # fmt: skip
def test_whatever_a_page_is_asked_it_tells_nothing_that_is_hidden(path: str, query: str, hiding: Path) -> None:
    tells_nothing(path, ask(served(hiding, public=True), f"{path}?{query}"))


def tells_nothing(path: str, answer: Any) -> None:
    # What was asked for is repeated in the search box.
    text = answer.text.replace('value="Zwergbirke"', "").replace("q=Zwergbirke", "").replace("for Zwergbirke", "")
    for word in (*TOLD, HIDDEN_NAME, HIDDEN_PLACE, f"<p>{HIDDEN_BODY}", f'body": "{HIDDEN_BODY}'):
        assert word not in text, (path, word)


def test_comments_that_are_hidden_are_not_counted(hiding: Path) -> None:
    owner, public = served(hiding), served(hiding, public=True)
    (all_of_it,), (shown,) = (ask(site, "/threads.json").json()["threads"] for site in (owner, public))
    assert shown["comments"] == all_of_it["comments"] - 1
    for path in ("/", THREAD, f"{THREAD}?sort=new"):
        numbers = re.findall(r"(\d+) comments?\b", re.sub("<[^>]+>", "", ask(public, path).text))
        assert numbers, path
        assert str(all_of_it["comments"]) not in numbers, path
    assert "gave" in ask(owner, THREAD).text.partition('id="copy"')[2]
    assert "gave" not in ask(public, THREAD).text.partition('id="copy"')[2]


def test_nothing_is_counted_less_where_nothing_is_hidden(hiding: Path, tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(hiding, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET restricted = 0")
    for page in (THREAD, "/"):
        words = [re.sub("<[^>]+>", "", ask(served(path, public=public), page).text) for public in (False, True)]
        counts = [re.findall(r"\d+ comments?\b|gave \d+", text) for text in words]
        assert counts[0] == counts[1]


def test_joined_databases_are_closed_too(hiding: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    sql = "sql=select+body+from+written.comments"
    paths = (f"/_memory.json?{sql}", f"/_memory/-/query.json?{sql}", f"/_memory?{sql}")
    for answer in ask_all(plain(hiding, other, public=True, crossdb=True), paths):
        assert answer.status_code == 403
    found = ask_all(plain(hiding, other, crossdb=True), paths[:2])
    assert any(HIDDEN_BODY in answer.text for answer in found)


def test_the_index_beside_other_databases_does_not_name_a_public_archive(hiding: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    site = plain(hiding, other, public=True)
    for path in ("/", "/.json"):
        text = ask(site, path).text
        assert "other" in text
        assert "written" not in text
    assert ask(site, f"/-/threads/written{THREAD}").status_code == 200


@pytest.mark.parametrize("become", ["gone", "broken"])
def test_the_doors_stay_closed_while_the_file_cannot_be_looked_at(become: str, hiding: Path, tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(hiding, path)
    site = served(path, public=True)
    assert ask(site, "/").status_code == 200
    if become == "gone":
        path.rename(tmp_path / "elsewhere.db")
    else:
        path.write_bytes(b"x" * 4096)
    for where in ("/written/exchanges.json", "/written/comments", "/-/databases.json", "/written.db"):
        assert ask(site, where).status_code in (403, 404), where
    assert ask(site, "/", host="attacker.example").status_code == 421
