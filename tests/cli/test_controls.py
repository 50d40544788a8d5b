"""Whatever a server, a page or a bundle says, nothing that any verb prints steers a terminal."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fake_lemmy import Instance, Reply, Server, faults, thread
from programs import PROGRAM
from programs import settings as environment
from screens import printed
from test_controls import STEERING
from thread_archive.cli.running import run

# `just soak` runs many more.
EXAMPLES = int(os.environ.get("THREAD_ARCHIVE_TEXTS", "1"))
KEYS = {
    *("name", "display_name", "bio", "title", "body", "content", "description", "embed_title", "embed_description"),
    *("alt_text", "sidebar", "error", "software", "cause"),
}
# A server cannot send halves of characters.
SENT = [sign for sign in STEERING if not 0xD800 <= ord(sign) <= 0xDFFF]
ALL = "a" + "".join(SENT[:120]) + "\U000e0041\U000e007f\ufe0f\u200e=1\r\n\n\t<b>`"
TEXTS = st.text(
    st.one_of(
        st.sampled_from(SENT), st.sampled_from("ab =@`<&#*\"'\n\t😀\ufe0f"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=40,
)


def written(whole: Any, text: str) -> Any:
    """The same JSON with `text` behind every text that a person or a server chose."""
    if isinstance(whole, list):
        return [written(item, text) for item in whole]
    if not isinstance(whole, dict):
        return whole
    return {
        key: f"{value}{text}" if key in KEYS and isinstance(value, str) else written(value, text)
        for key, value in whole.items()
    }


@contextmanager
def speaking(text: str) -> Iterator[Server]:
    """A server that says `text` wherever it can."""
    server = Server()
    world = thread(
        Instance(domain=f"127.0.0.1:{server.port}"),
        [f"harbour {text}", Reply(text=f"{text} harbour", to=1)],
        post={"title": "Boats", "body": f"harbour {text}", "url": f"http://127.0.0.1:{server.port}/page"},
    )
    server.add(world)
    page = f"<html><title>P{text}</title><body><article><h1>H{text}</h1>{'<p>Words of it.</p>' * 60}<p>{text}</p>"
    with server:
        server.faults.add(faults.body(lambda whole: written(whole, text)), path="/api")
        server.faults.add(faults.says(page.encode("utf-8", "replace"), content_type="text/html"), path="/page")
        yield server


def told(*words: str) -> str:
    """What a verb writes to where nobody looks: results and messages."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        run(words)
        for stream in (out, err):
            stream.flush()
    return "".join(stream.buffer.getvalue().decode("utf-8", "surrogatepass") for stream in (out, err))  # type: ignore[attr-defined]


def verbs(folder: Path, base: str) -> Iterator[tuple[str, ...]]:
    """A run of every verb that prints something from outside."""
    db = ("--db", str(folder / "archive.db"))
    web = ("--allow-private-network",)
    yield ("add", f"{base}/post/1", *web, "--rate", "100", *db)
    yield ("add", f"{base}/post/1", f"{base}/post/77", "x" * 9, *web, "--rate", "100", *db)
    yield ("add", f"{base}/post/1", "--json", *web, "--rate", "100", *db)
    yield ("article", "1", *web, *db)
    for word in ("ls", "doctor"):
        yield (word, *db)
        yield (word, "--json", *db)
    yield ("show", "1", *db)
    yield ("show", "1", "--json", *db)
    yield ("search", "harbour", *db)
    yield ("search", "harbour", "--threads", *db)
    yield ("search", "harbour", "--json", *db)
    for form in ("html", "md", "jsonl", "csv"):
        yield ("export", "1", "--format", form, *db)
    yield ("reread", *db)
    yield ("redact", "--pattern", "harbour", *db)
    yield ("snapshot", str(folder / "shared"), "--contact", "x", *db)
    yield ("verify", str(folder / "shared"))
    yield ("import", str(folder / "shared"), "--db", str(folder / "other.db"))
    yield ("redact", "--pattern", "harbour", "--yes", *db)


def failing(server: Server, text: str) -> Iterator[tuple[str, ...]]:
    """Runs against a server that names itself so, then one that refuses with such words, whatever it wants to say."""
    refusal = json.dumps({"error": f"refused {text}", "cause": text, "message": text})
    last = {"version": f"0.19.20{text}", "name": f"lemmy{text}"}
    for change, path in (
        (faults.body(lambda whole: whole | {"software": last} if "software" in whole else whole), "/nodeinfo"),
        (faults.says(refusal, status=400), "/api"),
        (faults.says(f"<html><title>{text}</title>".encode("utf-8", "replace"), status=403), "/"),
    ):
        server.faults.clear()
        server.faults.add(change, path=path)
        yield ("add", f"http://127.0.0.1:{server.port}/post/1", "--allow-private-network", "--rate", "100")


def steers(text: str) -> list[str]:
    # RFC 4180 ends the rows of a table with both.
    return [f"U+{ord(sign):04X}" for sign in sorted(set(text.replace("\r\n", "\n")) & set(STEERING))]


@settings(max_examples=EXAMPLES, deadline=None)
@given(TEXTS)
@example(ALL)
def test_no_verb_prints_what_steers_a_terminal(text: str) -> None:
    with TemporaryDirectory() as name, speaking(text) as server:
        first, *others = verbs(Path(name), f"http://127.0.0.1:{server.port}")
        receipt = told(*first)
        assert " stored" in receipt
        assert steers(receipt) == []
        for words in others:
            assert steers(told(*words)) == [], words


def test_no_failing_server_s_words_steer_a_terminal(tmp_path: Path) -> None:
    with speaking(ALL) as server:
        for number, words in enumerate(failing(server, ALL)):
            text = told(*words, "--db", str(tmp_path / f"{number}.db"))
            assert "failed" in text or "127.0.0.1" in text
            assert steers(text) == [], words


@pytest.mark.parametrize(
    "words",
    [
        ("nothing\x1b[31m",),
        ("show", "\x1b]0;x\x07\u202e"),
        ("ls", "--\x9b31m"),
        ("search", "\u202e\x1b:"),
        ("verify", "no\x1b[31m\u202ewhere"),
        ("serve", "--allow-host", "\x1b[31m\u202e"),
    ],
)
def test_what_was_typed_or_pasted_steers_nothing_either(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREAD_ARCHIVE_DB", str(tmp_path / "archive\x1b[31m.db"))
    text = told(*words)
    assert text
    assert steers(text) == []


def test_the_names_of_files_in_a_bundle_steer_nothing(tmp_path: Path) -> None:
    with speaking("x") as server:
        base = f"http://127.0.0.1:{server.port}"
        told("add", f"{base}/post/1", "--allow-private-network", "--db", str(tmp_path / "archive.db"))
    told("snapshot", str(tmp_path / "shared"), "--db", str(tmp_path / "archive.db"))
    (tmp_path / "shared").chmod(0o755)
    name = "evil\x1b[2K\u202e\u2028\U000e0041.txt"
    (tmp_path / "shared" / name).write_text("x")
    (tmp_path / "shared" / "line\nok      files: all is well").write_text("x")
    for words in (("verify",), ("verify", "--json"), ("import", "--db", str(tmp_path / "other.db")), ("open",)):
        text = told(words[0], str(tmp_path / "shared"), *words[1:])
        assert steers(text) == []
        assert not re.search("^ok      files: all is well", text, re.MULTILINE)
    shutil.rmtree(tmp_path / "shared")


def test_in_a_terminal_there_are_colours_of_ours_and_nothing_of_others(tmp_path: Path) -> None:
    with speaking(ALL) as server:
        base = f"http://127.0.0.1:{server.port}"
        seen = {}
        for words in (
            ("add", f"{base}/post/1", "--allow-private-network", "--rate", "100"), ("ls",), ("show", "1"),
            ("search", "harbour"), ("export", "1", "--format", "md"), ("export", "1", "--format", "md", "--raw"),
        ):  # fmt: skip
            _, text = printed([*PROGRAM, *words], tmp_path, columns=100, environment=environment(TERM="xterm"))
            seen[words] = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
    assert all(steers(text) == [] for text in seen.values()), {words: steers(text) for words, text in seen.items()}
    assert sys.stdout
