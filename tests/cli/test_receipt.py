"""Receipts as a person reads them."""

import pytest

from thread_archive.archiving import Receipt, SourceReceipt
from thread_archive.archiving.receipts import Problem
from thread_archive.cli.receipt import full_receipt

REFUSED = Problem(type="AccessDeniedError", message="a.test refuses the login.", next="", exit_code=3)


@pytest.mark.parametrize(
    ("received", "lines"),
    [
        (2, ["  a.test: counts 3, gave 2", "    a.test refuses the login."]),
        (0, ["  a.test: a.test refuses the login."]),
    ],
)
def test_what_went_wrong_with_a_server_stands_beside_what_it_gave(received: int, lines: list[str]) -> None:
    source = SourceReceipt(instance="a.test", advertised=3 if received else None, received=received, error=REFUSED)
    receipt = Receipt(url="http://a.test/post/1", status="partial", thread="http://a.test/post/1", sources=(source,))
    printed = [text.plain for text in full_receipt(receipt)]
    assert [line for line in printed if "a.test:" in line or "refuses" in line] == lines
