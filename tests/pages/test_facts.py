"""What a thread's page says of its copy. Receipts come from files of anyone's making: anything may be in them."""

from typing import Any

import pytest

from thread_archive.pages.facts import Facts, facts
from thread_archive.store.threadpages import Visits

AT = "2026-11-24T12:00:00.000000Z"
VISITS = Visits(status="partial", captured_at=AT, count=3, first_at=AT)


def of(*receipts: Any) -> Facts:
    found = facts(VISITS, receipts)
    assert found is not None
    return found


def test_each_server_is_told_by_its_name_with_its_capital() -> None:
    source = {"instance": "home.test", "software": "lemmy", "version": "0.19.20", "is_home": True, "received": 7}
    told = of({"comments": {"stored": 7}, "sources": [source | {"advertised": 1200}, source | {"software": ""}]})
    assert told.sources == (
        "home.test (Lemmy 0.19.20, the thread’s home): counts 1,200 live, gave 7",
        "home.test (unknown software 0.19.20, the thread’s home): gave 7",
    )


def test_a_server_that_failed_is_told_with_what_it_met() -> None:
    source = {"instance": "home.test", "software": "lemmy", "version": "1.0.0", "error": {"message": "It is down."}}
    assert of({"comments": {}, "sources": [source]}).sources == ("home.test (Lemmy 1.0.0): It is down.",)


def test_what_is_gone_for_good_is_not_called_missing() -> None:
    told = of({"comments": {"missing": [{"reason": "purged", "count": 1}, {"reason": "unexplained", "count": 2}]}})
    assert (len(told.gone), told.gone[0][:11]) == (1, "1 comment: ")
    assert (len(told.missing), told.missing[0][:12]) == (1, "2 comments: ")


def test_what_is_missing_is_told_with_its_reason_and_what_nobody_named_by_itself() -> None:
    named = {"reason": "not_federated", "count": 1, "items": [{"ap_id": "http://home.test/comment/1"}]}
    told = of({"comments": {"missing": [named, {"reason": "of its own", "count": 2, "items": []}]}})
    assert told.missing[0].startswith("1 comment: ")
    assert told.missing[1] == told.uncounted[0] == "2 comments: of its own"


def test_the_latest_receipt_that_tells_of_comments_counts() -> None:
    assert of({"error": {}}, {"comments": {"stored": 7}}, {"comments": {"stored": 6}}).stored == 7


@pytest.mark.parametrize(
    "receipt", [None, [], "text", {}, {"comments": 1}, {"comments": {"missing": [1], "stored": "7"}}]
)
def test_a_receipt_that_tells_nothing_is_no_account(receipt: Any) -> None:
    assert (of(receipt).stored, of(receipt).sources) == (None, ())


def test_what_was_never_visited_has_no_facts() -> None:
    assert facts(None, []) is None
