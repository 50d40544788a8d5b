"""
What to ask of `/api/v3`, in the fewest requests.

Facts, seen on 0.18.5 and 0.19.20: with `max_depth` a list ignores `limit` and `page` and holds at most 300 rows, the
same for every page; without it `limit` is at most 50 and rows of all depths come flat. Only `Old` keeps its order while
people write. 0.19.14 refuses pages over 10, 0.19.15 pages over 100. Each row repeats the whole post and community.
"""

import re
from collections.abc import Mapping

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import TooLargeError
from thread_archive.model import Post
from thread_archive.payloads import error_code
from thread_archive.sources._gathering import FEW_ROWS, Given
from thread_archive.sources._harvest import TREE_ROWS, Harvester
from thread_archive.sources._steps import OK, Place, Steps, split_query
from thread_archive.sources.lemmy_v3 import READER
from thread_archive.sources.lemmy_v3.ties import Ties

LIST_PATH = "/api/v3/comment/list"
PAGE_ROWS = 50
# Deeper than any server lets people write (50, or 100 labels); 2^31 - 1 overflows in the server.
ANY_DEPTH = 1000
# What one answer should weigh at most, in bytes of JSON; the client refuses 32 MB.
ANSWER_BYTES = 8_000_000
ROW_BYTES = 3_000
# Pages of other lengths that are asked for where comments of the same second were lost, and two for each page besides.
MOST_WINDOWS = 10
OTHER_ORDERS = ("Top", "Controversial", "Hot")
ORDERS = ("Old", "New", *OTHER_ORDERS)
# Of a thread with more comments on the post itself than a tree has rows, each gives others.
DEPTHS = (ANY_DEPTH, 1, ANY_DEPTH - 1)
# What a page beyond the cap is refused with; a failing database is too.
CAP_REFUSAL = "couldnt_get_comments"

_OMITTING = re.compile(r"0\.18\.[345](\D|$)")
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_ZONELESS = re.compile(rb'"published"\s*:\s*"[0-9T:.-]+"')


class HarvesterV3(Harvester):
    """Lemmy 0.18 and 0.19."""

    reader = READER

    def __init__(self, place: Place, *, came: Mapping[str, int]) -> None:
        super().__init__(place, came=came)
        self.row_bytes = ROW_BYTES
        # Times without a zone where the version says nothing: 0.18.
        self.zoneless = False
        self._has_version = bool(_VERSION.match(place.site.version))
        # Whether the oldest and the newest pages of a list that a cap cuts off have comments in common.
        self._ends_meet = False
        # What the list in the order of time shows of comments of the same second, from its first page on.
        self._ties: Ties | None = None

    def omits_withdrawn(self) -> bool:
        """0.18.3–0.18.5 by its version; where that says nothing, by the zone-less times of all 0.18."""
        return bool(_OMITTING.match(self.place.site.version)) or self.zoneless

    def is_cap(self, answer: Exchange, page: int) -> bool:
        """Tell the cap on pages that a version has from everything else for which a list is not gone on with."""
        return error_code(answer.body) == CAP_REFUSAL and page - 1 in _last_pages(self.place.site.version)

    def listing(self, answer: Exchange) -> Steps[None]:
        """The tree in one request where it fits; page by page where it does not, or is refused."""
        if answer.status == OK:
            sized = self.reader.decode(answer, "SizedAnswer").post_view
            self.row_bytes = ROW_BYTES + len(bytes(sized.post)) + len(bytes(sized.community))
        if self._is_one_answer():
            yield from self._tree("Old")
            if self.troubles and not self._is_too_long() and self.may_give(rows=TREE_ROWS):
                yield from self._tree("New")
        if not self.lists:
            yield from self._pages()

    def _pages(self) -> Steps[None]:
        """The flat list in the order that is stable; what is not given in it, in others and in smaller pages."""
        if self.tally or self.may_give(rows=PAGE_ROWS):
            yield from self._flat("Old")
        for sort, limit in (("New", PAGE_ROWS), ("New", FEW_ROWS), ("Old", FEW_ROWS)):
            if self.may_give(rows=limit):
                yield from self._flat(sort, limit=limit)
        if self.capped and self.may_lack():
            # A page that brings nothing new is one that the first list had: both ends meet, and the cap hides nothing.
            yield from self._flat("New", until_they_meet=True)
            self._ends_meet, self.capped = bool(self.lists), not self.lists
        if self.capped and self.may_lack():
            yield from self._roots()
        if self.lost:
            yield from self._untied()

    def _is_too_long(self) -> bool:
        return any(isinstance(trouble, TooLargeError) for trouble in self.troubles)

    def _untied(self) -> Steps[None]:
        """
        Ask for what pages lost among comments of the same second: next what should bring most.

        That is a page of another length, the subtree of a comment that counts more than came, or a tree, whose rows
        come in one answer and so all different: where the comments on the post are more than that holds, those that one
        order, or one depth, leaves out come in another.
        """
        left = MOST_WINDOWS + 2 * len(self.tally) // PAGE_ROWS
        trees = [(sort, depth) for depth in DEPTHS for sort in ORDERS] if self._fits(TREE_ROWS) else []
        while self.lost and left > 0:
            left -= 1
            window = self._ties.next_window() if self._ties is not None else None
            comment, below = max(self._untried_shortages().items(), key=lambda item: item[1], default=(0, 0))
            promises = window.promises if window is not None else 0.0
            if trees and self._lost_roots() > max(promises, below):
                sort, depth = trees.pop(0)
                tree = yield from self._list_once(sort=sort, max_depth=depth)
                if tree is None or not tree.new:
                    trees.clear()
            elif below > promises:
                yield from self._short_subtree(comment)
            elif window is not None and self._ties is not None:
                self._ties.asked(window)
                if (yield from self._list_once(limit=window.limit, page=window.page)) is None:
                    self._ties = None
            else:
                return

    def _lost_roots(self) -> float:
        """How many of the lost comments a tree should bring: of those on the post itself as many as it has rows."""
        roots = sum(len(sighting.path) == 1 for sighting in self.tally.sightings.values())
        lost = max(0, self.lost - sum(self.tally.shortages().values()))
        return lost * min(1.0, TREE_ROWS / (roots + lost)) if lost else 0.0

    def _list_once(self, *, sort: str = "Old", **how: int) -> Steps[Given | None]:
        """A page of a list that is asked for besides: its comments are what counts."""
        return (yield from self._page(self._list(sort=sort, post_id=self.post_id, **how), page=how.get("page", 1)))

    def _roots(self) -> Steps[None]:
        """The comments on the post itself, as many as a tree gives, from either end; each counts those below it."""
        for sort in ("Old", "New"):
            if not self._fits(TREE_ROWS):
                return
            given = yield from self._list_once(sort=sort, max_depth=1)
            if given is None or given.rows < TREE_ROWS:
                return

    def _tree(self, sort: str) -> Steps[None]:
        """The tree in one answer, which is all where it has fewer rows than such an answer may have."""
        given = yield from self._list_once(sort=sort, max_depth=ANY_DEPTH)
        if given is None:
            if self._is_too_long():
                # Of a post that `/post` refuses nobody told how long it is, and what came was blanked before.
                self.row_bytes = ANSWER_BYTES // PAGE_ROWS
            return
        if given.rows == TREE_ROWS:
            # 300 rows may be all there are: one page beyond them tells.
            beyond = yield from self._list_once(sort=sort, limit=PAGE_ROWS, page=TREE_ROWS // PAGE_ROWS + 1)
            if beyond is None or beyond.rows:
                return
        if given.rows <= TREE_ROWS:
            self.lists[sort] = given.rows

    def _is_one_answer(self) -> bool:
        """Whether the whole tree fits into one answer, by the counter, beyond which there are withdrawn comments."""
        expected = self._advertised or 0
        return expected <= TREE_ROWS and self._fits(min(TREE_ROWS, 2 * expected + PAGE_ROWS))

    def _fits(self, rows: int) -> bool:
        return rows * self.row_bytes <= ANSWER_BYTES

    def _page(self, request: Request, *, page: int = 1) -> Steps[Given | None]:
        given = yield from self.ask_list(request, page=page)
        if given is None:
            return None
        if not (self._has_version or self.zoneless):
            self.zoneless = bool(_ZONELESS.search(given.answer.body))
        if given.rows and self.post is None:
            self.post = self.embedded(given.answer)
        if self._ties is not None:
            self._ties.note(given.sightings)
        return given

    def embedded(self, answer: Exchange) -> Post | None:
        """The post as the list embeds it: 0.18 and 0.19 refuse a withdrawn post and still list its comments."""
        return self.reader.embedded_post(answer, site=self.place.site)

    def _flat(
        self,
        sort: str,
        *,
        parent_id: int | None = None,
        limit: int = PAGE_ROWS,
        until_they_meet: bool = False,
        until_whole: bool = False,
    ) -> Steps[None]:
        """
        All pages of a flat list, as far as they are given; that of a whole thread is in `lists` if that was to its end.

        `until_they_meet` is for the other end of a list that was cut off: a page that brings nothing new is then the
        end of both. `until_whole` is for a list that is only asked for what is short.
        """
        limit = max(1, min(limit, ANSWER_BYTES // self.row_bytes))
        where = {"parent_id": parent_id} if parent_id is not None else {"post_id": self.post_id}
        ties = None
        if sort == "Old" and parent_id is None:
            ties = self._ties = Ties(limit=limit, last_page=min(_last_pages(self.place.site.version), default=None))
        page = rows = 0
        listed: set[int] = set()
        while True:
            page += 1
            given = yield from self._page(self._list(sort=sort, limit=limit, page=page, **where), page=page)
            if given is None:
                return
            if ties is not None:
                ties.list(given.sightings)
            rows += given.rows
            ids = {sighting.local_id for sighting in given.sightings}
            is_over = given.rows < limit or (until_they_meet and not given.new)
            if is_over and parent_id is None:
                self.lists[sort] = len(self.tally) if until_they_meet else rows
            # Nothing that this list had not brought: this server ignores `page`, or goes round in circles.
            if is_over or ids <= listed or (until_whole and not self.may_lack()):
                return
            listed |= ids

    def subtree(self, local_id: int) -> Steps[None]:
        """The tree below a comment in one request, or flat where it is larger than that gives."""
        if self._fits(min(TREE_ROWS, self.tally.sightings[local_id].child_count + 1)):
            for sort in ("Old", "New"):
                given = yield from self._page(self._list(sort=sort, parent_id=local_id, max_depth=ANY_DEPTH))
                if given is None or given.rows < TREE_ROWS or not self.tally.is_short_below(local_id):
                    return
        yield from self._flat("Old", parent_id=local_id)

    def other_orders(self) -> Steps[None]:
        """
        Newest first: rows that jumped between pages of the first listing are found here, and its end proves the other.

        Then the comments on the post itself, and the orders by votes, where some come twice and others not at all.
        """
        if "New" not in self.lists and not self.capped:
            yield from self._flat("New", until_whole=True)
        if self.still_short() and len(self.tally) > TREE_ROWS:
            yield from self._roots()
        for sort in OTHER_ORDERS:
            if self.may_lack() and not (self._ends_meet or self._is_only_counted()):
                yield from self._flat(sort, until_whole=True)

    def _is_only_counted(self) -> bool:
        """Whether two orders agree that there is no more than came, so that a third one is not needed."""
        return len(self.lists) > 1 and not self.lost and not self.tally.shortages()

    def _list(self, *, sort: str = "Old", **query: int) -> Request:
        # `type_` is needed: without it the site's default applies, usually Local, which hides federated threads.
        where, how = split_query(query)
        return self.place.request(LIST_PATH, **where, type_="All", sort=sort, **how)


def _last_pages(version: str) -> frozenset[int]:
    """Which page is the last that a server of `version` gives; where that says nothing, those of all versions."""
    found = _VERSION.match(version)
    if found is None:
        return frozenset({10, 100})
    number = tuple(map(int, found.groups()))
    if number < (0, 19, 14):
        return frozenset()
    return frozenset({10 if number == (0, 19, 14) else 100})
