"""
Checking the database of a snapshot that somebody else made: nothing in it is believed, and no check takes forever.

Its schema must be, word for word, the one that we make: a trigger, a view or a table of somebody else's does not get
as far as being read.
"""

import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from thread_archive.articles.blocks import cleaned_blocks
from thread_archive.counting import counted
from thread_archive.markup import cleaned
from thread_archive.snapshots.canonical import content_hash
from thread_archive.snapshots.database import FORMAT, MARK, PSEUDONYMISED, create
from thread_archive.snapshots.foreign import is_foreign
from thread_archive.snapshots.values import value_problem
from thread_archive.store import search_index
from thread_archive.store.checks import Finding
from thread_archive.store.schema import APPLICATION_ID, VERSION, objects

COUNTS: Mapping[str, str] = {
    "threads": "SELECT count(*) FROM posts",
    "comments": "SELECT count(*) FROM comments WHERE ap_id IS NOT NULL",
    "gaps": "SELECT count(*) FROM comments WHERE ap_id IS NULL",
    "withdrawn": "SELECT count(*) FROM comments WHERE deleted OR removed",
    "people": "SELECT count(*) FROM people",
    "communities": "SELECT count(*) FROM communities",
    "articles": "SELECT count(*) FROM articles",
}
# A minute, and a second for each megabyte: a sound file takes a hundredth of it.
_SECONDS, _SECONDS_A_MEGABYTE = 60.0, 1.0
_STEPS = 100_000
# Of a database file: the size of its pages, how it is written and read, how many pages it has, how many are free.
_HEADER = struct.Struct(">16xHBB8xI4xI")
_FIRST_SCHEMA = 4


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows of each kind a snapshot has."""
    return {name: connection.execute(query).fetchone()[0] for name, query in COUNTS.items()}


def inspect(connection: sqlite3.Connection, path: Path, description: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the database at `path`, open as `connection`, against itself and against what the snapshot says of it."""
    set_deadline(connection, path)
    for name, problem_of, sound in _GROUNDS:
        wrong = problem_of(connection)
        yield _finding(name, not wrong, wrong or sound)
        if wrong:
            return
    for check in (_file, _references, _index, _html):
        yield from check(connection)
    yield _counts(connection, description)
    yield _content(connection, description)


def ground_problem(connection: sqlite3.Connection) -> str:
    """What keeps a database from being read at all; empty where nothing does."""
    return next((wrong for _, problem_of, _ in _GROUNDS if (wrong := problem_of(connection))), "")


def file_problem(path: Path) -> str:
    """
    What is wrong with the file around its tables: a log belongs to it, from which other programs would read what is not
    in it, or it holds more than its pages in use; empty where nothing is. https://sqlite.org/fileformat2.html, 1.3.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return "it is too short"
    page_size, writes, reads, pages, free = _HEADER.unpack(header)
    if (writes, reads) != (1, 1):
        return "it is kept with a write-ahead log, which no snapshot has"
    if free or pages * (65_536 if page_size == 1 else page_size) != path.stat().st_size:
        return "it holds more than its pages in use, or less"
    return ""


def _finding(check: str, ok: bool, message: str) -> Finding:
    return Finding(check=check, ok=ok, path="archive.db", message=message)


def set_deadline(connection: sqlite3.Connection, path: Path) -> None:
    """Let no query of the database at `path` go on for longer from now than any takes of a sound file of its size."""
    deadline = time.monotonic() + _SECONDS + _SECONDS_A_MEGABYTE * path.stat().st_size / 1_000_000
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)


def schema_problem(connection: sqlite3.Connection) -> str:
    """What is wrong with the schema and its marks; empty where nothing is."""
    application_id, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application_id != APPLICATION_ID:
        return "it is not marked as a database of thread-archive"
    if not _FIRST_SCHEMA <= version <= VERSION:
        return f"it has schema {version}, and this release knows {_FIRST_SCHEMA} to {VERSION}"
    with closing(sqlite3.connect(":memory:")) as ours:
        create(ours, version=version)
        strange = objects(connection) ^ objects(ours)
    if strange:
        return f"{min(name for _, name, _, _ in strange)} is not as we make it"
    marks = dict(connection.execute("SELECT name, value FROM settings"))
    if marks.get(MARK) != FORMAT:
        return "it is not marked as a snapshot of a form that this release knows"
    strange = marks.keys() - {MARK, PSEUDONYMISED}
    return f"it has a setting {min(map(str, strange))} that no snapshot has" if strange else ""


def _type_problem(connection: sqlite3.Connection) -> str:
    """The first value of another type than its column has, which SQLite does not mind; empty where there is none."""
    for table, columns in _typed_columns(connection).items():
        cases = " ".join(
            f"""WHEN typeof("{name}") <> '{type_}' AND "{name}" IS NOT NULL THEN '{name} is of type {type_}'"""
            for name, type_ in columns.items()
        )
        query = f"SELECT CASE {cases} END AS wrong FROM {table} WHERE wrong IS NOT NULL LIMIT 1"
        for (wrong,) in connection.execute(query):
            return f"{table}.{wrong}, and holds a value that is not"
    return ""


def _typed_columns(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """By table, the columns that have a type, and which; what is generated follows from the others."""
    found: dict[str, dict[str, str]] = {}
    for table, name, type_ in connection.execute(
        """SELECT t.name, c.name, lower(c.type) FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
           WHERE t.type = 'table' AND c.type <> '' ORDER BY t.name, c.cid"""
    ):
        found.setdefault(table, {})[name] = type_
    return found


# What has to be right before anything is read, and what to say where it is.
_GROUNDS: tuple[tuple[str, Callable[[sqlite3.Connection], str], str], ...] = (
    ("schema", schema_problem, "the tables are ours, and nothing else"),
    ("types", _type_problem, "every value is of its column's type"),
    ("values", value_problem, "every value is one that an archive can hold"),
)


def _file(connection: sqlite3.Connection) -> Iterator[Finding]:
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    if problems == ["ok"]:
        problems = []
    yield from (_finding("database", False, problem) for problem in problems)
    if not problems:
        yield _finding("database", True, "the file is sound")


def _references(connection: sqlite3.Connection) -> Iterator[Finding]:
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(5)
    for table, row_id, parent, _ in broken:
        yield _finding("references", False, f"{table} {row_id} points at a row of {parent} that is not there")
    if not broken:
        yield _finding("references", True, "every reference points at a row")


def _index(connection: sqlite3.Connection) -> Iterator[Finding]:
    problem = search_index.integrity_problem(connection)
    if problem:
        yield _finding("index", False, f"the search index differs from the texts ({problem})")
        return
    items = {connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _INDEXED}
    texts = search_index.count_belonging(connection)
    ok = items == {texts}
    yield _finding("index", ok, counted(texts, "text") + (", all in the index" if ok else "; the index has others"))


_INDEXED = ("search_items", "search_fts_docsize")


def _html(connection: sqlite3.Connection) -> Iterator[Finding]:
    """HTML of the kind that we store: pages show it as it is."""
    found = [
        table
        for table, (column, clean) in _HTML.items()
        if any(
            is_foreign(html, clean)
            for (html,) in connection.execute(f"SELECT {column} FROM {table} WHERE {column} <> ''")
        )
    ]
    message = f"the HTML in {found[0]} is not of the kind we store" if found else "the HTML is of the kind we store"
    yield _finding("html", not found, message)


_HTML: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "comments": ("body_html", cleaned),
    "posts": ("body_html", cleaned),
    "articles": ("html", cleaned_blocks),
}


def _counts(connection: sqlite3.Connection, description: Mapping[str, Any]) -> Finding:
    told, found = description.get("counts"), counts(connection)
    if told == found:
        return _finding(
            "counts",
            True,
            f"{counted(found['threads'], 'thread')}, {counted(found['comments'], 'comment')}, as it says",
        )
    return _finding("counts", False, f"it says {told}, and has {found}")


def _content(connection: sqlite3.Connection, description: Mapping[str, Any]) -> Finding:
    found = content_hash(connection)
    ok = found == description.get("content_sha256")
    return _finding("content", ok, f"the content hash is {found}" + ("" if ok else ", and it says another one"))
