"""
What only snapshots told: claims of whoever made them, which give way as soon as a server speaks.

The row of a post or comment names the capture that told its state. While that is the import of a snapshot, no server
has told of the item; the first visit that shows it takes it over. Of two snapshots' words the same one always stands,
whichever came first.
"""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from thread_archive.store.connections import tuples

# What the maker of a snapshot, or a redaction here, put in the place of a text: no state of the item.
LEFT_OUT = frozenset({"", "[redacted]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    The snapshot that an import read: the SHA-256 of its checksum list, as of when it has the thread, and the key that
    signed it; empty where none did.
    """

    digest: str
    captured_at: str
    signer: str = ""

    @property
    def sentence(self) -> str:
        """What a reader is told of an item that only this snapshot told of."""
        signed = f"signed with {self.signer}" if self.signer else "not signed"
        which = f" ({self.digest[:16]}…, {signed})" if self.digest else ""
        return f"from a snapshot{which}, not from a server"


class Weight(NamedTuple):
    """
    What decides between the words of two snapshots, the greater one stands: what was withdrawn before a text, a text
    before one that was left out, then the later edit, the later visit, and the greater digest, so that none are equal.
    """

    withdrawn: bool
    has_text: bool
    edited_at: str
    captured_at: str
    digest: str


def weight(source: Source, *, withdrawn: bool, text: str, edited_at: str | None) -> Weight:
    """The weight of what a snapshot says of an item; without its `text` it is withdrawn, or was left out."""
    has_text = not withdrawn and text not in LEFT_OUT
    return Weight(withdrawn, has_text, edited_at or "", source.captured_at, source.digest)


def sources(connection: sqlite3.Connection, post_ap_id: str) -> dict[int, Source]:
    """By the row id of its capture, each import that told of the thread."""
    rows = tuples(
        connection,
        """SELECT capture.id, json_extract(capture.receipt, '$.snapshot.digest'),
                  json_extract(capture.receipt, '$.snapshot.captured_at'),
                  json_extract(capture.receipt, '$.snapshot.signer')
           FROM posts AS post JOIN captures AS capture ON capture.post_id = post.id
           WHERE post.ap_id = ? AND capture.kind = 'snapshot'""",
        post_ap_id,
    )
    return {
        row[0]: Source(digest=str(row[1] or ""), captured_at=str(row[2] or ""), signer=str(row[3] or ""))
        for row in rows
    }


def claims(
    connection: sqlite3.Connection, post_id: int, comments: Collection[int] | None = None
) -> tuple[Source | None, dict[int, Source]]:
    """
    The snapshot that alone told of a thread's post; and of its comments, by row id, where that is so of them: of all,
    or of those of these rows.
    """
    (ap_id, told_by) = tuples(connection, "SELECT ap_id, capture_id FROM posts WHERE id = ?", post_id).fetchone()
    known = sources(connection, ap_id)
    if not known:
        return None, {}
    rows = tuples(
        connection,
        f"""SELECT id, capture_id FROM comments WHERE post_id = ?1 AND ap_id IS NOT NULL
            AND capture_id IN (SELECT value FROM json_each(?2))
            {"" if comments is None else "AND id IN (SELECT value FROM json_each(?3))"}""",
        post_id,
        json.dumps(list(known)),
        *([] if comments is None else [json.dumps(list(comments))]),
    )
    return known.get(told_by), {row_id: known[capture_id] for row_id, capture_id in rows}


def claimed_page(connection: sqlite3.Connection, post_id: int) -> Source | None:
    """The snapshot that the text of a thread's linked page came with; None where it was fetched here."""
    row = tuples(
        connection,
        """SELECT post.ap_id, page.capture_id FROM articles AS page JOIN posts AS post ON post.id = page.post_id
           WHERE page.post_id = ? AND page.is_page = 1 AND page.html <> ''""",
        post_id,
    ).fetchone()
    return sources(connection, row[0]).get(row[1]) if row else None
