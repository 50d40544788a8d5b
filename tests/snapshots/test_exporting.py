"""One thread in one file: whole, and harmless to whoever opens it."""

import csv
import io
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from browsers import browser
from fake_lemmy import Reply, Server, grow, thread
from runs import add, archive_in, rows, v3
from snapshots.building import ONE, derive, fill, worlds
from thread_archive.snapshots.exporting import export
from thread_archive.store.archive import Archive
from thread_archive.store.reading import thread_items


def exported(archive: Archive, form: str) -> str:
    post_id = rows(archive, "SELECT id FROM posts WHERE ap_id = ?", ONE)[0][0]
    return "".join(export(archive, post_id, form))


@pytest.fixture
def archive(tmp_path: Path) -> Any:
    with Server(*worlds()) as server, archive_in(tmp_path) as made:
        fill(made, server)
        derive(made)
        yield made


def test_jsonl_is_what_show_prints(archive: Archive) -> None:
    post_id = rows(archive, "SELECT id FROM posts WHERE ap_id = ?", ONE)[0][0]
    objects = [json.loads(line) for line in exported(archive, "jsonl").splitlines()]
    assert objects == [item.fields for item in thread_items(archive, post_id)]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=", "＝"])
def test_no_cell_of_a_table_is_a_formula(tmp_path: Path, start: str) -> None:
    world = thread(v3("one.test"), [f'{start}"; and, so on\nhere'], post={"title": f"{start} title"})
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        table = list(csv.DictReader(io.StringIO(exported(made, "csv"), newline="")))
    assert len(table) == 2
    assert table[1]["body"] == f"'{start}\"; and, so on\nhere"
    assert not [cell for row in table for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_text_shows_who_answers_whom_and_nothing_that_was_taken_back(archive: Archive) -> None:
    text = exported(archive, "md")
    assert text.startswith("# Iron lighthouses\n\n<https://example.org/article>\n")
    assert "\n> > A lighthouse of iron\n>\n> Not of stone?\n" in text
    assert "*deleted by its author*" in text
    assert "moderated" not in text
    assert "> > *A comment is missing here" in text


def test_a_page_needs_nothing_beside_it_and_has_every_comment_once(tmp_path: Path) -> None:
    world = grow(thread(v3("one.test")), 900, Random(7), length=(20, 400))
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        page = exported(made, "html")
    ids = re.findall(r' id="(c-[a-z2-7]{16})"', page)
    assert len(ids) == len(set(ids)) == 900
    # What goes on at the end of the page is linked to there.
    assert (
        set(re.findall(r'href="#(b-[a-z2-7]{16})"', page)) == set(re.findall(r' id="(b-[a-z2-7]{16})"', page)) != set()
    )
    assert not re.findall(r'(?:src|href)="(?!https?://|#|data:)[^"]+"', page)
    path = tmp_path / "thread.html"
    path.write_text(page, "utf-8")
    with browser() as chromium:
        opened = chromium.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.goto(path.as_uri())
        assert "900 comments" in opened.inner_text("main")
        assert opened.evaluate("getComputedStyle(document.querySelector('.c')).position") == "relative"
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert not wrong


def test_a_page_shows_the_article_and_runs_nothing_of_strangers(tmp_path: Path) -> None:
    world = thread(
        v3("one.test"), [Reply(text="</script><script>alert(1)</script>")], post={"title": "</title><script>"}
    )
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        page = exported(made, "html")
    assert page.count("<script>") == 1
    assert "alert(1)</script>" not in page
