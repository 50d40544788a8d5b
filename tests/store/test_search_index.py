"""The index says what the rows say: what moves is moved in it, what is wrong with it is found, and reread mends it."""

from pathlib import Path

import pytest

from fake_lemmy import Server, thread
from runs import add, archive_in, rows, v3
from searches import search
from snapshots.building import worlds
from snapshots.test_importing import shared, taken
from thread_archive.archiving import reread
from thread_archive.store import search_index
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content

HOME = "http://home.test/post/1"
LONG = "A body that is long enough to be an article of its own. " * 60
DAMAGE = {
    "a text that is not in it": "DELETE FROM search_items WHERE id = (SELECT min(id) FROM comments) * 4 + 1",
    "an entry of no text": "INSERT INTO search_items (id) VALUES (4000001)",
    "an entry of a kind that there is not": "INSERT INTO search_items (id) VALUES (4000003)",
    "an entry of a withdrawn comment": "UPDATE comments SET body = '', body_text = NULL WHERE id = 1",
    "another text": "UPDATE comments SET body = 'another text', body_text = NULL WHERE id = 3",
    "another title": "UPDATE posts SET title = 'another title'",
    "another author": "UPDATE comments SET creator_id = (SELECT max(id) FROM people) WHERE id = 1",
    "words gone": "DELETE FROM search_fts_data WHERE id > 10",
    "sizes gone": "DELETE FROM search_fts_docsize WHERE id IN (SELECT max(id) FROM search_fts_docsize)",
    "another community": """INSERT INTO communities SELECT 99, ap_id || '/x', name, title, description,
                            instance_id, nsfw, deleted, removed, visibility, capture_id, told_by
                            FROM communities LIMIT 1;
                            UPDATE posts SET community_id = 99""",
    "a script without its mark": """UPDATE search_items SET apart = NULL;
                                    INSERT INTO search_fts (search_fts) VALUES ('rebuild')""",
    "as many too few as too many": """
        INSERT INTO search_fts (search_fts, rowid, body, title, scope) SELECT 'delete', id, body, title, scope
            FROM search_content WHERE id = 5;
        DELETE FROM search_items WHERE id = 5;
        INSERT INTO search_items (id) VALUES (4000001);
        INSERT INTO search_fts (rowid, body, title, scope) VALUES (4000001, NULL, NULL, NULL)""",
}


def wrong(archive: Archive) -> set[str]:
    return {finding.check for finding in check(archive) if not finding.ok}


def filled(folder: Path, how: str) -> Archive:
    """An archive of a thread that it visited, or that came with a snapshot."""
    world = thread(v3(), ["one lighthouse", "\u706f\u53f0\u306f\u9ad8\u3044", "three"])
    with Server(world) as server:
        archive = Archive.open(folder / "archive.db", create=True)
        if how == "visited":
            add(archive, server, HOME)
            return archive
        with archive_in(folder, "other.db") as other:
            add(other, server, HOME)
            taken(archive, shared(other, folder / "bundle"))
    return archive


@pytest.mark.parametrize("how", ["visited", "imported"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_doctor_finds_what_is_wrong_with_the_index_and_a_reread_mends_it(damage: str, how: str, tmp_path: Path) -> None:
    with filled(tmp_path, how) as archive:
        assert wrong(archive) == set()
        # As other programs write, which do not look at references.
        archive.db.conn.execute("PRAGMA foreign_keys = OFF")
        for statement in DAMAGE[damage].split(";\n"):
            archive.db.conn.execute(statement)
        archive.db.conn.commit()
        archive.db.conn.execute("PRAGMA foreign_keys = ON")
        assert "index" in wrong(archive)
        reread(archive)
        assert "index" not in wrong(archive)
        (body,) = rows(archive, "SELECT body FROM comments ORDER BY id DESC LIMIT 1")[0]
        assert search(archive, body)


def test_a_mended_index_is_still_one_of_substrings(tmp_path: Path) -> None:
    with filled(tmp_path, "visited") as archive:
        with archive.transaction() as connection:
            search_index.rebuild(connection, substrings=True)
        archive.db.conn.execute(DAMAGE["another text"])
        archive.db.conn.commit()
        reread(archive)
        assert search_index.has_substrings(archive.db.conn)
        assert wrong(archive) == set()
        assert search(archive, "ighthous")


def test_an_index_in_order_is_not_made_anew(tmp_path: Path) -> None:
    with filled(tmp_path, "visited") as archive:
        archive.db.conn.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('automerge', 5)")
        archive.db.conn.commit()
        reread(archive)
        # Making it anew would have forgotten this.
        assert rows(archive, "SELECT v FROM search_fts_config WHERE k = 'automerge'") == [(5,)]


@pytest.mark.parametrize("renamed", ["address", "name and address"])
def test_what_a_home_renames_is_found_under_the_new_name_and_not_under_the_old_one(
    renamed: str, tmp_path: Path
) -> None:
    world = thread(v3(), ["one", "two", "three"], post={"body": LONG})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        community = world.communities[2]
        old, community.ap_id = community.ap_id, "http://home.test/c/other"
        if renamed != "address":
            community.name = "other"
        (receipt,) = add(archive, server, HOME)
        assert receipt.exit_code == 0
        assert wrong(archive) == set()
        for words in ("two", "kind:article article", "kind:post tide"):
            assert search(archive, f"{words} community:other")
            assert not search(archive, f"{words} community:{old}")
        assert add(archive, server, HOME)[0].changed is False
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before
        assert wrong(archive) == set()
        taken_over = shared(archive, tmp_path / "bundle")
        with archive_in(tmp_path, "other.db") as other:
            assert [imported.status for imported in taken(other, taken_over)] == ["new"]
            assert search(other, "two community:other")


def test_a_long_body_is_found_under_its_author_when_the_home_names_another(tmp_path: Path) -> None:
    world = thread(v3(), ["one"], post={"body": LONG})
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        world.posts[1].creator_id = world.comments[1].creator_id
        name = world.persons[world.posts[1].creator_id].name
        add(archive, server, HOME)
        assert wrong(archive) == set()
        assert search(archive, f"article author:{name} kind:article")


def test_both_threads_of_an_archive_are_found_where_they_are(tmp_path: Path) -> None:
    with Server(*worlds()) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://one.test/post/1", "http://two.test/post/1")
        assert wrong(archive) == set()
