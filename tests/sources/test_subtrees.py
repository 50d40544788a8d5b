"""Asking again below a comment that is short."""

from pathlib import Path

from fake_lemmy import Reply, Server, thread
from runs import add, archive_in, rows, v3


def test_what_is_short_below_a_comment_is_asked_for_in_answers_that_stay_small(tmp_path: Path) -> None:
    replies = [Reply(text=f"number {number}", to=1) for number in range(1, 291)]
    world = thread(v3(), ["first", *replies], post={"body": "漢" * 40_000})
    world.comments[100].lost = True
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.exit_code, receipt.stored) == (1, 290)
        assert rows(archive, "SELECT max(size) < 9000000 FROM exchange_bodies") == [(1,)]
