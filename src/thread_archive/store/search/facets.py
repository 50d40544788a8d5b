"""What the items that were found have most: kinds, communities, authors, years."""

import sqlite3
from collections import Counter
from dataclasses import replace
from math import ceil

from thread_archive.store.search.plans import CREATOR, KIND, PUBLISHED, Plan
from thread_archive.store.search.ranking import LISTED, Candidates, candidates, gathered, selected
from thread_archive.store.search.results import Facet, Facets, FacetValue

# Items that are counted unless exact counts are asked for: each has to be looked up.
COUNTED = 1_000
_VALUES = 10


def facets(connection: sqlite3.Connection, how: Plan, found: Candidates, *, exact: bool = False) -> Facets:
    """Counts over the candidates of a plan: of about COUNTED of them, evenly taken, or, if `exact`, of all matches."""
    if exact:
        counted = found if found.complete else candidates(connection, how, how.match, everything=True)
    else:
        counted = _sample(connection, found)
    columns = f"{KIND}, post.community_id, {CREATOR}, substr({PUBLISHED}, 1, 4)"
    rows = connection.execute(selected(counted, how, columns), counted.values).fetchall()
    kinds, communities, authors, years = (
        (Counter(column) for column in zip(*rows, strict=True)) if rows else [Counter()] * 4
    )
    authors.pop(None, None)
    return Facets(
        facets=(
            Facet(name="kind", values=tuple(_value(kind, n, f"kind:{kind}") for kind, n in kinds.most_common())),
            Facet(name="community", values=_actors(connection, "communities", communities)),
            Facet(name="author", values=_actors(connection, "people", authors)),
            Facet(
                name="year",
                values=tuple(
                    _value(year, years[year], f"after:{year} before:{int(year) + 1}")
                    for year in sorted(years, reverse=True)[:_VALUES]
                ),
            ),
        ),
        counted=len(rows),
        approximate=not counted.complete,
    )


def _sample(connection: sqlite3.Connection, found: Candidates) -> Candidates:
    """Every n-th of the candidates, which come in the order in which they were archived."""
    if found.gathered is not None:
        rows = found.gathered
    elif found.matches <= COUNTED:
        return found
    else:
        # Without bm25, which is most of what candidates cost.
        listed = LISTED if "match" in found.values else found.sql
        rows = connection.execute(listed, found.values).fetchall()
    taken = rows[:: ceil(len(rows) / COUNTED)]
    return replace(gathered(found, taken), complete=found.complete and len(taken) == len(rows))


def _value(label: str, count: int, text: str) -> FacetValue:
    return FacetValue(label=label, count=count, filter=text)


def _actors(connection: sqlite3.Connection, table: str, counts: Counter[int]) -> tuple[FacetValue, ...]:
    query = f"SELECT name, domain FROM {table} JOIN instances ON instances.id = instance_id WHERE {table}.id = ?"
    name = "author" if table == "people" else "community"
    values = []
    for row_id, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_VALUES]:
        label = "@".join(connection.execute(query, [row_id]).fetchone())
        values.append(_value(label, count, f'{name}:"{label}"' if " " in label else f"{name}:{label}"))
    return tuple(values)
