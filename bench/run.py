"""
The benchmarks: `python bench/run.py [NAME …]`, each a ratio to a baseline that is measured in the same run.

CPU is that of this process alone; servers run in others, on loopback.
"""

import gc
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import httpx
import naive
import ours
from serving import HOST, captured_server, serving

from thread_archive.archiving.deriving import derive
from thread_archive.archiving.interpreting import Interpretation
from thread_archive.markup import plain_text
from thread_archive.store import captures, threads
from thread_archive.store.archive import Archive
from thread_archive.store.writing import ThreadWriter

V3, V4 = "0.19.20", "1.0.0"
# From 0.19.15 on lists end after 5,000 rows.
V3_UNCAPPED = "0.19.13"
PAIRS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A figure, what it is held against, their ratio, and whether the goal (`<=` or `>=` a ratio) is met."""

    name: str
    value: str
    baseline: str
    ratio: float
    goal: str

    @property
    def met(self) -> bool:
        """Whether the ratio is on the right side of the goal."""
        sign, _, bound = self.goal.partition(" ")
        return self.ratio <= float(bound) if sign == "<=" else self.ratio >= float(bound)


def cpu(function: Callable[..., object], *arguments: object) -> float:
    """The CPU seconds, of all threads of this process, that a call takes."""
    started = time.process_time()
    function(*arguments)
    return time.process_time() - started


def requests(folder: Path) -> Iterator[Result]:
    """Requests after discovery, against the most that are allowed for so many comments."""
    for version, count, most in (
        (V3, 250, 2),
        (V4, 250, 3),
        (V3, 5_000, ceil(5_000 / 50) + 3),
        (V3, 4_990, ceil(4_990 / 50) + 2),
        (V4, 5_000, ceil(5_000 / 300) + 2),
    ):
        with serving(version, count) as port:
            db = folder / f"requests-{version}-{count}.db"
            ours.add(port, db)
            made = count_of(db, "SELECT count(*) FROM exchanges WHERE purpose = 'thread'")
            made -= count_of(db, "SELECT count(*) FROM exchanges WHERE url LIKE '%/context'") if count > 300 else 0
        name = f"requests for {count:,} comments, {version}"
        yield Result(name=name, value=str(made), baseline=f"{most} allowed", ratio=made / most, goal="<= 1")


def pipeline(folder: Path) -> Iterator[Result]:
    """The whole of adding, and of adding again, against the naive program; then the file's size."""
    with serving(V3, 5_000) as port:
        first, whole, again, naive_first, naive_again = [], [], [], [], []
        ours.add(port, folder / "warm.db")
        for number in range(PAIRS):
            mine, theirs = folder / f"ours-{number}.db", folder / f"naive-{number}.db"
            with ours.underived():
                first.append(cpu(ours.add, port, folder / f"underived-{number}.db"))
            whole.append(cpu(ours.add, port, mine))
            naive_first.append(cpu(naive.add, port, theirs))
            before = rows_written(mine)
            again.append(cpu(ours.add, port, mine))
            naive_again.append(cpu(naive.add, port, theirs))
            if rows_written(mine) != before:
                raise SystemExit("the second visit of an unchanged thread wrote rows")
    yield against("adding 5,000 comments", first, naive_first, "<= 0.0667")
    # The naive program makes no HTML and finds no links and quotes; `deriving` has the goal for that.
    yield against("the same, and all that is derived", whole, naive_first, "<= 0.1")
    yield against("adding them again, unchanged", again, naive_again, "<= 0.15")


def rows_written(db: Path) -> tuple[int, ...]:
    """How many rows each table has: what a visit that writes would change."""
    tables = ("posts", "comments", "people", "scores", "comment_revisions", "search_items", "local_ids")
    return tuple(count_of(db, f"SELECT count(*) FROM {table}") for table in tables)


def against(name: str, values: list[float], baselines: list[float], goal: str) -> Result:
    """The least CPU seconds of each: what else the machine does can only add to them."""
    value, baseline = min(values), min(baselines)
    return Result(
        name=name, value=f"{value:.2f} s CPU", baseline=f"{baseline:.2f} s naive", ratio=value / baseline, goal=goal
    )


def writing(folder: Path) -> Iterator[Result]:
    """Comments a CPU second into all tables and the index, against executemany of the same rows, ready-made."""
    with serving(V3, 5_000) as port:
        ours.add(port, folder / "written.db")
    mine, by_hand = [], []
    for number in range(PAIRS):
        copy = folder / f"empty-{number}.db"
        shutil.copy(folder / "written.db", copy)
        with Archive.open(copy) as archive:
            empty(archive)
            mine.append(cpu(write(archive)))
        by_hand.append(executemany(folder / "written.db", folder / f"hand-{number}.db"))
    value, baseline = min(mine), min(by_hand)
    yield Result(
        name="writing 5,000 comments",
        value=f"{5_000 / value:,.0f} rows/CPU-s",
        baseline=f"{5_000 / baseline:,.0f} executemany",
        ratio=baseline / value,
        goal=">= 0.55",
    )


def deriving(folder: Path) -> Iterator[Result]:
    """HTML, links and quotes of the captured threads of a real server, which have Markdown of every kind."""
    db = folder / "captured.db"
    with captured_server() as (port, urls):
        ours.add(port, db, *urls)
    with Archive.open(db) as archive:
        count, posts = count_of(db, "SELECT count(*) FROM comments WHERE body <> ''"), threads.thread_ids(archive)
        took = []
        for _ in range(PAIRS):
            with archive.transaction() as connection:
                connection.execute("UPDATE posts SET derived = 0")
                connection.execute("UPDATE comments SET derived = 0")
            took.append(sum(cpu(derive, archive, post_id) for post_id in posts))
    each = statistics.median(took) / count * 1000
    yield Result(
        name=f"deriving, a comment of {count:,}",
        value=f"{each:.3f} ms CPU",
        baseline="0.4 ms",
        ratio=each / 0.4,
        goal="<= 1",
    )


CONTENT = (
    "links",
    "quotes",
    "search_items",
    "article_paragraphs",
    "articles",
    "scores",
    "local_ids",
    "cross_posts",
    "comments",
    "posts",
    "people",
    "communities",
)


def empty(archive: Archive) -> None:
    """Take all content out; the captures stay."""
    archive.db.conn.execute("PRAGMA foreign_keys = OFF")
    with archive.transaction() as connection:
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('delete-all')")
        for table in CONTENT:
            connection.execute(f"DELETE FROM {table}")
    archive.db.conn.execute("VACUUM")
    archive.db.conn.execute("PRAGMA foreign_keys = ON")


def write(archive: Archive) -> Callable[[], None]:
    """What writes the pages of the one capture, decoded and arranged, into all tables and the index."""
    capture = captures.finished(archive, post_id=1)[0]
    interpretation = Interpretation(archive, capture.id, home=capture.home, plan=capture.plan)
    interpretation.read()
    visit = interpretation.visit(capture.started_at)
    readings = list(interpretation.readings())
    # All pages at once are the benchmark's own: the program has one at a time for its collector to look through.
    gc.collect()
    gc.freeze()

    def writing() -> None:
        with archive.transaction():
            ThreadWriter(archive, visit, plain_text=plain_text).write(readings)

    return writing


def executemany(source: Path, target: Path) -> float:
    """
    The CPU seconds of putting the same rows into the same tables and index by hand, in one transaction.

    References are checked, as the archive's own connection has them checked; what they refer to is there before.
    """
    shutil.copy(source, target)
    with Archive.open(target) as archive:
        empty(archive)
    with sqlite3.connect(source) as connection:
        # Not the generated columns, which nobody can write.
        names = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in CONTENT[::-1]
        }
        rows = {
            table: connection.execute(f"SELECT {', '.join(names[table])} FROM {table}").fetchall() for table in names
        }
        rows["search_fts"] = connection.execute("SELECT id, body, title, scope FROM search_content").fetchall()
        names["search_fts"] = ["rowid", "body", "title", "scope"]
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA foreign_keys = ON")
    started = time.process_time()
    with connection:
        for table, values in rows.items():
            columns, marks = ", ".join(names[table]), ", ".join("?" * len(names[table]))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
    return time.process_time() - started


def size(folder: Path) -> Iterator[Result]:
    """The archive with evidence and index against the JSON that came."""
    for version in (V3, V4):
        with serving(version, 5_000) as port:
            db = folder / f"size-{version}.db"
            ours.add(port, db)
        raw = count_of(db, "SELECT sum(size) FROM exchange_bodies JOIN exchanges ON body_id = exchange_bodies.id")
        stored = db.stat().st_size
        name = f"archive of 5,000 comments, {version}"
        yield Result(
            name=name,
            value=f"{stored / 1e6:.1f} MB",
            baseline=f"{raw / 1e6:.1f} MB JSON",
            ratio=stored / raw,
            goal="<= 0.40",
        )


def latency(folder: Path) -> Iterator[Result]:
    """How near adding comes to asking for the same answers one after the other, and doing nothing with them."""
    for version, count in ((V3, 250), (V4, 250), (V3, 2_000), (V4, 2_000)):
        with serving(version, count, latency=0.1) as port:
            db = folder / f"latency-{version}-{count}.db"
            started = time.perf_counter()
            ours.add(port, db)
            took = time.perf_counter() - started
            bound = bare_requests(port, db)
        name = f"{count:,} comments, 100 ms an answer, {version}"
        baseline = f"{bound:.2f} s bare requests"
        yield Result(name=name, value=f"{took:.2f} s", baseline=baseline, ratio=bound / took, goal=">= 0.85")


def bare_requests(port: int, db: Path) -> float:
    """The seconds that the requests in the archive take over one connection."""
    connection = sqlite3.connect(db)
    urls = [url for (url,) in connection.execute("SELECT url FROM exchanges ORDER BY id")]
    connection.close()
    with httpx.Client(headers={"host": HOST}) as client:
        started = time.perf_counter()
        for url in urls:
            client.get(url.replace(f"http://{HOST}", f"http://127.0.0.1:{port}"))
        return time.perf_counter() - started


def memory(folder: Path) -> Iterator[Result]:
    """How much more a thread of 20,000 comments needs at its peak than one of 50."""
    for version in (V3_UNCAPPED, V4):
        with serving(version, 50) as small, serving(version, 20_000) as large:
            program = (
                "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import ours\n"
                # Not ru_maxrss, which a child has from its parent.
                "peak = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
                "ours.add(int(sys.argv[3]), Path(sys.argv[2] + '-small.db')); before = peak()\n"
                "ours.add(int(sys.argv[4]), Path(sys.argv[2] + '-large.db')); print(peak() - before)"
            )
            arguments = [str(Path(__file__).parent), str(folder / f"memory-{version}"), str(small), str(large)]
            told = subprocess.run(
                [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True
            )
        grown = int(told.stdout) / 1024
        name = f"memory for 20,000 comments, {version}"
        yield Result(name=name, value=f"{grown:.1f} MB more", baseline="50 MB", ratio=grown / 50, goal="<= 1")


def start(_folder: Path) -> Iterator[Result]:
    """`thread-archive --help` against Python's own start."""
    program = Path(sys.executable).parent / "thread-archive"
    helped = min(elapsed([str(program), "--help"]) for _ in range(20))
    nothing = min(elapsed([sys.executable, "-c", "pass"]) for _ in range(20))
    yield Result(
        name="thread-archive --help",
        value=f"{helped * 1000:.0f} ms",
        baseline=f"{nothing * 1000:.0f} ms python -c pass",
        ratio=helped / nothing,
        goal="<= 3",
    )


def elapsed(command: list[str]) -> float:
    """The seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def count_of(db: Path, query: str) -> int:
    """The one number that a query gives."""
    connection = sqlite3.connect(db)
    try:
        return int(connection.execute(query).fetchone()[0] or 0)
    finally:
        connection.close()


BENCHMARKS: dict[str, Callable[[Path], Iterator[Result]]] = {
    function.__name__: function for function in (requests, pipeline, writing, deriving, size, latency, memory, start)
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all, and print a line for each figure."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
        return 2
    print(f"{'':<36} {'value':>22} {'against':>24} {'ratio':>7}  goal")
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder:
            for result in BENCHMARKS[name](Path(folder)):
                verdict = "met" if result.met else "MISSED"
                line = f"{result.name:<36} {result.value:>22} {result.baseline:>24} {result.ratio:>7.3f}"
                print(f"{line}  {result.goal} {verdict}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
