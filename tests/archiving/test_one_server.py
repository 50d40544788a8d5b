"""One server is one witness, whatever names it has; and nobody is another one by claiming to be."""

from dataclasses import replace
from pathlib import Path

import pytest

from fake_lemmy import Instance, Server, faults, mirror, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import Receipt

each_version = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])


def witnesses(receipt: Receipt) -> list[tuple[str, bool, int]]:
    return [(source.instance, source.is_home, source.received) for source in receipt.sources]


@each_version
@pytest.mark.parametrize("redirecting", [False, True], ids=["both names answer", "one name redirects"])
@pytest.mark.parametrize("path", ["post/1", "comment/2"])
def test_www_is_the_server_itself(tmp_path: Path, instance: Instance, redirecting: bool, path: str) -> None:
    world = thread(instance, ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.worlds["www.home.test"] = world
        if redirecting:
            server.faults.add(faults.moved("http://home.test"), domain="www.home.test")
        for _ in range(2):
            (receipt,) = add(archive, server, f"http://www.home.test/{path}")
            assert (receipt.status, receipt.exit_code, receipt.stored) == ("complete", 0, 2)
            assert witnesses(receipt) == [("home.test", True, 2)]
        (again,) = add(archive, server, "http://home.test/post/1")
        assert (again.changed, witnesses(again)) == (False, [("home.test", True, 2)])
        assert rows(archive, "SELECT count(DISTINCT instance_id) FROM local_ids") == [(1,)]


def test_a_server_that_calls_itself_by_a_name_that_leads_to_another_is_asked_by_its_own(tmp_path: Path) -> None:
    to_www = faults.moved("http://www.home.test")
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.worlds["www.home.test"] = world
        server.faults.add(lambda asked, answer: to_www(asked, answer) if asked.domain == "home.test" else answer)
        for url in ("http://home.test/post/1", "http://www.home.test/post/1"):
            (receipt,) = add(archive, server, url)
            assert (receipt.status, witnesses(receipt)) == ("complete", [("home.test", True, 2)])


@each_version
@pytest.mark.parametrize("redirecting", [False, True], ids=["the old name answers", "the old name redirects"])
def test_a_server_that_moved_and_took_its_ap_ids_along_is_one(
    tmp_path: Path, instance: Instance, redirecting: bool
) -> None:
    world = thread(instance, ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.worlds["old.test"] = world
        if redirecting:
            server.faults.add(faults.moved("http://home.test"), domain="old.test")
        (receipt,) = add(archive, server, "http://old.test/post/1")
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 2, ())
        assert witnesses(receipt) == [("home.test", True, 2)]


@each_version
@pytest.mark.parametrize("redirecting", [False, True], ids=["the old name answers", "the old name redirects"])
def test_a_server_that_moved_and_left_its_ap_ids_behind_is_its_own_home(
    tmp_path: Path, instance: Instance, redirecting: bool
) -> None:
    key = "ap_id" if instance.version == "1.0.0" else "actor_id"
    old = replace(instance, domain="old.test", site_more={"site_view": {"site": {key: "http://new.test/"}}})
    world = thread(old, ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.worlds["new.test"] = world
        if redirecting:
            server.faults.add(faults.moved("http://new.test"), domain="old.test")
        (receipt,) = add(archive, server, "http://new.test/post/1")
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", 2, ())
        assert witnesses(receipt) == [("new.test", True, 2)]
        (receipt,) = add(archive, server, "http://old.test/post/1")
        assert witnesses(receipt) == [("new.test", True, 2)]


def claimant() -> Instance:
    """A server of its own that says that it is home.test."""
    return v3("claims.test", site_more={"site_view": {"site": {"actor_id": "http://home.test/"}}})


def test_nobody_is_another_server_by_claiming_to_be(tmp_path: Path) -> None:
    home, other = thread(v3(), ["one"]), thread(claimant(), ["three", "four"])
    with Server(home, other) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://claims.test/post/1")
        assert witnesses(receipt) == [("claims.test", True, 2)]
        assert rows(archive, "SELECT ap_id FROM posts") == [("http://claims.test/post/1",)]


def test_a_mirror_that_claims_to_be_the_home_is_held_against_it(tmp_path: Path) -> None:
    home = thread(v3(), ["one", "two"])
    copy = mirror(home, claimant())
    copy.comments.pop(max(copy.comments))
    with Server(home, copy) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://claims.test/post/1001")
        assert witnesses(receipt) == [("claims.test", False, 1), ("home.test", True, 2)]
        assert receipt.stored == 2


def test_a_name_that_leads_nowhere_confirms_nothing(tmp_path: Path) -> None:
    with Server(thread(claimant(), ["one"])) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://claims.test/post/1")
        assert (receipt.status, witnesses(receipt)) == ("complete", [("claims.test", True, 1)])


@pytest.mark.parametrize("told", ["", "nothing", "http://[::1/", "javascript:alert(1)", "http:///"])
def test_a_server_that_calls_itself_by_no_name_is_asked_as_it_is_known(tmp_path: Path, told: str) -> None:
    world = thread(v3(site_more={"site_view": {"site": {"actor_id": told}}}), ["one"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, "http://home.test/post/1")
        assert (receipt.status, witnesses(receipt)) == ("complete", [("home.test", True, 1)])


def test_a_redirect_says_enough_of_a_thread_whose_post_is_withdrawn(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"], post={"removed": True})
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.worlds["www.home.test"] = world
        server.faults.add(faults.moved("http://home.test"), domain="www.home.test")
        (receipt,) = add(archive, server, "http://www.home.test/post/1")
        assert witnesses(receipt) == [("home.test", True, 2)]
