"""What follows from texts is made anew where older rules made it, in archives that have them already."""

from pathlib import Path

import pytest

from fake_lemmy import Server, thread
from runs import add, archive_in, rows, v3
from searches import search
from thread_archive.archiving import deriving, preparing, reread
from thread_archive.archiving.deriving import VERSION
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content

COMMENTS = ["tide<br>table", "`HashMap<Harbour, Pier>`", "no sign of Markdown", "[file](magnet:?xt=ebb)"]
TEXTS = """SELECT coalesce(body_text, body) FROM comments
           UNION ALL SELECT coalesce(body_text, body) FROM posts ORDER BY 1"""


def add_by_older_rules(archive: Archive, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a release that left out what stands in angle brackets."""
    with monkeypatch.context() as older:
        older.setattr(preparing.Preparation, "go_on", lambda self: False)
        older.setattr(deriving, "VERSION", 2_001)
        older.setattr(deriving, "_unless_same", lambda text, body: body.partition("<")[0] or None)
        add(archive, server, "http://home.test/post/1")


@pytest.mark.parametrize("again", ["add", "reread"])
def test_words_that_older_rules_left_out_are_found_after_the_next_visit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    world = thread(v3(), COMMENTS, post={"body": "#include <berths.h>"})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add_by_older_rules(archive, server, monkeypatch)
        assert "tide<br>table" not in [text for (text,) in rows(archive, TEXTS)]
        assert not search(archive, "berths")
        if again == "add":
            add(archive, server, "http://home.test/post/1")
        else:
            reread(archive)
        for word in ("table", "Harbour", "berths", "magnet"):
            assert len(search(archive, word)) == 1, word
        assert rows(archive, "SELECT DISTINCT derived FROM comments UNION SELECT derived FROM posts") == [(VERSION,)]
        assert not [finding for finding in check(archive) if not finding.ok]


def test_a_thread_without_a_capture_of_its_own_gets_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        add_by_older_rules(archive, server, monkeypatch)
        monkeypatch.setattr("thread_archive.archiving.rereading.captures.was_imported", lambda archive, post_id: True)
        reread(archive)
        assert len(search(archive, "Harbour")) == 1
        assert not [finding for finding in check(archive) if not finding.ok]


def test_what_today_s_rules_made_stays_as_it_is(tmp_path: Path) -> None:
    with Server(thread(v3(), COMMENTS)) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = list(content(archive)), rows(archive, TEXTS)
        add(archive, server, "http://home.test/post/1")
        reread(archive)
        assert (list(content(archive)), rows(archive, TEXTS)) == before
