"""Text for a terminal: what comes from outside can neither steer it nor be taken for markup."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from thread_archive.cli import program
from thread_archive.controls import without_controls

# Where nobody looks there is no edge to wrap at: one line of ours is one line for whatever reads it.
_UNBOUNDED = 2**31
# What a line of an account that goes on is indented by: more than what is told below it.
HANGING = 4
# A blank that `print_indented` does not wrap at. Those of Unicode are honoured by nothing here, and texts are full of
# them; whoever writes this one gets a blank.
NO_BREAK = "\ue000"


def line(text: str) -> str:
    """`text` without what a terminal would obey, put on one line."""
    return " ".join(without_controls(text).split())


def as_started(text: str) -> str:
    """`text` with the command lines of ours in it as they are typed here."""
    return text.replace("`thread-archive ", f"`{program()} ")


def output() -> Console:
    """Where results go: no markup, no highlighting of what looks like numbers."""
    return _console(sys.stdout)


def messages() -> Console:
    """Where progress and warnings go."""
    return _console(sys.stderr)


class _Console(Console):
    """A console on which nothing steers but what is drawn with it: colours, and what moves."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The parts of what is printed: every text, whoever forgot to make it harmless."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=without_controls(segment.text))


def _console(file: TextIO) -> Console:
    width = None if file.isatty() else _UNBOUNDED
    return _Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def draws(console: Console) -> bool:
    """Whether something that moves can be drawn on `console`."""
    return console.file.isatty() and not console.is_dumb_terminal


def shortened(text: str, room: int) -> str:
    """An address in so many characters: without its scheme if need be, then without its middle."""
    if len(text) > room:
        text = re.sub("^https?://", "", text)
    if len(text) > room:
        end = room // 2
        text = f"{text[: room - end - 1]}…{text[len(text) - end :]}"
    return text


def print_json(value: Mapping[str, Any]) -> None:
    """One object on one line of stdout, at once."""
    print(json.dumps(value, ensure_ascii=True), flush=True)


def print_indented(console: Console, text: Text, indent: int = 0, *, hanging: int = 0) -> None:
    """
    Print `text` so that the lines it wraps into keep its indentation, of which it may bring some itself.

    Those after the first are indented by `hanging` more, so that none looks like an item of its own; a text that hangs
    is of one line.
    """
    own = len(text.plain) - len(text.plain.lstrip(" "))
    margin = " " * (indent + own)
    for number, wrapped in enumerate(_wrapped(console, text[own:], console.width - len(margin), hanging)):
        wrapped.rstrip()
        wrapped.plain = wrapped.plain.replace(NO_BREAK, " ")
        before = margin + " " * (hanging if number else 0) if wrapped.plain else ""
        # Nothing is left to wrap, and no blanks are put behind it, where it may be read by a program.
        console.print(Text(before).append_text(wrapped), soft_wrap=True)


def _wrapped(console: Console, text: Text, width: int, hanging: int) -> list[Text]:
    lines = list(text.wrap(console, max(1, width), overflow="fold")) or [Text()]
    if len(lines) == 1 or not hanging:
        return lines
    rest = text[len(lines[0].plain) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    return [lines[0], *rest.wrap(console, max(1, width - hanging), overflow="fold")]


def print_table(console: Console, table: Table) -> None:
    """Print `table` without blanks at the ends of its lines."""
    for row in console.render_lines(table, pad=False):
        text = Text.assemble(*((segment.text, segment.style or "") for segment in row))
        text.rstrip()
        console.print(text, soft_wrap=True)
