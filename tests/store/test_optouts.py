"""Who asks in their profile to be left out."""

from pathlib import Path

import pytest

from fake_lemmy import Server, thread
from runs import add, archive_in, v3
from thread_archive.store.optouts import opted_out


@pytest.mark.parametrize(
    ("bio", "asks"),
    [
        ("Gardener. #noarchive", True),
        ("#NoBot please", True),
        (r"\#nobot", True),
        ("#noarchivists here", False),
        ("see https://x.test/#noarchive", False),
        ("no archive, nobot", False),
    ],
)
def test_a_mark_in_the_bio_is_a_word_of_its_own(bio: str, asks: bool, tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    world.persons[4].bio = bio
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        connection = archive.db.conn
        (row_id,) = connection.execute("SELECT id FROM people WHERE name = 'tobias_oak'").fetchone()
        assert opted_out(connection) == opted_out(connection, 1) == (frozenset({row_id}) if asks else frozenset())
        assert opted_out(connection, 77) == frozenset()
