"""What follows from texts is made while others may write, in pieces and within a budget."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archiving.test_articles import article_page, setting
from fake_lemmy import Server, thread
from fetching.servers import page
from runs import add, archive_in, rows, v3
from searches import search
from thread_archive.analysis.quotes import Matcher
from thread_archive.archiving import adding, deriving, linking, preparing, reread, targets
from thread_archive.archiving.deriving import VERSION, Derivation
from thread_archive.archiving.redacting import redact
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check

COMMENTS = [f"The ferry *sails* at {hour}, see https://harbour.test/{hour} for all of it." for hour in range(40)]
URL = "http://home.test/post/1"


def stepwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is a piece of its own."""
    monkeypatch.setattr(deriving, "_TEXTS", 1)


def test_nothing_is_made_of_foreign_text_while_the_archive_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: set[str] = set()

    def watched(holder: Any, name: str) -> None:
        right = getattr(holder, name)

        def call(*arguments: Any, **more: Any) -> Any:
            made.add(name)
            with closing(sqlite3.connect(tmp_path / "archive.db", timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
            return right(*arguments, **more)

        monkeypatch.setattr(holder, name, call)

    for holder, name in (
        (deriving, "render"),
        (preparing, "render"),
        (deriving, "render_html"),
        (deriving, "article_of_body"),
        (deriving, "links_in_html"),
        (linking, "extract"),
        (Matcher, "find"),
    ):
        watched(holder, name)
    body = "The harbour *wall* was built anew. " * 40
    with setting(tmp_path, page(article_page()), COMMENTS, body=body) as here:
        assert here.add().article.status == "stored"
        assert made == {"render", "render_html", "article_of_body", "links_in_html", "extract", "find"}
        made.clear()
        reread(here.archive)
        assert made == {"render", "render_html", "article_of_body", "links_in_html", "extract", "find"}


def test_a_thread_over_its_budget_is_stored_and_says_so_and_a_reread_derives_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        with monkeypatch.context() as poor:
            poor.setattr(adding, "Derivation", partial(Derivation, budget=5_000))
            told = add(archive, server, URL)[0]
        underived = rows(archive, "SELECT count(*) FROM comments WHERE derived <> ?", VERSION)[0][0]
        assert 0 < underived < len(COMMENTS)
        assert (told.status, told.exit_code, told.underived) == ("complete", 0, underived)
        assert told.as_json()["comments"]["underived"] == underived
        assert rows(archive, "SELECT count(*) FROM comments WHERE body LIKE 'The ferry%'") == [(len(COMMENTS),)]
        assert rows(archive, "SELECT count(*) FROM links WHERE comment_id IS NOT NULL")[0][0] < len(COMMENTS)
        assert len(search(archive, "ferry", limit=100)) == len(COMMENTS)
        reread(archive)
        assert rows(archive, "SELECT count(*) FROM comments WHERE derived <> ?", VERSION) == [(0,)]
        assert rows(archive, "SELECT count(*) FROM links WHERE comment_id IS NOT NULL") == [(len(COMMENTS),)]
        assert not [finding for finding in check(archive) if not finding.ok]


def test_the_budget_ends_at_the_same_text_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "Derivation", partial(Derivation, budget=5_000))
    left = set()
    for number in range(2):
        with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path, f"{number}.db") as archive:
            add(archive, server, URL)
            left.add(tuple(rows(archive, "SELECT ap_id FROM comments WHERE derived = 0 ORDER BY position")))
    assert len(left) == 1 and left != {()}


def test_another_visit_gets_further_with_what_the_budget_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "Derivation", partial(Derivation, budget=5_000))
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        counts = [add(archive, server, URL)[0].underived for _ in range(6)]
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[1] and counts[-1] == 0


def test_a_thread_that_takes_long_to_derive_does_not_hold_up_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepwise(monkeypatch)
    right = deriving.render

    def slow(*arguments: Any, **more: Any) -> Any:
        time.sleep(0.02)
        return right(*arguments, **more)

    monkeypatch.setattr(deriving, "render", slow)
    monkeypatch.setattr(preparing, "render", slow)
    worlds = [thread(v3("long.test"), [f"*{text}*" for text in COMMENTS * 3]), thread(v3(), ["fine"])]
    with Server(*worlds) as server, archive_in(tmp_path) as archive:
        told = add(archive, server, "http://long.test/post/1", URL)
    assert [receipt.url for receipt in told] == [URL, "http://long.test/post/1"]
    assert [receipt.status for receipt in told] == ["complete", "complete"]


def changed_once(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Have another process `change` something when the fifth text is rendered."""
    right, number = deriving.Matcher.find, iter(range(1_000))

    def find(self: Matcher, *arguments: Any) -> Any:
        if next(number) == 4:
            change()
        return right(self, *arguments)

    monkeypatch.setattr(Matcher, "find", find)


@pytest.fixture(params=["one by one", "at once"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "one by one":
        stepwise(monkeypatch)
    yield


@pytest.mark.usefixtures("pieces")
def test_what_is_redacted_while_a_thread_is_derived_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with archive_in(tmp_path) as other:
            redact(other, targets.pattern("harbour.test"), now=datetime(2026, 4, 1, tzinfo=UTC))

    changed_once(monkeypatch, change)
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT count(*) FROM comments WHERE body_html LIKE '%harbour.test%'") == [(0,)]
        assert rows(archive, "SELECT count(*) FROM links WHERE url LIKE '%harbour.test%'") == [(0,)]
        assert not search(archive, "harbour")
        assert rows(archive, "SELECT DISTINCT derived FROM comments") == [(VERSION,)]


@pytest.mark.usefixtures("pieces")
def test_a_text_that_changes_while_a_thread_is_derived_is_derived_as_it_is_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with Archive.open(tmp_path / "archive.db") as other, other.transaction() as connection:
            connection.execute("UPDATE comments SET body = '**new**', derived = 0, body_html = NULL WHERE id = 2")

    changed_once(monkeypatch, change)
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert "<strong>new</strong>" in rows(archive, "SELECT body_html FROM comments WHERE id = 2")[0][0]
        assert rows(archive, "SELECT count(*) FROM links WHERE comment_id = 2") == [(0,)]
