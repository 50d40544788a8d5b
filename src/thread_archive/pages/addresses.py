"""Where pages are: paths of a served site, or names of files in a static one. Templates ask here and write no link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from thread_archive.pages.assets import hashed_name, integrity


class Addresses(Protocol):
    """Addresses of all pages, from wherever the page stands that is being made."""

    def front(self, **query: str) -> str:
        """The list of threads; `query` are its filters, sort and page."""
        ...

    def thread(self, slug: str, *, page: int = 1, sort: str = "thread", fragment: str = "") -> str:
        """A thread, or one page of it."""
        ...

    def comment(self, slug: str, comment: str) -> str:
        """A comment (by its own slug) in its context."""
        ...

    def branch(self, slug: str, comment: str, page: int = 1) -> str:
        """The replies below a comment, on pages of their own."""
        ...

    def search(self, **query: str) -> str:
        """The search page; empty where there is none."""
        ...

    def asset(self, name: str) -> str:
        """The stylesheet or script called `name`."""
        ...

    def integrity(self, name: str) -> str:
        """The digest that the script called `name` has to have; empty where a browser does not ask for one."""
        ...

    def feed(self, slug: str | None = None) -> str:
        """The Atom feed of new threads, or of a thread; empty where there is none."""
        ...

    def data(self, slug: str | None = None) -> str:
        """The list of threads, or a thread, as JSON; empty where there is none."""
        ...

    @property
    def sorts(self) -> bool:
        """Whether lists can be asked for in other orders."""
        ...


def with_query(path: str, query: Mapping[str, str]) -> str:
    """`path` with what is not empty in `query`."""
    wanted = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(wanted)}" if wanted else path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedAddresses:
    """Paths below `base` (without a slash at its end) of a server."""

    base: str = ""
    sorts: bool = True

    def front(self, **query: str) -> str:
        """The list of threads."""
        return with_query(f"{self.base}/", query)

    def thread(self, slug: str, *, page: int = 1, sort: str = "thread", fragment: str = "") -> str:
        """A thread, or one page of it."""
        query = {"sort": "" if sort == "thread" else sort, "page": "" if page == 1 else str(page)}
        return with_query(f"{self.base}/t/{slug}", query) + (f"#{fragment}" if fragment else "")

    def comment(self, slug: str, comment: str) -> str:
        """A comment in its context."""
        return f"{self.base}/t/{slug}?c={comment}#c-{comment}"

    def branch(self, slug: str, comment: str, page: int = 1) -> str:
        """The replies below a comment."""
        return with_query(f"{self.base}/t/{slug}", {"c": comment, "page": "" if page == 1 else str(page)})

    def search(self, **query: str) -> str:
        """The search page."""
        return with_query(f"{self.base}/search", query)

    def asset(self, name: str) -> str:
        """The stylesheet or script, under a name that changes with what is in it."""
        return f"{self.base}/-/thread-archive/{hashed_name(name)}"

    def integrity(self, name: str) -> str:
        """The digest by which the pages' policy allows the script."""
        return integrity(name)

    def feed(self, slug: str | None = None) -> str:
        """The Atom feed."""
        return f"{self.base}/t/{slug}.atom" if slug else f"{self.base}/threads.atom"

    def data(self, slug: str | None = None) -> str:
        """The JSON."""
        return f"{self.base}/t/{slug}.json" if slug else f"{self.base}/threads.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticAddresses:
    """
    Names of files, relative to the page that is being made: `up` is `../` in a folder, empty at the top.

    `search_page` is the name of a page that searches, where there is one. Where a comment is, whoever makes the files
    has to say.
    """

    up: str = ""
    search_page: str = ""
    sorts: bool = False

    def front(self, **query: str) -> str:
        """The list of threads, one file a page."""
        page = query.get("page") or "1"
        return f"{self.up}index.html" if page == "1" else f"{self.up}index-{page}.html"

    def thread(self, slug: str, *, page: int = 1, sort: str = "thread", fragment: str = "") -> str:  # noqa: ARG002 - a static thread has one order
        """A thread, one file a page."""
        name = f"{slug}.html" if page == 1 else f"{slug}-{page}.html"
        return f"{self.up}t/{name}" + (f"#{fragment}" if fragment else "")

    def branch(self, slug: str, comment: str, page: int = 1) -> str:
        """The replies below a comment, one file a page."""
        name = f"{slug}-{comment}.html" if page == 1 else f"{slug}-{comment}-{page}.html"
        return f"{self.up}t/{name}"

    def search(self, **query: str) -> str:  # noqa: ARG002 - no server reads it
        """The page that searches."""
        return f"{self.up}{self.search_page}" if self.search_page else ""

    def asset(self, name: str) -> str:
        """The stylesheet or script."""
        return f"{self.up}{name}"

    def integrity(self, name: str) -> str:  # noqa: ARG002 - there is none
        """None: browsers check it in nothing that comes from a file."""
        return ""

    def feed(self, slug: str | None = None) -> str:  # noqa: ARG002 - there is none
        """No feed."""
        return ""

    def data(self, slug: str | None = None) -> str:  # noqa: ARG002 - there is none
        """No JSON."""
        return ""
