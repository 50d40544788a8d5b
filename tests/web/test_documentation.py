"""docs/reference/pages.md: what it promises is what is answered."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

import shelves
from thread_archive.slugs import slug
from web.datasettes import ask, plain

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "pages.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## `(/[^`]*json[^`]*)`\n.*?```json\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)


def test_all_examples_are_found() -> None:
    assert len(EXAMPLES) == TEXT.count("```json") >= 3


@pytest.mark.parametrize(("path", "example"), EXAMPLES)
def test_an_example_has_the_fields_and_values_that_are_answered(path: str, example: str, written: Path) -> None:
    answered = ask(plain(written), path.replace("SLUG", shelves.SLUG)).json()
    promised = json.loads(example)
    assert list(answered) == list(promised)
    for name, value in promised.items():
        if name in ("items", "tree", "captured_at"):
            continue
        if name == "threads":
            for theirs, ours in zip(answered[name], value, strict=True):
                assert list(theirs) == list(ours)
                assert theirs | {"captured_at": ""} == ours | {"captured_at": ""}
        else:
            assert answered[name] == value, name


@pytest.mark.parametrize(
    "query",
    ["instance=home.test", "community=harbour", "community=!harbour@home.test", "author=mara_finch@home.test",
     "author=MARA_FINCH", "since=2026", "since=2026-03-01&until=2026-03-01", "until=2026-03", "status=complete",
     "sort=captured", "sort=new", "sort=old", "sort=comments", "sort=score"],
)  # fmt: skip
def test_a_filter_finds_the_thread(query: str, written: Path) -> None:
    assert ask(plain(written), f"/threads.json?{query}").json()["count"] == 1


@pytest.mark.parametrize(
    "query",
    ["instance=other.test", "community=attic", "community=harbour@other.test", "author=tobias_oak", "since=2027",
     "until=2026-02-28", "status=partial"],
)  # fmt: skip
def test_a_filter_leaves_the_thread_out(query: str, written: Path) -> None:
    assert ask(plain(written), f"/threads.json?{query}").json()["count"] == 0
    assert "No thread matches." in ask(plain(written), f"/?{query}").text


def test_pages_of_the_list_follow_one_another(tmp_path: Path) -> None:
    path = shelves.written(tmp_path)
    with sqlite3.connect(path) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(posts)")]
        copied = ", ".join(name for name in names if name not in ("id", "slug", "ap_id"))
        for number in range(2, 130):
            ap_id = f"http://home.test/post/{number}"
            connection.execute(
                f"INSERT INTO posts (slug, ap_id, {copied}) SELECT ?, ?, {copied} FROM posts LIMIT 1",
                [slug(ap_id), ap_id],
            )
            connection.execute(
                """INSERT INTO captures (kind, url, post_id, status, started_at)
                   SELECT 'visit', url, (SELECT max(id) FROM posts), 'complete', started_at FROM captures LIMIT 1"""
            )
    site, address, seen = plain(path), "/threads.json?sort=new&author=mara_finch", []
    while address:
        document = ask(site, address).json()
        seen += [thread["slug"] for thread in document["threads"]]
        address = document["next"]
    assert len(seen) == len(set(seen)) == 129
