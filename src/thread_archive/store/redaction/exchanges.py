"""Erasing from kept answers, so that a later reread gives the redacted rows; no digest of an old body is left."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from thread_archive.erasing import Erased, Erasure, erase
from thread_archive.exceptions import ArchiveDamagedError
from thread_archive.store.archive import Archive
from thread_archive.store.evidence import compressed, digest_of, opened

WHOLE = ("",)


@dataclass(slots=True)
class ErasedExchanges:
    """How many answers changed; `pages` are row ids of posts of whose linked page an answer was blanked."""

    changed: int = 0
    pages: set[int] = field(default_factory=set)


def erase_exchanges(archive: Archive, erasure: Erasure) -> ErasedExchanges:
    """
    Erase from every kept answer, inside the caller's transaction.

    Raises ArchiveDamagedError where one cannot be read.
    """
    connection = archive.db.conn
    rows = connection.execute(
        """SELECT exchange.body_id, instance.domain FROM exchanges AS exchange
           JOIN instances AS instance ON instance.id = exchange.instance_id
           GROUP BY exchange.body_id, instance.domain ORDER BY min(exchange.id)"""
    ).fetchall()
    done = ErasedExchanges()
    for body_id, instance in rows:
        found = connection.execute("SELECT body, size, digest FROM exchange_bodies WHERE id = ?", [body_id]).fetchone()
        # It may have become the same as another one.
        if found is None:
            continue
        body = opened(*found)
        if body is None:
            raise ArchiveDamagedError(
                f"A kept answer in {archive.path} cannot be read, so that nobody can tell what it holds.",
                next="`thread-archive doctor` names it; restore a copy of the archive, then redact again.",
            )
        erased = erase(body, erasure, instance)
        if erased.body != body:
            done.pages.update(_posts_of_page(connection, body_id))
            _replace(connection, body_id, erased)
            done.changed += 1
    done.changed += drop_articles(connection, erasure.links) + _rewrite_addresses(connection, erasure)
    return done


def _rewrite_addresses(connection: sqlite3.Connection, erasure: Erasure) -> int:
    """The addresses of linked pages are somebody's words; those that servers' APIs are asked by are not."""
    changed = 0
    for query, update in (
        (
            "SELECT id, url, coalesce(final_url, ''), headers FROM exchanges WHERE purpose = 'article'",
            "UPDATE exchanges SET url = ?, final_url = nullif(?, ''), headers = ? WHERE id = ?",
        ),
        ("SELECT id, url FROM captures WHERE kind = 'article'", "UPDATE captures SET url = ? WHERE id = ?"),
    ):
        for row_id, *old in connection.execute(query).fetchall():
            new = [erasure.rewrite(text) for text in old]
            if new != old:
                connection.execute(update, [*new, row_id])
                changed += 1
    return changed


def _posts_of_page(connection: sqlite3.Connection, body_id: int) -> list[int]:
    rows = connection.execute(
        """SELECT DISTINCT capture.post_id FROM exchanges AS exchange
           JOIN captures AS capture ON capture.id = exchange.capture_id
           WHERE exchange.body_id = ? AND exchange.purpose = 'article' AND capture.post_id IS NOT NULL""",
        [body_id],
    )
    return [post_id for (post_id,) in rows]


def blank(connection: sqlite3.Connection, exchange_id: int) -> None:
    """Keep of an answer only that it was given."""
    (body_id,) = connection.execute("SELECT body_id FROM exchanges WHERE id = ?", [exchange_id]).fetchone()
    _replace(connection, body_id, Erased(body=b"", pointers=WHOLE))


def _replace(connection: sqlite3.Connection, body_id: int, erased: Erased) -> None:
    for exchange_id, withheld in connection.execute(
        "SELECT id, withheld FROM exchanges WHERE body_id = ?", [body_id]
    ).fetchall():
        pointers = WHOLE if not erased.body else (*json.loads(withheld or "[]"), *erased.pointers)
        connection.execute(
            "UPDATE exchanges SET withheld = ? WHERE id = ?",
            [json.dumps(list(dict.fromkeys(pointers))), exchange_id],
        )
    digest = digest_of(erased.body)
    same = connection.execute("SELECT id FROM exchange_bodies WHERE digest = ?", [digest]).fetchone()
    if same is not None and same[0] != body_id:
        connection.execute("UPDATE exchanges SET body_id = ? WHERE body_id = ?", [same[0], body_id])
        connection.execute("DELETE FROM exchange_bodies WHERE id = ?", [body_id])
        return
    connection.execute(
        "UPDATE exchange_bodies SET digest = ?, size = ?, body = ? WHERE id = ?",
        [digest, len(erased.body), compressed(erased.body), body_id],
    )


def drop_articles(connection: sqlite3.Connection, links: Iterable[str], post_ids: Iterable[int] = ()) -> int:
    """
    Forget what was fetched as articles: by captures of the posts, and behind erased `links` by captures of no post yet.

    Nothing of it may stay, since already the address says what the post was about. Returns how many answers went.
    """
    wanted = json.dumps([*links, *(link.partition("#")[0] for link in links)])
    rows = connection.execute(
        """SELECT exchange.id, exchange.body_id FROM exchanges AS exchange
           JOIN captures AS capture ON capture.id = exchange.capture_id
           WHERE (exchange.purpose = 'article' OR capture.kind = 'article') AND (
               (capture.post_id IS NULL AND exchange.url IN (SELECT value FROM json_each(?1)))
               OR capture.post_id IN (SELECT value FROM json_each(?2)))""",
        [wanted, json.dumps(list(post_ids))],
    ).fetchall()
    for exchange_id, body_id in rows:
        connection.execute("UPDATE articles SET exchange_id = NULL WHERE exchange_id = ?", [exchange_id])
        connection.execute("DELETE FROM exchanges WHERE id = ?", [exchange_id])
        connection.execute(
            """DELETE FROM exchange_bodies
               WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM exchanges WHERE body_id = ?1)""",
            [body_id],
        )
    return len(rows)
