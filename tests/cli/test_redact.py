"""`thread-archive redact` as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from everything import found_in
from fake_lemmy import Person, Server
from planted import OTHERS, Planted, plant
from runs import add, archive_in
from screens import printed
from terminals import END_OF_FILE, INTERRUPT, Session, typed

PROGRAM = [sys.executable, "-m", "thread_archive.cli", "redact"]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return plant(tmp_path)


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    settings = {name: value for name, value in os.environ.items() if not name.startswith("THREAD_ARCHIVE")}
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=settings,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def typed_in(folder: Path, words: Sequence[str], *answers: str) -> Session:
    """What is on the screen when a person types `answers` to the questions of `redact`."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("THREAD_ARCHIVE")}
    # Nothing that moves, so that the screen is what was written.
    settings["TERM"] = "dumb"
    return typed([*PROGRAM, *words], [("[y/N]: ", text) for text in answers], folder=folder, environment=settings)


def test_without_yes_and_without_a_terminal_it_lists_and_changes_nothing(planted: Planted, tmp_path: Path) -> None:
    listed = run(tmp_path, "--comment", "http://home.test/comment/1")
    assert listed.returncode == 2
    assert planted.words["comment"] in listed.stdout
    assert "nothing was" in listed.stderr
    assert found_in(tmp_path, planted.of("comment")) != {}


def test_a_no_erases_nothing_and_is_no_error(planted: Planted, tmp_path: Path) -> None:
    asked = typed_in(tmp_path, ["--comment", "http://home.test/comment/1"], "n")
    assert asked.returncode == 0
    assert asked.screen.endswith("[y/N]: n\nNothing was erased.\n")
    assert found_in(tmp_path, planted.of("comment")) != {}


@pytest.mark.parametrize("key", [INTERRUPT, END_OF_FILE])
def test_who_stops_at_the_question_is_told_so_on_a_line_of_its_own(planted: Planted, tmp_path: Path, key: str) -> None:
    asked = typed_in(tmp_path, ["--comment", "http://home.test/comment/1"], key)
    assert asked.returncode == 130
    assert asked.screen.endswith("\nthread-archive: Nothing was erased.\n")
    assert found_in(tmp_path, planted.of("comment")) != {}


def test_a_yes_erases(planted: Planted, tmp_path: Path) -> None:
    assert typed_in(tmp_path, ["--comment", "http://home.test/comment/1"], "y").returncode == 0
    assert found_in(tmp_path, planted.of("comment")) == {}


@pytest.mark.parametrize("words", [["--pattern", "zzzzqq"], ["--comment", "http://home.test/comment/99"]])
def test_where_nothing_is_found_nothing_is_asked(planted: Planted, tmp_path: Path, words: list[str]) -> None:
    asked = typed_in(tmp_path, words)
    assert (asked.returncode, asked.screen.count("\n")) == (0, 1)
    assert asked.screen.startswith("Nothing of it is in the archive")
    for more in ((), ("--json",)):
        told = run(tmp_path, *words, *more)
        assert (told.returncode, told.stdout, told.stderr) == (0, "", asked.screen)
    done = run(tmp_path, *words, "--yes")
    assert (done.returncode, done.stdout.startswith("Nothing of it was in the archive.")) == (0, True)


def test_what_was_redacted_already_is_not_asked_for_again(planted: Planted, tmp_path: Path) -> None:
    for words in (["--comment", "http://home.test/comment/1"], ["--thread", "http://home.test/post/1"]):
        assert run(tmp_path, *words, "--yes").returncode == 0
        assert typed_in(tmp_path, words).screen == "Nothing of it is in the archive.\n"


def test_what_stands_only_in_earlier_states_or_kept_answers_is_asked_for(planted: Planted, tmp_path: Path) -> None:
    for word in (planted.words["old_comment"], planted.words["avatar"]):
        asked = typed_in(tmp_path, ["--pattern", word], "y")
        assert (asked.returncode, "earlier states and kept answers" in asked.screen) == (0, True)
        assert found_in(tmp_path, {word}) == {}


def test_somebody_of_whom_there_is_nothing_is_kept_out_if_that_is_wanted(planted: Planted, tmp_path: Path) -> None:
    who = ["--person", "nobody@nowhere.example"]
    question = "Nothing of them is in the archive.\nKeep them out of later visits all the same? [y/N]: "
    refused = typed_in(tmp_path, who, "n")
    assert (refused.returncode, refused.screen) == (0, f"{question}n\nNothing was changed.\n")
    unasked = run(tmp_path, *who)
    assert (unasked.returncode, "would be kept out" in unasked.stderr) == (2, True)
    agreed = typed_in(tmp_path, who, "y")
    assert (agreed.returncode, agreed.screen.startswith(f"{question}y\n")) == (0, True)
    assert "They stay out when threads are added again." in agreed.screen
    assert "kept out already" in typed_in(tmp_path, who).screen


def test_a_pattern_shows_the_passage_that_it_matches_with_some_words_around(planted: Planted, tmp_path: Path) -> None:
    text = f"{'first ' * 40}\n\nCall 555 0199 today {'last ' * 40}"
    planted.world.comments[2].content = text
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
    shown = run(tmp_path, "--pattern", "/555 [0-9]+/").stdout
    assert len(shown.splitlines()) == 2
    settings = {name: text for name, text in os.environ.items() if name != "COLUMNS"} | {"TERM": "dumb"}
    _, screen = printed([*PROGRAM, "--pattern", "/555 [0-9]+/"], tmp_path, columns=80, environment=settings)
    shown = screen.partition("thread-archive:")[0]
    assert "first Call 555 0199 today last" in " ".join(shown.split())
    assert shown.count("http://home.test/comment/2") == 1
    heading, *lines = shown.splitlines()
    assert heading == "comment http://home.test/comment/2"
    assert len(lines) > 1
    assert all(line.startswith("  ") and line[2] != " " and len(line) <= 80 for line in lines)
    assert 0 < shown.count("first ") < 20
    assert 0 < shown.count("last ") < 20


def test_of_many_passages_in_an_item_a_few_are_shown(planted: Planted, tmp_path: Path) -> None:
    planted.world.comments[2].content = "bitten, " * 50
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
    assert run(tmp_path, "--pattern", "bitten").stdout.splitlines()[-1] == "  and more"


def test_the_address_of_an_article_is_listed_once(planted: Planted, tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive, archive.transaction() as connection:
        connection.execute("UPDATE articles SET final_url = url, canonical_url = url, reason = 'x'")
    shown = run(tmp_path, "--pattern", planted.words["article_title"]).stdout
    assert "".join(shown.split()).count(f"news.test/{planted.words['url']}") == 1


def test_with_yes_it_redacts_and_tells_what_stays(planted: Planted, tmp_path: Path) -> None:
    done = run(tmp_path, "--person", f"@{planted.words['name']}@home.test", "--yes", "--reason", "asked by mail")
    assert done.returncode == 0
    assert "1 quotation by others stays; use --pattern to erase it:" in done.stdout
    assert "http://home.test/comment/3" in done.stdout, "the words by which it was found are gone"
    assert found_in(tmp_path, planted.all_but(*OTHERS, "passage")) == {}
    assert found_in(tmp_path, ["asked by mail"]) != {}


def test_json_is_an_object_an_item_and_one_for_all(planted: Planted, tmp_path: Path) -> None:
    done = run(tmp_path, "--thread", "http://home.test/post/1", "--yes", "--json")
    *items, whole = [json.loads(text) for text in done.stdout.splitlines()]
    assert {item["kind"] for item in items} == {"post", "comment", "article", "cross_post"}
    assert all(set(item) == {"kind", "ap_id", "thread", "author"} for item in items)
    assert (whole["kind"], whole["scope"], whole["items"], whole["swept"]) == ("redaction", "thread", len(items), True)


@pytest.mark.parametrize(
    "words",
    [
        ("--person", "nobody"),
        ("--comment", "http://home.test/u/x"),
        ("--thread", "99"),
        ("--pattern", "/(/"),
        ("--person", "a@b.test", "--thread", "1"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_changes_nothing(
    words: tuple[str, ...], planted: Planted, tmp_path: Path
) -> None:
    assert run(tmp_path, *words, "--yes").returncode == 2
    assert found_in(tmp_path, planted.of("comment", "name")).keys() == planted.of("comment", "name")


def test_somebody_who_is_not_in_the_archive_is_kept_out_from_now_on(planted: Planted, tmp_path: Path) -> None:
    planted.world.persons[6] = Person(id=6, ap_id="http://home.test/u/newcomer", name="newcomer", bio="unheardof")
    assert run(tmp_path, "--person", "http://home.test/u/newcomer", "--yes").returncode == 0
    planted.world.comments[3].creator_id = 6
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
    assert found_in(tmp_path, ["newcomer", "unheardof"]) == {}


def test_without_a_target_there_is_nothing_to_do_but_sweep(planted: Planted, tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 0
