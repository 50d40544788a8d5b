"""Whatever somebody does to a snapshot and seals again: `verify` says so, or it makes no difference to who opens it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from browsers import browser
from fake_lemmy import Reply, Server, grow, thread
from runs import add, archive_in, rows, v3
from snapshots.building import ONE, derive
from snapshots.forging import copied, forged, found, packed, sealed, swapped
from thread_archive.exceptions import SnapshotDamagedError
from thread_archive.snapshots import importing
from thread_archive.snapshots.manifest import MANIFEST, write_manifest
from thread_archive.snapshots.opening import UNVERIFIED, Showing, front_page, snapshot_database
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.verifying import OTHER_RELEASE, verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.times import parse_stamp
from web.browsing import Visit, serving

SEALED = {
    "README.txt", "archive.db", "datapackage.json", "datasette.yaml", "metadata.json", "site/data/0.js",
    "site/data/threads.js", "site/index.html", "site/pages.css", "site/pages.js", "site/search.html", "site/search.js",
}  # fmt: skip


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("honest")
    texts = [
        "A lighthouse of **iron**, see https://example.org/iron",
        Reply(text="> A lighthouse of iron\n\nNot of stone? ~~Wood~~", to=1),
        "plain",
    ]
    world = thread(v3("one.test"), texts, post={"title": "Iron", "body": "What do *you* think?"})
    with Server(world) as server, archive_in(folder) as archive:
        add(archive, server, ONE)
        derive(archive)
        return make(archive, folder / "bundle", select(archive, Wanted()), Making(contact="me@one.test")).path


@pytest.fixture
def bundle(honest: Path, tmp_path: Path) -> Path:
    return copied(honest, tmp_path / "bundle")


def names_of(bundle: Path) -> list[str]:
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()} - {MANIFEST}
    assert names > SEALED
    return sorted(names)


def changed(path: Path) -> None:
    if path.suffix != ".db":
        path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
        return
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE comments SET score = score + 1")


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


CHANGES = (changed, longer, truncated, emptied, Path.unlink)


@pytest.mark.parametrize("form", [lambda bundle: bundle, packed], ids=["folder", "zip"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_is_changed_and_sealed_again_is_found_out(
    bundle: Path, change: Callable[[Path], None], form: Callable[[Path], Path]
) -> None:
    assert not found(form(sealed(bundle)))
    for name in names_of(bundle):
        before = (bundle / name).read_bytes()
        change(bundle / name)
        assert found(form(sealed(bundle))), name
        (bundle / name).write_bytes(before)
    assert not found(form(sealed(bundle)))


@pytest.mark.parametrize("form", [lambda bundle: bundle, packed], ids=["folder", "zip"])
def test_two_files_that_are_swapped_and_sealed_again_are_found_out(bundle: Path, form: Callable[[Path], Path]) -> None:
    names = names_of(bundle)
    for one, other in zip(names, names[1:] + names[:1], strict=True):
        with swapped(bundle / one, bundle / other):
            assert found(form(sealed(bundle))), (one, other)


BESIDE = (
    "archive.db-wal", "archive.db-journal", "archive.db-shm", "archive.db.bak", "ARCHIVE.DB", "readme.txt",
    "site/INDEX.html", "site/index.htm", "site/a.", "site/a ", "CON", "nul.txt", "site/aux.html", "site/t/a:b.html",
    "plugins/evil.py", "templates/base.html", "datasette.json", "metadata.yaml", ".htaccess", "setup.exe",
    "site/t/aaaaaaaaaaaaaaaa.html", "site/index-2.html", "site/data/1.js", "site/data/00.js", "site/search.HTML",
    "raw/one.warc.gz", "manifest-sha256.txt.sig.bak", "site/site/index.html",
)  # fmt: skip


@pytest.mark.parametrize("form", [lambda bundle: bundle, packed], ids=["folder", "zip"])
def test_a_file_that_is_put_beside_the_others_and_sealed_is_found_out(
    bundle: Path, form: Callable[[Path], Path]
) -> None:
    for name in BESIDE:
        path = bundle / name
        is_new = not path.parent.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        assert found(form(sealed(bundle))), name
        path.unlink()
        if is_new:
            path.parent.rmdir()


@pytest.mark.parametrize(
    "name", [name for name in BESIDE if not name.startswith(("site/t/aaaa", "site/index-2", "site/data/1"))]
)
def test_names_that_no_snapshot_has_are_refused_by_a_quick_check_too(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_bytes(b"")
    assert found(sealed(bundle), quick=True) in (["files"], ["form"])


def test_a_database_that_holds_more_than_its_tables_is_refused_by_a_quick_check_too(bundle: Path) -> None:
    database = bundle / "archive.db"
    whole = database.read_bytes()
    longer(database)
    assert found(sealed(bundle), quick=True) == ["schema"]
    database.write_bytes(whole)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(9999)); DROP TABLE more")
    assert found(sealed(bundle), quick=True) == ["schema"]


def test_a_file_with_another_name_is_found_out(bundle: Path) -> None:
    for name in names_of(bundle):
        path = bundle / name
        for other in (name.upper(), name.swapcase(), f"{name}.", f"{name} ", f"{name}~", "CON", "NUL.txt", "a:b"):
            renamed = bundle / other
            renamed.parent.mkdir(parents=True, exist_ok=True)
            path.rename(renamed)
            assert found(sealed(bundle)), other
            renamed.rename(path)


def test_links_pipes_sockets_and_empty_folders_are_found_out(bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    for name in names_of(bundle):
        path = bundle / name
        path.rename(outside)
        path.symlink_to(outside)
        assert found(sealed(bundle)) == ["form"], name
        path.unlink()
        outside.rename(path)
    for make_one in (os.mkfifo, Path.mkdir):
        make_one(bundle / "site" / "more")
        assert found(bundle) == ["form"]
        (bundle / "site" / "more").rmdir() if make_one is Path.mkdir else (bundle / "site" / "more").unlink()
    assert not found(sealed(bundle))


FORGED_HTML = (
    '<p dir="auto">I confess</p>', '<p dir="auto"><s>plain</s></p>',
    '<p dir="auto">plain</p><script>document.title = 1</script>',
    '<p dir="auto">plain</p><script src="/archive.csv?sql=select+1"></script>',
    '<p dir="auto">plain</p><meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
    '<p dir="auto">plain</p><iframe src="http://127.0.0.1:9/"></iframe>',
    '<p dir="auto">plain</p><svg onload="document.title = 1"></svg>',
    '<p dir="auto">plain</p><style>body { display: none }</style>',
    '<base href="http://127.0.0.1:9/"><p dir="auto">plain</p>',
    '<p dir="auto"><a href="data:text/html,x" rel="nofollow noopener noreferrer ugc">plain</a></p>',
    '<p dir="auto"><a href="javascript:x()" rel="nofollow noopener noreferrer ugc">plain</a></p>',
    '<p dir="auto"><a href="https://evil.test/" rel="nofollow noopener noreferrer ugc">plain</a></p>',
    '<p dir="auto">plain<img src="http://127.0.0.1:9/x.png"></p>', '<p dir="auto">plain</p><!-- ',
    '<p dir="auto">pl\u200bain</p>', "<form action='http://127.0.0.1:9/'><p dir='auto'>plain</p></form>",
)  # fmt: skip


@pytest.mark.parametrize("html", FORGED_HTML)
def test_html_that_is_not_what_its_text_gives_is_found_out_whatever_the_site_says(bundle: Path, html: str) -> None:
    quoted = html.replace("'", "''")
    forged(bundle, f"UPDATE comments SET body_html = '{quoted}' WHERE body = 'plain'")
    assert found(bundle)
    with pytest.raises(SnapshotDamagedError), snapshot_database(bundle):
        pass
    with pytest.raises(SnapshotDamagedError):
        front_page(bundle)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posts SET body_html = '<p dir=\"auto\">What do <strong>you</strong> think?</p>'",
        "UPDATE posts SET body_text = 'What do they think?'",
        "UPDATE comments SET body_text = 'I confess' WHERE body = 'plain'",
        'UPDATE articles SET html = \'<p id="p1">Iron never rusts.</p><p id="p2">Stone does not.</p>\'',
        "UPDATE articles SET html = html || '<script>x()</script>'",
        "UPDATE article_paragraphs SET text = 'Iron never rusts.' WHERE number = 1",
        "UPDATE posts SET slug = 'aaaaaaaaaaaaaaaa'",
        "UPDATE comments SET path = 'zz' WHERE id = 1",
        "INSERT INTO settings VALUES ('contact', 'evil')",
        "INSERT INTO settings VALUES ('pseudonymised', '1')",
    ],
)
def test_what_follows_from_the_texts_and_was_changed_is_found_out_whatever_the_site_says(
    bundle: Path, statement: str
) -> None:
    rebuild = "INSERT INTO search_fts (search_fts) VALUES ('rebuild')"
    assert found(forged(bundle, f"{statement}; {rebuild}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE comments SET restricted = 1 WHERE position = 2",
        "UPDATE posts SET restricted = 1",
        "UPDATE comments SET purged_at = '2026-03-02T00:00:00.000000Z' WHERE position = 2",
        "UPDATE posts SET gone_at = '2026-03-02T00:00:00.000000Z'",
        "UPDATE comments SET unconfirmed = 1 WHERE position = 2",
    ],
)
def test_what_its_description_says_is_left_out_and_is_in_it_is_found_out(bundle: Path, statement: str) -> None:
    assert found(forged(bundle, "")) == []
    assert found(forged(bundle, statement)) == ["derived"]


def test_rows_that_were_changed_without_the_site_are_found_out(bundle: Path) -> None:
    pages = copied(bundle, bundle.with_name("pages")) / "site"
    forged(bundle, "UPDATE posts SET title = 'Wood'; INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
    assert not found(bundle)
    shutil.rmtree(bundle / "site")
    shutil.copytree(pages, bundle / "site")
    assert set(found(sealed(bundle))) == {"derived"}


def test_a_log_that_another_reader_would_take_for_part_of_the_database_is_found_out(bundle: Path) -> None:
    database = bundle / "archive.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE comments SET body = 'forged'")
        connection.execute("CREATE TRIGGER t AFTER INSERT ON posts BEGIN DELETE FROM comments; END")
        connection.commit()
        parts = {suffix: database.with_name(f"archive.db{suffix}").read_bytes() for suffix in ("", "-wal")}
    for suffix, content in parts.items():
        database.with_name(f"archive.db{suffix}").write_bytes(content)
    assert set(found(sealed(bundle))) == {"files", "schema"}
    database.with_name("archive.db-wal").unlink()
    assert set(found(sealed(bundle))) == {"schema"}
    with archive_in(bundle.parent, "mine.db") as mine, pytest.raises(SnapshotDamagedError):
        list(importing.import_snapshot(mine, bundle, now=parse_stamp("2026-12-01T00:00:00.000000Z")))


def retold(bundle: Path, **told: object) -> Path:
    described = json.loads((bundle / "datapackage.json").read_text())
    ours = described["thread_archive"]
    for name, value in told.items():
        ours[name] = value
        if value is None:
            del ours[name]
    (bundle / "datapackage.json").write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n")
    return sealed(bundle)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("made_by", "thread-archive 0.1.0\n<script>"), ("made_by", 5), ("sqlite_version", "<b>"), ("contact", ["x"]),
        ("contact", "evil@evil.test"), ("options", {"site": 1}), ("options", {"site": True, "plugins": True}),
        ("options", {"site": False, "restricted": False, "purged": False, "pseudonymised": False}),
        ("options", {"site": True, "restricted": False, "purged": False, "pseudonymised": True}),
        ("names_left", {"names": 1, "evil": 2}), ("schema", 999), ("format", "2"), ("more", 1), ("threads", []),
    ],
)  # fmt: skip
def test_a_description_that_says_something_else_is_found_out(bundle: Path, name: str, value: object) -> None:
    assert found(retold(bundle, **{name: value}))


@pytest.mark.parametrize(
    "told", [{"made_by": "thread-archive 0.0.9"}, {"contact": None}], ids=["older", "earlier form"]
)
def test_of_another_release_it_is_said_that_it_cannot_be_compared_and_what_is_shown_is_made_anew(
    honest: Path, bundle: Path, told: dict[str, object]
) -> None:
    (bundle / "site" / "index.html").write_text("<script>document.title = 1</script>")
    retold(bundle, **told)
    wrong = [finding for finding in verify(bundle) if not finding.ok]
    assert [(finding.check, finding.path) for finding in wrong] == [("derived", "")]
    assert wrong[0].message.startswith(OTHER_RELEASE[:14])
    assert not found(bundle, quick=True)
    shown = front_page(bundle)
    assert "another release" in shown.message
    contact = "" if "contact" in told else "me@one.test"
    expected = (honest / "site" / "index.html").read_text().replace(" For removal ask", "\0").partition("\0")[0]
    assert shown.path.read_text().startswith(expected) and contact in shown.path.read_text()
    assert not shown.path.is_relative_to(bundle)


def test_a_sound_snapshot_of_a_release_with_the_same_pages_verifies(bundle: Path) -> None:
    assert not found(retold(bundle, made_by="thread-archive 0.0.9"))


def test_a_quick_check_says_what_it_leaves_out(bundle: Path) -> None:
    (bundle / "site" / "index.html").write_text("forged")
    findings = [finding for finding in verify(sealed(bundle), quick=True) if finding.check == "derived"]
    assert [(finding.ok, finding.message[:8]) for finding in findings] == [(True, "left out")]


@pytest.fixture
def evil(bundle: Path) -> Path:
    html = '<p>x</p><script>document.title = "PWNED"</script><meta http-equiv="refresh" content="0;url=http://x.test/">'
    forged(bundle, f"UPDATE comments SET body_html = '{html}' WHERE body = 'plain'")
    forged(bundle, f"UPDATE articles SET html = html || '{html}'")
    return bundle


@pytest.mark.parametrize("form", [lambda bundle: bundle, packed], ids=["folder", "zip"])
def test_without_a_check_texts_are_rendered_anew_and_every_page_says_so(
    honest: Path, evil: Path, form: Callable[[Path], Path]
) -> None:
    shown = front_page(form(evil), Showing(checked=False))
    pages = list(shown.path.parent.rglob("*.html"))
    assert len(pages) == len(list((honest / "site").rglob("*.html")))
    for page in pages:
        text = page.read_text()
        assert "PWNED" not in text and "http-equiv" not in text
        assert UNVERIFIED.partition("`")[0].replace("'", "&#39;") in text
    with snapshot_database(form(evil), Showing(checked=False)) as served:
        assert served.notice == UNVERIFIED
        with closing(sqlite3.connect(served.path)) as connection:
            assert connection.execute("SELECT count(body_html) FROM comments").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM articles WHERE html LIKE '%<script%'").fetchone() == (0,)


def test_a_database_with_tables_of_others_is_not_shown_even_without_a_check(bundle: Path) -> None:
    with closing(sqlite3.connect(bundle / "archive.db")) as connection, connection:
        connection.execute("CREATE TRIGGER t AFTER UPDATE ON comments BEGIN DELETE FROM posts; END")
    for opened in (front_page, lambda path, showing: snapshot_database(path, showing).__enter__()):
        with pytest.raises(SnapshotDamagedError, match="cannot be shown"):
            opened(sealed(bundle), Showing(checked=False))


def test_a_file_that_changes_while_it_is_checked_is_found_out(bundle: Path) -> None:
    findings = verify(bundle)
    assert next(findings).check == "form"
    while next(findings).check != "counts":
        pass
    (bundle / "archive.db-wal").write_bytes(b"")
    with (bundle / "archive.db").open("r+b") as file:
        file.write(b"SQLite")
    assert {finding.path for finding in findings if not finding.ok} == {"archive.db", "archive.db-wal"}


def test_a_file_that_comes_in_its_place_after_the_check_is_not_imported(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = importing._verified

    def replaced(*given: Any) -> str:
        digest = verified(*given)
        changed(bundle / "archive.db")
        return digest

    monkeypatch.setattr(importing, "_verified", replaced)
    with archive_in(tmp_path, "mine.db") as mine:
        with pytest.raises(SnapshotDamagedError, match="changed while it was checked"):
            list(importing.import_snapshot(mine, bundle, now=parse_stamp("2026-12-01T00:00:00.000000Z")))
        assert rows(mine, "SELECT count(*) FROM posts") == [(0,)]


def test_pages_of_a_long_thread_are_made_again_byte_by_byte_a_file_at_a_time(tmp_path: Path) -> None:
    long = grow(thread(v3("one.test")), 700, Random(7), length=(20, 400))
    with Server(long) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        made = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making()).path
    assert len(list((made / "site" / "t").iterdir())) > 2
    assert not found(made)


@pytest.fixture(autouse=True)
def no_folder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Temporary folders, of which an opened page's stays, lie in the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield
    assert all((left / "site").is_dir() for left in folder.iterdir())


def test_what_was_not_changed_is_sealed_with_the_same_list(bundle: Path) -> None:
    before = (bundle / MANIFEST).read_bytes()
    (bundle / MANIFEST).unlink()
    write_manifest(bundle)
    assert (bundle / MANIFEST).read_bytes() == before


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as launched:
        yield launched


def test_in_a_browser_no_script_but_ours_runs_from_a_snapshot_that_is_not_checked(chromium: Any, evil: Path) -> None:
    shown = front_page(evil, Showing(checked=False)).path
    with serving(evil, "--unverified") as base:
        for address in (f"{base}/", shown.as_uri()):
            with Visit(chromium, address) as visit:
                page = visit.page
                page.goto(address)
                assert page.get_by_role("alert").inner_text().startswith("This snapshot was not verified")
                page.get_by_role("link", name="Iron", exact=True).first.click()
                page.wait_for_load_state()
                assert "plain" in page.locator("#discussion").inner_text()
                assert page.get_by_role("alert").inner_text().startswith("This snapshot was not verified")
                assert page.title().startswith("Iron")
                own = (address.removesuffix("site/index.html"), shown.parent.as_uri(), "data:")
                assert not [url for url in visit.requests if not url.startswith(own)]
                assert not visit.said
        for path in (
            "archive",
            "archive/comments",
            "archive/posts/1",
            "archive?sql=select+1",
            "archive/longest_threads",
        ):
            assert "This snapshot was not verified" in httpx.get(f"{base}/{path}", follow_redirects=True).text, path


def test_every_verb_refuses_a_forged_snapshot_with_the_same_words(evil: Path, tmp_path: Path) -> None:
    for verb in ("verify", "serve", "open", "import"):
        ran = subprocess.run(
            [sys.executable, "-m", "thread_archive.cli", verb, evil, *(("--port", "1") if verb == "serve" else ())],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 6, verb
        assert "the HTML in comments is not of the kind we store" in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
