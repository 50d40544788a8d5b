"""The judged set: what is found first is what people would want. The floors may only rise."""

from collections.abc import Iterator

import pytest

from judged import Builder, item_key, judged_queries, ndcg
from runs import archive_in
from searches import search, search_threads
from thread_archive.store.archive import Archive

ITEMS, THREADS = 0.94, 0.99


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, dict[str, str]]]:
    with archive_in(tmp_path_factory.mktemp("judged")) as archive:
        builder = Builder(archive)
        builder.build()
        yield archive, builder.keys


def test_items_are_ranked_as_judged(judged: tuple[Archive, dict[str, str]]) -> None:
    archive, keys = judged
    worth = []
    for query in judged_queries():
        if query.items:
            hits = search(archive, query.text, limit=10)
            worth.append(ndcg([item_key(keys, hit.kind, hit.ap_id, hit.paragraph) for hit in hits], query.items))
    assert len(worth) >= 60
    assert sum(worth) / len(worth) >= ITEMS


def test_threads_are_ranked_as_judged(judged: tuple[Archive, dict[str, str]]) -> None:
    archive, keys = judged
    queries = [query for query in judged_queries() if query.threads]
    worth = [ndcg([keys[hit.thread] for hit in search_threads(archive, q.text, limit=10)], q.threads) for q in queries]
    assert len(worth) >= 60
    assert sum(worth) / len(worth) >= THREADS
