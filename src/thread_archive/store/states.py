"""What earlier captures of a thread told of its items, and who told it: the word of a server that is silent now."""

import json
from collections.abc import Set
from datetime import datetime

from thread_archive.store.archive import Archive
from thread_archive.store.imported import sources
from thread_archive.store.times import parse_stamp
from thread_archive.trees import State

_SERVERS = """SELECT instance.domain FROM posts AS post JOIN local_ids AS local ON local.post_id = post.id
              JOIN instances AS instance ON instance.id = local.instance_id WHERE post.ap_id = :post"""
# What snapshots say that servers told is no server's word.
_OF_SERVERS = "scores.capture_id NOT IN (SELECT value FROM json_each(:imports))"
_HOME_TOLD_AT = """SELECT max(capture.started_at) FROM posts AS post
                   JOIN captures AS capture ON capture.post_id = post.id AND capture.id < :capture
                       AND capture.kind <> 'snapshot'
                   WHERE post.ap_id = :post AND capture.home = :home"""
# Who gave an item's votes showed it; a reread builds them up again capture by capture.
_POST = f"""SELECT post.edited_at, post.deleted, post.removed, instance.domain FROM posts AS post
           LEFT JOIN scores ON scores.item = post.id * 4 AND scores.capture_id < :capture AND {_OF_SERVERS}
           LEFT JOIN instances AS instance ON instance.id = scores.instance_id WHERE post.ap_id = :post"""
# A withdrawn post that a server only embeds in its lists has no votes from there; that it was read is in the plan.
_READ_AT = """SELECT DISTINCT json_extract(source.value, '$.instance') FROM posts AS post
              JOIN captures AS capture ON capture.post_id = post.id AND capture.id < :capture
                  AND capture.status IN ('complete', 'partial')
              JOIN json_each(capture.plan) AS source WHERE post.ap_id = :post"""
_COMMENTS = f"""SELECT comment.ap_id, comment.edited_at, comment.deleted, comment.removed, instance.domain
               FROM posts AS post
               JOIN comments AS comment ON comment.post_id = post.id AND comment.ap_id IS NOT NULL
               JOIN scores ON scores.item = comment.id * 4 + 1 AND scores.capture_id < :capture AND {_OF_SERVERS}
               JOIN instances AS instance ON instance.id = scores.instance_id WHERE post.ap_id = :post"""


_COMMUNITY = """SELECT community.ap_id FROM posts AS post
                JOIN communities AS community ON community.id = post.community_id
                JOIN captures AS capture ON capture.id = post.capture_id
                WHERE post.ap_id = ? AND capture.kind <> 'snapshot'"""


def community_of(archive: Archive, post_ap_id: str) -> str | None:
    """The ap_id of the community that servers told a post is in; None where none did."""
    row = archive.db.conn.execute(_COMMUNITY, [post_ap_id]).fetchone()
    return row[0] if row else None


class States:
    """
    The states of one thread's items before the capture `capture_id`.

    `home` is the instance of the thread's community, whether or not it answers now.
    """

    def __init__(self, archive: Archive, post_ap_id: str, *, capture_id: int, home: str) -> None:
        self._connection = archive.db.conn
        self._home = home
        imports = json.dumps(list(sources(self._connection, post_ap_id)))
        self._names = {"post": post_ap_id, "capture": capture_id, "home": home, "imports": imports}
        (told_at,) = self._connection.execute(_HOME_TOLD_AT, self._names).fetchone()
        self._home_told_at: datetime | None = parse_stamp(told_at) if told_at else None

    def post(self) -> State | None:
        """The post's state; None where it is new."""
        rows = self._connection.execute(_POST, self._names).fetchall()
        told_by = {row[-1] for row in rows if row[-1]}
        told_by |= {domain for (domain,) in self._connection.execute(_READ_AT, self._names)}
        return self._state(told_by, *rows[0][:-1]) if told_by else None

    def comments(self, told_now: Set[str]) -> dict[str, State]:
        """
        The comments' states by ap_id.

        Empty where only the one server of `told_now` has ever shown the thread: there is nothing to weigh.
        """
        servers = {domain for (domain,) in self._connection.execute(_SERVERS, self._names)}
        if len(servers | told_now) < 2:
            return {}
        told: dict[str, tuple[set[str], tuple[str | None, int, int]]] = {}
        for ap_id, edited_at, deleted, removed, domain in self._connection.execute(_COMMENTS, self._names):
            told.setdefault(ap_id, (set(), (edited_at, deleted, removed)))[0].add(domain)
        return {ap_id: self._state(told_by, *state) for ap_id, (told_by, state) in told.items()}

    def _state(self, told_by: set[str], edited_at: str | None, deleted: int, removed: int) -> State:
        return State(
            told_by=frozenset(told_by),
            home_told_at=self._home_told_at if self._home in told_by else None,
            edited_at=parse_stamp(edited_at) if edited_at else None,
            deleted=bool(deleted),
            removed=bool(removed),
        )
