"""The command line, as processes: what it prints, where, and how it ends."""

import json
import os
import pty
import re
import resource
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from damage import damage
from fake_lemmy import Instance, Reply, Server, faults, grow, thread
from programs import PROGRAM, settings
from screens import printed
from thread_archive.archiving import Receipt
from thread_archive.cli import VERBS
from thread_archive.cli.add import report

EVIL = "\x1b]0;gotcha\x07\x1b[31mred\u202e [bold]markup[/bold] \u2066x"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    instance = Instance(domain=f"127.0.0.1:{server.port}")
    comments = ["a lighthouse", Reply(text=EVIL, to=1), Reply(text="gone", to=1, fields={"removed": True})]
    server.add(grow(thread(instance, comments, post={"title": f"Boats {EVIL}"}), 20, Random(3)))
    with server:
        yield server


def run(folder: Path, *words: str, text: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        env=settings(**environment),
        timeout=60,
    )


def added(folder: Path, server: Server, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    url = f"http://127.0.0.1:{server.port}/post/1"
    return run(folder, "add", "--allow-private-network", "--rate", "100", url, *words, **environment)


@pytest.fixture
def archive(tmp_path: Path, server: Server) -> Path:
    assert added(tmp_path, server).returncode == 0
    return tmp_path


def on_screen(folder: Path, columns: int, *words: str, **environment: str) -> str:
    """What a run prints in a terminal so wide, without colours."""
    code, text = printed([*PROGRAM, *words], folder, columns=columns, environment=settings(**environment))
    assert code == 0, text
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_help_lists_every_verb_and_imports_nothing_that_takes_time(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help")
    assert shown.returncode == 0
    for verb in ("add", "ls", "show", "search", "serve", "login", "logout", "reread", "doctor", "demo"):
        assert f"  {verb} " in shown.stdout
        assert run(tmp_path, verb, "--help").returncode == 0
    loaded = (
        "import sys; sys.argv[1:] = ['--help']\nfrom thread_archive.cli import main\ntry: main()\nexcept SystemExit: "
    )
    code = loaded + "print(sorted({'click', 'rich', 'httpx', 'sqlite_utils', 'msgspec'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.endswith("[]\n")


def test_add_prints_a_receipt_on_stdout_and_nothing_on_stderr(tmp_path: Path, server: Server) -> None:
    ran = added(tmp_path, server)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "23 comments stored, 1 of them withdrawn" in ran.stdout
    assert "images are kept as links only" in ran.stdout


def test_add_json_has_exactly_the_contracts_fields(tmp_path: Path, server: Server) -> None:
    (receipt,) = objects(added(tmp_path, server, "--json").stdout)
    assert set(receipt) == {
        "url", "thread", "title", "asked_for", "status", "changed", "exit_code", "error", "captured_at", "sources",
        "comments", "article", "revisions_added", "requests", "bytes", "seconds",
    }  # fmt: skip
    assert set(receipt["sources"][0]) == {
        "instance", "software", "version", "is_home", "advertised", "received", "tombstones", "lacked", "requests",
        "drift", "error",
    }  # fmt: skip
    assert set(receipt["comments"]) == {"stored", "tombstones", "missing", "unexplained"}
    assert set(receipt["article"]) == {"status", "url", "reason"}
    assert (receipt["status"], receipt["changed"], receipt["exit_code"]) == ("complete", True, 0)
    assert receipt["captured_at"].endswith("Z")


def test_several_urls_are_all_tried_and_the_largest_code_is_returned(tmp_path: Path, server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}"
    ran = run(
        tmp_path, "add", "--json", "--allow-private-network", "--rate", "100", "nonsense", f"{base}/post/1",
        f"{base}/post/999", f"{base}/post/1?again",
    )  # fmt: skip
    told = {receipt["url"]: receipt for receipt in objects(ran.stdout)}
    assert ran.returncode == 3
    assert len(told) == 4
    assert told["nonsense"]["exit_code"] == 2
    assert told[f"{base}/post/999"]["error"]["type"] == "ThreadGoneError"
    assert told[f"{base}/post/1?again"]["status"] == "complete"


def test_several_urls_end_with_what_became_of_all(tmp_path: Path, server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}"
    urls = ["nonsense", f"{base}/post/1", f"{base}/post/999", f"{base}/post/1?again", f"{base}/comment/2", "nothing"]
    for taken in (urls, urls[:3]):
        ran = run(tmp_path, "add", "--allow-private-network", "--rate", "100", *taken)
        failed = {6: 3, 3: 2}[len(taken)]
        assert ran.stdout.splitlines()[-1] == f"1 thread archived, {failed} failed; 23 comments in all."
    assert "in all" not in added(tmp_path, server).stdout
    assert "in all" not in run(tmp_path, "add", "--json", *urls[:1], *urls[-1:]).stdout


def test_a_thread_that_was_not_given_whole_is_told_apart_in_the_end() -> None:
    receipts = [
        Receipt(url="a", status="partial", thread="https://a.test/post/1", stored=2),
        Receipt(url="b", status="complete", thread="https://b.test/post/1", stored=1200),
    ]
    printed = StringIO()
    with redirect_stdout(printed):
        assert report(receipts, as_json=False) == 0
    assert printed.getvalue().splitlines()[-1] == "2 threads archived (1 in part); 1,202 comments in all."


def test_a_password_in_an_address_is_shown_to_nobody(tmp_path: Path) -> None:
    for words in ([], ["--json"]):
        ran = run(tmp_path, "add", *words, "https://me:hunter2@lemmy.example/post/1")
        assert ran.returncode == 2
        assert "@lemmy.example" in ran.stdout and "hunter2" not in ran.stdout + ran.stderr


def test_a_password_in_a_query_is_shown_to_nobody(tmp_path: Path, server: Server) -> None:
    for words in ([], ["--json"]):
        ran = added(tmp_path, server, f"http://127.0.0.1:{server.port}/post/1?x=//me:hunter2@lemmy.example", *words)
        assert ran.returncode == 0
        assert "hunter2" not in ran.stdout + ran.stderr
    ran = run(tmp_path, "show", "https://me:p/hunter2@lemmy.example/post/1")
    assert (ran.returncode, "hunter2" in ran.stderr) == (2, False)


def test_where_nothing_is_the_address_of_a_thread_each_is_told_and_no_archive_is_made(tmp_path: Path) -> None:
    for words in (["foo"], ["foo", "https://lemmy.example/"], ["x"] * 9):
        ran = run(tmp_path, "add", "--json", "--db", "n.db", *words)
        assert [receipt["exit_code"] for receipt in objects(ran.stdout)] == [2] * len(words)
        assert [receipt["url"] for receipt in objects(ran.stdout)] == words
        assert ran.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_rate_that_is_no_number_is_refused(tmp_path: Path) -> None:
    ran = run(tmp_path, "add", "--rate", "nan", "https://lemmy.example/post/1")
    assert (ran.returncode, "nan" in ran.stderr) == (2, True)


def test_a_port_that_nobody_can_be_sent_to_is_refused(tmp_path: Path) -> None:
    ran = run(tmp_path, "serve", "--port", "0")
    assert (ran.returncode, "port" in ran.stderr) == (2, True)


def test_urls_come_from_standard_input_with_comments_left_out(tmp_path: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/post/1"
    ran = run(tmp_path, "add", "--json", "--allow-private-network", "--rate", "100", "-", text=f"# mine\n\n  {url}  \n")
    assert [receipt["url"] for receipt in objects(ran.stdout)] == [url]
    assert run(tmp_path, "add", "-", text="# nothing\n").returncode == 2


def test_a_line_of_standard_input_may_hold_words_around_its_url(tmp_path: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/post/1"
    lines = [f"- A title: <{url}>.", "[link](" + url + ") by Mara"]
    ran = run(tmp_path, "add", "--json", "--allow-private-network", "--rate", "100", "-", text="\n".join(lines))
    assert [receipt["url"] for receipt in objects(ran.stdout)] == lines
    assert ran.returncode == 0


def test_a_line_that_is_no_text_is_refused_and_the_others_are_added(tmp_path: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/post/1"
    command = [*PROGRAM, "add", "--json", "--allow-private-network", "--rate", "100", "-"]
    lines = b"\xff\xfe\n" + url.encode() + b"\n"
    environment = settings(PYTHONIOENCODING="utf-8")
    ran = subprocess.run(command, cwd=tmp_path, input=lines, capture_output=True, env=environment)
    assert [receipt["exit_code"] for receipt in objects(ran.stdout.decode())] == [2, 0]
    assert ran.returncode == 2


def test_a_byte_order_mark_before_the_first_url_is_no_part_of_it(tmp_path: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/post/1"
    ran = run(
        tmp_path, "add", "--json", "--allow-private-network", "--rate", "100", "-",
        text=f"\ufeff{url}\r\n", PYTHONIOENCODING="utf-8",
    )  # fmt: skip
    assert [receipt["url"] for receipt in objects(ran.stdout)] == [url]
    assert ran.returncode == 0


@pytest.mark.parametrize(
    ("words", "streams", "told"),
    [
        ("show 1", "> /dev/full", "Standard output cannot be written (No space left on device)."),
        ("ls --json", "> /dev/full", "Standard output cannot be written (No space left on device)."),
        ("export 1 --format csv", "> /dev/full", "Standard output cannot be written (No space left on device)."),
        ("show 1", ">&-", "Standard output cannot be written (it is closed)."),
        ("add -", "<&-", "There was no URL on standard input."),
        ("add -", "<&- >&-", "Standard output cannot be written (it is closed)."),
        ("add -", "0> new", "Standard input cannot be read (Bad file descriptor)."),
    ],
)
def test_a_stream_that_cannot_be_used_is_told_in_a_line(archive: Path, words: str, streams: str, told: str) -> None:
    command = f"{sys.executable} -m thread_archive.cli {words} {streams}"
    for unbuffered in ("", "1"):
        settings = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        ran = subprocess.run(
            ["bash", "-c", command], cwd=archive, capture_output=True, text=True, timeout=60, env=settings
        )
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.startswith(f"thread-archive: {told}")
        assert ran.stderr.count("\n") == 1


def test_what_nobody_is_to_be_told_does_not_come_among_the_results(archive: Path, server: Server) -> None:
    command = f"{sys.executable} -m thread_archive.cli ls --json --nonsense 2>&-"
    ran = subprocess.run(["bash", "-c", command], cwd=archive, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (2, "")


def test_every_verb_takes_the_archives_path(tmp_path: Path) -> None:
    for verb in VERBS:
        ran = run(tmp_path, verb, "--db", "x.db", "--help")
        assert (ran.returncode, ran.stderr) == (0, ""), verb


def test_a_comments_url_says_which_comment_was_asked_for(tmp_path: Path, server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}"
    ran = run(tmp_path, "add", "--json", "--allow-private-network", "--rate", "100", f"{base}/comment/2")
    (receipt,) = objects(ran.stdout)
    assert (receipt["asked_for"], receipt["comments"]["stored"]) == (f"{base}/comment/2", 23)


def test_text_from_outside_cannot_steer_the_terminal_or_be_taken_for_markup(archive: Path, server: Server) -> None:
    outputs = [
        run(archive, *words, FORCE_COLOR="1").stdout
        for words in (("ls",), ("show", "1"), ("search", "markup"), ("search", "--threads", "markup"))
    ] + [added(archive, server, FORCE_COLOR="1").stdout]
    for output in outputs:
        assert "[bold]markup[/bold]" in re.sub(r"\x1b\[[0-9;]*m", "", output).replace("\n", " ")
        # Colours of our own are the only escapes.
        assert not re.search("[\x07\u202e\u2066]", output)
        assert "gotcha" in output
        assert "\x1b]" not in output


@pytest.mark.parametrize("form", ["md", "csv", "jsonl", "html"])
def test_what_is_exported_cannot_steer_a_terminal_and_a_pipe_gets_it_word_for_word_where_it_asks(
    archive: Path, form: str
) -> None:
    words = [*PROGRAM, "export", "1", "--format", form]
    piped = subprocess.run(words, cwd=archive, capture_output=True, timeout=60).stdout.decode()
    assert "gotcha" in piped
    assert not re.search("[\x1b\x80-\x9f\u202e]", piped)
    raw = subprocess.run([*words, "--raw"], cwd=archive, capture_output=True, timeout=60).stdout.decode()
    assert "\u202e" in raw
    assert ("\x1b]0;" in raw) == (form != "jsonl")
    screen, terminal = pty.openpty()
    process = subprocess.Popen(words, cwd=archive, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    # Linux tells the end of what a terminal shows by an error.
    with suppress(OSError):
        while piece := os.read(screen, 65536):
            shown += piece
    os.close(screen)
    assert process.wait(timeout=60) == 0
    assert b"gotcha" in shown
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown.decode())


def test_what_is_no_terminal_gets_a_line_for_a_line_without_blanks_at_its_end(archive: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/post/1"
    for words in (("ls",), ("doctor",), ("show", "1"), ("search", "lighthouse")):
        text = run(archive, *words, COLUMNS="20").stdout
        assert not re.search("[ \t]$", text, re.MULTILINE), words
    listed = run(archive, "ls", COLUMNS="20").stdout.splitlines()
    assert len(listed) == 2
    assert "[bold]markup[/bold] x" in listed[1]
    assert all(line.startswith("ok ") for line in run(archive, "doctor", COLUMNS="20").stdout.splitlines())
    assert f"  {url}" in added(archive, server, COLUMNS="20").stdout.splitlines()
    failed = run(archive, "add", "--allow-private-network", f"{url}99", COLUMNS="20")
    assert f"failed  {url}99" in failed.stdout.splitlines()


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_ls_names_title_and_community_whole_in_a_terminal_of_any_width(
    archive: Path, server: Server, columns: int
) -> None:
    lines = [line.rstrip() for line in on_screen(archive, columns, "ls").splitlines()]
    text = " ".join(line.strip() for line in lines)
    assert len(lines) <= 4
    assert all(len(line) <= columns for line in lines)
    assert "Boats" in text and "[bold]markup[/bold]" in text
    assert f"@127.0.0.1:{server.port}" in text


def test_show_json_prints_the_post_then_comments_in_thread_order(archive: Path) -> None:
    post, *comments = objects(run(archive, "show", "1", "--json").stdout)
    assert (post["kind"], post["depth"], post["parent"]) == ("post", 0, None)
    assert set(post) - set(comments[0]) == {"title", "url", "community", "locked", "nsfw", "featured", "cross_posts"}
    assert set(comments[0]) == {
        "kind", "ap_id", "parent", "depth", "author", "author_name", "body", "published_at", "edited_at", "score",
        "upvotes", "downvotes", "deleted", "removed", "distinguished", "is_op", "is_moderator", "is_admin", "is_bot",
        "language", "instance", "purged_at", "attested_by", "unconfirmed",
    }  # fmt: skip
    seen: dict[str, int] = {}
    for comment in comments:
        assert comment["depth"] == (seen[comment["parent"]] + 1 if comment["parent"] else 1)
        seen[comment["ap_id"]] = comment["depth"]
    removed = [comment for comment in comments if comment["removed"]]
    assert [comment["body"] for comment in removed] == [""]


def test_show_says_how_deep_a_reply_is_that_is_not_indented_further(tmp_path: Path) -> None:
    server = Server()
    chain = ["at the top", *(Reply(text=f"level {depth}", to=depth - 1) for depth in range(2, 17))]
    server.add(thread(Instance(domain=f"127.0.0.1:{server.port}"), chain))
    with server:
        assert added(tmp_path, server).returncode == 0
    for lines, deepest in (
        (run(tmp_path, "show", "1").stdout.splitlines(), 13),
        (on_screen(tmp_path, 40, "show", "1").splitlines(), 6),
    ):
        for depth in range(2, 17):
            at = next(number for number, line in enumerate(lines) if line.strip() == f"level {depth}")
            assert lines[at].index("level") == (min(depth, deepest) - 1) * 2
            signed = any(line.strip().startswith(f"↳ {depth}  ") for line in lines[at - 3 : at])
            assert signed == (depth > deepest)
        assert not any(line.endswith("score") for line in lines)


def test_a_thread_is_found_by_id_ap_id_and_any_url(archive: Path, server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}"
    wanted = run(archive, "show", "1").stdout
    for text in (f"{base}/post/1", f"{base}/comment/2", f"127.0.0.1:{server.port}/post/1?x#y"):
        assert run(archive, "show", text).stdout == wanted
    missing = run(archive, "show", "77")
    assert (missing.returncode, missing.stdout) == (2, "")


def test_ls_and_search_print_what_the_contract_says(archive: Path) -> None:
    (listed,) = objects(run(archive, "ls", "--json").stdout)
    assert set(listed) == {"id", "ap_id", "title", "community", "instance", "comments", "status", "captured_at"}
    (hit,) = objects(run(archive, "search", "lighthouse", "--json").stdout)
    assert set(hit) == {
        "kind", "ap_id", "thread", "author", "snippet", "rank", "relevance", "score", "approximate",
    }  # fmt: skip
    nothing = run(archive, "search", "zeppelin")
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing was found.\n")
    assert run(archive, "search", "zeppelin", "--json").stdout == ""


def test_verbs_that_read_create_nothing_and_say_that_there_is_no_archive(tmp_path: Path) -> None:
    for words in (("ls",), ("show", "1"), ("search", "x"), ("doctor",), ("reread",), ("serve",)):
        ran = run(tmp_path, *words)
        assert ran.returncode == 5, words
        assert "There is no archive at archive.db" in ran.stderr
        assert ran.stdout == ""
    assert not list(tmp_path.iterdir())


def test_the_archive_is_named_by_an_option_or_the_environment(tmp_path: Path, server: Server) -> None:
    assert added(tmp_path, server, "--db", "mine.db").returncode == 0
    assert added(tmp_path, server, THREAD_ARCHIVE_DB="yours.db").returncode == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"mine.db", "yours.db"}
    assert run(tmp_path, "ls", THREAD_ARCHIVE_DB="yours.db").returncode == 0


@pytest.mark.parametrize(
    "words", [("frobnicate",), ("add",), ("show",), ("ls", "--nonsense"), ("search", "x", "--limit", "0")]
)
def test_what_cannot_be_understood_ends_with_2_and_no_traceback(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = run(tmp_path, *words)
    assert ran.returncode == 2
    assert ran.stderr.startswith("thread-archive: ")
    assert "Traceback" not in ran.stderr


def test_arguments_that_are_no_text_end_with_2(archive: Path) -> None:
    ran = subprocess.run([*PROGRAM, "show", b"\xff\xfe"], cwd=archive, capture_output=True, timeout=60)
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr


def test_a_terminal_without_unicode_gets_stand_ins(archive: Path) -> None:
    ran = run(archive, "show", "1", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("words", [("show", "1"), ("show", "1", "--json"), ("ls",), ("doctor",)])
def test_a_closed_pipe_ends_a_run_quietly_with_a_code_of_its_own(archive: Path, words: tuple[str, ...]) -> None:
    command = f"{shlex.join([*PROGRAM, *words])} | true; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], cwd=archive, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_doctor_finds_a_sound_archive_sound_and_rereads_a_copy(archive: Path) -> None:
    ran = run(archive, "doctor", "--deep", "--json")
    assert ran.returncode == 0
    assert {finding["check"] for finding in objects(ran.stdout)} == {
        "versions", "file", "schema", "references", "index", "captures", "threads", "redaction", "reread",
    }  # fmt: skip
    assert all(set(finding) == {"check", "ok", "path", "message"} for finding in objects(ran.stdout))


def test_doctor_says_so_where_there_is_no_room_for_a_copy(archive: Path) -> None:
    with closing(sqlite3.connect(archive / "archive.db")) as connection:
        # More than SQLite holds of a temporary file in memory.
        connection.execute("INSERT INTO exchange_bodies (digest, size, body) VALUES (x'00', 0, zeroblob(4000000))")
        connection.commit()
    ran = subprocess.run(
        [*PROGRAM, "doctor", "--deep", "--json"],
        cwd=archive,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)),
    )
    assert (ran.returncode, ran.stderr) == (5, "")
    told = {finding["check"]: finding for finding in objects(ran.stdout)}
    assert not told["index"]["ok"]
    assert "no copy could be made" in told["index"]["message"]
    assert not told["reread"]["ok"]
    assert re.search(r"copy\.db cannot .*disk", told["reread"]["message"])
    assert told["threads"]["ok"]


def test_a_damaged_archive_is_named_whatever_is_done_with_it(archive: Path, server: Server) -> None:
    damage(archive / "archive.db", "local_ids")
    for ran in (added(archive, server), run(archive, "snapshot", "copy")):
        assert ran.returncode == 5
        assert "thread-archive: archive.db is damaged" in ran.stderr


def test_an_archive_that_lacks_a_table_is_named_by_add_and_the_table_by_doctor(archive: Path, server: Server) -> None:
    with closing(sqlite3.connect(archive / "archive.db")) as connection:
        connection.execute("DROP TABLE local_ids")
    ran = run(archive, "doctor", "--json")
    wrong = [finding for finding in objects(ran.stdout) if not finding["ok"]]
    assert ran.returncode == 5
    assert {finding["check"] for finding in wrong} == {"schema"}
    assert "local_ids" in {finding["path"] for finding in wrong}
    ran = added(archive, server)
    assert ran.returncode == 5
    assert "archive.db is damaged (no such table: " in ran.stderr
    assert "thread-archive doctor" in ran.stderr


@pytest.mark.parametrize("words", [("doctor", "--json"), ("doctor",)])
def test_findings_go_where_they_are_sent_while_a_terminal_shows_progress(archive: Path, words: tuple[str, ...]) -> None:
    command = shlex.join([*PROGRAM, *words]) + " > findings"
    code, shown = printed(["bash", "-c", command], archive, columns=80, environment=settings())
    assert code == 0
    assert "references" not in shown
    assert "references" in (archive / "findings").read_text()


def test_doctor_counts_one_of_a_thing_in_the_singular(archive: Path) -> None:
    assert "1 thread, each as its receipt says" in run(archive, "doctor").stdout


def test_reread_says_what_it_did(archive: Path) -> None:
    assert run(archive, "reread", "--json").stdout == '{"threads": 1, "captures": 1}\n'


def test_an_interrupted_add_says_that_nothing_is_lost(tmp_path: Path, server: Server) -> None:
    server.faults.latency = 0.3
    url = f"http://127.0.0.1:{server.port}/post/1"
    try:
        command = [*PROGRAM, "add", "--allow-private-network", "--rate", "100", url]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        count = len(server.requests)
        while len(server.requests) < count + 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    finally:
        server.faults.latency = 0
    assert process.returncode == 130
    assert "goes on from there" in told
    assert "Traceback" not in told
    assert added(tmp_path, server).returncode == 0


@pytest.mark.parametrize("module", ["thread_archive.cli.running", "thread_archive.cli.ls", "sqlite3"])
def test_an_interrupt_while_modules_are_imported_is_told_in_a_line(tmp_path: Path, module: str) -> None:
    code = f"""
import sys
class Interrupting:
    def find_spec(self, name, *rest):
        if name == "{module}":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = ["ls"]
from thread_archive.cli import main
main()
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr.startswith("thread-archive: Interrupted.")
    assert ran.stderr.count("\n") == 1


def test_progress_is_said_in_plain_lines_where_stderr_is_no_terminal(tmp_path: Path, server: Server) -> None:
    server.faults.add(faults.unavailable("1"), path="comment/list", at=[1])
    try:
        ran = added(tmp_path, server)
    finally:
        server.faults.clear()
    assert ran.returncode == 0
    assert "waiting" in ran.stderr
    assert "\x1b" not in ran.stderr


def test_the_demonstration_archives_searches_and_says_what_to_do_next(tmp_path: Path) -> None:
    ran = run(tmp_path, "demo")
    assert ran.returncode == 0
    assert "8 comments stored" in ran.stdout
    assert "lacked 1 that another server has" in " ".join(ran.stdout.split())
    assert "drawer" in ran.stdout
    assert "thread-archive serve" in ran.stderr
    assert run(tmp_path, "demo").returncode == 0


def test_command_lines_that_are_shown_are_those_that_work_here(tmp_path: Path, archive: Path) -> None:
    started = {"THREAD_ARCHIVE_COMMAND": "python3 run.py"}
    folder = tmp_path / "my threads"
    folder.mkdir()
    assert "Usage: python3 run.py VERB" in run(folder, "--help", **started).stdout
    assert "Usage: python3 run.py ls " in run(folder, "ls", "--help", **started).stdout
    assert "`python3 run.py add URL` makes one" in run(folder, "ls", **started).stderr
    assert "`python3 run.py ls` lists" in run(archive, "show", "77", **started).stderr
    told = run(folder, "demo", "--db", "my threads.db", **started).stderr
    assert "  python3 run.py serve --db 'my threads.db'\n" in told


def test_a_login_needs_a_terminal(tmp_path: Path) -> None:
    ran = run(tmp_path, "login", "lemmy.example")
    assert ran.returncode == 2
    assert "THREAD_ARCHIVE_TOKEN" in ran.stderr


def test_a_token_from_the_environment_is_never_printed(tmp_path: Path, server: Server) -> None:
    token = "very-secret"
    instance = f"127.0.0.1:{server.port}"
    ran = added(tmp_path, server, "--login", "--json", THREAD_ARCHIVE_TOKEN=f"{instance}={token}")
    assert ran.returncode == 0
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token not in ran.stdout + ran.stderr
    assert token.encode() not in files


def test_a_token_that_cannot_be_read_ends_with_2_before_anything_is_made(tmp_path: Path, server: Server) -> None:
    token = "very-secret"
    ran = added(tmp_path, server, "--login", THREAD_ARCHIVE_TOKEN=f"https://lemmy.test={token}")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "INSTANCE=TOKEN" in ran.stderr
    assert token not in ran.stderr
    assert list(tmp_path.iterdir()) == []
    assert added(tmp_path, server, THREAD_ARCHIVE_TOKEN="nonsense").returncode == 0


def test_a_contact_is_kept_in_the_archive_and_used_again(tmp_path: Path, server: Server) -> None:
    added(tmp_path, server, "--contact", "https://archivist.example/")
    server.requests.clear()
    added(tmp_path, server)
    agents = [request.headers["user-agent"] for request in server.requests]
    assert agents
    assert all("https://archivist.example/" in agent for agent in agents)


def test_what_its_server_purged_is_shown_with_that_mark_and_not_shared(tmp_path: Path) -> None:
    server = Server()
    world = thread(Instance(domain=f"127.0.0.1:{server.port}"), ["a lighthouse", "an island"])
    server.add(world)
    with server:
        assert added(tmp_path, server).returncode == 0
        world.purge(1)
        receipt = added(tmp_path, server)
    assert (receipt.returncode, receipt.stderr) == (0, "")
    assert f"purged: 1 comment that 127.0.0.1:{server.port} no longer has" in receipt.stdout
    assert "[purged: its server has it no longer, seen " in run(tmp_path, "show", "1").stdout
    _, first, second = objects(run(tmp_path, "show", "1", "--json").stdout)
    assert (first["body"], second["purged_at"]) == ("a lighthouse", None)
    assert first["purged_at"].endswith("Z")
    assert "  purged" in run(tmp_path, "search", "lighthouse").stdout
    assert "purged" in run(tmp_path, "export", "1", "--format", "md").stdout
    told = run(tmp_path, "snapshot", "bundle", "--no-site").stdout
    assert "left out: 1 comment that no server has any more (--include-purged takes them along)" in told
    assert b"lighthouse" not in (tmp_path / "bundle" / "archive.db").read_bytes()
    assert run(tmp_path, "snapshot", "whole", "--no-site", "--include-purged").returncode == 0
    assert b"lighthouse" in (tmp_path / "whole" / "archive.db").read_bytes()
