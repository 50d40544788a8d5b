"""Answers that no Lemmy should give: a clear error of the right kind, and an archive that holds just what was whole."""

import pkgutil
import resource
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fake_lemmy import Instance, Server, faults, grow, thread
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving import Adding, Receipt
from thread_archive.archiving.rereading import reread
from thread_archive.captures import PageRequest, Request
from thread_archive.exceptions import ArchiveUnwritableError
from thread_archive.fetching.client import Client
from thread_archive.model import MissingReason
from thread_archive.store.archive import Archive

URL = "http://home.test/post/1"
INSTANCES = {"0.19": v3(), "1.0": v4()}
both = pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)


def refused(archive: Archive, server: Server, exit_code: int) -> Receipt:
    (receipt,) = add(archive, server, URL, patience=0.05)
    assert (receipt.status, receipt.exit_code) == ("failed", exit_code)
    assert receipt.error is not None
    assert receipt.error.message.endswith(".")
    assert receipt.error.next.endswith(".")
    for table in ("posts", "comments", "people", "scores", "search_items", "local_ids"):
        assert rows(archive, f"SELECT count(*) FROM {table}") == [(0,)]
    archive.db.conn.execute("PRAGMA integrity_check")
    server.faults.clear()
    (receipt,) = add(archive, server, URL)
    assert (receipt.status, receipt.stored) == ("complete", 30)
    return receipt


@both
@pytest.mark.parametrize(
    "fault",
    {
        "truncated JSON": faults.truncated(),
        "JSON nested 100,000 deep": faults.nested(),
        "an id as a string": faults.field_of("comment", "id", "7"),
        "an id of 2^63": faults.field_of("comment", "id", 2**63),
        "a negative id": faults.field_of("comment", "id", -1),
        "a missing field": faults.field_of("comment", "path", ...),
        "a wrong type": faults.field_of("comment", "path", 5),
        "null for an ap_id": faults.field_of("comment", "ap_id", None),
        "an ap_id that is no address": faults.field_of("comment", "ap_id", "javascript:alert(1)"),
        "a date out of range": faults.field_of("comment", "published_at", "99999-01-01T00:00:00Z"),
        "a path that is none": faults.field_of("comment", "path", "0.x.1"),
        "a path of another comment": faults.field_of("comment", "path", "0.999999"),
        "another post's comment": faults.field_of("comment", "post_id", 2),
        "a list that is an object": faults.says('{"comments": {}, "items": {}}'),
        "a lone surrogate": faults.says('{"comments": ["\\ud800"], "items": ["\\ud800"]}'),
    }.items(),
    ids=lambda item: item[0] if isinstance(item, tuple) else None,
)
def test_an_answer_that_makes_no_sense_ends_with_4_and_leaves_nothing(
    tmp_path: Path, instance: Instance, fault: tuple[str, faults.Change]
) -> None:
    name, change = fault
    if name == "a date out of range" and instance.version != "1.0.0":
        change = faults.field_of("comment", "published", "99999-01-01T00:00:00Z")
    with Server(grow(thread(instance), 30, Random(1))) as server, archive_in(tmp_path) as archive:
        server.faults.add(change, path="comment/list")
        refused(archive, server, 4)


@both
def test_comments_that_answer_each_other_in_a_circle_are_stored_like_the_others(
    tmp_path: Path, instance: Instance
) -> None:
    world = thread(instance, [f"number {n}" for n in range(5)])

    def circle(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in given:
            row["comment"]["path"] = {1: "0.2.1", 2: "0.1.2"}.get(row["comment"]["id"], row["comment"]["path"])
        return given

    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.rows(circle), path="comment/list")
        (receipt,) = add(archive, server, URL)
        assert (receipt.error, receipt.stored) == (None, 5)
        assert rows(archive, "SELECT body, depth FROM comments ORDER BY position LIMIT 2") == [
            ("number 0", 1), ("number 1", 2),
        ]  # fmt: skip


def test_endless_pages_end_with_4(tmp_path: Path) -> None:
    world = grow(thread(v3(version="0.19.13")), 350, Random(1))
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.endless(fresh=True), path="comment/list")
        (receipt,) = add(archive, server, URL)
        assert receipt.exit_code == 4
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]


@both
def test_a_page_that_is_repeated_for_ever_ends_the_listing(tmp_path: Path, instance: Instance) -> None:
    world = grow(thread(instance), 400, Random(1))
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.endless(), path="comment/list")
        (receipt,) = add(archive, server, URL)
        assert receipt.stored == 400


@pytest.mark.parametrize(
    "address", ["http://[::1/c/x", "http://xn--/c/x", "http://1.2.3.4:0/c/x", "http://a@b.test/c/x"]
)
def test_a_community_at_no_address_ends_with_4(tmp_path: Path, address: str) -> None:
    with Server(grow(thread(v4()), 30, Random(1))) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.field_of("community", "ap_id", address), path="/post?")
        refused(archive, server, 4)


def test_addresses_that_are_none_are_passed_over_where_they_do_not_matter(tmp_path: Path) -> None:
    world = thread(v4(), ["one"])
    nowhere = '{"links": [{"href": "http://[::1/nodeinfo"}]}'
    context = '{"orderedItems": ["http://[::1/comment/7", "http://home.test/comment/1"]}'
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.says(nowhere), path="nodeinfo")
        server.faults.add(faults.says(context), path="/context")
        (receipt,) = add(archive, server, URL)
        assert [(item.reason, item.count) for item in receipt.missing] == [(MissingReason.NOT_FEDERATED, 1)]


def test_a_server_may_put_right_which_thread_its_comments_are_of(tmp_path: Path) -> None:
    world = thread(v3(), ["one", "two"])
    with Server(world) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.field_of("post", "ap_id", "http://home.test/post/77"), path="/post?")
        add(archive, server, URL)
        server.faults.clear()
        (receipt,) = add(archive, server, URL)
        assert (receipt.exit_code, receipt.stored) == (0, 2)
        of_threads = """SELECT post.ap_id, count(comment.id) FROM posts AS post
                        LEFT JOIN comments AS comment ON comment.post_id = post.id GROUP BY post.id ORDER BY post.id"""
        expected = [("http://home.test/post/77", 0), (URL, 2)]
        assert rows(archive, of_threads) == expected
        reread(archive)
        assert rows(archive, of_threads) == expected


def test_nul_characters_do_not_cut_a_text_short(tmp_path: Path) -> None:
    with Server(thread(v3(), ["before\0after"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        assert rows(archive, "SELECT body, length(body) FROM comments") == [("before\ufffdafter", 12)]


@pytest.mark.parametrize(
    ("fault", "exit_code"),
    {
        "time-out": (faults.dies(), 3),
        "cut connection": (faults.dies(20), 3),
        "503": (faults.unavailable(None), 3),
        "redirect to a private address": (faults.redirects("http://10.0.0.1/"), 3),
        "100 MB of JSON": (faults.huge(), 3),
    }.values(),
    ids=["dies", "cut", "503", "redirect", "huge"],
)
def test_a_server_that_does_not_give_it_ends_with_3(tmp_path: Path, fault: faults.Change, exit_code: int) -> None:
    from thread_archive.fetching.addresses import LOOPBACK_ONLY

    with Server(grow(thread(v3()), 30, Random(1))) as server, archive_in(tmp_path) as archive:
        server.faults.add(fault, path="/api/v3/post")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        (receipt,) = add(archive, server, URL, patience=0.05, rule=LOOPBACK_ONLY)
        assert (receipt.status, receipt.exit_code) == ("failed", exit_code)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120 * 1024
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]


@pytest.mark.parametrize("address", ["http://10.0.0.1/post/1", "http://127.0.0.1:9/post/1", "http://[::1]/post/1"])
def test_a_private_address_is_refused_before_anything_is_sent(tmp_path: Path, address: str) -> None:
    with archive_in(tmp_path) as archive, Client(rate=0) as client:
        (receipt,) = Adding(archive, client).add([address])
        assert receipt.exit_code == 3
        assert receipt.error is not None
        assert receipt.error.type == "BlockedAddressError"


@pytest.mark.parametrize(("software", "version"), [("mastodon", "4.3"), ("piefed", "1.0"), ("mbin", "1.7")])
def test_other_software_is_refused_by_its_name(tmp_path: Path, software: str, version: str) -> None:
    info = f'{{"software": {{"name": "{software}", "version": "{version}"}}}}'
    with Server(thread(v3())) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.says(info), path="/nodeinfo/2")
        (receipt,) = add(archive, server, URL)
        assert receipt.exit_code == 3
        assert software in receipt.error.message  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["unknown version", "0.19.99-rc.1-nightly", "1.0.0-custom", "", "v2"])
def test_a_version_can_be_anything(tmp_path: Path, version: str) -> None:
    world = grow(thread(v3(advertised=version)), 30, Random(1))
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored) == ("complete", 30)


def test_what_a_server_runs_is_asked_once_a_day(tmp_path: Path) -> None:
    with Server(grow(thread(v3()), 3, Random(1))) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        server.requests.clear()
        add(archive, server, URL)
        assert not [target for target in server.targets() if "nodeinfo" in target or target.endswith("/site")]


def test_a_server_that_was_upgraded_since_is_asked_again(tmp_path: Path) -> None:
    with Server(grow(thread(v3()), 30, Random(1))) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        # Its v3 has no paging, so that it cannot give all of these.
        server.add(grow(thread(v4()), 400, Random(1)))
        (receipt,) = add(archive, server, URL)
        assert receipt.sources[0].version == "1.0.0"
        assert (receipt.status, receipt.stored) == ("complete", 400)


@both
@pytest.mark.parametrize("odd", [faults.says("{}"), faults.says("[]"), faults.truncated(), faults.says("null")])
def test_what_a_failing_server_said_of_itself_is_not_held_against_it_later(
    tmp_path: Path, instance: Instance, odd: faults.Change
) -> None:
    with Server(thread(instance, ["one", "two"])) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        server.faults.add(odd)
        (receipt,) = add(archive, server, URL)
        assert receipt.status == "failed"
        server.faults.clear()
        for _ in range(2):
            (receipt,) = add(archive, server, URL)
            assert (receipt.error, receipt.status, receipt.stored) == (None, "complete", 2)
        assert reread(archive).threads == 1


@pytest.mark.parametrize("posts", [{}, {"removed": True}], ids=["shown", "removed"])
def test_a_server_that_was_upgraded_since_is_not_read_through_what_is_left_of_its_old_dialect(
    tmp_path: Path, posts: dict[str, object]
) -> None:
    old, new = (
        thread(instance, ["one", "two"], community={"sidebar": "Be kind."}, post=fields)
        for instance, fields in ((v3(), {}), (v4(), posts))
    )
    with Server(old) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL)
        server.add(new)
        (receipt,) = add(archive, server, URL)
        assert receipt.sources[0].version == "1.0.0"
        assert (receipt.status, receipt.stored) == ("complete", 2)
        assert rows(archive, "SELECT description FROM communities") == [("Be kind.",)]


def test_a_server_that_stays_with_what_it_says_is_taken_at_its_word_though_its_answers_look_like_another(
    tmp_path: Path,
) -> None:
    world = thread(v3(), ["one", "two"])
    for person in world.persons.values():
        person.instance_id = 0
    with Server(world) as server, archive_in(tmp_path) as archive:
        for _ in range(2):
            (receipt,) = add(archive, server, URL)
            assert (receipt.status, receipt.stored, receipt.sources[0].version) == ("complete", 2, "0.19.20")


@pytest.mark.parametrize(("character", "most"), [("x", 12), ("🦊", 16)])
def test_a_post_of_50000_characters_is_fetched_in_answers_that_stay_small(
    tmp_path: Path, character: str, most: int
) -> None:
    world = grow(thread(v3(), post={"body": character * 50_000}), 300, Random(1))
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored) == ("complete", 300)
        assert rows(archive, "SELECT max(size) < 9000000 FROM exchange_bodies") == [(1,)]
        assert receipt.requests <= most


@pytest.mark.parametrize(("version", "cap"), [("0.19.14", 10), ("0.19.20", 12)])
def test_past_a_page_cap_the_rest_comes_from_the_other_end(tmp_path: Path, version: str, cap: int) -> None:
    world = grow(thread(v3(version=version, page_cap=cap)), cap * 100 + 150, Random(1), roots=0)
    with Server(world) as server, archive_in(tmp_path) as archive:
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored, receipt.missing) == ("complete", cap * 100 + 150, ())


@pytest.mark.parametrize("broken", ["get", "get_page"])
def test_what_nobody_foresaw_while_one_host_was_asked_is_in_that_threads_receipt(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = getattr(Client, broken)

    def fails(self: Client, request: Request | PageRequest, **more: Any) -> Any:
        if "broken.test" in request.url:
            raise ZeroDivisionError
        return asked(self, request, **more)

    monkeypatch.setattr(Client, broken, fails)
    domain = "broken.test" if broken == "get" else "other.test"
    worlds = [thread(v3(domain), ["one"], post={"url": "http://broken.test/article"}), thread(v3(), ["one", "two"])]
    with Server(*worlds) as server, archive_in(tmp_path) as archive:
        told = {receipt.url: receipt for receipt in add(archive, server, f"http://{domain}/post/1", URL, article=True)}
        assert told[URL].status == "complete"
        receipt = told[f"http://{domain}/post/1"]
        if broken == "get":
            assert receipt.error is not None
            assert (receipt.status, receipt.exit_code, receipt.error.type) == ("failed", 4, "unexpected")
            assert "ZeroDivisionError" in receipt.error.message
        else:
            assert (receipt.status, receipt.exit_code, receipt.article.status) == ("complete", 0, "failed")


@pytest.mark.parametrize(
    "step",
    [
        "adding.conclude",
        "adding.Derivation.steps",
        "linking.plan",
        "adding.ThreadVisit._asked",
        "preparing.Preparation.go_on",
    ],
)
def test_what_nobody_foresaw_of_one_thread_is_in_its_receipt_and_the_next_visit_begins_anew(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds = [thread(v3("broken.test"), ["one"]), thread(v3(), ["one", "two"])]
    with Server(*worlds) as server, archive_in(tmp_path) as archive:
        with monkeypatch.context() as broken:
            module, _, name = f"thread_archive.archiving.{step}".rpartition(".")
            holder = pkgutil.resolve_name(module)
            right = getattr(holder, name)
            turns = iter((True, False, False, False))

            def fails(*arguments: Any, **more: Any) -> Any:
                if next(turns, False):
                    raise KeyError("b" * 100)
                return right(*arguments, **more)

            broken.setattr(holder, name, fails)
            told = {receipt.url: receipt for receipt in add(archive, server, "http://broken.test/post/1", URL)}
        failed = [receipt for receipt in told.values() if receipt.error]
        if step == "preparing.Preparation.go_on":
            assert failed == []
            return
        assert [(receipt.exit_code, receipt.error and receipt.error.type) for receipt in failed] == [(4, "unexpected")]
        assert rows(archive, "SELECT count(*) FROM captures WHERE status = 'open'") == [(0,)]
        for receipt in add(archive, server, *told):
            assert (receipt.status, receipt.exit_code) == ("complete", 0)
        assert rows(archive, "SELECT count(*) FROM comments") == [(3,)]


def test_an_archive_that_cannot_be_used_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any, **more: Any) -> Any:
        raise ArchiveUnwritableError("The disk is full.", next="Make room.")

    monkeypatch.setattr("thread_archive.archiving.adding.conclude", full)
    with (
        Server(thread(v3(), ["one"])) as server,
        archive_in(tmp_path) as archive,
        pytest.raises(ArchiveUnwritableError),
    ):
        add(archive, server, URL)
