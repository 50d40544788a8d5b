"""Templates: one environment for all pages. Everything is escaped but what is marked as sanitised HTML of our own."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from thread_archive.pages.addresses import Addresses
from thread_archive.pages.times import ago, day, exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    What all pages of a site share.

    `name` stands at the top; `stem` is the archive's name; `data` links to its tables (empty where there is no such
    thing); `noindex` asks search engines to stay away.
    """

    addresses: Addresses
    name: str = "thread-archive"
    stem: str = ""
    data: str = ""
    noindex: bool = False


@cache
def environment() -> Environment:
    """The templates' environment; undefined names are errors."""
    made = Environment(
        loader=PackageLoader("thread_archive.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"exact": exact, "day": day, "ago": ago, "number": lambda value: f"{value:,}"}
    return made


def render(template: str, site: Site, **values: Any) -> str:
    """One page; `here` says which (`front`, `thread`, `search`), for the navigation."""
    values.setdefault("here", "")
    return environment().get_template(template).render(site=site, **values)
