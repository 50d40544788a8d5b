"""What is shown of the items that were found."""

import json
import sqlite3
from collections.abc import Sequence

from thread_archive.store.claims import in_thread, shown, shown_handle
from thread_archive.store.search.plans import CREATOR, EDITED, JOINS, KIND, PUBLISHED, SCORE
from thread_archive.store.search.results import SearchHit
from thread_archive.store.search.snippets import Marker

# As pages name paragraphs: those of the post's own body have a letter of their own where a page stands beside it.
_ANCHOR = """CASE WHEN article.is_page OR NOT EXISTS (
    SELECT 1 FROM articles AS beside WHERE beside.post_id = article.post_id AND beside.id <> article.id
) THEN 'p' ELSE 'b' END || paragraph.number"""
_DETAILS = f"""
SELECT {KIND}, coalesce(comment.ap_id, post.ap_id), post.ap_id, post.slug, post.title,
       community.ap_id, community.name, person.ap_id,
       coalesce({shown("name", "person")}, CASE WHEN article.is_page THEN article.byline END, ''),
       CASE WHEN comment.id IS NOT NULL AND NOT (coalesce(parent.restricted, 0) AND ?2) THEN (
           SELECT {shown_handle("answered", "community")} FROM people AS answered {in_thread("answered", "community")}
           WHERE answered.id = CASE WHEN parent.id IS NULL THEN post.creator_id ELSE parent.creator_id END
       ) END,
       {PUBLISHED}, {EDITED},
       coalesce(comment.deleted, post.deleted), coalesce(comment.removed, post.removed),
       coalesce(({CREATOR}) = post.creator_id, 0),
       coalesce(comment.language, nullif(article.language, ''), post.language),
       paragraph.number, coalesce(article.title, ''),
       CASE found.id % 4 WHEN 0 THEN coalesce(post.body_text, post.body)
            WHEN 1 THEN coalesce(comment.body_text, comment.body) ELSE paragraph.text END,
       {SCORE}, coalesce({_ANCHOR}, ''),
       CASE WHEN comment.id IS NULL THEN post.purged_at ELSE comment.purged_at END,
       CASE WHEN comment.id IS NULL THEN post.purged_by ELSE comment.purged_by END,
       coalesce(comment.unconfirmed, 0)
FROM (SELECT key AS place, value AS id FROM json_each(?1)) AS found {JOINS}
JOIN communities AS community ON community.id = post.community_id
LEFT JOIN people AS person ON person.id = ({CREATOR})
{in_thread("person", "community")}
LEFT JOIN comments AS parent ON parent.id = comment.parent_id
ORDER BY found.place
"""


def hits(
    connection: sqlite3.Connection,
    items: Sequence[tuple[int, float]],
    marker: Marker,
    *,
    public: bool,
    first: int = 1,
    approximate: bool = False,
) -> tuple[SearchHit, ...]:
    """
    The items of these numbers as hits, ranked from `first` on.

    `public` does not tell who wrote the comment that one answers, where that is not for everybody.
    """
    rows = connection.execute(_DETAILS, [json.dumps([item for item, _ in items]), int(public)]).fetchall()
    return tuple(
        SearchHit(
            kind=row[0],
            ap_id=row[1],
            thread=row[2],
            slug=row[3],
            title=row[4],
            community=row[5],
            community_name=row[6],
            author=row[7],
            author_name=row[8],
            in_reply_to=row[9],
            published_at=row[10],
            edited_at=row[11],
            deleted=bool(row[12]),
            removed=bool(row[13]),
            is_op=bool(row[14]),
            language=row[15],
            paragraph=row[16],
            anchor=row[20],
            article_title=row[17],
            marked_title=_title(marker, row[0], row[4]),
            snippet=_snippet(marker, row[18], row[17] if row[16] == 1 else row[4] if row[0] == "post" else ""),
            rank=rank,
            relevance=round(relevance, 6),
            score=row[19],
            purged_at=row[21],
            purged_by=row[22],
            unconfirmed=bool(row[23]),
            approximate=approximate,
        )
        for rank, (row, (_, relevance)) in enumerate(zip(rows, items, strict=True), first)
    )


def _title(marker: Marker, kind: str, title: str) -> str:
    """A thread's title; marked where it is one of the texts that were looked in."""
    return title if kind == "comment" else marker.marked(title)


def _snippet(marker: Marker, text: str, title: str) -> str:
    """A passage of the text; the title where there is none."""
    return marker.snippet(text) or marker.snippet(title)
