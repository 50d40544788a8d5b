"""Archives that all tests of the pages look at, made once, and copied by those that change them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shelves
from browsers import browser
from web import browsing


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.written(tmp_path_factory.mktemp("written"), "written.db")


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.captured(tmp_path_factory.mktemp("captured"), "captured.db")


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.long(tmp_path_factory.mktemp("long"), 3000, "long.db")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def written_site(written: Path) -> Iterator[str]:
    with browsing.serving(written) as base:
        yield base


@pytest.fixture(scope="module")
def captured_site(captured: Path) -> Iterator[str]:
    with browsing.serving(captured) as base:
        yield base


@pytest.fixture(scope="module")
def long_site(long: Path) -> Iterator[str]:
    with browsing.serving(long) as base:
        yield base
