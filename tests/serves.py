"""Run by the gate with each line of Datasette: `thread-archive serve` starts, its pages answer, tables search."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def main(python: str, archive: str) -> None:
    stem = Path(archive).stem
    with serving(python, archive) as client:
        posts = client.get(f"/{stem}/posts.json?_shape=array").raise_for_status().json()
        assert posts, "no posts are served"
        found = client.get(f"/{stem}/search_content.json?_search=harbour&_shape=array").raise_for_status().json()
        everything = client.get(f"/{stem}/search_content.json?_shape=array").raise_for_status().json()
        assert 0 < len(found) < len(everything), "searching does not narrow the rows"
        page = client.get(f"/{stem}/comments").raise_for_status().text
        assert "Comments in their current state" in page, "the tables are not described"
        front = client.get("/").raise_for_status().text
        for thread in client.get("/threads.json").raise_for_status().json()["threads"]:
            assert f'href="{thread["page"]}"' in front, "a thread is not on the front page"
            assert 'id="discussion"' in client.get(thread["page"]).raise_for_status().text
        assert client.get("/nothing").status_code == 404, "a page that is not there is an error of the server"
        version = client.get("/-/versions.json").json()["datasette"]["version"]
        print(f"Datasette {version}: {len(posts)} posts, {len(found)} of {len(everything)} texts found")
    with serving(python, archive, "--public") as client:
        for thread in client.get("/threads.json").raise_for_status().json()["threads"]:
            assert 'id="discussion"' in client.get(thread["page"]).raise_for_status().text
        for path in (
            f"/{stem}/posts",
            f"/{stem}/exchanges",
            f"/{stem}.json?sql=select+1",
            f"/{stem}.db",
            "/-/databases",
        ):
            assert client.get(path).status_code in (403, 404), f"{path} is open"
        print(f"Datasette {version}: a public site keeps its doors closed")


@contextmanager
def serving(python: str, archive: str, *more: str) -> Iterator[httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(python).parent / "thread-archive"), "serve", archive, "--port", str(port), *more]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, follow_redirects=True) as client:
            wait_for(client)
            yield client
    finally:
        process.terminate()
        process.wait(10)


def wait_for(client: httpx.Client) -> None:
    for _ in range(100):
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main(*sys.argv[1:])
