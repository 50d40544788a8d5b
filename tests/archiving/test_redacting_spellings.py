"""A person who is written in any spelling is nowhere in the archive, its answers, its index or a site made of it."""

from pathlib import Path

from everything import found_in
from fake_lemmy import Server, thread
from runs import add, archive_in, v3
from test_mentions import SPELLINGS
from thread_archive.archiving import reread, targets
from thread_archive.archiving.redacting import redact
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.dump import content_digest

from .test_redacting import NOW

# A name that no other word holds, in the place of `bob`; spellings of its letters in other signs are of test_mentions.
NAME = "qvobx"
URL = "http://home.test/post/1"
PLAIN = [spelling.replace("bob", NAME) for spelling in SPELLINGS if "bob" in spelling]


def test_no_spelling_is_left_anywhere_and_a_reread_and_another_visit_give_the_same(tmp_path: Path) -> None:
    world = thread(v3("home.test"), [f"f{number} {text}" for number, text in enumerate(PLAIN)] + ["mine alone"])
    person = world.persons[4]
    person.name, person.ap_id = NAME, f"http://home.test/u/{NAME}"
    for comment in world.comments.values():
        comment.creator_id = 3
    world.comments[len(PLAIN) + 1].creator_id = 4
    world.posts[1].body = " and ".join(["http://home.test/u/bobby", "bobby@home.test"])
    with Server(world) as server:
        with archive_in(tmp_path) as archive:
            add(archive, server, URL)
            assert found_in(tmp_path, [NAME]) != {}
            redact(archive, targets.person(archive, f"{NAME}@home.test"), now=NOW)
        assert found_in(tmp_path, [NAME]) == {}
        assert found_in(tmp_path, ["bobby"]) != {}
        with archive_in(tmp_path) as archive:
            before = content_digest(archive)
            reread(archive)
            assert content_digest(archive) == before
            made = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making())
            add(archive, server, URL)
    assert found_in(tmp_path, [NAME]) == {}
    files = [path for path in made.path.rglob("*") if path.is_file()]
    assert [path.name for path in files if NAME.encode() in path.read_bytes().lower()] == []
