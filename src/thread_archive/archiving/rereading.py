"""Reading all captures again, so that what a better parser understands reaches old ones too."""

from collections.abc import Callable
from dataclasses import dataclass

from thread_archive.archiving.deriving import derive
from thread_archive.archiving.interpreting import Interpretation
from thread_archive.archiving.linking import reread_pages
from thread_archive.store import captures, threads
from thread_archive.store.archive import Archive
from thread_archive.store.visits import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """How many threads were rebuilt, from how many captures."""

    threads: int
    captures: int


def reread(
    archive: Archive, *, progress: Callable[[int, int], None] = lambda _done, _total: None, post_id: int | None = None
) -> Reread:
    """
    Rebuild the content tables from the captures: of all threads, or of that of the row `post_id`.

    Rows keep their ids; threads without a capture here, or with what a snapshot brought, stay as they are. One
    transaction a thread. `progress` is told how many threads of how many are done. Raises PayloadError where a capture
    cannot be read, and changes nothing of that thread.
    """
    todo = threads.thread_ids(archive) if post_id is None else [post_id]
    read = 0
    for done, thread in enumerate(todo):
        progress(done, len(todo))
        read += _reread_thread(archive, thread)
    progress(len(todo), len(todo))
    return Reread(threads=len(todo), captures=read)


def _reread_thread(archive: Archive, post_id: int) -> int:
    visits = captures.finished(archive, post_id=post_id)
    # What came with a snapshot has no answers that it could be read from again.
    if not visits or captures.was_imported(archive, post_id):
        return 0
    replay = Replay()
    with archive.transaction():
        threads.forget_history(archive, post_id)
        for capture in visits:
            interpretation = Interpretation(archive, capture.id, home=capture.home, plan=capture.plan)
            interpretation.read()
            interpretation.write(capture.started_at, replay=replay)
        reread_pages(archive, post_id, replay)
    derive(archive, post_id)
    return len(visits)
