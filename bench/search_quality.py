"""
How good search is on the judged set (`fixtures/search`): nDCG@10, `python bench/search_quality.py`.

Held against what one has without us: Datasette's own `_search` on the same index, which gives rows in the order of
their numbers, and bm25 without weights; and, of tokenizers, what each would give in the place of ours.
"""

import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from judged import Builder, Judged, item_key, judged_queries, ndcg
from thread_archive.store.archive import Archive
from thread_archive.store.queries import parse_query
from thread_archive.store.search import Request, find, find_threads
from thread_archive.store.search.plans import TEXT, group_match

Finder = Callable[[str], Sequence[str]]
CHOICES = {
    "words (ours)": "unicode61 remove_diacritics 2",
    "words, English stems": "porter unicode61 remove_diacritics 2",
    "substrings": "trigram",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "judged.db", create=True) as archive:
        builder = Builder(archive)
        builder.build()
        connection, keys = archive.db.conn, builder.keys
        names = item_names(connection, keys)
        queries = judged_queries()
        languages = dict(connection.execute("SELECT ap_id, language FROM posts"))
        languages = {keys[ap_id]: language for ap_id, language in languages.items()}
        print(f"{len(names)} items, {len(queries)} queries; nDCG@10\n")
        for name, finder in {
            "thread-archive": ours(connection, keys),
            "bm25 without weights": matched(connection, names, "ORDER BY bm25(search_fts), rowid"),
            "Datasette's _search": quoted(connection, names),
        }.items():
            report(name, finder, queries, languages)
        print()
        for name, tokenizer in CHOICES.items():
            for apart in (True, False):
                report(
                    f"{name}{'' if apart else ', letters together'}",
                    built(connection, names, tokenizer, apart),
                    queries,
                    languages,
                )
        worth = [
            ndcg(
                [
                    keys[thread.thread]
                    for thread in find_threads(connection, Request(query=parse_query(query.text), limit=10)).threads
                ],
                query.threads,
            )
            for query in queries
            if query.threads
        ]
        print(f"\n{'threads':<40} {sum(worth) / len(worth):.3f}")


def report(name: str, finder: Finder, queries: Sequence[Judged], languages: dict[str, str]) -> None:
    by_language = defaultdict(list)
    for query in queries:
        if query.items:
            language = languages[next(iter(query.items)).partition("/")[0]]
            by_language[language].append(ndcg(finder(query.text), query.items))
    values = [value for group in by_language.values() for value in group]
    parts = "  ".join(f"{language} {sum(group) / len(group):.2f}" for language, group in by_language.items())
    print(f"{name:<40} {sum(values) / len(values):.3f}   {parts}")


def item_names(connection: sqlite3.Connection, keys: dict[str, str]) -> dict[int, str]:
    rows = connection.execute(
        """SELECT item.id, item.kind, coalesce(comment.ap_id, post.ap_id), paragraph.number FROM search_items AS item
           LEFT JOIN comments AS comment ON comment.id = item.comment_id
           LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = item.paragraph_id
           LEFT JOIN articles AS article ON article.id = paragraph.article_id
           JOIN posts AS post ON post.id = coalesce(item.post_id, comment.post_id, article.post_id)"""
    )
    return {row[0]: item_key(keys, *row[1:]) for row in rows}


def ours(connection: sqlite3.Connection, keys: dict[str, str]) -> Finder:
    def finder(text: str) -> list[str]:
        hits = find(connection, Request(query=parse_query(text), limit=10)).hits
        return [item_key(keys, hit.kind, hit.ap_id, hit.paragraph) for hit in hits]

    return finder


def matched(connection: sqlite3.Connection, names: dict[int, str], order: str) -> Finder:
    """The same expression, in another order; operators are not known to it."""

    def finder(text: str) -> list[str]:
        query = parse_query(text)
        words = f"{TEXT}({' AND '.join(map(group_match, query.groups))})"
        if query.excluded:
            words = f"({words}) NOT ({TEXT}{group_match(query.excluded)})"
        rows = connection.execute(f"SELECT rowid FROM search_fts WHERE search_fts MATCH ? {order} LIMIT 10", [words])
        return [names[row_id] for (row_id,) in rows]

    return finder


def quoted(connection: sqlite3.Connection, names: dict[int, str]) -> Finder:
    """Every word quoted and wanted, rows by number: what Datasette's table page does."""

    def finder(text: str) -> list[str]:
        words = " ".join('"' + word.replace('"', "") + '"' for word in text.split())
        rows = connection.execute(
            "SELECT rowid FROM search_fts WHERE search_fts MATCH ? ORDER BY rowid LIMIT 10", [words]
        )
        return [names[row_id] for (row_id,) in rows]

    return finder


def built(connection: sqlite3.Connection, names: dict[int, str], tokenizer: str, apart: bool) -> Finder:
    """Another index of the same texts, ranked as ours; operators are not known to it."""
    other = sqlite3.connect(":memory:")
    other.execute(f"CREATE VIRTUAL TABLE search_fts USING fts5(body, title, scope, tokenize='{tokenizer}')")
    rows = connection.execute("SELECT id, body, title, scope FROM search_content")
    clean = (lambda text: text) if apart else (lambda text: text.replace("\u200b", ""))
    other.executemany(
        "INSERT INTO search_fts (rowid, body, title, scope) VALUES (?, ?, ?, ?)",
        [(row[0], clean(row[1]), clean(row[2]), row[3]) for row in rows],
    )
    inner = matched(other, names, "ORDER BY -bm25(search_fts, 1, 4, 0) * iif(rowid % 4 = 0, 1.1, 1.0) DESC, rowid")

    def finder(text: str) -> Sequence[str]:
        return inner(text)

    return finder


if __name__ == "__main__":
    main()
