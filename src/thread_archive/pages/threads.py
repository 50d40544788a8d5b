"""A thread's page: what is read for it, and the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from markupsafe import Markup

from thread_archive.pages.articles import ArticleView, anchor_letters, article_view
from thread_archive.pages.bodies import gone, lang, text_html
from thread_archive.pages.comments import CommentList, Discussion
from thread_archive.pages.facts import Facts, facts
from thread_archive.pages.ordering import BUDGET, PageOfUnits, Sort, Unit, page_of, units
from thread_archive.pages.quotations import Quotes
from thread_archive.pages.rendering import Reading, render
from thread_archive.slugs import slug
from thread_archive.store import threadpages as store
from thread_archive.store.attestations import attesters
from thread_archive.store.gaps import gap_keys
from thread_archive.store.remarks import Remarks, remarks
from thread_archive.store.threadpages import ArticleRow, CommentRow, Place, ThreadHead

# Above a comment that is shown in its context; what lies higher is a link away.
_ANCESTORS = 6
# However long an article is, the first page shows some of the discussion.
_LEAST = BUDGET // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of a thread: a page of it in some order, or (by its slug) a comment in its context."""

    slug: str
    sort: Sort = Sort.THREAD
    page: int = 1
    comment: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is the thread's first page, with its article, and not a branch of it."""
        return self.page == 1 and not self.comment


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """
    What the template shows. `body`, `ties`, `ancestors` and `discussion` are HTML; `above` is an ancestor (its slug)
    in whose own context more of them are shown; `hidden` counts comments that a public site leaves out; `withdrawn`
    says what became of the post, if anything.
    """

    head: ThreadHead
    wanted: Wanted
    body: Markup
    articles: tuple[ArticleView, ...]
    ties: Markup
    ancestors: Markup
    discussion: Markup
    above: str
    first: int
    last: int
    more: bool
    cross_posts: tuple[tuple[str, str, str, str, str], ...]
    facts: Facts | None
    hidden: int | None
    lang: Markup
    withdrawn: str
    remarks: Remarks
    attested_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The part of a discussion that a page shows: `above` and `here` are positions."""

    page: PageOfUnits
    top: int
    here: int | None = None
    above: tuple[int, ...] = ()

    @property
    def positions(self) -> list[int]:
        return [place.position for unit in self.page.units for place in unit.places]


def thread_view(reading: Reading, wanted: Wanted) -> ThreadView | None:
    """The view of a thread, read from one state of the archive; None without such a thread, comment or page."""
    head = store.thread_head(reading.connection, wanted.slug, public=reading.public)
    if head is None:
        return None
    articles = store.articles(reading.connection, head.id)
    part = _branch(reading, head, wanted) if wanted.comment else _page(reading, head, wanted, articles)
    if part is None or (wanted.page > 1 and not part.page.units):
        return None
    letters = anchor_letters(articles)
    discussion = _discussion(reading, head, wanted, part, letters)
    withdrawn = gone(deleted=head.deleted, removed=head.removed)
    comments = CommentList(discussion)
    is_article = any(row.is_body and row.html for row in articles)
    hidden = reading.hidden.get(head.id)
    return ThreadView(
        head=head,
        wanted=wanted,
        # Markup: escaped text and sanitised HTML.
        body=Markup("" if is_article and not withdrawn else text_html(head)),  # noqa: S704
        articles=tuple(
            article_view(row, discussion.quotes, letter=letters[row.id], is_withdrawn=bool(withdrawn))
            for row in articles
        )
        if wanted.is_whole
        else (),
        ties=Markup(discussion.quotes.ties(None)),  # noqa: S704
        ancestors=Markup("".join(map(comments.alone, part.above))),  # noqa: S704
        discussion=Markup(comments.html(part.page.units)),  # noqa: S704
        above=_slug_above(discussion.rows, part.above),
        first=part.page.first,
        last=part.page.last,
        more=part.page.more,
        cross_posts=tuple(store.cross_posts(reading.connection, head.id, public=reading.public))
        if wanted.is_whole
        else (),
        facts=facts(
            store.visits(reading.connection, head.id),
            store.receipts(reading.connection, head.id),
            store.failure_since(reading.connection, head.id),
            hidden=hidden,
        ),
        hidden=hidden,
        lang=Markup(lang(head.language)),  # noqa: S704
        withdrawn=withdrawn,
        remarks=discussion.remarks,
        attested_by=attesters(head.attested_by),
    )


def thread_page(view: ThreadView, reading: Reading) -> str:
    """The page of a view."""
    return render(
        "thread.html",
        reading.site,
        view=view,
        head=view.head,
        wanted=view.wanted,
        now=reading.now,
        comments=_count(view),
        sorts=[sort.value for sort in Sort],
        here="thread",
    )


def _count(view: ThreadView) -> int:
    """How many comments the thread has; with gaps, where the archive holds no account that leaves them out."""
    stored = view.facts.stored if view.facts else None
    return view.head.total - (view.hidden or 0) if stored is None else stored


def pages_of(reading: Reading, wanted: Wanted) -> Iterator[ThreadView]:
    """What is wanted from its page on, to its last page, for a site of files."""
    while view := thread_view(reading, wanted):
        yield view
        if not view.more:
            return
        wanted = replace(wanted, page=wanted.page + 1)


def _page(reading: Reading, head: ThreadHead, wanted: Wanted, articles: Sequence[ArticleRow]) -> _Part:
    room = BUDGET - sum(len(row.html) for row in articles) - len(head.body_html or head.body)
    places = store.places(reading.connection, head.id, public=reading.public)
    return _Part(page=page_of(units(places, wanted.sort, 1), wanted.page, first_budget=max(room, _LEAST)), top=1)


def _branch(reading: Reading, head: ThreadHead, wanted: Wanted) -> _Part | None:
    """A comment with a page of the subtrees of its replies."""
    position = store.position_of(reading.connection, head.id, wanted.comment)
    if position is None:
        return None
    places = store.places(reading.connection, head.id, start=position, public=reading.public)
    focus = next(places)
    if focus.left_out:
        return None
    below = takewhile(lambda place: place.depth > focus.depth, places)
    page = page_of(units(below, wanted.sort, focus.depth + 1), wanted.page)
    shown = (_under(focus, page.units),) if page.units or wanted.page == 1 else ()
    above = store.ancestors_of(reading.connection, head.id, position)[-_ANCESTORS:]
    return _Part(
        page=PageOfUnits(number=page.number, units=shown, first=page.first, last=page.last, more=page.more),
        top=focus.depth,
        here=position,
        above=tuple(above),
    )


def _under(focus: Place, below: Sequence[Unit]) -> Unit:
    """A comment and subtrees of its replies as one unit."""
    return Unit(
        places=(focus, *(place for unit in below for place in unit.places)),
        weight=sum(unit.weight for unit in below),
        rows=1 + sum(unit.rows for unit in below),
        deeper=frozenset[int]().union(*(unit.deeper for unit in below)),
        cut=frozenset[int]().union(*(unit.cut for unit in below)),
    )


def _discussion(
    reading: Reading, head: ThreadHead, wanted: Wanted, part: _Part, letters: Mapping[int, str]
) -> Discussion:
    connection = reading.connection
    rows = store.comments_at(connection, head.id, part.positions)
    rows |= store.comments_at(connection, head.id, part.above)
    ids = [row.id for row in rows.values()]
    # Gaps have none, and neither has what is left out.
    slugs = {at: slug(row.ap_id) for at, row in rows.items() if row.ap_id and not (reading.public and row.restricted)}
    said = store.quotes(connection, head.id, comments=ids, article=wanted.is_whole, public=reading.public)
    return Discussion(
        head=head,
        addresses=reading.site.addresses,
        rows=rows,
        slugs=slugs,
        quotes=Quotes(said, frozenset(slugs.values()), head.slug, reading.site.addresses, letters),
        top=part.top,
        flat=wanted.sort.is_flat,
        now=reading.now,
        here=part.here,
        answered=store.parents_of(connection, ids) if wanted.sort.is_flat else {},
        remarks=remarks(connection, head.id, comments=ids),
        names=gap_keys(connection, [row.id for row in rows.values() if row.ap_id is None]),
    )


def _slug_above(rows: Mapping[int, CommentRow], above: Sequence[int]) -> str:
    top = rows[above[0]] if above else None
    return slug(top.ap_id) if top and top.ap_id and top.depth > 1 else ""
