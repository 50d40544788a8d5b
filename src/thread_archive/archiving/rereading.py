"""Reading all captures again, so that what a better parser understands reaches old ones too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thread_archive.archiving.deriving import derive
from thread_archive.archiving.interpreting import Interpretation
from thread_archive.archiving.linking import ReadPages, read_pages, rewrite_pages
from thread_archive.store import captures, search_index, threads
from thread_archive.store.archive import Archive
from thread_archive.store.captures import StoredCapture
from thread_archive.store.visits import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """How many threads were rebuilt, from how many captures (at least one each)."""

    threads: int
    captures: int


def reread(
    archive: Archive, *, progress: Callable[[int, int], None] = lambda _done, _total: None, post_id: int | None = None
) -> Reread:
    """
    Rebuild the content tables from the captures: of all threads, or of that of the row `post_id`.

    A search index that is not what the rows say is made anew first, where all threads are read.
    Rows keep their ids; threads without a capture here, or with what a snapshot brought, stay as they are, and only
    what is due to be derived from their texts is, however much it costs. Each thread is rebuilt in one transaction;
    what is derived comes after it, in pieces. `progress` is told how many threads of how
    many are done. Raises PayloadError where a capture cannot be read, and changes nothing of that thread.
    """
    if post_id is None:
        # Before anything is taken out of it by the words that the rows have.
        with archive.transaction() as connection:
            search_index.mend(connection)
    todo = threads.thread_ids(archive) if post_id is None else [post_id]
    read: list[int] = []
    for done, thread in enumerate(todo):
        progress(done, len(todo))
        read.append(_reread_thread(archive, thread))
    progress(len(todo), len(todo))
    return Reread(threads=sum(count > 0 for count in read), captures=sum(read))


def _reread_thread(archive: Archive, post_id: int) -> int:
    """Returns from how many captures the thread was rebuilt."""
    # What came with a snapshot has no answers that it could be read from again.
    imported = captures.was_imported(archive, post_id)
    visits = [] if imported else captures.finished(archive, post_id=post_id)
    if visits:
        pages = read_pages(archive, post_id)
        with archive.transaction():
            rebuild(archive, post_id, visits, pages)
    # Whoever rereads wants all of it, however long it takes.
    derive(archive, post_id, budget=None)
    return len(visits)


def rebuild(archive: Archive, post_id: int, visits: Sequence[StoredCapture], pages: ReadPages) -> None:
    """
    Write a thread anew from all its `visits`, oldest first, inside the caller's transaction, with its linked `pages`.

    Raises PayloadError where one of them cannot be read.
    """
    replay = Replay()
    threads.forget_history(archive, post_id)
    for capture in visits:
        interpretation = Interpretation(archive, capture.id, home=capture.home, plan=capture.plan)
        interpretation.read()
        interpretation.write(capture.started_at, replay=replay)
    rewrite_pages(archive, post_id, replay, pages)
