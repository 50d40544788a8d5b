"""People and communities: written once a transaction, changed only by what is not older than what is known."""

import sqlite3
from collections.abc import Callable, Sequence

from thread_archive.model import Community, Person
from thread_archive.store.rows import COMMUNITY_COLUMNS, PERSON_COLUMNS, Row, community_row, person_row


class Actors:
    """
    Row ids of people and communities by ap_id, within one transaction of one capture.

    `seen_at` is when the capture began; `instance_of` gives the row id of the instance that an ap_id belongs to.
    """

    def __init__(
        self, connection: sqlite3.Connection, capture_id: int, seen_at: str, instance_of: Callable[[str], int]
    ) -> None:
        self._connection = connection
        self._capture_id = capture_id
        self._seen_at = seen_at
        self._instance_of = instance_of
        self._ids: dict[str, int] = {}
        self.changed = 0

    def person(self, person: Person) -> int:
        """The row id of `person`, written where new or different; the transaction's first word on it holds."""
        found = self._ids.get(person.ap_id)
        if found is None:
            row = person_row(person, self._instance_of(person.ap_id))
            found = self._ids[person.ap_id] = self._write("people", PERSON_COLUMNS, row)
        return found

    def community(self, community: Community) -> int:
        """The row id of `community`, written where new or different; the transaction's first word on it holds."""
        found = self._ids.get(community.ap_id)
        if found is None:
            row = community_row(community, self._instance_of(community.ap_id))
            found = self._ids[community.ap_id] = self._write("communities", COMMUNITY_COLUMNS, row)
        return found

    def _write(self, table: str, columns: Sequence[str], row: Row) -> int:
        names = ", ".join(columns)
        found = self._connection.execute(
            f"""SELECT id, (SELECT started_at FROM captures WHERE id = capture_id), capture_id, {names} FROM {table}
                WHERE ap_id = ?""",
            [row[0]],
        ).fetchone()
        if found is None:
            self.changed += 1
            marks = ", ".join("?" * len(row))
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}, capture_id) VALUES ({marks}, ?)", [*row, self._capture_id]
            )
            return int(cursor.lastrowid or 0)
        row_id, seen_at, seen_by, *old = found
        # A reread of an old capture, or an old snapshot, must not bring back how somebody was called then.
        if tuple(old) != row and (seen_at, seen_by) <= (self._seen_at, self._capture_id):
            self.changed += 1
            assignments = ", ".join(f"{column} = ?" for column in columns)
            self._connection.execute(
                f"UPDATE {table} SET {assignments}, capture_id = ? WHERE id = ?", [*row, self._capture_id, row_id]
            )
        return int(row_id)
