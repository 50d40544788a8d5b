"""
Writing a thread: what a capture showed of it, into content tables, revisions, scores and index, in the caller's
transaction.

An unchanged thread is not written at all, and what is replaced goes to the revisions first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from thread_archive.model import Comment
from thread_archive.store.archive import Archive
from thread_archive.store.attestations import note_attestations
from thread_archive.store.clocks import clock_of, note_clamped
from thread_archive.store.comments import CommentWriter
from thread_archive.store.observations import write_local_ids, write_scores
from thread_archive.store.places import Places
from thread_archive.store.posts import write_post
from thread_archive.store.purges import note_purges
from thread_archive.store.search_index import COMMENT, POST
from thread_archive.store.visits import Changes, Reading, Replay, Visit, Writing
from thread_archive.trees import Key

# Comments that are gathered before they are handed to SQLite.
_BATCH = 1000


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
        self._clock = clock_of(archive, visit.post.ap_id, visit.captured_at) if visit.ahead else None
        self._clamped: set[str] = set()

    @property
    def changes(self) -> Changes:
        """What was written so far."""
        return self._writing.changes

    def write(self, readings: Iterable[Reading]) -> int:
        """
        Write everything; returns the post's row id.

        `readings` are the capture's pages, those of the home first.
        """
        writing, visit = self._writing, self._visit
        for instance, post in visit.told:
            writing.actors.tell(instance, person=post.creator, community=post.community)
        post_id = write_post(writing)
        for instance, local_id in visit.places:
            write_local_ids(writing, instance, [(local_id, post_id, None)])
        places = Places(writing, post_id)
        comments = CommentWriter(writing, places, community_id=writing.actors.community(visit.post.community))
        for batch in _batches(readings):
            for reading in batch:
                self._write_comments(reading, places, comments)
            # Before anything refers to them: else SQLite would look through all that may, for each.
            comments.flush()
            for instance, pages in groupby(batch, key=lambda reading: reading.instance):
                self._observe_pages(instance, list(pages), places, post_id)
        places.write_the_rest(self._written)
        places.note_misplaced()
        note_purges(writing, post_id)
        writing.actors.settle()
        self._note_clamped(post_id)
        note_attestations(writing, post_id)
        self.changes.content += writing.actors.changed
        return post_id

    def _write_comments(self, reading: Reading, places: Places, comments: CommentWriter) -> None:
        # A comment asked for by a URL may be of another thread: such a one has no place in this one.
        page = {comment.ap_id: comment for comment in reading.page.comments if comment.ap_id in places.nodes}
        self._writing.actors.tell_authors(reading.instance, page.values())
        mine = [
            comment
            for comment in page.values()
            if places.nodes[comment.ap_id].answer == reading.number and comment.ap_id not in self._written
        ]
        if mine:
            comments.write([self._sound(comment) for comment in mine] if self._clock else mine)
            self._written.update(comment.ap_id for comment in mine)

    def _sound(self, comment: Comment) -> Comment:
        """The comment with times that can be; notes where it told others."""
        sound = self._clock.sound(comment) if self._clock else comment
        if sound is not comment:
            self._clamped.add(comment.ap_id)
        return sound

    def _note_clamped(self, post_id: int) -> None:
        post = self._visit.post.ap_id
        told = {key for key in self._written if isinstance(key, str)}
        if not self._visit.post_stays:
            told.add(post)
            self._clamped |= {post} if self._visit.post_clamped else set()
        note_clamped(self._writing, post_id, clamped=self._clamped, told=told)

    def _observe_pages(self, instance: str, readings: Sequence[Reading], places: Places, post_id: int) -> None:
        current: dict[str, Comment] = {}
        for reading in readings:
            shown = self._visit.tree.shown.get(reading.number, frozenset())
            current.update((comment.ap_id, comment) for comment in reading.page.comments if comment.ap_id in shown)
            post = reading.page.post
            if post is not None and post.ap_id == self._visit.post.ap_id and post.votes is not None:
                write_scores(self._writing, instance, [(post_id, post.votes)], kind=POST)
        if current:
            self._observe(instance, current.values(), places)

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
            [(row_id, comment.votes) for comment, row_id in rows if comment.votes is not None],
            kind=COMMENT,
            all_new=not places.old,
        )


def _batches(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Pages that have about _BATCH comments together, in order: a long thread is never held as a whole."""
    batch: list[Reading] = []
    comments = 0
    for reading in readings:
        batch.append(reading)
        comments += len(reading.page.comments)
        if comments >= _BATCH:
            yield batch
            batch, comments = [], 0
    if batch:
        yield batch
