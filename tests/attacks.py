"""Texts that are made to be slow: what a pattern or a parser looks for, repeated, nested and never closed."""

from __future__ import annotations

import ast
import inspect
import itertools
import pkgutil
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import thread_archive

# As many different pieces of a pattern as are combined with each other.
_MOST = 5
_CATEGORIES = {
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_WORD: ".",
}


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every pattern that a module of the package holds or writes down, by where it is: a new one is among them."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(thread_archive.__path__, "thread_archive."):
        if module.name.endswith("__main__"):
            continue
        held = vars(import_module(module.name))
        for name, pattern in (*_held(held), *_written(inspect.getsource(import_module(module.name)))):
            # One that several modules hold is looked at once.
            if pattern not in found.values():
                found[f"{module.name.removeprefix('thread_archive.')}.{name}"] = pattern
    return found


def _held(value: Any, name: str = "") -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _held(inner, f"{name}{key}" if isinstance(key, str) and not name else name)
    elif isinstance(value, tuple | list):
        for number, inner in enumerate(value):
            yield from _held(inner, f"{name}[{number}]")


def _written(source: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """What stands in calls like `re.sub("…", …)`."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        written = node.args[0]
        is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        if (
            is_re
            and node.func.attr != "compile"
            and isinstance(written, ast.Constant)
            and isinstance(written.value, str | bytes)
        ):
            yield f"re.{node.func.attr}({written.value!r})", re.compile(written.value)


def pieces(pattern: re.Pattern[Any]) -> list[str]:
    """What a pattern looks for, in pieces: its literal strings, and a character of each of its classes."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    found = dict.fromkeys(_pieces(parser.parse(source, pattern.flags & ~re.UNICODE)))
    return [piece for piece in found if piece][:_MOST]


def _pieces(tree: Any) -> Iterator[str]:
    literal = ""
    for operation, argument in tree:
        if operation is codes.LITERAL:
            literal += chr(argument)
            continue
        yield from (literal, literal[-1:])
        literal = ""
        if operation is codes.IN:
            yield from _of_class(argument)
        elif operation is codes.NOT_LITERAL or operation is codes.ANY:
            yield "a"
        else:
            for inner in _inner(argument):
                yield from _pieces(inner)
    yield from (literal, literal[-1:])


def _of_class(items: Any) -> Iterator[str]:
    for operation, argument in items[:6]:
        if operation is codes.LITERAL:
            yield chr(argument)
        elif operation is codes.RANGE:
            yield chr(argument[0])
        elif operation is codes.CATEGORY:
            yield _CATEGORIES[argument]
        elif operation is codes.NEGATE:
            yield from ("a", ".", " ")


def _inner(argument: Any) -> Iterator[Any]:
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _inner(part)


def attacks(parts: Sequence[str]) -> Iterator[Attack]:
    """Of `parts`: each repeated, two in turn, one before many of another, many of one before as many of another."""
    for part in parts:
        yield Attack((part,))
    for one, other in itertools.permutations(parts, 2):
        yield Attack((one + other,))
        yield Attack((other,), before=one, behind="\x00")
        yield Attack((one, other))


@dataclass(frozen=True, slots=True)
class Attack:
    """A text that can be made of any size: each of `repeated` as often, one after the other, between two ends."""

    repeated: tuple[str, ...]
    before: str = ""
    behind: str = ""

    def text(self, times: int) -> str:
        """The text with each part so many times."""
        return f"{self.before}{''.join(part * times for part in self.repeated)}{self.behind}"


def cpu(step: Callable[[], object], runs: int = 3) -> float:
    """The least CPU seconds that a step took of several runs: what else the machine does counts as little as can be."""
    least = float("inf")
    for _ in range(runs):
        started = time.process_time()
        step()
        least = min(least, time.process_time() - started)
    return least


def grows(step: Callable[[str], object], attack: Attack, *, times: int, slow: float) -> bool:
    """
    Whether `step` takes longer over an attack than in proportion to its size.

    It is tried at a sixteenth and the whole of `times`, and what takes no longer than `slow` seconds is not
    looked at any closer. Four times as much may take nine times as long (n log n takes five), sixteen is the square.
    """
    for size in (times // 16, times):
        text = attack.text(size)
        if cpu(lambda: step(text), 1) < slow or cpu(lambda: step(text)) < slow:  # noqa: B023 - called at once
            continue
        less = attack.text(size // 4)
        return min(cpu(lambda: step(text), 2) for _ in range(3)) > 9 * cpu(lambda: step(less), 5)  # noqa: B023
    return False
