"""The paragraphs of a Markdown text as far as quoting goes: where each stands, and whether in a `>` block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNS = re.compile(r"(?: {0,3}>)*[ \t]*")
# What begins a new block of its own, and so ends a paragraph: it is no lazy continuation either.
_BLOCK = re.compile(r"(?:#{1,6}|[-*+]|\d{1,9}[.)])[ \t]|:::|```|~~~|\||(?:[-*_][ \t]*){3,}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Characters `start` to `end` of a text; `marked` says that it stands in a `>` block."""

    start: int
    end: int
    marked: bool


def paragraphs(markdown: str) -> list[Paragraph]:
    """
    The paragraphs of `markdown` in order. A list item, a heading, a table's row are each one.

    As in CommonMark a line without `>` goes on with the quoted paragraph before it; a line of another depth does not,
    since people answer between the levels. Takes time linear in the length.
    """
    found: list[Paragraph] = []
    open_at: tuple[int, int, int] | None = None
    for start, text_at, end, depth in _lines(markdown):
        blank = text_at >= end
        if open_at is not None:
            begun, until, before = open_at
            goes_on = depth in (before, 0) and not _BLOCK.match(markdown, text_at, end)
            if not blank and goes_on:
                open_at = (begun, end, before)
                continue
            found.append(Paragraph(start=begun, end=until, marked=before > 0))
        open_at = None if blank else (text_at if depth else start, end, depth)
    if open_at is not None:
        found.append(Paragraph(start=open_at[0], end=open_at[1], marked=open_at[2] > 0))
    return found


def _lines(markdown: str) -> Iterator[tuple[int, int, int, int]]:
    """Of each line: where it starts, where its text starts, where it ends, and how many `>` it has."""
    position = 0
    while position < len(markdown):
        end = markdown.find("\n", position)
        if end < 0:
            end = len(markdown)
        signs = _SIGNS.match(markdown, position, end)
        text_at = signs.end() if signs else position
        yield position, text_at, end, markdown.count(">", position, text_at)
        position = end + 1
