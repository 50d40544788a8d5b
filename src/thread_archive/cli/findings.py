"""Findings of a check, as a person reads them."""

from rich.text import Text

from thread_archive.cli.terminal import line, output
from thread_archive.store.checks import Finding


def print_finding(finding: Finding) -> None:
    """Print what one check found, on a line of its own."""
    mark = ("ok      ", "green") if finding.ok else ("NOT OK  ", "bold red")
    path = f"{line(finding.path)}: " if finding.path else ""
    output().print(Text.assemble(mark, f"{finding.check}: ", path, line(finding.message)), overflow="fold")
