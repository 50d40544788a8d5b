"""Every captured thread, held field by field against what the servers' own databases held."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fake_lemmy import Server, manifest, truth_comments, truth_posts, world_from
from runs import add, archive_in, rows
from thread_archive.store.dump import content, content_digest

WHOLE = ("lemmy-0.18.5", "lemmy-0.19.20", "lemmy-1.0.0-beta.1")
# What 0.18.5 leaves out of its lists: what child counts tell of, and what nothing does (top level, no replies).
OMITTED = {"long": (1, 0), "wide": (4, 5)}


def when(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None


def stored_comments(archive: Any, post_ap_id: str) -> dict[str, dict[str, Any]]:
    found = rows(
        archive,
        """SELECT c.ap_id, parent.ap_id, person.ap_id, person.name, c.body, c.published_at, c.edited_at, c.deleted,
                  c.removed, c.distinguished, c.score, c.upvotes, c.downvotes, c.depth
           FROM comments c JOIN posts p ON p.id = c.post_id JOIN people person ON person.id = c.creator_id
           LEFT JOIN comments parent ON parent.id = c.parent_id WHERE p.ap_id = ?""",
        post_ap_id,
    )
    return {
        row[0]: {
            "parent_ap_id": row[1], "creator": row[2], "creator_name": row[3], "body": row[4],
            "published_at": when(row[5]), "updated_at": when(row[6]), "deleted": bool(row[7]), "removed": bool(row[8]),
            "distinguished": bool(row[9]), "score": row[10], "upvotes": row[11], "downvotes": row[12], "depth": row[13],
        }
        for row in found
    }  # fmt: skip


def expected_comment(truth: dict[str, Any]) -> dict[str, Any]:
    expected = {name: truth[name] for name in ("parent_ap_id", "creator", "creator_name", "deleted", "removed")}
    expected |= {name: truth[name] for name in ("distinguished", "score", "upvotes", "downvotes")}
    expected["body"] = "" if truth["deleted"] or truth["removed"] else truth["body"]
    expected |= {name: when(truth[name]) for name in ("published_at", "updated_at")}
    return expected | {"depth": truth["path"].count(".")}


@pytest.mark.parametrize("name", WHOLE)
def test_a_captured_thread_is_stored_as_its_database_had_it(name: str, tmp_path: Path) -> None:
    names = {post_id: thread for thread, post_id in manifest(name)["posts"].items()}
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        for post in truth_posts(name):
            thread = names.get(post["id"])
            if thread is None:
                continue
            (receipt,) = add(archive, server, f"{manifest(name)['base']}/post/{post['id']}")
            truth = {row["ap_id"]: row for row in truth_comments(name) if row["post_id"] == post["id"]}
            stored = stored_comments(archive, post["ap_id"])
            omitted, untold = OMITTED.get(thread, (0, 0)) if name == "lemmy-0.18.5" else (0, 0)
            assert receipt.exit_code == 0, thread
            assert receipt.status == ("partial" if omitted else "complete"), thread
            assert receipt.stored + sum(item.count for item in receipt.missing) == len(truth) - untold, thread
            assert len(truth) - len(stored) == omitted + untold, thread
            for ap_id, row in stored.items():
                assert row == expected_comment(truth[ap_id]), ap_id


@pytest.mark.parametrize("name", WHOLE)
def test_the_post_is_stored_as_its_database_had_it(name: str, tmp_path: Path) -> None:
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        for post in truth_posts(name):
            add(archive, server, f"{manifest(name)['base']}/post/{post['id']}")
            ((*values,),) = rows(
                archive,
                """SELECT p.title, p.url, p.body, p.published_at, p.edited_at, p.deleted, p.removed, p.locked, p.nsfw,
                          p.featured, p.alt_text, c.ap_id FROM posts p JOIN communities c ON c.id = p.community_id
                   WHERE p.ap_id = ?""",
                post["ap_id"],
            )
            withdrawn = post["deleted"] or post["removed"]
            kept = not withdrawn or (post["deleted"] and name == "lemmy-1.0.0-beta.1")
            featured = post["featured_community"] or post["featured_local"]
            assert values == [
                post["title"] if kept else "", (post["url"] or "") if kept else "",
                "" if withdrawn else post["body"] or "", *values[3:5], post["deleted"], post["removed"], post["locked"],
                post["nsfw"], featured, "" if withdrawn else post["alt_text"] or "", post["community"],
            ]  # fmt: skip
            assert when(values[3]) == when(post["published_at"])
            assert when(values[4]) == when(post["updated_at"])


@pytest.mark.parametrize("name", WHOLE)
def test_no_text_that_was_withdrawn_before_we_came_is_anywhere_in_the_archive(name: str, tmp_path: Path) -> None:
    withdrawn = [row for row in truth_comments(name) if (row["deleted"] or row["removed"]) and len(row["body"]) > 10]
    assert withdrawn
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        add(archive, server, *(f"{manifest(name)['base']}/post/{post['id']}" for post in truth_posts(name)))
        everything = "\n".join(content(archive)) + exchange_bodies(archive)
        for row in withdrawn:
            assert row["body"][:200] not in everything


def exchange_bodies(archive: Any) -> str:
    from thread_archive.store import evidence

    bodies = rows(archive, "SELECT body, size, digest FROM exchange_bodies")
    return "\n".join((evidence.opened(*row) or b"").decode("utf-8", "replace") for row in bodies)


@pytest.mark.parametrize("name", WHOLE)
def test_a_second_visit_writes_nothing_and_a_reread_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    from thread_archive.archiving import reread

    urls = [f"{manifest(name)['base']}/post/{post['id']}" for post in truth_posts(name)]
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        add(archive, server, *urls)
        before = content_digest(archive)
        assert not any(receipt.changed for receipt in add(archive, server, *urls))
        assert content_digest(archive) == before
        assert rows(archive, "SELECT count(*) FROM post_revisions") == [(0,)]
        assert rows(archive, "SELECT count(*) FROM comment_revisions") == [(0,)]
        reread(archive)
        assert content_digest(archive) == before


def test_the_languages_are_tags_from_the_servers_own_list(tmp_path: Path) -> None:
    with Server(world_from("lemmy-0.19.20")) as server, archive_in(tmp_path) as archive:
        add(archive, server, f"{manifest('lemmy-0.19.20')['base']}/post/1")
        found = {language for (language,) in rows(archive, "SELECT DISTINCT language FROM comments")}
        numbers = {row["language_id"] for row in truth_comments("lemmy-0.19.20") if row["post_id"] == 1}
        assert len(found) == len(numbers)
        assert all(language == "und" or language.islower() for language in found)


@pytest.mark.parametrize("name", WHOLE)
def test_moderators_and_admins_are_marked_in_every_version(name: str, tmp_path: Path) -> None:
    with Server(world_from(name)) as server, archive_in(tmp_path) as archive:
        add(archive, server, f"{manifest(name)['base']}/post/3")
        assert rows(archive, "SELECT count(*) > 0 FROM comments WHERE is_moderator AND distinguished") == [(1,)]


def test_cross_posts_are_kept(tmp_path: Path) -> None:
    with Server(world_from("lemmy-0.19.20")) as server, archive_in(tmp_path) as archive:
        base = manifest("lemmy-0.19.20")["base"]
        add(archive, server, f"{base}/post/1")
        assert rows(archive, "SELECT ap_id FROM cross_posts") == [(f"{base}/post/2",)]
