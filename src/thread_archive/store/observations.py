"""What each server says for itself of a post or comment: its number there, whether it is withdrawn there, its votes."""

import json
from collections.abc import Mapping, Sequence

from thread_archive.model import Votes
from thread_archive.store.visits import Writing


def write_local_ids(
    writing: Writing,
    instance: str,
    rows: Sequence[tuple[int, int | None, int | None]],
    *,
    withdrawn: Mapping[int, str] | None = None,
) -> None:
    """
    Note which rows an instance's local ids are: `rows` of (local id, post row or None, comment row or None).

    `withdrawn` says `deleted` or `removed` of those local ids that the instance marks so.
    """
    instance_id = writing.instance(instance)
    marks = withdrawn or {}
    cursor = writing.connection.executemany(
        """INSERT INTO local_ids (instance_id, kind, local_id, post_id, comment_id, withdrawn)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)
           ON CONFLICT DO UPDATE SET post_id = ?4, comment_id = ?5, withdrawn = ?6
           WHERE (post_id, comment_id, withdrawn) IS NOT (?4, ?5, ?6)""",
        [
            (instance_id, "comment" if post_id is None else "post", local_id, post_id, comment_id, marks.get(local_id))
            for local_id, post_id, comment_id in rows
        ],
    )
    writing.changes.content += max(0, cursor.rowcount)


def write_scores(
    writing: Writing, instance: str, votes: Sequence[tuple[int, Votes]], *, of: str, all_new: bool = False
) -> None:
    """
    Add a row of votes where a value differs from the last one of that instance.

    `of` is `post_id` or `comment_id`, `votes` holds (that row id, votes); `all_new` says that none can have any yet.
    """
    instance_id = writing.instance(instance)
    last: dict[int, tuple[int, int, int]] = {}
    if not all_new:
        rows = writing.connection.execute(
            f"""SELECT {of}, score, upvotes, downvotes FROM scores
                WHERE {of} IN (SELECT value FROM json_each(?)) AND instance_id = ? ORDER BY capture_id, rowid""",
            [json.dumps([row_id for row_id, _ in votes]), instance_id],
        )
        last = {row[0]: row[1:] for row in rows}
    new = [
        (row_id, instance_id, writing.visit.capture_id, vote.score, vote.upvotes, vote.downvotes)
        for row_id, vote in votes
        if last.get(row_id) != (vote.score, vote.upvotes, vote.downvotes)
    ]
    writing.connection.executemany(
        f"INSERT INTO scores ({of}, instance_id, capture_id, score, upvotes, downvotes) VALUES (?, ?, ?, ?, ?, ?)", new
    )
    writing.changes.scores += len(new)
