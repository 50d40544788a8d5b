"""What each server says for itself of a post or comment: its number there, whether it is withdrawn there, its votes."""

import json
from collections.abc import Mapping, Sequence

from thread_archive.model import Votes
from thread_archive.store.search_index import item_number
from thread_archive.store.visits import Writing

_COLUMNS = "local_ids (instance_id, of_comment, local_id, post_id, comment_id, withdrawn)"
_KEEP = f"INSERT OR IGNORE INTO {_COLUMNS} VALUES (?, ?, ?, ?, ?, ?)"
_UPSERT = f"""INSERT INTO {_COLUMNS} VALUES (?1, ?2, ?3, ?4, ?5, ?6)
              ON CONFLICT DO UPDATE SET post_id = ?4, comment_id = ?5, withdrawn = ?6
              WHERE (post_id, comment_id, withdrawn) IS NOT (?4, ?5, ?6)"""


def write_local_ids(
    writing: Writing,
    instance: str,
    rows: Sequence[tuple[int, int | None, int | None]],
    *,
    withdrawn: Mapping[int, str] | None = None,
    overwrite: bool = True,
) -> None:
    """
    Note which rows an instance's local ids are: `rows` of (local id, post row or None, comment row or None).

    `withdrawn` says `deleted` or `removed` of those local ids that the instance marks so. Without `overwrite` those
    that are known stay as they are.
    """
    instance_id = writing.instance(instance)
    marks = withdrawn or {}
    cursor = writing.connection.executemany(
        _UPSERT if overwrite else _KEEP,
        [
            (instance_id, int(post_id is None), local_id, post_id, comment_id, marks.get(local_id))
            for local_id, post_id, comment_id in rows
        ],
    )
    writing.changes.content += max(0, cursor.rowcount)


def write_scores(
    writing: Writing, instance: str, votes: Sequence[tuple[int, Votes]], *, kind: int, all_new: bool = False
) -> None:
    """
    Add a row of votes where a value differs from the last one of that instance.

    `votes` holds (row id of a post or comment, votes), `kind` says which; `all_new` that none can have any yet.
    """
    instance_id = writing.instance(instance)
    items = [(item_number(kind, row_id), vote) for row_id, vote in votes]
    last: dict[int, tuple[int, int, int]] = {}
    if not all_new:
        # What a snapshot says that a server counted, that one has yet to say.
        imports = ", ".join(str(row_id) for row_id in writing.imports if row_id != writing.visit.capture_id)
        rows = writing.connection.execute(
            f"""SELECT item, score, upvotes, downvotes FROM scores
                WHERE item IN (SELECT value FROM json_each(?)) AND instance_id = ?
                {f"AND capture_id NOT IN ({imports})" if imports else ""} ORDER BY capture_id""",
            [json.dumps([item for item, _ in items]), instance_id],
        )
        last = {row[0]: row[1:] for row in rows}
    new = [
        (item, instance_id, writing.visit.capture_id, vote.score, vote.upvotes, vote.downvotes)
        for item, vote in items
        if last.get(item) != (vote.score, vote.upvotes, vote.downvotes)
    ]
    # A server that counts differently within one visit is taken at its last word.
    writing.connection.executemany(
        """INSERT INTO scores (item, instance_id, capture_id, score, upvotes, downvotes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
           ON CONFLICT DO UPDATE SET score = ?4, upvotes = ?5, downvotes = ?6""",
        new,
    )
    writing.changes.scores += len(new)
