"""
How fast search is on a large archive: `python bench/search.py [--comments N] [--keep FILE]`.

Builds an archive of made-up comments (Zipf's law over 50,000 words), then prints ratios of CPU time, each measured in
turns with its baseline: FTS5's bare `ORDER BY rank`, and a filter by join instead of by the index's own tokens.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

from thread_archive.slugs import slug
from thread_archive.store.archive import Archive
from thread_archive.store.queries import parse_query
from thread_archive.store.search import Request, find, find_threads

WORDS, PEOPLE_SHARE, COMMUNITIES, THREAD_SHARE = 50_000, 0.05, 300, 0.02
# How many times the shortest thread the longest may be.
LONGEST = 500
ROUNDS, TERMS, SAMPLED = 3, 12, 500
BARE = "SELECT rowid FROM search_fts WHERE search_fts MATCH ? ORDER BY rank LIMIT 20"
JOINED = """SELECT item.id FROM search_fts JOIN search_items AS item ON item.id = search_fts.rowid
            LEFT JOIN comments AS comment ON comment.id = item.comment_id
            JOIN posts AS post ON post.id = coalesce(item.post_id, comment.post_id)
            WHERE search_fts MATCH ? AND post.{} = ? ORDER BY rank LIMIT 20"""
DATASETTE_LIMIT = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="build the archive here, or use the one that is here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "large.db"
        if not path.exists():
            started = time.process_time()
            with Archive.open(path, create=True) as archive:
                Large(archive, options.comments).build()
            print(f"built in {time.process_time() - started:.0f} s CPU")
        connection = sqlite3.connect(path)
        missed = [line for line in report(connection) if not line]
    return len(missed) > 0


class Large:
    """A made-up archive, written without detours: rows first, the index by FTS5's own `rebuild`."""

    def __init__(self, archive: Archive, comments: int) -> None:
        self._archive = archive
        self._comments = comments
        self._random = Random(20261124)
        self._people = max(10, int(comments * PEOPLE_SHARE))
        self._threads = max(2, int(comments * THREAD_SHARE))
        self._words = [f"{self._word(number)}" for number in range(WORDS)]
        self._weights = list(accumulate(1 / (rank + 1) ** 1.05 for rank in range(WORDS)))

    def build(self) -> None:
        connection = self._archive.db.conn
        connection.execute("PRAGMA cache_size = -262144")
        with self._archive.transaction():
            connection.execute("INSERT INTO instances (domain) VALUES ('home.test')")
            connection.execute(
                "INSERT INTO captures (kind, url, status, started_at) VALUES ('visit', '', 'complete', '')"
            )
            for table, rows in (
                ("people", self._people_rows()),
                ("communities", self._community_rows()),
                ("posts", self._post_rows()),
                ("comments", self._comment_rows()),
                ("articles", self._article_rows()),
                ("article_paragraphs", self._paragraph_rows()),
            ):
                first = next(rows)
                columns, marks = ", ".join(first), ", ".join("?" * len(first))
                connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(first.values()))
                connection.executemany(
                    f"INSERT INTO {table} ({columns}) VALUES ({marks})", (list(row.values()) for row in rows)
                )
            for table, kind in (("posts", 0), ("comments", 1), ("article_paragraphs", 2)):
                connection.execute(f"INSERT INTO search_items (id) SELECT id * 4 + {kind} FROM {table}")
            connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _word(self, number: int) -> str:
        """Made of syllables; as long as words are, which is seven bytes on average with the space after it."""
        syllables = [first + vowel for first in "tnshrdlmkp" for vowel in ("a", "e", "i", "o", "u", "ei", "ea", "ou")]
        text = ""
        number += len(syllables)
        while number:
            number, syllable = divmod(number, len(syllables))
            text += syllables[syllable]
        return text + "x"

    def _text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))

    def _time(self, share: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(1.6e9 + share * 1.5e8))

    def _people_rows(self) -> Iterator[dict[str, object]]:
        for number in range(1, self._people + 1):
            yield {
                "ap_id": f"https://home.test/u/p{number}", "name": f"p{number}", "display_name": "", "bio": "",
                "instance_id": 1, "is_bot": 0, "deleted": 0, "capture_id": 1,
            }  # fmt: skip

    def _community_rows(self) -> Iterator[dict[str, object]]:
        for number in range(1, COMMUNITIES + 1):
            yield {
                "ap_id": f"https://home.test/c/c{number}", "name": f"c{number}", "title": "", "description": "",
                "instance_id": 1, "nsfw": 0, "deleted": 0, "removed": 0, "visibility": "public", "capture_id": 1,
            }  # fmt: skip

    def _post_rows(self) -> Iterator[dict[str, object]]:
        for number in range(1, self._threads + 1):
            ap_id = f"https://home.test/post/{number}"
            yield {
                "ap_id": ap_id, "slug": slug(ap_id),
                "community_id": 1 + int(self._random.paretovariate(1)) % COMMUNITIES,
                "creator_id": self._random.randint(1, self._people), "title": self._text(9), "url": "",
                "body": self._text(40), "published_at": self._time(number / self._threads), "deleted": 0, "removed": 0,
                "locked": 0, "nsfw": 0, "featured": 0, "language": "und", "alt_text": "", "embed_title": "",
                "embed_description": "", "thumbnail_url": "", "is_moderator": 0, "is_admin": 0, "score": 5,
                "upvotes": 5, "downvotes": 0, "restricted": 0, "capture_id": 1,
            }  # fmt: skip

    def _comment_rows(self) -> Iterator[dict[str, object]]:
        """Threads one after the other, as they were archived; a few very long ones, most of them short."""
        shares = [min(LONGEST, self._random.paretovariate(0.9)) for _ in range(self._threads)]
        bounds = list(accumulate(share / sum(shares) * self._comments for share in shares))
        thread, position = 1, 0
        for number in range(1, self._comments + 1):
            if number > bounds[thread - 1] and thread < self._threads:
                thread, position = thread + 1, 0
            position += 1
            score = int(self._random.expovariate(0.2))
            yield {
                "ap_id": f"https://home.test/comment/{number}", "post_id": thread, "path": f"{position:06}",
                "position": position, "depth": 1, "creator_id": self._random.randint(1, self._people),
                "body": self._text(int(self._random.expovariate(1 / 52)) + 5),
                "published_at": self._time(number / self._comments), "deleted": 0, "removed": 0, "distinguished": 0,
                "language": "und", "is_moderator": 0, "is_admin": 0, "score": score, "upvotes": score, "downvotes": 0,
                "restricted": 0, "capture_id": 1,
            }  # fmt: skip

    def _article_rows(self) -> Iterator[dict[str, object]]:
        texts = dict.fromkeys(
            ["url", "final_url", "redirects", "reason", "title", "byline", "site", "published_by", "language",
             "licence", "canonical_url", "robots", "html", "extractor", "extractor_version"], "",
        )  # fmt: skip
        for number in range(1, self._threads // 20 + 2):
            yield texts | {
                "post_id": number, "is_body": 0, "is_page": 1, "status": "kept", "robots_ignored": 0, "words": 700,
                "capture_id": 1,
            }  # fmt: skip

    def _paragraph_rows(self) -> Iterator[dict[str, object]]:
        for article in range(1, self._threads // 20 + 2):
            for number in range(1, 11):
                yield {"article_id": article, "number": number, "kind": "p", "level": 0, "text": self._text(70)}


def report(connection: sqlite3.Connection) -> Iterator[bool]:
    """Print each figure; gives whether its goal is met."""
    total = connection.execute("SELECT count(*) FROM search_items").fetchone()[0]
    connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search_fts, row)")
    counts = connection.execute("SELECT term, doc FROM temp.words WHERE term GLOB '*x'").fetchall()
    connection.execute("DROP TABLE temp.words")
    random = Random(7)
    common = [term for term, doc in counts if doc > total * 0.1]
    middle = [term for term, doc in counts if total * 0.005 <= doc <= total * 0.1]
    rare = [term for term, doc in counts if 3 <= doc < total * 0.005]
    common, middle = (sorted(random.sample(terms, min(TERMS, len(terms)))) for terms in (common, middle))
    print(f"{total:,} items; {len(common)} words in more than 10 % of them, {len(middle)} in 0.5 % or more\n")
    print(f"{'':<46} {'p50':>9} {'largest':>9} {'ratio':>7}  goal")
    yield ratio("search with join and snippet, >= 0.5 %", connection, middle, plain, bare, 1.3)
    thread = connection.execute("SELECT post_id FROM comments GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()[0]
    within = connection.execute("SELECT slug FROM posts WHERE id = ?", [thread]).fetchone()[0]
    yield ratio(
        "in the longest thread", connection, common + middle, scoped(f"thread:{within}"), joined("id", thread), 0.1
    )
    hundredth = connection.execute(
        """SELECT community_id FROM posts GROUP BY 1
           ORDER BY abs(count(*) - (SELECT count(*) / 100 FROM posts)) LIMIT 1"""
    ).fetchone()[0]
    inside, by_join = scoped(f"community:c{hundredth}"), joined("community_id", hundredth)
    yield ratio("in a community of 1 %", connection, common + middle, inside, by_join, 0.1)
    yield ratio("the whole page, words in > 10 %", connection, common, page, bare, 0.15)
    yield sampled(connection, random, [*common, *middle, *random.sample(rare, min(len(rare), 400))])
    yield size(connection)


Run = Callable[[sqlite3.Connection, str], object]


def bare(connection: sqlite3.Connection, term: str) -> object:
    return connection.execute(BARE, [f'"{term}"']).fetchall()


def joined(column: str, value: int) -> Run:
    return lambda connection, term: connection.execute(JOINED.format(column), [f'"{term}"', value]).fetchall()


def plain(connection: sqlite3.Connection, term: str) -> object:
    return find(connection, Request(query=parse_query(term)))


def page(connection: sqlite3.Connection, term: str) -> object:
    """All that the default page runs: results, facets, counts."""
    return find(connection, Request(query=parse_query(term), facets=True))


def scoped(scope: str) -> Run:
    return lambda connection, term: find(connection, Request(query=parse_query(f'"{term}" {scope}')))


def ratio(
    name: str, connection: sqlite3.Connection, terms: Sequence[str], run: Run, baseline: Run, goal: float
) -> bool:
    """The median, over terms, of the median of paired ratios of CPU time."""
    values, ratios = [], []
    for term in terms:
        pairs = [(cpu(run, connection, term), cpu(baseline, connection, term)) for _ in range(ROUNDS)]
        values.append(statistics.median(value for value, _ in pairs))
        ratios.append(statistics.median(value / base for value, base in pairs))
    found = statistics.median(ratios)
    return line(name, f"{statistics.median(values) * 1000:.1f} ms", f"{max(values) * 1000:.1f} ms", found, goal)


def sampled(connection: sqlite3.Connection, random: Random, terms: Sequence[str]) -> bool:
    """Whole pages and searches by thread of one to three words each."""
    longest = 0.0
    for name, run in (("whole page", page), ("by thread", by_thread)):
        times = []
        for _ in range(SAMPLED):
            words = random.sample(terms, random.choice((1, 1, 2, 3)))
            times.append(cpu(run, connection, random.choice((" ", " ", " OR ")).join(words)))
        times.sort()
        p50, p95 = times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000
        longest = max(longest, times[-1])
        what = f"{SAMPLED} sampled, {name}: p50, p95, longest"
        print(f"{what:<46} {p50:>6.1f} ms {p95:>6.1f} ms {times[-1] * 1000:>4.0f} ms")
    return line(
        "longest, against Datasette's limit", f"{longest * 1000:.0f} ms", "1000 ms", longest / DATASETTE_LIMIT, 1.0
    )


def by_thread(connection: sqlite3.Connection, text: str) -> object:
    return find_threads(connection, Request(query=parse_query(text)))


def size(connection: sqlite3.Connection) -> bool:
    whole = connection.execute("SELECT sum(pgsize) FROM dbstat").fetchone()[0]
    index = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'search_%'").fetchone()[0]
    return line(
        "file with index, against without",
        f"{whole / 1e6:.0f} MB",
        f"{(whole - index) / 1e6:.0f} MB",
        whole / (whole - index),
        1.5,
    )


def line(name: str, value: str, other: str, found: float, goal: float) -> bool:
    met = found <= goal
    print(f"{name:<46} {value:>9} {other:>9} {found:>7.3f}  <= {goal} {'met' if met else 'MISSED'}", flush=True)
    return met


def cpu(run: Run, connection: sqlite3.Connection, term: str) -> float:
    started = time.process_time()
    run(connection, term)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
