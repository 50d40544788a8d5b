"""Findings of a check, as a person reads them."""

from rich.text import Text

from thread_archive.cli.terminal import as_started, line, output, print_indented
from thread_archive.store.checks import Finding

# How wide what stands before a finding is.
_MARK = 8


def print_finding(finding: Finding) -> None:
    """Print what one check found, on a line of its own."""
    word, style = ("ok", "green") if finding.ok else ("NOT OK", "bold red")
    path = f"{line(finding.path)}: " if finding.path else ""
    text = Text.assemble((f"{word:<{_MARK}}", style), f"{finding.check}: ", path, line(as_started(finding.message)))
    print_indented(output(), text, hanging=_MARK)
