"""
The search index: one FTS5 table over articles, posts and comments, written explicitly.

An item's number is its row's id and its kind in one, so that none has to be looked up. The index holds no text of its
own: to take an item out, FTS5 must be told the very text it was put in with.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from thread_archive.store.scripts import apart

POST, COMMENT, PARAGRAPH = 0, 1, 2
KINDS = {POST: "post", COMMENT: "comment", PARAGRAPH: "article"}
WORDS = "unicode61 remove_diacritics 2"
# Leaves room for one more kind; the schema's generated columns reckon with it.
_KINDS_ROOM = 4

Entry = tuple[int, str, str, str]
"""(item, body, title, scope): a row of `search_fts`, as a person would write it."""


def item_number(kind: int, row_id: int) -> int:
    """The `search_items.id` (and `scores.item`) of the row of a post, a comment or an article's paragraph."""
    return row_id * _KINDS_ROOM + kind


def belonging(database: str = "main") -> tuple[tuple[str, str], ...]:
    """What belongs in the index, in the order of the kinds: a table of `database`, and which rows `t` of it."""
    articles = f"SELECT post_id FROM {database}.articles WHERE is_body = 1"
    return (
        # A post whose own body is an article is found by that one's paragraphs.
        ("posts", f"t.title <> '' OR (t.body <> '' AND t.id NOT IN ({articles}))"),
        ("comments", "t.body <> ''"),
        ("article_paragraphs", "t.text <> ''"),
    )


def count_belonging(connection: sqlite3.Connection) -> int:
    """How many items belong in the index."""
    queries = [f"SELECT count(*) FROM {table} AS t WHERE {condition}" for table, condition in belonging()]
    return sum(int(connection.execute(query).fetchone()[0]) for query in queries)


def problem(connection: sqlite3.Connection, *, writing: bool = False) -> str:
    """
    What is wrong with the index, in words; empty where it is what the rows say. `writing` says that this is a
    transaction that writes, so that no copy has to be made for FTS5's own check.

    Each row that belongs in it is in it, and nothing else; texts whose letters have to stand apart are marked; and
    FTS5's own check finds the very words and scopes that the rows have.
    """
    check = _integrity_problem if writing else integrity_problem
    return _wrong_items(connection) or _wrong_marks(connection) or check(connection)


def _wrong_items(connection: sqlite3.Connection) -> str:
    """How many texts the index lacks, and how many entries of it are of no text."""
    lacking = needless = 0
    for kind, (table, condition) in enumerate(belonging()):
        lacking += _count(
            connection,
            f"""{table} AS t WHERE ({condition}) AND NOT EXISTS (
                    SELECT 1 FROM search_items JOIN search_fts_docsize AS doc ON doc.id = search_items.id
                    WHERE search_items.id = t.id * {_KINDS_ROOM} + {kind})""",
        )
        needless += _count(
            connection,
            f"""search_items AS item WHERE item.id % {_KINDS_ROOM} = {kind} AND NOT EXISTS (
                    SELECT 1 FROM {table} AS t WHERE t.id = item.id / {_KINDS_ROOM} AND ({condition}))""",
        )
    needless += _count(connection, f"search_items WHERE id % {_KINDS_ROOM} NOT IN ({', '.join(map(str, KINDS))})")
    needless += _count(connection, "search_fts_docsize WHERE id NOT IN (SELECT id FROM search_items)")
    told = ((lacking, "{} not in it"), (needless, "{} of it of no text"))
    return ", ".join(words.format(f"{count:,}") for count, words in told if count)


def _count(connection: sqlite3.Connection, rows: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


def _wrong_marks(connection: sqlite3.Connection) -> str:
    count = len(_to_mark(connection))
    return f"{count:,} without the mark of a script that has no spaces" if count else ""


def _to_mark(connection: sqlite3.Connection) -> list[tuple[int]]:
    """The items whose letters have to stand apart and that are not marked so."""
    rows = connection.execute(
        """SELECT id, body, title FROM search_content
           WHERE id IN (SELECT id FROM search_items WHERE apart IS NULL)"""
    )
    return [(item,) for item, *told in rows if any(text and apart(text) != text for text in told)]


def integrity_problem(connection: sqlite3.Connection) -> str:
    """
    What FTS5 says where the index differs from the texts; empty where it does not.

    Its check counts as a write, so that it runs on a copy: in a temporary file, which SQLite deletes.
    """
    longest = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
    with closing(sqlite3.connect("", isolation_level=None)) as copy:
        copy.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        copy.execute("PRAGMA trusted_schema = OFF")
        try:
            connection.backup(copy)
        except sqlite3.DatabaseError as error:
            return _corruption(error)
        return _integrity_problem(copy)


def _integrity_problem(connection: sqlite3.Connection) -> str:
    try:
        connection.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return _corruption(error)
    return ""


def _corruption(error: sqlite3.DatabaseError) -> str:
    """What SQLite says of a damaged file; raises any other error."""
    if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_CORRUPT:
        raise error
    return str(error)


def scope(post_id: object, community_id: object, creator_id: object, kind: int) -> str:
    """Tokens that narrow a search to a thread, a community, a person or a kind; the same as `search_content` makes."""
    return f"t{post_id} c{community_id} u{creator_id or 0} k{KINDS[kind]}"


def add(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Put items into the index."""
    rows = []
    marks: list[tuple[int, int | None]] = []
    for item, body, title, scope in entries:
        row = (item, apart(body), apart(title), scope)
        rows.append(row)
        marks.append((item, None if row[1:3] == (body, title) else 1))
    connection.executemany(
        "INSERT INTO search_items (id, apart) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET apart = ?2", marks
    )
    connection.executemany("INSERT INTO search_fts (rowid, body, title, scope) VALUES (?, ?, ?, ?)", rows)


def put(connection: sqlite3.Connection, items: Iterable[int]) -> None:
    """Put items into the index as they are in the archive now; they must not be in it."""
    for item in items:
        connection.execute("INSERT OR IGNORE INTO search_items (id) VALUES (?)", [item])
        row = connection.execute("SELECT id, body, title, scope FROM search_content WHERE id = ?", [item]).fetchone()
        if row[1] or row[2]:
            add(connection, [tuple(row)])
        else:
            connection.execute("DELETE FROM search_items WHERE id = ?", [item])


def remove(connection: sqlite3.Connection, items: Iterable[int]) -> None:
    """Take items out, before their rows change; those that are not in are left alone."""
    for item in items:
        old = connection.execute("SELECT id, body, title, scope FROM search_content WHERE id = ?", [item]).fetchone()
        if old is not None:
            connection.execute(
                "INSERT INTO search_fts (search_fts, rowid, body, title, scope) VALUES ('delete', ?, ?, ?, ?)", old
            )
            connection.execute("DELETE FROM search_items WHERE id = ?", [item])


def followers(connection: sqlite3.Connection, post_id: int, *, comments: bool) -> list[int]:
    """The items of a thread whose scope follows its post's: its articles' paragraphs, and with `comments` those."""
    paragraphs = f"""SELECT paragraph.id * {_KINDS_ROOM} + {PARAGRAPH} FROM article_paragraphs AS paragraph
                     JOIN articles AS article ON article.id = paragraph.article_id WHERE article.post_id = ?1"""
    query = f"{paragraphs} UNION ALL SELECT id * {_KINDS_ROOM} + {COMMENT} FROM comments WHERE ?2 AND post_id = ?1"
    return [item for (item,) in connection.execute(query, [post_id, int(comments)])]


def rebuild(connection: sqlite3.Connection, *, substrings: bool) -> None:
    """
    Make the index anew from the rows, whatever was in it: of words, or of `substrings` of at least three letters.

    The latter finds `pump` in `Wärmepumpe`; it is about four times as large, and diacritics count. It says in its own
    definition which it is.
    """
    tokenizer = "trigram" if substrings else WORDS
    connection.execute("DROP TABLE search_fts")
    connection.execute("DELETE FROM search_items")
    for kind, (table, condition) in enumerate(belonging()):
        connection.execute(
            f"INSERT INTO search_items (id) SELECT t.id * {_KINDS_ROOM} + {kind} FROM {table} AS t WHERE {condition}"
        )
    connection.executemany("UPDATE search_items SET apart = 1 WHERE id = ?", _to_mark(connection))
    connection.execute(
        f"""CREATE VIRTUAL TABLE search_fts USING fts5(
            body, title, scope, content='search_content', content_rowid='id', tokenize='{tokenizer}')"""
    )
    connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")


def mend(connection: sqlite3.Connection) -> bool:
    """Make the index anew, in the caller's transaction, where it is not what the rows say; returns whether it was."""
    if not problem(connection, writing=True):
        return False
    rebuild(connection, substrings=has_substrings(connection))
    return True


def has_substrings(connection: sqlite3.Connection) -> bool:
    """Whether the index is one of substrings."""
    query = "SELECT sql LIKE '%trigram%' FROM sqlite_master WHERE name = 'search_fts'"
    return bool(connection.execute(query).fetchone()[0])
