"""`thread-archive search`: find words in posts and comments."""

from pathlib import Path

import click
from rich.text import Text

from thread_archive.cli.options import db_option, json_option
from thread_archive.cli.terminal import line, output, print_indented, print_json
from thread_archive.store.archive import Archive
from thread_archive.store.search import END, FOUND, SearchHit, search, search_threads


@click.command()
@click.argument("query", metavar="QUERY…", nargs=-1, required=True)
@db_option
@json_option
@click.option("--threads", is_flag=True, help="List threads in which all words occur, be it in different comments.")
@click.option(
    "--limit", type=click.IntRange(min=1, max=10_000), default=20, help="How many hits at most (default: 20)."
)
def command(query: tuple[str, ...], db: Path, as_json: bool, threads: bool, limit: int) -> int:
    """
    Find words in posts and comments, best hits first.

    All words must occur; "a phrase", begin*, -without and this OR that work. Put -- before a query that begins with a
    minus.
    """
    with Archive.open(db, read_only=True) as archive:
        text = " ".join(query)
        found = search_threads(archive, text, limit=limit) if threads else search(archive, text, limit=limit)
        console = output()
        for hit in found:
            if as_json:
                print_json(hit.as_json())
            elif isinstance(hit, SearchHit):
                _print_hit(hit, indent=0)
            else:
                console.print(Text(f"{hit.rank}. {line(hit.title)}", style="bold"))
                console.print(Text(f"   {line(hit.thread)}", style="dim"))
                for inner in hit.hits:
                    _print_hit(inner, indent=3)
        if not found and not as_json:
            console.print("Nothing was found.")
    return 0


def _print_hit(hit: SearchHit, *, indent: int) -> None:
    console = output()
    number = f"{hit.rank}. " if not indent else ""
    heading = Text(number).append(line(hit.title) or "(no title)", style="bold")
    heading.append(f"  {hit.kind} by {line(hit.author_name) or 'unknown'}", style="dim")
    for text in (heading, _highlighted(hit.snippet), Text(line(hit.ap_id), style="dim")):
        print_indented(console, text, indent)


def _highlighted(snippet: str) -> Text:
    text = Text()
    for number, part in enumerate(snippet.replace("\n", " ").split(FOUND)):
        found, _, rest = part.partition(END) if number else ("", "", part)
        # Outside spaces matter between the parts, so that only the inside is put on a line.
        text.append(_flat(found), style="bold yellow").append(_flat(rest))
    return text


def _flat(text: str) -> str:
    edge_left, edge_right = text[:1].isspace(), text[-1:].isspace() and len(text) > 1
    return f"{' ' if edge_left else ''}{line(text)}{' ' if edge_right else ''}"
