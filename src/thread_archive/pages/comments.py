"""
The list of comments as HTML, nested or flat.

Built by string work, and not by a template: a template takes several times as long for a comment, and a page has
hundreds. Every value from outside passes `escape`, but sanitised HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from thread_archive.model import MISSING_REASONS, MissingReason
from thread_archive.pages.addresses import Addresses
from thread_archive.pages.bodies import text_html
from thread_archive.pages.fragments import (
    MISPLACED,
    RESTRICTED,
    UNCONFIRMED,
    author,
    edited,
    mark,
    points,
    purged,
    unshown,
)
from thread_archive.pages.ordering import Unit
from thread_archive.pages.quotations import Quotes
from thread_archive.pages.times import time_html
from thread_archive.store.remarks import Remarks
from thread_archive.store.threadpages import CommentRow, Place, ThreadHead
from thread_archive.urls import handle

_CLOSE = "</details></article>\n"
_NOT_SHOWN = "A comment is not shown here: it is not for everybody."


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """
    What a list of comments is made of: `rows` and their `slugs` by position, `top` the depth of its topmost ones.

    `here` is the position that is highlighted, `answered` tells by row id whom a comment of a flat list answers
    (ap_id, name), `names` by which instance and number a gap is named; `remarks` are marks of single items.
    """

    head: ThreadHead
    addresses: Addresses
    rows: Mapping[int, CommentRow]
    slugs: Mapping[int, str]
    quotes: Quotes
    top: int = 1
    flat: bool = False
    now: datetime | None = None
    here: int | None = None
    answered: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    names: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)


class CommentList:
    """Writes the units of a page."""

    def __init__(self, discussion: Discussion) -> None:
        self._it = discussion
        self._parts: list[str] = []
        self._authors: dict[tuple[int | None, int, int], tuple[str, str]] = {}
        # For every comment that is open: whether the box of its replies is.
        self._open: list[bool] = []

    def html(self, units: Sequence[Unit]) -> str:
        """The HTML of `units`, in their order."""
        self._parts.clear()
        slugs = [self._slug_of(unit.places[0]) for unit in units]
        for at, unit in enumerate(units):
            steps = "" if self._it.flat else _steps(slugs[at - 1] if at else "", (*slugs, "")[at + 1])
            self._unit(unit, steps)
        return "".join(self._parts)

    def alone(self, position: int) -> str:
        """One comment without what answers it."""
        self._parts.clear()
        self._comment(self._it.rows[position], 0)
        return "".join((*self._parts, _CLOSE))

    def _slug_of(self, place: Place) -> str:
        return self._it.slugs.get(place.position, "")

    def _unit(self, unit: Unit, steps: str) -> None:
        counts = _replies(unit.places)
        for place, count in zip(unit.places, counts, strict=True):
            depth = 0 if self._it.flat else place.depth - self._it.top
            self._close_to(depth)
            if self._open and not self._open[-1]:
                self._parts.append('<div class="r">\n')
                self._open[-1] = True
            row = self._it.rows[place.position]
            self._comment(row, count, top=" top" if depth == 0 else "", steps="" if depth else steps)
            self._open.append(False)
            if place.position in unit.cut:
                self._more(row, "This branch is long: read the whole of it")
            elif place.position in unit.deeper:
                self._more(row, "Continue this thread")
        self._close_to(0)

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._parts.append(f"</div>{_CLOSE}" if self._open.pop() else _CLOSE)

    def _more(self, row: CommentRow, words: str) -> None:
        own = self._it.slugs.get(row.position)
        if own:
            href = self._it.addresses.branch(self._it.head.slug, own)
            self._parts.append(f'<p class="more"><a href="{escape(href)}">{words} →</a></p>')

    def _comment(self, row: CommentRow, replies: int, *, top: str = "", steps: str = "") -> None:
        here = " here" if row.position == self._it.here else ""
        own = self._it.slugs.get(row.position)
        if own is None:
            label, identity, body, kind = "missing comment", "", "", " gap"
            header = f'<span class="missing">{self._why(row)}</span>'
        else:
            author_html, name = self._author(row)
            label, identity, kind = f"comment by {name}", f' id="c-{own}"', ""
            header = self._header(row, own, author_html)
            body = text_html(row) + self._it.quotes.ties(row.ap_id)
        folded = f'<span class="folded">{replies} below</span>' if replies else ""
        self._parts.append(
            f'<article class="c{kind}{top}{here}"{identity} aria-label="{label}">'
            f"<header>{header}{folded}{steps}</header>"
            f'<details open><summary aria-label="Comment"></summary>{body}'
        )

    def _header(self, row: CommentRow, own: str, author_html: str) -> str:
        it = self._it
        marks = self._marks(row)
        href = it.addresses.comment(it.head.slug, own)
        answered = it.answered.get(row.id)
        to = f"<span>to {it.quotes.reference(*answered)}</span>" if answered else ""
        return (
            f"{author_html}{to}"
            f'<a class="when" href="{escape(href)}">{time_html(row.published_at, it.now)}</a>'
            f"{points(row.score, row.upvotes, row.downvotes)}{marks}"
        )

    def _author(self, row: CommentRow) -> tuple[str, str]:
        """Who wrote it, as a link with marks and as words, both HTML."""
        # The same few people write most of a thread.
        key = (row.author_id, row.is_moderator, row.is_admin)
        found = self._authors.get(key)
        if found is None:
            is_op = row.author_id is not None and row.author_id == self._it.head.author_id
            marks = {"op": is_op, "mod": row.is_moderator, "admin": row.is_admin, "bot": row.author_is_bot}
            home = self._it.head.instance
            name = handle(row.author_ap_id, row.author_name, home) or "unknown"
            found = author(row.author_ap_id, row.author_name, marks, home), escape(name)
            self._authors[key] = found
        return found

    def _marks(self, row: CommentRow) -> str:
        remarks = self._it.remarks.comments.get(row.id, ())
        is_odd = row.restricted or row.misplaced or row.gone_at or row.purged_at or row.unconfirmed
        if not (row.distinguished or row.edited_at or is_odd or remarks):
            return ""
        marks = mark("official", "mod", "A moderator speaks as one") if row.distinguished else ""
        marks += edited(row.edited_at) if row.edited_at else ""
        marks += RESTRICTED if row.restricted else ""
        marks += MISPLACED if row.misplaced else ""
        marks += UNCONFIRMED if row.unconfirmed else ""
        if row.purged_at:
            marks += purged(row.purged_at, row.purged_by)
        elif row.gone_at:
            marks += unshown(row.gone_at)
        return marks + "".join(mark(word, "warn", sentence) for word, sentence in remarks)

    def _why(self, row: CommentRow) -> str:
        if row.ap_id is not None:
            return _NOT_SHOWN
        try:
            why = MISSING_REASONS[MissingReason(row.missing_reason or "unexplained")]
        except ValueError:
            why = row.missing_reason or ""
        name = self._it.names.get(row.id)
        of = f" ({escape(name[0])} names it {name[1]})" if name else ""
        return f"A comment is missing here: {escape(why)}{of}."


def _replies(places: Sequence[Place]) -> list[int]:
    """For each of a subtree, how many of the shown stand below it."""
    counts = [0] * len(places)
    line: list[int] = []
    for at, place in enumerate(places):
        while line and places[line[-1]].depth >= place.depth:
            begun = line.pop()
            counts[begun] = at - begun - 1
        line.append(at)
    for at in line:
        counts[at] = len(places) - at - 1
    return counts


def _steps(before: str, after: str) -> str:
    """Links to the top-level comments before and after."""
    up = f'<a class="step" href="#c-{before}" title="previous top-level comment">↑</a>' if before else ""
    return up + (f'<a class="step" href="#c-{after}" title="next top-level comment">↓</a>' if after else "")
