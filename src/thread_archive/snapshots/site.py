"""
The pages of a snapshot as files: the same pages that are served, by their slugs, that a browser opens without a server.

A page links to comments that stand on others, which are known when the whole thread is written: until then a mark
stands for the name of their page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

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


def write_site(connection: Connection, folder: Path, *, contact: str) -> None:
    """Write the site of the snapshot's database to `folder`, which is made; `contact` is whom to ask for removal."""
    (folder / "t").mkdir(parents=True)
    (folder / "data").mkdir()
    for asset in assets.ASSETS:
        (folder / asset).write_bytes(assets.content(asset))
    top = _reading(connection, contact, "")
    with one_state(connection):
        _write_fronts(top, folder)
        with SearchData(folder / "data") as data:
            for slug, post_id in connection.execute("SELECT slug, id FROM posts ORDER BY id").fetchall():
                pages = _write_thread(_reading(connection, contact, "../"), folder / "t", slug)
                data.add(connection, SearchScope(post_id=post_id, slug=slug, pages=pages))
    page = render("search_static.html", top.site, here="search", shards=data.shards, items=data.items)
    (folder / SEARCH_PAGE).write_text(page, "utf-8")


def _reading(connection: Connection, contact: str, up: str) -> Reading:
    addresses = SiteAddresses(up=up, search_page=SEARCH_PAGE)
    return Reading(connection=connection, site=Site(addresses=addresses, contact=contact, noindex=True))


def _write_fronts(reading: Reading, folder: Path) -> None:
    number, more = 1, True
    while more:
        view = front_view(reading, {"sort": "new", "page": str(number)})
        path = folder / reading.site.addresses.front(page=str(number))
        path.write_text(front_page(view, reading), "utf-8")
        number, more = number + 1, view.more


def _write_thread(reading: Reading, folder: Path, slug: str) -> dict[str, str]:
    """Write all pages of a thread; returns what follows its slug in the name of the page of each comment."""
    pages: dict[str, str] = {}
    written: list[Path] = []
    for suffix, shown in _views(reading, slug):
        path = folder / f"{slug}{suffix}.html"
        path.write_text(thread_page(shown, reading), "utf-8")
        written.append(path)
        for comment in _SHOWN.findall(shown.discussion):
            pages.setdefault(comment, suffix)
    for path in written:
        text = path.read_text("utf-8")
        path.write_text(_MARK.sub(lambda match: pages.get(match[1], ""), text), "utf-8")
    return pages


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
