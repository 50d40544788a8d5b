"""
The pages of a snapshot as files: the same pages that are served, by their slugs, that a browser opens without a server.

They follow from the database and from nothing else, so that whoever checks a snapshot makes them again. A page links to
comments that stand on others, which are known when the whole thread is made: until then a mark stands for the name of
their page.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from tempfile import TemporaryDirectory

from thread_archive.pages import assets
from thread_archive.pages.addresses import StaticAddresses
from thread_archive.pages.fronts import front_page, front_view
from thread_archive.pages.rendering import Reading, Site, render
from thread_archive.pages.threads import ThreadView, Wanted, pages_of, thread_page
from thread_archive.snapshots.searchdata import SearchData, SearchScope
from thread_archive.store.connections import one_state

SEARCH_PAGE = "search.html"
_MARK = re.compile(r"\x02([a-z2-7]{16})\x03")
_SHOWN = re.compile(r' id="c-([a-z2-7]{16})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAddresses(StaticAddresses):
    """Names of files; of a comment a mark that `_settle` replaces. `branches` collects whose replies need pages."""

    branches: list[str] = field(default_factory=list)

    def comment(self, slug: str, comment: str) -> str:
        """A mark for the page on which the comment stands, and its place there."""
        return f"{self.up}t/{slug}\x02{comment}\x03.html#c-{comment}"

    def branch(self, slug: str, comment: str, page: int = 1) -> str:
        """A page of the replies below a comment, which is noted."""
        if page == 1:
            self.branches.append(comment)
        return StaticAddresses.branch(self, slug, comment, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePages:
    """What the pages say besides what is in the database: whom to ask for removal, and a `notice` on each of them."""

    contact: str = ""
    notice: str = ""

    def reading(self, connection: Connection, up: str) -> Reading:
        """What pages are read from that lie in a folder from which `up` leads to the top."""
        addresses = SiteAddresses(up=up, search_page=SEARCH_PAGE)
        site = Site(addresses=addresses, contact=self.contact, noindex=True, notice=self.notice)
        return Reading(connection=connection, site=site)


def write_site(connection: Connection, folder: Path, pages: SitePages) -> None:
    """Write the site of the snapshot's database to `folder`, which is made."""
    for name in ("t", "data"):
        (folder / name).mkdir(parents=True)
    for name, content in site_files(connection, pages):
        (folder / name).write_bytes(content)


def site_files(connection: Connection, pages: SitePages) -> Iterator[tuple[str, bytes]]:
    """
    The files of the site of the snapshot's database, each by its name, one at a time: it holds no more of them in
    memory, and the pages of a thread on the disk until the last of them is made.
    """
    for asset in assets.ASSETS:
        yield asset, assets.content(asset)
    data = SearchData()
    with one_state(connection), TemporaryDirectory(prefix="thread-archive-") as drafts:
        yield from _encoded("", _fronts(pages.reading(connection, "")))
        for slug, post_id in connection.execute("SELECT slug, id FROM posts ORDER BY id").fetchall():
            thread = _Thread(Path(drafts), slug)
            yield from _encoded("t/", thread.files(pages.reading(connection, "../")))
            scope = SearchScope(post_id=post_id, slug=slug, pages=thread.pages)
            yield from _encoded("data/", data.add(connection, scope))
        yield from _encoded("data/", data.rest())
    top = pages.reading(connection, "").site
    page = render("search_static.html", top, here="search", shards=data.shards, items=data.items)
    yield from _encoded("", [(SEARCH_PAGE, page)])


def _encoded(folder: str, files: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    for name, text in files:
        yield f"{folder}{name}", text.encode()


def _fronts(reading: Reading) -> Iterator[tuple[str, str]]:
    number, more = 1, True
    while more:
        view = front_view(reading, {"sort": "new", "page": str(number)})
        yield reading.site.addresses.front(page=str(number)), front_page(view, reading)
        number, more = number + 1, view.more


class _Thread:
    """The pages of a thread; `pages` tells what follows its slug in the name of the page of each comment."""

    def __init__(self, drafts: Path, slug: str) -> None:
        self._drafts = drafts
        self._slug = slug
        self.pages: dict[str, str] = {}

    def files(self, reading: Reading) -> Iterator[tuple[str, str]]:
        """All pages, with links to those on which the comments stand."""
        suffixes: list[str] = []
        for suffix, shown in _views(reading, self._slug):
            self._draft(len(suffixes)).write_bytes(thread_page(shown, reading).encode())
            suffixes.append(suffix)
            for comment in _SHOWN.findall(shown.discussion):
                self.pages.setdefault(comment, suffix)
        for number, suffix in enumerate(suffixes):
            text = self._draft(number).read_bytes().decode()
            yield f"{self._slug}{suffix}.html", _MARK.sub(lambda match: self.pages.get(match[1], ""), text)

    def _draft(self, number: int) -> Path:
        return self._drafts / f"{number}.html"


def _views(reading: Reading, slug: str) -> Iterator[tuple[str, ThreadView]]:
    """Every page of a thread, then of the branches that these leave for pages of their own."""
    for number, view in enumerate(pages_of(reading, Wanted(slug=slug)), 1):
        yield ("" if number == 1 else f"-{number}"), view
    addresses = reading.site.addresses
    if not isinstance(addresses, SiteAddresses):
        raise TypeError("a site of files has addresses of files")
    done: set[str] = set()
    while addresses.branches:
        comment = addresses.branches.pop()
        if comment in done:
            continue
        done.add(comment)
        for number, view in enumerate(pages_of(reading, Wanted(slug=slug, comment=comment)), 1):
            yield f"-{comment}" + ("" if number == 1 else f"-{number}"), view
