"""
What to ask of `/api/v4`, in the fewest requests.

Facts, seen on 1.0.0-beta.1: `list/slim` leaves post and community out of each row; with `max_depth` a page holds 300
rows and a cursor goes on; a cursor goes on with what comes strictly after the last row, so that rows that tie with it
are skipped; in `old` and `new` only those do that answer the same comment at the same time (many servers write whole
seconds), in all other orders most; `time_range_seconds=0` lifts the site's default range, which would hide older
comments; local posts have an ActivityPub collection of all comments.
"""

from thread_archive.captures import ACTIVITY_JSON, Exchange, Request
from thread_archive.exceptions import PayloadError
from thread_archive.sources._gathering import FEW_ROWS
from thread_archive.sources._harvest import TREE_ROWS, Harvester
from thread_archive.sources._steps import OK, Steps, is_json, split_query
from thread_archive.sources.lemmy_v4 import READER

LIST_PATH = "/api/v4/comment/list"
SLIM_PATH = "/api/v4/comment/list/slim"
# Of flat lists, at most 50: no divisor of the tree's 300, so that few of these pages end where one of the tree's does.
PAGE_ROWS = 49
# Comments of a post that `/post` refuses, asked for first: each embeds the post, which may be long.
FIRST_ROWS = 20
ANY_DEPTH = 1000


class HarvesterV4(Harvester):
    """Lemmy 1.0."""

    reader = READER

    def omits_withdrawn(self) -> bool:
        """1.0 lists tombstones."""
        return False

    def hides_nsfw(self) -> bool:
        """1.0 filters comments of NSFW threads for visitors unless the site has a content warning."""
        return not self.place.site.content_warning

    def listing(self, answer: Exchange) -> Steps[None]:
        """Pages of 300 by cursor; where the post itself is refused, first a few comments that embed it."""
        if answer.status != OK:
            first = yield from self.ask_list(self._list(LIST_PATH, post_id=self.post_id, limit=FIRST_ROWS))
            if first is None:
                return
            self.post = self.reader.embedded_post(first.answer, site=self.place.site)
            if first.rows < FIRST_ROWS:
                self.lists["old"] = first.rows
                return
        yield from self._pages(max_depth=ANY_DEPTH)
        if self.may_give(rows=TREE_ROWS):
            yield from self._pages(sort="new", max_depth=ANY_DEPTH)
        for sort in ("new", "old"):
            if self.may_give(rows=FEW_ROWS):
                yield from self._pages(LIST_PATH, sort=sort, limit=FEW_ROWS)

    def _pages(
        self, path: str = SLIM_PATH, *, sort: str = "old", parent_id: int | None = None, **how: int
    ) -> Steps[None]:
        """All pages of a list; that of the whole thread is in `lists` if it was followed to its end."""
        where = {"post_id": self.post_id} if parent_id is None else {"parent_id": parent_id}
        listed: set[int] = set()
        rows = 0
        request = self._list(path, sort=sort, **where, **how)
        while True:
            # A cursor names a row, which may be purged meanwhile: what came before it stands.
            given = yield from self.ask_list(request)
            if given is None:
                return
            rows += given.rows
            cursor = self.reader.fitting(given.answer, "Cursor").next_page
            if not cursor or not given.rows:
                if parent_id is None:
                    self.lists[sort if "max_depth" in how else f"{sort}, flat"] = rows
                return
            ids = {sighting.local_id for sighting in given.sightings}
            # Nothing that this list had not brought: its cursors go round in circles.
            if ids <= listed:
                return
            listed |= ids
            request = self._list(path, sort=sort, **where, **how, page_cursor=cursor)

    def subtree(self, local_id: int) -> Steps[None]:
        """A comment and all below it, 300 a page, newest first: its pages end at other rows than the thread's."""
        yield from self._pages(sort="new", parent_id=local_id, max_depth=ANY_DEPTH)

    def other_orders(self) -> Steps[None]:
        """
        Newest first, whose pages end at other rows unless the thread has a multiple of 300; then flat in short pages.

        What ties at the end of a page in one of them is within a page of another. A thread of one page has no such end.
        """
        if "new" not in self.lists:
            yield from self._pages(sort="new", max_depth=ANY_DEPTH)
        if self.still_short() and len(self.tally) >= TREE_ROWS:
            yield from self._pages(limit=PAGE_ROWS)

    def named(self) -> Steps[frozenset[str] | None]:
        """`/post/ID/context`: an independent list of every comment, for posts made on this server."""
        if self.post is None or not self.post.local:
            return None
        path = self.post.ap_id.partition("://")[2].partition("/")[2]
        answer = yield Request(url=f"{self.place.base}/{path}/context", accept=ACTIVITY_JSON, login=self.place.login)
        if answer.status != OK or not is_json(answer):
            return None
        try:
            items = self.reader.decode(answer, "Context").items
        except PayloadError:
            return None
        return frozenset(items) - {self.post.ap_id}

    def by_ap_id(self, ap_id: str) -> Steps[bool]:
        """A comment made here has its local id in its ap_id; one from elsewhere is looked up first."""
        if (yield from super().by_ap_id(ap_id)):
            return True
        answer = yield self.place.request("/api/v4/resolve_object", q=ap_id)
        found = self.reader.decode(answer, "Resolved").comment if answer.status == OK else None
        if found is None or found.ap_id != ap_id:
            return False
        return (yield from self.single(found.id))

    def _list(self, path: str, *, sort: str = "old", **query: str | int) -> Request:
        where, how = split_query(query)
        return self.place.request(path, **where, type_="all", sort=sort, **how, time_range_seconds=0)
