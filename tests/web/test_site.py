"""The site that a sole archive has for itself: its addresses, caching, and Datasette behind it."""

import gzip
import json
from pathlib import Path

import pytest

import shelves
from runs import archive_in
from thread_archive.pages import assets
from web.datasettes import ask, ask_all, plain, served

THREAD = f"/t/{shelves.SLUG}"
PAGES = ("/", THREAD, f"{THREAD}?sort=new", f"{THREAD}?sort=top", "/?sort=comments&status=complete")
DOCUMENTS = ("/.json", "/threads.json", "/index.json", f"{THREAD}.json", f"{THREAD}.json?shape=tree")
FEEDS = ("/.atom", "/threads.atom", f"{THREAD}.atom")


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS, *FEEDS])
def test_every_address_answers_with_a_strict_policy(path: str, written: Path) -> None:
    answer = ask(plain(written), path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    kind = "json" if path in DOCUMENTS else "atom" if path in FEEDS else "html"
    assert kind in answer.headers["content-type"]


def test_each_threads_title_links_to_its_page(captured: Path) -> None:
    site = plain(captured)
    for thread in ask(site, "/threads.json").json()["threads"]:
        assert f'<h2 dir="auto"><a href="{thread["page"]}">' in ask(site, "/").text
        assert ask(site, thread["page"]).status_code == 200


def test_an_empty_archive_says_how_to_add_a_thread(tmp_path: Path) -> None:
    with archive_in(tmp_path, "new.db"):
        pass
    text = ask(plain(tmp_path / "new.db"), "/").text
    assert "thread-archive add https://INSTANCE/post/ID --db new.db" in text


@pytest.mark.parametrize(
    "path", ["/t/aaaaaaaaaaaaaaaa", f"{THREAD}?c=aaaaaaaaaaaaaaaa", f"{THREAD}?page=99", "/t/aaaaaaaaaaaaaaaa.json"]
)
def test_what_is_not_there_is_404_in_our_own_words(path: str, written: Path) -> None:
    answer = ask(plain(written), path)
    assert answer.status_code == 404
    assert "All threads of this archive" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "?page=-1",
        "?page=zero",
        "?page=9e9",
        "?sort=;drop",
        "?since=%00",
        "?author=%ff&community=!@",
        "?page=" + "9" * 5000,
    ],
)
def test_nonsense_in_an_address_is_no_error(query: str, written: Path) -> None:
    for path in ("/", THREAD):
        assert ask(plain(written), path + query).status_code in (200, 404)


def test_what_the_reader_has_already_is_not_sent_again(written: Path) -> None:
    site = plain(written)
    first = ask(site, THREAD)
    again = ask(site, THREAD, if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert ask(site, "/", if_none_match=first.headers["etag"]).status_code == 200


def test_a_file_that_never_changes_may_be_kept_longer(written: Path) -> None:
    assert ask(plain(written), "/").headers["cache-control"] == "no-cache"
    assert "max-age=86400" in ask(plain(written, immutable=True), "/").headers["cache-control"]


def test_what_takes_gzip_gets_it_and_what_does_not_gets_none(written: Path) -> None:
    site = plain(written)
    packed = ask(site, THREAD, accept_encoding="br, gzip;q=0.5")
    plain_answer = ask(site, THREAD, accept_encoding="gzip;q=0, identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain_answer.headers
    assert packed.text == plain_answer.text
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert gzip.compress(b"x")[:2] == b"\x1f\x8b"


def test_style_and_script_have_names_that_change_with_them(written: Path) -> None:
    site = plain(written)
    page = ask(site, "/").text
    for name in assets.ASSETS:
        path = f"/-/thread-archive/{assets.hashed_name(name)}"
        assert path in page or not name.startswith("pages.")
        answer = ask(site, path)
        assert answer.content == assets.content(name)
        assert "immutable" in answer.headers["cache-control"]
    assert ask(site, "/-/thread-archive/pages.000000000000.css").status_code == 404


def test_datasettes_own_pages_stay_within_reach(written: Path) -> None:
    site = plain(written)
    index, tables, posts, page = ask_all(site, ["/-/", "/written", "/written/posts", "/"])
    assert "written" in index.text
    assert "Most quoted passages" in tables.text or "most_quoted_passages" in tables.text
    assert "Threads&#39; opening items" in posts.text or "Threads' opening items" in posts.text
    assert 'href="/written"' in page.text
    for query in ("most_active_people", "longest_threads", "links_by_domain", "most_quoted_passages"):
        assert ask(site, f"/written/{query}.json?_shape=array").status_code == 200
    (longest,) = ask(site, "/written/longest_threads.json?_shape=array").json()
    assert longest["page"] == THREAD


def test_searching_the_table_of_texts_narrows_its_rows(captured: Path) -> None:
    site = plain(captured)
    every, some = ask_all(
        site,
        [f"/captured/search_content.json?_shape=array{more}" for more in ("", "&_search=freezing")],
    )
    assert 0 < len(some.json()) < len(every.json())


def test_our_own_serve_is_the_same_site(written: Path) -> None:
    assert ask(served(written), THREAD).text == ask(plain(written), THREAD).text


def test_a_flat_document_and_a_tree_hold_the_same_objects(captured: Path) -> None:
    site = plain(captured)
    for thread in ask(site, "/threads.json").json()["threads"]:
        flat, tree = (ask(site, f"{thread['page']}.json{shape}").json() for shape in ("", "?shape=tree"))

        def walk(nodes: list[dict[str, object]], depth: int = 0) -> list[dict[str, object]]:
            found = []
            for node in nodes:
                replies = node.pop("replies")
                assert node["depth"] == depth
                found += [node, *walk(replies, depth + 1)]  # type: ignore[arg-type]
            return found

        assert walk([tree["tree"]]) == flat["items"]
        assert len(flat["items"]) == thread["comments"] + 1


def test_the_article_follows_the_post_and_stands_beside_a_tree(written: Path) -> None:
    flat, tree = (ask(served(written, public=True), f"{THREAD}.json{shape}").json() for shape in ("", "?shape=tree"))
    post, article, *comments = flat["items"]
    assert (post["kind"], article["kind"], {item["kind"] for item in comments}) == ("post", "article", {"comment"})
    assert article == tree["article"]
    assert [reply["ap_id"] for reply in tree["tree"]["replies"]] == [it["ap_id"] for it in comments if it["depth"] == 1]


def test_a_tree_deeper_than_recursion_goes_is_valid_json(tmp_path: Path) -> None:
    made = shelves.long(tmp_path, 3000, roots=0.0)
    text = ask(plain(made), f"{THREAD}.json?shape=tree").text
    assert text.count('"replies": [') == 3001
    assert text.count("[") == text.count("]")
    with pytest.raises(RecursionError):
        json.loads("[" * 100_000)
