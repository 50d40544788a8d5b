"""`thread-archive snapshot`: make a read-only copy to share."""

import os
import secrets
from pathlib import Path

import click
from rich.text import Text

from thread_archive.cli.options import db_option, find_thread, json_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.receipt import size
from thread_archive.cli.terminal import HANGING, line, messages, output, print_indented, print_json
from thread_archive.counting import counted
from thread_archive.exceptions import InputError
from thread_archive.snapshots.pseudonymising import read_key
from thread_archive.snapshots.selection import LeftOut, Wanted, hidden, parse_day, select
from thread_archive.snapshots.writer import Made, Making, check_target, make, source_date_epoch
from thread_archive.store import settings
from thread_archive.store.archive import Archive


@click.command()
@click.argument("dest", metavar="DEST", type=click.Path(path_type=Path))
@click.argument("threads", metavar="[THREAD…]", nargs=-1)
@db_option
@json_option
@click.option("--community", default="", help="Only threads of this community (name@instance, or its URL).")
@click.option("--query", default="", help="Only threads in which these words occur, as `search` has it.")
@click.option("--since", help="Only threads with a post or comment from this day on (2026-03-01).")
@click.option("--zip", "zipped", is_flag=True, help="Write one zip, as DEST does that ends in .zip.")
@click.option("--no-site", is_flag=True, help="Leave out the pages that a browser opens without a server.")
@click.option("--include-restricted", is_flag=True, help="Include what only a login showed.")
@click.option("--include-purged", is_flag=True, help="Include what its server purged, or no longer shows.")
@click.option(
    "--include-unconfirmed",
    is_flag=True,
    help="Include comments that neither the thread's home nor their own host gave.",
)
@click.option(
    "--sign", "key", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Sign with this SSH key."
)
@click.option("--pseudonymise", is_flag=True, help="Give people other names, in texts and addresses too.")
@click.option(
    "--pseudonym-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The key that names are made with, so that they are the same again (default: a new one, thrown away).",
)
@click.option(
    "--coarse",
    is_flag=True,
    help="With pseudonyms, give days for times, and no votes, communities, servers or marks of moderators.",
)
@click.option("--keep-source", is_flag=True, help="With pseudonyms, give the threads' own addresses all the same.")
@click.option(
    "--contact",
    default=lambda: os.environ.get("THREAD_ARCHIVE_CONTACT", ""),
    help="Whom to ask for removal (or $THREAD_ARCHIVE_CONTACT).",
)
def command(
    dest: Path,
    threads: tuple[str, ...],
    db: Path,
    as_json: bool,
    community: str,
    query: str,
    since: str | None,
    zipped: bool,
    no_site: bool,
    include_restricted: bool,
    include_purged: bool,
    include_unconfirmed: bool,
    key: Path | None,
    pseudonymise: bool,
    pseudonym_key: Path | None,
    coarse: bool,
    keep_source: bool,
    contact: str,
) -> int:
    """
    Make a read-only copy of threads that others can open, search and verify without this program.

    DEST is a folder, or one file where it ends in .zip. All threads are taken, or those that are named, of a community,
    found by a query, or active since a day; always whole threads. What was taken back is not in it.
    """
    check_target(dest)
    _check_coarse(coarse=coarse, named=not (pseudonymise or pseudonym_key), keep_source=keep_source)
    epoch = source_date_epoch(os.environ)
    with Archive.open(db, read_only=True) as archive, Busy(messages(), "writing…"):
        wanted = Wanted(
            posts=tuple(find_thread(archive, thread) for thread in threads),
            community=community,
            query=query,
            since=parse_day(since) if since else None,
            restricted=include_restricted,
            purged=include_purged,
            unconfirmed=include_unconfirmed,
        )
        making = Making(
            zipped=zipped or dest.suffix == ".zip",
            site=not no_site,
            restricted=include_restricted,
            purged=include_purged,
            unconfirmed=include_unconfirmed,
            contact=contact or settings.get(archive.db.conn, "contact") or "",
            epoch=epoch,
            key=key,
            pseudonyms=_pseudonym_key(pseudonym_key, wanted=pseudonymise),
            keep_source=keep_source,
            coarse=coarse,
        )
        chosen = select(archive, wanted)
        made = make(archive, dest, chosen, making)
        left_out = hidden(archive, wanted, chosen)
    if as_json:
        print_json(_as_json(made))
    else:
        _print(made, *left_out)
    return 0


def _check_coarse(*, coarse: bool, named: bool, keep_source: bool) -> None:
    if coarse and named:
        raise InputError("--coarse is for pseudonyms.", next="Give --pseudonymise as well.")
    if coarse and keep_source:
        raise InputError(
            "--coarse leaves out what --keep-source gives: where the threads were published.", next="Give one of them."
        )


def _pseudonym_key(path: Path | None, *, wanted: bool) -> bytes | None:
    if path is not None:
        return read_key(path)
    return secrets.token_bytes(32) if wanted else None


def _as_json(made: Made) -> dict[str, object]:
    told = made.description
    return {
        "path": str(made.path),
        "manifest_sha256": made.manifest,
        "content_sha256": told["content_sha256"],
        "bytes": dict(made.sizes),
        "counts": told["counts"],
        **{name: told[name] for name in ("joined_by",) if name in told},
    }


def _print(made: Made, unseen: LeftOut, purged: LeftOut, unconfirmed: LeftOut) -> None:
    found = made.description["counts"]
    counts = ", ".join(counted(found[f"{noun}s"], noun) for noun in ("thread", "comment", "article"))
    _say(f"{line(str(made.path))}: {counts}")
    for left_out, why, option in (
        (unseen, "only a login showed", "--include-restricted"),
        (purged, "no server has any more", "--include-purged"),
        (unconfirmed, "nobody confirms who could", "--include-unconfirmed"),
    ):
        parts = [(left_out.threads, "thread"), (left_out.comments, "comment")]
        if numbers := " and ".join(counted(number, noun) for number, noun in parts if number):
            _say(f"  left out: {numbers} that {why} ({option} takes them along)")
    _say("  " + ", ".join(f"{part} {size(number)}" for part, number in made.sizes.items() if number))
    _say(f"  checksum list {made.manifest}")
    _say(f"  content hash  {made.description['content_sha256']}")
    left = made.description.get("names_left")
    if left and left["occurrences"]:
        times = counted(left["occurrences"], "time")
        _say(f"  {times} a name is left in a text, where it is an ordinary word of these threads")
    if joined_by := made.description.get("joined_by"):
        _say("  people can still be found out, by whoever has the published threads, by:")
        for one in joined_by:
            _say(f"  - {one}")
        if not made.description["options"]["coarse"]:
            _say("  --coarse leaves out the first four of these.")
    _say("Tell the first of these numbers, through another channel, to whoever gets the copy.")


def _say(text: str) -> None:
    print_indented(output(), Text(text), hanging=HANGING)
