"""A real browser and a real server for it. `thread-archive serve` runs in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsers import axe


@contextmanager
def serving(file: Path, *more: str, stderr: int | None = subprocess.DEVNULL) -> Iterator[str]:
    """The address at which `thread-archive serve` shows a file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "thread_archive.cli", "serve", str(file), "--port", str(port), *more]
    process = subprocess.Popen(command, stderr=stderr)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise AssertionError(f"serve ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("serve did not start")


class Visit:
    """A page in a browser: what its console said, and what it asked for."""

    def __init__(self, browser: Any, base: str, *, width: int = 1280, dark: bool = False, script: bool = True) -> None:
        self._context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        self.page = self._context.new_page()
        self.base = base
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def go(self, path: str) -> Any:
        """Opens a page of the site."""
        return self.page.goto(self.base + path)

    @property
    def strangers(self) -> list[str]:
        """Requests that left the site."""
        return [url for url in self.requests if not url.startswith((self.base, "data:"))]

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA and its own best practices."""
        # Through the debugger, so that the page's own policy stays on.
        self.page.evaluate(axe())
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]} ({len(rule['nodes'])})" for rule in found]
