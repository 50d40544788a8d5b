"""What is shown of work under way."""

import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fake_lemmy import Instance, Server, thread
from programs import PROGRAM, settings
from screens import in_terminal, seen_within
from thread_archive.archiving import Receipt
from thread_archive.cli.progress import Busy, ShownProgress

URL = "https://lemmy.example.org/post/1234567"
HOME = "home.example.org:8536"


class Screen(StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


def progress(total: int = 1) -> ShownProgress:
    return ShownProgress(Console(file=StringIO()), total=total)


def lines(shown: ShownProgress, width: int) -> list[str]:
    drawn = [text.plain for text in shown.lines(width)]
    assert all(len(line) <= width for line in drawn)
    return drawn


@pytest.fixture
def silent() -> "Server":
    server = Server()
    server.add(thread(Instance(domain=f"127.0.0.1:{server.port}"), ["a lighthouse"]))
    server.faults.latency = 20
    return server


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_a_server_that_does_not_answer_is_named_within_a_few_seconds(
    tmp_path: Path, silent: Server, terminal: str
) -> None:
    name = f"127.0.0.1:{silent.port}"
    command = [*PROGRAM, "add", "--allow-private-network", f"http://{name}/post/1", "nonsense"]
    with (
        silent,
        in_terminal(command, tmp_path, columns=80, environment=settings(TERM=terminal)) as (_, screen),
    ):
        assert seen_within(screen, 15, f"asking {name}…", "1 of 2 URLs done")


def test_what_takes_less_than_a_second_is_not_worth_a_word() -> None:
    console = Console(file=StringIO())
    with Busy(console, "checking…"):
        pass
    assert isinstance(console.file, StringIO)
    assert not console.file.getvalue()


def test_a_thread_shows_whom_it_asks_then_how_much_came_then_whom_it_asks_next() -> None:
    shown = progress()
    shown.started(URL)
    shown.asking(URL, "lemmy.example.org")
    assert lines(shown, 77) == [f"{URL}  asking lemmy.example.org…  0:00"]
    shown.advanced(URL, "lemmy.example.org", received=50, expected=200)
    assert lines(shown, 77) == [f"{URL}  ━━━───────── 50/200 comments  0:00"]
    shown.asking(URL, HOME)
    shown.advanced(URL, "lemmy.example.org", received=200, expected=200)
    assert lines(shown, 77) == [f"{URL}  asking {HOME}…  0:00"]
    assert shown.sentence() == f"{URL}: asking {HOME}…"


def test_a_narrow_terminal_has_room_for_the_numbers() -> None:
    shown = progress()
    shown.started(URL)
    shown.asking(URL, "lemmy.example.org")
    assert lines(shown, 37) == ["lemmy.example…g/post/1234567  asking…"]
    shown.advanced(URL, "lemmy.example.org", received=1500, expected=3000)
    (line,) = lines(shown, 37)
    assert line.endswith("  ━━━─── 1,500/3,000")
    assert "…" in line


def test_a_wait_is_said_at_once_and_counted_down() -> None:
    console = Console(file=StringIO(), width=100)
    shown = ShownProgress(console, total=1)
    shown.started(URL)
    shown.asking(URL, HOME)
    shown.waiting(HOME, 3.2, "the server failed")
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue() == f"{HOME}: waiting 4 s (the server failed)\n"
    assert "waiting 4 s for home.example.org:8536" in lines(shown, 117)[0]
    assert "waiting 4 s for home.example.org:8536" in shown.sentence()


def test_what_is_done_of_several_urls_is_counted_failures_too() -> None:
    shown = progress(total=3)
    shown.started(URL)
    shown.asking(URL, HOME)
    receipt = Receipt(url=URL, status="failed")
    shown.finished(URL, receipt)
    assert list(shown.around([receipt])) == [receipt]
    assert lines(shown, 77) == ["1 of 3 URLs done"]


def test_results_are_handed_out_with_the_display_out_of_the_way() -> None:
    console = Console(file=StringIO())
    with Busy(console, "checking…") as busy:
        for _ in busy.around(["a result that takes a while to print"]):
            time.sleep(2.5)
    assert isinstance(console.file, StringIO)
    assert not console.file.getvalue()


def test_the_display_comes_back_below_what_was_printed_in_its_place() -> None:
    console = Console(file=Screen(), width=80, force_terminal=True, _environ={"TERM": "xterm"})
    with Busy(console, "checking…") as busy:
        time.sleep(1.5)
        for result in busy.around(["first", "second"]):
            console.print(result)
            time.sleep(0.5)
        time.sleep(0.5)
    assert isinstance(console.file, Screen)
    before, _, after = console.file.getvalue().partition("second\n")
    assert "checking…" in before and "checking…" in after
    # Nothing goes up to wipe what stands there before something was drawn.
    assert "\x1b[1A" not in after.partition("checking…")[0]
