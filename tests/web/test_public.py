"""The doors of a public site, each on its own, on whichever line of Datasette is installed."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shelves
from web.datasettes import ask, ask_all, plain, served

THREAD = f"/t/{shelves.SLUG}"
SECRET = "the combination is 1953"
CLOSED_TABLES = (
    "posts", "comments", "people", "links", "quotes", "articles", "search_content", "instances", "communities",
    "most_active_people", "exchanges", "exchange_bodies", "captures", "post_revisions", "comment_revisions",
    "article_revisions", "redaction_log", "takedowns", "settings", "_sqlite_migrations", "sqlite_master",
    "search_fts_data", "search_fts_content", "search_fts_idx", "EXCHANGES",
)  # fmt: skip
GAP = {"id": "gap/0", "instance": None, "local_id": None, "parent": None, "depth": 1, "reason": "not_public"}


@pytest.fixture(scope="module")
def open_archive(tmp_path_factory: pytest.TempPathFactory, written: Path) -> Path:
    """An archive in which nothing is restricted."""
    path = tmp_path_factory.mktemp("open") / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET restricted = 0")
    return path


@pytest.mark.parametrize("make", [served, plain])
def test_what_only_a_login_gave_is_in_no_page_document_or_table(make, written: Path) -> None:
    owner, public = make(written), make(written, public=True)
    paths = ["/", THREAD, f"{THREAD}?sort=new", f"{THREAD}?sort=old", f"{THREAD}?sort=top", f"{THREAD}.json",
             f"{THREAD}.json?shape=tree", f"{THREAD}.atom", "/written", "/written/comments", "/written/comments.json",
             "/written/comments/6", "/written/comments.csv",
             "/written/search_content.json?_search=combination"]  # fmt: skip
    assert SECRET in ask(owner, THREAD).text
    assert SECRET in ask(owner, "/written/comments").text
    for path, answer in zip(paths, ask_all(public, paths), strict=True):
        assert SECRET not in answer.text, path
        assert "1953." not in answer.text or "stayed for nine days" in answer.text, path


def test_a_restricted_comment_that_was_answered_leaves_a_place(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET restricted = 1 WHERE body LIKE '%grandfather%'")
    text = ask(served(path, public=True), THREAD).text
    assert "grandfather" not in text
    assert "A comment is not shown here" in text
    assert "He never said so" in text
    assert "tobias_oak" not in text.partition("He never said so")[0].partition('id="discussion"')[2]


@pytest.mark.parametrize("shape", ["", "?shape=tree"])
def test_a_restricted_comment_that_was_answered_leaves_a_place_in_json_too(
    written: Path, tmp_path: Path, shape: str
) -> None:
    """Otherwise its answers would look like answers to the post; one that nobody answered leaves none."""
    path = tmp_path / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET restricted = 1 WHERE body LIKE '%grandfather%'")
        (secret,) = connection.execute("SELECT ap_id FROM comments WHERE body LIKE '%grandfather%'").fetchone()
    answer = ask(served(path, public=True), f"{THREAD}.json{shape}")
    assert secret not in answer.text
    items = answer.json()["items"] if not shape else list(flat(answer.json()["tree"]))
    gaps = [item for item in items if item["kind"] == "gap"]
    assert [{name: gap[name] for name in GAP} for gap in gaps] == [GAP]
    answers = [item for item in items if item.get("depth") == 2]
    assert {item["parent"] for item in answers} == {"gap/0"}
    assert "He never said so." in {item["body"] for item in answers}


def flat(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield item
    for reply in item["replies"]:
        yield from flat(reply)


@pytest.mark.parametrize("make", [served, plain])
def test_whoever_asks_in_their_profile_not_to_be_archived_is_left_out_of_a_public_site(
    make, open_archive: Path, tmp_path: Path
) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(open_archive, path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            """UPDATE people SET bio = 'Sailor. #NoArchive'
               WHERE id = (SELECT creator_id FROM comments WHERE body LIKE '%grandfather%')"""
        )
    owner, public = make(path), make(path, public=True)
    paths = [THREAD, f"{THREAD}.json", f"{THREAD}.atom", "/search?q=grandfather", "/search.json?q=grandfather",
             "/search.atom?q=grandfather", "/written/comments.json"]  # fmt: skip
    assert all("my grandfather" in answer.text.replace("<mark>", "") for answer in ask_all(owner, [THREAD]))
    for where, answer in zip(paths, ask_all(public, paths), strict=True):
        assert "my grandfather" not in answer.text.replace("<mark>", ""), where
    assert "He never said so" in ask(public, THREAD).text
    assert ask(owner, "/written/comments.json").status_code == 200


def test_a_restricted_thread_is_not_there(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE posts SET restricted = 1")
    public = served(path, public=True)
    assert "What the water took" not in ask(public, "/").text
    for answer in ask_all(public, [THREAD, f"{THREAD}.json", f"{THREAD}.atom"]):
        assert answer.status_code == 404
    assert ask(served(path), THREAD).status_code == 200


@pytest.mark.parametrize("make", [served, plain])
@pytest.mark.parametrize("table", CLOSED_TABLES)
def test_every_table_and_query_is_closed(make, table: str, open_archive: Path) -> None:
    public = make(open_archive, public=True)
    paths = (f"/written/{table}", f"/written/{table}.json", f"/written/{table}/1", f"/written/{table}.csv")
    for answer in ask_all(public, paths):
        assert answer.status_code in (403, 404)


@pytest.mark.parametrize(
    "path",
    ["/written?sql=select+1", "/written.json?sql=select+1", "/written/-/query?sql=select+1",
     "/written/-/query.json?sql=select+1", "/written/posts.json?_where=1=1", "/written.db",
     "/written.csv?sql=select+1",
     "/written/posts.csv?_stream=on", "/written/posts.csv?_stream=", "/-/databases",
     "/-/databases.json", "/-/config", "/-/settings",
     "/-/settings.json", "/-/plugins.json", "/-/versions.json", "/-/threads", "/-/threads.json", "/-/metadata.json",
     "/-/actor.json", "/-/auth-token", "/-/logout", "/-/permissions", "/-/messages", "/-/allow-debug", "/-/patterns",
     "/%2D/databases",
     "/-/api", "/-/create-token", "/-/schema", "/-/tasks.json", "/-/queries", "/-/jump.json", "//-/databases.json"],
)  # fmt: skip
@pytest.mark.parametrize("make", [served, plain])
def test_sql_downloads_streams_paths_and_logins_are_closed(make, path: str, open_archive: Path) -> None:
    public = make(open_archive, public=True)
    answer = ask(public, path)
    refused = answer.status_code in (400, 403, 404, 302, 405)
    # An unknown address of the file's page, or a query nobody looks at, may show the page itself: but no rows.
    assert refused, (path, answer.status_code, answer.text[:500])
    assert str(open_archive.parent) not in answer.text


def test_a_public_site_is_for_reading_only_and_not_for_search_engines(open_archive: Path) -> None:
    public = served(open_archive, public=True)
    assert ask(public, "/written/posts", method="post").status_code == 405
    page = ask(public, THREAD)
    assert "noindex" in page.headers["x-robots-tag"]
    assert '<meta name="robots" content="noindex' in page.text
    assert "Disallow: /" in ask(public, "/robots.txt").text
    assert "noindex" in ask(public, "/written/posts").headers["x-robots-tag"]


def test_the_owner_sees_all_of_it(open_archive: Path) -> None:
    owner = served(open_archive)
    for path in ("/written/exchanges", "/written/post_revisions", "/-/databases.json", "/robots.txt"):
        assert ask(owner, path).status_code == (404 if path == "/robots.txt" else 200), path
    sql = ask(owner, "/written.json?sql=select+42+as+answer&_shape=array")
    assert sql.status_code in (200, 302)


def test_a_file_of_another_version_is_closed_too(open_archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    shutil.copyfile(open_archive, path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    public = plain(path, public=True)
    assert ask(public, "/written/exchanges.json").status_code == 403
    assert ask(public, "/-/databases.json").status_code == 404
