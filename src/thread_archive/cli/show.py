"""`thread-archive show`: read a thread."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from thread_archive.cli.options import db_option, find_thread, json_option
from thread_archive.cli.terminal import NO_BREAK, line, output, print_indented, print_json
from thread_archive.controls import without_controls
from thread_archive.model import MISSING_REASONS, MissingReason
from thread_archive.store.archive import Archive
from thread_archive.store.articles import PageText
from thread_archive.store.reading import Item, thread_items
from thread_archive.urls import handle

# Deeper replies are not indented further, but say how deep they are: no room would be left for their words.
_DEEPEST = 12
_LEAST_WIDTH = 30
_INDENT = 2
# What a block of an article begins with.
_SIGNS = {"item": "• ", "quote": "> "}


@click.command()
@click.argument("thread", metavar="THREAD")
@db_option
@json_option
def command(thread: str, db: Path, as_json: bool) -> int:
    """
    Read a thread: its post, the article behind its link, then every comment.

    THREAD is a URL, an ap_id, or the id that ls prints.
    """
    with Archive.open(db, read_only=True) as archive:
        console = output()
        post_id, here = find_thread(archive, thread), ""
        for item in thread_items(archive, post_id):
            if as_json:
                print_json(item.fields)
                continue
            if item.page:
                for text, indent in _page(item.page, item.remarks):
                    print_indented(console, text, indent)
                continue
            here = here or item.fields["instance"]
            indent, sign = _place(item.depth, console.width)
            for number, text in enumerate(_lines(item, here)):
                print_indented(console, text if number else Text(sign, style="dim").append_text(text), indent)
    return 0


def _place(depth: int, width: int) -> tuple[int, str]:
    """How far what stands so deep in the tree is indented, and the sign before it where that does not tell."""
    deepest = max(0, min(_DEEPEST, (width - _LEAST_WIDTH) // _INDENT))
    levels = max(depth - 1, 0)
    return min(levels, deepest) * _INDENT, f"↳{NO_BREAK}{depth}  " if levels > deepest else ""


def _page(page: PageText, remarks: Sequence[str]) -> Iterator[tuple[Text, int]]:
    """The article behind the post's link, each block with its indentation; the post's own body is shown as such."""
    yield Text(line(page.title) or "[no title]", style="bold"), _INDENT
    facts = [line(fact) for fact in (page.byline, page.site, page.published_at[:10]) if fact]
    yield Text(" · ".join(facts), style="dim"), _INDENT
    for remark in remarks:
        yield Text(f"[{remark}]", style="yellow"), _INDENT
    for paragraph in page.paragraphs:
        yield Text(), 0
        sign = _SIGNS.get(paragraph.kind, "")
        style = "bold" if paragraph.kind == "heading" else ""
        yield (
            Text(f"{sign}{without_controls(paragraph.text)}", style=style),
            _INDENT * max(1, paragraph.level * bool(sign)),
        )
    yield Text(), 0


def _lines(item: Item, here: str) -> Iterator[Text]:
    """An item of a thread that is at home on the server `here`."""
    fields = item.fields
    if item.kind == "gap":
        why = MISSING_REASONS[MissingReason(fields["reason"])]
        yield Text(f"[a comment is missing here: {why}]", style="yellow")
        yield Text()
        return
    if item.kind == "post":
        yield Text(line(fields["title"]) or "[no title]", style="bold")
        if fields["url"]:
            yield Text(line(fields["url"]))
        yield Text(f"in {line(fields['community'])}", style="dim")
    yield _byline(item, here)
    if fields["purged_at"]:
        yield Text(f"[purged: its server has it no longer, seen {fields['purged_at'][:10]}]", style="yellow")
    for remark in item.remarks:
        yield Text(f"[{remark}]", style="yellow")
    attested_by = ", ".join(map(line, fields["attested_by"] or ()))
    if fields["unconfirmed"]:
        yield Text(
            f"[unconfirmed: {attested_by or 'only a snapshot'} shows it; its own host and the thread's home do not]",
            style="yellow",
        )
    elif attested_by and item.kind == "post":
        yield Text(
            f"[attested by {attested_by} only: the thread's home and the post's own host are silent]", style="yellow"
        )
    yield from _body(fields)
    yield Text()


def _byline(item: Item, here: str) -> Text:
    fields = item.fields
    who = line(handle(fields["author"], fields["author_name"], here))
    text = Text(who or "[unknown]", style="bold" if item.kind == "comment" else "")
    marks = [
        name
        for name, key in (("OP", "is_op"), ("mod", "is_moderator"), ("admin", "is_admin"), ("bot", "is_bot"))
        if fields[key] and not (key == "is_op" and item.kind == "post")
    ]
    if marks:
        text.append(f" [{', '.join(marks)}]", style="cyan")
    facts = [_time(fields["published_at"])]
    if fields["edited_at"]:
        facts.append(f"edited {_time(fields['edited_at'])}")
    if fields["score"] is not None:
        facts.append(f"score{NO_BREAK}{fields['score']:,}")
    facts += [word for word in ("distinguished", "locked", "nsfw", "featured") if fields.get(word)]
    return text.append(f"  {' · '.join(facts)}", style="not bold dim")


def _time(stamp: str) -> str:
    return f"{stamp[:10]} {stamp[11:16]} UTC"


def _body(fields: dict[str, Any]) -> Iterator[Text]:
    if fields["deleted"]:
        yield Text("[deleted by its author]", style="italic")
    elif fields["removed"]:
        yield Text("[removed by a moderator]", style="italic")
    elif fields["body"]:
        yield Text(without_controls(fields["body"]).strip())
