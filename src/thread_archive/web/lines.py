"""
What the two lines of Datasette (0.65 and 1.0) do differently, each once.

0.65 asks hooks for metadata, queries and permissions. 1.0 is told metadata and queries when it starts, takes table
settings from its configuration, and asks for permissions as SQL.
"""

from collections.abc import Mapping
from typing import Any

IS_ONE: bool
try:
    from datasette.permissions import PermissionSQL

    IS_ONE = True
except ImportError:
    IS_ONE = False

# Keys of a table that are settings in 1.0, and not metadata.
_SETTINGS = frozenset({"label_column", "sort", "sort_desc", "facets", "fts_table", "fts_pk", "size", "hidden"})


def stock_index(datasette: Any) -> list[tuple[str, Any]]:
    """The route of Datasette's own index where `/` is ours: 1.0 has it at `/-/`, and so 0.65 gets it there."""
    if IS_ONE:
        return []
    from datasette.views.index import IndexView

    view = IndexView.as_view(datasette)

    async def index(request: Any, send: Any) -> Any:
        return await view(request, send)

    return [(r"^/-/?(\.(?P<format>jsono?))?$", index)]


async def describe(datasette: Any, database: str, metadata: Mapping[str, Any]) -> None:
    """Tell 1.0 what a database's tables and columns mean and how they are shown; what the owner said stays."""
    if not IS_ONE:
        return
    config = datasette.config.setdefault("databases", {}).setdefault(database, {}).setdefault("tables", {})
    for table, values in metadata["tables"].items():
        settings = {key: value for key, value in values.items() if key in _SETTINGS}
        config[table] = settings | config.get(table, {})
        said = await datasette.get_resource_metadata(database, table)
        if "description" in values and not said.get("description"):
            await datasette.set_resource_metadata(database, table, "description", values["description"])
        for column, sentence in values.get("columns", {}).items():
            if not (await datasette.get_column_metadata(database, table, column)).get("description"):
                await datasette.set_column_metadata(database, table, column, "description", sentence)


async def keep_queries(datasette: Any, database: str, queries: Mapping[str, Mapping[str, str]]) -> None:
    """Give 1.0 the queries; those of the owner's that are called the same stay."""
    if not IS_ONE:
        return
    for name, query in queries.items():
        if await datasette.get_query(database, name) is None:
            await datasette.add_query(
                database=database,
                name=name,
                sql=query["sql"],
                title=query["title"],
                description=query["description"],
                is_trusted=True,
                source="thread-archive",
            )


def denial(database: str, number: int) -> Any:
    """1.0: everything of a database is denied; `number` keeps the name of its parameter apart from another's."""
    sql = f"SELECT :ta_database_{number} AS parent, NULL AS child, 0 AS allow, 'this site is public' AS reason"
    return PermissionSQL(sql=sql, params={f"ta_database_{number}": database})
