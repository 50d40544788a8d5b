"""What is redacted while answers are under way is not let in by them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everything import found_in, markers
from fake_lemmy import Instance, Reply, Server, thread
from fake_lemmy.faults import Request
from planted import URL
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import targets
from thread_archive.archiving.redacting import Target, redact
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def redacting_at(folder: Path, path: str, target: Callable[[Archive], Target]) -> Callable[[Request], None]:
    """What another process does when a request comes whose address holds `path`: once."""
    done: list[bool] = []

    def before(request: Request) -> None:
        if path in request.target and not done:
            done.append(True)
            with archive_in(folder) as archive:
                redact(archive, target(archive), now=NOW)

    return before


@pytest.mark.parametrize("instance", [v3(), v3(version="0.18.5"), v4()], ids=["0.19", "0.18", "1.0"])
@pytest.mark.parametrize("at", ["/api", "/post", "/comment/list"])
def test_an_answer_under_way_brings_nothing_of_who_was_redacted_meanwhile(
    instance: Instance, at: str, tmp_path: Path
) -> None:
    comment, title, name = markers(3, 7)
    world = thread(
        instance,
        [Reply(text=f"Mine: {comment}", fields={"creator_id": 3}), Reply(text=f"@{name}@home.test, no", to=1)],
        post={"title": f"About {title}", "creator_id": 3},
    )
    world.persons[3].name, world.persons[3].ap_id = name, f"http://home.test/u/{name}"
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.before.append(
            redacting_at(tmp_path, at, lambda other: targets.person(other, f"@{name}@home.test"))
        )
        (receipt,) = add(archive, server, URL)
        assert receipt.exit_code == 0
        assert rows(archive, "SELECT body FROM comments") == [("[redacted]",), ("[redacted], no",)]
        assert [finding for finding in check(archive) if not finding.ok] == []
    assert found_in(tmp_path, [comment, title, name]) == {}


def test_a_thread_that_was_redacted_while_it_was_added_again_is_refused(tmp_path: Path) -> None:
    body, comment = markers(2, 8)
    world = thread(v3(), [f"First {comment}"], post={"title": "Tides", "body": "Calm."})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        world.posts[1].body, world.posts[1].updated = f"Now {body}", "2026-03-05T00:00:00Z"
        server.faults.before.append(redacting_at(tmp_path, "/comment/list", lambda other: targets.thread(other, 1)))
        (receipt,) = add(archive, server, URL)
        assert receipt.error is not None
        assert receipt.error.type == "TakenDownError"
    assert found_in(tmp_path, [body, comment]) == {}
