"""
Writing a thread: what a capture showed of it, into content tables, revisions, scores and index, in the caller's
transaction.

An unchanged thread is not written at all, and what is replaced goes to the revisions first.
"""

from collections.abc import Callable, Iterable

from thread_archive.model import Comment
from thread_archive.store.archive import Archive
from thread_archive.store.comments import CommentWriter
from thread_archive.store.observations import write_local_ids, write_scores
from thread_archive.store.places import Places
from thread_archive.store.posts import write_post
from thread_archive.store.search_index import COMMENT, POST
from thread_archive.store.visits import Changes, Reading, Replay, Visit, Writing
from thread_archive.trees import Key


class ThreadWriter:
    """
    Writes one visit; `write` is called once, inside a transaction.

    `plain_text` makes of Markdown what is indexed. `replay`, for rereading, is shared by the visits of one thread.
    """

    def __init__(
        self, archive: Archive, visit: Visit, *, plain_text: Callable[[str], str], replay: Replay | None = None
    ) -> None:
        self._visit = visit
        self._writing = Writing(archive, visit, plain_text=plain_text, replay=replay)
        self._written: set[Key] = set()

    @property
    def changes(self) -> Changes:
        """What was written so far."""
        return self._writing.changes

    def write(self, readings: Iterable[Reading]) -> int:
        """
        Write everything; returns the post's row id.

        `readings` are the capture's pages: those of the home first, since the first that shows a person says how they
        are called.
        """
        writing, visit = self._writing, self._visit
        post_id = write_post(writing)
        for instance, local_id in visit.places:
            write_local_ids(writing, instance, [(local_id, post_id, None)])
        places = Places(writing, post_id)
        comments = CommentWriter(writing, places, community_id=writing.actors.community(visit.post.community))
        for reading in readings:
            self._write_page(reading, places, comments, post_id)
        places.write_the_rest(self._written)
        self.changes.content += writing.actors.changed
        return post_id

    def _write_page(self, reading: Reading, places: Places, comments: CommentWriter, post_id: int) -> None:
        page = {comment.ap_id: comment for comment in reading.page.comments}
        mine = [
            comment
            for comment in page.values()
            if places.nodes[comment.ap_id].answer == reading.number and comment.ap_id not in self._written
        ]
        if mine:
            comments.write(mine)
            self._written.update(comment.ap_id for comment in mine)
        shown = self._visit.tree.shown.get(reading.number, frozenset())
        current = [comment for comment in page.values() if comment.ap_id in shown]
        if current:
            self._observe(reading.instance, current, places)
        post = reading.page.post
        if post is not None and post.ap_id == self._visit.post.ap_id and post.votes is not None:
            write_scores(self._writing, reading.instance, [(post_id, post.votes)], kind=POST)

    def _observe(self, instance: str, comments: Iterable[Comment], places: Places) -> None:
        rows = [(comment, places.ids[comment.ap_id]) for comment in comments]
        write_local_ids(
            self._writing,
            instance,
            [(comment.local_id, None, row_id) for comment, row_id in rows],
            withdrawn={
                comment.local_id: "deleted" if comment.deleted else "removed"
                for comment, _ in rows
                if comment.deleted or comment.removed
            },
        )
        write_scores(
            self._writing,
            instance,
            [(row_id, comment.votes) for comment, row_id in rows],
            kind=COMMENT,
            all_new=not places.old,
        )
