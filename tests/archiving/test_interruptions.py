"""Interrupted, killed, two at once: nothing that was stored is lost or asked for again."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Server, World, faults, grow, mirror, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.store.dump import content

# A whole process, so that it can be killed; the recorded names are found at the server's port.
PROGRAM = """
import sys
from pathlib import Path
from thread_archive.archiving import Adding, Options
from thread_archive.fetching.client import Client
from thread_archive.store.archive import Archive
port, db, url = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with Archive.open(db, create=True) as archive, Client(
    rate=0, allow_private_network=True, resolver=lambda host, asked: [("127.0.0.1", port)]
) as client:
    for receipt in Adding(archive, client, options=Options(allow_private_network=True)).add([url]):
        sys.exit(receipt.exit_code)
"""


def start(server: Server, db: Path, url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(server.port), str(db), url])


def worlds() -> tuple[list[World], str]:
    home = grow(thread(v3("home.test")), 130, Random(8))
    copy = mirror(home, v4("mirror.test"), without=[17])
    # Page by page, so that there are many boundaries.
    home.posts[1].body = "A long story. " * 4000
    return [home, copy], "http://mirror.test/post/1001"


def test_killed_at_any_request_the_same_command_goes_on_and_repeats_none(tmp_path: Path) -> None:
    made, url = worlds()
    with Server(*made) as server:
        with archive_in(tmp_path, "whole.db") as archive:
            add(archive, server, url)
            whole = list(content(archive))
        requests = len(server.requests)
        assert requests >= 12
        for number in range(1, requests + 1):
            db = tmp_path / f"killed-{number}.db"
            server.requests.clear()
            server.faults.clear()
            process = None
            killed = threading.Event()

            def kill(killed: threading.Event = killed) -> None:
                process.send_signal(signal.SIGKILL)  # noqa: B023
                process.wait()  # noqa: B023
                killed.set()

            server.faults.before_request(number, kill)
            process = start(server, db, url)
            assert killed.wait(20)
            server.faults.clear()
            first = [request.target for request in server.requests]
            with archive_in(tmp_path, db.name) as archive:
                committed = {target for (target,) in rows(archive, "SELECT url FROM exchanges")}
            server.requests.clear()
            second = start(server, db, url)
            assert second.wait(20) == 0
            again = [f"http://{request.domain}{request.target}" for request in server.requests]
            assert not committed & set(again)
            # At most the one that was under way, and the one before it, whose answer was being committed.
            assert len(first) + len(again) <= requests + 2
            with archive_in(tmp_path, db.name) as archive:
                assert list(content(archive)) == whole


def test_killed_while_the_thread_is_written_the_archive_has_none_of_it_and_the_next_visit_all(tmp_path: Path) -> None:
    made, url = worlds()
    with Server(*made) as server, archive_in(tmp_path) as archive:
        killer = KILL_WHILE_WRITING.format(program=PROGRAM)
        process = subprocess.run([sys.executable, "-c", killer, str(server.port), str(archive.path), url])
        assert process.returncode == -signal.SIGKILL
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]
        before = len(server.requests)
        (receipt,) = add(archive, server, url)
        assert receipt.stored == 130
        assert len(server.requests) == before


KILL_WHILE_WRITING = """
import os, signal
from thread_archive.store import writing
def dying(*_, **__):
    # All comments are in the transaction, their votes are not.
    os.kill(os.getpid(), signal.SIGKILL)
writing.write_scores = dying
{program}
"""


def test_two_adds_at_once_on_one_archive_both_succeed(tmp_path: Path) -> None:
    world = grow(thread(v3("home.test")), 400, Random(8))
    with Server(world) as server:
        server.faults.latency = 0.02
        with archive_in(tmp_path) as archive:
            running = [start(server, archive.path, "http://home.test/post/1") for _ in range(2)]
            assert [process.wait(60) for process in running] == [0, 0]
            assert rows(archive, "SELECT status FROM captures") == [("complete",), ("complete",)]
            assert rows(archive, "SELECT count(*) FROM comments") == [(400,)]
            twice = list(content(archive))
        with archive_in(tmp_path, "once.db") as archive:
            add(archive, server, "http://home.test/post/1")
            assert list(content(archive)) == twice


@pytest.mark.parametrize("fault", [faults.dies(), faults.unavailable(None)])
def test_a_server_that_fails_midway_leaves_what_came_for_the_next_try(tmp_path: Path, fault: faults.Change) -> None:
    world = grow(thread(v3("home.test")), 400, Random(8))
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(fault, path="comment/list", at=range(4, 1000))
        (receipt,) = add(archive, server, "http://home.test/post/1", patience=0.05)
        assert (receipt.status, receipt.exit_code) == ("failed", 3)
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]
        server.faults.clear()
        server.requests.clear()
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.stored) == ("complete", 400)
        assert "page=4" in server.targets()[0]


@pytest.mark.parametrize("instance", [v3(version="0.18.4"), v3(), v4()], ids=["0.18", "0.19", "1.0"])
@pytest.mark.parametrize(
    "refusal",
    [
        faults.says("", 404),
        faults.says('{"error":"couldnt_get_comments"}', 400),
        faults.says('{"error":"unknown"}', 400),
    ],
)
def test_what_was_refused_once_is_asked_for_again_and_what_was_given_is_not(
    tmp_path: Path, instance: Instance, refusal: faults.Change
) -> None:
    with Server(grow(thread(instance), 30, Random(8))) as server, archive_in(tmp_path) as archive:
        server.faults.add(refusal, path="comment/list")
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.exit_code) == ("failed", 3)
        server.faults.clear()
        server.requests.clear()
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, receipt.stored) == ("complete", 30)
        assert "/comment/list" in server.targets()[0]


def test_a_host_that_cannot_be_reached_leaves_no_trace_of_a_visit(tmp_path: Path) -> None:
    with Server(thread(v3("home.test"))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://nowhere.test/post/1", patience=0.05)
        assert receipt.exit_code == 3
        assert rows(archive, "SELECT count(*) FROM captures") == [(0,)]


def test_ctrl_c_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    world = grow(thread(v3("home.test")), 400, Random(8))
    with Server(world) as server:
        db = tmp_path / "archive.db"
        interrupted = threading.Event()
        server.faults.before_request(9, lambda: (os.kill(process.pid, signal.SIGINT), interrupted.set()))
        process = start(server, db, "http://home.test/post/1")
        assert interrupted.wait(20)
        assert process.wait(20) != 0
        server.faults.clear()
        with archive_in(tmp_path) as archive:
            assert rows(archive, "SELECT count(*) >= 6 FROM exchanges") == [(1,)]
            (receipt,) = add(archive, server, "http://home.test/post/1")
            assert receipt.stored == 400


def test_a_visit_that_nobody_began_here_is_not_gone_on_with(tmp_path: Path) -> None:
    url = "http://home.test/post/1"
    with Server(thread(v3("home.test"))) as server, archive_in(tmp_path) as archive:
        with archive.transaction() as connection:
            connection.execute(
                "INSERT INTO captures (kind, url, status, started_at) VALUES ('snapshot', ?, 'open', 'at noon')", [url]
            )
        (receipt,) = add(archive, server, url)
        assert receipt.status == "complete"
        assert rows(archive, "SELECT kind, status FROM captures") == [("snapshot", "open"), ("visit", "complete")]
