"""The verbs of snapshots, as processes."""

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_lemmy import Server
from runs import archive_in
from snapshots.building import ONE, derive, fill, worlds
from thread_archive.cli.running import command_of
from thread_archive.exceptions import InputError

PROGRAM = [sys.executable, "-m", "thread_archive.cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("commands")
    with Server(*worlds()) as server, archive_in(made) as archive:
        fill(archive, server)
        derive(archive)
    assert run(made, "snapshot", "bundle").returncode == 0
    assert run(made, "snapshot", "bundle.zip").returncode == 0
    return made


def run(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("THREAD_ARCHIVE", "SOURCE_"))}
    settings |= {"BROWSER": "true"}
    return subprocess.run(
        [*PROGRAM, *words], cwd=folder, capture_output=True, text=True, env=settings | environment, timeout=120
    )


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_snapshot_is_made_again_in_its_place_and_never_over_something_else(folder: Path) -> None:
    again = run(folder, "snapshot", "bundle", "--json")
    (made,) = objects(again.stdout)
    assert set(made) == {"path", "manifest_sha256", "content_sha256", "bytes", "counts"}
    assert made["counts"]["threads"] == 2
    other = folder / "mine"
    other.mkdir(exist_ok=True)
    (other / "letter.txt").write_text("dear")
    refused = run(folder, "snapshot", "mine")
    assert refused.returncode == 2
    assert "letter.txt" not in refused.stdout
    assert (other / "letter.txt").read_text() == "dear"
    assert run(folder, "snapshot", "archive.db").returncode == 2
    assert not list(folder.glob(".*"))


def test_what_was_made_is_told_in_units_that_fit_and_left_names_only_where_there_are_any(folder: Path) -> None:
    shown = run(folder, "snapshot", "named", "--pseudonymise", "--no-site").stdout
    sizes = shown.splitlines()[1]
    assert "0.0 MB" not in sizes and " kB" in sizes
    assert "0 times" not in shown


def test_a_file_put_into_a_snapshot_keeps_it_from_being_replaced(folder: Path) -> None:
    assert run(folder, "snapshot", "kept", "--no-site").returncode == 0
    (folder / "kept" / "notes.txt").write_text("mine")
    assert run(folder, "snapshot", "kept", "--no-site").returncode == 2
    assert (folder / "kept" / "notes.txt").exists()


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_verify_says_what_is_right_and_prints_the_lists_own_digest(folder: Path, name: str) -> None:
    digest = subprocess.run(["sha256sum", "manifest-sha256.txt"], cwd=folder / "bundle", capture_output=True, text=True)
    ran = run(folder, "verify", name, "--json")
    assert ran.returncode == 0
    findings = objects(ran.stdout)
    assert {tuple(finding) for finding in findings} == {("check", "ok", "path", "message")}
    assert digest.stdout.split()[0] in next(finding["message"] for finding in findings if finding["check"] == "list")
    assert run(folder, "verify", name).stdout.startswith("ok ")


def test_what_does_not_verify_ends_with_6_and_says_where(folder: Path, tmp_path: Path) -> None:
    whole = bytearray((folder / "bundle.zip").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(whole)
    ran = run(tmp_path, "verify", "bad.zip")
    assert ran.returncode == 6
    assert "NOT OK" in ran.stdout
    assert run(tmp_path, "verify", "nothing").returncode == 6
    assert run(tmp_path, "import", "bad.zip").returncode == 6
    assert run(tmp_path, "open", "bad.zip").returncode == 6


def test_open_prints_the_page_and_unpacks_a_zip(folder: Path) -> None:
    page = Path(run(folder, "open", "bundle").stdout.strip())
    assert page == folder / "bundle" / "site" / "index.html"
    unpacked = Path(run(folder, "open", "bundle.zip").stdout.strip())
    assert unpacked.read_bytes() == page.read_bytes()
    assert run(folder, "snapshot", "plain", "--no-site").returncode == 0
    assert run(folder, "open", "plain").returncode == 2


def test_import_and_export_print_what_they_did(folder: Path, tmp_path: Path) -> None:
    first = objects(run(tmp_path, "import", str(folder / "bundle.zip"), "--json").stdout)
    assert [imported["status"] for imported in first] == ["new", "new"]
    assert "unchanged" in run(tmp_path, "import", str(folder / "bundle.zip")).stdout
    shown = run(tmp_path, "export", ONE, "--format", "jsonl").stdout
    assert shown == run(folder, "export", ONE, "--format", "jsonl").stdout != ""
    assert run(tmp_path, "export", ONE, "--format", "html", "-o", "thread.html").returncode == 0
    assert (tmp_path / "thread.html").read_text().startswith("<!doctype html>")
    assert run(tmp_path, "export", ONE, "--format", "html", "-o", "no/folder.html").returncode == 2
    assert "a login showed" not in run(tmp_path, "export", ONE, "--format", "csv").stderr
    with archive_in(tmp_path) as archive, archive.transaction() as connection:
        connection.execute("UPDATE people SET bio = 'Please #noarchive'")
    assert "a login showed" in run(tmp_path, "export", ONE, "--format", "csv").stderr
    assert run(tmp_path, "export", "https://nowhere.test/post/9", "--format", "md").returncode == 2


def test_an_export_that_fails_leaves_the_file_that_was_there_and_nothing_beside_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "thread.md"
    words = [ONE, "--db", str(folder / "archive.db"), "--format", "md", "-o", str(target)]

    def failing(*_: object) -> Iterator[str]:
        yield "a beginning"
        raise OSError(errno.ENOSPC, "No space left on device")

    for before in ([], [target]):
        with monkeypatch.context() as patched:
            patched.setattr("thread_archive.cli.export.export", failing)
            with pytest.raises(InputError, match=r"thread\.md cannot be written \(No space left"):
                command_of("export").main(words, standalone_mode=False)
        assert list(tmp_path.iterdir()) == before
        target.write_text("what was there")
        target.chmod(0o600)
    assert target.read_text() == "what was there"
    command_of("export").main(words, standalone_mode=False)
    assert "Iron lighthouses" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_an_export_goes_through_links_and_into_what_is_no_file(folder: Path, tmp_path: Path) -> None:
    export = ("export", ONE, "--db", str(folder / "archive.db"), "--format", "md")
    (tmp_path / "link.md").symlink_to("thread.md")
    assert run(tmp_path, *export, "-o", "link.md").returncode == 0
    assert (tmp_path / "link.md").is_symlink()
    text = (tmp_path / "thread.md").read_text()
    assert run(tmp_path, *export, "-o", "/dev/stdout").stdout == text == run(tmp_path, *export).stdout != ""
    assert run(tmp_path, *export, "-o", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()
    refused = run(tmp_path, *export, "-o", ".")
    assert (refused.returncode, "cannot be written" in refused.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_export_says_so_where_standard_output_cannot_be_written(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*PROGRAM, "export", ONE, "--format", "md"], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ran.returncode == 2
    assert "Standard output cannot be written" in ran.stderr


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_snapshot_is_served_with_its_pages(folder: Path, name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*PROGRAM, "serve", name, "--port", str(port), "--public"], cwd=folder)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for _ in range(150):
                try:
                    front = client.get("/")
                except httpx.TransportError:
                    time.sleep(0.1)
                else:
                    break
            assert "Iron lighthouses" in front.text
            assert "max-age" in front.headers["cache-control"]
            slug = front.text.partition('href="/t/')[2][:16]
            assert client.get(f"/t/{slug}").status_code == 200
    finally:
        process.terminate()
        process.wait(10)


def test_pseudonyms_come_out_the_same_with_a_key_and_different_without(folder: Path) -> None:
    (folder / "key").write_bytes(b"k" * 32)
    made = [
        objects(run(folder, "snapshot", name, "--no-site", "--json", *words).stdout)[0]["manifest_sha256"]
        for name, words in (
            ("p1", ("--pseudonym-key", "key")), ("p2", ("--pseudonym-key", "key")), ("p3", ("--pseudonymise",)),
        )
    ]  # fmt: skip
    assert made[0] == made[1] != made[2]
    refused = run(folder, "import", "p1", "--db", "new.db")
    assert refused.returncode == 2
    assert "pseudonyms" in refused.stderr


@pytest.mark.parametrize("version", ["0.65", "1.0"])
def test_datasette_without_our_plugin_searches_a_snapshot(folder: Path, version: str) -> None:
    import datasette

    if not datasette.__version__.startswith(version):
        pytest.skip(f"this is Datasette {datasette.__version__}")
    config = ["-c", "datasette.yaml"] if version == "1.0" else []
    answers = []
    for path in (
        "/archive/search.json?q=rusts&_shape=array", "/archive/search_content.json?_search=rusts&_shape=array",
        '/archive/search.json?q="(*&_shape=array', "/-/plugins.json",
    ):  # fmt: skip
        # What keeps either line of Datasette from loading what is installed beside it.
        alone = "import sys; sys._called_from_test = True; from datasette.cli import cli; cli()"
        command = [sys.executable, "-c", alone, "-i", "archive.db", "-m", "metadata.json", *config, "--get", path]
        ran = subprocess.run(command, cwd=folder / "bundle", capture_output=True, text=True, check=True)
        answers.append(json.loads(ran.stdout))
    assert [hit["kind"] for hit in answers[0]] == ["article"]
    assert len(answers[1]) == 1
    assert answers[2] == []
    assert answers[3] == []


def test_a_snapshot_says_what_it_leaves_out_since_only_a_login_showed_it(folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "archive.db"
    db.write_bytes((folder / "archive.db").read_bytes())
    with closing(sqlite3.connect(db)) as connection, connection:
        (thread,) = connection.execute("SELECT max(id) FROM posts").fetchone()
        connection.execute("UPDATE posts SET restricted = 1 WHERE id = ?", [thread])
        connection.execute("UPDATE comments SET restricted = (post_id = ? OR position = 0)", [thread])
    said = run(tmp_path, "snapshot", "bundle").stdout
    assert "left out: 1 thread and 1 comment that only a login showed" in said
    assert "left out" not in run(tmp_path, "snapshot", "whole", "--include-restricted").stdout
    assert "left out" not in run(folder, "snapshot", "bundle").stdout
