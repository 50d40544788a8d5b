"""Migrations: an archive of an older release keeps all it holds."""

import json
import lzma
from hashlib import sha256
from pathlib import Path

from runs import rows
from searches import search
from thread_archive.archiving import reread
from thread_archive.store.archive import Archive
from thread_archive.store.checks import check
from thread_archive.store.dump import content
from thread_archive.store.schema import VERSION

ARCHIVES = Path(__file__).parents[2] / "fixtures" / "archives"
# The SHA-256 of what the release that made the archive printed as its content, line by line.
SCHEMA_1_CONTENT = "d7cca7489aa389762830cb34d71fa9998d6d4a7062d8791579dba0d411d79544"
TABLES_OF_THEN = (
    "communities",
    "people",
    "posts",
    "comments",
    "cross_posts",
    "local_ids",
    "post_revisions",
    "comment_revisions",
    "scores",
    "index",
)


def content_of_then(archive: Archive) -> str:
    """What the archive holds of that release's tables, in its order and form."""
    lines = [json.loads(line) for line in content(archive)]
    lines = [line[:3] if line[0] == "index" else line for line in lines]
    told = sha256()
    for table in TABLES_OF_THEN:
        for line in sorted(json.dumps(line) for line in lines if line[0] == table):
            told.update(line.encode() + b"\n")
    return told.hexdigest()


def unpacked(folder: Path, name: str) -> Path:
    path = folder / "archive.db"
    path.write_bytes(lzma.decompress((ARCHIVES / name).read_bytes()))
    return path


def test_an_archive_of_schema_1_is_migrated_with_all_its_content(tmp_path: Path) -> None:
    with Archive.open(unpacked(tmp_path, "schema-1.db.xz")) as archive:
        assert rows(archive, "PRAGMA user_version") == [(VERSION,)]
        assert content_of_then(archive) == SCHEMA_1_CONTENT
        assert [finding for finding in check(archive) if not finding.ok] == []
        assert [hit.ap_id for hit in search(archive, "drawer where")] == ["http://home.test/comment/2"]
        assert rows(archive, "SELECT length(slug) FROM posts") == [(16,)]


def test_a_migrated_archive_is_reread_to_what_it_was(tmp_path: Path) -> None:
    with Archive.open(unpacked(tmp_path, "schema-1.db.xz")) as archive:
        reread(archive)
        assert content_of_then(archive) == SCHEMA_1_CONTENT


def test_an_older_archive_can_be_read_and_stays_as_it_is(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "schema-1.db.xz")
    before = path.read_bytes()
    with Archive.open(path, read_only=True) as archive:
        assert content_of_then(archive) == SCHEMA_1_CONTENT
        assert [hit.ap_id for hit in search(archive, "drawer where")] == ["http://home.test/comment/2"]
    assert path.read_bytes() == before
