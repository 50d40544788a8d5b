"""The name of a gap: an ancestor that paths name and no server gives."""

import json
import sqlite3
from collections.abc import Sequence

from thread_archive.store.connections import tuples


def gap_keys(connection: sqlite3.Connection, row_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """By which name (instance, local id), the first of those that it has, each of these gaps is known."""
    if not row_ids:
        return {}
    rows = tuples(
        connection,
        # The last one stays.
        """SELECT local.comment_id, instance.domain, local.local_id FROM local_ids AS local
           JOIN instances AS instance ON instance.id = local.instance_id
           WHERE local.comment_id IN (SELECT value FROM json_each(?))
           ORDER BY instance.domain DESC, local.local_id DESC""",
        json.dumps(list(row_ids)),
    )
    return {row_id: (domain, local_id) for row_id, domain, local_id in rows}
