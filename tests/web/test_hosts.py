"""Who asks by a name that is not the site's is refused: a stranger's name may point at this machine."""

import asyncio
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import shelves
from thread_archive.exceptions import InputError
from thread_archive.web import hosts
from thread_archive.web.serving import Ready, datasette_for
from web import browsing
from web.datasettes import ask, plain, served

THREAD = f"/t/{shelves.SLUG}"
SECRET_SQL = "/written.json?sql=select+body+from+comment_revisions&_shape=array"
PATHS = (
    "/", THREAD, f"{THREAD}.json", "/threads.json", "/index.atom", f"{THREAD}.atom", "/search?q=river",
    "/search.atom?q=x", "/-/", "/written", "/written/comments.json", "/written/comments.csv", "/written.db", SECRET_SQL,
    "/written/-/query.json?sql=select+1", "/-/databases.json", "/-/static/app.css", "/-/thread-archive/pages.js",
    "/favicon.ico", "/nothing", "//-/databases.json",
)  # fmt: skip
OURS = (
    "localhost", "LOCALHOST", "localhost.", "localhost:8001", "localhost:", "localhost:9", "127.0.0.1",
    "127.0.0.1:8001", "127.8.9.10", "127.0.0.1.", "[::1]", "[::1]:8001", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]:80",
)  # fmt: skip
STRANGERS = (
    "attacker.example", "attacker.example:8001", "localhost.attacker.example", "127.0.0.1.attacker.example",
    "evil.localhost", "localhost-x", "0.0.0.0", "[::]", "[::2]:8001", "10.0.0.1", "192.168.1.7:8001", "127.1",
    "2130706433", "0x7f.1", "0177.0.0.1", "128.0.0.1", "[::ffff:10.0.0.1]", "xn--lcalhost-n9a",
)  # fmt: skip
NO_HOSTS = (
    "", " ", ":8001", "localhost:8001:8001", "localhost:x", "localhost@attacker.example", "attacker.example/localhost",
    "localhost, attacker.example", "localhost attacker.example", "[::1", "::1", "[::1]attacker.example",
    "<script>alert(1)</script>", "localhost\x00", "localhost%2eattacker", "ⓛocalhost".encode().decode("latin-1"), ".",
    "a..b", "[127.0.0.1", "localhost:" + "1" * 6, "x" * 300, "[::1%25eth0]",
)  # fmt: skip


def answer(site: Any, path: str, headers: Sequence[tuple[bytes, bytes]], server: tuple[str, int]) -> tuple[int, str]:
    """The status and the words of an answer to exactly these headers, which no client would send."""
    sent: list[dict[str, Any]] = []
    name, _, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": name,
        "headers": list(headers), "raw_path": name.encode(), "query_string": query.encode(),
        "server": server, "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def run() -> None:
        await site.invoke_startup()
        await site.app()(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode("utf-8", "replace")


def asked_for(site: Any, *names: str, path: str = "/", server: str = "127.0.0.1", **more: str) -> tuple[int, str]:
    headers = [(b"host", name.encode("latin-1")) for name in names]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return answer(site, path, headers, (server, 8001))


@pytest.mark.parametrize("path", PATHS)
def test_no_path_answers_a_name_that_is_not_the_sites(path: str, written: Path) -> None:
    for public in (False, True):
        status, words = asked_for(served(written, public=public), "attacker.example:8001", path=path)
        assert status == 421
        assert "--allow-host" in words
        assert "attacker" not in words


@pytest.mark.parametrize("name", OURS)
def test_this_machines_own_names_are_answered_with_any_port(name: str, written: Path) -> None:
    assert asked_for(served(written), name)[0] == 200


@pytest.mark.parametrize("name", STRANGERS)
def test_a_name_that_only_looks_like_it_is_refused(name: str, written: Path) -> None:
    assert asked_for(served(written), name)[0] == 421


@pytest.mark.parametrize("name", NO_HOSTS)
def test_what_is_no_name_is_refused_and_not_repeated(name: str, written: Path) -> None:
    assert asked_for(served(written), name) == (400, "A request has to name one host.")


def test_one_host_has_to_be_named_once(written: Path) -> None:
    assert asked_for(served(written))[0] == 400
    assert asked_for(served(written), "localhost", "attacker.example")[0] == 400
    assert asked_for(served(written), "localhost", "localhost")[0] == 400


def test_what_a_proxy_says_in_other_headers_opens_nothing_and_names_nothing(written: Path) -> None:
    said = {"x_forwarded_host": "attacker.example", "forwarded": "host=attacker.example", "x_host": "attacker.example"}
    status, feed = asked_for(served(written), "localhost:8001", path="/threads.atom", **said)
    assert status == 200
    assert "http://localhost:8001/t/" in feed
    assert "attacker" not in feed
    said = {"x_forwarded_host": "localhost", "x_original_host": "localhost"}
    assert asked_for(served(written), "attacker.example", **said)[0] == 421


def test_an_owner_adds_names(written: Path) -> None:
    allowed = hosts.checked(["Archive.Example.", "straße.example", "10.0.0.1", "[2001:DB8:0::1]"])
    site = datasette_for(Ready(path=written, immutable=False), public=True, hosts=allowed)
    for name in ("archive.example", "ARCHIVE.example:443", "archive.example.", "xn--strae-oqa.example", "10.0.0.1",
                 "[2001:db8::1]:80"):  # fmt: skip
        assert asked_for(site, name)[0] == 200, name
    for name in ("www.archive.example", "archive.example.attacker.example", "strasse.example", "[2001:db8::2]"):
        assert asked_for(site, name)[0] == 421, name
    assert "http://archive.example/t/" in asked_for(site, "Archive.Example", path="/threads.atom")[1].lower()


@pytest.mark.parametrize("name", ["", "*", "https://archive.example", "archive.example:80", "a b", "archive.example/x"])
def test_what_is_no_name_cannot_be_added(name: str) -> None:
    with pytest.raises(InputError, match="no host name"):
        hosts.checked([name])


def test_the_address_at_which_a_request_came_in_is_the_sites(written: Path) -> None:
    """As with `--host 0.0.0.0`: nobody can have pointed a name at it, since it is none."""
    assert asked_for(served(written), "192.168.1.7:8001", server="192.168.1.7")[0] == 200
    assert asked_for(served(written), "[fe80::7]:8001", server="fe80::7%eth0")[0] == 200
    assert asked_for(served(written), "192.168.1.8", server="192.168.1.7")[0] == 421
    assert asked_for(served(written), "archive.lan", server="archive.lan")[0] == 421


def test_plain_datasette_answers_every_name_until_its_owner_says_which(written: Path, tmp_path: Path) -> None:
    assert asked_for(plain(written), "archive.lan")[0] == 200
    site = plain(written, allow_hosts=["archive.lan"])
    assert asked_for(site, "archive.lan")[0] == 200
    assert asked_for(site, "localhost")[0] == 200
    assert asked_for(site, "attacker.example", path=SECRET_SQL)[0] == 421
    assert asked_for(plain(written, allow_hosts=[]), "archive.lan")[0] == 421
    other = tmp_path / "other.db"
    shutil.copyfile(written, other)
    assert asked_for(plain(written, other, allow_hosts=[]), "attacker.example", path="/other")[0] == 421


def test_an_ordinary_client_is_answered(written: Path) -> None:
    assert ask(served(written), THREAD).status_code == 200


RAW = (
    (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nHost: attacker.example\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: attacker.example\r\nX-Forwarded-Host: localhost\r\n\r\n", 421),
    (b"GET http://localhost/ HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421),
    (b"POST /written HTTP/1.1\r\nHost: attacker.example\r\nContent-Length: 0\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: archive.example\r\n\r\n", 200),
)


def test_the_server_itself_refuses_them_on_the_wire(written: Path) -> None:
    with browsing.serving(written, "--allow-host", "archive.example") as base:
        port = int(base.rpartition(":")[2])
        for sent, status in RAW:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(sent)
                connection.settimeout(10)
                first = connection.recv(65536).partition(b"\r\n")[0]
            assert int(first.split()[1]) == status, sent
