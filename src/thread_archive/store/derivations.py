"""
What is derived from texts after they are written: HTML, links, quotes. Here, what is due because a text changed.

A changed text loses what was derived from it at once, in the transaction that changes it, so that nothing of a
withdrawn text outlives it; `derived` says 0 of every row whose turn it is.
"""

import sqlite3
from collections.abc import Sequence

# For more comments than these it takes longer to find what answers them than to derive the whole thread anew.
_FEW = 20


def forget_comment(connection: sqlite3.Connection, comment_id: int) -> None:
    """Take away what was derived from a comment's old text; what answers or quotes it is due as well."""
    connection.execute(
        """UPDATE comments SET derived = 0 WHERE derived <> 0 AND (
               id IN (SELECT comment_id FROM quotes WHERE target_comment_id = ?1)
               OR id IN (SELECT answer.id FROM comments AS comment JOIN comments AS answer
                         ON answer.post_id = comment.post_id
                            AND answer.path > comment.path AND answer.path < comment.path || '~'
                         WHERE comment.id = ?1))""",
        [comment_id],
    )
    connection.execute("UPDATE comments SET derived = 0, body_html = NULL WHERE id = ?", [comment_id])
    connection.execute("DELETE FROM quotes WHERE comment_id = ?1 OR target_comment_id = ?1", [comment_id])
    connection.execute("DELETE FROM links WHERE comment_id = ?", [comment_id])


def forget_comments(connection: sqlite3.Connection, post_id: int, comment_ids: Sequence[int]) -> None:
    """Take away what was derived from old texts of comments of one thread; where they are many, all of it is due."""
    if len(comment_ids) <= _FEW:
        for comment_id in comment_ids:
            forget_comment(connection, comment_id)
        return
    connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ? AND derived <> 0", [post_id])
    values = [(comment_id,) for comment_id in comment_ids]
    connection.executemany("UPDATE comments SET body_html = NULL WHERE id = ?", values)
    connection.executemany("DELETE FROM quotes WHERE comment_id = ?1 OR target_comment_id = ?1", values)
    connection.executemany("DELETE FROM links WHERE comment_id = ?", values)


def forget_post(connection: sqlite3.Connection, post_id: int) -> None:
    """Take away what was derived from a post's old text; all its comments are due as well."""
    connection.execute("UPDATE posts SET derived = 0, body_html = NULL WHERE id = ?", [post_id])
    connection.execute("UPDATE comments SET derived = 0 WHERE post_id = ? AND derived <> 0", [post_id])
    connection.execute(
        "DELETE FROM quotes WHERE post_id = ? AND (comment_id IS NULL OR target_kind IN ('post', 'title'))", [post_id]
    )
    connection.execute("DELETE FROM links WHERE post_id = ? AND comment_id IS NULL AND paragraph_id IS NULL", [post_id])
