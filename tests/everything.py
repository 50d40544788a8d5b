"""All that an archive's files hold: values of all tables and views, the index's words, blobs unpacked, raw bytes."""

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from random import Random
from string import ascii_lowercase

from thread_archive.store import evidence
from thread_archive.store.archive import Archive

_LENGTH = 14


def markers(number: int, seed: int = 1) -> list[str]:
    """So many words that nothing else holds, without a common beginning (FTS5 stores terms without the prefix they
    share).
    """
    rng = Random(seed)
    return [ascii_lowercase[at % 26] + "".join(rng.choices(ascii_lowercase, k=_LENGTH)) for at in range(number)]


def found_in(folder: Path, words: Collection[str]) -> dict[str, set[str]]:
    """Which of `words` the archive in `folder` holds, and where."""
    found: dict[str, set[str]] = {}
    for place, data in _everything(folder):
        lowered = data.lower()
        for word in words:
            if word.lower().encode() in lowered:
                found.setdefault(word, set()).add(place)
    return found


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    path = folder / "archive.db"
    for file in sorted(folder.glob("archive.db*")):
        yield f"bytes of {file.name}", file.read_bytes()
    with Archive.open(path, read_only=True) as archive:
        connection = archive.db.conn
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        for (name,) in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield name, value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        for row in connection.execute("SELECT body, size, digest FROM exchange_bodies"):
            yield "answers", evidence.opened(*row) or b"unreadable"
        yield from _vocabulary(archive)


def _vocabulary(archive: Archive) -> Iterator[tuple[str, bytes]]:
    copy = sqlite3.connect(":memory:")
    archive.db.conn.backup(copy)
    copy.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_fts', 'row')")
    for (term,) in copy.execute("SELECT term FROM temp.words"):
        yield "vocabulary", term.encode()
    copy.close()
