"""
The archive in Datasette: a plugin, found by its entry point, for both lines (0.65 and 1.0).

It acts on files with our `application_id` only; beside other databases it changes nothing of theirs.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from datasette import hookimpl

from thread_archive.web import describing, doors, lines, policies, views
from thread_archive.web.archives import archives, notice, sole


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Callable[..., Any]]]:
    """Our pages; Datasette's own index moves to `/-/` where `/` is ours."""
    index = lines.stock_index(datasette) if sole(datasette) else []
    return [*views.routes(datasette), *index]


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[doors.App], doors.App]:
    """Hosts that the site answers to, the doors of a public site, and headers that let no row run."""
    return lambda app: doors.doorkeeper(datasette, app)


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """Datasette's own scripts get what tells them from any other."""
    policies.template_nonces(env)


@hookimpl
def get_metadata(datasette: Any) -> dict[str, Any]:
    """0.65 asks for what tables and columns mean."""
    databases = {name: describing.metadata() for name in archives(datasette)}
    return {"databases": databases} if databases else {}


@hookimpl
def canned_queries(datasette: Any, database: str) -> Mapping[str, Mapping[str, str]]:
    """0.65 asks for queries, and shows their source where there is one."""
    if database not in archives(datasette):
        return {}
    source = {"source": notice(datasette)} if notice(datasette) else {}
    return {name: {**query, **source} for name, query in describing.QUERIES.items()}


@hookimpl
def startup(datasette: Any) -> Callable[[], Any]:
    """1.0 is told both when it starts."""

    async def tell() -> None:
        for name in archives(datasette):
            await lines.describe(datasette, name, describing.metadata())
            await lines.keep_queries(datasette, name, describing.QUERIES)

    return tell


@hookimpl(trylast=True)
def permission_allowed(datasette: Any, resource: Any) -> bool | None:
    """0.65 asks whether something is allowed, and what is answered last counts: no, or what others say."""
    database = resource[0] if isinstance(resource, tuple) else resource
    return False if database in doors.closed(datasette) else None


@hookimpl
def permission_resources_sql(datasette: Any) -> Any:
    """1.0 asks for rules as SQL: what a public site denies."""
    return [lines.denial(name, number) for number, name in enumerate(sorted(doors.closed(datasette)))] or None


@hookimpl
def top_row(datasette: Any) -> str:
    """What every page says first: 1.0 shows the source, where it stands too, on pages of databases and tables only."""
    return escape(notice(datasette))


@hookimpl
def top_query(datasette: Any) -> str:
    """The same above what a query gives."""
    return escape(notice(datasette))


@hookimpl
def top_stored_query(datasette: Any) -> str:
    """The same above what a stored query gives."""
    return escape(notice(datasette))


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    """The way back from tables to threads."""
    found = archives(datasette)
    if not found:
        return []
    href = "/" if sole(datasette) else "/-/threads"
    return [{"href": datasette.urls.path(href), "label": "Threads"}]
