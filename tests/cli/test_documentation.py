"""README and docs: a command line that a page shows is one that the program takes."""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from thread_archive.cli.running import command_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[list[str]]:
    """The words of each command that a page shows, without what the shell does with its input and output."""
    lines = [line for block in BLOCKS.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]
    words = [shlex.split(re.split(r"\s[<>|]\s", line)[0], comments=True) for line in lines]
    return [line for line in words if line[:1] == ["thread-archive"]]


SHOWN = [(page.relative_to(ROOT), command) for page in PAGES for command in commands(page)]


def test_the_commands_are_found() -> None:
    assert len(SHOWN) > 20
    assert {page.parts[0] for page, _ in SHOWN} == {"README.md", "docs"}


@pytest.mark.parametrize(("page", "words"), SHOWN, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_command_has_a_verb_and_options_that_there_are(page: Path, words: list[str]) -> None:
    _, verb, *arguments = words
    command = command_of(verb)
    # A value may be right only there and then.
    with suppress(click.BadParameter):
        command.make_context(verb, arguments)
