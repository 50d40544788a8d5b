"""
A thread that people write in, edit, delete, remove and purge between any two requests: never an error, and once it is
quiet the archive has what the server has.

`just soak` runs 2,000 worlds, the gate a sample.
"""

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

import fake_lemmy.listing
from fake_lemmy import Reply, Server, World, faults, grow, moment, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.sources import _harvest
from thread_archive.sources.lemmy_v3 import asking as asking_v3
from thread_archive.sources.lemmy_v4 import asking as asking_v4
from thread_archive.store.archive import Archive

WORLDS = int(os.environ.get("THREAD_ARCHIVE_WORLDS", "24"))
INSTANCES = {
    "0.18.5": v3(version="0.18.5"),
    "0.19.3": v3(version="0.19.3"),
    "0.19.14": v3(version="0.19.14"),
    "0.19.20": v3(version="0.19.20"),
    "1.0": v4(),
}
URL = "http://home.test/post/1"
# Small pages, so that a small thread has many: rows of a tree, of a flat page.
TREE, PAGE = 12, 5


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_lemmy.listing, "MAX_DEPTH_ROWS", TREE)
    for module in (_harvest, asking_v3, asking_v4):
        monkeypatch.setattr(module, "TREE_ROWS", TREE)
    monkeypatch.setattr(asking_v3, "PAGE_ROWS", PAGE)
    monkeypatch.setattr(asking_v4, "PAGE_ROWS", PAGE - 1)


def change(world: World, rng: Random) -> None:
    """Something happens in the thread."""
    what = rng.choice(["write", "write", "edit", "delete", "remove", "restore", "purge", "tie"])
    known = sorted(world.comments)
    row = world.comments[rng.choice(known)] if known else None
    if what == "write" or row is None:
        answered = rng.choice([0, *known[-9:]])
        say(world, Reply(text=f"said {rng.random()}", to=answered, fields={"published": moment(rng.randint(50, 90))}))
    elif what == "edit":
        row.content, row.updated = f"edited {rng.random()}", moment(100 + rng.random())
    elif what == "tie":
        row.published = moment(rng.randint(0, 9))
    elif what == "purge":
        # An id is never given twice.
        if row.id != max(known):
            world.purge(row.id)
    else:
        row.deleted, row.removed = what == "delete", what == "remove"
    world._index = None


def comments(archive: Archive) -> dict[str, tuple[Any, ...]]:
    """By ap_id: text, marks, time, and the parent's ap_id."""
    found = rows(
        archive,
        """SELECT comment.ap_id, comment.body, comment.deleted, comment.removed, comment.published_at, parent.ap_id
           FROM comments AS comment LEFT JOIN comments AS parent ON parent.id = comment.parent_id
           WHERE comment.ap_id IS NOT NULL""",
    )
    return {row[0]: row[1:] for row in found}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("seed", range(WORLDS))
@pytest.mark.parametrize("version", INSTANCES)
def test_a_thread_that_changes_between_any_two_requests_is_no_error_and_whole_once_it_is_quiet(
    tmp_path: Path, version: str, seed: int
) -> None:
    rng = Random(f"{version} {seed}")
    # 0.19.14 gives ten pages: a thread that is longer is asked for from either end, and by its roots.
    most = 90 if version == "0.19.14" else 50
    world = grow(thread(INSTANCES[version]), rng.randint(0, most), rng, roots=rng.choice([0.1, 0.5, 1]))
    often = rng.choice([0.1, 0.5, 1, 2])
    with Server(world) as server, archive_in(tmp_path) as archive:

        def happen(_: object) -> None:
            for _ in range(int(often) + (rng.random() < often % 1)):
                change(world, rng)

        server.faults.before.append(happen)
        for _ in range(2):
            (receipt,) = add(archive, server, URL)
            assert receipt.error is None, receipt.error
        server.faults.clear()
        for _ in range(2):
            (receipt,) = add(archive, server, URL)
            assert (receipt.error, receipt.exit_code) == (None, 0)
        with archive_in(tmp_path, "new.db") as new:
            (fresh,) = add(new, server, URL)
            assert (fresh.error, fresh.exit_code) == (None, 0)
            wanted, have = comments(new), comments(archive)
        for ap_id, (*said, parent) in wanted.items():
            *told, answered = have[ap_id]
            assert told == said
            assert parent in (None, answered)
        there = {comment.ap_id for comment in world.comments.values()}
        beyond = there & (have.keys() - wanted.keys())
        assert all(version == "0.18.5" and (have[ap_id][1] or have[ap_id][2]) for ap_id in beyond)
        if version != "0.18.5":
            assert there <= wanted.keys()


def test_of_two_answers_to_one_question_each_counts_for_what_it_showed(tmp_path: Path) -> None:
    replies = [Reply(text="first"), Reply(text="second", to=1), Reply(text="third", to=2), Reply(text="fourth", to=1)]
    with Server(thread(v3(), replies)) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.losing(3, 4), path="post_id=")
        # Short below the first comment and below the second, so that the same subtree is asked for twice.
        server.faults.add(faults.losing(3), path="parent_id=1", at={1})
        server.faults.add(faults.losing(4), path="parent_id=1", at={2})
        (receipt,) = add(archive, server, URL)
        assert sum("parent_id=1" in target for target in server.targets()) == 2
        assert (receipt.status, receipt.exit_code) == ("complete", 0)
        bodies = {body for (body,) in rows(archive, "SELECT body FROM comments")}
        assert bodies == {"first", "second", "third", "fourth"}
