"""`thread-archive search` as a process: the query language, what is printed, and the two kinds of index."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from judged import Builder
from runs import archive_in


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with archive_in(tmp_path_factory.mktemp("judged")) as archive:
        Builder(archive).build()
        return archive.path


def run(db: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "thread_archive.cli", *words, "--db", str(db)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | environment)


def objects(db: Path, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(db, "search", "--json", *words).stdout.splitlines()]


def test_hits_are_the_contracts_objects_best_first(judged: Path) -> None:
    hits = objects(judged, "helicopter")
    assert [hit["kind"] for hit in hits] == ["comment", "article"]
    assert list(hits[0]) == [
        "kind", "ap_id", "thread", "author", "snippet", "rank", "relevance", "score", "approximate",
    ]  # fmt: skip
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert hits[0]["relevance"] > hits[1]["relevance"]
    assert hits[1]["ap_id"] == hits[1]["thread"] == "https://coast.test/post/ferry"
    assert not any(sign in hit["snippet"] for hit in hits for sign in "\x02\x03")


def test_the_command_line_takes_the_query_language(judged: Path) -> None:
    assert [hit["author"] for hit in objects(judged, "winter author:ulla -kind:post")] == [
        "https://home.test/u/ulla"
    ] * 3
    newest = objects(judged, "community:energy", "--sort", "newest", "--limit", "3")
    assert [hit["kind"] for hit in newest] == ["comment"] * 3
    threads = objects(judged, "--threads", "couchettes sweden")
    assert [thread["thread"] for thread in threads] == ["https://coast.test/post/nightrain"]
    assert list(threads[0]) == ["thread", "title", "rank", "hits"]


def test_help_explains_the_operators(judged: Path) -> None:
    shown = run(judged, "search", "--help").stdout
    for operator in ("author:", "community:", "instance:", "kind:", "before:", "after:", "score:", "depth:", "is:"):
        assert f"  {operator} " in shown


def test_words_that_were_found_are_highlighted_on_a_terminal(judged: Path) -> None:
    shown = run(judged, "search", "seasick", FORCE_COLOR="1", COLUMNS="100").stdout
    assert "\x1b[1;33mseasick\x1b[0m" in shown


def test_words_that_were_found_in_a_title_are_highlighted_too(judged: Path) -> None:
    shown = run(judged, "search", "kind:post ferry", FORCE_COLOR="1").stdout
    headings = [line for line in shown.splitlines() if line[:1].isdigit()]
    assert headings
    assert all("\x1b[1;33m" in heading for heading in headings)


def test_nothing_found_says_what_would_be(judged: Path) -> None:
    ran = run(judged, "search", "acetone helicopter community:islands")
    assert ran.returncode == 0
    assert "Nothing was found." in ran.stdout
    assert "helicopter community:islands  2" in ran.stdout


def test_the_index_can_be_made_of_substrings_and_of_words_again(judged: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(judged.read_bytes())
    assert objects(copy, "umpenheiz") == []
    for index, hits in (("substrings", 1), ("words", 0)):
        ran = run(copy, "reread", "--index", index)
        assert ran.returncode == 0, ran.stderr
        assert len(objects(copy, "umpenheiz")) == hits
        assert len(objects(copy, "helicopter")) == 2
