"""What is made ready while a server is waited for changes nothing but the time it takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fake_lemmy import Instance, Reply, Server, manifest, mirror, thread, world_from
from runs import add, archive_in, rows, v3, v4
from thread_archive.analysis.readiness import Readiness
from thread_archive.archiving import adding, targets
from thread_archive.archiving.preparing import Preparation, Room, Understanding
from thread_archive.archiving.receipts import Receipt
from thread_archive.archiving.redacting import redact
from thread_archive.model import Page
from thread_archive.store.archive import Archive
from thread_archive.store.dump import content

CAPTURED = "lemmy-0.19.20"
DERIVED = (
    "SELECT ap_id, body_html FROM comments ORDER BY ap_id",
    "SELECT url, text, position FROM links ORDER BY url, text, position",
    "SELECT start, end, marked, target_kind, target_start, target_end, score FROM quotes ORDER BY 1, 2, 5, 6",
)


def everything(archive: Archive) -> list[object]:
    return [*content(archive), *(row for query in DERIVED for row in rows(archive, query))]


@pytest.fixture
def handed_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """How many pages and texts were ready when they were needed."""
    counts = {"pages": 0, "strangers": 0}
    page, is_stranger = Preparation.page, Readiness.is_stranger

    def counted_page(self: Preparation, url: str, digest: bytes, understanding: Understanding) -> Page | None:
        ready = page(self, url, digest, understanding)
        counts["pages"] += ready is not None
        return ready

    def counted_stranger(self: Readiness, body: str, above: list[str]) -> bool:
        known = is_stranger(self, body, above)
        counts["strangers"] += known
        return known

    monkeypatch.setattr(Preparation, "page", counted_page)
    monkeypatch.setattr(Readiness, "is_stranger", counted_stranger)
    yield counts


def test_threads_are_the_same_with_and_without_it(
    tmp_path: Path, handed_out: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = manifest(CAPTURED)
    urls = [f"{told['base']}/post/{number}" for number in list(told["posts"].values())]
    with Server(world_from(CAPTURED)) as server:
        server.faults.latency = 0.02
        with archive_in(tmp_path, "ready.db") as archive:
            add(archive, server, *urls)
            ready = everything(archive)
        assert min(handed_out.values()) > 0
        handed_out.update(pages=0, strangers=0)
        monkeypatch.setattr(adding, "Room", lambda: Room(left=0))
        with archive_in(tmp_path, "unready.db") as archive:
            add(archive, server, *urls)
            assert everything(archive) == ready
        assert set(handed_out.values()) == {0}


@pytest.mark.parametrize("home", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
def test_what_two_servers_gave_is_the_same_with_and_without_it(
    tmp_path: Path, home: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = thread(home, ["The gauge froze in January.", Reply(text="> The gauge froze", to=1)])
    with Server(world, mirror(world, v4("mirror.test"))) as server:
        server.faults.latency = 0.02
        with archive_in(tmp_path, "ready.db") as archive:
            add(archive, server, "http://mirror.test/post/1001")
            ready = everything(archive)
        monkeypatch.setattr(adding, "Room", lambda: Room(left=0))
        with archive_in(tmp_path, "unready.db") as archive:
            add(archive, server, "http://mirror.test/post/1001")
            assert everything(archive) == ready


def test_what_another_process_redacts_meanwhile_does_not_come_back_from_memory(
    tmp_path: Path, handed_out: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = adding.conclude

    def after_a_redaction(*arguments: Any, **options: Any) -> tuple[Receipt, int]:
        with archive_in(tmp_path) as other:
            redact(other, targets.pattern("the blue house"), now=datetime(2026, 4, 1, tzinfo=UTC))
        return conclude(*arguments, **options)

    monkeypatch.setattr(adding, "conclude", after_a_redaction)
    world = thread(v4(), ["She lives in the blue house."])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        assert rows(archive, "SELECT body FROM comments") == [("She lives in [redacted].",)]


def test_no_more_is_held_ready_than_there_is_room_for_and_the_room_is_given_back(
    tmp_path: Path, handed_out: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(left=60)
    monkeypatch.setattr(adding, "Room", lambda: room)
    world = thread(v4(), ["x" * 50])
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        assert (room.left, handed_out["pages"]) == (60, 1)
        add(archive, server, "http://home.test/post/1")
        assert handed_out["pages"] == 1
        room.left = 40
        with archive_in(tmp_path, "small.db") as other:
            add(other, server, "http://home.test/post/1")
            assert (room.left, handed_out["pages"]) == (40, 1)
            assert rows(other, "SELECT body FROM comments") == [("x" * 50,)]
