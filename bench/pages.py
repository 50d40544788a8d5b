"""
What a thread's page costs: `python bench/pages.py`. CPU of this process, medians of interleaved rounds.

The baseline of a page is reading the same rows with the same queries and joining the same strings (every text of
every row with its HTML, and as much constant HTML as the page has) without templates, escaping or order.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import shelves
from thread_archive.pages.addresses import ServedAddresses
from thread_archive.pages.bodies import html_of
from thread_archive.pages.ordering import Sort
from thread_archive.pages.rendering import Reading, Site
from thread_archive.pages.threads import Wanted, thread_page, thread_view
from thread_archive.pages.times import this_hour
from thread_archive.store import threadpages as store
from thread_archive.store.connections import one_state
from thread_archive.web.responses import gzipped

ROUNDS = 15


def page(connection: sqlite3.Connection, **wanted: object) -> str:
    with one_state(connection):
        reading = Reading(connection=connection, site=Site(addresses=ServedAddresses()), now=this_hour())
        view = thread_view(reading, Wanted(slug=shelves.SLUG, **wanted))  # type: ignore[arg-type]
        assert view
        return thread_page(view, reading)


def joined(connection: sqlite3.Connection, positions: list[int], constant: str) -> str:
    with one_state(connection):
        head = store.thread_head(connection, shelves.SLUG, public=False)
        assert head
        parts = [str(head)]
        for article in store.articles(connection, head.id):
            parts.append(article.html)
        places = store.places(connection, head.id, public=False)
        for _ in zip(places, range(len(positions) + 1), strict=False):
            pass
        rows = store.comments_at(connection, head.id, positions)
        ids = [row.id for row in rows.values()]
        store.quotes(connection, head.id, comments=ids, article=True, public=False)
        store.cross_posts(connection, head.id, public=False)
        store.visits(connection, head.id)
        next(iter(store.receipts(connection, head.id)), None)
        for row in rows.values():
            parts.append(constant)
            parts.append(html_of(row.body, row.body_html))
            parts += [str(value) for value in row if value is not None]
        return "".join(parts)


def cpu(functions: list[Callable[[], object]]) -> list[float]:
    """Median CPU milliseconds of each, in rounds that take turns."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for times, function in zip(taken, functions, strict=True):
            started = time.process_time()
            function()
            times.append((time.process_time() - started) * 1000)
    return [statistics.median(times) for times in taken]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = sqlite3.connect(shelves.long(folder, 1_000, "short.db"))
        long = sqlite3.connect(shelves.long(folder, 20_000, "long.db"))
        first = page(short)
        shown = first.count('<article class="c')
        positions = [
            row[0] for row in short.execute("SELECT position FROM comments ORDER BY position LIMIT ?", [shown])
        ]
        constant = "x" * 500
        ours, base, big, top, old = cpu(
            [
                lambda: page(short),
                lambda: joined(short, positions, constant),
                lambda: page(long),
                lambda: page(long, sort=Sort.TOP),
                lambda: page(long, page=20),
            ]
        )
        (packed,) = cpu([lambda: gzipped(first.encode())])
        size, zipped = len(first.encode()), len(gzipped(first.encode()))
        last = page(long)
        print(f"first page of 1,000 comments: {shown} shown, {size / 1000:.0f} kB ({zipped / 1000:.0f} kB gzipped)")
        print(f"  CPU {ours:.1f} ms, reading and joining {base:.1f} ms: ratio {ours / base:.2f} (goal <= 3)")
        print(f"  gzip besides: {packed:.1f} ms")
        print(
            f"first page of 20,000 comments: {last.count('<article class=')} shown, {len(last.encode()) / 1000:.0f} kB"
        )
        print(f"  CPU {big:.1f} ms: {big / ours:.2f} of that of 1,000 (goal <= 1.5)")
        print(f"  sorted by score {top:.1f} ms; page 20 {old:.1f} ms")


if __name__ == "__main__":
    main()
