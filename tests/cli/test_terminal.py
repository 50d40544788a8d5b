"""Text for a terminal."""

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from thread_archive.cli.terminal import NO_BREAK, output, print_indented, print_table


def printed(text: str, indent: int = 0, *, hanging: int = 0) -> list[str]:
    console = Console(file=StringIO(), width=24, markup=False, highlight=False)
    print_indented(console, Text(text), indent, hanging=hanging)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_wrapped_lines_keep_their_indentation_and_end_without_blanks() -> None:
    assert printed("  gave 7, lacked 1 that another server has") == ["  gave 7, lacked 1 that", "  another server has"]
    assert printed("what was said\n\nand what was answered", 4) == [
        "    what was said",
        "",
        "    and what was",
        "    answered",
    ]


def test_a_word_longer_than_the_line_is_broken_and_an_empty_text_is_an_empty_line() -> None:
    assert printed("x" * 30, 2) == ["  " + "x" * 22, "  " + "x" * 8]
    assert printed("") == [""]


def test_what_hangs_goes_on_deeper_than_it_began_and_fills_its_first_line() -> None:
    assert printed("  gave 7, lacked 1 that another server has", hanging=4) == [
        "  gave 7, lacked 1 that",
        "      another server has",
    ]
    assert printed("ok      index: of 24 chr", hanging=8) == ["ok      index: of 24 chr"]
    assert printed("ok  " + "x" * 30, hanging=8) == ["ok", "        " + "x" * 16, "        " + "x" * 14]
    assert printed("x" * 30, 2, hanging=2) == ["  " + "x" * 22, "    " + "x" * 8]


def test_what_belongs_together_is_not_torn_apart() -> None:
    assert printed(f"harbour@home.test · 1{NO_BREAK}comment") == ["harbour@home.test ·", "1 comment"]


def test_a_console_prints_nothing_that_steers_even_where_nobody_thought_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "a\x1b[31mb\x9b1m\u202ec\U000e0041d\u2028e"
    table = Table(evil)
    table.add_row(Text(evil))
    console = output()
    console.print(evil)
    console.print(Text(evil), soft_wrap=True)
    print_indented(console, Text(evil), 2)
    print_table(console, table)
    shown = capsys.readouterr().out
    assert shown.count("a[31mb1mcd") == 5
    assert not set(shown) & set("\x1b\x9b\u202e\U000e0041\u2028")
