"""A real browser for tests of pages: skipped where there is none, but not in CI, where everything has to be tested."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HOW = (
    "needs a Chromium and what drives it: `apt-get install chromium` (or $CHROMIUM), "
    "`pip install playwright axe-playwright-python`"
)
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def need(thing: Any, what: str, how: str = HOW) -> None:
    """Skips where something is not installed; fails where nothing may be skipped."""
    if not thing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not here: this test {how}")


def axe() -> str:
    """The source of axe-core: of the file that $AXE_CORE names, or of the Python package that carries it."""
    named = os.environ.get("AXE_CORE")
    need(named or find_spec("axe_playwright_python"), "axe-core")
    found = Path(named) if named else files("axe_playwright_python") / "axe.min.js"
    return found.read_text(encoding="utf-8")


@contextmanager
def browser() -> Iterator[Any]:
    need(chromium(), "Chromium")
    need(find_spec("playwright"), "playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        yield made
        made.close()
