"""
A thread as Markdown: the post, the article behind its link, and its comments.

Each author's line begins an item of a list, and the words that it is about stand inside that item: whatever they leave
open ends with it. An answer is quoted (`>`) once more than what it answers, as in mails.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from thread_archive.counting import counted
from thread_archive.markup import as_code, escaped, escaped_paragraph, standalone
from thread_archive.model import MISSING_REASONS, MissingReason, Paragraph
from thread_archive.store.reading import Item
from thread_archive.urls import handle

# Answers further down are quoted no more, and say whom they answer: readers give up on what lies too deep.
_DEEPEST = 12
_ENTRY = "- "
_LEVELS = 6
_ADDRESS = re.compile(r"(?:https?|mailto):[^\s<>]*", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


def lines(items: Iterable[Item]) -> Iterator[str]:
    """The lines of the Markdown of a thread's items, without their ends."""
    before: int | None = None
    for level, block in _blocks(items):
        if before is not None:
            yield _quoted("", min(before, level))
        for line in block:
            yield _quoted(line, level)
        before = level


def _blocks(items: Iterable[Item]) -> Iterator[tuple[int, list[str]]]:
    """What blank lines stand between: how often it is quoted, and its lines."""
    answered = False
    for item in items:
        level = min(max(item.depth - 1, 0), _DEEPEST)
        if item.kind == "post":
            yield 0, [f"# {escaped(item.fields['title']) or '[no title]'}"]
            if item.fields["url"]:
                yield 0, [_address(item.fields["url"])]
            yield 0, _entry(f"{_byline(item.fields)} · in {_address(item.fields['community'])}", _body(item.fields))
        elif item.page:
            yield 0, [f"## {escaped(item.page.title) or 'The article'}"]
            yield 0, _entry(_source(item), "\n\n".join(_paragraphs(item.page.paragraphs)))
        else:
            if not answered:
                yield 0, ["## Comments"]
            answered = True
            yield level, _answer(item, quoted=level)


def _quoted(line: str, level: int) -> str:
    return "> " * level + line if line else ("> " * level).rstrip()


def _entry(first: str, words: str) -> list[str]:
    """An item of a list that begins with the line `first`, with `words` below."""
    below = ["", *words.split("\n")] if words else []
    return [_ENTRY + first, *(" " * len(_ENTRY) + line if line else "" for line in below)]


def _answer(item: Item, *, quoted: int) -> list[str]:
    fields = item.fields
    answered = f" · answers {_address(fields['parent'])}" if item.depth - 1 > quoted else ""
    if item.kind == "gap":
        why = MISSING_REASONS[MissingReason(fields["reason"])]
        named = f" ({escaped(fields['instance'])} names it {fields['local_id']})" if fields["instance"] else ""
        return _entry(f"*A comment is missing here{named}: {why}.*{answered}", "")
    return _entry(_byline(fields) + answered, _body(fields))


def _byline(fields: Mapping[str, Any]) -> str:
    who = escaped(handle(fields["author"], fields["author_name"] or "unknown"))
    facts = [f"**{who}**", f"{fields['published_at'][:16].replace('T', ' ')} UTC"]
    facts += ["edited"] if fields["edited_at"] else []
    facts += [counted(fields["score"], "point")] if fields["score"] is not None else []
    facts += [f"purged (seen {fields['purged_at'][:10]})"] if fields["purged_at"] else []
    facts += ["unconfirmed"] if fields["unconfirmed"] else []
    facts += [f"attested by {escaped(', '.join(fields['attested_by']))}"] if fields["attested_by"] else []
    return " · ".join([*facts, _address(fields["ap_id"])])


def _source(item: Item) -> str:
    """Who wrote an article, where and when."""
    fields = item.fields
    names = [escaped(name) for name in (fields["author_name"], fields["site"]) if name]
    facts = [f"**{name}**" if not number else name for number, name in enumerate(name for name in names if name)]
    facts += [fields["published_at"][:10]] if fields["published_at"] else []
    return " · ".join([*facts, _address(fields["url"])])


def _address(url: str) -> str:
    """A link whose text is its address; any other text than that of a web address stays one."""
    address = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", url.strip())
    return f"<{address}>" if _ADDRESS.fullmatch(address) else escaped_paragraph(url)


def _body(fields: Mapping[str, Any]) -> str:
    if fields["deleted"]:
        return "*deleted by its author*"
    if fields["removed"]:
        return "*removed by a moderator*"
    return _BLANK_LINES.sub("", standalone(fields["body"]).rstrip(" \t\n"))


def _paragraphs(paragraphs: Iterable[Paragraph]) -> Iterator[str]:
    """An article block by block: its text is plain, so that every sign in it is escaped."""
    nested = 0
    for block in paragraphs:
        nested = min(block.level, nested + 1, _LEVELS) if block.kind == "item" else 0
        if block.kind == "code":
            yield as_code(block.text)
        elif block.kind == "heading":
            yield f"{'#' * min(max(block.level, 1) + 1, _LEVELS)} {escaped(block.text)}"
        else:
            signs = {"item": "  " * (nested - 1) + "- ", "quote": "> " * min(block.level, _LEVELS)}
            yield signs.get(block.kind, "") + escaped_paragraph(block.text)
