"""An ap_id belongs to its host: squatted posts and comments, comments that only a mirror shows, who attests what."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fake_lemmy import Instance, Reply, Server, World, faults, mirror, say, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import Receipt, reread
from thread_archive.archiving.confirming import BUDGET
from thread_archive.cli.receipt import full_receipt
from thread_archive.model import MissingReason
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content

HOME, EVIL, MIRROR = "http://home.test/post/1", "http://evil.test/post/1", "http://mirror.test/post/1001"
VERSIONS = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])


def shown(archive: Archive) -> list[tuple[object, ...]]:
    """What the archive shows: each post with its comments."""
    return rows(
        archive,
        """SELECT post.ap_id, post.body, comment.ap_id, comment.body, comment.deleted, comment.unconfirmed
           FROM posts AS post LEFT JOIN comments AS comment ON comment.post_id = post.id
           ORDER BY post.ap_id, comment.position""",
    )


def comments(archive: Archive) -> dict[str, tuple[str, int, str | None]]:
    """The comments by ap_id: text, whether unconfirmed, who attests them."""
    told = rows(archive, "SELECT ap_id, body, unconfirmed, attested_by FROM comments WHERE ap_id IS NOT NULL")
    return {ap_id: (body, unconfirmed, attested) for ap_id, body, unconfirmed, attested in told}


def told(receipt: Receipt) -> str:
    """The receipt as a person reads it."""
    return "\n".join(line.plain for line in full_receipt(receipt))


def is_sound(archive: Archive) -> bool:
    """Whether a reread gives the same rows, and the archive's own checks find nothing."""
    before = list(content(archive))
    reread(archive)
    assert [finding for finding in check(archive) if not finding.ok] == []
    return list(content(archive)) == before


# -------------------------------------------------------------------------------------------------------- squatters


def squatter_of_a_post(domain: str = "home.test") -> World:
    world = thread(v3("evil.test"), ["another text", Reply(text="and more", to=1)], post={"body": "forged"})
    world.posts[1].ap_id = f"http://{domain}/post/1"
    return world


def squatter_of_comments() -> World:
    """A stranger's thread of which two comments, one with a reply, bear ap_ids of another server's."""
    world = thread(v3("evil.test"), ["forged words", Reply(text="a reply to them", to=1), "forged, too", "its own"])
    world.comments[1].ap_id, world.comments[3].ap_id = "http://home.test/comment/1", "http://home.test/comment/2"
    return world


def honest(instance: Instance) -> World:
    return thread(instance, ["one", "two"], post={"body": "as it was written"})


@VERSIONS
@pytest.mark.parametrize("squatter", [squatter_of_a_post, squatter_of_comments], ids=["post", "comments"])
def test_whoever_comes_first_the_honest_thread_is_what_its_home_says(
    tmp_path: Path, instance: Instance, squatter: Callable[[], World]
) -> None:
    seen = []
    for number, order in enumerate([(HOME, EVIL), (EVIL, HOME), (EVIL, HOME, EVIL, HOME)]):
        with Server(honest(instance), squatter()) as server, archive_in(tmp_path, f"{number}.db") as archive:
            receipts = [add(archive, server, url)[0] for url in order]
            assert all(receipt.exit_code == 0 for receipt, url in zip(receipts, order, strict=True) if url == HOME)
            seen.append(shown(archive))
            assert is_sound(archive)
            assert shown(archive) == seen[-1]
    assert all(one == seen[0] for one in seen)
    assert [row[:4] for row in seen[0] if row[0] == HOME] == [
        (HOME, "as it was written", "http://home.test/comment/1", "one"),
        (HOME, "as it was written", "http://home.test/comment/2", "two"),
    ]


def test_a_squatted_post_gives_way_and_stays_as_evidence_and_as_an_earlier_state(tmp_path: Path) -> None:
    with Server(honest(v3()), squatter_of_a_post()) as server, archive_in(tmp_path) as archive:
        add(archive, server, EVIL)
        slug = rows(archive, "SELECT slug FROM posts")
        add(archive, server, HOME)
        assert rows(archive, "SELECT slug FROM posts") == slug
        claimed = """SELECT revision.body, capture.status, capture.url FROM post_revisions AS revision
                     JOIN captures AS capture ON capture.id = revision.capture_id"""
        assert rows(archive, claimed) == [("forged", "disowned", EVIL)]
        assert rows(archive, "SELECT count(*) FROM search_fts WHERE search_fts MATCH 'another'") == [(0,)]
        assert is_sound(archive)
        assert rows(archive, claimed) == [("forged", "disowned", EVIL)]


def test_a_squatter_that_comes_second_is_told_so_and_changes_nothing(tmp_path: Path) -> None:
    with Server(honest(v3()), squatter_of_a_post()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        before = list(content(archive))
        (receipt,) = add(archive, server, EVIL)
        assert (receipt.status, receipt.exit_code) == ("failed", 4)
        assert "http://home.test/c/harbour" in told(receipt)
        assert list(content(archive)) == before


def test_comments_of_another_thread_are_refused_and_named_and_cost_nothing_else(tmp_path: Path) -> None:
    with Server(honest(v3()), squatter_of_comments()) as server, archive_in(tmp_path) as archive:
        add(archive, server, HOME)
        before = [row for row in shown(archive) if row[0] == HOME]
        (receipt,) = add(archive, server, EVIL)
        assert (receipt.status, receipt.exit_code, receipt.stored) == ("complete", 0, 2)
        (missing,) = receipt.missing
        assert (missing.reason, missing.count) == (MissingReason.OTHER_THREAD, 2)
        assert {item.ap_id for item in missing.items} == {"http://home.test/comment/1", "http://home.test/comment/2"}
        assert "2 in another thread" in told(receipt)
        assert [row for row in shown(archive) if row[0] == HOME] == before
        gaps = rows(archive, "SELECT missing_reason FROM comments WHERE ap_id IS NULL")
        assert gaps == [("other_thread",)], "only what has a reply keeps a place"
        (again,) = add(archive, server, EVIL)
        assert (again.changed, again.missing) == (False, receipt.missing)


@pytest.mark.parametrize("order", [["home", "evil"], ["evil", "home"]], ids=" then ".join)
def test_a_post_of_a_third_server_is_in_the_community_that_this_server_names(tmp_path: Path, order: list[str]) -> None:
    author = thread(v3("author.test"), [])
    home, evil = honest(v3()), squatter_of_a_post("author.test")
    home.posts[1] = replace(home.posts[1], ap_id="http://author.test/post/1", local=False)
    author.posts[1] = replace(author.posts[1], community_id=2)
    author.communities[2].ap_id = "http://home.test/c/harbour"
    with Server(home, evil, author) as server, archive_in(tmp_path) as archive:
        for name in order:
            (receipt,) = add(archive, server, {"home": HOME, "evil": EVIL}[name])
            assert receipt.exit_code == (4 if (name, order[0]) == ("evil", "home") else 0)
        assert rows(archive, "SELECT body FROM posts") == [("as it was written",)]
        assert len(server.targets("author.test")) == 1
        assert is_sound(archive)


def test_a_thread_that_wins_a_comment_back_reads_its_earlier_visits_again(tmp_path: Path) -> None:
    home = honest(v3())
    with (
        Server(home, mirror(home, v3("mirror.test")), squatter_of_comments()) as server,
        archive_in(tmp_path) as archive,
    ):
        add(archive, server, EVIL)
        server.faults.add(faults.dies(), domain="home.test")
        (receipt,) = add(archive, server, MIRROR, patience=0.1)
        assert receipt.stored == 0, "nobody who could tells whose they are"
        server.faults.clear()
        add(archive, server, HOME)
        named = """SELECT local.local_id FROM local_ids AS local JOIN comments AS comment ON comment.id = comment_id
                   JOIN instances AS instance ON instance.id = local.instance_id
                   WHERE domain = 'mirror.test' AND ap_id IS NOT NULL ORDER BY 1"""
        assert rows(archive, named) == [(1001,), (1002,)]
        assert is_sound(archive)


def of_three_hosts() -> tuple[World, World]:
    """A thread of home.test in which somebody of home.test and, in answer, somebody of far.test speaks."""
    home = thread(v3(), ["one", Reply(text="two", to=1)])
    home.comments[2] = replace(home.comments[2], ap_id="http://far.test/comment/1", local=False)
    return home, far(v3("far.test"))


def with_stolen_ap_ids() -> World:
    """A stranger's thread that lists the comments of that one, of the same ap_ids, with other words."""
    world = thread(v3("evil.test"), ["forged", Reply(text="forged, too", to=1), "its own"])
    world.comments[1].ap_id, world.comments[2].ap_id = "http://home.test/comment/1", "http://far.test/comment/1"
    return world


@pytest.mark.parametrize("order", list(itertools.permutations(["home", "evil", "far"])), ids=" ".join)
def test_who_lists_a_whole_branch_of_strangers_gets_none_of_it(tmp_path: Path, order: Sequence[str]) -> None:
    home, author = of_three_hosts()
    urls = {"home": HOME, "evil": EVIL, "far": "http://far.test/post/1"}
    with Server(home, author, with_stolen_ap_ids()) as server, archive_in(tmp_path) as archive:
        for name in (*order, *order):
            add(archive, server, urls[name])
        found = [(row[0], *row[2:4]) for row in shown(archive) if row[2]]
        assert found == [
            (EVIL, "http://evil.test/comment/3", "its own"),
            (HOME, "http://home.test/comment/1", "one"),
            (HOME, "http://far.test/comment/1", "two"),
        ]
        assert is_sound(archive)


def test_a_stranger_cannot_confirm_a_comment_by_listing_what_it_answers(tmp_path: Path) -> None:
    """Two strangers: one, the home of its thread, lists the parent; the other shows the reply, which exists."""
    home, author = of_three_hosts()
    evil = with_stolen_ap_ids()
    other = mirror(evil, v3("mirror.test"))
    del evil.comments[2]
    with Server(home, author, evil, other) as server, archive_in(tmp_path) as archive:
        add(archive, server, MIRROR)
        add(archive, server, HOME)
        assert comments(archive)["http://far.test/comment/1"] == ("two", 0, None)
        assert rows(archive, "SELECT count(*) FROM comments WHERE body LIKE 'forged%'") == [(0,)]
        assert is_sound(archive)


# ---------------------------------------------------------------------------------------- what only a mirror shows


def forged(home: World, *texts: str, ap_id: str = "http://home.test/comment/{}") -> World:
    """A mirror with comments that the home does not have, numbered from 777."""
    copy = mirror(home, v3("mirror.test"))
    for number, text in enumerate(texts, 777):
        comment = say(copy, Reply(text=text), post_id=1001)
        comment.ap_id = ap_id.format(number)
        comment.local = False
    return copy


@VERSIONS
def test_a_comment_that_its_own_host_does_not_know_is_unconfirmed(tmp_path: Path, instance: Instance) -> None:
    home = thread(instance, ["one", "two"])
    copy = forged(home, "I confess everything")
    copy.comments[1002].deleted = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.status, receipt.exit_code, receipt.stored, receipt.missing) == ("complete", 0, 2, ())
        assert [item.ap_id for item in receipt.unconfirmed] == ["http://home.test/comment/777"]
        assert receipt.as_json()["comments"]["unconfirmed"] == [
            {"ap_id": "http://home.test/comment/777", "instance": "mirror.test", "local_id": None}
        ]
        assert "1 unconfirmed" in told(receipt)
        assert comments(archive) == {
            "http://home.test/comment/1": ("one", 0, None),
            "http://home.test/comment/2": ("two", 0, None),
            "http://home.test/comment/777": ("I confess everything", 1, '["mirror.test"]'),
        }
        assert receipt.sources[1].lacked == 0
        assert is_sound(archive)


def test_visits_of_mirror_and_home_in_any_order_leave_the_same_marks(tmp_path: Path) -> None:
    seen = []
    visits: list[tuple[str, bool]] = [(HOME, True), (MIRROR, True), (MIRROR, False)]
    for number, order in enumerate(itertools.permutations(visits)):
        home = thread(v3(), ["one", "two"])
        with Server(home, forged(home, "forged")) as server, archive_in(tmp_path, f"{number}.db") as archive:
            for url, asks_home in order:
                add(archive, server, url, home=asks_home)
            seen.append(comments(archive))
            assert is_sound(archive)
    assert all(one == seen[0] for one in seen)
    assert seen[0]["http://home.test/comment/777"] == ("forged", 1, '["mirror.test"]')


@contextmanager
def blocked(tmp_path: Path, elsewhere: World, *, text: str = "of a blocked host") -> Iterator[tuple[Server, Archive]]:
    """A home that blocks far.test, whose comment 1 a mirror has."""
    home = thread(v3(), ["one"])
    copy = forged(home)
    comment = say(copy, Reply(text=text, to=1001), post_id=1001)
    comment.ap_id, comment.local = "http://far.test/comment/1", False
    with Server(home, copy, elsewhere) as server, archive_in(tmp_path) as archive:
        yield server, archive


def far(instance: Instance, *, post: str = HOME, parent: str = "http://home.test/comment/1") -> World:
    """The copy that far.test has of the thread: its own comment answers the home's."""
    world = thread(instance, [Reply(text="of a blocked host"), Reply(text="parent")])
    world.posts[1].ap_id, world.posts[1].local = post, False
    world.comments[2].ap_id, world.comments[2].local = parent, False
    world.comments[1].path = "0.2.1"
    return world


FAR = [v3("far.test", version="0.18.5"), v3("far.test"), v4("far.test")]


@pytest.mark.parametrize("instance", FAR, ids=["0.18", "0.19", "1.0"])
def test_a_comment_that_its_own_host_gives_is_confirmed_once_and_for_all(tmp_path: Path, instance: Instance) -> None:
    with blocked(tmp_path, far(instance)) as (server, archive):
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.status, receipt.stored, receipt.unconfirmed) == ("complete", 2, ())
        assert comments(archive)["http://far.test/comment/1"] == ("of a blocked host", 0, None)
        assert len(server.targets("far.test")) == 1
        add(archive, server, MIRROR)
        add(archive, server, HOME)
        assert len(server.targets("far.test")) == 1
        assert is_sound(archive)
        evidence = rows(archive, "SELECT withheld FROM exchanges WHERE url = 'http://far.test/comment/1'")
        assert evidence == [('[""]',)], "its text is not kept from there"


def test_a_tombstone_at_its_own_host_withdraws_it_for_good(tmp_path: Path) -> None:
    world = far(v3("far.test"))
    world.comments[1].deleted = True
    with blocked(tmp_path, world) as (server, archive):
        for _ in range(2):
            (receipt,) = add(archive, server, MIRROR)
            assert (receipt.status, receipt.stored, receipt.tombstones) == ("complete", 2, 1)
            found = rows(archive, "SELECT body, deleted, unconfirmed FROM comments WHERE ap_id LIKE '%far%'")
            assert found == [("", 1, 0)]
        assert is_sound(archive)


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(
            far(v3("far.test"), post="http://far.test/post/9", parent="http://far.test/comment/9"), id="thread"
        ),
        pytest.param(thread(v3("far.test"), []), id="nothing"),
    ],
)
def test_an_object_of_another_thread_or_none_confirms_nothing(tmp_path: Path, world: World) -> None:
    with blocked(tmp_path, world) as (server, archive):
        (receipt,) = add(archive, server, MIRROR)
        assert [item.ap_id for item in receipt.unconfirmed] == ["http://far.test/comment/1"]
        add(archive, server, MIRROR)
        assert len(server.targets("far.test")) == 2, "asked for again at the next visit"


@pytest.mark.parametrize(
    "fault",
    [
        faults.dies(),
        faults.unavailable(None),
        faults.html(),
        faults.truncated(),
        faults.redirects("http://mirror.test/x"),
    ],
)
def test_a_host_that_fails_or_points_elsewhere_confirms_nothing(tmp_path: Path, fault: faults.Change) -> None:
    with blocked(tmp_path, far(v3("far.test"))) as (server, archive):
        server.faults.add(fault, domain="far.test")
        (receipt,) = add(archive, server, MIRROR, patience=0.1)
        assert (receipt.status, receipt.exit_code, len(receipt.unconfirmed)) == ("complete", 0, 1)
        server.faults.clear()
        (receipt,) = add(archive, server, MIRROR)
        assert receipt.unconfirmed == ()


def test_an_object_by_somebody_of_another_host_confirms_nothing(tmp_path: Path) -> None:
    world = far(v3("far.test"))
    for person in world.persons.values():
        person.ap_id = person.ap_id.replace("far.test", "evil.test")
    with blocked(tmp_path, world) as (server, archive):
        (receipt,) = add(archive, server, MIRROR)
        assert len(receipt.unconfirmed) == 1


def test_of_many_a_few_are_asked_for_at_each_visit_until_all_were(tmp_path: Path) -> None:
    home = thread(v3(), ["one"])
    copy = forged(home, *(f"forged {number}" for number in range(BUDGET + 5)))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:

        def asked() -> list[str]:
            return [target for target in server.targets("home.test") if target.startswith("/comment/")]

        (receipt,) = add(archive, server, MIRROR)
        assert (len(receipt.unconfirmed), len(asked())) == (BUDGET + 5, BUDGET)
        add(archive, server, MIRROR)
        assert (len(set(asked())), len(asked())) == (BUDGET + 5, 2 * BUDGET)


@pytest.mark.parametrize(
    "ap_id",
    ["", "nonsense", "http://", "http://a b/{}", "javascript:alert({})", "http://[::1/{}", "http://x.test:99999/{}",
     "http://user@home.test/comment/{}", "http://far.test/\u202e{}", "http://" + "a" * 3000 + "/{}"],
)  # fmt: skip
def test_an_ap_id_that_is_no_address_is_asked_of_nobody(tmp_path: Path, ap_id: str) -> None:
    home = thread(v3(), ["one"])
    with Server(home, forged(home, "forged", ap_id=ap_id)) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.exit_code, receipt.stored) == (0, 1)
        assert not any(target.startswith("/comment/") for target in server.targets("home.test"))


def test_nobody_is_asked_where_the_home_has_it_all(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    with Server(home, mirror(home, v3("mirror.test"))) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.unconfirmed, receipt.attested_by) == ((), ())
        assert not any(target.startswith("/comment/") for target in server.targets("home.test"))


def test_a_mirror_speaks_for_its_own_comments(tmp_path: Path) -> None:
    home = thread(v3(), ["one"])
    copy = forged(home, "by somebody of the mirror", ap_id="http://mirror.test/comment/{}")
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.stored, receipt.unconfirmed) == (2, ())


def test_where_the_home_is_dead_the_thread_says_who_attests_it(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    with Server(home, forged(home, "unknown at home")) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.dies(), domain="home.test")
        (receipt,) = add(archive, server, MIRROR, patience=0.1)
        assert (receipt.stored, receipt.unconfirmed, receipt.attested_by) == (3, (), ("mirror.test",))
        assert receipt.as_json()["attested_by"] == ["mirror.test"]
        assert "attested by mirror.test" in told(receipt)
        assert {attested for *_, attested in comments(archive).values()} == {'["mirror.test"]'}
        assert is_sound(archive)
        server.faults.clear()
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.stored, receipt.attested_by, len(receipt.unconfirmed)) == (2, (), 1)


def test_a_home_that_is_not_whole_leaves_the_others_their_word(tmp_path: Path) -> None:
    home = thread(v4(), ["one", "two"])
    copy = mirror(home, v3("mirror.test"))
    home.comments[2].lost = True
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, MIRROR)
        assert (receipt.stored, receipt.unconfirmed) == (2, ())
        assert comments(archive)["http://home.test/comment/2"] == ("two", 0, '["mirror.test"]')
