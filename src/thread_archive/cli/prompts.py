"""Questions at a terminal, and what is said where a person stops instead of answering."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


class StoppedError(click.Abort):
    """A person stopped the program (Ctrl-C, or Ctrl-D at a prompt); `outcome` says what that means."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@contextmanager
def stopping(outcome: str) -> Iterator[None]:
    """Whoever stops what is done in here is told `outcome`."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        # The cursor stands behind the prompt, or behind the terminal's ^C.
        click.echo(err=True)
        raise StoppedError(outcome) from None
