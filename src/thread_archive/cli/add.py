"""`thread-archive add`: archive threads by URL."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import NamedTuple

import click
from rich.text import Text

from thread_archive.archiving import Adding, Options, Receipt, refused
from thread_archive.archiving.receipts import FAILED, PARTIAL
from thread_archive.cli.options import contact_option, db_option, json_option, kept_contact
from thread_archive.cli.progress import ShownProgress
from thread_archive.cli.receipt import STATUS, full_receipt, short_receipt
from thread_archive.cli.terminal import HANGING, messages, output, print_indented, print_json
from thread_archive.counting import counted
from thread_archive.exceptions import InputError
from thread_archive.fetching.client import Client
from thread_archive.logins import Logins
from thread_archive.store.archive import Archive

# With more URLs than this a thread gets one line.
_FULL_RECEIPTS = 5


@click.command()
@click.argument("urls", metavar="URL…", nargs=-1, required=True)
@db_option
@json_option
@click.option("--no-home", is_flag=True, help="Do not ask the thread's home server as well.")
@click.option("--no-article", is_flag=True, help="Do not fetch the page that a post links to.")
@click.option("--ignore-robots", is_flag=True, help="Fetch linked pages even where robots.txt asks programs not to.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0.001, max=100),
    callback=lambda _context, _option, rate: _number(rate),
    default=1.0,
    help="Requests a second to each server (default: 1).",
)
@click.option("--login", is_flag=True, help="Use the login kept for the instance where visitors are not shown all.")
@contact_option
@click.option(
    "--allow-private-network",
    is_flag=True,
    help="Lift the rules on addresses, ports and plain http for the whole run, links included.",
)
def command(
    urls: tuple[str, ...],
    db: Path,
    as_json: bool,
    no_home: bool,
    no_article: bool,
    ignore_robots: bool,
    rate: float,
    login: bool,
    contact: str | None,
    allow_private_network: bool,
) -> int:
    """
    Archive the threads at these URLs, with all their comments; - reads URLs from standard input.

    Any way of writing a Lemmy thread will do: the address of the post or of a comment, on its own server or another
    one, in any front end. Adding a thread again fetches what is new and keeps what it replaces.
    """
    texts = list(_expanded(urls))
    if not texts:
        raise InputError("There was no URL on standard input.", next="Give one URL a line.")
    refusals = [refusal for text in texts if (refusal := refused(text))]
    if len(refusals) == len(texts):
        # Nothing comes into the archive: it is not even made.
        return report(refusals, as_json=as_json, brief=len(texts) > _FULL_RECEIPTS)
    options = Options(
        home=not no_home,
        login=login,
        allow_private_network=allow_private_network,
        article=not no_article,
        ignore_robots=ignore_robots,
    )
    tokens = Logins(os.environ if login else {}).token
    console = messages()
    with (
        Archive.open(db, create=True) as archive,
        ShownProgress(console, total=len(texts)) as progress,
        Client(
            rate=rate,
            contact=kept_contact(archive, contact),
            allow_private_network=allow_private_network,
            on_wait=progress.waiting,
        ) as client,
    ):
        adding = Adding(archive, client, options=options, tokens=tokens, progress=progress)
        return report(progress.around(adding.add(texts)), as_json=as_json, brief=len(texts) > _FULL_RECEIPTS)


def _number(rate: float) -> float:
    """`rate`, if it is a number: NaN is within every range."""
    if isnan(rate):
        raise click.BadParameter("nan is not a number.")
    return rate


def _expanded(urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        if url != "-":
            yield url
            continue
        yield from _listed()


def _listed() -> Iterator[str]:
    """The lines of standard input that hold something; an editor's byte order mark is no part of the first."""
    try:
        for text in sys.stdin:
            stripped = text.removeprefix("\ufeff").strip()
            if stripped and not stripped.startswith("#"):
                yield stripped
    except OSError as error:
        raise InputError(
            f"Standard input cannot be read ({error.strerror or error}).", next="Give one URL a line."
        ) from error


def report(receipts: Iterable[Receipt], *, as_json: bool, brief: bool = False) -> int:
    """Print each receipt as it comes, and after several what became of all; returns the largest exit code."""
    console, told = output(), []
    for receipt in receipts:
        told.append(_Told(receipt.thread, receipt.status, receipt.stored, receipt.exit_code))
        if as_json:
            print_json(receipt.as_json())
        elif brief:
            print_indented(console, short_receipt(receipt), hanging=STATUS)
        else:
            for text in full_receipt(receipt):
                print_indented(console, text, hanging=HANGING)
    if len(told) > 1 and not as_json:
        print_indented(console, Text(_sum(told)), hanging=HANGING)
    return max((one.exit_code for one in told), default=0)


class _Told(NamedTuple):
    """What is remembered of a receipt, of which there may be very many."""

    thread: str | None
    status: str
    stored: int
    exit_code: int


def _sum(told: Sequence[_Told]) -> str:
    """What became of all URLs in a sentence; a thread with several counts once."""
    threads = {one.thread: one for one in told if one.status != FAILED}
    in_part = sum(one.status == PARTIAL for one in threads.values())
    failed = sum(one.status == FAILED for one in told)
    comments = sum(one.stored for one in threads.values())
    return (
        f"{counted(len(threads), 'thread')} archived"
        + (f" ({in_part:,} in part)" if in_part else "")
        + (f", {failed:,} failed" if failed else "")
        + f"; {counted(comments, 'comment')} in all."
    )
