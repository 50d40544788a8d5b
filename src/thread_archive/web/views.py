"""Our pages in Datasette: each is read and made in one of Datasette's own threads, from one state of the archive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from datasette.utils import sqlite_timelimit

from thread_archive.pages import assets
from thread_archive.pages.addresses import ServedAddresses
from thread_archive.pages.documents import front_document, thread_document
from thread_archive.pages.feeds import front_feed, thread_feed
from thread_archive.pages.fronts import front_page, front_view, page_number
from thread_archive.pages.ordering import Sort
from thread_archive.pages.rendering import Reading, Site, render
from thread_archive.pages.searches import search_document, search_feed, search_page, search_view
from thread_archive.pages.threads import Wanted, thread_page, thread_view
from thread_archive.pages.times import this_hour
from thread_archive.store.connections import one_state
from thread_archive.store.restrictions import leave_out
from thread_archive.store.search import Sort as SearchSort
from thread_archive.web.archives import PLUGIN, ServedArchive, also_shown, archives, is_public, notice
from thread_archive.web.responses import ATOM, FOR_EVER, HTML, IMMUTABLE, JSON, MUTABLE, answer

# Nothing that a page asks of a sound archive takes near as long; a file made to be slow shall not hold a thread.
_MOST_MILLISECONDS = 20_000
_TYPES = {"html": HTML, "json": JSON, "atom": ATOM}
# What an address holds: 80 bits in base32.
SLUG = "[a-z2-7]{16}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, of which archive, in which format; `origin` is the site's scheme and host."""

    archive: ServedArchive
    format: str
    query: Mapping[str, str]
    origin: str
    variables: Mapping[str, str]


Make = Callable[[Reading, Asked], str | None]


async def respond(datasette: Any, request: Any, make: Make) -> Any:
    """What `make` gives for the archive that the address names; a page that says so where it gives nothing."""
    variables = {name: value for name, value in request.url_vars.items() if value is not None}
    archive = _archive_of(datasette, variables.pop("archive", None))
    if archive is None:
        return answer(request, "There is no such archive here.", "text/plain; charset=utf-8", cache=MUTABLE, status=404)
    asked = Asked(
        archive=archive,
        format=variables.pop("format", "html"),
        query={name: request.args.get(name) or "" for name in request.args},
        origin=f"{request.scheme}://{request.host}",
        variables=variables,
    )
    site = site_of(datasette, archive)

    def in_thread(connection: Any) -> str | None:
        with sqlite_timelimit(connection, _MOST_MILLISECONDS), one_state(connection):
            now, public = this_hour() if archive.is_mutable else None, is_public(datasette)
            hidden: dict[int, int] = {}
            if public:
                purged, unconfirmed = also_shown(datasette)
                hidden = leave_out(connection, purged=purged, unconfirmed=unconfirmed)
            return make(Reading(connection=connection, site=site, public=public, hidden=hidden, now=now), asked)

    made = await datasette.databases[archive.name].execute_fn(in_thread)
    cache = MUTABLE if archive.is_mutable else IMMUTABLE
    if made is None:
        page = render("nothing.html", site, why="The archive has no thread or comment at this address.")
        return answer(request, page, HTML, cache=MUTABLE, status=404)
    return answer(request, made, _TYPES[asked.format], cache=cache)


def _archive_of(datasette: Any, name: str | None) -> ServedArchive | None:
    found = archives(datasette)
    if name is not None:
        return found.get(name)
    # Without a name in the address: the one that has the site for itself, or the only one among others.
    return next(iter(found.values())) if len(found) == 1 else None


def site_of(datasette: Any, archive: ServedArchive) -> Site:
    """What the pages of an archive share."""
    base = datasette.urls.path(archive.base or "/").rstrip("/")
    public = is_public(datasette)
    return Site(
        addresses=ServedAddresses(base=str(base)),
        stem=archive.name,
        data="" if public else str(datasette.urls.database(archive.name)),
        noindex=public,
        notice=notice(datasette),
    )


def make_front(reading: Reading, asked: Asked) -> str | None:
    """The list of threads."""
    view = front_view(reading, asked.query)
    if asked.format == "json":
        return front_document(view, reading)
    if asked.format == "atom":
        return front_feed(view, reading, asked.origin)
    return front_page(view, reading)


def make_thread(reading: Reading, asked: Asked) -> str | None:
    """A thread, a page of it, or a comment in its context."""
    slug, query = asked.variables["slug"], asked.query
    if asked.format == "json":
        return thread_document(reading, slug, tree=query.get("shape") == "tree")
    if asked.format == "atom":
        return thread_feed(reading, slug, asked.origin)
    sort = Sort(query["sort"]) if query.get("sort") in set(Sort) else Sort.THREAD
    wanted = Wanted(slug=slug, sort=sort, page=page_number(query), comment=query.get("c", ""))
    view = thread_view(reading, wanted)
    return thread_page(view, reading) if view else None


def make_search(reading: Reading, asked: Asked) -> str | None:
    """What a search finds; a feed has the newest first unless it is asked for otherwise."""
    view = search_view(reading, asked.query, sort=SearchSort.NEWEST if asked.format == "atom" else SearchSort.RELEVANCE)
    if asked.format == "json":
        return search_document(view, reading)
    if asked.format == "atom":
        return search_feed(view, reading, asked.origin)
    return search_page(view, reading)


async def front(request: Any, datasette: Any) -> Any:
    """`/`, or `/-/threads/NAME/` where there are other databases."""
    return await respond(datasette, request, make_front)


async def thread(request: Any, datasette: Any) -> Any:
    """`/t/SLUG`."""
    return await respond(datasette, request, make_thread)


async def search(request: Any, datasette: Any) -> Any:
    """`/search?q=`."""
    return await respond(datasette, request, make_search)


async def chooser(request: Any, datasette: Any) -> Any:
    """`/-/threads` beside other databases: the threads of the only archive, or which archives there are."""
    found = archives(datasette)
    if len(found) == 1:
        return await front(request, datasette)
    sites = {name: site_of(datasette, archive) for name, archive in found.items()}
    first = next(iter(sites.values()), None)
    if first is None:
        return answer(request, "There is no archive here.", "text/plain; charset=utf-8", cache=MUTABLE, status=404)
    site = replace(first, stem="", data=str(datasette.urls.instance()))
    return answer(request, render("archives.html", site, sites=sites), HTML, cache=MUTABLE)


async def asset(request: Any) -> Any:
    """The stylesheet and the script: their names change with them."""
    name = assets.by_hashed_name().get(request.url_vars["name"])
    if name is None:
        return answer(request, "No such file.", "text/plain; charset=utf-8", cache=MUTABLE, status=404)
    return answer(request, assets.content(name), assets.content_type(name), cache=FOR_EVER)


async def robots(request: Any) -> Any:
    """`/robots.txt` of a public site: other people's words are not for search engines to spread."""
    return answer(request, "User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8", cache=IMMUTABLE)


def routes(datasette: Any) -> list[tuple[str, Callable[..., Any]]]:
    """The addresses of our pages; none at all where no database is an archive."""
    found = archives(datasette)
    if not found:
        return []
    made: list[tuple[str, Callable[..., Any]]] = [(rf"^/-/{PLUGIN}/(?P<name>[\w.-]{{1,80}})$", asset)]
    if is_public(datasette):
        made.append((r"^/robots\.txt$", robots))
    alone = any(not archive.base for archive in found.values())
    if not alone:
        made.append((r"^/-/threads/?$", chooser))
    base = "" if alone else "/-/threads/(?P<archive>[^/]+)"
    asset_path = [] if alone else [(rf"^{base}/-/{PLUGIN}/(?P<name>[\w.-]{{1,80}})$", asset)]
    return [
        *made,
        *asset_path,
        (rf"^{base}/(\.(?P<format>json|atom))?$", front),
        (rf"^{base}/(?:threads|index)\.(?P<format>json|atom)$", front),
        (rf"^{base}/search(\.(?P<format>json|atom))?$", search),
        (rf"^{base}/t/(?P<slug>{SLUG})(\.(?P<format>json|atom))?$", thread),
    ]
