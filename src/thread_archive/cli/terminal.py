"""Text for a terminal: what comes from outside can neither steer it nor be taken for markup."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

# Control characters but tab and newline, what turns the direction of text, invisible separators, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def safe(text: str) -> str:
    """`text` without what a terminal would obey; lines and tabs stay."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """`text` made safe and put on one line."""
    return " ".join(safe(text).split())


def output() -> Console:
    """Where results go: no markup, no highlighting of what looks like numbers."""
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def messages() -> Console:
    """Where progress and warnings go."""
    return Console(file=sys.stderr, markup=False, highlight=False, emoji=False)


def print_json(value: Mapping[str, Any]) -> None:
    """One object on one line of stdout, at once."""
    print(json.dumps(value, ensure_ascii=True), flush=True)


def print_indented(console: Console, text: Text, indent: int = 0) -> None:
    """Print `text` so that the lines it wraps into keep its indentation, of which it may bring some itself."""
    own = len(text.plain) - len(text.plain.lstrip(" "))
    margin = " " * (indent + own)
    width = max(1, console.width - len(margin))
    for wrapped in text[own:].wrap(console, width, overflow="fold") or [Text()]:
        wrapped.rstrip()
        # Nothing is left to wrap, and no blanks are put behind it, where it may be read by a program.
        console.print(Text(margin if wrapped.plain else "").append_text(wrapped), soft_wrap=True)
