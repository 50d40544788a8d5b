"""Damaging an archive's file where it hurts."""

import sqlite3
from contextlib import closing
from pathlib import Path

_PAGE = 4096


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert connection.execute("PRAGMA page_size").fetchone() == (_PAGE,)
        (number,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    with path.open("r+b") as file:
        file.seek((number - 1) * _PAGE)
        file.write(b"\xa5" * _PAGE)
