"""Walls, proxies and the law between us and a thread: named in the receipt, with what came before kept."""

from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Instance, Server, faults, grow, mirror, thread
from fake_lemmy.faults import Change
from runs import add, archive_in, rows, v3, v4
from thread_archive.archiving.accounts import find_door, log_in
from thread_archive.exceptions import ClosedDoorError
from thread_archive.fetching.client import Client

URL = "http://home.test/post/1"
CHALLENGE = faults.says("<html><title>One moment</title></html>", 403, "text/html", cf_mitigated="challenge")
ANUBIS = faults.says('<html><script id="anubis_version">"v1"</script></html>', 200, "text/html")
PAGE = faults.says("<html><title>A site</title></html>", 200, "text/html")
WALLS = {"Cloudflare": CHALLENGE, "Anubis": ANUBIS, "a page that nobody knows": PAGE, "HTML": faults.html()}
each_wall = pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
both = pytest.mark.parametrize("instance", [v3(), v4()], ids=["0.19", "1.0"])


@both
@each_wall
@pytest.mark.parametrize("path", ["/post", "/comment/list"])
def test_a_wall_before_a_thread_is_named_and_the_next_visit_goes_on(
    tmp_path: Path, instance: Instance, wall: Change, path: str
) -> None:
    with Server(grow(thread(instance), 30, Random(1))) as server, archive_in(tmp_path) as archive:
        server.faults.add(wall, path=path)
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.exit_code) == ("failed", 3)
        assert receipt.error is not None
        assert receipt.error.type == "BotWallError"
        version = "1.0.0" if instance.version == "1.0.0" else "0.19.20"
        assert receipt.error.message.startswith(f"home.test runs Lemmy {version} and does not let programs in")
        # Each way of asking once: a wall may stand before one of them alone.
        asked = [target for target in server.targets() if path in target]
        assert len(asked) == len(set(asked))
        assert len(asked) <= (6 if "list" in path else 1)
        assert rows(archive, "SELECT count(*) FROM posts") == [(0,)]
        server.faults.clear()
        server.requests.clear()
        (receipt,) = add(archive, server, URL)
        assert (receipt.status, receipt.stored) == ("complete", 30)
        assert not [target for target in server.targets() if "nodeinfo" in target or target.endswith("/site")]


def test_the_page_of_a_wall_is_not_kept(tmp_path: Path) -> None:
    wall = faults.says("<html><title>Just a moment...</title>Your address is 192.0.2.7.</html>", 200, "text/html")
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        server.faults.add(wall, path="/api/v3/post")
        add(archive, server, URL)
        assert rows(archive, "SELECT url FROM exchanges WHERE url LIKE '%/post?%'") == []


@each_wall
def test_a_home_behind_a_wall_leaves_what_the_mirror_gave(tmp_path: Path, wall: Change) -> None:
    home = thread(v3(), ["one", "two"])
    with Server(home, mirror(home, v3("reader.test"))) as server, archive_in(tmp_path) as archive:
        server.faults.add(wall, domain="home.test", path="/api/")
        (receipt,) = add(archive, server, "http://reader.test/post/1001")
        assert (receipt.status, receipt.stored) == ("partial", 2)
        error = receipt.sources[1].error
        assert error is not None
        assert error.message.startswith("home.test runs Lemmy 0.19.20 and ")


@pytest.mark.parametrize("change", [CHALLENGE, faults.html(403), faults.says("", 401), faults.says("", 451)])
def test_no_login_is_tried_at_a_door_that_none_opens(tmp_path: Path, change: Change) -> None:
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        server.faults.add(change, path="/api/v3/post")
        (receipt,) = add(archive, server, URL, login=True, tokens=lambda _: "a.b.c")
        assert receipt.exit_code == 3
        assert receipt.error is not None
        assert receipt.error.message.startswith("home.test runs Lemmy 0.19.20 and ")
        assert "login" not in receipt.error.next
        assert not [request for request in server.requests if "authorization" in request.headers]


def test_a_page_that_says_not_found_where_the_api_is_known_is_no_thread_that_is_gone(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one"])) as server, archive_in(tmp_path) as archive:
        server.faults.add(faults.html(404), path="/api/v3/post")
        (receipt,) = add(archive, server, URL)
        assert receipt.exit_code == 3
        assert receipt.error is not None
        assert receipt.error.message.startswith("home.test runs Lemmy 0.19.20 and answers http://home.test/api/v3/post")


def test_a_proxy_that_refuses_a_login_is_not_taken_for_the_lemmy(tmp_path: Path) -> None:
    with Server(thread(v3(), ["one"])) as server:
        server.faults.add(faults.html(403), path="/user/login")
        with Client(rate=0, allow_private_network=True, resolver=server.resolver) as client:
            door = find_door(client, "home.test", "http://home.test")
            with pytest.raises(ClosedDoorError, match="proxy or firewall"):
                log_in(client, door, name="ada", password="secret")
