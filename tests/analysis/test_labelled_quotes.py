"""Precision and recall on the labelled set, and silence where nothing is quoted."""

import pytest

from labelled_quotes import agreement, threads
from thread_archive.analysis.quotes import Matcher, Target
from thread_archive.analysis.readiness import Readiness


def test_the_set_is_large_and_its_labels_lie_within_their_comments() -> None:
    comments = [comment for thread in threads() for comment in thread.comments]
    assert len(comments) >= 150
    assert sum(len(comment.labels) for comment in comments) >= 100
    assert sum(not comment.labels for comment in comments) >= 100
    for comment in comments:
        assert all(0 <= start < end <= len(comment.body) for start, end, _, _ in comment.labels)


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_found_agrees_with_the_labels(held_out: bool) -> None:
    found = agreement([thread for thread in threads() if thread.held_out == held_out])
    assert found.precision >= 0.97
    assert found.recall >= 0.97


def test_all_but_two_labels_are_found_and_all_but_one_find_is_labelled() -> None:
    found = agreement(threads())
    assert (found.wrong, found.missed) <= (1, 2)


@pytest.mark.parametrize("thread", threads(), ids=lambda thread: thread.name)
def test_no_comment_quotes_another_thread(thread) -> None:
    for other in threads():
        if other is thread:
            continue
        above = [Target(key=number, text=comment.body) for number, comment in enumerate(other.comments)]
        matcher = Matcher(other.shared)
        assert [quote for comment in thread.comments for quote in matcher.find(comment.body, above)] == []


@pytest.mark.parametrize("thread", threads(), ids=lambda thread: thread.name)
def test_what_was_found_out_of_texts_before_changes_no_quote(thread) -> None:
    ready = Readiness()
    for comment in thread.comments:
        ready.add(comment.body, [target.text for target in comment.above])
    plain, prepared = Matcher(thread.shared), Matcher(thread.shared, ready=ready)
    for comment in thread.comments:
        assert prepared.find(comment.body, comment.above) == plain.find(comment.body, comment.above)
