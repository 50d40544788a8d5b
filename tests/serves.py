"""Run by the gate with each line of Datasette: `thread-archive serve` starts, and its pages answer and search."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


def main(python: str, archive: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(python).parent / "thread-archive"), "serve", archive, "--port", str(port)]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, follow_redirects=True) as client:
            wait_for(client)
            stem = Path(archive).stem
            posts = client.get(f"/{stem}/posts.json?_shape=array").raise_for_status().json()
            assert posts, "no posts are served"
            found = client.get(f"/{stem}/search_content.json?_search=harbour&_shape=array").raise_for_status().json()
            everything = client.get(f"/{stem}/search_content.json?_shape=array").raise_for_status().json()
            assert 0 < len(found) < len(everything), "searching does not narrow the rows"
            page = client.get(f"/{stem}/comments").raise_for_status().text
            assert "Comments in their current state" in page, "the tables are not described"
            version = client.get("/-/versions.json").json()["datasette"]["version"]
            print(f"Datasette {version}: {len(posts)} posts, {len(found)} of {len(everything)} texts found")
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
