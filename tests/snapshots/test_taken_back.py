"""What was taken back is in no file of a snapshot and on no page of a public site, wherever its words had been."""

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from everything import found_in, markers
from fake_lemmy import Instance, Post, Reply, Server, World, thread
from planted import ARTICLE, URL, plant
from runs import add, archive_in, rows, v3, v4
from snapshots.building import NOON, Noon
from snapshots.test_withdrawn import everything_in
from thread_archive.archiving import reread
from thread_archive.slugs import slug
from thread_archive.snapshots.database import open_snapshot
from thread_archive.snapshots.importing import import_snapshot
from thread_archive.snapshots.selection import Wanted, hidden, select
from thread_archive.snapshots.verifying import verify
from thread_archive.snapshots.writer import Making, make
from thread_archive.store.archive import Archive
from web.datasettes import ask_all, served

VERSIONS = pytest.mark.parametrize("instance", [v3(version="0.18.5"), v3(), v4()], ids=["0.18", "0.19", "1.0"])
HOW = pytest.mark.parametrize("how", ["deleted", "removed", "purged"])
AROUND = pytest.mark.parametrize("around", [False, True], ids=["alone", "among others"])
OTHER = "http://home.test/post/9"
OF_POST = ("title", "old_title", "body", "old_body", "url", "alt", "embed_title", "embed_description", "thumbnail")


def beside(world: World, words: Collection[str]) -> None:
    """Another thread, which nobody takes back."""
    title, comment = words
    world.posts[9] = Post(
        id=9, ap_id=OTHER, title=title, creator_id=4, community_id=2, published="2026-03-02T00:00:00Z"
    )
    row = thread(world.instance, [Reply(text=comment)]).comments[1]
    row.id, row.ap_id, row.path, row.post_id = 90, "http://home.test/comment/90", "0.90", 9
    world.comments[90] = row


def take_back_post(world: World, how: str) -> None:
    """The post is withdrawn or purged; the next visits find it so."""
    if how == "purged":
        world.purge_post(1)
    else:
        setattr(world.posts[1], how, True)


def take_back_comment(world: World, ident: int, how: str) -> None:
    """The comment is withdrawn or purged."""
    if how == "purged":
        world.purge(ident)
    else:
        setattr(world.comments[ident], how, True)


def shared(archive: Archive, folder: Path) -> str:
    """All that snapshots of everything hold, as a folder and as a zip."""
    posts = select(archive, Wanted())
    bundle = make(archive, folder / "bundle", posts, Making()).path
    assert [finding.message for finding in verify(bundle) if not finding.ok] == []
    packed = make(archive, folder / "bundle.zip", posts, Making(zipped=True)).path
    with zipfile.ZipFile(packed) as reader:
        unpacked = [reader.read(name).decode("latin-1").lower() for name in reader.namelist()]
    return "\n".join([everything_in(bundle), *unpacked, packed.read_bytes().decode("latin-1").lower()])


def public_answers(path: Path, words: Collection[str], *, purged: bool = False) -> Iterator[tuple[str, str]]:
    """What a public site of the archive answers to everything that leads to threads or to these words."""
    threads = [f"/t/{slug(ap_id)}" for ap_id in (URL, OTHER)]
    paths = ["/", "/.json", "/.atom", "/archive", "/archive.json"]
    paths += [f"{at}{more}" for at in threads for more in ("", ".json", ".json?shape=tree", ".atom", "?sort=new")]
    paths += [f"/search{form}?q={word}" for word in words for form in ("", ".json", ".atom")]
    paths += [f"/search?view=threads&q={word}" for word in words]
    tables = (
        "posts",
        "comments",
        "articles",
        "article_paragraphs",
        "links",
        "cross_posts",
        "search_content",
        "search_fts",
    )
    paths += [f"/archive/{table}.json?_shape=array" for table in tables]
    for path_, answer in zip(paths, ask_all(served(path, public=True, purged=purged), paths), strict=True):
        yield path_, answer.text.lower()


def on_public_pages(path: Path, words: Collection[str], *, purged: bool = False) -> set[str]:
    """Which of the words a public site shows: where they were asked for, they are in the answer anyway."""
    found = set()
    for where, text in public_answers(path, words, purged=purged):
        asked = {word for word in words if f"q={word}" in where}
        found |= {word for word in words if word in text and word not in asked}
        # Who finds something is told where it is.
        found |= {word for word in asked if "/t/" in text.replace("/t/search", "")}
    return found


@VERSIONS
@HOW
@AROUND
def test_a_post_that_was_taken_back_is_nowhere_in_what_is_shared(
    tmp_path: Path, instance: Instance, how: str, around: bool
) -> None:
    places = ("title", "body", "url", "alt", "embed", "stays", "spoken", "comment")
    words = dict(zip(places, markers(len(places), 3), strict=True))
    post = {
        "title": words["title"],
        "body": words["body"],
        "url": f"http://dead.test/{words['url']}",
        "alt_text": words["alt"],
        "embed_title": words["embed"],
    }
    world = thread(instance, [words["comment"]] if around else [], post=post)
    beside(world, (words["stays"], words["spoken"]))
    # 0.18 has no such text; and 1.0 gives everybody the title and link of a post that its author deleted.
    untold = {"alt"} if instance.line == "0.18" else set()
    given = {"title", "url"} if instance.line == "1.0" and around and how == "deleted" else set()
    taken = {"title", "body", "url", "alt", "embed"} - untold - given | (
        {"comment"} if around and how == "purged" else set()
    )
    stay = {"stays", "spoken"} | ({"comment"} if around and how != "purged" else set())
    with Server(world) as server, archive_in(tmp_path) as archive:
        # With the page that it links to, which is not to be had: why that is has its address.
        add(archive, server, URL, OTHER, article=True, patience=0.05)
        before = shared(archive, tmp_path)
        assert all(words[name] in before for name in taken | stay)
        take_back_post(world, how)
        add(archive, server, URL, OTHER)
        found = shared(archive, tmp_path)
    assert [name for name in taken if words[name] in found] == []
    assert [name for name in stay if words[name] not in found] == []
    shown = on_public_pages(tmp_path / "archive.db", list(words.values()))
    assert shown == {words[name] for name in stay | given}


@VERSIONS
@HOW
@AROUND
def test_a_comment_that_was_taken_back_is_nowhere_in_what_is_shared(
    tmp_path: Path, instance: Instance, how: str, around: bool
) -> None:
    taken, stays, answer, title = markers(4, 4)
    more = [Reply(text=stays), Reply(text=answer, to=1)] if around else []
    world = thread(instance, [f"{taken} http://home.test/{taken}", *more])
    beside(world, (title, title))
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, OTHER)
        assert taken in shared(archive, tmp_path)
        take_back_comment(world, 1, how)
        add(archive, server, URL, OTHER)
        found = shared(archive, tmp_path)
        place = rows(archive, "SELECT depth FROM comments ORDER BY post_id, position")
        with open_snapshot(tmp_path / "bundle" / "archive.db") as snapshot:
            same = snapshot.execute("SELECT depth FROM comments ORDER BY post_id, position").fetchall()
    assert taken not in found
    assert all(word in found for word in (title, *((stays, answer) if around else ())))
    assert same == place
    shown = on_public_pages(tmp_path / "archive.db", [taken, stays, answer, title])
    assert shown == {title, *((stays, answer) if around else ())}


@HOW
@AROUND
def test_nothing_of_a_post_s_article_links_and_earlier_states_is_shared_after_it(
    tmp_path: Path, how: str, around: bool
) -> None:
    planted = plant(tmp_path)
    words = planted.of(*OF_POST, *ARTICLE)
    if not around:
        for ident in sorted(planted.world.comments):
            planted.world.purge(ident)
    take_back_post(planted.world, how)
    beside(planted.world, markers(2, 5))
    with Server(planted.world) as server, archive_in(tmp_path) as archive:
        bundle = make(archive, tmp_path / "before", select(archive, Wanted()), Making()).path
        current = planted.of("title", "body", "url", "article_title", "article_text", "link_text")
        assert [word for word in current if word not in everything_in(bundle)] == []
        add(archive, server, URL, OTHER)
        found = shared(archive, tmp_path)
    assert [word for word in words if word in found] == []
    # One's own archive has them still, but for what was put in by hand beside the evidence.
    by_hand = planted.of("final_url", "link_text") if how != "purged" else set()
    assert words - by_hand - found_in(tmp_path, words).keys() == set()
    assert on_public_pages(tmp_path / "archive.db", sorted(words)) == set()


def purged_archive(folder: Path, words: Collection[str]) -> Archive:
    """A purged thread, and a thread with a comment that was purged."""
    title, body, comment, stays, other = words
    world = thread(v3(), ["one"], post={"title": title, "body": body})
    beside(world, (other, comment))
    extra = thread(v3(), [Reply(text=stays)]).comments[1]
    extra.id, extra.ap_id, extra.path, extra.post_id = 91, "http://home.test/comment/91", "0.90.91", 9
    world.comments[91] = extra
    with Server(world) as server:
        archive = Archive.open(folder / "archive.db", create=True)
        add(archive, server, URL, OTHER, clock=Noon())
        world.purge_post(1)
        world.purge(90)
        add(archive, server, URL, OTHER, clock=Noon())
    return archive


def test_what_was_purged_is_shared_where_that_is_asked_for(tmp_path: Path) -> None:
    words = markers(5, 6)
    title, body, comment, stays, other = words
    with purged_archive(tmp_path, words) as archive:
        unseen, purged, _ = hidden(archive, Wanted(), select(archive, Wanted()))
        assert (unseen.threads, unseen.comments, purged.threads, purged.comments) == (0, 0, 1, 1)
        wanted = Wanted(purged=True)
        bundle = make(archive, tmp_path / "with", select(archive, wanted), Making(purged=True))
        assert bundle.description["options"]["purged"] is True
        assert [finding.message for finding in verify(bundle.path) if not finding.ok] == []
        found = everything_in(bundle.path)
        assert [word for word in words if word not in found] == []
        assert "has it no longer" in found
    shown = on_public_pages(tmp_path / "archive.db", words, purged=True)
    assert shown == set(words)
    # A mark comes along, so that who receives it does not give it on unawares.
    with Archive.open(tmp_path / "other.db", create=True) as received:
        list(import_snapshot(received, bundle.path, now=NOON))
        assert rows(received, "SELECT purged_by FROM posts ORDER BY id") == [("home.test",), (None,)]
        assert rows(received, "SELECT count(*) FROM comments WHERE purged_at IS NOT NULL") == [(2,)]
        found = shared(received, tmp_path)
        assert [word for word in (title, body, comment) if word in found] == []
        assert stays in found
        assert other in found


def test_a_snapshot_without_what_was_purged_takes_nothing_from_who_has_it(tmp_path: Path) -> None:
    words = markers(5, 7)
    with purged_archive(tmp_path, words) as archive:
        bundle = make(archive, tmp_path / "without", select(archive, Wanted()), Making(site=False)).path
        archive.copy_to(tmp_path / "copy.db")
    with Archive.open(tmp_path / "copy.db") as received:
        before = rows(received, "SELECT body, purged_by FROM comments ORDER BY id")
        list(import_snapshot(received, bundle, now=NOON))
        assert rows(received, "SELECT body, purged_by FROM comments ORDER BY id") == before


@HOW
def test_the_title_of_a_post_that_was_taken_back_is_not_shared_beside_its_cross_posts(tmp_path: Path, how: str) -> None:
    title, stays = markers(2, 8)
    world = thread(v3(), post={"title": title, "url": "http://dead.test/page"})
    beside(world, (stays, stays))
    world.posts[9].url = "http://dead.test/page"
    with Server(world) as server, archive_in(tmp_path) as archive:
        add(archive, server, URL, OTHER)
        assert rows(archive, "SELECT title FROM cross_posts ORDER BY post_id") == [(stays,), (title,)]
        take_back_post(world, how)
        add(archive, server, URL)
        found = shared(archive, tmp_path)
        shown = on_public_pages(tmp_path / "archive.db", [title, stays])
        reread(archive)
        again = shared(archive, tmp_path)
    assert (title in found, title in again, stays in found) == (False, False, True)
    assert shown == {stays}
    assert on_public_pages(tmp_path / "archive.db", [title, stays]) == {stays}
