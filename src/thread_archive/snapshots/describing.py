"""What a snapshot says of itself: for people, for Frictionless readers, and for Datasette without our plugin."""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from thread_archive.counting import counted
from thread_archive.exceptions import SnapshotDamagedError
from thread_archive.snapshots.canonical import content_hash
from thread_archive.snapshots.columns import LEFT_OUT
from thread_archive.snapshots.database import FORMAT, PSEUDONYMISED
from thread_archive.snapshots.inspecting import counts
from thread_archive.snapshots.layout import CONFIGURATION, DATABASE, DESCRIPTION, METADATA, README
from thread_archive.snapshots.pseudonyms import Remaining
from thread_archive.store.descriptions import DESCRIPTIONS
from thread_archive.store.schema import VERSION

_SEARCH = """
SELECT item.kind, post.title AS thread, person.name AS author,
       snippet(search_fts, 0, '»', '«', '…', 24) AS passage, coalesce(comment.ap_id, post.ap_id) AS address
FROM search_fts
JOIN search_items AS item ON item.id = search_fts.rowid
LEFT JOIN comments AS comment ON comment.id = item.comment_id
LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = item.paragraph_id
LEFT JOIN articles AS article ON article.id = paragraph.article_id
JOIN posts AS post ON post.id = coalesce(item.post_id, comment.post_id, article.post_id)
LEFT JOIN people AS person ON person.id = CASE item.kind WHEN 'comment' THEN comment.creator_id
                                                         WHEN 'post' THEN post.creator_id END
WHERE search_fts MATCH '{body title} : (' || coalesce(nullif(escape_fts(:q), ''), '""') || ')'
ORDER BY bm25(search_fts, 1.0, 4.0, 0.0), search_fts.rowid LIMIT 50
""".strip()
_LABELS = {"posts": "title", "people": "name", "communities": "name", "instances": "domain"}


# What a snapshot may say of how it was made: each is true or false.
OPTIONS = ("site", "restricted", "purged", "unconfirmed", PSEUDONYMISED, "coarse")
_VERSION = r"[0-9A-Za-z][0-9A-Za-z.+!-]{0,60}"
_MADE_BY = re.compile(rf"thread-archive {_VERSION}")


def made_by() -> str:
    """What a snapshot says of the release that made it."""
    return f"thread-archive {version('thread-archive')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What the description says besides what is in the database: when, by whom and with which SQLite it was made, what was
    asked for, whom to ask for removal, and of pseudonyms how many names were left.

    `created` is a time as we write it, or empty: then it is that of the last visit.
    """

    contact: str = ""
    options: Mapping[str, bool] = field(default_factory=dict)
    created: str = ""
    names_left: Mapping[str, int] | None = None
    made_by: str = field(default_factory=made_by)
    sqlite_version: str = sqlite3.sqlite_version


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFile:
    """The file that is described: its size in bytes and its SHA-256."""

    size: int
    digest: str


def created_at(epoch: int | None) -> str:
    """The time that SOURCE_DATE_EPOCH says; empty where it says none."""
    return "" if epoch is None else datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")


def is_of_this_release(package: Mapping[str, Any]) -> bool:
    """Whether a description is by the rules of this release: others may make other pages of the same database."""
    ours = package["thread_archive"]
    return ours.get("made_by") == made_by() and ours.get("schema") == VERSION and "contact" in ours


def told_by(package: Mapping[str, Any]) -> Told:
    """
    What a description tells that does not follow from the database. Raises SnapshotDamagedError where it is none that
    we write, or one of an earlier form, which did not name whom to ask for removal.
    """
    ours = package["thread_archive"]
    names_left = ours.get("names_left")
    told = Told(
        contact=ours.get("contact"),
        options=ours.get("options"),
        created=package.get("created", ""),
        names_left=names_left,
        made_by=ours.get("made_by"),
        sqlite_version=ours.get("sqlite_version"),
    )
    sound = {
        "contact": isinstance(told.contact, str),
        "options": isinstance(told.options, dict)
        and all(name in OPTIONS and isinstance(value, bool) for name, value in told.options.items()),
        "created": isinstance(told.created, str) and _is_time(told.created),
        "names_left": names_left is None
        or (
            isinstance(names_left, dict)
            and names_left.keys() == {item.name for item in fields(Remaining)}
            and all(type(value) is int for value in names_left.values())
        ),
        "made_by": isinstance(told.made_by, str) and _MADE_BY.fullmatch(told.made_by) is not None,
        "sqlite_version": isinstance(told.sqlite_version, str)
        and re.fullmatch(_VERSION, told.sqlite_version) is not None,
    }
    wrong = [name for name, is_sound in sound.items() if not is_sound]
    if wrong:
        raise SnapshotDamagedError(
            f"{DESCRIPTION} does not say what a snapshot's says of {wrong[0]}.", next="Ask for another copy."
        )
    return told


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None and text.isascii()
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Describing:
    """The files that describe a snapshot: what `datapackage.json` says, and the bytes of each by its name."""

    package: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def ours(self) -> dict[str, Any]:
        """What `datapackage.json` says under `thread_archive`."""
        found: dict[str, Any] = self.package["thread_archive"]
        return found


def describe(connection: sqlite3.Connection, file: DatabaseFile, told: Told) -> Describing:
    """The describing files of the snapshot whose database is open as `connection`; they follow from these alone."""
    package = _package(connection, file, told)
    title = str(package["title"])
    files = {
        DESCRIPTION: _json(package),
        METADATA: _json(metadata(title)),
        # JSON is YAML as well.
        CONFIGURATION: _json(datasette_config()),
        README: readme(title, package["thread_archive"]).encode(),
    }
    return Describing(package=package, files=files)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _package(connection: sqlite3.Connection, file: DatabaseFile, told: Told) -> dict[str, Any]:
    threads = _threads(connection)
    content = content_hash(connection)
    found = counts(connection)
    homes = connection.execute(
        """SELECT DISTINCT instance.domain, substr(community.ap_id, 1, instr(community.ap_id, '://') + 2)
           FROM communities AS community JOIN instances AS instance ON instance.id = community.instance_id
           ORDER BY 1, 2"""
    ).fetchall()
    title = threads[0]["title"] if len(threads) == 1 else ""
    return {
        "profile": "data-package",
        "name": f"threads-{content[:16]}",
        "title": title or f"{counted(found['threads'], 'Lemmy thread')}, {counted(found['comments'], 'comment')}",
        "description": "Lemmy threads, whole and as they were when they were captured, in one SQLite database.",
        "created": told.created or max(str(thread["captured_at"]) for thread in threads),
        "sources": [{"title": domain, "path": f"{scheme}{domain}/"} for domain, scheme in homes],
        "resources": [
            {
                "name": "archive",
                "path": DATABASE,
                "format": "sqlite",
                "mediatype": "application/vnd.sqlite3",
                "bytes": file.size,
                "hash": f"sha256:{file.digest}",
            }
        ],
        "thread_archive": {
            "format": FORMAT,
            "schema": VERSION,
            "made_by": told.made_by,
            "sqlite_version": told.sqlite_version,
            "content_sha256": content,
            "options": dict(told.options),
            "counts": found,
            **_of_pseudonyms(told),
            "contact": told.contact,
            "threads": threads,
        },
    }


def _of_pseudonyms(told: Told) -> dict[str, Any]:
    if told.names_left is None:
        return {}
    return {"names_left": dict(told.names_left), "joined_by": joined_by(coarse=told.options.get("coarse", False))}


def _threads(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = connection.execute(
        """SELECT post.ap_id, post.slug, post.title, capture.url, capture.started_at, capture.status,
                  (SELECT count(*) FROM comments WHERE post_id = post.id AND ap_id IS NOT NULL),
                  (SELECT count(*) FROM comments WHERE post_id = post.id AND ap_id IS NULL)
           FROM posts AS post JOIN captures AS capture ON capture.id = post.id ORDER BY post.id"""
    )
    names = ("ap_id", "slug", "title", "url", "captured_at", "status", "comments", "gaps")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _tables() -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {
        table: {
            "description": columns[""],
            "columns": {column: sentence for column, sentence in columns.items() if column},
        }
        for table, columns in DESCRIPTIONS.items()
        if table not in LEFT_OUT
    }
    for table, settings in _settings().items():
        tables[table] |= settings
    return tables


def _settings() -> dict[str, dict[str, Any]]:
    """How tables are shown; without both of the index's names Datasette answers `_search` with all rows."""
    labels: dict[str, dict[str, Any]] = {table: {"label_column": column} for table, column in _LABELS.items()}
    labels["posts"]["sort_desc"] = "published_at"
    return labels | {
        "search_content": {"fts_table": "search_fts", "fts_pk": "id"},
        "search_fts": {"hidden": True},
        "search_items": {"hidden": True},
    }


def _queries() -> dict[str, dict[str, str]]:
    return {"search": {"title": "Search articles, posts and comments", "sql": _SEARCH}}


def metadata(title: str) -> dict[str, Any]:
    """Datasette's metadata: all that 0.65 needs, and of 1.0 the titles and sentences."""
    database = {"description": "Lemmy threads", "tables": _tables(), "queries": _queries()}
    return {"title": title, "databases": {Path(DATABASE).stem: database}}


def datasette_config() -> dict[str, Any]:
    """Datasette 1.0's configuration: what metadata has no longer a say in."""
    return {"databases": {Path(DATABASE).stem: {"tables": _settings(), "queries": _queries()}}}


def readme(title: str, ours: Mapping[str, Any]) -> str:
    """README.txt: how to open, how to verify, what that proves, whom to ask for removal."""
    found = ours["counts"]
    named = ", ".join(f"{name}: {found[name]:,}" for name in ("threads", "comments", "articles"))
    site = (
        "1. Open site/index.html in a browser: read and search, without any server.\n"
        if ours["options"].get("site")
        else ""
    )
    first = 2 if site else 1
    return _README.format(
        title=" ".join(title.split()),
        underline="=" * min(len(" ".join(title.split())), 78),
        named=named,
        site=site,
        program=first,
        datasette=first + 1,
        sqlite=first + 2,
        content=ours["content_sha256"],
        contact=" ".join(ours["contact"].split()) or "the person who gave you this copy",
        others="".join(words for option, words in _LEFT_OUT.items() if not ours["options"].get(option)),
        secrecy=_secrecy(ours) if ours["options"].get("pseudonymised") else "",
    )


# What else is not in a copy, unless an option of its making says so.
_LEFT_OUT = {
    "purged": ",\nnor what their servers had erased or no longer showed",
    "unconfirmed": ",\nnor comments that nobody confirmed who could",
}


def joined_by(*, coarse: bool) -> list[str]:
    """By what rows with pseudonyms can be found again where the threads were published, and so the people."""
    return [*_INHERENT] if coarse else [*_EXACT, *_INHERENT]


def _secrecy(ours: Mapping[str, Any]) -> str:
    told = ours["joined_by"]
    return _PSEUDONYMS + "".join(f"- {one}\n" for one in told) + "\n"


_EXACT = (
    "exact times of posts, comments and visits",
    "scores and votes",
    "communities, their servers, and which servers were asked",
    "marks of moderators and admins, posts of the same link elsewhere",
)
_INHERENT = (
    "texts, titles, links and the linked page, word for word: a search finds them",
    "who answers whom, and the order of answers to the same text, which is that of their times",
    "days, languages, and how many comments a thread has",
)


_README = """{title}
{underline}

A read-only copy of Lemmy threads ({named}), made with thread-archive.
Texts that their authors or moderators had taken back when the threads were last visited are not in it{others}.

How to open it
--------------

{site}{program}. `thread-archive open FOLDER` or `thread-archive serve FOLDER` (pip install thread-archive).
{datasette}. `datasette -i archive.db -m metadata.json`, with Datasette 1.0 also `-c datasette.yaml`.
{sqlite}. Any SQLite program: `sqlite3 'file:archive.db?immutable=1'`. What tables and columns mean is in metadata.json.

How to verify it
----------------

In this folder: `sha256sum -c manifest-sha256.txt` (on a Mac: `shasum -a 256 -c manifest-sha256.txt`).
`thread-archive verify FOLDER` also looks for files that no such copy has, checks the database, its search index, its
counts, its content hash and, if there is one, the signature, and whether all other files are what the database gives.
The signature is checked by this command too, where the file SIGNERS holds the line `maker KEY` with the public key that
the maker told you:
`ssh-keygen -Y verify -n thread-archive -f SIGNERS -I maker -s manifest-sha256.txt.sig < manifest-sha256.txt`.

That proves that the files are the ones in the list. It does not prove who made the list: compare the list's own
SHA-256, which `verify` prints, with what the maker tells you through another channel, or check a signature. It does
not prove that servers said what is written here, nor that people wrote it.

The content hash is the same for everybody who archived the same texts, whenever and wherever:
{content}

{secrecy}Removal
-------

The people who wrote these texts may want them out of here. Ask: {contact}.
Copies that were given away cannot be called back.
"""
_PSEUDONYMS = """Names
-----

People's names and addresses were replaced by made-up ones, each person by the same one throughout. That is a
pseudonym, not anonymity. Who has the published threads as well can find out who wrote what here, by any of these:

"""
