"""A coarse snapshot with pseudonyms has nothing but its text by which a row can be looked up where it was published."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fake_lemmy import Reply, Server, World, thread
from runs import add, archive_in, v3
from snapshots.building import Noon
from snapshots.forging import copied, forged, found
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Made, Making, make

HOST = "ledgers.example"
URL = f"http://{HOST}/post/1"
KEY = b"k" * 32
FAR = 771_000_001


@pytest.fixture(scope="module")
def world() -> World:
    """A thread whose votes, times and numbers are like no others, and whose texts name servers."""
    made = thread(
        v3(HOST),
        [
            f"see http://{HOST}/pictrs/image/4711-4712.webp, [this](/post/{FAR}), http://{HOST}/comment/{FAR + 1}.",
            Reply(text=f"as !harbour@{HOST} has it, or {HOST.upper()} itself, www.{HOST} too", to=1),
            Reply(text="https://elsewhere.test/a/1 stays; so does 3.14", to=1, fields={"distinguished": True}),
        ],
        post={"title": "Ledgers", "body": f"asked at {HOST}", "url": "https://news.test/ledgers"},
    )
    for number, item in enumerate([*made.posts.values(), *made.comments.values()]):
        item.published = f"2026-03-{5 + number:02}T07:{11 + number}:{37 + number}.123{number:03}Z"
    return made


def bundle(world: World, folder: Path, *, coarse: bool, name: str = "bundle") -> Made:
    with Server(world) as server, archive_in(folder) as archive:
        add(archive, server, URL, clock=Noon())
        with archive.transaction() as connection:
            for table, base in (("posts", 90_000), ("comments", 70_000)):
                connection.execute(
                    f"UPDATE {table} SET score = ?1 + id, upvotes = ?1 + 500 + id, downvotes = ?1 + 800 + id", [base]
                )
            connection.execute("UPDATE posts SET advertised = 60001, edited_at = '2026-03-09T03:04:05.678901Z'")
        making = Making(pseudonyms=KEY, coarse=coarse)
        return make(archive, folder / name, select(archive, Wanted()), making)


def values_in(database: Path) -> Iterator[tuple[str, object]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'")
        for (table,) in tables.fetchall():
            cursor = connection.execute(f"SELECT * FROM {table}")
            for row in cursor:
                for (column, *_), value in zip(cursor.description, row, strict=True):
                    yield f"{table}.{column}", value


def bytes_of(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()).lower()


PLAIN = ("ledgers.example", "4711-4712", "771000001", "harbour@", "t07:1", "03:04:05")


def test_no_time_vote_server_or_number_of_the_published_thread_is_anywhere_in_it(world: World, tmp_path: Path) -> None:
    fine = bundle(world, tmp_path, coarse=False)
    coarse = bundle(world, tmp_path, coarse=True, name="coarse")
    told, left = bytes_of(fine.path), bytes_of(coarse.path)
    assert [word for word in PLAIN if word.encode() not in told] == []
    assert [word for word in (*PLAIN, "771000002") if word.encode() in left] == []
    kept = list(values_in(coarse.path / "archive.db"))
    numbers = [(place, value) for place, value in kept if isinstance(value, int) and value > 50_000]
    assert numbers == []
    times = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z?", " ".join(str(value) for _, value in kept) + left.decode("latin-1"))
    assert {time[10:] for time in times} <= {"T00:00:00.000000Z", "T00:00:00Z"}
    assert not {place for place, _ in kept} & {"local_ids.local_id", "scores.score", "cross_posts.ap_id"}


def test_rows_cannot_be_joined_by_any_value_but_texts_days_and_places(world: World, tmp_path: Path) -> None:
    coarse = bundle(world, tmp_path, coarse=True)
    with closing(sqlite3.connect(tmp_path / "archive.db")) as connection:
        published = {
            str(value)
            for table in ("posts", "comments", "people", "communities", "instances")
            for row in connection.execute(f"SELECT * FROM {table}")
            for value in row
            if value is not None and len(str(value)) > 4
        }
    joined = {place for place, value in values_in(coarse.path / "archive.db") if str(value) in published}
    # What is the same in every archive, and what the README says is the same here.
    common = {"captures.kind", "comments.path", "communities.visibility"}
    texts = {"posts.title", "posts.url", "comments.body", "comments.body_html", "comments.body_text", "links.url",
             "links.text", "articles.url"}  # fmt: skip
    assert joined <= common | texts


def test_it_verifies_and_its_pages_tell_days(world: World, tmp_path: Path) -> None:
    coarse = bundle(world, tmp_path, coarse=True)
    assert [finding.message for finding in verify(coarse.path) if not finding.ok] == []
    (page,) = (path.read_text("utf-8") for path in (coarse.path / "site" / "t").glob("*.html"))
    assert "5 Mar 2026" in page
    assert "5 Mar 2026, " not in page
    assert "points" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_one_that_says_it_is_coarse_and_gives_times_does_not_verify(world: World, tmp_path: Path) -> None:
    fine = copied(bundle(world, tmp_path, coarse=False).path, tmp_path / "fine")
    path = fine / "datapackage.json"
    path.write_text(path.read_text("utf-8").replace('"coarse": false', '"coarse": true'), "utf-8")
    assert found(forged(fine, "")) == ["derived"]


def test_it_says_what_still_joins_it_and_so_does_one_that_is_not_coarse(world: World, tmp_path: Path) -> None:
    for coarse in (False, True):
        made = bundle(world, tmp_path, coarse=coarse, name=f"bundle{coarse}")
        readme = (made.path / "README.txt").read_text("utf-8")
        package = json.loads((made.path / "datapackage.json").read_text("utf-8"))["thread_archive"]
        assert ("exact times" in readme) != coarse
        assert "a search finds them" in readme
        assert all(one in readme for one in package["joined_by"])
        assert package["options"]["coarse"] is coarse


def test_the_same_key_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    first, second = (bundle(world, tmp_path, coarse=True, name=name) for name in ("one", "two"))
    assert first.manifest == second.manifest
    assert bytes_of(first.path) == bytes_of(second.path)
