"""`thread-archive article`: fetch the page that a thread is about, now or again."""

from pathlib import Path

import click
from rich.text import Text

from thread_archive.archiving import fetch_article
from thread_archive.cli.options import contact_option, db_option, find_thread, json_option, kept_contact
from thread_archive.cli.progress import Busy
from thread_archive.cli.receipt import article_lines
from thread_archive.cli.terminal import HANGING, line, messages, output, print_indented, print_json
from thread_archive.fetching.client import Client
from thread_archive.fetching.clock import SystemClock
from thread_archive.store import articles
from thread_archive.store.archive import Archive

_FAILED = 3


@click.command()
@click.argument("threads", metavar="THREAD…", nargs=-1, required=True)
@db_option
@json_option
@click.option("--ignore-robots", is_flag=True, help="Fetch pages even where robots.txt asks programs not to.")
@contact_option
@click.option(
    "--allow-private-network", is_flag=True, help="Lift the rules on addresses and ports, for sites of your own."
)
def command(
    threads: tuple[str, ...],
    db: Path,
    as_json: bool,
    ignore_robots: bool,
    contact: str | None,
    allow_private_network: bool,
) -> int:
    """
    Fetch the page that a thread's post links to, now or again.

    THREAD is a URL, an ap_id, or the id that ls prints. A page that was kept before is fetched only if it changed, and
    what it said before is kept.
    """
    code = 0
    with (
        Archive.open(db) as archive,
        Client(contact=kept_contact(archive, contact), allow_private_network=allow_private_network) as client,
    ):
        found = [find_thread(archive, text) for text in threads]
        for post_id in found:
            post = articles.linked(archive, post_id)
            with Busy(messages(), f"fetching {line(post.url)} …" if post.url else "looking …"):
                receipt = fetch_article(archive, client, post_id, ignore_robots=ignore_robots, now=SystemClock().now())
            code = max(code, _FAILED if receipt.status == "failed" else 0)
            if as_json:
                print_json({"thread": post.ap_id, **receipt.as_json()})
                continue
            print_indented(output(), Text(line(post.title) or "(no title)", style="bold"), hanging=HANGING)
            for text in article_lines(receipt):
                print_indented(output(), text, hanging=HANGING)
            if receipt.status == "none":
                print_indented(output(), Text("  it links to no page, and its own body is short"))
    return code
