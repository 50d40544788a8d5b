"""One thread on several servers: the reader's, the community's, the author's."""

import itertools
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_lemmy import Comment, Instance, Reply, Server, World, faults, grow, manifest, mirror, say, thread, world_from
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import reread
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


def test_a_dead_home_is_not_asked_for_each_of_its_threads(tmp_path: Path) -> None:
    copy = mirror(thread(v3("home.test"), ["one"]), v3("reader.test"))
    for number in range(1002, 1006):
        copy.posts[number] = replace(copy.posts[1001], id=number, ap_id=f"http://home.test/post/{number}")
    with Server(copy) as server, archive_in(tmp_path) as archive:
        resolver = server.resolver
        looked_up: list[str] = []

        def without_home(host: str, port: int) -> list[tuple[str, int]]:
            looked_up.append(host)
            if host == "home.test":
                raise OSError(-2, "Name or service not known")
            return resolver(host, port)

        texts = [f"http://reader.test/post/{number}" for number in copy.posts]
        receipts = add(archive, server, *texts, resolver=without_home)
        assert [(receipt.status, receipt.exit_code) for receipt in receipts] == [("partial", 0)] * 5
        problems = [receipt.sources[1].error for receipt in receipts]
        assert [problem is not None and "was not asked" in problem.message for problem in problems] == [
            False,
            False,
            True,
            True,
            True,
        ]
        assert looked_up.count("home.test") == 2


@pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])
def test_a_home_that_fails_at_some_of_what_is_short_has_still_given_the_rest(
    tmp_path: Path, instance: Instance
) -> None:
    home = thread(instance, [*(f"number {number}" for number in range(1, 5)), "only at home"])
    for number in (1, 2, 3, 4):
        say(home, Reply(text="lost", to=number)).lost = True
    copy = mirror(home, v3("reader.test"), without=[5, 6, 7, 8, 9])
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.html(502), path="parent_id=", domain="home.test")
        (receipt,) = add(archive, server, "http://reader.test/post/1001", patience=0.1)
        assert (receipt.stored, receipt.sources[1].error) == (5, None)


def test_a_home_with_an_emoji_for_a_name_is_asked_like_any_other(tmp_path: Path) -> None:
    home = thread(v3("xn--i-7iq.test"), ["one", "two"])
    with Server(home, mirror(home, v3("reader.test"))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        assert [(source.instance, source.received) for source in receipt.sources][1] == ("xn--i-7iq.test", 2)
        assert receipt.status == "complete"


def test_a_home_that_came_back_completes_the_thread_on_the_next_visit(tmp_path: Path) -> None:
    with Server(world_from(HOME), world_from(MIRROR)) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.dies(), domain="lemmy19.test")
        add(archive, server, urls()[1], patience=0.1)
        server.faults.clear()
        (receipt,) = add(archive, server, urls()[1])
        assert (receipt.status, receipt.stored, receipt.changed) == ("complete", 8, True)


@pytest.mark.parametrize("mark", ["deleted", "removed"])
def test_what_the_home_withdrew_stays_withdrawn_when_only_a_mirror_is_left(tmp_path: Path, mark: str) -> None:
    home = grow(thread(v3("home.test")), 5, Random(5))
    copy = mirror(home, v3("mirror.test"))
    setattr(home.comments[2], mark, True)
    setattr(home.posts[1], mark, True)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = list(content(archive))
        server.faults.add(faults.dies(), domain="home.test")
        add(archive, server, "http://mirror.test/post/1001", patience=0.1)
        assert rows(archive, f"SELECT {mark}, body FROM comments WHERE ap_id LIKE '%/comment/2'") == [(1, "")]
        assert rows(archive, f"SELECT {mark}, body FROM posts") == [(1, "")]
        after = list(content(archive))
        reread(archive)
        assert list(content(archive)) == after
        assert len(before) < len(after), "what the mirror says of votes and numbers is kept"


def test_a_mirror_alone_does_not_bring_back_an_older_text_and_brings_in_a_newer_one(tmp_path: Path) -> None:
    home = grow(thread(v3("home.test")), 5, Random(5))
    copy = mirror(home, v3("mirror.test"))
    home.comments[2].content, home.comments[2].updated = "as the home has it", "2026-03-02T00:00:00Z"
    home.posts[1].title, home.posts[1].updated = "As the home has it", "2026-03-02T00:00:00Z"
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        (receipt,) = add(archive, server, "http://mirror.test/post/1001", home=False)
        assert not receipt.changed
        copy.comments[1002].content, copy.comments[1002].updated = "written since", "2100-01-01T00:00:00Z"
        shown = "SELECT upvotes FROM posts UNION ALL SELECT upvotes FROM comments"
        votes = rows(archive, shown)
        copy.comments[1002].upvotes = copy.posts[1001].upvotes = 99
        add(archive, server, "http://mirror.test/post/1001", home=False)
        assert rows(archive, shown) == votes, "the home's votes are shown"
        assert rows(archive, "SELECT count(*) FROM scores WHERE upvotes = 99") == [(2,)]
        assert rows(archive, "SELECT body FROM comments WHERE ap_id LIKE '%/comment/2'") == [("written since",)]
        assert rows(archive, "SELECT title FROM posts") == [("As the home has it",)]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_mirrors_added_one_after_the_other_the_later_edit_counts(tmp_path: Path, order: tuple[int, int]) -> None:
    home = grow(thread(v3("home.test")), 5, Random(5))
    copies = {number: mirror(home, v3(f"mirror{number}.test")) for number in order}
    copies[1].comments[1002].content, copies[1].comments[1002].updated = "edited", "2026-03-02T00:00:00Z"
    copies[1].comments[1003].removed = copies[2].comments[1004].deleted = True
    with Server(*copies.values()) as server, archive_in(tmp_path) as archive:
        for number in order:
            add(archive, server, f"http://mirror{number}.test/post/1001", home=False)
        found = rows(archive, "SELECT body, deleted, removed FROM comments WHERE position IN (1, 2, 3) ORDER BY ap_id")
        assert found == [("edited", 0, 0), (home.comments[3].content, 0, 0), ("", 1, 0)]


def test_what_the_home_withdrew_and_then_erased_is_not_brought_back_by_a_mirror(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    copy = mirror(home, v3("mirror.test"))
    home.comments[2].removed = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        del home.comments[2]
        add(archive, server, "http://mirror.test/post/1001")
        assert rows(archive, "SELECT body, removed, gone_at FROM comments ORDER BY position")[1] == ("", 1, None)


def test_a_home_whose_community_is_at_no_address_is_a_reported_partial(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one"])
    copy = mirror(home, v3("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.field_of("community", "actor_id", "http://[::1/c/x"), domain="home.test")
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert (receipt.status, receipt.exit_code, receipt.stored) == ("partial", 0, 1)
        assert receipt.sources[1].error is not None


def test_a_server_that_claims_a_thread_of_another_community_changes_nothing(tmp_path: Path) -> None:
    home, impostor = thread(v3("home.test"), ["one"]), thread(v3("impostor.test"), ["another text"])
    impostor.posts[1].ap_id, impostor.comments[1].ap_id = "http://home.test/post/1", "http://home.test/comment/1"
    with Server(home, impostor) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://home.test/post/1")
        before = list(content(archive))
        (receipt,) = add(archive, server, "http://impostor.test/post/1")
        assert receipt.exit_code == 4
        assert list(content(archive)) == before


STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "deleted", "removed", "vote", "purge"]), st.booleans(), st.integers(1, 6)),
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visits=st.lists(st.tuples(STEPS, st.sampled_from(["home", "mirror", "mirror alone"])), min_size=1, max_size=5))
def test_rereading_gives_the_same_rows_whoever_was_silent_when(
    visits: list[tuple[list[tuple[str, bool, int]], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = grow(thread(v3("home.test")), 6, Random(7))
    copy = mirror(home, v4("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path_factory.mktemp("silent")) as archive:
        for visit, (steps, asked) in enumerate(visits):
            for kind, at_home, number in steps:
                change(home if at_home else copy, kind, number if at_home else 1000 + number, day=visit + 2)
            url = "http://home.test/post/1" if asked == "home" else "http://mirror.test/post/1001"
            add(archive, server, url, home=asked != "mirror alone")
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before


def change(world: World, kind: str, number: int, *, day: int) -> None:
    comment = world.comments.get(number)
    if comment is None:
        return
    if kind == "edit":
        comment.content, comment.updated = f"edited on day {day}", f"2026-03-{day:02}T00:00:00Z"
    elif kind == "vote":
        comment.upvotes += 1
    elif kind == "purge":
        del world.comments[number]
    else:
        setattr(comment, kind, not getattr(comment, kind))


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


@pytest.mark.parametrize("instance", [v3("home.test"), v4("home.test")], ids=["0.19", "1.0"])
def test_what_a_home_withdrew_that_can_no_longer_look_it_up_is_withdrawn_on_a_visit_through_a_mirror(
    tmp_path: Path, instance: Instance
) -> None:
    home = thread(instance, ["one", "two"], post={"ap_id": "http://author.test/post/77"})
    copy = mirror(home, v3("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        home.posts[1].removed = home.comments[2].removed = True
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert (receipt.status, receipt.sources[1].error) == ("complete", None)
        assert rows(archive, "SELECT title, body, removed FROM posts") == [("", "", 1)]
        assert rows(archive, "SELECT body, removed FROM comments ORDER BY position") == [("one", 0), ("", 1)]


def test_another_post_under_the_number_that_the_home_once_had_for_it_is_not_taken_for_the_thread(
    tmp_path: Path,
) -> None:
    home = thread(v3("home.test"), ["one"], post={"ap_id": "http://author.test/post/77"})
    copy = mirror(home, v3("mirror.test"))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001")
        before = list(content(archive))
        # The home began anew, and counts from 1 again.
        server.add(thread(v3("home.test"), ["of another thread"]))
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert receipt.status == "partial"
        assert receipt.sources[1].error is not None
        assert list(content(archive)) == before


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


@pytest.mark.parametrize("drift", [0, 1, 2])
def test_what_one_server_cannot_explain_is_not_explained_by_what_another_ones_counter_says(
    tmp_path: Path, drift: int
) -> None:
    home = thread(v3("home.test"), ["first", Reply(text="lost", to=1)])
    copy = mirror(home, v3("reader.test"), without=[2])
    home.comments[2].lost = True
    copy.posts[1001].comment_count = 1 + drift
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        assert (receipt.status, receipt.exit_code, receipt.unexplained) == ("partial", 1, 1)
        assert sum(item.count for item in receipt.missing) == 1
        assert receipt.sources[0].drift == drift


def test_what_fills_a_gap_does_not_stand_for_another_comment_that_is_lost(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["first", Reply(text="gap", to=1), Reply(text="below it", to=2), "second"])
    say(home, Reply(text="lost", to=4)).lost = True
    copy = mirror(home, v3("reader.test"))
    copy.comments[1002].lost = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        assert (receipt.stored, receipt.unexplained, receipt.exit_code) == (4, 1, 1)


@pytest.mark.parametrize(("parent", "unexplained"), [(3, 1), (1, 2), (2, 2)])
def test_only_what_another_server_gives_below_a_comment_stands_for_what_is_counted_there_and_lost(
    tmp_path: Path, parent: int, unexplained: int
) -> None:
    """The home counts one more below another comment than it gives, so that its word proves nothing."""
    home = thread(v3("home.test"), ["first", "second", Reply(text="third", to=1), "other"])
    home.comments[4].child_count = 1
    copy = mirror(home, v3("reader.test"))
    copy.comments[1004].child_count = 1
    given, lost = say(home, Reply(text="fourth", to=parent)), say(copy, Reply(text="lost", to=1003), post_id=1001)
    lost.lost = True
    if parent == 3:
        lost.ap_id = given.ap_id
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        assert (receipt.unexplained, receipt.exit_code, receipt.stored) == (unexplained, 1, 5)


@pytest.mark.parametrize("seed", range(1, 31))
def test_what_somebody_counts_below_a_comment_and_nobody_gives_is_unexplained_and_nothing_else_is(
    tmp_path: Path, seed: int
) -> None:
    """
    Any comments that nobody answered may never have come to the mirror, or be lost by either server.

    Where the home gave all that it counts below comments, what the mirror counts beyond that is its counters' drift.
    """
    chance = Random(seed)
    home = grow(thread(v3("home.test")), chance.randint(3, 14), chance)
    copy = mirror(home, v3("reader.test"), without=[row.id for row in unanswered(home) if chance.random() < 0.3])
    for world in (home, copy):
        for row in unanswered(world):
            row.lost = chance.random() < 0.3
    gave = {row.ap_id for world in (home, copy) for row in world.comments.values() if not row.lost}
    lost = [[row for row in world.comments.values() if row.lost and row.ap_id not in gave] for world in (home, copy)]
    least = max(sum(len(row.labels) > 2 for row in rows) for rows in lost)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        is_proven = not any(row.lost and len(row.labels) > 2 for row in home.comments.values())
        assert receipt.stored == len(gave)
        # What answers the post is only counted: a counter is believed where child counts bear it out.
        assert (0 if is_proven else least) <= receipt.unexplained <= (0 if is_proven else max(map(len, lost)))


def unanswered(world: World) -> list[Comment]:
    answered = {label for row in world.comments.values() for label in row.labels[1:-1]}
    return [row for row in world.comments.values() if row.labels[-1] not in answered]


def test_a_comment_that_a_path_and_the_collection_both_name_is_missing_once(tmp_path: Path) -> None:
    home = thread(v4("home.test"), ["first", Reply(text="an answer", to=1)])
    home.comments[1].lost = True
    with Server(home) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert [(item.reason, item.count) for item in receipt.missing] == [(MissingReason.UNEXPLAINED, 1)]
        assert receipt.stored == 1


@pytest.mark.parametrize("mark", ["deleted", "removed"])
@pytest.mark.parametrize("home", [v3("home.test"), v4("home.test")], ids=["0.19", "1.0"])
def test_a_post_that_its_home_withdrew_is_withdrawn_when_the_mirror_is_asked(
    tmp_path: Path, home: Instance, mark: str
) -> None:
    world = thread(home, ["one", "two"])
    with Server(world, mirror(world, v3("mirror.test"))) as server, archive_in(tmp_path) as archive:
        setattr(world.posts[1], mark, True)
        add(archive, server, "http://mirror.test/post/1001")
        (found,) = rows(archive, f"SELECT body, {mark}, creator_id FROM posts")
        assert found[:2] == ("", 1)
        assert found[2] is not None, "the mirror says whose it was"
        before = list(content(archive))
        reread(archive)
        assert list(content(archive)) == before


@pytest.mark.parametrize("order", ["ab", "ba", "bab", "aba"])
def test_a_deletion_of_the_post_that_one_mirror_tells_stays_whoever_is_asked_next(tmp_path: Path, order: str) -> None:
    home = thread(v3("home.test"), ["one"])
    told, untold = mirror(home, v3("a.test")), mirror(home, v3("b.test"))
    told.posts[1001].deleted = True
    with Server(told, untold) as server, archive_in(tmp_path) as archive:
        for name in order:
            add(archive, server, f"http://{name}.test/post/1001", home=False)
        assert rows(archive, "SELECT body, deleted FROM posts") == [("", 1)]


def test_a_gap_that_another_server_fills_is_one_no_longer(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", Reply(text="two", to=1), Reply(text="three", to=2)])
    copy = mirror(home, v3("mirror.test"))
    copy.purge(1002)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://mirror.test/post/1001", home=False)
        assert [(missing.reason, missing.count) for missing in receipt.missing] == [(MissingReason.PURGED, 1)]
        (receipt,) = add(archive, server, "http://mirror.test/post/1001")
        assert (receipt.stored, receipt.missing) == (3, ())
        after = list(content(archive))
        assert rows(archive, "SELECT body, depth FROM comments ORDER BY position") == [
            ("one", 1),
            ("two", 2),
            ("three", 3),
        ]
        reread(archive)
        assert list(content(archive)) == after


def test_a_comment_that_one_server_erased_keeps_its_replies_where_another_one_had_it(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", Reply(text="two", to=1), Reply(text="three", to=2)])
    copy = mirror(home, v3("mirror.test"))
    home.purge(2)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        add(archive, server, "http://mirror.test/post/1001", home=False)
        before = rows(archive, "SELECT ap_id, parent_id, path FROM comments ORDER BY position")
        home.comments[9] = replace(home.comments[3], id=9, ap_id="http://home.test/comment/9", path="0.1.2.9")
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert receipt.missing == ()
        found = rows(archive, "SELECT ap_id, parent_id, path FROM comments ORDER BY position")
        assert found[: len(before)] == before
        assert found[len(before)][:2] == ("http://home.test/comment/9", before[2][1]), "a new reply stands beside it"


@pytest.mark.parametrize("mark", ["deleted", "removed"])
def test_a_visit_that_a_later_one_overtook_does_not_bring_back_what_that_one_found_withdrawn(
    tmp_path: Path, mark: str
) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    copy = mirror(home, v3("mirror.test"))
    setattr(home.comments[2], mark, True)
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.unavailable("1"), domain="mirror.test", path="comment/list", at={1})
        urls = ("http://mirror.test/post/1001", "http://home.test/post/1")
        overtaking, overtaken = add(archive, server, *urls, home=False)
        assert (overtaking.url, overtaken.url) == urls[::-1]
        assert (overtaken.stored, overtaken.tombstones) == (2, 1)
        assert rows(archive, f"SELECT body, {mark} FROM comments WHERE ap_id LIKE '%/2'") == [("", 1)]
        after = list(content(archive))
        reread(archive)
        assert list(content(archive)) == after


def test_an_interrupted_visit_that_goes_on_later_does_not_bring_back_what_was_withdrawn_since(tmp_path: Path) -> None:
    home = thread(v3("home.test"), ["one", "two"])
    copy = mirror(home, v3("mirror.test"))
    home.comments[2].deleted = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.says("", 502, "text/html"), domain="mirror.test", path="comment/list")
        add(archive, server, "http://mirror.test/post/1001", patience=0.1)
        server.faults.clear()
        add(archive, server, "http://home.test/post/1")
        server.faults.add(faults.dies(), domain="home.test")
        add(archive, server, "http://mirror.test/post/1001", patience=0.1)
        assert rows(archive, "SELECT body, deleted FROM comments WHERE ap_id LIKE '%/2'") == [("", 1)]
