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
    "told": """SELECT ap_id, domain FROM people JOIN instances ON instances.id = told_by
               UNION ALL SELECT ap_id, domain FROM communities JOIN instances ON instances.id = told_by""",
    "person_claims": f"""SELECT {_WHO.format("person_id")}, domain, name, display_name, bio, is_bot, deleted
                         FROM person_claims JOIN instances ON instances.id = instance_id""",
    "community_claims": """SELECT ap_id, domain, claim.name, claim.title, claim.description, claim.nsfw, claim.deleted,
                                  claim.removed, claim.visibility
                           FROM community_claims AS claim JOIN communities ON communities.id = community_id
                           JOIN instances ON instances.id = claim.instance_id""",
    "optouts": f"""SELECT {_WHO.format("person_id")} FROM optouts WHERE lifted_at IS NULL OR lifted_at < asked_at""",
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
    "purges": """SELECT ap_id, purged_by FROM posts WHERE purged_at IS NOT NULL
                 UNION ALL SELECT ap_id, purged_by FROM comments WHERE purged_at IS NOT NULL""",
    "attestations": """SELECT ap_id, attested_by, 0 FROM posts WHERE attested_by IS NOT NULL UNION ALL SELECT
                       ap_id, attested_by, unconfirmed FROM comments WHERE attested_by IS NOT NULL OR unconfirmed""",
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
    "articles": """SELECT post.ap_id, is_body, is_page, articles.url, final_url, redirects, status, reason,
                          robots_ignored, articles.title, byline, site, articles.published_at, published_by,
                          articles.language, licence, canonical_url, robots, html, words, extractor, extractor_version
                   FROM articles JOIN posts AS post ON post.id = post_id""",
    "article_paragraphs": """SELECT post.ap_id, article.is_page, number, kind, level, text FROM article_paragraphs
                             JOIN articles AS article ON article.id = article_id
                             JOIN posts AS post ON post.id = article.post_id""",
    "article_revisions": """SELECT post.ap_id, digest, article_revisions.url, article_revisions.title,
                                   article_revisions.byline, article_revisions.html FROM article_revisions
                            JOIN articles AS article ON article.id = article_id
                            JOIN posts AS post ON post.id = article.post_id""",
    "derived": """SELECT comment.ap_id, comment.body_html, comment.derived FROM comments AS comment
                  WHERE comment.ap_id IS NOT NULL
                  UNION ALL SELECT ap_id, body_html, derived FROM posts""",
    "links": """SELECT post.ap_id, comment.ap_id, paragraph.number, links.kind, links.url, links.domain, links.text,
                       links.position
                FROM links JOIN posts AS post ON post.id = links.post_id
                LEFT JOIN comments AS comment ON comment.id = links.comment_id
                LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = links.paragraph_id""",
    "quotes": """SELECT post.ap_id, comment.ap_id, quotes.start, quotes.end, marked, target_kind, target.ap_id,
                        paragraph.number, target_start, target_end, round(quotes.score, 3)
                 FROM quotes JOIN posts AS post ON post.id = quotes.post_id
                 LEFT JOIN comments AS comment ON comment.id = quotes.comment_id
                 LEFT JOIN comments AS target ON target.id = quotes.target_comment_id
                 LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = quotes.target_paragraph_id""",
    "scores": """SELECT post.ap_id, comment.ap_id, instance.domain, scores.score, scores.upvotes, scores.downvotes
                 FROM scores JOIN instances AS instance ON instance.id = instance_id
                 LEFT JOIN posts AS post ON post.id = scores.post_id
                 LEFT JOIN comments AS comment ON comment.id = scores.comment_id""",
    "index": """SELECT coalesce(comment.ap_id, post.ap_id, shown.ap_id), search_items.kind, paragraph.number
                FROM search_items
                LEFT JOIN posts AS post ON post.id = search_items.post_id
                LEFT JOIN comments AS comment ON comment.id = search_items.comment_id
                LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = search_items.paragraph_id
                LEFT JOIN articles AS article ON article.id = paragraph.article_id
                LEFT JOIN posts AS shown ON shown.id = article.post_id""",
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
