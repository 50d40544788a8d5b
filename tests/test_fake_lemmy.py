"""
The fake Lemmy proves itself: fed with the captured threads it gives the recorded answers, wrong ones included.

What hangs on chance is compared in kind: rows by Hot and Top, cursors (opaque, equal in effect), the shim's "now".
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_lemmy import (
    NAMES,
    TOKEN,
    Account,
    Instance,
    Reply,
    Server,
    World,
    exchanges,
    faults,
    grow,
    mirror,
    odd,
    say,
    thread,
    world_from,
)

Json = dict[str, Any]
HEADERS = ("cache-control", "content-type", "location", "x-ratelimit-limit")
RATE_HEADERS = (*HEADERS, "x-ratelimit-remaining", "x-ratelimit-reset")
ACTIVITY_KEYS = ("type", "id", "attributedTo", "inReplyTo", "audience", "name", "published", "source", "sensitive")
# How many recorded exchanges are compared to the last byte of their JSON; only ever to grow.
COMPARED = {
    "lemmy-0.18.5": 414,
    "lemmy-0.19.20": 433,
    "lemmy-1.0.0-beta.1": 414,
    "mirrored-home": 72,
    "mirrored-mirror": 62,
}


@contextmanager
def asking(*worlds: World, clock: Any = time.monotonic) -> Iterator[tuple[Server, httpx.Client]]:
    """A Server and a client whose requests go to the first of its worlds."""
    with Server(*worlds, clock=clock) as server:
        base = f"http://127.0.0.1:{server.port}"
        with httpx.Client(base_url=base, headers={"Host": worlds[0].instance.domain}) as client:
            yield server, client


def decoded(response: httpx.Response) -> Any:
    """The body as the captures hold it."""
    try:
        return response.json()
    except ValueError:
        return response.text


def sort_of(exchange: Json) -> str | None:
    """The sort of a list of comments; `default` where none was asked for."""
    path: str = exchange["path"]
    if "/comment/list" not in path or exchange["status"] != 200:
        return None
    found = re.search(r"sort=(\w+)", path)
    return found[1].lower() if found else "default"


def row_ids(body: Json) -> list[int]:
    """The ids of a list's comments."""
    return [row["comment"]["id"] for row in body.get("comments", body.get("items"))]


class Replay:
    """Asks the fake what a recorder asked; the recording's cursors are translated into the fake's."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.cursors: dict[str, str] = {}

    def ask(self, exchange: Json, **headers: str) -> tuple[httpx.Response, Any]:
        path = exchange["path"]
        cursor = re.search(r"page_cursor=([^&]+)", path)
        if cursor:
            path = path.replace(cursor[1], self.cursors.get(cursor[1], cursor[1]))
        response = self.client.get(path, headers={"Accept": exchange.get("accept") or "*/*", **headers})
        body, recorded = decoded(response), exchange["body"]
        if isinstance(recorded, dict) and "items" in recorded and isinstance(body, dict):
            for link in ("next_page", "prev_page"):
                if link in recorded and link in body:
                    self.cursors[recorded[link]] = body[link]
                    body[link] = recorded[link]
        return response, body


def assert_same(exchange: Json, response: httpx.Response, body: Any, headers: tuple[str, ...] = HEADERS) -> None:
    """Status, headers and the whole JSON."""
    path = exchange["path"]
    assert response.status_code == exchange["status"], path
    assert body == exchange["body"], path
    for name in headers:
        assert response.headers.get(name) == exchange["headers"].get(name), (path, name)


def without_now(value: Any) -> Any:
    """A copy without the shim's invented times of the newest comment."""
    if isinstance(value, list):
        return [without_now(item) for item in value]
    if isinstance(value, dict):
        return {key: without_now(item) for key, item in value.items() if key != "newest_comment_time"}
    return value


@pytest.mark.parametrize("name", NAMES)
def test_recorded_answers_come_again(name: str) -> None:
    """Every recorded exchange an archiver would make, in the order of recording, over HTTP."""
    compared = 0
    world = world_from(name)
    with asking(world) as (_, client):
        replay = Replay(client)
        for exchange in exchanges(name):
            if "activity" in exchange["accept"] and "/context" not in exchange["path"]:
                continue
            if sort_of(exchange) in ("hot", "top", "default"):
                continue
            shim = world.instance.line == "1.0" and exchange["path"].startswith("/api/v3/")
            response, body = replay.ask(exchange)
            if shim:
                body, exchange = without_now(body), {**exchange, "body": without_now(exchange["body"])}
            assert_same(exchange, response, body)
            compared += 1
    assert compared == COMPARED[name]


@pytest.mark.parametrize("name", NAMES)
def test_activitypub_objects_agree_where_an_archiver_reads_them(name: str) -> None:
    """Posts, comments, tombstones (410) and redirects home (308) as ActivityPub; HTML and tags are the fake's own."""
    compared = 0
    with asking(world_from(name)) as (_, client):
        for exchange in exchanges(name):
            if "activity" not in exchange["accept"] or "/context" in exchange["path"]:
                continue
            response, body = Replay(client).ask(exchange)
            assert response.status_code == exchange["status"], exchange["path"]
            assert response.headers.get("content-type") == exchange["headers"].get("content-type")
            assert response.headers.get("location") == exchange["headers"].get("location")
            if response.status_code in (200, 410):
                recorded = exchange["body"]
                shared = [key for key in ACTIVITY_KEYS if key in recorded]
                assert {k: body.get(k) for k in shared} == {k: recorded[k] for k in shared}, exchange["path"]
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_default_sort_gives_as_many_rows_of_the_same_thread(name: str) -> None:
    """Without a sort the order is Hot's, which is not compared; which page is given is."""
    with asking(world_from(name)) as (_, client):
        for exchange in exchanges(name):
            if sort_of(exchange) != "default":
                continue
            _, body = Replay(client).ask(exchange)
            ours, theirs = row_ids(body), row_ids(exchange["body"])
            assert len(ours) == len(theirs), exchange["path"]
            if len(theirs) < 10:
                assert sorted(ours) == sorted(theirs), exchange["path"]


ODD = [(name, state) for name in NAMES for state in dict.fromkeys(exchange["state"] for exchange in odd(name))]


@pytest.mark.parametrize(("name", "state"), ODD)
def test_unusual_states_answer_as_recorded(name: str, state: str) -> None:
    """Logged in, private instances, hidden communities, content warnings, time ranges, rate limits."""
    in_state = [exchange for exchange in odd(name) if exchange["state"] == state]
    headers = RATE_HEADERS if state.startswith("rate limit") else HEADERS
    with asking(world_from(name, state)) as (_, client):
        for exchange in in_state:
            login = {"Authorization": f"Bearer {TOKEN}"} if exchange["logged_in"] else {}
            response, body = Replay(client).ask(exchange, **login)
            assert_same(exchange, response, body, headers)


def test_all_unusual_states_are_compared() -> None:
    """The states cannot silently become fewer."""
    assert len(ODD) == 18
    assert sum(len(odd(name)) for name in NAMES) == 84


def pages(client: httpx.Client, path: str) -> list[list[int]]:
    """The ids on each page of a list until its end: by `page` on v3, by cursor on v4."""
    found: list[list[int]] = []
    link = "&page=1"
    while True:
        body = client.get(path + link).json()
        found.append(row_ids(body))
        if "items" in body and "next_page" in body:
            link = f"&page_cursor={body['next_page']}"
        elif "items" not in body and found[-1]:
            link = f"&page={len(found) + 1}"
        else:
            return found


def test_flat_hot_on_v3_repeats_some_rows_and_loses_others() -> None:
    """Recorded on 0.19.20: 1,190 distinct of 1,200, ten twice; the fake is stricter, since nothing promises less."""
    with asking(world_from("lemmy-0.19.20")) as (_, client):
        ids = [i for page in pages(client, "/api/v3/comment/list?post_id=6&type_=All&sort=Hot&limit=50") for i in page]
    assert len(ids) == 1200
    assert len(set(ids)) <= 1190


@pytest.mark.parametrize(
    ("query", "rows", "requests"),
    [
        ("post_id=6&sort=hot&limit=50", 50, 2),
        ("post_id=6&sort=hot&max_depth=1000", 900, 4),
        ("post_id=6&sort=hot&max_depth=1", 300, 2),
        ("post_id=5&sort=hot&limit=50", 50, 2),
        ("post_id=5&sort=top&limit=50", 50, 2),
    ],
)
def test_ties_end_the_cursor_on_v4(query: str, rows: int, requests: int) -> None:
    """Recorded on 1.0: the next page is empty, though rows are left."""
    with asking(world_from("lemmy-1.0.0-beta.1")) as (_, client):
        found = pages(client, f"/api/v4/comment/list?type_=all&time_range_seconds=0&{query}")
    assert (len({i for page in found for i in page}), len(found)) == (rows, requests)


@pytest.mark.parametrize("sort", ["Hot", "Top", "Old", "New"])
def test_with_max_depth_v3_gives_the_first_300_rows_for_ever(sort: str) -> None:
    """Page 2 is page 1 again, whatever the sort."""
    with asking(world_from("lemmy-0.19.20")) as (_, client):
        path = f"/api/v3/comment/list?post_id=6&type_=All&sort={sort}&max_depth=1000&page="
        first, second = (row_ids(client.get(f"{path}{page}").json()) for page in (1, 2))
    assert len(first) == 300
    assert first == second


def test_paths_are_ordered_as_text() -> None:
    """Under parent 10 before parent 9: the answers of low ids are what the cap cuts off."""
    world = thread(Instance(domain="lemmy.test"), [f"root {n}" for n in range(1, 11)])
    say(world, Reply(text="to nine", to=9))
    say(world, Reply(text="to ten", to=10))
    with asking(world) as (_, client):
        ids = row_ids(client.get("/api/v3/comment/list?post_id=1&type_=All&sort=Old&max_depth=9").json())
    assert ids[-2:] == [12, 11]


@pytest.mark.parametrize(
    ("version", "last"), [("0.18.5", 500), ("0.19.13", 500), ("0.19.14", 10), ("0.19.15", 100), ("0.19.20", 100)]
)
def test_pages_end_where_the_version_says(version: str, last: int) -> None:
    """0.19.14 refuses page 11, later ones page 101, earlier ones none."""
    world = thread(Instance(domain="lemmy.test", version=version), ["only one"])
    with asking(world) as (_, client):
        path = "/api/v3/comment/list?post_id=1&type_=All&sort=Old&limit=50&page="
        assert client.get(f"{path}{last}").status_code == 200
        beyond = client.get(f"{path}{last + 1}")
    assert beyond.status_code == (200 if last == 500 else 400)


@pytest.mark.parametrize(
    ("version", "texts"),
    [
        ("0.18.2", {1: "kept", 2: "regretted", 3: "answer"}),
        ("0.18.5", {1: "kept", 3: "answer"}),
        ("0.19.3", {1: "kept", 2: "regretted", 3: "answer"}),
        ("0.19.4", {1: "kept", 2: "", 3: "answer"}),
        ("1.0.0", {1: "kept", 2: "", 3: "answer"}),
    ],
)
def test_withdrawn_comments_are_listed_omitted_or_leaked_by_version(version: str, texts: dict[int, str]) -> None:
    """Lemmy #3886 (0.18.3–0.18.5 omit) and #4663 (0.19.0–0.19.3 leak)."""
    gone = Reply(text="regretted", fields={"deleted": True})
    world = thread(Instance(domain="lemmy.test", version=version), ["kept", gone, Reply(text="answer", to=2)])
    new = version.startswith("1.")
    path = f"/api/{'v4' if new else 'v3'}/comment/list?post_id=1&type_={'all' if new else 'All'}&max_depth=9"
    with asking(world) as (_, client):
        body = client.get(path).json()
    rows = body.get("items", body.get("comments"))
    assert {row["comment"]["id"]: row["comment"]["content"] for row in rows} == texts
    assert (world.comment_count(world.posts[1]), world.child_count(world.comments[2])) == (2, 1)


def test_without_type_a_federated_thread_looks_empty_on_v3() -> None:
    """The site's default listing, Local, then applies to the community (1.0 waives it for a post's list)."""
    home = thread(Instance(domain="home.test"), ["one", "two"])
    copies = [
        mirror(home, onto=Instance(domain="old.test")),
        mirror(home, onto=Instance(domain="new.test", version="1.0.0")),
    ]
    with asking(copies[0]) as (_, client):
        assert row_ids(client.get("/api/v3/comment/list?post_id=1001&max_depth=9").json()) == []
        assert len(row_ids(client.get("/api/v3/comment/list?post_id=1001&max_depth=9&type_=All").json())) == 2
    with asking(copies[1]) as (_, client):
        assert len(row_ids(client.get("/api/v4/comment/list?post_id=1001&max_depth=9").json())) == 2


def test_a_purged_comment_is_named_by_paths_and_nothing_else() -> None:
    """Its answers stay; no list, count or single request knows it."""
    world = thread(Instance(domain="lemmy.test"), ["root", Reply(text="middle", to=1), Reply(text="leaf", to=2)])
    world.purge(2)
    with asking(world) as (_, client):
        rows = client.get("/api/v3/comment/list?post_id=1&type_=All&max_depth=9").json()["comments"]
        assert client.get("/api/v3/comment?id=2").json() == {"error": "couldnt_find_comment"}
    assert [(row["comment"]["path"], row["counts"]["child_count"]) for row in rows] == [("0.1", 1), ("0.1.2.3", 0)]


def test_lost_and_unlisted_comments_are_still_counted() -> None:
    """An unlisted one can be had by its id, a lost one not at all; `context` and the counts know both."""
    world = thread(Instance(domain="lemmy.test", version="1.0.0"), ["a", Reply(text="b", to=1), Reply(text="c", to=1)])
    world.comments[2].unlisted = world.comments[3].lost = True
    with asking(world) as (_, client):
        row = client.get("/api/v4/comment/list?post_id=1&type_=all&max_depth=9").json()["items"]
        single = [client.get(f"/api/v4/comment?id={i}").status_code for i in (1, 2, 3)]
        context = client.get("/post/1/context", headers={"Accept": "application/activity+json"}).json()
    assert [(one["comment"]["id"], one["comment"]["child_count"], one["post"]["comments"]) for one in row] == [
        (1, 2, 3)
    ]
    assert single == [200, 200, 404]
    assert context["totalItems"] == 4


@pytest.mark.parametrize("version", ["0.18.5", "0.19.20", "1.0.0-beta.1"])
def test_a_token_opens_what_is_closed_to_others(version: str) -> None:
    """Name, password and code give a token; it opens a private instance, from where the version reads it."""
    world = thread(Instance(domain="lemmy.test", version=version, private=True), ["inside"])
    world.accounts.append(Account(person_id=3, name="mara_finch", password="tide", token="t0ken", totp="123456"))
    new = version.startswith("1.")
    api, path = ("/api/v4", "/account/auth/login") if new else ("/api/v3", "/user/login")
    form = {"username_or_email": "mara_finch", "password": "tide"}
    with asking(world) as (_, client):
        assert client.get(f"{api}/post?id=1").json()["error"] == "instance_is_private"
        wrong = client.post(api + path, json={**form, "password": "ebb"})
        assert (wrong.status_code, wrong.json()["error"]) == (400 if version == "0.18.5" else 401, "incorrect_login")
        assert client.post(api + path, json=form).json()["error"] == "missing_totp_token"
        bad = client.post(api + path, json={**form, "totp_2fa_token": "1"})
        assert bad.json()["error"] == "incorrect_totp_token"
        token = client.post(api + path, json={**form, "totp_2fa_token": "123456"}).json()["jwt"]
        header = client.get(f"{api}/post?id=1", headers={"Authorization": f"Bearer {token}"}).status_code
        query = client.get(f"{api}/post?id=1&auth={token}").status_code
    assert (header, query) == ((400, 200) if version == "0.18.5" else (200, 400))


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("version", "refusal", "after_half"),
    [("0.19.20", (400, "rate_limit_error"), 200), ("1.0.0", (429, "too_many_requests"), 429)],
)
def test_a_bucket_refills_steadily_and_a_window_all_at_once(
    version: str, refusal: tuple[int, str], after_half: int
) -> None:
    """0.19 is a token bucket; 1.0 a fixed window whose refusals carry no headers."""
    world = thread(Instance(domain="lemmy.test", version=version, rate_limit=(2, 20)))
    api, clock = "/api/v4" if version.startswith("1.") else "/api/v3", HandClock()
    with asking(world, clock=clock) as (_, client):
        answers = [client.get(f"{api}/post?id=1") for _ in range(3)]
        clock.now += 10
        half = client.get(f"{api}/post?id=1")
        clock.now += 10
        whole = client.get(f"{api}/post?id=1")
        nodeinfo = client.get("/.well-known/nodeinfo")
    assert [answer.status_code for answer in answers] == [200, 200, refusal[0]]
    assert answers[2].json()["error"] == refusal[1]
    assert not any(name.startswith("x-ratelimit") for name in answers[2].headers)
    assert (half.status_code, whole.status_code, nodeinfo.status_code) == (after_half, 200, 200)


def test_a_time_range_hides_old_comments_unless_it_is_zero() -> None:
    """1.0 applies the site's default range to comments too."""
    at = datetime.fromisoformat("2026-03-01T12:04:30Z")
    world = thread(Instance(domain="lemmy.test", version="1.0.0", default_time_range=120, now=lambda: at), list("abcd"))
    with asking(world) as (_, client):
        path = "/api/v4/comment/list?post_id=1&type_=all&sort=old&max_depth=9"
        assert row_ids(client.get(path).json()) == [3, 4]
        assert row_ids(client.get(f"{path}&time_range_seconds=0").json()) == [1, 2, 3, 4]


def test_a_mirror_has_the_same_ap_ids_under_other_numbers() -> None:
    """What did not arrive is not counted either; a path names local ids only; the post redirects home."""
    home = grow(thread(Instance(domain="home.test")), 40, Random(3))
    away = mirror(home, onto=Instance(domain="away.test", version="1.0.0-beta.1"), without=[7, 9])
    with asking(away, home) as (server, client):
        rows = client.get("/api/v4/comment/list/slim?post_id=1001&type_=all&sort=old&max_depth=99").json()["items"]
        page = client.get("/post/1001", headers={"Accept": "application/activity+json"})
        at_home = client.get("/api/v3/post?id=1", headers={"Host": "home.test"}).json()
        assert server.targets("home.test") == ["/api/v3/post?id=1"]
    assert {row["comment"]["ap_id"] for row in rows} == {c.ap_id for c in home.comments.values() if c.id not in (7, 9)}
    assert all(int(label) > 1000 for row in rows for label in row["comment"]["path"].split(".")[1:])
    assert (page.status_code, page.headers["location"]) == (308, "http://home.test/post/1")
    assert at_home["post_view"]["counts"]["comments"] == 40
    assert away.comment_count(away.posts[1001]) == 38


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**32), st.booleans())
def test_paging_by_old_gives_every_comment_once(number: int, seed: int, new: bool) -> None:
    """Of any grown thread, on either dialect, and `child_count` is the number of descendants given."""
    version = "1.0.0" if new else "0.19.20"
    world = grow(thread(Instance(domain="lemmy.test", version=version)), number, Random(seed), length=(1, 9))
    query = "post_id=1&type_=all&sort=old&limit=50" if new else "post_id=1&type_=All&sort=Old&limit=50"
    with asking(world) as (_, client):
        ids = [i for page in pages(client, f"/api/{'v4' if new else 'v3'}/comment/list?{query}") for i in page]
    assert ids == sorted(world.comments)
    prefixes = [row.path + "." for row in world.comments.values()]
    for row in world.comments.values():
        assert world.child_count(row) == sum(path.startswith(row.path + ".") for path in prefixes) - 1


def test_the_same_seed_grows_the_same_tree() -> None:
    """Paths, texts and times alike."""
    one, other = (grow(thread(Instance(domain="lemmy.test")), 50, Random(8)) for _ in range(2))
    assert one.comments == other.comments


LIST = "/api/v3/comment/list?post_id=1&type_=All&sort=Old&max_depth=9"


@contextmanager
def faulty() -> Iterator[tuple[Server, httpx.Client]]:
    """A server of three comments, to be given faults."""
    with asking(thread(Instance(domain="lemmy.test"), ["a", Reply(text="b", to=1), "c"])) as both:
        yield both


def test_a_connection_dies_before_or_amid_the_answer_that_was_chosen() -> None:
    """Only the second list; afterwards all is well."""
    with faulty() as (server, client):
        for after in (0, 30):
            server.faults.add(faults.dies(after), path="/comment/list", at={2})
            assert client.get(LIST).status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                client.get(LIST)
            assert client.get(LIST).status_code == 200
            server.faults.clear()


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        (faults.html(), 200, "text/html; charset=utf-8"),
        (faults.html(502), 502, "text/html; charset=utf-8"),
        (faults.unavailable("7"), 503, "text/plain"),
        (faults.redirects(), 302, "text/plain"),
        (faults.truncated(), 200, "application/json"),
        (faults.nested(100_000), 200, "application/json"),
    ],
)
def test_answers_that_are_no_json(change: faults.Change, status: int, kind: str) -> None:
    """Proxies' pages, 503, redirects, half a body, brackets without end."""
    with faulty() as (server, client):
        server.faults.add(change, path="/comment/list")
        answer = client.get(LIST)
        assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
        with pytest.raises((ValueError, RecursionError)):
            answer.json()
        assert client.get("/api/v3/post?id=1").status_code == 200
    if status == 503:
        assert answer.headers["retry-after"] == "7"
    if status == 302:
        assert answer.headers["location"] == "http://127.0.0.1:1/"


@pytest.mark.parametrize("value", ["12", 2**63, 2**70, "\ud800", "a\0b", "99999-01-01T00:00:00Z", None, ...])
def test_a_field_can_hold_anything_or_be_absent(value: Any) -> None:
    """Wrong types, integers past 64 bits, lone surrogates, NUL, dates out of range, nothing."""
    with faulty() as (server, client):
        server.faults.add(faults.field_of("comment", "content", value, ident=2))
        first, _, second = (row["comment"] for row in client.get(LIST).json()["comments"])
    assert first["content"] == "a"
    assert second.get("content", ...) == value


def test_rows_are_lost_dropped_or_doubled_while_the_counts_stay() -> None:
    """Each as asked; lists by parent can be left whole."""
    with faulty() as (server, client):
        for change, left in [
            (faults.losing(2), [1, 3]),
            (faults.short_page(1), [1, 3]),
            (faults.repeated_rows(), [1, 1, 2, 2, 3, 3]),
        ]:
            server.faults.add(change, path="post_id=")
            assert sorted(row_ids(client.get(LIST).json())) == left
            assert row_ids(client.get("/api/v3/comment/list?parent_id=1&type_=All&max_depth=9").json()) == [1, 2]
            server.faults.clear()


@pytest.mark.parametrize("version", ["0.19.20", "1.0.0"])
@pytest.mark.parametrize("fresh", [False, True])
def test_an_endless_list_never_ends(version: str, fresh: bool) -> None:
    """The last page comes for ever, or ever new rows."""
    world = grow(thread(Instance(domain="lemmy.test", version=version)), 60, Random(1))
    new, seen = version == "1.0.0", []
    link = ""
    with asking(world) as (server, client):
        server.faults.add(faults.endless(fresh=fresh), path="/comment/list")
        for page in range(1, 6):
            path = (
                "/api/v4/comment/list?type_=all&sort=old"
                if new
                else f"/api/v3/comment/list?type_=All&sort=Old&page={page}"
            )
            body = client.get(f"{path}&post_id=1&limit=50{link}").json()
            link = f"&page_cursor={body['next_page']}" if new else ""
            seen.append(row_ids(body))
    assert all(seen)
    assert len({i for page in seen for i in page}) == (sum(map(len, seen)) if fresh else 60)


def test_a_huge_body_is_made_as_it_is_sent() -> None:
    """A client that stops reading stops the making."""
    with faulty() as (server, client):
        server.faults.add(faults.huge(100_000_000))
        with client.stream("GET", LIST) as answer:
            taken = sum(len(chunk) for chunk, _ in zip(answer.iter_raw(), range(20), strict=False))
        server.faults.clear()
        assert taken > 1000
        assert client.get(LIST).status_code == 200


def test_a_hook_is_called_before_the_request_that_was_named_is_answered() -> None:
    """Once, with the earlier requests already answered."""
    with faulty() as (server, client):
        calls: list[list[str]] = []
        server.faults.before_request(2, lambda: calls.append(server.targets()))
        for _ in range(3):
            client.get("/robots.txt")
    assert calls == [["/robots.txt", "/robots.txt"]]


def test_one_connection_serves_many_requests_and_gzip_is_offered() -> None:
    """Keep-alive works; answers are compressed only for who takes it; latency is added to each."""
    with faulty() as (server, client):
        plain = client.get(LIST, headers={"Accept-Encoding": "identity"})
        packed = client.get(LIST)
        assert plain.json() == packed.json()
        assert ("content-encoding" in plain.headers, packed.headers["content-encoding"]) == (False, "gzip")
        assert packed.extensions["network_stream"] is plain.extensions["network_stream"]
        server.faults.latency = 0.05
        started = time.monotonic()
        client.get(LIST)
        assert time.monotonic() - started >= 0.05


def test_the_resolver_knows_its_own_names_only() -> None:
    """Everything else is an unknown host: nothing leaves loopback."""
    with faulty() as (server, _):
        assert server.resolver("LEMMY.test", 80) == [("127.0.0.1", server.port)]
        with pytest.raises(OSError, match="no such host"):
            server.resolver("elsewhere.test", 443)
