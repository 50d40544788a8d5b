"""What is in an archive's files, byte for byte and unpacked."""

from pathlib import Path

from fake_lemmy import Reply, Server, thread
from runs import add, archive_in, rows, v3
from thread_archive.store import evidence
from thread_archive.store.archive import Archive


def everything_in(folder: Path) -> bytes:
    """All files of the archive as they are, and every stored answer unpacked."""
    raw = b"".join(path.read_bytes() for path in sorted(folder.glob("archive.db*")))
    with Archive.open(folder / "archive.db", read_only=True) as archive:
        bodies = rows(archive, "SELECT body, size, digest FROM exchange_bodies")
    return raw + b"".join(evidence.opened(*row) or b"" for row in bodies)


def test_what_was_withdrawn_before_we_came_is_nowhere(tmp_path: Path) -> None:
    world = thread(
        v3(version="0.19.2"),
        [
            "stays",
            Reply(text="marker-deleted", fields={"deleted": True}),
            Reply(text="marker-removed", fields={"removed": True}),
        ],
        post={"body": "marker-post-body", "title": "marker-title", "removed": True},
    )
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
    found = everything_in(tmp_path)
    assert b"stays" in found
    for marker in (b"marker-deleted", b"marker-removed", b"marker-post-body", b"marker-title"):
        assert marker not in found


def test_what_was_public_once_is_found_in_the_evidence_that_saw_it(tmp_path: Path) -> None:
    world = thread(v3(), ["marker-public"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        world.comments[1].removed = True
        add(archive, server, "http://home.test/post/1")
        assert rows(archive, "SELECT count(*) FROM comments WHERE body LIKE '%marker%'") == [(0,)]
    assert b"marker-public" in everything_in(tmp_path)
