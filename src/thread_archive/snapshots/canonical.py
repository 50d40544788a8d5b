"""
The content hash: what threads say, whoever archived them, when, and with which SQLite.

It is the SHA-256 of lines of JSON that SQLite's own `json_array` makes, so that anybody can compute it with the
`sqlite3` shell. Votes, visits, local ids, row numbers and what is derived from texts are not part of it.
"""

import hashlib
import sqlite3

QUERIES: tuple[str, ...] = (
    """SELECT json_array('community', ap_id, name, title, description, nsfw, deleted, removed, visibility)
       FROM communities ORDER BY ap_id""",
    """SELECT json_array('person', ap_id, name, display_name, bio, is_bot, deleted) FROM people ORDER BY ap_id""",
    """SELECT json_array('post', post.ap_id, community.ap_id, person.ap_id, post.title, post.url, post.body,
                         post.published_at, post.edited_at, post.deleted, post.removed, post.locked, post.nsfw,
                         post.featured, post.language, post.alt_text, post.is_moderator, post.is_admin)
       FROM posts AS post JOIN communities AS community ON community.id = post.community_id
       LEFT JOIN people AS person ON person.id = post.creator_id ORDER BY post.ap_id""",
    # Thread order and depth say who answers whom.
    """SELECT json_array('comment', post.ap_id, comment.position, comment.depth, comment.ap_id, person.ap_id,
                         comment.body, comment.published_at, comment.edited_at, comment.deleted, comment.removed,
                         comment.distinguished, comment.language, comment.is_moderator, comment.is_admin,
                         comment.missing_reason)
       FROM posts AS post CROSS JOIN comments AS comment ON comment.post_id = post.id
       LEFT JOIN people AS person ON person.id = comment.creator_id ORDER BY post.ap_id, comment.position""",
    """SELECT json_array('article', post.ap_id, article.is_page, article.is_body, article.status, article.title,
                         article.byline, article.published_at, article.licence, article.html)
       FROM articles AS article JOIN posts AS post ON post.id = article.post_id
       ORDER BY post.ap_id, article.is_page""",
)


def content_hash(connection: sqlite3.Connection) -> str:
    """The content hash of a snapshot's database, in hexadecimal."""
    digest = hashlib.sha256()
    for query in QUERIES:
        rows = connection.execute(query)
        while batch := rows.fetchmany(1000):
            digest.update("".join(f"{line}\n" for (line,) in batch).encode())
    return digest.hexdigest()
