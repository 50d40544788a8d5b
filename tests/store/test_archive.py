"""Opening an archive: whose file it is, who else is at it, and what is wrong with it, in a person's words."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from subprocess import PIPE
from threading import Timer

import pytest

from damage import damage
from fake_lemmy import Server, grow, thread
from fetching.memory import printed_by
from runs import add, archive_in, rows, v3
from thread_archive.exceptions import (
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveError,
    ArchiveMissingError,
    ArchiveUnwritableError,
    InputError,
    NotAnArchiveError,
    SchemaVersionError,
)
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.descriptions import DESCRIPTIONS
from thread_archive.store.schema import APPLICATION_ID

# Makes the archives whose paths it is told.
MAKER = """
import sys
from pathlib import Path
from thread_archive.store.archive import Archive
for line in sys.stdin:
    Archive.open(Path(line.strip()), create=True).close()
    print("made", flush=True)
"""


def test_a_new_archive_is_marked_as_ours_and_in_wal_mode(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        assert rows(archive, "PRAGMA application_id") == [(APPLICATION_ID,)]
        assert rows(archive, "PRAGMA journal_mode") == [("wal",)]
        assert rows(archive, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]


def test_only_who_may_create_an_archive_does(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissingError):
        Archive.open(tmp_path / "archive.db")
    with pytest.raises(ArchiveMissingError):
        Archive.open(tmp_path / "no" / "folder.db", create=True)
    assert not list(tmp_path.iterdir())


def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE posts (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(NotAnArchiveError):
        Archive.open(path, create=True)
    assert path.read_bytes() == before


def test_a_database_that_another_program_marked_as_its_own_is_refused_though_it_is_empty(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "archive.db")) as foreign:
        foreign.execute("PRAGMA application_id = 77")
    with pytest.raises(NotAnArchiveError, match="another program"):
        archive_in(tmp_path).__enter__()


@pytest.mark.parametrize("statement", ["", "PRAGMA journal_mode = WAL", "PRAGMA user_version = 0"])
def test_an_archive_that_was_never_finished_is_said_to_be_so_and_gone_on_with(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "archive.db"
    path.touch()
    with closing(sqlite3.connect(path)) as begun:
        begun.execute(statement)
    for read_only in (True, False):
        with pytest.raises(ArchiveMissingError, match="never finished"):
            Archive.open(path, read_only=read_only)
    with Archive.open(path, create=True) as archive:
        assert rows(archive, "PRAGMA application_id") == [(APPLICATION_ID,)]


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 2\0" + b"x" * 100])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(content)
    with pytest.raises(NotAnArchiveError):
        Archive.open(path, create=True)
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnArchiveError):
        Archive.open(tmp_path, create=True)


@pytest.mark.parametrize("name", ["x" * 300, "/proc/self/mem"])
def test_a_path_that_the_system_refuses_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveUnwritableError, match="cannot be opened"):
        Archive.open(tmp_path / name, create=True)


def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff%41?#.db")
    for _ in range(2):
        with Archive.open(path, create=True) as archive:
            assert rows(archive, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert path.is_file()


def test_an_archive_of_a_newer_release_is_refused_and_not_altered(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        archive.db.conn.execute("PRAGMA user_version = 99")
    before = (tmp_path / "archive.db").read_bytes()
    with pytest.raises(SchemaVersionError):
        Archive.open(tmp_path / "archive.db")
    assert (tmp_path / "archive.db").read_bytes() == before


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    with (
        archive_in(tmp_path) as archive,
        Archive.open(tmp_path / "archive.db", busy=0.05) as other,
        archive.transaction(),
        pytest.raises(ArchiveBusyError),
        other.transaction(),
    ):
        pass


def test_who_makes_an_archive_waits_for_another_program_that_has_the_new_file(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "archive.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveBusyError):
        Archive.open(tmp_path / "archive.db", create=True, busy=0.05)
    leaving = Timer(0.2, other.execute, ["ROLLBACK"])
    leaving.start()
    with Archive.open(tmp_path / "archive.db", create=True, busy=60) as archive:
        assert rows(archive, "PRAGMA journal_mode") == [("wal",)]
    leaving.join()
    other.close()


def test_several_processes_can_make_one_archive_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKER]
    makers = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) for _ in range(4)]
    pipes = [(maker.stdin, maker.stdout) for maker in makers if maker.stdin and maker.stdout]
    try:
        for number in range(25):
            for stdin, _ in pipes:
                stdin.write(f"{tmp_path / str(number)}.db\n")
            assert [stdout.readline() for _, stdout in pipes] == ["made\n"] * len(makers)
    finally:
        for maker in makers:
            maker.communicate(timeout=60)


def test_an_archive_opened_to_read_cannot_be_written(tmp_path: Path) -> None:
    with archive_in(tmp_path):
        pass
    with (
        Archive.open(tmp_path / "archive.db", read_only=True) as archive,
        pytest.raises(ArchiveUnwritableError),
        archive.transaction(),
    ):
        archive.db.conn.execute("DELETE FROM posts")


def test_a_full_disk_is_said_to_be_full_and_leaves_what_was_whole(tmp_path: Path) -> None:
    first, second = (
        grow(thread(v3("one.test")), 20, Random(1)),
        grow(thread(v3("two.test")), 2000, Random(2)),
    )
    with Server(first, second) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://one.test/post/1")
        pages = rows(archive, "PRAGMA page_count")[0][0]
        archive.db.conn.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(ArchiveUnwritableError, match="full"):
            add(archive, server, "http://two.test/post/1")
        archive.db.conn.execute("PRAGMA max_page_count = 1000000")
        assert rows(archive, "SELECT count(*) FROM posts") == [(1,)]
        (receipt,) = add(archive, server, "http://two.test/post/1")
        assert receipt.stored == 2000


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_damaged_archive_is_found_out_without_a_traceback(tmp_path: Path, place: float) -> None:
    with Server(grow(thread(v3()), 300, Random(1))) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
    path = tmp_path / "archive.db"
    whole = bytearray(path.read_bytes())
    start = int(len(whole) * place)
    whole[start : start + 9000] = b"\xa5" * 9000
    path.write_bytes(whole)
    try:
        with Archive.open(path, read_only=True) as archive:
            assert not all(finding.ok for finding in check(archive))
    except ArchiveDamagedError as error:
        assert isinstance(error, ArchiveError)


def test_an_error_of_a_damaged_file_is_told_as_one_whoever_reads_it(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        pass
    damage(archive.path, "comments")
    with pytest.raises(ArchiveDamagedError, match=r"archive\.db is damaged"), archive_in(tmp_path) as archive:
        archive.db.conn.execute("SELECT count(body) FROM comments")


def test_what_a_damaged_file_makes_a_reader_stumble_over_is_told_as_damage(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        pass
    with pytest.raises(ValueError, match="a sound one"), archive_in(tmp_path):
        raise ValueError("a sound one has a fault of ours")
    damage(archive.path, "comments")
    with pytest.raises(ArchiveDamagedError), archive_in(tmp_path):
        raise ValueError("2026-99-99")
    with pytest.raises(InputError), archive_in(tmp_path):
        raise InputError("No.", next="Ask for something else.")


def test_a_text_that_is_no_text_is_told_as_damage(tmp_path: Path) -> None:
    with pytest.raises(ArchiveDamagedError), archive_in(tmp_path) as archive:
        archive.db.conn.execute("SELECT CAST(x'ff' AS TEXT)").fetchone()


def test_an_archive_whose_tables_are_called_what_is_no_text_is_damaged(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        pass
    whole = archive.path.read_bytes()
    archive.path.write_bytes(whole.replace(b"CREATE TABLE people", b"CREATE TABBE pe\xffple"))
    with pytest.raises(ArchiveDamagedError):
        Archive.open(archive.path)


def test_a_sound_archive_has_only_good_findings(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        assert all(finding.ok for finding in check(archive))


def test_a_visit_is_said_to_be_gone_on_with_only_if_it_began_here(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        archive.db.conn.executemany(
            "INSERT INTO captures (kind, url, status, started_at, owner) VALUES ('visit', ?, 'open', ?, ?)",
            [("http://own.test/post/1", "2026-01-01", "here/1"), ("http://brought.test/post/1", "2026-01-01", None)],
        )
        archive.db.conn.commit()
        told = {finding.path: finding for finding in check(archive) if finding.check == "captures"}
    assert "add` with this URL goes on with it" in told["http://own.test/post/1"].message
    assert "nothing goes on with it" in told["http://brought.test/post/1"].message
    assert all(finding.ok for finding in told.values())


def test_an_index_that_differs_from_the_texts_is_found_out(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        archive.db.conn.execute("UPDATE comments SET body = 'another text'")
        archive.db.conn.commit()
        assert [finding.check for finding in check(archive) if not finding.ok] == ["index"]


def test_checking_the_index_does_not_hold_the_archive_in_memory(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        archive.db.conn.execute("INSERT INTO exchange_bodies VALUES (1, x'00', 0, zeroblob(100000000))")
        archive.db.conn.commit()
    grown = """
import sys
from pathlib import Path
from fetching.memory import peak
from thread_archive.store.archive import Archive
from thread_archive.store.search_index import integrity_problem
with Archive.open(Path(sys.argv[1]), read_only=True) as archive:
    before = peak()
    assert integrity_problem(archive.db.conn) == ""
    print(peak() - before)
"""
    assert printed_by(grown, str(tmp_path / "archive.db")) < 30_000_000


def test_a_changed_answer_is_found_out(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        archive.db.conn.execute(
            "UPDATE exchange_bodies SET body = (SELECT max(body) FROM exchange_bodies) WHERE id = 1"
        )
        archive.db.conn.commit()
        assert [finding.check for finding in check(archive) if not finding.ok] == ["captures"]


def test_every_table_and_column_has_a_sentence_and_no_sentence_is_left_over(tmp_path: Path) -> None:
    ours: dict[str, set[str]] = {}
    with archive_in(tmp_path) as archive:
        for (table,) in rows(archive, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"):
            if not table.startswith(("sqlite_", "_", "search_fts_")):
                columns = rows(archive, f"PRAGMA table_xinfo({table})")
                ours[table] = {row[1] for row in columns if row[6] != 1}  # 1: hidden columns of a virtual table
    assert ours == {table: set(columns) - {""} for table, columns in DESCRIPTIONS.items()}
    assert all(sentence.endswith(".") for columns in DESCRIPTIONS.values() for sentence in columns.values())
