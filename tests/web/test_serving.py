"""`serve`: which files it shows, and what it does to them first."""

import lzma
import sqlite3
from pathlib import Path

import httpx
import pytest

import thread_archive.web.serving as serving
from thread_archive.exceptions import ArchiveMissingError, ArchiveUnwritableError, NotAnArchiveError, SchemaVersionError
from thread_archive.store.archive import Archive
from thread_archive.store.schema import VERSION
from web import browsing
from web.datasettes import ask, served

OLD = Path(__file__).parents[2] / "fixtures" / "archives" / "schema-1.db.xz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An archive of schema 1."""
    path = tmp_path / "old.db"
    path.write_bytes(lzma.decompress(OLD.read_bytes()))
    return path


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_archive_is_brought_up_to_date_and_shown(old: Path) -> None:
    with serving.ready(old) as ready:
        assert not ready.immutable
        assert version(old) == VERSION
        (thread, *_) = ask(served(ready.path), "/threads.json").json()["threads"]
        assert ask(served(ready.path), thread["page"]).status_code == 200


def test_one_that_cannot_be_written_is_shown_from_a_copy_and_stays_as_it_is(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.read_bytes()
    refuse_writing(monkeypatch)
    with serving.ready(old) as ready:
        assert ready.immutable
        assert ready.path != old
        assert ready.path.stem == "old"
        site = served(ready.path, immutable=True)
        assert ask(site, "/threads.json").json()["count"] > 0
    assert old.read_bytes() == before
    assert not ready.path.exists()


def test_one_that_cannot_be_written_and_needs_nothing_is_shown_itself(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writing(monkeypatch)
    with serving.ready(written) as ready:
        assert (ready.path, ready.immutable) == (written, True)


def test_what_still_lies_in_the_wal_is_shown(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "busy.db"
    path.write_bytes(written.read_bytes())
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE posts SET title = 'Only in the WAL'")
    writer.commit()
    refuse_writing(monkeypatch)
    with serving.ready(path) as ready:
        assert "Only in the WAL" in ask(served(ready.path, immutable=True), "/").text
    writer.close()


def refuse_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run as root, whom no permission stops."""
    real = Archive.open.__func__  # type: ignore[attr-defined]

    def open_archive(cls: type[Archive], path: Path, *, read_only: bool = False, **more: object) -> Archive:
        if not read_only:
            raise ArchiveUnwritableError(f"{path} cannot be written.", next="")
        return real(cls, path, read_only=True, **more)

    monkeypatch.setattr(Archive, "open", classmethod(open_archive))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    newer = tmp_path / "newer.db"
    with Archive.open(newer, create=True):
        pass
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    refused = {tmp_path / "no.db": ArchiveMissingError, other: NotAnArchiveError, newer: SchemaVersionError}
    for path, error in refused.items():
        with pytest.raises(error), serving.ready(path):
            pass


def test_a_page_that_is_not_there_prints_nothing(written: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving.ready(written) as ready:
        site = serving.datasette_for(ready, public=True)
        assert ask(site, "/nothing/nothing.json").status_code == 404
        assert ask(site, "/written/exchanges").status_code == 403
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("more", [(), ("--public",)])
def test_what_cannot_be_answered_is_said_so_and_prints_nothing(
    written: Path, more: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    # In a process of its own: what is imported first decides whether Datasette answers errors at all.
    with browsing.serving(written, *more, stderr=None) as base:
        tables = 403 if more else 404
        for path, status in (("/nothing", 404), ("/written/nothing", tables), ("/t/nothing", 404), ("/-/nothing", 404)):
            assert httpx.get(base + path).status_code == status, path
        # The newer line of Datasette looks first whether SQL is allowed at all.
        refused = {400, 403} if more else {400}
        assert httpx.get(f"{base}/written?sql=selec", follow_redirects=True).status_code in refused
    told = capfd.readouterr()
    assert "Traceback" not in told.out + told.err
