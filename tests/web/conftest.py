"""Archives that all tests of the pages look at, made once, and copied by those that change them."""

from pathlib import Path

import pytest

import shelves


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.written(tmp_path_factory.mktemp("written"), "written.db")


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.captured(tmp_path_factory.mktemp("captured"), "captured.db")


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelves.long(tmp_path_factory.mktemp("long"), 3000, "long.db")
