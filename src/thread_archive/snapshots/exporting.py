"""One thread in one file: a page that needs nothing beside it, a text, or rows."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO

from markupsafe import Markup

from thread_archive.controls import escaped_controls, without_controls
from thread_archive.exceptions import UnknownThreadError
from thread_archive.pages import assets
from thread_archive.pages.addresses import StaticAddresses
from thread_archive.pages.assets import digest
from thread_archive.pages.rendering import Reading, Site
from thread_archive.pages.threads import Wanted, pages_of, thread_page
from thread_archive.snapshots import markdown
from thread_archive.store.archive import Archive, translated
from thread_archive.store.connections import one_state
from thread_archive.store.reading import Item, thread_items

FORMATS = ("html", "md", "jsonl", "csv")
# What makes a spreadsheet take the text of a cell for something to compute.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_COLUMNS = (
    "kind", "ap_id", "parent", "depth", "author", "author_name", "title", "url", "community", "body", "published_at",
    "edited_at", "score", "upvotes", "downvotes", "deleted", "removed", "distinguished", "is_op", "is_moderator",
    "is_admin", "is_bot", "language", "instance", "locked", "nsfw", "featured", "reason", "local_id", "id", "site",
    "status", "purged_at", "attested_by", "unconfirmed",
)  # fmt: skip


def export(archive: Archive, post_id: int, form: str, raw: bool = False) -> Iterator[str]:
    """
    The thread of the row `post_id` as `html`, `md`, `jsonl` or `csv`, in pieces; characters that steer whoever shows a
    text, and formulas, only where `raw` asks for every character as it was written.
    """
    yield from _WRITERS[form](archive, post_id, raw)


# ------------------------------------------------------------------------------------------------------------ rows


def _jsonl(archive: Archive, post_id: int, raw: bool) -> Iterator[str]:
    """JSON has escapes: nothing is lost by them."""
    for item in thread_items(archive, post_id):
        text = json.dumps(item.fields, ensure_ascii=False)
        yield (text if raw else escaped_controls(text)) + "\n"


def _csv(archive: Archive, post_id: int, raw: bool) -> Iterator[str]:
    """RFC 4180, with a header; no cell is taken for a formula, unless it is to stay as it was written."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for item in thread_items(archive, post_id):
        writer.writerow([_cell(item.fields.get(name), raw=raw) for name in _COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: object, *, raw: bool) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        value = " ".join(map(str, value))
    if raw or not isinstance(value, str):
        return value
    # In this order: what is left out may stand before a formula.
    text = without_controls(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


# ------------------------------------------------------------------------------------------------------------ text


def _markdown(archive: Archive, post_id: int, raw: bool) -> Iterator[str]:
    # Before it is made: what is left out may stand within a sign, which then would reach further than its text.
    items = thread_items(archive, post_id)
    for line in markdown.lines(items if raw else map(_harmless, items)):
        yield f"{line}\n"


def _harmless(item: Item) -> Item:
    """An item whose texts hold nothing that steers whoever shows them."""
    fields = {name: without_controls(value) if isinstance(value, str) else value for name, value in item.fields.items()}
    if item.page is None:
        return replace(item, fields=fields)
    paragraphs = tuple(replace(block, text=without_controls(block.text)) for block in item.page.paragraphs)
    return replace(
        item, fields=fields, page=replace(item.page, title=without_controls(item.page.title), paragraphs=paragraphs)
    )


# ------------------------------------------------------------------------------------------------------------ page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAddresses(StaticAddresses):
    """Places on one page; `branches` collects whose replies stand at its end."""

    branches: list[str] = field(default_factory=list)

    def front(self, **query: str) -> str:  # noqa: ARG002 - there is nothing but the page
        """The top of the page."""
        return "#main"

    def thread(self, slug: str, *, page: int = 1, sort: str = "thread", fragment: str = "") -> str:  # noqa: ARG002 - one page
        """A place on the page."""
        return f"#{fragment or 'main'}"

    def comment(self, slug: str, comment: str) -> str:  # noqa: ARG002 - one thread
        """A comment on the page."""
        return f"#c-{comment}"

    def branch(self, slug: str, comment: str, page: int = 1) -> str:  # noqa: ARG002 - one thread
        """The replies below a comment, at the end of the page."""
        self.branches.append(comment)
        return f"#b-{comment}"


def _html(archive: Archive, post_id: int, raw: bool) -> Iterator[str]:
    """The thread's page with all its comments, its stylesheet and script inside: nothing else is asked for or run."""
    connection = archive.db.conn
    addresses = PageAddresses()
    with translated(archive.path), one_state(connection):
        row = connection.execute("SELECT slug FROM posts WHERE id = ?", [post_id]).fetchone()
        if row is None:
            raise UnknownThreadError("The archive has no such thread.", next="`thread-archive ls` lists what it has.")
        reading = Reading(connection=connection, site=Site(addresses=addresses))
        views = list(pages_of(reading, Wanted(slug=row[0])))
        parts = list(_each_once([*(view.discussion for view in views), *_branches(reading, row[0], addresses)]))
        # Markup: pages' own HTML, put together.
        whole = replace(views[0], discussion=Markup("\n".join(parts)), more=False)  # noqa: S704
        page = thread_page(whole, reading)
        # Every text in it is escaped: what is left out stands in none of the page's own signs.
        page = page if raw else without_controls(page)
    style, script = (f"\n{assets.content(name).decode()}" for name in ("pages.css", "pages.js"))
    allowed = f"default-src 'none'; img-src data:; style-src '{digest(style)}'; script-src '{digest(script)}'"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}', 1)
    page = page.replace('<link rel="stylesheet" href="pages.css">', f"<style>{style}</style>", 1)
    yield page.replace('<script src="pages.js"></script>', f"<script>{script}</script>", 1)


def _each_once(parts: Iterable[str]) -> Iterator[str]:
    """The same HTML with every comment known by its name where it stands first."""
    seen: set[str] = set()

    def first(match: re.Match[str]) -> str:
        if match[1] in seen:
            return ""
        seen.add(match[1])
        return match[0]

    for part in parts:
        yield re.sub(r' id="(c-[a-z2-7]{16})"', first, part)


def _branches(reading: Reading, slug: str, addresses: PageAddresses) -> Iterator[str]:
    """What lies too deep to be indented further, branch by branch, each under the comment that it goes on from."""
    done: set[str] = set()
    while addresses.branches:
        comment = addresses.branches.pop()
        if comment in done:
            continue
        done.add(comment)
        for view in pages_of(reading, Wanted(slug=slug, comment=comment)):
            # The comment stands further up already, under its own name.
            yield re.sub(rf' id="c-{comment}"', f' id="b-{comment}"', view.discussion, count=1)


_WRITERS: Mapping[str, Callable[[Archive, int, bool], Iterator[str]]] = {
    "html": _html,
    "md": _markdown,
    "jsonl": _jsonl,
    "csv": _csv,
}
