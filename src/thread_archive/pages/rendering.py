"""Templates: one environment for all pages. Everything is escaped but what is marked as sanitised HTML of our own."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from thread_archive.pages import fragments
from thread_archive.pages.addresses import Addresses
from thread_archive.pages.articles import wayback
from thread_archive.pages.times import time_html
from thread_archive.urls import host_in

_LONGEST_URL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    What all pages of a site share.

    `name` stands at the top; `stem` is the archive's name; `data` links to its tables (empty where there is no such
    thing); `noindex` asks search engines to stay away; `contact` is whom to ask for removal; `notice` is what
    every page says first, if anything.
    """

    addresses: Addresses
    name: str = "thread-archive"
    stem: str = ""
    data: str = ""
    noindex: bool = False
    contact: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    What a page is read from and for whom: one state of an archive, and the site that it is a page of.

    `public` leaves out what is not for everybody; `hidden` says how many comments that are, by the row of their post;
    `now` is what relative times are told from (none are without it).
    """

    connection: sqlite3.Connection
    site: Site
    public: bool = False
    hidden: Mapping[int, int] = field(default_factory=dict)
    now: datetime | None = None


def _safe(fragment: Callable[..., str]) -> Callable[..., Markup]:
    """A function that escapes what it is given, for templates."""
    return lambda *values: Markup(fragment(*values))  # noqa: S704 - its output is escaped already


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
    made.filters |= {
        "time": time_html,
        "number": _safe(fragments.number),
        "shown_url": shown_url,
        "host": host_in,
        "edited": _safe(fragments.edited),
        "wayback": wayback,
    }
    made.globals |= {
        "link": _safe(fragments.link),
        "author": _safe(fragments.author),
        "points": _safe(fragments.points),
        "mark": _safe(fragments.mark),
        "purged": _safe(fragments.purged),
        "unshown": _safe(fragments.unshown),
        "unconfirmed": Markup(fragments.UNCONFIRMED),  # noqa: S704 - a constant
        "restricted": Markup(fragments.RESTRICTED),  # noqa: S704 - a constant
        "rel": Markup(fragments.LINK),  # noqa: S704 - a constant
    }
    return made


def shown_url(url: str) -> str:
    """A URL as a reader wants to see it: without its scheme, not longer than a line or two."""
    shown = url.partition("://")[2].removeprefix("www.").rstrip("/") or url
    return shown if len(shown) <= _LONGEST_URL else f"{shown[:_LONGEST_URL]}…"


def render(template: str, site: Site, **values: Any) -> str:
    """One page; `here` says which (`front`, `thread`, `search`), for the navigation."""
    values.setdefault("here", "")
    return environment().get_template(template).render(site=site, **values)
