"""
Who may say what of a person or a community: their own server, then the homes of threads, nobody else against these.

`just soak` runs 2,000 orders of visits, the gate a sample.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from archiving.test_redacting import redacted
from everything import found_in
from fake_lemmy import Reply, Server, World, faults, mirror, thread
from runs import add, archive_in, rows, v3
from snapshots.test_importing import told_anew
from thread_archive.archiving import reread
from thread_archive.archiving.deriving import derive
from thread_archive.snapshots.exporting import export
from thread_archive.snapshots.importing import import_snapshot
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.archive import Archive
from thread_archive.store.dump import content
from thread_archive.store.optouts import opted_out
from thread_archive.store.reading import post_by_ap_id, thread_items

WORLDS = int(os.environ.get("THREAD_ARCHIVE_WORLDS", "12"))
# Nobody can be asked there, and the path tells no name.
SILENT = "http://third.test/ap/users/77"
MARA = "http://home.test/u/mara_finch"
PEOPLE = "SELECT ap_id, name, display_name, bio, is_bot, deleted FROM people ORDER BY ap_id"


def lying(world: World) -> World:
    """The same world, whose server says anything of everybody."""
    for who in world.persons.values():
        who.name, who.display_name, who.bio = "hitler", "Convicted Fraudster", "BIO BY EVIL"
        who.bot, who.deleted = True, False
    return world


def stranger(domain: str = "evil.test") -> World:
    """A server with a thread of its own, in which people of home.test seem to write."""
    world = thread(v3(domain), ["y", "z"])
    for who in world.persons.values():
        who.ap_id = who.ap_id.replace(domain, "home.test")
    return world


def names_in(archive: Archive, post_ap_id: str) -> dict[str, tuple[str, bool]]:
    """By ap_id, how people are called in a thread, and whether they are marked as bots."""
    post_id = post_by_ap_id(archive, post_ap_id)
    assert post_id is not None
    items = [item.fields for item in thread_items(archive, post_id)]
    return {item["author"]: (item["author_name"], item["is_bot"]) for item in items}


def exported(archive: Archive, post_ap_id: str, form: str) -> str:
    return "".join(export(archive, post_by_ap_id(archive, post_ap_id) or 0, form))


# ------------------------------------------------------------------------------------------------------------ people


def test_a_stranger_does_not_rename_people_of_an_honest_server(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    with Server(home, lying(stranger())) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = rows(archive, PEOPLE)
        (receipt,) = add(archive, server, "http://evil.test/post/1")
        assert receipt.exit_code == 0
        assert rows(archive, PEOPLE) == before
        claims = rows(
            archive, "SELECT DISTINCT domain, display_name FROM person_claims JOIN instances ON id = instance_id"
        )
        assert claims == [("evil.test", "Convicted Fraudster")]
        after = list(content(archive))
        reread(archive)
        assert list(content(archive)) == after


def test_their_own_server_puts_right_what_a_stranger_said_first(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    with Server(home, lying(stranger())) as server:
        with archive_in(tmp_path) as archive:
            add(archive, server, "http://evil.test/post/1", "http://home.test/post/1")
            found = rows(archive, PEOPLE)
        with archive_in(tmp_path, "other.db") as archive:
            add(archive, server, "http://home.test/post/1")
            assert found == rows(archive, PEOPLE)


def test_a_mirror_that_is_not_the_home_changes_nothing_that_the_home_said(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    home.persons[4].ap_id, home.persons[4].name = SILENT, "tobias"
    copy = lying(mirror(home, v3("evil.test")))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = rows(archive, PEOPLE)
        server.faults.add(faults.dies(), domain="home.test")
        add(archive, server, "http://evil.test/post/1001", patience=0.1)
        assert rows(archive, PEOPLE) == before
        assert names_in(archive, "http://home.test/post/1")[SILENT] == ("tobias", False)


def test_each_thread_shows_what_its_home_says_of_whom_nobody_else_can_speak(tmp_path: Path) -> None:
    worlds = [thread(v3(f"{name}.test"), ["one", "two"]) for name in ("first", "second")]
    for world, name in zip(worlds, ("tobias", "somebody"), strict=True):
        world.persons[4].ap_id, world.persons[4].name, world.persons[4].bot = SILENT, name, name == "somebody"
    urls = [f"http://{name}.test/post/1" for name in ("first", "second")]
    with Server(*worlds) as server, archive_in(tmp_path) as archive:
        add(archive, server, *urls)
        add(archive, server, urls[0])
        assert [names_in(archive, url)[SILENT] for url in urls] == [("tobias", False), ("somebody", True)]
        texts = [exported(archive, url, "html") for url in urls]
        assert ["<bdi>tobias</bdi>" in text for text in texts] == [True, False]
        assert ["<bdi>somebody</bdi>" in text for text in texts] == [False, True]
        assert "somebody@third.test" in exported(archive, urls[1], "md")


def test_a_server_that_changes_its_word_is_believed_once_more(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one"])
    with Server(home, lying(stranger())) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1", "http://evil.test/post/1")
        home.persons[3].display_name = "Mara"
        home.comments[1].content = "edited"
        add(archive, server, "http://home.test/post/1")
        assert rows(archive, "SELECT display_name FROM people WHERE ap_id = ?", MARA) == [("Mara",)]
        reread(archive)
        assert rows(archive, "SELECT display_name FROM people WHERE ap_id = ?", MARA) == [("Mara",)]


@pytest.mark.parametrize("path", ["/u/tobias", "/users/tobias", "/@tobias"])
def test_a_name_that_belongs_to_another_account_is_shown_nowhere(path: str, tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    home.persons[4].ap_id, home.persons[4].name = f"http://third.test{path}", "hitler"
    with Server(home) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        assert rows(archive, "SELECT name FROM people WHERE ap_id LIKE '%tobias'") == [("tobias",)]
        for form in ("html", "md", "jsonl", "csv"):
            text = "".join(export(archive, 1, form))
            assert "hitler" not in text
            assert "tobias" in text


# ------------------------------------------------------------------------------------------------------- communities


def test_a_mirror_does_not_rename_a_community_of_an_honest_server(tmp_path: Path) -> None:
    home, evil = thread(v3("home.test"), ["one"]), thread(v3("evil.test"), ["y"])
    theirs = evil.communities[2]
    theirs.ap_id, theirs.name = "http://home.test/c/harbour", "evilname"
    theirs.title, theirs.sidebar, theirs.nsfw, theirs.removed = "EVIL TITLE", "EVIL SIDEBAR", True, True
    query = "SELECT name, title, description, nsfw, removed FROM communities"
    with Server(home, evil) as server:
        for number, urls in enumerate((("home", "evil"), ("evil", "home"))):
            with archive_in(tmp_path, f"{number}.db") as archive:
                add(archive, server, *(f"http://{name}.test/post/1" for name in urls))
                assert rows(archive, query) == [("harbour", "Harbour", "", 0, 0)]
                after = list(content(archive))
                reread(archive)
                assert list(content(archive)) == after


def test_of_a_community_whose_server_is_silent_the_page_shows_the_handle_beside_any_title(tmp_path: Path) -> None:
    evil = thread(v3("evil.test"), ["y"])
    evil.communities[2].ap_id, evil.communities[2].title = "http://home.test/c/harbour", "bank.test: pay here"
    with Server(evil) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://evil.test/post/1")
        text = "".join(export(archive, 1, "html"))
        assert "<span>!harbour@home.test</span>" in text
        assert "<title>What the tide left · harbour@home.test</title>" in text


# ---------------------------------------------------------------------------------------------------------- opt-outs


def asking(world: World, bio: str = "#noarchive") -> World:
    """The same world, in which everybody's profile says so."""
    for who in world.persons.values():
        who.bio = bio
    return world


def test_no_other_server_takes_back_that_somebody_asks_not_to_be_archived(tmp_path: Path) -> None:
    home = asking(thread(v3("home.test"), ["one", "two"]))
    with Server(home, asking(stranger(), "I love archives")) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1", "http://evil.test/post/1")
        assert len(opted_out(archive.db.conn)) == 3
        assert [len(opted_out(archive.db.conn, post_id)) for post_id in (1, 2)] == [3, 3]


def test_it_counts_whoever_told_of_it_until_their_own_server_shows_a_profile_without(tmp_path: Path) -> None:
    home = asking(thread(v3("home.test"), ["one", "two"]), "Gardener.")
    other = asking(stranger("other.test"))
    with Server(home, other) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        assert opted_out(archive.db.conn) == frozenset()
        add(archive, server, "http://other.test/post/1")
        assert len(opted_out(archive.db.conn)) == 3
        asking(other, "I love archives")
        add(archive, server, "http://other.test/post/1")
        assert len(opted_out(archive.db.conn)) == 3, "only their own server can tell that they no longer ask"
        with archive.transaction() as connection:
            connection.execute("DELETE FROM person_claims")
        assert len(opted_out(archive.db.conn)) == 3
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert opted_out(archive.db.conn) == frozenset()
        assert not receipt.revisions_added
        reread(archive)
        assert opted_out(archive.db.conn) == frozenset()


def test_an_account_that_was_deleted_still_asks(tmp_path: Path) -> None:
    home = asking(thread(v3("home.test"), ["one", "two"]))
    with Server(home) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        for who in home.persons.values():
            who.bio, who.deleted = None, True
        add(archive, server, "http://home.test/post/1")
        assert len(opted_out(archive.db.conn)) == 3


# ------------------------------------------------------------------------------------------------- any order of visits


@dataclass(frozen=True, slots=True)
class Three:
    """A home, another honest server with a thread of its own, and one that lies: in copies and in its own thread."""

    worlds: tuple[World, ...]
    visits: tuple[tuple[str, bool], ...]


def three() -> Three:
    home, other, evil = thread(v3("home.test"), ["one", "two"]), stranger("other.test"), lying(stranger("evil.test"))
    for world, name in ((home, "tobias"), (other, "toby"), (evil, "hitler")):
        world.persons[4].ap_id, world.persons[4].name = SILENT, name
    home.persons[3].display_name = "Mara"
    asking(home, "Gardener.")
    copy = lying(mirror(home, v3("copy.test")))
    visits = tuple((f"http://{name}.test/post/{n}", asks) for name, n, asks in (
        ("home", 1, True), ("other", 1, True), ("evil", 1, True), ("copy", 1001, True), ("copy", 1001, False),
    ))  # fmt: skip
    return Three((home, other, evil, copy), visits)


@pytest.mark.parametrize("number", range(WORLDS))
def test_what_honest_servers_said_is_shown_in_whatever_order_servers_are_asked(number: int, tmp_path: Path) -> None:
    rng, worlds = Random(number), three()
    told = [rng.choice(worlds.visits) for _ in range(rng.randint(1, 5))]
    with Server(*worlds.worlds) as server, archive_in(tmp_path) as archive:
        for url, home in told:
            for world in worlds.worlds:
                # What did not change is not even read.
                rng.choice(list(world.comments.values())).content = f"said {rng.random()}"
            add(archive, server, url, home=home)
        done = {url for url, home in told if home}
        home_spoke = bool(rows(archive, "SELECT 1 FROM captures WHERE home = 'home.test' AND status = 'complete'"))
        if home_spoke:
            shown = rows(archive, "SELECT display_name, bio, is_bot FROM people WHERE ap_id = ?", MARA)
            assert shown == [("Mara", "Gardener.", 0)]
            assert names_in(archive, "http://home.test/post/1")[SILENT] == ("tobias", False)
        if "http://other.test/post/1" in done and post_by_ap_id(archive, "http://other.test/post/1"):
            assert names_in(archive, "http://other.test/post/1")[SILENT] == ("toby", False)
        after = list(content(archive))
        reread(archive)
        assert list(content(archive)) == after


def test_a_thread_that_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", Reply(text="two", to=1)])
    copy = mirror(home, v3("copy.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://copy.test/post/1001")
        tables = ("people", "communities", "person_claims", "community_claims", "optouts")
        before = [rows(archive, f"SELECT * FROM {table}") for table in tables]
        home.comments[1].upvotes = 7
        (receipt,) = add(archive, server, "http://copy.test/post/1001")
        assert receipt.exit_code == 0
        assert [rows(archive, f"SELECT * FROM {table}") for table in tables] == before


# ---------------------------------------------------------------------------------------------------------- redaction


def test_what_any_server_said_of_a_redacted_person_is_erased_and_stays_out(tmp_path: Path) -> None:
    home, evil = thread(v3("home.test"), ["one", "two"]), lying(stranger())
    evil.persons[3].bio, evil.persons[4].bio = "zyxwordplanted", "knows @mara_finch@home.test"
    with Server(home, evil) as server:
        with archive_in(tmp_path) as archive:
            add(archive, server, "http://home.test/post/1", "http://evil.test/post/1")
        redacted(tmp_path, "person", "mara_finch@home.test")
        assert found_in(tmp_path, ["zyxwordplanted", "mara_finch"]) == {}
        with archive_in(tmp_path) as archive:
            after = list(content(archive))
            reread(archive)
            assert list(content(archive)) == after
            add(archive, server, "http://evil.test/post/1")
        assert found_in(tmp_path, ["zyxwordplanted", "mara_finch"]) == {}


def test_a_server_speaks_for_its_people_by_either_of_its_names(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one"])
    home.persons[3].ap_id, home.persons[3].display_name = "http://www.home.test/u/mara_finch", "Mara"
    evil = lying(stranger())
    evil.persons[3].ap_id = "http://www.home.test/u/mara_finch"
    with Server(home, evil) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1", "http://evil.test/post/1")
        query = """SELECT display_name, told_by = instance_id FROM people WHERE ap_id LIKE '%mara_finch'"""
        assert rows(archive, query) == [("Mara", 1)]


# ----------------------------------------------------------------------------------------------------------- snapshots


def bundle_of(archive: Archive, target: Path) -> Path:
    return make(archive, target, select(archive, Wanted()), Making(site=False)).path


def taken(archive: Archive, bundle: Path) -> None:
    list(import_snapshot(archive, bundle, now=datetime.now(UTC) + timedelta(days=1), derive=derive))


def test_what_a_snapshot_says_of_people_and_communities_outranks_no_server(tmp_path: Path) -> None:
    home, evil = asking(thread(v3("home.test"), ["one", "two"])), lying(stranger())
    evil.communities[2].ap_id, evil.communities[2].title = "http://home.test/c/harbour", "EVIL TITLE"
    evil.persons[3].ap_id = "http://home.test/u/new_one"
    with Server(home, evil) as server, archive_in(tmp_path) as archive, archive_in(tmp_path, "evil.db") as theirs:
        add(archive, server, "http://home.test/post/1")
        before = [*rows(archive, PEOPLE), *rows(archive, "SELECT title FROM communities")]
        add(theirs, server, "http://evil.test/post/1")
        taken(archive, bundle_of(theirs, tmp_path / "bundle"))
        assert set(before) <= {*rows(archive, PEOPLE), *rows(archive, "SELECT title FROM communities")}
        assert len(opted_out(archive.db.conn)) == 3
        who = "SELECT display_name, told_by IS NULL FROM people WHERE ap_id LIKE '%new_one'"
        assert rows(archive, who) == [("Convicted Fraudster", 1)]
        home.persons[3].ap_id, home.persons[3].name = "http://home.test/u/new_one", "new_one"
        add(archive, server, "http://home.test/post/1")
        assert rows(archive, who) == [("", 0)], "any server's word, and above all their own, stands before a snapshot's"


def test_a_snapshot_may_tell_that_somebody_asks_not_to_be_archived(tmp_path: Path) -> None:
    home, other = thread(v3("home.test"), ["one", "two"]), asking(stranger("other.test"), "nothing")
    with Server(home, other) as server, archive_in(tmp_path) as archive, archive_in(tmp_path, "other.db") as theirs:
        add(archive, server, "http://home.test/post/1")
        add(theirs, server, "http://other.test/post/1")
        with theirs.transaction() as connection:
            connection.execute("UPDATE people SET bio = 'see #no_archive'")
        bundle = bundle_of(theirs, tmp_path / "bundle")
        told_anew(bundle, "UPDATE people SET bio = '#noarchive'")
        taken(archive, bundle)
        assert len(opted_out(archive.db.conn)) == 3
        assert rows(archive, "SELECT DISTINCT bio FROM people") == [("",)]


def test_a_snapshot_calls_people_in_each_thread_as_the_archive_does(tmp_path: Path) -> None:
    worlds = [thread(v3(f"{name}.test"), ["one", "two"]) for name in ("first", "second")]
    for world, name in zip(worlds, ("tobias", "somebody"), strict=True):
        world.persons[4].ap_id, world.persons[4].name, world.persons[4].bio = SILENT, name, f"bio of {name}"
    urls = [f"http://{name}.test/post/1" for name in ("first", "second")]
    with Server(*worlds) as server, archive_in(tmp_path) as archive:
        add(archive, server, *urls)
        bundle = bundle_of(archive, tmp_path / "bundle")
        with Archive.open(bundle / "archive.db", read_only=True) as copy:
            assert [names_in(copy, url)[SILENT][0] for url in urls] == ["tobias", "somebody"]
            assert rows(copy, "SELECT bio FROM person_claims") == [("",)]
        assert all(finding.ok for finding in verify(bundle))


def test_a_snapshot_with_a_name_of_another_account_does_not_verify(tmp_path: Path) -> None:
    with Server(thread(v3("home.test"), ["one"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        bundle = bundle_of(archive, tmp_path / "bundle")
    told_anew(bundle, "UPDATE people SET name = 'hitler' WHERE name = 'mara_finch'")
    assert any("people.name" in finding.message for finding in verify(bundle) if not finding.ok)


def test_pseudonyms_hide_what_any_server_calls_people(tmp_path: Path) -> None:
    home, other = thread(v3("home.test"), ["ask zephyrine", "two"]), thread(v3("other.test"), ["x", "y"])
    for world, name in ((home, "quillon"), (other, "zephyrine")):
        world.persons[4].ap_id, world.persons[4].name = SILENT, name
    with Server(home, other) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://other.test/post/1", "http://home.test/post/1")
        bundle = make(
            archive, tmp_path / "bundle", select(archive, Wanted()), Making(site=False, pseudonyms=b"k" * 32)
        ).path
    assert b"zephyrine" not in b"".join(path.read_bytes() for path in bundle.iterdir())
