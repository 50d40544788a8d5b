"""Readers while a thread is being added: the old thread or the new one, never half of it."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import shelves
from fake_lemmy import Server, grow, thread
from runs import add, archive_in, v3
from thread_archive.pages import documents
from thread_archive.store import threadpages
from web.datasettes import ask, served

READERS = 20
THREAD = f"/t/{shelves.SLUG}"


def test_twenty_readers_never_see_half_of_a_thread_that_is_being_added(tmp_path: Path) -> None:
    world = grow(thread(v3("home.test")), 300, Random(3))
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = 300
        grow(world, 300, Random(4))
        world.posts[1].title = "Twice as long"
        world.posts[1].comment_count = None
        seen = asyncio.run(reading_while(tmp_path / "archive.db", lambda: add_again(tmp_path, server)))
    assert len(seen) > READERS
    assert {(title, count) for title, count, _ in seen} <= {("What the tide left", before), ("Twice as long", 600)}
    assert ("Twice as long", 600) in {(title, count) for title, count, _ in seen}
    for title, count, page_count in seen:
        assert page_count in (before, 600), (title, count)


def add_again(folder: Path, server: Server) -> None:
    with archive_in(folder) as archive:
        add(archive, server, "http://home.test/post/1")


async def reading_while(path: Path, write: Callable[[], None]) -> list[tuple[str, int, int]]:
    """(title, comments by the JSON, comments by the page) as read by all readers while `write` runs, and after."""
    site = served(path)
    await site.invoke_startup()
    writer = threading.Thread(target=write)
    seen: list[tuple[str, int, int]] = []

    async def read() -> None:
        document = await site.client.get(f"{THREAD}.json")
        page = await site.client.get(THREAD)
        assert document.status_code == page.status_code == 200, (document.text[:300], page.text[:300])
        items = json.loads(document.text)["items"]
        told = page.text.partition('<span class="count">')[2].partition(" comment")[0]
        seen.append((items[0]["title"], len(items) - 1, int(told.replace(",", ""))))

    writer.start()
    while writer.is_alive():
        await asyncio.gather(*(read() for _ in range(READERS)))
    writer.join()
    await asyncio.gather(*(read() for _ in range(READERS)))
    return seen


@pytest.mark.parametrize("path", [THREAD, f"{THREAD}.json", f"{THREAD}?sort=new"])
def test_a_write_in_the_middle_of_a_page_is_not_seen_by_it(
    path: str, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's title is read before the write, its comments after it: both are of the moment before."""
    file = tmp_path / "written.db"
    shutil.copyfile(written, file)
    real = threadpages.thread_head

    def then_write(*values: object, **more: object) -> object:
        head = real(*values, **more)  # type: ignore[arg-type]
        with sqlite3.connect(file) as writer:
            writer.execute("UPDATE comments SET body = 'Written meanwhile', body_html = NULL")
        return head

    monkeypatch.setattr(threadpages, "thread_head", then_write)
    monkeypatch.setattr(documents, "thread_head", then_write)
    site = served(file)
    assert "Written meanwhile" not in ask(site, path).text
    monkeypatch.undo()
    assert "Written meanwhile" in ask(site, path).text
