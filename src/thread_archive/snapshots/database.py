"""
The database of a snapshot: the archive's own tables, made anew by the allow-list, in an order that depends on nothing
but their content.

It has the archive's names, columns and marks, so that whatever reads an archive reads it, and `settings` says that it
is a snapshot. `VACUUM INTO` into a new file is what leaves no free page behind, and gives the same rows the same bytes.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from thread_archive.markup import base_of, plain_text, render
from thread_archive.model import MissingReason
from thread_archive.slugs import slug
from thread_archive.snapshots import columns, numbering, pseudonyms
from thread_archive.snapshots.columns import Columns, Wording
from thread_archive.store import search_index
from thread_archive.store.archive import Archive, translated
from thread_archive.store.schema import APPLICATION_ID, VERSION, make

# The name of the setting that marks a snapshot, and the version of its form.
MARK, FORMAT = "snapshot", "1"
PSEUDONYMISED = "pseudonymised"
# SQLite's own limit is 1 GB: no text of a thread comes near this, and a hostile file could hold it.
LONGEST_VALUE = 64 * 1024 * 1024
# How many bytes of a new search index SQLite holds before it writes them, and how many without being told.
_INDEX_MEMORY, _USUAL_INDEX_MEMORY = 64 * 1024 * 1024, 1024 * 1024
# What a reader of the page is told of the visit: not how many requests it took, nor when it ended.
_RECEIPT = ("status", "captured_at", "sources", "comments", "article")
_SOURCE = (
    *("instance", "software", "version", "is_home", "advertised", "received", "tombstones", "lacked"),
    *("drift", "misplaced", "incomplete", "unreadable"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What goes into a snapshot: threads by their rows, and whose texts are left out."""

    posts: Collection[int]
    silent: Collection[int] = ()
    restricted: bool = False
    purged: bool = False
    unconfirmed: bool = False


def create(connection: sqlite3.Connection, *, version: int = VERSION) -> None:
    """Make the tables of a snapshot of this schema version in a new database."""
    make(connection, version=version)
    for table in ("_sqlite_migrations", *sorted(columns.LEFT_OUT)):
        connection.execute(f"DROP TABLE {table}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()


def build(archive: Archive, path: Path, choice: Choice, *, wording: Wording) -> None:
    """
    Write what `choice` says to a new database at `path`, from one state of the archive, be it written meanwhile.

    Needs as much room again beside it. Raises ArchiveError where the archive cannot be read.
    """
    draft = path.with_name(f"{path.name}.draft")
    with translated(archive.path, writing=draft):
        with closing(sqlite3.connect(draft)) as connection:
            create(connection)
        _fill(archive, draft, choice, wording)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("VACUUM INTO ?", [str(path)])
    draft.unlink()
    path.chmod(0o444)


def open_snapshot(path: Path) -> sqlite3.Connection:
    """A snapshot's database, which is not to be trusted: opened immutable, its schema may do nothing by itself."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    # Text that is no UTF-8 is a ValueError, like whatever else makes no sense, and not an error of the database.
    connection.text_factory = bytes.decode
    return connection


def is_pseudonymised(connection: sqlite3.Connection) -> bool:
    """Whether the people of a snapshot have other names in it than their own."""
    return connection.execute("SELECT 1 FROM settings WHERE name = ?", [PSEUDONYMISED]).fetchone() is not None


def _fill(archive: Archive, draft: Path, choice: Choice, wording: Wording) -> None:
    connection = archive.db.conn
    _register(connection, wording)
    with _attached(connection, draft):
        connection.execute("BEGIN")
        try:
            numbering.number(
                connection,
                choice.posts,
                silent=choice.silent,
                left_out=numbering.left_out(
                    restricted=choice.restricted, purged=choice.purged, unconfirmed=choice.unconfirmed
                ),
                wording=wording,
            )
            indexes = _take_indexes(connection)
            for statement in (*_statements(wording), *indexes):
                connection.execute(statement)
            if wording.pseudonymised:
                _render(connection)
            _mark(connection, wording)
            _index(connection)
            numbering.drop(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


@contextmanager
def _attached(connection: sqlite3.Connection, draft: Path) -> Iterator[None]:
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("ATTACH ? AS snapshot", [str(draft)])
    try:
        connection.execute("PRAGMA snapshot.journal_mode = OFF")
        connection.execute("PRAGMA snapshot.synchronous = OFF")
        yield
    finally:
        connection.execute("DETACH snapshot")
        connection.execute("PRAGMA foreign_keys = ON")


def _register(connection: sqlite3.Connection, wording: Wording) -> None:
    receipt = partial(shared_receipt, named=not wording.pseudonymised, coarse=wording.coarse)
    connection.create_function("thread_path", 2, numbering.Paths())
    connection.create_function("shared_receipt", 1, receipt, deterministic=True)
    connection.create_function("shared_slug", 1, slug, deterministic=True)
    connection.create_function("shared_domain", 1, shared_domain, deterministic=True)


def shared_domain(url: str) -> str:
    """The host of a link in which people were named anew; empty where no host is left."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def shared_receipt(receipt: str | None, *, named: bool = True, coarse: bool = False) -> str:
    """
    Of a capture's receipt (JSON), what a reader is told: who gave what, what is missing why, and (`named`) which.

    `coarse`: the day of the visit, and no servers.
    """
    told = json.loads(receipt or "{}")
    shared = {name: told[name] for name in _RECEIPT if name in told}
    shared["sources"] = [
        {name: source.get(name) for name in _SOURCE}
        | {"error": {"type": source["error"]["type"]} if source.get("error") else None}
        for source in shared.get("sources", ())
    ]
    if "comments" in shared:
        # Whether any of these comments is in the copy, its tables tell.
        shared["comments"].pop("unconfirmed", None)
    if coarse:
        shared["sources"] = []
        shared |= {"captured_at": f"{shared['captured_at'][:10]}T00:00:00Z"} if shared.get("captured_at") else {}
    for missing in shared.get("comments", {}).get("missing", ()):
        # Of what was purged only the places are shared.
        if not named or missing.get("reason") == MissingReason.PURGED:
            missing["items"] = [item | {"ap_id": None} if named else {} for item in missing.get("items", ())]
        shared.pop("article", None)
    return json.dumps(shared, ensure_ascii=False, sort_keys=True)


def _take_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop the indexes and give their statements: rows are written faster without, and indexes made in one go."""
    rows = connection.execute(
        "SELECT name, sql FROM snapshot.sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    ).fetchall()
    for name, _ in rows:
        connection.execute(f"DROP INDEX snapshot.{name}")
    # The name that follows CREATE [UNIQUE] INDEX has to say in which database.
    return [statement.replace(f"INDEX {name}", f"INDEX snapshot.{name}", 1) for name, statement in rows]


def _insert(table: str, shared: Columns, origin: str) -> str:
    names, values = ", ".join(shared), ", ".join(shared.values())
    return f"INSERT INTO snapshot.{table} ({names}) SELECT {values} FROM {origin}"


def _statements(wording: Wording) -> Iterator[str]:
    def simple(table: str, shared: Columns) -> str:
        joined = f"temp.{table}_rows AS row CROSS JOIN main.{table} AS t ON t.id = row.old"
        return _insert(table, shared, f"{joined} ORDER BY row.new")

    yield simple("instances", columns.instances())
    if wording.pseudonymised:
        yield (f"INSERT INTO snapshot.instances (id, domain) SELECT {columns.NOWHERE}, '{pseudonyms.HOST}'")
    yield _insert(
        "captures",
        columns.captures(wording),
        "temp.posts_rows AS row CROSS JOIN main.captures AS t ON t.id = row.capture ORDER BY row.new",
    )
    yield simple("communities", columns.communities(wording))
    yield simple("people", columns.people(wording))
    yield _insert(
        "person_claims",
        columns.person_claims(wording),
        f"""temp.people_rows AS row CROSS JOIN main.person_claims AS t ON t.person_id = row.old
            JOIN main.people AS person ON person.id = row.old
            WHERE {columns.SHOWN_CLAIM} ORDER BY row.new, t.instance_id""",
    )
    yield simple("posts", columns.posts(wording))
    yield simple("comments", columns.comments(wording))
    if not wording.coarse:
        yield _cross_posts(wording)
    yield simple("articles", columns.articles(wording))
    yield simple("article_paragraphs", columns.article_paragraphs(wording))
    yield simple("links", columns.links(wording))
    if not wording.pseudonymised:
        yield simple("quotes", columns.quotes())
        yield from _observations()
    for kind, (table, condition) in enumerate(search_index.belonging("snapshot")):
        yield f"""INSERT INTO snapshot.search_items (id, apart)
                  SELECT t.id * 4 + {kind}, (SELECT apart FROM main.search_items WHERE id = row.old * 4 + {kind})
                  FROM temp.{table}_rows AS row JOIN snapshot.{table} AS t ON t.id = row.new
                  WHERE {condition} ORDER BY t.id"""


def _cross_posts(wording: Wording) -> str:
    return _insert(
        "cross_posts",
        columns.cross_posts(wording),
        f"""temp.posts_rows AS row CROSS JOIN main.cross_posts AS t ON t.post_id = row.old
            LEFT JOIN main.posts AS other ON other.ap_id = t.ap_id
            WHERE other.id IS NULL OR {columns.SHARED_TITLE} ORDER BY row.new, t.ap_id""",
    )


def _observations() -> Iterator[str]:
    """What each server says for itself: its numbers, and its votes as of its last word."""
    yield _insert(
        "local_ids",
        columns.local_ids(),
        """temp.instances_rows AS row CROSS JOIN main.local_ids AS t ON t.instance_id = row.old
           LEFT JOIN temp.comments_rows AS comment ON comment.old = t.comment_id
           LEFT JOIN temp.posts_rows AS post ON post.old = t.post_id
           WHERE coalesce(comment.new, post.new) IS NOT NULL AND comment.gap IS NULL
           ORDER BY row.new, t.of_comment, t.local_id""",
    )
    latest = """NOT EXISTS (SELECT 1 FROM main.scores AS later WHERE later.item = t.item
                            AND later.instance_id = t.instance_id AND later.capture_id > t.capture_id)"""
    yield _insert(
        "scores",
        columns.scores("row.new * 4 + 1", "row.post"),
        f"""temp.comments_rows AS row CROSS JOIN main.scores AS t ON t.item = row.old * 4 + 1
            WHERE row.gap IS NULL AND {latest}""",
    )
    yield _insert(
        "scores",
        columns.scores("row.new * 4", "row.new"),
        f"temp.posts_rows AS row CROSS JOIN main.scores AS t ON t.item = row.old * 4 WHERE {latest}",
    )


def _render(connection: sqlite3.Connection) -> None:
    """Make of every text in which people were named anew what pages and searches show of it: the text as it is now."""
    connection.create_function("rendered_html", 2, _rendered_html, deterministic=True)
    connection.create_function("rendered_text", 1, plain_text, deterministic=True)
    for table, post in (("posts", "ap_id"), ("comments", "(SELECT ap_id FROM snapshot.posts WHERE id = post_id)")):
        connection.execute(
            f"""UPDATE snapshot.{table} SET body_html = rendered_html(body, {post}),
                       body_text = nullif(rendered_text(body), body)
                WHERE body_html IS NOT NULL OR body_text IS NOT NULL"""
        )


def _rendered_html(body: str, post: str) -> str | None:
    rendered = render(body, base=base_of(post))
    return None if rendered.plain else rendered.html


def _index(connection: sqlite3.Connection) -> None:
    """Make the search index, in so much memory that the library writes few pieces and has few to merge."""
    statement = "INSERT INTO snapshot.search_fts (search_fts, rank) VALUES (?, ?)"
    connection.execute(statement, ["hashsize", _INDEX_MEMORY])
    connection.execute(statement, ["rebuild", None])
    connection.execute(statement, ["optimize", None])
    connection.execute(statement, ["hashsize", _USUAL_INDEX_MEMORY])


def _mark(connection: sqlite3.Connection, wording: Wording) -> None:
    marks = {MARK: FORMAT} | ({PSEUDONYMISED: "1"} if wording.pseudonymised else {})
    connection.executemany("INSERT INTO snapshot.settings (name, value) VALUES (?, ?)", sorted(marks.items()))
