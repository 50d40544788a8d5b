"""A real browser for tests of pages: skipped where there is none, but not where everything has to be tested."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_AXE = (os.environ.get("AXE_CORE", ""), "/tmp/axe/node_modules/axe-core/axe.min.js")


def lacking(what: str) -> None:
    """Skip the test, or fail it where nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: the gate tests pages in a browser")
    pytest.skip(what)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        lacking("install Debian's chromium, and playwright with pip")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield launched
        finally:
            launched.close()


def axe() -> str:
    """The script that looks for what keeps people from using a page."""
    found = next((Path(path) for path in _AXE if path and Path(path).is_file()), None)
    if found is None:
        lacking("`npm install axe-core`, and name its axe.min.js in $AXE_CORE")
    return found.read_text("utf-8") if found else ""


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """The address at which a plain server of files shows `folder`."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
