"""
Which files a snapshot has: an allow-list. Whatever else lies in one is somebody else's, and some program may act on it.

SQLite reads a log that lies beside a database, Datasette what is called `plugins` or `templates`, Windows a device that
is called `NUL.txt`, and a file system without letter cases takes one file for another.
"""

import re

from thread_archive.snapshots.manifest import MANIFEST, SIGNATURE

DATABASE = "archive.db"
DESCRIPTION = "datapackage.json"
METADATA = "metadata.json"
CONFIGURATION = "datasette.yaml"
README = "README.txt"
SITE = "site"
FRONT = f"{SITE}/index.html"

_AT_THE_TOP = frozenset({DATABASE, DESCRIPTION, METADATA, CONFIGURATION, README, MANIFEST, SIGNATURE})
_SLUG = "[a-z2-7]{16}"
_PAGE = "(?:-[1-9][0-9]{0,5})?"
_IN_THE_SITE = re.compile(
    rf"{SITE}/(?:index{_PAGE}\.html|search\.html|pages\.css|pages\.js|search\.js"
    rf"|t/{_SLUG}(?:-{_SLUG})?{_PAGE}\.html|data/(?:threads|0|[1-9][0-9]{{0,5}})\.js)"
)


def is_ours(name: str) -> bool:
    """Whether a snapshot may have a file of this name, to the letter."""
    return name in _AT_THE_TOP or _IN_THE_SITE.fullmatch(name) is not None
