"""
What to ask of `/api/v3`, in the fewest requests.

Facts, seen on 0.18.5 and 0.19.20: with `max_depth` a list ignores `limit` and `page` and holds at most 300 rows, the
same for every page; without it `limit` is at most 50 and rows of all depths come flat. Only `Old` keeps its order while
people write. 0.19.14 refuses pages over 10, 0.19.15 pages over 100. Each row repeats the whole post and community.
"""

import re

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import TooLargeError
from thread_archive.model import Post
from thread_archive.payloads import error_code
from thread_archive.sources._harvest import TREE_ROWS, Harvester
from thread_archive.sources._steps import OK, Place, Steps, is_absent, split_query
from thread_archive.sources.lemmy_v3 import READER

LIST_PATH = "/api/v3/comment/list"
PAGE_ROWS = 50
# Deeper than any server lets people write (50, or 100 labels); 2^31 - 1 overflows in the server.
ANY_DEPTH = 1000
# What one answer should weigh at most, in bytes of JSON; the client refuses 32 MB.
ANSWER_BYTES = 8_000_000
ROW_BYTES = 3_000
# Pages in another order that bring nothing new before the order is given up.
PATIENCE = 3
OTHER_ORDERS = ("Top", "Controversial", "Hot")
# What a page beyond the cap is refused with; a failing database is too.
CAP_REFUSAL = "couldnt_get_comments"

_OMITTING = re.compile(r"0\.18\.[345](\D|$)")
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_ZONELESS = re.compile(rb'"published"\s*:\s*"[0-9T:.-]+"')


class HarvesterV3(Harvester):
    """Lemmy 0.18 and 0.19."""

    reader = READER

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.row_bytes = ROW_BYTES
        # Times without a zone where the version says nothing: 0.18.
        self.zoneless = False
        self._has_version = bool(_VERSION.match(place.site.version))

    def omits_withdrawn(self) -> bool:
        """0.18.3–0.18.5 by its version; where that says nothing, by the zone-less times of all 0.18."""
        return bool(_OMITTING.match(self.place.site.version)) or self.zoneless

    def listing(self, answer: Exchange) -> Steps[bool]:
        """The tree in one request where it fits; page by page where it does not."""
        if answer.status == OK:
            sized = self.reader.decode(answer, "SizedAnswer").post_view
            self.row_bytes = ROW_BYTES + len(bytes(sized.post)) + len(bytes(sized.community))
        if self._is_one_answer() and (yield from self._tree()):
            return True
        ended = yield from self._flat("Old")
        if self.capped and self.may_lack():
            # A page that brings nothing new is one that the first list had: both ends meet, and the cap hides nothing.
            ended = yield from self._flat("New", patience=1)
            self.capped = not ended
        if self.capped and self.may_lack():
            yield from self._roots()
        return ended

    def _roots(self) -> Steps[None]:
        """The comments on the post itself, as many as a tree gives, from either end; each counts those below it."""
        for sort in ("Old", "New"):
            if not self._fits(TREE_ROWS):
                return
            answer = yield self._list(sort=sort, post_id=self.post_id, max_depth=1)
            if answer.status != OK:
                self._note_refusal(answer)
                return
            if self._take_list(answer)[0] < TREE_ROWS:
                return

    def _tree(self) -> Steps[bool]:
        """The tree in one answer; returns whether that was all."""
        try:
            tree = yield self._list(post_id=self.post_id, max_depth=ANY_DEPTH)
        except TooLargeError:
            # Of a post that `/post` refuses nobody told how long it is, and what came was blanked before it came here.
            self.row_bytes = ANSWER_BYTES // PAGE_ROWS
            return False
        rows, _ = self._take_list(tree)
        if rows < TREE_ROWS:
            return True
        # 300 rows may be all there are: one page beyond them tells.
        beyond = yield self._list(post_id=self.post_id, limit=PAGE_ROWS, page=TREE_ROWS // PAGE_ROWS + 1)
        return beyond.status == OK and self._take_list(beyond) == (0, 0)

    def _is_one_answer(self) -> bool:
        """Whether the whole tree fits into one answer, by the counter, beyond which there are withdrawn comments."""
        expected = self._advertised or 0
        return expected <= TREE_ROWS and self._fits(min(TREE_ROWS, 2 * expected + PAGE_ROWS))

    def _fits(self, rows: int) -> bool:
        return rows * self.row_bytes <= ANSWER_BYTES

    def _take_list(self, answer: Exchange) -> tuple[int, int]:
        rows, new = self.take(answer)
        if not (self._has_version or self.zoneless):
            self.zoneless = bool(_ZONELESS.search(answer.body))
        if rows and self.post is None:
            self.post = self.embedded(answer)
        return rows, new

    def embedded(self, answer: Exchange) -> Post | None:
        """The post as the list embeds it: 0.18 and 0.19 refuse a withdrawn post and still list its comments."""
        return self.reader.embedded_post(answer, site=self.place.site)

    def _flat(self, sort: str, *, parent_id: int | None = None, patience: int | None = None) -> Steps[bool]:
        """
        All pages of a flat list, as far as they are given; returns whether its end was seen.

        With `patience` it is given up after so many pages that bring nothing new.
        """
        limit = max(1, min(PAGE_ROWS, ANSWER_BYTES // self.row_bytes))
        fruitless = page = 0
        listed: set[int] = set()
        while True:
            page += 1
            where = {"parent_id": parent_id} if parent_id is not None else {"post_id": self.post_id}
            answer = yield self._list(sort=sort, limit=limit, page=page, **where)
            if answer.status != OK and (self.tally or parent_id is not None):
                self._note_refusal(answer, page)
                return False
            rows, new = self._take_list(answer)
            # Nothing that this list had not brought: this server ignores `page`, or goes round in circles.
            if rows < limit or self.last_page <= listed:
                return rows < limit
            listed |= self.last_page
            fruitless = 0 if new else fruitless + 1
            if patience is not None and fruitless >= patience:
                return True

    def _note_refusal(self, answer: Exchange, page: int = 1) -> None:
        """Tell the cap on pages that a version has from everything else for which a list is not gone on with."""
        if error_code(answer.body) == CAP_REFUSAL and page - 1 in _last_pages(self.place.site.version):
            self.capped = True
        elif not is_absent(answer):
            self.broken_off = True

    def subtree(self, local_id: int) -> Steps[None]:
        """The tree below a comment in one request, or flat where it is larger than that gives."""
        if self._fits(min(TREE_ROWS, self.tally.sightings[local_id].child_count + 1)):
            answer = yield self._list(parent_id=local_id, max_depth=ANY_DEPTH)
            if answer.status != OK:
                self._note_refusal(answer)
                return
            if self._take_list(answer)[0] < TREE_ROWS:
                return
        yield from self._flat("Old", parent_id=local_id)

    def another_order(self) -> Steps[bool]:
        """
        Newest first: rows that jumped between pages of the first listing are found here.

        Where no list is given to its end, all other orders: each one's first pages are different ones.
        """
        if self.ended:
            return (yield from self._flat("New", patience=PATIENCE))
        if not self.capped and (yield from self._flat("New")):
            return True
        for sort in OTHER_ORDERS:
            if self.may_lack():
                yield from self._flat(sort)
        # By votes some come twice and others not at all: their end proves nothing.
        return False

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
