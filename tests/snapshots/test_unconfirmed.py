"""What neither the thread's home nor its own host gave is marked for its owner, and shared only where that is asked."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fake_lemmy import Reply, Server, mirror, say, thread
from programs import PROGRAM, settings
from runs import add, archive_in, rows, v3
from snapshots.test_taken_back import on_public_pages, public_answers
from snapshots.test_withdrawn import everything_in
from thread_archive.slugs import slug
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.importing import import_snapshot
from thread_archive.snapshots.selection import Wanted, hidden, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.archive import Archive
from web.datasettes import ask, served

URL, MIRROR, FORGED = "http://home.test/post/1", "http://mirror.test/post/1001", "http://home.test/comment/777"
PAGE = f"/t/{slug(URL)}"


@contextmanager
def with_a_forged_comment(folder: Path, *, home: bool = True) -> Iterator[Archive]:
    """A thread of whose comments one is known to a mirror alone, and has a reply there."""
    world = thread(v3(), ["an honest lighthouse"])
    copy = mirror(world, v3("mirror.test"))
    for ident, reply in ((777, Reply(text="a forged zeppelin")), (778, Reply(text="a reply about airships", to=1002))):
        comment = say(copy, reply, post_id=1001)
        comment.ap_id, comment.local = f"http://home.test/comment/{ident}", False
    with Server(world, copy) as server, archive_in(folder) as archive:
        add(archive, server, MIRROR, home=home)
        yield archive


def run(folder: Path, *arguments: str) -> str:
    """What a verb prints of the archive in `folder`."""
    started = [*PROGRAM, *arguments, "--db", str(folder / "archive.db")]
    return subprocess.run(started, capture_output=True, text=True, check=True, env=settings()).stdout


@pytest.mark.parametrize("include", [False, True], ids=["left out", "included"])
def test_a_snapshot_has_it_only_where_it_is_asked_for(tmp_path: Path, include: bool) -> None:
    with with_a_forged_comment(tmp_path) as archive:
        posts = select(archive, Wanted(unconfirmed=include))
        bundle = make(archive, tmp_path / "bundle", posts, Making(unconfirmed=include)).path
        unconfirmed = hidden(archive, Wanted(unconfirmed=include), posts)[2]
    assert [finding.message for finding in verify(bundle) if not finding.ok] == []
    text = everything_in(bundle)
    assert "lighthouse" in text
    assert [word in text for word in ("zeppelin", "airships", "comment/777")] == [include] * 3
    assert unconfirmed.comments == (0 if include else 2)
    with archive_in(tmp_path, "other.db") as other:
        assert [one.status for one in import_snapshot(other, bundle, now=datetime.now(UTC))] == ["new"]
        marks = rows(other, "SELECT attested_by, unconfirmed FROM comments WHERE ap_id = ?", FORGED)
        # The mark comes along; whom the maker of a snapshot names as a witness does not.
        assert marks == ([(None, 1)] if include else [])


def test_a_public_site_shows_it_only_where_it_is_asked_for(tmp_path: Path) -> None:
    with with_a_forged_comment(tmp_path):
        pass
    words = ("lighthouse", "zeppelin", "airships")
    assert on_public_pages(tmp_path / "archive.db", words) == {"lighthouse"}
    assert "comment/777" not in "".join(text for _, text in public_answers(tmp_path / "archive.db", ()))
    site = served(tmp_path / "archive.db", public=True)
    assert ask(site, "/threads.json").json()["threads"][0]["comments"] == 1
    assert "complete: 1 comment" in ask(site, PAGE).text
    shown = ask(served(tmp_path / "archive.db", public=True, unconfirmed=True), PAGE).text
    assert "a forged zeppelin" in shown


def test_its_owner_sees_it_with_a_mark_everywhere(tmp_path: Path) -> None:
    with with_a_forged_comment(tmp_path):
        pass
    site = served(tmp_path / "archive.db")
    assert ask(site, PAGE).text.count(">unconfirmed<") == 2
    assert ">unconfirmed<" in ask(site, "/search?q=zeppelin").text
    items = [json.loads(line) for line in run(tmp_path, "show", URL, "--json").splitlines()]
    told = {item["ap_id"]: (item["attested_by"], item["unconfirmed"]) for item in items}
    assert told[FORGED] == (["mirror.test"], True)
    assert told[URL] == told["http://home.test/comment/1"] == (None, None)
    assert "[unconfirmed: mirror.test shows it" in run(tmp_path, "show", URL)
    assert "  unconfirmed" in run(tmp_path, "search", "zeppelin")
    assert "unconfirmed" in run(tmp_path, "export", URL, "--format", "md")
    line = next(line for line in run(tmp_path, "export", URL, "--format", "csv").splitlines() if FORGED in line)
    assert line.endswith(",mirror.test,1")
    said = run(tmp_path, "snapshot", str(tmp_path / "bundle"), "--no-site")
    assert "left out: 2 comments that nobody confirms who could (--include-unconfirmed takes them along)" in said


def test_a_thread_that_rests_on_a_mirrors_word_says_so(tmp_path: Path) -> None:
    with with_a_forged_comment(tmp_path, home=False) as archive:
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making()).path
    site = served(tmp_path / "archive.db")
    assert "mirror.test only: neither the thread’s home nor the post’s own host has told of it." in ask(site, PAGE).text
    assert "[attested by mirror.test only" in run(tmp_path, "show", URL)
    assert "attested by" in run(tmp_path, "export", URL, "--format", "md")
    assert "zeppelin" in everything_in(bundle), "what servers say whose home is silent is shared"
    assert [finding.message for finding in verify(bundle) if not finding.ok] == []


def test_a_pseudonymised_snapshot_does_not_say_who_attests_it(tmp_path: Path) -> None:
    with with_a_forged_comment(tmp_path, home=False) as archive:
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making(pseudonyms=b"k" * 32)).path
    assert [finding.message for finding in verify(bundle) if not finding.ok] == []
    with open_snapshot(bundle / "archive.db") as connection:
        assert connection.execute("SELECT max(attested_by) FROM comments").fetchone() == (None,)
