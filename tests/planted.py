"""An archive with a word of its own in every place that text can live in, twice visited, with an article by hand."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everything import markers
from fake_lemmy import Instance, Post, Reply, Server, World, thread
from runs import add, archive_in, v3
from thread_archive.store import evidence
from thread_archive.store.archive import Archive
from thread_archive.store.search_index import PARAGRAPH, item_number

URL = "http://home.test/post/1"
ARTICLE = (
    "article_title",
    "article_byline",
    "article_text",
    "article_html",
    "raw",
    "final_url",
    "old_article",
    "link_text",
)
_PLACES = (
    *("name", "display_name", "old_display_name", "bio", "old_bio", "avatar"),
    *("title", "old_title", "body", "old_body", "url", "alt", "embed_title", "embed_description", "thumbnail"),
    *("comment", "old_comment", "cross_title", "cross_body"),
    *(
        "article_title",
        "article_byline",
        "article_text",
        "article_html",
        "raw",
        "final_url",
        "old_article",
        "link_text",
    ),
    *("others_body", "others_old", "others_name", "others_bio", "description", "community_title", "passage"),
    *("claimed_name", "claimed_bio"),
)
PERSON_ID = 3
"""Who posted, and wrote a comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The words by place, and the world that they were archived from."""

    words: dict[str, str]
    world: World

    def of(self, *places: str) -> set[str]:
        """The words of these places."""
        return {self.words[place] for place in places}

    def all_but(self, *places: str) -> set[str]:
        """The words of all other places."""
        return set(self.words.values()) - self.of(*places)


OTHERS = ("others_body", "others_old", "others_name", "others_bio", "description", "community_title")


def plant(folder: Path, instance: Instance | None = None, *, article: bool = True, seed: int = 1) -> Planted:
    """Archive the thread in `folder`, edit everything, archive it again; `article` adds one that is in no evidence."""
    words = dict(zip(_PLACES, markers(len(_PLACES), seed), strict=True))
    planted = Planted(words=words, world=_world(words, instance or v3()))
    with Server(planted.world) as server, archive_in(folder) as archive:
        add(archive, server, URL)
        _edit(planted.world, words)
        add(archive, server, URL)
        if article:
            _add_article(archive, words)
        _add_quote(archive, words)
        _add_claims(archive, words)
        with archive.transaction() as connection:
            connection.execute("UPDATE comments SET body_html = '<p>' || body || '</p>' WHERE ap_id LIKE '%/1'")
    return planted


def _world(words: dict[str, str], instance: Instance) -> World:
    world = thread(
        instance,
        [
            Reply(text=f"A first {words['old_comment']} version.", fields={"creator_id": PERSON_ID}),
            Reply(
                text=f"I knew @{words['name']}@home.test well, see [them](http://home.test/u/{words['name']}). "
                f"{words['others_old']}",
                to=1,
                fields={"creator_id": 4},
            ),
            Reply(text=f"> A {words['passage']} worth repeating.\n\nWell said.", to=1, fields={"creator_id": 5}),
        ],
        post={
            "title": f"Title {words['old_title']}",
            "body": f"Body {words['old_body']}",
            "url": f"http://news.test/{words['url']}",
            "alt_text": words["alt"],
            "embed_title": words["embed_title"],
            "embed_description": words["embed_description"],
            "thumbnail_url": f"http://home.test/{words['thumbnail']}.webp",
        },
        community={"title": words["community_title"], "sidebar": f"About {words['description']}"},
    )
    who, other = world.persons[PERSON_ID], world.persons[4]
    who.name, who.ap_id = words["name"], f"{instance.base}/u/{words['name']}"
    who.display_name, who.bio = words["old_display_name"], words["old_bio"]
    who.more = {"avatar": f"http://home.test/{words['avatar']}.webp"}
    other.name, other.ap_id = words["others_name"], f"{instance.base}/u/{words['others_name']}"
    other.bio = words["others_bio"]
    world.posts[2] = Post(
        id=2,
        ap_id=f"{instance.base}/post/2",
        title=words["cross_title"],
        body=words["cross_body"],
        creator_id=PERSON_ID,
        community_id=2,
        url=world.posts[1].url,
    )
    instance.admins.append(PERSON_ID)
    return world


def _edit(world: World, words: dict[str, str]) -> None:
    post, who = world.posts[1], world.persons[PERSON_ID]
    post.title, post.body, post.updated = words["title"], f"Now {words['body']}", "2026-03-05T00:00:00Z"
    who.display_name, who.bio = words["display_name"], words["bio"]
    world.comments[1].content = f"A {words['passage']} worth repeating. And {words['comment']}."
    world.comments[2].content = world.comments[2].content.replace(words["others_old"], words["others_body"])
    for row in (world.comments[1], world.comments[2]):
        row.updated = "2026-03-05T00:00:00Z"


def _add_claims(archive: Archive, words: dict[str, str]) -> None:
    """What another server says of both people and of the community."""
    names = {words["name"]: ("claimed_name", "claimed_bio"), words["others_name"]: ("others_name", "others_bio")}
    with archive.transaction() as connection:
        claims = connection.execute("INSERT INTO instances (domain) VALUES ('claims.test')").lastrowid
        for name, (display_name, bio) in names.items():
            connection.execute(
                """INSERT INTO person_claims (person_id, instance_id, name, display_name, bio, is_bot, deleted,
                                              capture_id)
                   SELECT id, ?, name, ?, ?, 0, 0, capture_id FROM people WHERE name = ?""",
                [claims, words[display_name], f"{words[bio]} of @{words['name']}@home.test", name],
            )
        connection.execute(
            """INSERT INTO community_claims SELECT id, ?, name, title, description, nsfw, deleted, removed, visibility,
                                                   capture_id FROM communities""",
            [claims],
        )


def _add_article(archive: Archive, words: dict[str, str]) -> None:
    page = f"<html><p>{words['raw']} {words['article_text']} {words['article_html']}</p></html>".encode()
    with archive.transaction() as connection:
        capture_id = connection.execute(
            """INSERT INTO captures (kind, url, post_id, status, started_at) SELECT 'article', url, id, 'kept',
               '2026-03-06T00:00:00Z' FROM posts WHERE id = 1"""
        ).lastrowid
        body_id = connection.execute(
            "INSERT INTO exchange_bodies (digest, size, body) VALUES (?, ?, ?)",
            [hashlib.sha256(page).digest(), len(page), evidence.compressed(page)],
        ).lastrowid
        exchange_id = connection.execute(
            """INSERT INTO exchanges (capture_id, instance_id, purpose, method, url, status, headers, requested_at,
                                      logged_in, wire_bytes, body_id)
               SELECT ?, 1, 'article', 'GET', url, 200, '{}', '2026-03-06T00:00:00Z', 0, 10, ?
               FROM posts WHERE id = 1""",
            [capture_id, body_id],
        ).lastrowid
        fields: dict[str, Any] = {
            "post_id": 1,
            "is_body": 0,
            "is_page": 1,
            "url": f"http://news.test/{words['url']}",
            "final_url": f"http://news.test/{words['final_url']}",
            "redirects": json.dumps([f"http://news.test/{words['final_url']}"]),
            "status": "stored",
            "reason": "",
            "robots_ignored": 0,
            "exchange_id": exchange_id,
            "title": words["article_title"],
            "byline": words["article_byline"],
            "html": f'<p id="p1">{words["article_text"]} <em>{words["article_html"]}</em></p><p id="p2">Calm.</p>',
            "words": 3,
            "capture_id": capture_id,
        }
        empty = ("site", "published_by", "language", "licence", "canonical_url", "robots", "extractor")
        fields |= dict.fromkeys((*empty, "extractor_version"), "")
        article_id = connection.execute(
            f"INSERT INTO articles ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})", [*fields.values()]
        ).lastrowid
        for number, text in ((1, f"{words['article_text']} {words['article_html']}"), (2, "Calm.")):
            row_id = connection.execute(
                """INSERT INTO article_paragraphs (article_id, number, kind, level, text)
                   VALUES (?, ?, 'paragraph', 0, ?)""",
                [article_id, number, text],
            ).lastrowid
            _index(connection, item_number(PARAGRAPH, int(row_id or 0)))
        connection.execute(
            "INSERT INTO article_revisions VALUES (?, 'old', ?, '', ?, '', ?, NULL)",
            [article_id, capture_id, words["old_article"], f"<p>{words['old_article']}</p>"],
        )
        connection.execute(
            "INSERT INTO links (post_id, kind, url, domain, text) VALUES (1, 'link', ?, 'news.test', ?)",
            [f"http://news.test/{words['url']}", words["link_text"]],
        )


def _index(connection: sqlite3.Connection, item: int) -> None:
    connection.execute("INSERT INTO search_items (id) VALUES (?)", [item])
    row = connection.execute("SELECT id, body, title, scope FROM search_content WHERE id = ?", [item]).fetchone()
    connection.execute("INSERT INTO search_fts (rowid, body, title, scope) VALUES (?, ?, ?, ?)", row)


def _add_quote(archive: Archive, words: dict[str, str]) -> None:
    with archive.transaction() as connection:
        row_id, body = connection.execute("SELECT id, body FROM comments WHERE body LIKE '> A %'").fetchone()
        if connection.execute("SELECT 1 FROM quotes WHERE comment_id = ?", [row_id]).fetchone():
            return
        target = connection.execute("SELECT id FROM comments WHERE ap_id LIKE '%/comment/1'").fetchone()[0]
        passage = f"A {words['passage']} worth repeating."
        start = body.index(passage)
        connection.execute(
            """INSERT INTO quotes (post_id, comment_id, start, end, marked, target_kind, target_comment_id,
                                   target_start, target_end, score)
               VALUES (1, ?, ?, ?, 1, 'comment', ?, 0, ?, 100)""",
            [row_id, start, start + len(passage), target, len(passage)],
        )
