"""Which rows a redaction is about, and who quotes them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from thread_archive.erasing import Erasure
from thread_archive.takedowns import PERSON, POST


@dataclass(slots=True)
class Covered:
    """Row ids of people, posts and comments of which nothing but their place is to stay."""

    people: set[int] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)
    comments: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A passage of an item that stays, taken from one that does not; `ap_id` is that of the item that stays."""

    ap_id: str
    passage: str


def survey(connection: sqlite3.Connection, erasure: Erasure) -> Covered:
    """
    The rows that are covered by the takedown list or by what `erasure` met in answers.

    An item is covered by itself, by its author, a comment also by its thread.
    """
    covered = Covered()
    for row_id, ap_id in connection.execute("SELECT id, ap_id FROM people"):
        if erasure.kind(ap_id) == PERSON:
            covered.people.add(row_id)
    threads: set[int] = set()
    for row_id, ap_id, creator_id in connection.execute("SELECT id, ap_id, creator_id FROM posts"):
        kind = erasure.kind(ap_id)
        if kind is not None or creator_id in covered.people or ap_id in erasure.met:
            covered.posts.add(row_id)
        if kind == POST:
            threads.add(row_id)
    rows = connection.execute("SELECT id, ap_id, creator_id, post_id FROM comments WHERE ap_id IS NOT NULL")
    for row_id, ap_id, creator_id, post_id in rows:
        if (
            post_id in threads
            or creator_id in covered.people
            or ap_id in erasure.met
            or erasure.kind(ap_id) is not None
        ):
            covered.comments.add(row_id)
    return covered


def ap_ids(connection: sqlite3.Connection, covered: Covered) -> frozenset[str]:
    """The ap_ids of the covered posts and comments: some answers name no author beside them."""
    found = set()
    for table, row_ids in (("posts", covered.posts), ("comments", covered.comments)):
        for row_id in row_ids:
            found.add(connection.execute(f"SELECT ap_id FROM {table} WHERE id = ?", [row_id]).fetchone()[0])
    return frozenset(found)


_QUOTES = """
SELECT quote.comment_id, quote.post_id, quote.start, quote.end, coalesce(comment.ap_id, post.ap_id),
       CASE WHEN quote.comment_id IS NULL THEN post.body ELSE comment.body END,
       quote.target_kind, quote.target_comment_id
FROM quotes AS quote JOIN posts AS post ON post.id = quote.post_id
LEFT JOIN comments AS comment ON comment.id = quote.comment_id
"""


def quotations(connection: sqlite3.Connection, covered: Covered) -> Iterator[Quotation]:
    """The passages of covered items, of their titles and of their articles, in items that are not covered."""
    for comment_id, post_id, start, end, ap_id, body, kind, target_id in connection.execute(_QUOTES):
        quoted = target_id in covered.comments if kind == "comment" else post_id in covered.posts
        quoting = comment_id in covered.comments if comment_id is not None else post_id in covered.posts
        passage = body[start:end].strip()
        if quoted and not quoting and passage:
            yield Quotation(ap_id=ap_id, passage=passage)
