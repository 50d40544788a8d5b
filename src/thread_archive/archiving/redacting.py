"""Redacting: what the owner takes out of the archive, found, listed, erased everywhere, and kept out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from thread_archive.archiving.deriving import derive
from thread_archive.archiving.rereading import reread
from thread_archive.articles.passages import replace_passages
from thread_archive.erasing import Erasure
from thread_archive.exceptions import PayloadError
from thread_archive.markup import plain_text
from thread_archive.store import takedowns, threads
from thread_archive.store.archive import Archive
from thread_archive.store.redaction import journal, sweeping
from thread_archive.store.redaction.articles import ArticleEraser
from thread_archive.store.redaction.changes import Changes, ErasedItem
from thread_archive.store.redaction.exchanges import ErasedExchanges, erase_exchanges
from thread_archive.store.redaction.rows import RowEraser
from thread_archive.store.redaction.survey import Quotation, ap_ids, quotations, survey
from thread_archive.takedowns import quotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    What to redact: `scope` is `person`, `comment`, `thread` or `pattern`.

    `entries` go on the takedown list, as (kind, ap_id or handle); a `pattern` is of now and goes on no list. `name` is
    what the log keeps a salted digest of: nothing of a pattern, since whoever has the salt could try all short texts.
    """

    scope: str
    name: str = ""
    entries: tuple[tuple[str, str], ...] = ()
    pattern: re.Pattern[str] | None = None


def finish(archive: Archive) -> bool:
    """Sweep the file where a redaction was cut short before that; returns whether nothing is left to sweep."""
    if not sweeping.is_due(archive.db.conn):
        return True
    # Before the file is swept: what follows from the texts that stay has to be derived anew.
    for post_id in threads.thread_ids(archive):
        derive(archive, post_id, budget=None)
    return sweeping.sweep(archive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """
    What was redacted, or would be.

    `quotes` are the quotations of it by others, `quotes_left` those that stay, `quoted_in` the ap_ids of what has
    these: nobody finds them again, once the words that they quote are gone. `answers` is how many kept answers
    changed. `found` says whether there is anything of it at all, in earlier states and kept answers too; `listed`
    whether it was not yet kept out. `swept` says whether the file holds nothing of it any more; it does until nobody
    reads an older state.
    """

    items: tuple[ErasedItem, ...]
    quotes: int
    quotes_left: int
    quoted_in: tuple[str, ...] = ()
    answers: int = 0
    found: bool = True
    listed: bool = False
    swept: bool = True


class _PreviewOverError(Exception):
    """Undoes what was tried."""


def preview(archive: Archive, target: Target, *, quotes: bool, now: datetime) -> Redaction:
    """
    What `redact` would do to posts, comments, people and articles as they are now; nothing is changed.

    Kept answers, of which there may be many, are looked through only where nothing else has anything of it.
    """
    attempt = _Attempt(archive, target, quotes=quotes)
    answers = 0
    with suppress(_PreviewOverError), _undone(archive):
        attempt.prepare(now)
        attempt.erase_rows()
        if not attempt.changes.any:
            answers = attempt.erase_answers()
    return attempt.outcome(answers=answers)


@contextmanager
def _undone(archive: Archive) -> Iterator[None]:
    with archive.transaction():
        yield
        raise _PreviewOverError


def redact(archive: Archive, target: Target, *, reason: str = "", quotes: bool = False, now: datetime) -> Redaction:
    """
    Erase `target` from rows, revisions, kept answers, articles and index, keep it out from now on, and sweep the file.

    One transaction erases; whatever ends the program before the file is swept, the same call (or any other) sweeps it.
    With `quotes` also others' quotations of it go. Raises ArchiveError where the archive cannot be used.
    """
    sweeping.prepare(archive)
    attempt = _Attempt(archive, target, quotes=quotes)
    with archive.transaction() as connection:
        attempt.prepare(now)
        answers = attempt.erase_answers()
        attempt.erase_rows()
        redaction = attempt.outcome(answers=answers)
        did = redaction.found or redaction.listed
        if journal.forget_patterns(connection) or did:
            sweeping.make_due(connection)
        if did:
            journal.note(
                connection,
                scope=target.scope,
                target_digest=attempt.erasure.takedowns.digest(target.name) if target.name else "",
                reason=reason,
                items=len(redaction.items),
                quotes_left=redaction.quotes_left,
                now=now,
            )
    for post_id in sorted(attempt.changes.merged):
        # Only the captures tell which of two states that became one was there first.
        with suppress(PayloadError):
            reread(archive, post_id=post_id)
    return replace(redaction, swept=finish(archive))


class _Attempt:
    """The work of one transaction: `prepare`, then `erase_answers`, then `erase_rows`."""

    def __init__(self, archive: Archive, target: Target, *, quotes: bool) -> None:
        self._archive = archive
        self._connection = archive.db.conn
        self._target = target
        self._quotes = quotes
        self._found: tuple[Quotation, ...] = ()
        self._answers = ErasedExchanges()
        self._listed = False
        self.changes = Changes()

    def prepare(self, now: datetime) -> None:
        """Put the target on the list and find out what is meant."""
        before = takedowns.salted(self._connection)
        listed = takedowns.extend(self._connection, self._target.entries, now=now)
        self.erasure = Erasure(takedowns=listed, pattern=self._target.pattern)
        covered = survey(self._connection, self.erasure)
        self.erasure.items = ap_ids(self._connection, covered)
        self._found = tuple(quotations(self._connection, covered))
        if self._quotes:
            entries = [entry for found in self._found for entry in quotation(found.ap_id, found.passage)]
            listed = self.erasure.takedowns = takedowns.extend(self._connection, entries, now=now)
        self._listed = len(listed) > len(before)

    def erase_answers(self) -> int:
        """Erase from the kept answers; returns how many changed."""
        self._answers = erase_exchanges(self._archive, self.erasure)
        return self._answers.changed

    def erase_rows(self) -> None:
        """Erase from all that was made of them."""
        covered = survey(self._connection, self.erasure)
        rows = RowEraser(self._connection, self.erasure, covered, plain_text, self.changes)
        rows.erase_items()
        articles = ArticleEraser(self._connection, self.erasure, self.changes, replace_passages)
        articles.erase(covered, pages=self._answers.pages)
        rows.erase_actors()

    def outcome(self, *, answers: int) -> Redaction:
        """What was done."""
        return Redaction(
            items=tuple(self.changes.items),
            quotes=len(self._found),
            quotes_left=0 if self._quotes else len(self._found),
            quoted_in=() if self._quotes else tuple(dict.fromkeys(found.ap_id for found in self._found)),
            answers=answers,
            found=self.changes.any or answers > 0,
            listed=self._listed,
        )
