"""
What follows from the database of a snapshot, made anew and compared: what pages show of the texts, and all other files.

Nobody reads the database itself: people see pages, searches and descriptions. Where these said something else, a
snapshot would verify and show what nobody wrote.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from html import unescape

from thread_archive.articles.blocks import blocks_of_html
from thread_archive.counting import counted
from thread_archive.markup import base_of, render
from thread_archive.slugs import slug
from thread_archive.snapshots import describing
from thread_archive.snapshots.database import PSEUDONYMISED, is_pseudonymised
from thread_archive.snapshots.describing import DatabaseFile, Told
from thread_archive.snapshots.foreign import tags_of
from thread_archive.snapshots.layout import DATABASE, DESCRIPTION, SITE
from thread_archive.snapshots.numbering import Paths
from thread_archive.snapshots.site import SitePages, site_files
from thread_archive.store.checks import Finding
from thread_archive.store.connections import tuples
from thread_archive.store.restrictions import PURGED, UNCONFIRMED

TEXTS, FILES = "texts", "derived"
# More than these say nothing that the first ones do not.
_MOST_NAMED = 10
# A tag that nothing ends is read once, to the end.
_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*+)?[^>]*+>?")
# What does not part words.
_INLINE = frozenset(("a", "code", "em", "strong", "s", "sub", "sup", "span", "b", "i", "del", "ins", "u", "mark"))
_ITEMS = """
SELECT 'post', post.ap_id, post.ap_id, post.body, post.body_html, post.body_text
FROM posts AS post WHERE post.body_html IS NOT NULL OR post.body_text IS NOT NULL
UNION ALL
SELECT 'comment', comment.ap_id, post.ap_id, comment.body, comment.body_html, comment.body_text
FROM comments AS comment JOIN posts AS post ON post.id = comment.post_id
WHERE comment.body_html IS NOT NULL OR comment.body_text IS NOT NULL"""


_EXACT = "published_at NOT LIKE '%T00:00:00.000000Z' OR score IS NOT NULL OR upvotes IS NOT NULL"
# An option, the value of it with which its rows may be there, and those rows.
_LEFT_OUT: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("restricted", True, tuple(f"SELECT 1 FROM {table} WHERE restricted" for table in ("posts", "comments"))),
    ("purged", True, tuple(f"SELECT 1 FROM {table} WHERE {PURGED}" for table in ("posts", "comments"))),
    ("unconfirmed", True, (f"SELECT 1 FROM comments WHERE {UNCONFIRMED}",)),
    (
        "coarse",
        False,
        (
            *(f"SELECT 1 FROM {table} WHERE {_EXACT}" for table in ("posts", "comments")),
            "SELECT 1 FROM scores",
            "SELECT 1 FROM local_ids",
        ),
    ),
)


def check_texts(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Whether the HTML, the plain text and the addresses of all items are what their Markdown and their ap_ids give."""
    problem = _item_problem(connection) or _article_problem(connection) or _place_problem(connection)
    message = problem or "pages show of every text what it says"
    yield Finding(check=TEXTS, ok=not problem, path=DATABASE, message=message)


def _item_problem(connection: sqlite3.Connection) -> str:
    for kind, ap_id, post, body, html, text in connection.execute(_ITEMS):
        rendered = render(body, base=base_of(post))
        if html is not None and not _says_the_same(html, rendered.html):
            return f"the HTML of the {kind} {ap_id} is not what this release makes of its text"
        if text is not None and text != rendered.text:
            return f"the plain text of the {kind} {ap_id} is not what this release makes of its text"
    return ""


def _says_the_same(html: str, expected: str) -> bool:
    """Whether both have the same tags and words: releases of a library write signs and line breaks otherwise."""
    return html == expected or (tags_of(html) == tags_of(expected) and _words(html) == _words(expected))


def _words(html: str) -> list[str]:
    def space(match: re.Match[str]) -> str:
        return "" if (match[1] or "").removeprefix("/").lower() in _INLINE else " "

    return unescape(_TAG.sub(space, html)).split()


def _article_problem(connection: sqlite3.Connection) -> str:
    """An article's paragraphs are what searches find and show; its HTML is what its page shows."""
    for row_id, url, html in connection.execute("SELECT id, url, html FROM articles"):
        shown = [word for paragraph in blocks_of_html(html).paragraphs for word in paragraph.text.split()]
        paragraphs = tuples(
            connection, "SELECT text FROM article_paragraphs WHERE article_id = ? ORDER BY number", row_id
        )
        if shown != [word for (text,) in paragraphs for word in text.split()]:
            return f"the paragraphs of the article {url} are not those of its HTML"
    return ""


def _place_problem(connection: sqlite3.Connection) -> str:
    for ap_id, own in connection.execute("SELECT ap_id, slug FROM posts"):
        if slug(ap_id) != own:
            return f"the address of the page of {ap_id} is not its own"
    path_of = Paths()
    for number, depth, path in connection.execute("SELECT id, depth, path FROM comments ORDER BY id"):
        if path_of(number, depth) != path:
            return f"the path of comment {number} is not the one of its place"
    return ""


def check_derived(
    connection: sqlite3.Connection, file: DatabaseFile, digests: Mapping[str, str], told: Told
) -> Iterator[Finding]:
    """
    Whether the files beside the database, whose `digests` are known, are byte by byte those that it gives. Holds one of
    them in memory at a time.
    """
    wrong = list(_differences(connection, file, digests, told))
    for name, message in wrong[:_MOST_NAMED]:
        yield Finding(check=FILES, ok=False, path=name, message=message)
    if len(wrong) > _MOST_NAMED:
        yield Finding(check=FILES, ok=False, path="", message=f"so are {len(wrong) - _MOST_NAMED:,} more")
    if not wrong:
        message = f"{counted(len(digests) - 1, 'file')} beside the database, all as it gives them"
        yield Finding(check=FILES, ok=True, path="", message=message)


def _differences(
    connection: sqlite3.Connection, file: DatabaseFile, digests: Mapping[str, str], told: Told
) -> Iterator[tuple[str, str]]:
    if told.options.get(PSEUDONYMISED) != is_pseudonymised(connection):
        yield "", "the database and its description differ in whether people have other names"
    yield from _untrue(connection, told.options)
    left = set(digests) - {DATABASE}
    for name, content in derived_files(connection, file, told):
        if name not in left:
            yield name, "it is missing, and the database gives it"
        elif hashlib.sha256(content).hexdigest() != digests[name]:
            yield name, "it is not what the database gives"
        left.discard(name)
    for name in sorted(left):
        yield name, "the database gives no such file"


def _untrue(connection: sqlite3.Connection, options: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """What a description says is left out of the database, and is in it: whoever shares the copy relies on that."""
    for option, left_out, queries in _LEFT_OUT:
        if options.get(option, False) == left_out:
            continue
        if any(connection.execute(f"SELECT EXISTS ({query})").fetchone()[0] for query in queries):
            yield DESCRIPTION, f"its option {option} is {str(not left_out).lower()}, and the database says otherwise"


def derived_files(connection: sqlite3.Connection, file: DatabaseFile, told: Told) -> Iterator[tuple[str, bytes]]:
    """All files of a snapshot that follow from its database and from what it tells besides."""
    yield from describing.describe(connection, file, told).files.items()
    if told.options.get("site"):
        for name, content in site_files(connection, SitePages(contact=told.contact)):
            yield f"{SITE}/{name}", content
