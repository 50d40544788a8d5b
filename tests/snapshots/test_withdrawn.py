"""Nothing that was taken back, left out or hidden is in a snapshot: looked for in every value, word and byte of it."""

import re
import sqlite3
import zipfile
from pathlib import Path
from random import Random

import pytest

from fake_lemmy import Reply, Server, World, thread
from runs import add, archive_in, rows, v3
from snapshots.building import ONE, put
from thread_archive.snapshots.selection import Wanted, select
from thread_archive.snapshots.writer import Making, make
from thread_archive.store import search_index
from thread_archive.store.archive import Archive


def marker(random: Random) -> str:
    """A word without a prefix that others share."""
    return "".join(random.choice("bcdfghjklmnpqrstvwxz") for _ in range(14))


def everything_in(bundle: Path) -> str:
    """Every value of every table and view, every word of the index, every file and its raw bytes."""
    parts: list[str] = []
    with sqlite3.connect(f"file:{bundle}/archive.db?immutable=1", uri=True) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        for (name,) in names:
            parts += [repr(row) for row in connection.execute(f"SELECT * FROM {name}")]
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_fts', 'row')")
        parts += [term for (term,) in connection.execute("SELECT term FROM temp.words")]
    parts += [path.read_bytes().decode("latin-1") for path in bundle.rglob("*") if path.is_file()]
    return "\n".join(parts).lower()


def test_what_was_public_once_and_is_withdrawn_now_is_nowhere_in_a_snapshot(tmp_path: Path) -> None:
    random = Random(11)
    words = {name: marker(random) for name in ("deleted", "removed", "edited", "body", "title", "purged", "stays")}
    world = thread(
        v3("one.test"),
        [
            words["deleted"], words["removed"], words["edited"], words["stays"],
            Reply(text=f"> {words['deleted']}\n\nindeed", to=1),
        ],
        post={"title": words["title"], "body": words["body"]},
    )  # fmt: skip
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        derive_from(archive, words["deleted"])
        world.comments[1].deleted = True
        world.comments[2].removed = True
        world.comments[3].content = "another text"
        world.comments[3].updated = "2026-11-24T14:00:00.000000Z"
        world.posts[1].removed = True
        add(archive, server, ONE)
        assert words["deleted"] in str(rows(archive, "SELECT body FROM comment_revisions"))
        bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making()).path
    found = everything_in(bundle)
    # What others quote is theirs: it stays, and is what the marker is found by here.
    assert found.count(words["stays"]) > 3
    quoting = found.count(f"> {words['deleted']}")
    assert quoting
    for name in ("removed", "edited", "body", "title"):
        assert words[name] not in found, name


def derive_from(archive: Archive, word: str) -> None:
    """A link, a quotation and an article whose words are those of the first comment and of the post."""
    with archive.transaction() as connection:
        post, body = connection.execute("SELECT id, body FROM posts").fetchone()
        comment = connection.execute("SELECT id FROM comments WHERE body = ?", [word]).fetchone()[0]
        quoting = connection.execute("SELECT id FROM comments WHERE body LIKE '> %'").fetchone()[0]
        put(
            connection,
            "links",
            post_id=post,
            comment_id=comment,
            kind="link",
            url=f"https://{word}.test/",
            domain="x",
            text=word,
        )
        put(
            connection,
            "links",
            post_id=post,
            kind="link",
            url=f"https://{body}.test/",
            domain="x",
            text=body,
            position=0,
        )
        put(
            connection, "quotes", post_id=post, comment_id=quoting, start=2, end=16, marked=1, target_kind="comment",
            target_comment_id=comment, target_start=0, target_end=14, score=100.0,
        )  # fmt: skip


@pytest.fixture
def silent(tmp_path: Path) -> tuple[Archive, dict[str, str]]:
    """An archive in which one author asks not to be archived, with words in all places that are theirs."""
    random = Random(12)
    words = {name: marker(random) for name in (
        "bio", "display", "title", "body", "comment", "link", "article", "heading", "other", "html",
    )}  # fmt: skip
    world = thread(
        v3("one.test"),
        [words["comment"], Reply(text=words["other"], to=1)],
        post={"title": words["title"], "body": words["body"]},
    )
    world.persons[3].bio = f"Ask first. #noarchive {words['bio']}"
    world.persons[3].display_name = words["display"]
    world.comments[1].creator_id = 3
    world.comments[2].creator_id = 4
    with Server(world) as server:
        archive = Archive.open(tmp_path / "archive.db", create=True)
        add(archive, server, ONE)
    with archive.transaction() as connection:
        post, community = connection.execute("SELECT id, community_id FROM posts").fetchone()
        comment = connection.execute("SELECT id FROM comments WHERE body = ?", [words["comment"]]).fetchone()[0]
        connection.execute("UPDATE comments SET body_html = ? WHERE id = ?", [f"<p>{words['html']}</p>", comment])
        connection.execute("UPDATE posts SET body_html = ?, alt_text = ?", [f"<p>{words['html']}</p>", words["html"]])
        put(
            connection,
            "links",
            post_id=post,
            comment_id=comment,
            kind="link",
            url=f"https://{words['link']}.test",
            domain=words["link"],
            text="",
        )
        put(
            connection,
            "links",
            post_id=post,
            kind="link",
            url=f"https://{words['link']}.test",
            domain=words["link"],
            text="",
            position=3,
        )
        put(
            connection,
            "cross_posts",
            post_id=post,
            ap_id="https://two.test/post/7",
            title=words["title"],
            community_ap_id="https://two.test/c/main",
            community_name="main",
            instance_id=1,
        )
        article = put(
            connection, "articles", post_id=post, is_body=1, is_page=0, url="", final_url="", redirects="[]",
            status="stored", reason="", robots_ignored=0, title=words["heading"], byline="", site="", published_by="",
            language="", licence="", canonical_url="", robots="", html=f'<p id="p1">{words["article"]}</p>', words=1,
            extractor="hand", extractor_version="1", capture_id=1,
        )  # fmt: skip
        row = put(
            connection,
            "article_paragraphs",
            article_id=article,
            number=1,
            kind="paragraph",
            level=0,
            text=words["article"],
        )
        scope = search_index.scope(post, community, None, search_index.PARAGRAPH)
        search_index.add(connection, [(row * 4 + 2, words["article"], words["heading"], scope)])
    return archive, words


def test_who_asks_not_to_be_archived_has_no_text_in_a_snapshot(
    silent: tuple[Archive, dict[str, str]], tmp_path: Path
) -> None:
    archive, words = silent
    bundle = make(archive, tmp_path / "bundle", select(archive, Wanted()), Making())
    found = everything_in(bundle.path)
    assert words.pop("other") in found
    for name, word in words.items():
        assert word not in found, name
    assert bundle.description["counts"]["comments"] == 2
    archive.close()


@pytest.fixture(scope="module")
def crowd() -> World:
    """A thread whose people name each other in every way."""
    world = thread(
        v3("one.test"),
        [
            "I am here, says mara_finch.",
            Reply(
                text="@mara_finch@one.test is right, see http://one.test/u/mara_finch and [her](/u/mara_finch)", to=1
            ),
            Reply(text="mara_finch wrote:\n> I am here\n\nSo does ines_quill. http://one.test/comment/1", to=2),
            Reply(text="Mara_Finch, tobias_oak!", to=3),
        ],
        post={"title": "A letter from ines_quill", "body": "Ask tobias_oak@one.test"},
    )
    for number, name in ((3, "Mara F. the Elder"), (4, "Tobias of the Oaks")):
        world.persons[number].display_name = name
        world.persons[number].bio = "I am myself"
    world.comments[2].creator_id = 4
    world.comments[3].creator_id = 5
    return world


def test_a_host_that_a_pseudonym_makes_unreadable_is_left_out(tmp_path: Path) -> None:
    world = thread(v3("one.test"), ["See https://example.org/ledgers"])
    world.persons[4].display_name = "db8::1"
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        with archive.transaction() as connection:
            connection.execute("UPDATE links SET url = 'http://[2001:db8::1]/ledgers', domain = '[2001:db8::1]'")
        hidden = make(archive, tmp_path / "hidden", select(archive, Wanted()), Making(pseudonyms=b"k" * 32))
    with sqlite3.connect(hidden.path / "archive.db") as connection:
        ((url, domain),) = connection.execute("SELECT url, domain FROM links")
    assert ("db8" in url, domain) == (False, "")


def test_with_pseudonyms_nobody_is_named_and_the_tree_is_the_same(crowd: World, tmp_path: Path) -> None:
    with Server(crowd) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        plain = make(archive, tmp_path / "plain", select(archive, Wanted()), Making())
        hidden = make(archive, tmp_path / "hidden", select(archive, Wanted()), Making(pseudonyms=b"k" * 32))
        again = make(archive, tmp_path / "again", select(archive, Wanted()), Making(pseudonyms=b"k" * 32))
        other = make(
            archive, tmp_path / "other", select(archive, Wanted()), Making(pseudonyms=b"l" * 32, keep_source=True)
        )
    found = everything_in(hidden.path)
    told = everything_in(plain.path)
    for name in ("mara_finch", "tobias_oak", "ines_quill", "mara f. the elder", "tobias of the oaks", "i am myself",
                 "one.test/post/1", "one.test/comment", "one.test/u/"):  # fmt: skip
        assert name in told, name
        assert name not in found, name
    assert ONE in everything_in(other.path)
    assert "mara_finch" not in everything_in(other.path)
    assert again.manifest == hidden.manifest != other.manifest
    shape = "SELECT position, depth, published_at, path FROM comments ORDER BY position"
    trees = [sqlite3.connect(made.path / "archive.db").execute(shape).fetchall() for made in (plain, hidden)]
    assert trees[0] == trees[1]
    assert hidden.description["names_left"] == {"names": 0, "occurrences": 0}
    assert len(set(re.findall(r"person-[a-z2-7]{12}", found))) == 3


def test_a_zip_holds_no_more_than_its_folder(crowd: World, tmp_path: Path) -> None:
    with Server(crowd) as server, archive_in(tmp_path) as archive:
        add(archive, server, ONE)
        folder = make(archive, tmp_path / "folder", select(archive, Wanted()), Making())
        zipped = make(archive, tmp_path / "x.zip", select(archive, Wanted()), Making(zipped=True))
    with zipfile.ZipFile(zipped.path) as reader:
        reader.extractall(tmp_path / "unpacked")
    assert folder.manifest == zipped.manifest
    names = {
        path.relative_to(tmp_path / "unpacked").as_posix()
        for path in (tmp_path / "unpacked").rglob("*")
        if path.is_file()
    }
    assert names == {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file()}
