"""Nothing that is made of an archive's rows can run: what answers say of themselves, and what Chromium makes of it."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils.asgi import Response

import shelves
from thread_archive.pages import assets
from thread_archive.web import policies
from web.browsing import Visit, serving
from web.datasettes import ask, ask_all, plain, served

THREAD = f"/t/{shelves.SLUG}"
STOCK = ("/-/", "/written", "/written/posts", "/written/posts/1", "/written/longest_threads", "/written?sql=select+1",
         "/written/-/query?sql=select+1", "/nothing", "/written/nothing", "/-/databases")  # fmt: skip
DATA = ("/written/comments.json", "/written/comments.csv", "/written/comments.csv?_dl=1", "/written.db",
        "/-/databases.json", "/-/static/app.css", "/-/static/table.js", "/favicon.ico", "/threads.json",
        "/threads.atom", THREAD, "/", "/search?q=a", "/robots.txt",
        f"/-/thread-archive/{assets.hashed_name('pages.js')}")  # fmt: skip
SQL = quote("select 'document.title=`PWNED`' as \"document.title=`PWNED`\"")
SCRIPTS = (
    f"/written.csv?sql={SQL}", f"/written.json?sql={SQL}", f"/written/-/query.csv?sql={SQL}",
    f"/written/-/query.json?sql={SQL}&_shape=array", "/written/comments.csv", f"{THREAD}.json", "/written.db",
)  # fmt: skip
INLINE = (
    "<script>document.title='PWNED'</script>",
    "<script nonce=''>document.title='PWNED'</script>",
    "<img src=x onerror=\"document.title='PWNED'\">",
    "<svg onload=\"document.title='PWNED'\"></svg>",
    '<a href="javascript:document.title=`PWNED`" id="link">x</a>',
    "<iframe srcdoc=\"<script>parent.document.title='PWNED'</script>\"></iframe>",
    "<base href='http://attacker.example/'>",
    "<button onclick=\"document.title='PWNED'\" id=link>x</button>",
)


@pytest.mark.parametrize("path", [*STOCK, *DATA])
def test_every_answer_is_taken_for_what_it_says(path: str, written: Path) -> None:
    for site in (served(written), served(written, public=True), plain(written)):
        answer = ask(site, path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src" in answer.headers["content-security-policy"]


def test_our_pages_allow_one_script_by_its_hash_and_no_address(written: Path) -> None:
    answer = ask(served(written), THREAD)
    (allowed,) = re.findall(r"script-src ([^;]*)", answer.headers["content-security-policy"])
    assert allowed == f"'{assets.integrity('pages.js')}'"
    assert f'integrity="{assets.integrity("pages.js")}"' in answer.text
    assert "nonce" not in answer.text


def test_datasettes_pages_allow_what_their_templates_hold_by_a_nonce_used_once(written: Path) -> None:
    site = served(written)
    first, second = ask_all(site, ["/written/posts", "/written/posts"])
    nonces = [re.findall(r"'nonce-([\w-]{20,})'", one.headers["content-security-policy"]) for one in (first, second)]
    assert nonces[0] != nonces[1]
    for answer, (nonce,) in zip((first, second), nonces, strict=True):
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts
        assert all(f' nonce="{nonce}"' in script for script in scripts)
        allowed = re.findall(r"script-src ([^;]*)", answer.headers["content-security-policy"])[0]
        assert "'self'" not in allowed
        assert "'unsafe-inline'" not in allowed


class Scripted:
    """Another plugin, that answers with what a browser would run."""

    @staticmethod
    @hookimpl
    def register_routes() -> list[tuple[str, Any]]:
        def script(request: Any) -> Any:
            return Response("document.title='PWNED'", content_type=request.args.get("as"))

        return [(r"^/written/scripted$", script), (r"^/-/scripted$", script)]


@pytest.fixture
def scripted() -> Iterator[None]:
    pm.register(Scripted, name="scripted")
    yield
    pm.unregister(Scripted)


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    "kind",
    ["text/javascript", "application/javascript; charset=utf-8", "Application/X-JavaScript", "text/ecmascript",
     "text/jscript", "text/livescript", "text/javascript1.5", "application/x-ecmascript", " text/javascript"],
)  # fmt: skip
def test_no_answer_of_a_table_is_a_script_but_a_file_is(kind: str, written: Path) -> None:
    site = plain(written)
    table, file = ask_all(site, [f"/written/scripted?as={quote(kind)}", f"/-/scripted?as={quote(kind)}"])
    assert table.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-type"] == kind


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "text/plain; charset=utf-8", "text/csv", "application/javascripting", ""]
)
def test_what_a_browser_does_not_run_is_no_script(kind: str) -> None:
    assert not policies.is_executable(kind)


def planted(written: Path, folder: Path, html: str) -> Path:
    """An archive whose comments bring HTML that nobody made harmless, as a file from elsewhere may."""
    path = folder / "written.db"
    shutil.copyfile(written, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE comments SET body_html = ?, restricted = 0", [html])
    return path


def test_html_that_a_file_brings_runs_nothing(chrome: Any, written: Path, tmp_path: Path) -> None:
    scripts = "".join(f'<script src="{address}"></script>' for address in SCRIPTS)
    named = f'<script src="{SCRIPTS[0]}" integrity="{assets.integrity("pages.js")}"></script>'
    path = planted(written, tmp_path, f"<p>x</p>{scripts}{named}{''.join(INLINE)}")
    with serving(path) as base:
        for page in (THREAD, f"{THREAD}?sort=new", "/written/comments", "/written/comments/1"):
            with Visit(chrome, base) as visit:
                visit.go(page)
                visit.page.wait_for_load_state("networkidle")
                for link in visit.page.locator("#link").all()[:2]:
                    link.evaluate("element => element.click()")
                assert "PWNED" not in visit.page.title(), page


def test_the_same_html_would_run_without_our_policy(chrome: Any, written: Path, tmp_path: Path) -> None:
    """That the attack is one: it runs where the policy is taken away on the way to the browser."""
    path = planted(written, tmp_path, INLINE[0])
    with serving(path) as base, Visit(chrome, base) as visit:
        visit.page.route("**/*", without_policy)
        visit.go(THREAD)
        assert visit.page.title() == "PWNED"


def without_policy(route: Any) -> None:
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    route.fulfill(response=answer, headers=headers)


def test_datasettes_own_scripts_still_work_for_the_owner(chrome: Any, written_site: str) -> None:
    for path in (*STOCK, "/written/comments?_facet=deleted"):
        with Visit(chrome, written_site) as visit:
            visit.go(path)
            visit.page.wait_for_load_state("networkidle")
            assert not visit.strangers
            assert not [said for said in visit.said if "Failed to load resource" not in said], path
    with Visit(chrome, written_site) as visit:
        visit.go("/written/posts")
        visit.page.locator("th .dropdown-menu-icon, th button, th svg").first.click()
        assert visit.page.locator(".dropdown-menu:visible, [role=menu]:visible").count() > 0
    with Visit(chrome, written_site) as visit:
        visit.go("/written?sql=select+1")
        assert visit.page.locator(".CodeMirror, .cm-editor").count() == 1
    with Visit(chrome, written_site, width=390) as visit:
        visit.go("/written/posts")
        chooser = visit.page.locator(".choose-columns-mobile")
        if chooser.count():
            chooser.first.click()
            assert not visit.said
