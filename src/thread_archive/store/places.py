"""Places in a thread: which row a comment or a gap has, where it stands, and what earlier captures knew of that."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from thread_archive.store.archive import Archive
from thread_archive.store.gaps import gap_keys
from thread_archive.store.imported import sources
from thread_archive.store.observations import write_local_ids
from thread_archive.store.rows import COMMENT_COLUMNS, PLACE_COLUMNS, Row, gap_row, path_label
from thread_archive.store.times import parse_stamp, stamp
from thread_archive.store.visits import Writing
from thread_archive.trees import Key, Known, Node

SELECT_COMMENTS = f"""SELECT id, {", ".join(COMMENT_COLUMNS)}, body_text, capture_id FROM comments
                      WHERE id IN (SELECT value FROM json_each(?))"""
INSERT_COMMENT = f"""INSERT INTO comments (id, {", ".join(COMMENT_COLUMNS)}, body_text, capture_id)
                     VALUES (?, {", ".join("?" * len(COMMENT_COLUMNS))}, ?, ?)"""
_UPDATE_PLACE = f"UPDATE comments SET {', '.join(f'{name} = ?' for name in PLACE_COLUMNS)} WHERE id = ?"
_PLACE = slice(COMMENT_COLUMNS.index(PLACE_COLUMNS[0]), COMMENT_COLUMNS.index(PLACE_COLUMNS[-1]) + 1)
_GONE_AT = COMMENT_COLUMNS.index("gone_at")
_REASON = COMMENT_COLUMNS.index("missing_reason")
# Lemmy names an ancestor in paths and does not give it, even asked for it alone: it was erased for good.
_GAP_REASON = "purged"
# Rows handed to SQLite at a time.
_BATCH = 500


def known_places(archive: Archive, post_ap_id: str) -> dict[Key, Known]:
    """The places that the archive has of a thread: by ap_id, gaps by (instance, local id)."""
    rows = archive.db.conn.execute(
        """SELECT comment.id, comment.ap_id, comment.parent_id, comment.published_at, comment.capture_id
           FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
           WHERE post.ap_id = ? ORDER BY comment.position""",
        [post_ap_id],
    ).fetchall()
    keys: dict[int, Key] = {row[0]: row[1] for row in rows if row[1] is not None}
    keys.update(gap_keys(archive.db.conn, [row[0] for row in rows if row[1] is None]))
    imports = sources(archive.db.conn, post_ap_id)
    return {
        keys[row[0]]: Known(
            parent=keys.get(row[2]) if row[2] else None, published_at=parse_stamp(row[3]), claimed=row[4] in imports
        )
        for row in rows
        if row[0] in keys
    }


def known_names(archive: Archive, post_ap_id: str) -> dict[tuple[str, int], str]:
    """Which comment of a thread an instance's local id is, as far as earlier captures showed it."""
    rows = archive.db.conn.execute(
        """SELECT instance.domain, local.local_id, comment.ap_id FROM posts AS post
           JOIN comments AS comment ON comment.post_id = post.id AND comment.ap_id IS NOT NULL
           JOIN local_ids AS local ON local.comment_id = comment.id
           JOIN instances AS instance ON instance.id = local.instance_id WHERE post.ap_id = ?""",
        [post_ap_id],
    )
    return {(domain, local_id): ap_id for domain, local_id, ap_id in rows}


def known_local_ids(archive: Archive, instance: str, kind: str, local_id: int) -> list[int]:
    """
    The local ids by which `instance` knows those comments of a thread that it may still have.

    The thread is that of the `kind` (`post` or `comment`) `local_id` of the instance; empty where it is new. What is
    gone is asked for again only at the thread's home, until that told that it was purged.
    """
    rows = archive.db.conn.execute(
        """SELECT local.local_id FROM local_ids AS asked
           LEFT JOIN comments AS asked_comment ON asked_comment.id = asked.comment_id
           JOIN comments AS comment
               ON comment.post_id = coalesce(asked.post_id, asked_comment.post_id) AND comment.ap_id IS NOT NULL
           JOIN local_ids AS local ON local.comment_id = comment.id AND local.instance_id = asked.instance_id
           JOIN posts AS post ON post.id = comment.post_id
           JOIN communities AS community ON community.id = post.community_id
           WHERE asked.instance_id = (SELECT id FROM instances WHERE domain = ?) AND asked.of_comment = ?
                 AND asked.local_id = ? AND comment.purged_at IS NULL
                 AND (comment.gone_at IS NULL OR community.instance_id = asked.instance_id)
           ORDER BY local.local_id""",
        [instance, int(kind == "comment"), local_id],
    )
    return [row[0] for row in rows]


def known_post_id(archive: Archive, instance: str, post_ap_id: str) -> int | None:
    """The local id by which `instance` had a post when an earlier capture saw it there; None where none did."""
    row = archive.db.conn.execute(
        """SELECT max(local.local_id) FROM posts AS post
           JOIN local_ids AS local ON local.post_id = post.id AND local.of_comment = 0
           WHERE post.ap_id = ? AND local.instance_id = (SELECT id FROM instances WHERE domain = ?)""",
        [post_ap_id, instance],
    ).fetchone()
    known: int | None = row[0]
    return known


def gap_reasons(archive: Archive, post_id: int) -> dict[tuple[str, int], str]:
    """The gaps of a thread in thread order, by (instance, local id), and why each is one."""
    rows = archive.db.conn.execute(
        "SELECT id, missing_reason FROM comments WHERE post_id = ? AND ap_id IS NULL ORDER BY position", [post_id]
    ).fetchall()
    names = gap_keys(archive.db.conn, [row_id for row_id, _ in rows])
    return {names[row_id]: reason for row_id, reason in rows if row_id in names}


def comment_rows(archive: Archive, row_ids: Sequence[int]) -> dict[int, Row]:
    """Rows of comments by COMMENT_COLUMNS, then `body_text` and `capture_id`."""
    if not row_ids:
        return {}
    rows = archive.db.conn.execute(SELECT_COMMENTS, [json.dumps(list(row_ids))])
    return {row[0]: row[1:] for row in rows}


class Places:
    """Row ids and paths of a visit's nodes: an old row keeps its id, new ones get the next, the oldest first."""

    def __init__(self, writing: Writing, post_id: int) -> None:
        self._writing = writing
        self._post_id = post_id
        self.nodes: dict[Key, Node] = {node.key: node for node in writing.visit.tree.nodes}
        have = self._rows_there_are()
        self.old = frozenset(have.values())
        self.ids: dict[Key, int] = {key: have[key] for key in self.nodes if key in have}
        self._number_new()
        self._paths: dict[Key, str] = {}
        for node in writing.visit.tree.nodes:
            above = f"{self._paths[node.parent]}/" if node.parent is not None else ""
            self._paths[node.key] = above + path_label(self.ids[node.key])

    def _number_new(self) -> None:
        """New rows are numbered as the answers bring them: SQLite and FTS5 append instead of splitting what is full."""
        connection = self._writing.connection
        next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM comments").fetchone()[0]
        new = [node for node in self.nodes.values() if node.key not in self.ids]
        for row_id, node in enumerate(sorted(new, key=_arrival), next_id):
            self.ids[node.key] = row_id

    def _rows_there_are(self) -> dict[Key, int]:
        connection = self._writing.connection
        rows = connection.execute("SELECT id, ap_id FROM comments WHERE post_id = ?", [self._post_id]).fetchall()
        have: dict[Key, int] = {ap_id: row_id for row_id, ap_id in rows if ap_id is not None}
        gaps = gap_keys(connection, [row_id for row_id, ap_id in rows if ap_id is None])
        for row_id, place in gaps.items():
            name = self._writing.visit.tree.names.get(place, place)
            if name in have:
                self._drop_gap(row_id, have[name])
            elif name in self.nodes:
                have[name] = row_id
            else:
                self._forget_gap(row_id)
        return have

    def _drop_gap(self, row_id: int, successor: int) -> None:
        """A gap turned out to be a comment that the archive has under another name."""
        connection = self._writing.connection
        connection.execute("UPDATE comments SET parent_id = ? WHERE parent_id = ?", [successor, row_id])
        connection.execute("UPDATE local_ids SET comment_id = ? WHERE comment_id = ?", [successor, row_id])
        connection.execute("DELETE FROM comments WHERE id = ?", [row_id])

    def _forget_gap(self, row_id: int) -> None:
        """Nothing stands below a gap any more: its replies have found the comment that they answer."""
        connection = self._writing.connection
        connection.execute("DELETE FROM local_ids WHERE comment_id = ?", [row_id])
        connection.execute("DELETE FROM comments WHERE id = ?", [row_id])

    def of(self, node: Node) -> Row:
        """(post_id, parent_id, path, position, depth) of a node."""
        parent_id = self.ids[node.parent] if node.parent is not None else None
        return (self._post_id, parent_id, self._paths[node.key], node.position, node.depth)

    def write_the_rest(self, written: set[Key]) -> None:
        """Write the places that no page filled: gaps, and comments whose state is that of earlier captures."""
        shown = frozenset().union(*self._writing.visit.tree.shown.values())
        gaps: list[Node] = []
        for batch in _batches([node for node in self.nodes.values() if node.key not in written]):
            old = comment_rows(self._writing.archive, [self.ids[node.key] for node in batch])
            self._insert_gaps([node for node in batch if self.ids[node.key] not in old])
            for node in batch:
                row_id = self.ids[node.key]
                if row_id in old and old[row_id][_PLACE] != self.of(node)[1:]:
                    self._writing.connection.execute(_UPDATE_PLACE, [*self.of(node)[1:], row_id])
                    self._writing.changes.content += 1
                if isinstance(node.key, tuple):
                    gaps.append(node)
                    self._note_reason(node, old.get(row_id))
                elif node.key in shown:
                    self._note_return(row_id, old[row_id])
                else:
                    self._note_absence(row_id, old[row_id])
        self._name_gaps(gaps)

    def note_misplaced(self) -> None:
        """Mark the comments whose place no server tells; from then on they keep it, unless a server tells one."""
        connection, tree = self._writing.connection, self._writing.visit.tree
        marked = {self.ids[ap_id] for ap_id in tree.misplaced}
        rows = connection.execute("SELECT id, parent_id FROM comments WHERE post_id = ? AND misplaced", [self._post_id])
        answering = {row_id for row_id, parent_id in rows if parent_id is not None}
        for row_ids, value in ((marked, 1), (answering, 0)):
            cursor = connection.execute(
                "UPDATE comments SET misplaced = ?1 WHERE misplaced <> ?1 AND id IN (SELECT value FROM json_each(?2))",
                [value, json.dumps(sorted(row_ids))],
            )
            self._writing.changes.content += cursor.rowcount

    def _insert_gaps(self, nodes: Iterable[Node]) -> None:
        rows = [
            (
                self.ids[node.key],
                *gap_row(self.of(node), stamp(node.published_at), self._writing.visit.gaps.get(node.key, _GAP_REASON)),
                None,
                self._writing.visit.capture_id,
            )
            for node in nodes
        ]
        self._writing.connection.executemany(INSERT_COMMENT, rows)
        self._writing.changes.content += len(rows)

    def _name_gaps(self, gaps: Iterable[Node]) -> None:
        places = sorted((node.key, self.ids[node.key]) for node in gaps if isinstance(node.key, tuple))
        for instance, group in groupby(places, key=lambda item: item[0][0]):
            write_local_ids(self._writing, instance, [(local_id, None, row_id) for (_, local_id), row_id in group])

    def _note_reason(self, node: Node, old: Row | None) -> None:
        """
        Why a gap that the archive has is still one.

        Only what is gone itself still answers one that its server, which listed the thread to its end, names no longer:
        then nobody counts it any more.
        """
        reason = self._writing.visit.gaps.get(node.key)
        if reason is None and node.key[0] in self._writing.visit.asked:
            reason = _GAP_REASON
        if old is not None and reason not in (None, old[_REASON]):
            self._writing.connection.execute(
                "UPDATE comments SET missing_reason = ? WHERE id = ?", [reason, self.ids[node.key]]
            )
            self._writing.changes.content += 1

    def _note_return(self, row_id: int, old: Row) -> None:
        """A comment that is shown again is no longer gone, whoever's word its state is."""
        if old[_GONE_AT] is not None:
            self._writing.connection.execute("UPDATE comments SET gone_at = NULL WHERE id = ?", [row_id])
            self._writing.changes.content += 1

    def _note_absence(self, row_id: int, old: Row) -> None:
        """A comment that every server which ever showed it has stopped showing is marked as gone, and kept."""
        visit, replay = self._writing.visit, self._writing.replay
        if old[_GONE_AT] is not None or not visit.asked or (replay and not replay.has_filled("comment", row_id)):
            return
        shown = self._writing.connection.execute(
            """SELECT instance.domain FROM local_ids AS local
               JOIN instances AS instance ON instance.id = local.instance_id
               WHERE local.comment_id = ?""",
            [row_id],
        ).fetchall()
        if {domain for (domain,) in shown} <= visit.asked:
            self._writing.connection.execute(
                "UPDATE comments SET gone_at = ? WHERE id = ?", [stamp(visit.captured_at), row_id]
            )
            self._writing.changes.content += 1


def _arrival(node: Node) -> tuple[bool, int, datetime, str]:
    """By the answer that the text is taken from, then by age; what no answer holds comes last."""
    return (node.answer is None, node.answer or 0, node.published_at, str(node.key))


def _batches(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    for start in range(0, len(nodes), _BATCH):
        yield nodes[start : start + _BATCH]
