"""Which of Datasette's databases are archives of ours, and where their pages are."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from thread_archive.store.schema import APPLICATION_ID, VERSION
from thread_archive.web.hosts import checked

PLUGIN = "thread-archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedArchive:
    """
    An archive among Datasette's databases. `base` is what the paths of its pages begin with (after Datasette's own
    `base_url`): nothing where it is the only database.
    """

    name: str
    base: str
    is_mutable: bool


# What files were found to be, by path, inode and time of change: asked on every request.
_known: dict[tuple[str, int, int], tuple[int, int]] = {}
# What was last found at a path: a file that is moved away, or locked for a while, is still open behind its doors.
_last: dict[str, tuple[int, int]] = {}
_MOST_KNOWN = 1000


def marks(path: str | None, *, immutable: bool) -> tuple[int, int]:
    """The `application_id` and `user_version` of a file; while it cannot be read what they were, at first zeros."""
    if path is None:
        return (0, 0)
    try:
        status = Path(path).stat()
    except OSError:
        return _last.get(path, (0, 0))
    key = (path, status.st_ino, status.st_mtime_ns)
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        read = _read_marks(path, immutable=immutable)
        if read is None:
            return _last.get(path, (0, 0))
        _known[key] = _last[path] = read
    return _known[key]


def _read_marks(path: str, *, immutable: bool) -> tuple[int, int] | None:
    mode = "immutable=1" if immutable else "mode=ro"
    try:
        connection = sqlite3.connect(f"file:{quote(str(Path(path).absolute()))}?{mode}", uri=True)
    except sqlite3.Error:
        return None
    try:
        first = connection.execute("PRAGMA application_id").fetchone()[0]
        return (first, connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return None
    finally:
        connection.close()


def _files(datasette: Any) -> dict[str, Any]:
    """The databases that somebody opened: Datasette's own in-memory ones left out."""
    return {name: db for name, db in datasette.databases.items() if name not in ("_memory", "_internal")}


def ours(datasette: Any) -> list[str]:
    """The names of all databases that carry our mark, whatever their version."""
    return [
        name
        for name, db in _files(datasette).items()
        if marks(db.path, immutable=not db.is_mutable)[0] == APPLICATION_ID
    ]


def archives(datasette: Any) -> dict[str, ServedArchive]:
    """The archives whose pages can be shown, by name."""
    files = _files(datasette)
    found = {}
    for name in ours(datasette):
        if marks(files[name].path, immutable=not files[name].is_mutable)[1] == VERSION:
            base = "" if len(files) == 1 else f"/-/threads/{quote(name)}"
            found[name] = ServedArchive(name=name, base=base, is_mutable=files[name].is_mutable)
    return found


def sole(datasette: Any) -> ServedArchive | None:
    """The archive that has the site for itself; None where there is another database, or no archive."""
    found = archives(datasette)
    return next((archive for archive in found.values() if not archive.base), None)


def is_public(datasette: Any) -> bool:
    """Whether the plugin's setting `public` is on."""
    return bool((datasette.plugin_config(PLUGIN) or {}).get("public"))


def also_shown(datasette: Any) -> tuple[bool, bool]:
    """Whether a public site shows what was purged, and what is unconfirmed: the plugin's settings `include_…`."""
    settings = datasette.plugin_config(PLUGIN) or {}
    return bool(settings.get("include_purged")), bool(settings.get("include_unconfirmed"))


def allowed_hosts(datasette: Any) -> tuple[str, ...] | None:
    """
    The hosts that the plugin's setting `allow_hosts` names, in their normal form; None where it is not set, and every
    host is answered. Raises InputError for what is no host name.
    """
    names = (datasette.plugin_config(PLUGIN) or {}).get("allow_hosts")
    return None if names is None else checked([names] if isinstance(names, str) else tuple(names))


def notice(datasette: Any) -> str:
    """What every page says first: the plugin's setting `notice`; empty where it says nothing."""
    return str((datasette.plugin_config(PLUGIN) or {}).get("notice") or "")
