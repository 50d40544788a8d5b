"""One thread in one file: whole, and harmless to whoever opens it."""

import csv
import io
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from markdown_it import MarkdownIt

from browsers import browser
from fake_lemmy import Reply, Server, grow, thread
from runs import add, archive_in, rows, v3
from snapshots.building import ONE, derive, fill, worlds
from thread_archive.snapshots.exporting import FORMATS, export
from thread_archive.store.archive import Archive
from thread_archive.store.article_writing import empty_page
from thread_archive.store.reading import thread_items


def exported(archive: Archive, form: str, *, raw: bool = False) -> str:
    post_id = rows(archive, "SELECT id FROM posts WHERE ap_id = ?", ONE)[0][0]
    return "".join(export(archive, post_id, form, raw=raw))


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
    # An end of a line is written in one way.
    assert table[1]["body"] == f"'{start}\"; and, so on\nhere".replace("\r", "\n")
    assert not [cell for row in table for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


STEERING = "\x1b]0;x\x07\x9b31m\u202e\u2066\u2028\U000e0041"


@pytest.mark.parametrize("start", ["\u202e=1+1", "\x1b=1", "\ufeff@SUM(A1)", "\U000e0041-1", "\x07\t=1"])
def test_what_is_left_out_hides_no_formula(tmp_path: Path, start: str) -> None:
    with Server(thread(v3("one.test"), [start])) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        table = list(csv.DictReader(io.StringIO(exported(made, "csv"), newline="")))
        raw = list(csv.DictReader(io.StringIO(exported(made, "csv", raw=True), newline="")))
    assert table[1]["body"].startswith("'")
    assert raw[1]["body"] == start


@pytest.mark.parametrize("form", FORMATS)
def test_no_export_steers_who_shows_it_unless_every_character_is_asked_for(tmp_path: Path, form: str) -> None:
    world = thread(v3("one.test"), [f"a{STEERING}b"], post={"title": f"Title{STEERING}", "body": f"c{STEERING}d" * 200})
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        clean, raw = exported(made, form), exported(made, form, raw=True)
    for sign in set(STEERING) - set("]0;x31mA"):
        assert sign not in clean, f"U+{ord(sign):04X}"
    assert "\u202e" in raw
    if form == "jsonl":
        assert [json.loads(line) for line in clean.splitlines()] == [
            json.loads(line) for line in raw.split("\n") if line
        ]


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "\U000e0041", "\u2028"])
def test_what_is_left_out_of_a_text_lets_nothing_out_of_its_place(tmp_path: Path, hidden: str) -> None:
    """A sign that is whole only without it would begin a block that goes on to the end of the file."""
    bodies = [f"`{hidden}``\n\nopen", f"<{hidden}script>", f"a\u2028# Heading{hidden}", "the end"]
    with Server(thread(v3("one.test"), bodies)) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        text, page = exported(made, "md"), exported(made, "html")
    html = MarkdownIt("commonmark").render(text)
    assert "<p>the end</p>" in html.partition("open")[2]
    assert html.count("<h1>") == 1
    assert "<script>" not in page.partition("<main")[2]


def test_the_text_shows_who_answers_whom_and_nothing_that_was_taken_back(archive: Archive) -> None:
    text = exported(archive, "md")
    assert text.startswith("# Iron lighthouses\n\n<https://example.org/article>\n")
    assert "\n>\n>   > A lighthouse of iron\n>\n>   Not of stone?\n" in text
    assert "*deleted by its author*" in text
    assert "moderated" not in text
    assert "\n> > - *A comment is missing here (one.test names it 5): the server erased it" in text


def test_the_article_is_in_every_format(archive: Archive) -> None:
    told = {
        "kind": "article", "url": "https://example.org/article", "site": "Example", "title": "On iron",
        "author_name": "A. Smith", "published_at": None, "body": "Iron rusts.\n\nStone does not.", "status": "stored",
    }  # fmt: skip
    post, article, *comments = (json.loads(line) for line in exported(archive, "jsonl").splitlines())
    assert (post["kind"], article) == ("post", told)
    assert "article" not in {comment["kind"] for comment in comments}
    row = list(csv.DictReader(io.StringIO(exported(archive, "csv"), newline="")))[1]
    assert {name: value for name, value in row.items() if value} == {k: v for k, v in told.items() if v}
    text = "- **A. Smith** · Example · <https://example.org/article>\n\n  Iron rusts.\n\n  Stone does not.\n"
    assert f"\n## On iron\n\n{text}" in exported(archive, "md")
    assert '<p dir="auto" id="p2">Stone does not.</p>' in exported(archive, "html")


def test_an_article_whose_text_was_taken_out_is_in_no_format(archive: Archive) -> None:
    assert all("Iron rusts" in exported(archive, form) for form in FORMATS)
    with archive.transaction() as connection:
        empty_page(connection, rows(archive, "SELECT id FROM posts WHERE ap_id = ?", ONE)[0][0], capture_id=1)
    for form in FORMATS:
        assert "rusts" not in exported(archive, form)
    assert "article" not in {json.loads(line)["kind"] for line in exported(archive, "jsonl").splitlines()}


def test_what_answers_a_gap_names_it(tmp_path: Path) -> None:
    """Two gaps side by side, one of them below a third, and one that no server has a number for."""
    world = thread(
        v3("one.test"),
        [
            Reply(text="lost 1"),
            Reply(text="lost 2", to=1),
            Reply(text="below two gaps", to=2),
            Reply(text="lost 4"),
            Reply(text="below another", to=4),
            Reply(text="below that", to=5),
        ],
    )
    for lost in (1, 2, 4):
        del world.comments[lost]
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        with made.transaction() as connection:
            connection.execute("DELETE FROM local_ids WHERE local_id = 4 AND of_comment = 1")
        objects = [json.loads(line) for line in exported(made, "jsonl").splitlines()]
        table = list(csv.DictReader(io.StringIO(exported(made, "csv"), newline="")))
    told = [(it["kind"], it.get("id") or it["ap_id"], it["parent"], it["depth"]) for it in objects[1:]]
    comment = "http://one.test/comment/{}".format
    assert told == [
        ("gap", "one.test/comment/1", None, 1),
        ("gap", "one.test/comment/2", "one.test/comment/1", 2),
        ("comment", comment(3), "one.test/comment/2", 3),
        ("gap", "gap/3", None, 1),
        ("comment", comment(5), "gap/3", 2),
        ("comment", comment(6), comment(5), 3),
    ]
    assert [(it["instance"], it["local_id"]) for it in objects if it["kind"] == "gap"][1:] == [
        ("one.test", 2),
        (None, None),
    ]
    assert [
        (row["kind"], row["id"] or row["ap_id"], row["parent"] or None, int(row["depth"])) for row in table[1:]
    ] == told


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


@pytest.mark.parametrize("lost", [range(9, 10), range(8, 12), range(1, 14)])
def test_what_lies_deep_below_gaps_is_on_the_page(tmp_path: Path, lost: range) -> None:
    """A branch that goes on elsewhere is linked to by the comment above it, which a gap has no address for."""
    world = thread(v3("one.test"), [Reply(text=f"level {depth}", to=depth - 1 or None) for depth in range(1, 31)])
    for number in lost:
        del world.comments[number]
    with Server(world) as server, archive_in(tmp_path) as made:
        add(made, server, ONE)
        page = exported(made, "html")
    shown = [int(level) for level in re.findall(r"<p dir=\"auto\">level (\d+)</p>", page)]
    assert set(shown) == set(range(1, 31)) - set(lost)


def test_an_exported_page_runs_its_own_script_and_no_other(archive: Archive, tmp_path: Path) -> None:
    with archive.transaction() as connection:
        connection.execute(
            "UPDATE comments SET body_html = '<script>document.title = `PWNED`</script><b onclick=x>y</b>'"
        )
    path = tmp_path / "thread.html"
    path.write_text(exported(archive, "html"), encoding="utf-8")
    with browser() as chrome:
        page = chrome.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        assert page.title() != "PWNED"
        assert page.locator("button.theme").is_visible(), "its own script did not run"
        assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
        assert all("script" in one for one in said)
