"""`thread-archive search`: find words in articles, posts and comments."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.terminal import HANGING, line, messages, output, print_indented, print_json
from thread_archive.store.archive import Archive
from thread_archive.store.queries import OPERATORS, parse_query
from thread_archive.store.search import END, FOUND, Found, Request, SearchHit, Sort, ThreadHits, find, find_threads
from thread_archive.urls import handle, host_in

_EPILOG = "\b\nOperators; a minus before one takes away what it describes:\n" + "\n".join(
    f"  {name + ':':<11} {what}" for name, what in OPERATORS.items()
)


@click.command(epilog=_EPILOG)
@click.argument("query", metavar="QUERY…", nargs=-1, required=True)
@db_option
@json_option
@click.option("--threads", is_flag=True, help="List threads in which all words occur, even if in different comments.")
@click.option(
    "--limit", type=click.IntRange(min=1, max=10_000), default=20, help="How many hits at most (default: 20)."
)
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in Sort]),
    default="relevance",
    help="The order (default: relevance).",
)
@click.option(
    "--all", "everything", is_flag=True, help="Score every match of very common words, however long it takes."
)
def command(
    query: tuple[str, ...], db: Path, as_json: bool, threads: bool, limit: int, sort: str, everything: bool
) -> int:
    """
    Find words in articles, posts and comments, best hits first.

    All words must occur; "a phrase", begin*, -without and this OR that work. Put the query in single quotes, or the
    shell takes a phrase's away; put -- before one that begins with a minus. Operators alone list what they describe,
    newest first.
    """
    request = Request(query=parse_query(" ".join(query)), limit=limit, sort=Sort(sort), everything=everything)
    with Archive.open(db, read_only=True) as archive, archive.reading() as connection:
        if threads:
            _print_threads(find_threads(connection, request).threads, as_json=as_json)
        else:
            _print_hits(find(connection, request), as_json=as_json)
    return 0


def _print_hits(found: Found, *, as_json: bool) -> None:
    for hit in found.hits:
        if as_json:
            print_json(hit.as_json())
        else:
            _print_hit(hit, indent=0)
    _print_rest(found.hits, as_json=as_json)
    if found.suggestions and not as_json:
        output().print("These would find something:")
        for one in found.suggestions:
            output().print(Text(f"  {line(one.text)}").append(f"  {one.total:,}", style="dim"))
    if found.approximate and not as_json:
        messages().print(
            f"The {found.looked_at:,} archived last of {found.matches:,} matches were scored; --all scores every one."
        )


def _print_threads(found: Sequence[ThreadHits], *, as_json: bool) -> None:
    console = output()
    for thread in found:
        if as_json:
            print_json(thread.as_json())
            continue
        print_indented(console, Text(f"{thread.rank}. {line(thread.title)}", style="bold"), hanging=HANGING)
        print_indented(console, Text(f"   {line(thread.thread)}", style="dim"))
        for hit in thread.hits:
            _print_hit(hit, indent=3)
    _print_rest(found, as_json=as_json)
    if any(thread.approximate for thread in found) and not as_json:
        messages().print("Of very common words only the matches archived last were scored; --all scores every one.")


def _print_rest(found: Sequence[object], *, as_json: bool) -> None:
    if not found and not as_json:
        output().print("Nothing was found.")


def _print_hit(hit: SearchHit, *, indent: int) -> None:
    console = output()
    number = f"{hit.rank}. " if not indent else ""
    heading = Text(number).append_text(_marked(hit.marked_title or "(no title)", style="bold"))
    who = handle(hit.author, hit.author_name, host_in(hit.community))
    what = f"article, paragraph {hit.paragraph}" if hit.paragraph else hit.kind
    heading.append(f"  {what} by {line(who) or 'unknown'}, {hit.published_at[:10]}", style="dim")
    if hit.purged_at:
        heading.append("  purged", style="yellow")
    if hit.unconfirmed:
        heading.append("  unconfirmed", style="yellow")
    print_indented(console, heading, indent, hanging=HANGING)
    for text in (_body(hit), Text(line(hit.ap_id), style="dim")):
        print_indented(console, text, indent)


def _body(hit: SearchHit) -> Text:
    if hit.deleted or hit.removed:
        return Text("[deleted by its author]" if hit.deleted else "[removed by a moderator]", style="italic")
    return _marked(hit.snippet)


def _marked(passage: str, *, style: str = "") -> Text:
    """A passage with what was found in it highlighted."""
    text = Text()
    for number, part in enumerate(passage.split(FOUND)):
        found, _, rest = part.partition(END) if number else ("", "", part)
        # Outside spaces matter between the parts, so that only the inside is put on a line.
        text.append(_flat(found), style="bold yellow").append(_flat(rest), style=style)
    return text


def _flat(text: str) -> str:
    edge_left, edge_right = text[:1].isspace(), text[-1:].isspace() and len(text) > 1
    return f"{' ' if edge_left else ''}{line(text)}{' ' if edge_right else ''}"
