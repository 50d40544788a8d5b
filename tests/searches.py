"""Searches as tests make them: of what a person types, in an archive."""

from typing import Any

from thread_archive.store.archive import Archive
from thread_archive.store.queries import parse_query
from thread_archive.store.search import Request, SearchHit, ThreadHits, find, find_threads


def search(archive: Archive, text: str, **more: Any) -> tuple[SearchHit, ...]:
    """The hits for `text`."""
    with archive.reading() as connection:
        return find(connection, Request(query=parse_query(text), **more)).hits


def search_threads(archive: Archive, text: str, **more: Any) -> tuple[ThreadHits, ...]:
    """The threads for `text`."""
    with archive.reading() as connection:
        return find_threads(connection, Request(query=parse_query(text), **more)).threads
