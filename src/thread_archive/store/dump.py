"""An archive's content in a form that two archives can be compared by: by ap_ids, without row ids."""

import hashlib
import json
from collections.abc import Iterator

from thread_archive.store.archive import Archive, translated

_WHO = "(SELECT ap_id FROM people WHERE id = {})"
_GAP = """coalesce({0}.ap_id, (SELECT min(domain || ' ' || local_id) FROM local_ids JOIN instances
          ON instances.id = instance_id WHERE comment_id = {0}.id))"""
# Each query gives whole rows in an order of their own; captures and times of visits are not content.
_QUERIES: dict[str, str] = {
    "communities": "SELECT ap_id, name, title, description, nsfw, deleted, removed, visibility FROM communities",
    "people": "SELECT ap_id, name, display_name, bio, is_bot, deleted FROM people",
    "posts": f"""SELECT ap_id, (SELECT ap_id FROM communities WHERE id = community_id), {_WHO.format("creator_id")},
                        title, url, body, body_text, published_at, edited_at, deleted, removed, locked, nsfw, featured,
                        language, alt_text, embed_title, embed_description, thumbnail_url, is_moderator, is_admin,
                        score, upvotes, downvotes, advertised, restricted FROM posts""",
    "comments": f"""SELECT {_GAP.format("comment")}, post.ap_id, {_GAP.format("parent")}, comment.position,
                           comment.depth, {_WHO.format("comment.creator_id")}, comment.body, comment.body_text,
                           comment.published_at, comment.edited_at, comment.deleted, comment.removed,
                           comment.distinguished, comment.language, comment.is_moderator, comment.is_admin,
                           comment.score, comment.upvotes, comment.downvotes, comment.missing_reason,
                           comment.gone_at IS NOT NULL, comment.restricted
                    FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
                    LEFT JOIN comments AS parent ON parent.id = comment.parent_id""",
    "cross_posts": """SELECT post.ap_id, cross_posts.ap_id, cross_posts.title, community_ap_id, community_name
                      FROM cross_posts JOIN posts AS post ON post.id = post_id""",
    "local_ids": f"""SELECT instance.domain, kind, local_id, post.ap_id, {_GAP.format("comment")}, withdrawn
                     FROM local_ids JOIN instances AS instance ON instance.id = instance_id
                     LEFT JOIN posts AS post ON post.id = local_ids.post_id
                     LEFT JOIN comments AS comment ON comment.id = comment_id""",
    "post_revisions": """SELECT post.ap_id, digest, post_revisions.title, post_revisions.body FROM post_revisions
                         JOIN posts AS post ON post.id = post_id""",
    "comment_revisions": """SELECT comment.ap_id, digest, comment_revisions.body, comment_revisions.deleted,
                                   comment_revisions.removed FROM comment_revisions
                            JOIN comments AS comment ON comment.id = comment_id""",
    "scores": """SELECT post.ap_id, comment.ap_id, instance.domain, scores.score, scores.upvotes, scores.downvotes
                 FROM scores JOIN instances AS instance ON instance.id = instance_id
                 LEFT JOIN posts AS post ON post.id = scores.post_id
                 LEFT JOIN comments AS comment ON comment.id = scores.comment_id""",
    "index": """SELECT coalesce(comment.ap_id, post.ap_id), kind FROM search_items
                LEFT JOIN posts AS post ON post.id = search_items.post_id
                LEFT JOIN comments AS comment ON comment.id = search_items.comment_id""",
}


def content(archive: Archive) -> Iterator[str]:
    """Every row of content as a line of JSON (table, then values), in an order that depends on nothing else."""
    with translated(archive.path):
        for table, query in _QUERIES.items():
            yield from sorted(json.dumps([table, *row]) for row in archive.db.conn.execute(query))


def content_digest(archive: Archive) -> str:
    """The SHA-256 of `content`, in hexadecimal."""
    digest = hashlib.sha256()
    for row in content(archive):
        digest.update(row.encode() + b"\n")
    return digest.hexdigest()
