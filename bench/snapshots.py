"""
Making snapshots: `python bench/snapshots.py [--comments N] [--plain] [--search]`; each figure is a ratio to a baseline.

The archive is synthetic: threads of 2,000 comments, 40 words each (Zipf), with answers of servers, votes, what is
derived, and index. A quarter of the comments has marks, as in the recorded threads: of all, one in eight quotes what it
answers and one in eight has a link (`--plain`: none, which no archive is like; its HTML is all left out as it follows
from the text, so that the zip is largest beside it). Words of random letters in random order shrink to 0.39 of their
size, like prose without a repeated phrase; the recorded threads' texts to 0.32.
"""

import argparse
import hashlib
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fake_lemmy import exchanges
from thread_archive.archiving.deriving import derive
from thread_archive.markup import plain_text
from thread_archive.slugs import slug
from thread_archive.snapshots import zips
from thread_archive.snapshots.database import create
from thread_archive.snapshots.layout import DATABASE
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.archive import Archive
from thread_archive.store.evidence import LEVEL, zstd
from thread_archive.store.rows import path_label

A_THREAD, A_PAGE, WORDS = 2_000, 50, 40
# Bytes of an archive that is measured more than once.
SMALL = 500_000_000
STAMP = "2026-03-01T12:00:00.000000Z"


TABLES = (
    "instances", "captures", "communities", "people", "posts", "comments", "local_ids", "scores", "links", "quotes",
    "search_items",
)  # fmt: skip


def cpu(function: Callable[..., object], *arguments: object) -> float:
    started = time.process_time()
    function(*arguments)
    return time.process_time() - started


def vocabulary(random: Random) -> tuple[list[str], list[float]]:
    """Words, and the running sums of how often each comes."""
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(random.choices(letters, range(22, 0, -1), k=random.randint(2, 9))) for _ in range(30_000)]
    return words, list(accumulate(1 / rank for rank in range(1, len(words) + 1)))


class Writer:
    """Writes texts; `plain` ones have no marks."""

    def __init__(self, random: Random, *, plain: bool) -> None:
        self._random = random
        self._words, self._sums = vocabulary(random)
        self._plain = plain

    def words(self, count: int) -> list[str]:
        """So many words."""
        return self._random.choices(self._words, cum_weights=self._sums, k=count)

    def comment(self, above: str) -> str:
        """A comment below one with the text `above`, which is empty where it answers the post."""
        words = self.words(self._random.randint(10, 70))
        mark = 1.0 if self._plain else self._random.random()
        if mark < 1 / 8:
            # At the top of the thread there is nothing to quote: a word is in bold type.
            quoted = " ".join(above.split()[:15])
            return f"> {quoted}\n\n{' '.join(words)}" if quoted else f"**{words[0]}** {' '.join(words[1:])}"
        if mark < 1 / 4:
            words[5] = f"[{words[5]} {words[6]}](https://{words[7]}.example/{words[8]}/{self._random.randrange(10**6)})"
        return " ".join(words)


def fill(archive: Archive, comments: int, *, plain: bool = False) -> None:
    """Rows as `add` writes them, without a server."""
    random = Random(1)
    writer = Writer(random, plain=plain)
    threads = range(1, max(1, comments // A_THREAD) + 1)
    with archive.transaction() as connection:
        connection.execute(
            "INSERT INTO instances (id, domain, software, version) VALUES (1, 'bench.test', 'lemmy', '0.19.20')"
        )
        connection.execute(
            """INSERT INTO captures (id, kind, url, status, started_at, receipt)
               VALUES (1, 'visit', '', 'complete', ?, '{}')""",
            [STAMP],
        )
        connection.execute(
            """INSERT INTO communities (id, ap_id, name, title, description, instance_id, nsfw, deleted, removed,
                   visibility, capture_id)
               VALUES (1, 'http://bench.test/c/main', 'main', 'Main', '', 1, 0, 0, 0, 'public', 1)"""
        )
        connection.executemany(
            """INSERT INTO people (id, ap_id, name, display_name, bio, instance_id, is_bot, deleted, capture_id)
               VALUES (?, ?, ?, '', '', 1, 0, 0, 1)""",
            [(n, f"http://bench.test/u/person{n}", f"person{n}") for n in range(1, 2_001)],
        )
        for thread in threads:
            fill_thread(connection, random, thread, min(comments, A_THREAD), writer)
    for thread in threads:
        derive(archive, thread)
    with archive.transaction() as connection:
        connection.execute(
            "INSERT INTO search_items (id) SELECT id * 4 FROM posts UNION ALL SELECT id * 4 + 1 FROM comments"
        )
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")


def fill_thread(connection: sqlite3.Connection, random: Random, thread: int, size: int, writer: Writer) -> None:
    ap_id = f"http://bench.test/post/{thread}"
    connection.execute(
        """INSERT INTO captures (id, kind, url, post_id, status, started_at, home, receipt)
           VALUES (?, 'visit', ?, ?, 'complete', ?, 'bench.test', ?)""",
        [thread + 1, ap_id, thread, STAMP, json.dumps({"comments": {"stored": size}, "sources": []})],
    )
    text = " ".join(writer.words(WORDS))
    connection.execute(
        """INSERT INTO posts (id, ap_id, community_id, creator_id, title, url, body, published_at, deleted, removed,
               locked, nsfw, featured, language, alt_text, embed_title, embed_description, thumbnail_url, is_moderator,
               is_admin, score, upvotes, downvotes, restricted, capture_id, slug)
           VALUES (?, ?, 1, 1, ?, '', ?, ?, 0, 0, 0, 0, 0, 'en', '', '', '', '', 0, 0, 1, 1, 0, 0, ?, ?)""",
        [thread, ap_id, text[:60], text, STAMP, thread + 1, slug(ap_id)],
    )  # fmt: skip
    first = (thread - 1) * A_THREAD + 1
    # The comments above the one at hand, by depth: row, path, text.
    above: list[tuple[int | None, str, str]] = [(None, "", "")]
    rows = []
    for number in range(size):
        row_id = first + number
        depth = min(len(above), random.choice((1, 1, 2, 2, 3, 4)))
        parent, beginning, answered = above[depth - 1]
        path, body = beginning + path_label(row_id), writer.comment(answered)
        above[depth:] = [(row_id, f"{path}/", body)]
        text = plain_text(body)
        rows.append(
            (row_id, f"http://bench.test/comment/{row_id}", thread, parent, path, number, depth,
             random.randint(1, 2_000), body, None if text == body else text, STAMP, thread + 1)
        )  # fmt: skip
    connection.executemany(
        """INSERT INTO comments (id, ap_id, post_id, parent_id, path, position, depth, creator_id, body, body_text,
               published_at, deleted, removed, distinguished, language, is_moderator, is_admin, score, upvotes,
               downvotes, restricted, capture_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 'en', 0, 0, 3, 4, 1, 0, ?)""",
        rows,
    )
    connection.executemany("INSERT INTO local_ids VALUES (1, 1, ?, NULL, ?, NULL)", [(row[0], row[0]) for row in rows])
    connection.executemany(
        "INSERT INTO scores VALUES (?, 1, ?, 3, 4, 1)", [(row[0] * 4 + 1, thread + 1) for row in rows]
    )
    for start in range(0, size, A_PAGE):
        body = json.dumps({"comments": [view_of(row) for row in rows[start : start + A_PAGE]]}).encode()
        stored = connection.execute(
            "INSERT INTO exchange_bodies (digest, size, body) VALUES (?, ?, ?)",
            [hashlib.sha256(body).digest(), len(body), zstd.compress(body, LEVEL)],
        )
        connection.execute(
            """INSERT INTO exchanges (capture_id, instance_id, purpose, method, url, status, headers, requested_at,
                   logged_in, wire_bytes, body_id) VALUES (?, 1, 'thread', 'GET', ?, 200, '{}', ?, 0, ?, ?)""",
            [thread + 1, f"{ap_id}?page={start}", STAMP, len(body) // 5, stored.lastrowid],
        )


@cache
def recorded_view() -> str:
    """A comment as Lemmy 0.19.20 lists it, with all that it says of it, recorded from a server."""
    answers = (row["body"] for row in exchanges("lemmy-0.19.20") if "/comment/list" in row["path"])
    return json.dumps(next(body["comments"][0] for body in answers if body.get("comments")))


def view_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """That comment with what a row says in its place."""
    view: dict[str, Any] = json.loads(recorded_view())
    view["comment"] |= {"id": row[0], "creator_id": row[7], "content": row[8], "ap_id": row[1], "path": f"0.{row[0]}"}
    view["creator"] |= {
        "id": row[7], "name": f"person{row[7]}", "actor_id": f"http://bench.test/u/person{row[7]}",
    }  # fmt: skip
    view["counts"] |= {"comment_id": row[0]}
    return view


def bare_recipe(source: Path, folder: Path) -> None:
    """The same tables, as they are: copied in order, indexes, rebuild, optimize, VACUUM INTO, SHA-256."""
    draft, target = folder / "draft.db", folder / "bare.db"
    draft.unlink(missing_ok=True)
    target.unlink(missing_ok=True)
    with sqlite3.connect(f"file:{draft}", uri=True, isolation_level=None) as connection:
        create(connection)
        connection.execute("ATTACH ? AS source", [f"file:{source}?mode=ro"])
        connection.execute("PRAGMA main.journal_mode = OFF")
        connection.execute("PRAGMA main.synchronous = OFF")
        indexes = connection.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX main.{name}")
        for table in TABLES:
            names = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_xinfo({table})") if not row[6])
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM source.{table} ORDER BY 1")
        for _, statement in indexes:
            connection.execute(statement)
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('optimize')")
        connection.execute("COMMIT")
        connection.execute("DETACH source")
        connection.execute("VACUUM INTO ?", [str(target)])
    connection.close()
    with target.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def making(folder: Path, db: Path) -> Iterator[tuple[str, str, str, float, str]]:
    """CPU of a snapshot against the bare recipe; sizes against the archive."""
    with Archive.open(db, read_only=True) as archive:
        chosen = select(archive, Wanted())
        # The best of a few, in turn: another program on the machine takes the caches of both.
        rounds = range(3 if db.stat().st_size < SMALL else 1)
        times = [
            (cpu(make, archive, folder / "plain", chosen, Making(site=False)), cpu(bare_recipe, db, folder))
            for _ in rounds
        ]
        ours, bare = map(min, zip(*times, strict=True))
        yield "snapshot without site", f"{ours:.1f} s CPU", f"{bare:.1f} s, bare recipe", ours / bare, "<= 1.25"
        yield verifying(archive, folder / "checked", chosen)
        live = db.stat().st_size
        made = make(archive, folder / "bundle.zip", chosen, Making(zipped=True, site=len(chosen) <= 50))
    print("parts, unpacked and in the zip:")
    for part, (size, packed) in parts(made.path).items():
        print(f"  {part:<12} {size / 1e6:8.1f} MB {packed / 1e6:8.1f} MB   {packed / live:5.2f} of the live archive")
    plain = make_zip(db, folder)
    yield "zip without site", f"{plain / 1e6:.1f} MB", f"{live / 1e6:.1f} MB, live archive", plain / live, "<= 0.55"
    if len(chosen) <= 50:
        size = made.sizes["zip"]
        yield "zip with site", f"{size / 1e6:.1f} MB", f"{live / 1e6:.1f} MB, live archive", size / live, "<= 0.55"


def verifying(archive: Archive, target: Path, chosen: list[int]) -> tuple[str, str, str, float, str]:
    """CPU of checking a snapshot whole, all that follows from its database made again, against that of making it."""
    making = Making(site=len(chosen) <= 50)
    # The best of a few, in turn.
    times = [
        (cpu(lambda: check(target)), made) for made in (cpu(make, archive, target, chosen, making) for _ in range(3))
    ]
    checked, made = map(min, zip(*times, strict=True))
    what = "with site" if making.site else "without site"
    return f"verify {what}", f"{checked:.1f} s CPU", f"{made:.1f} s, making it", checked / made, "<= 1.5"


def check(path: Path) -> None:
    wrong = [finding.message for finding in verify(path) if not finding.ok]
    if wrong:
        raise SystemExit(f"{path} does not verify: {wrong[0]}")


def parts(path: Path) -> dict[str, tuple[int, int]]:
    """The bytes of each part of a zipped snapshot, unpacked and packed."""
    sizes = {"database": (0, 0), "search data": (0, 0), "pages": (0, 0), "rest": (0, 0)}
    with path.open("rb") as file:
        for member in zips.members_of(file):
            name = member.name
            part = "database" if name == DATABASE else "search data" if name.startswith("site/data/") else "pages"
            part = part if name == DATABASE or name.startswith("site/") else "rest"
            size, packed = sizes[part]
            sizes[part] = size + member.size, packed + member.packed
    return sizes


def make_zip(db: Path, folder: Path) -> int:
    with Archive.open(db, read_only=True) as archive:
        return make(archive, folder / "plain.zip", select(archive, Wanted()), Making(zipped=True, site=False)).sizes[
            "zip"
        ]


def searching(folder: Path, db: Path) -> Iterator[tuple[str, str, str, float, str]]:
    """A search from file:// against a scan of the same texts for the same word, in the same browser."""
    from browsers import browser

    with Archive.open(db, read_only=True) as archive:
        site = make(archive, folder / "site", select(archive, Wanted()), Making()).path / "site"
        word, pair = rare_words(archive)
        texts = [row[0] for row in archive.db.conn.execute("SELECT body FROM comments")]
    with browser() as chromium:
        page = chromium.new_page()
        page.goto(f"{site.as_uri()}/search.html")
        for query in (word, pair):
            page.evaluate("query => threadArchive.search(query)", query)
            ours = page.evaluate(
                """async (query) => { const times = [];
                for (let i = 0; i < 15; i += 1) { const t = performance.now();
                  await threadArchive.search(query); times.push(performance.now() - t); }
                return times.sort((a, b) => a - b)[7]; }""",
                query,
            )
            bare = page.evaluate(
                """([texts, words]) => { const folded = texts.map((text) => text.toLowerCase()); const times = [];
                for (let i = 0; i < 15; i += 1) { const t = performance.now();
                  window.found = folded.filter((text) => words.every((word) => text.includes(word))).length;
                  times.push(performance.now() - t); }
                return times.sort((a, b) => a - b)[7]; }""",
                [texts, query.split()],
            )
            name = f"search for {len(query.split())} word(s) over {len(texts):,} comments"
            yield name, f"{ours:.1f} ms", f"{bare:.1f} ms, bare scan", ours / bare, "<= 3"


def rare_words(archive: Archive) -> tuple[str, str]:
    """A word of a few dozen texts, and two common ones."""
    archive.db.conn.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_fts', 'row')")
    rows = archive.db.conn.execute(
        "SELECT term, doc FROM temp.words WHERE length(term) > 3 ORDER BY doc DESC"
    ).fetchall()
    few = next(term for term, count in rows if count <= 60)
    return few, f"{rows[20][0]} {rows[30][0]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--plain", action="store_true", help="comments without marks")
    parser.add_argument("--search", action="store_true", help="time the static search instead (20,000 comments)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, db = Path(temporary), Path(temporary) / "live.db"
        with Archive.open(db, create=True) as archive:
            fill(archive, 20_000 if arguments.search else arguments.comments, plain=arguments.plain)
            archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        figures = searching(folder, db) if arguments.search else making(folder, db)
        for name, value, baseline, ratio, goal in figures:
            print(f"{name:<45} {value:>12}   {baseline:<28} {ratio:5.2f}   {goal}")


if __name__ == "__main__":
    main()
