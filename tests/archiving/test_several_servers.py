"""One thread on several servers: the reader's, the community's, the author's."""

import itertools
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Reply, Server, faults, grow, manifest, mirror, thread, world_from
from runs import add, archive_in, rows, v3, v4
from thread_archive.model import MissingReason
from thread_archive.store.dump import content

HOME, MIRROR = "mirrored-home", "mirrored-mirror"


def urls() -> tuple[str, str]:
    home, mirrored = manifest(HOME), manifest(MIRROR)
    return f"{home['base']}/post/{home['post']}", f"{mirrored['base']}/post/{mirrored['post']}"


def test_a_mirror_that_looks_complete_is_completed_by_the_home(tmp_path: Path) -> None:
    with Server(world_from(HOME), world_from(MIRROR)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, urls()[1])
        mirrored, home = receipt.sources
        assert (mirrored.advertised, mirrored.received, mirrored.lacked, mirrored.is_home) == (7, 7, 1, False)
        assert (home.advertised, home.received, home.lacked, home.is_home) == (8, 8, 0, True)
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 8, ())


def test_without_the_home_the_mirror_is_taken_at_its_word(tmp_path: Path) -> None:
    with Server(world_from(HOME), world_from(MIRROR)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, urls()[1], home=False)
        assert [source.instance for source in receipt.sources] == ["lemmy10.test:8537"]
        assert receipt.stored == 7
        assert server.targets("lemmy19.test:8536") == []


@pytest.mark.parametrize("down", [faults.dies(), faults.unavailable(None), faults.html(), faults.truncated()])
def test_a_dead_home_is_a_reported_partial(tmp_path: Path, down: faults.Change) -> None:
    with Server(world_from(HOME), world_from(MIRROR)) as server, archive_in(tmp_path) as archive:
        server.faults.add(down, domain="lemmy19.test")
        (receipt,) = add(archive, server, urls()[1], patience=0.1)
        assert (receipt.status, receipt.exit_code, receipt.stored) == ("partial", 0, 7)
        home = receipt.sources[1]
        assert home.is_home
        assert home.error is not None


def test_a_home_that_came_back_completes_the_thread_on_the_next_visit(tmp_path: Path) -> None:
    with Server(world_from(HOME), world_from(MIRROR)) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.dies(), domain="lemmy19.test")
        add(archive, server, urls()[1], patience=0.1)
        server.faults.clear()
        (receipt,) = add(archive, server, urls()[1])
        assert (receipt.status, receipt.stored, receipt.changed) == ("complete", 8, True)


def test_it_does_not_matter_from_which_server_a_thread_was_added_first(tmp_path: Path) -> None:
    dumps = []
    with Server(world_from(HOME), world_from(MIRROR)) as server:
        for number, order in enumerate(itertools.permutations(urls())):
            with archive_in(tmp_path, f"{number}.db") as archive:
                for url in order:
                    add(archive, server, url)
                dumps.append(list(content(archive)))
    assert dumps[0] == dumps[1]


def test_a_threads_home_is_its_community_and_not_its_authors_server(tmp_path: Path) -> None:
    author = v3("author.test")
    written = grow(thread(v3("community.test")), 40, Random(3))
    post = written.posts[1]
    post.ap_id = f"{author.base}/post/77"
    reader = mirror(written, v4("reader.test"), without=[7, 30], shift=5000)
    with Server(written, reader) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/5001")
        assert [(source.instance, source.is_home) for source in receipt.sources] == [
            ("reader.test", False), ("community.test", True),
        ]  # fmt: skip
        assert receipt.stored == 40
        assert receipt.thread == "http://author.test/post/77"
        assert any("resolve_object" in target for target in server.targets("community.test"))
        assert server.targets("author.test") == []


def test_replies_to_a_comment_that_the_mirror_never_got_hang_where_the_home_has_them(tmp_path: Path) -> None:
    home = grow(thread(v3("home.test")), 60, Random(5), roots=0.1)
    copy = mirror(home, v3("mirror.test"), without=[4, 9])
    with Server(home, copy) as server:
        with archive_in(tmp_path, "both.db") as both:
            add(both, server, "http://mirror.test/post/1001")
            got = rows(both, "SELECT ap_id, depth, position FROM comments ORDER BY position")
        with archive_in(tmp_path, "home.db") as alone:
            add(alone, server, "http://home.test/post/1")
            assert got == rows(alone, "SELECT ap_id, depth, position FROM comments ORDER BY position")


def test_what_is_removed_only_on_the_mirror_is_that_mirrors_affair(tmp_path: Path) -> None:
    home = grow(thread(v3("home.test")), 5, Random(5))
    copy = mirror(home, v3("mirror.test"))
    copy.comments[1002].removed = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        assert rows(archive, "SELECT removed, body <> '' FROM comments WHERE ap_id LIKE '%/comment/2'") == [(0, 1)]
        assert rows(archive, "SELECT withdrawn FROM local_ids WHERE local_id = 1002") == [("removed",)]


@pytest.mark.parametrize("mark", ["deleted", "removed"])
def test_what_is_withdrawn_at_the_home_is_withdrawn(tmp_path: Path, mark: str) -> None:
    home = grow(thread(v3("home.test")), 5, Random(5))
    copy = mirror(home, v3("mirror.test"))
    setattr(home.comments[2], mark, True)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        assert rows(archive, f"SELECT {mark}, body FROM comments WHERE ap_id LIKE '%/comment/2'") == [(1, "")]


def test_the_homes_text_and_votes_win_and_each_servers_votes_are_kept(tmp_path: Path) -> None:
    home = grow(thread(v3("home.test")), 3, Random(5))
    copy = mirror(home, v3("mirror.test"))
    copy.comments[1001].content, copy.comments[1001].updated = "edited on the mirror only", "2026-03-02T00:00:00Z"
    copy.comments[1001].upvotes, home.comments[1].upvotes = 3, 11
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        assert rows(archive, "SELECT body, upvotes FROM comments WHERE ap_id LIKE '%/comment/1'") == [
            (home.comments[1].content, 11)
        ]
        votes = rows(archive, "SELECT s.upvotes FROM scores s JOIN comments c ON c.id = comment_id WHERE position = 0")
        assert sorted(votes) == [(3,), (11,)]


def test_a_comment_that_only_its_authors_server_names_never_arrived(tmp_path: Path) -> None:
    home = thread(v4("home.test"), [f"number {number}" for number in range(10)])
    home.comments[5].lost = True
    home.comments[5].ap_id = "http://elsewhere.test/comment/9"
    with Server(home) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert [(item.reason, item.count) for item in receipt.missing] == [(MissingReason.NOT_FEDERATED, 1)]
        assert receipt.missing[0].items[0].ap_id == "http://elsewhere.test/comment/9"
        assert receipt.stored == 9


def test_a_comment_that_a_path_and_the_collection_both_name_is_missing_once(tmp_path: Path) -> None:
    home = thread(v4("home.test"), ["first", Reply(text="an answer", to=1)])
    home.comments[1].lost = True
    with Server(home) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert [(item.reason, item.count) for item in receipt.missing] == [(MissingReason.PURGED, 1)]
        assert receipt.stored == 1
