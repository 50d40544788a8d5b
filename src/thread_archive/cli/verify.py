"""`thread-archive verify`: check a snapshot."""

from pathlib import Path

import click

from thread_archive.cli.findings import print_finding
from thread_archive.cli.options import json_option, unused_db_option
from thread_archive.cli.progress import Busy
from thread_archive.cli.terminal import messages, print_json
from thread_archive.exceptions import SnapshotError
from thread_archive.snapshots.verifying import verify


@click.command()
@click.argument("path", metavar="SNAPSHOT", type=click.Path(path_type=Path))
@unused_db_option
@json_option
@click.option(
    "--signer",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Insist on a signature by this public SSH key, or by one of these allowed signers (see ssh-keygen).",
)
@click.option(
    "--quick",
    is_flag=True,
    help="Leave out whether pages, searches and descriptions are what the database gives (and say so).",
)
def command(path: Path, as_json: bool, signer: Path | None, quick: bool) -> int:
    """
    Check a snapshot, a folder or a zip: every file against the checksum list, the database, its index, counts, content
    hash, the signature where there is one, and that all else is, byte by byte, what the database gives. Nothing in it
    is run or believed.
    """
    sound = True
    with Busy(messages(), "checking…") as busy:
        for finding in busy.around(verify(path, signer=signer, quick=quick)):
            sound = sound and finding.ok
            if as_json:
                print_json(finding.as_json())
            else:
                print_finding(finding)
    return 0 if sound else SnapshotError.exit_code
