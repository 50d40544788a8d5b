"""The judged set of `fixtures/search`: threads written for it, as an archive, and what queries should find in them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thread_archive.markup import plain_text
from thread_archive.slugs import slug
from thread_archive.store import search_index
from thread_archive.store.archive import Archive

FOLDER = Path(__file__).parents[1] / "fixtures" / "search"
_HEAD = re.compile(r"== (\S+) \| (\S+) \| (\S+)@(\S+) \| (\S+) \| (\S+)")
_COMMENT = re.compile(r"(\.+) (\S+) (-?\d+): (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A query, and what items (`wells/c3`) and threads (`wells`) are worth to who asks it: 1 to 3; 0 is left out."""

    text: str
    items: Mapping[str, int]
    threads: Mapping[str, int]


def judged_queries() -> list[Judged]:
    """All queries with their judgements."""
    found = []
    for line in (FOLDER / "queries.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        text, _, worth = line.partition(" | ")
        grades = {key: int(grade) for key, grade in (part.split("=") for part in worth.split())}
        threads: dict[str, int] = {}
        for key, grade in grades.items():
            thread = key.partition("/")[0]
            threads[thread] = max(threads.get(thread, 0), grade)
        items = {key: grade for key, grade in grades.items() if "/" in key}
        if any(word.startswith("-") for word in text.split()):
            # What an item must not say, another one of its thread may.
            threads = {}
        found.append(Judged(text=text, items=items, threads=threads))
    return found


def ndcg(found: Sequence[str], worth: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002), with gains of 2^grade - 1."""
    gain = sum((2 ** worth.get(key, 0) - 1) / math.log2(place + 2) for place, key in enumerate(found[:depth]))
    best = sorted(worth.values(), reverse=True)[:depth]
    return gain / sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))


class Builder:
    """Writes the threads into an empty archive; `keys` are the names that judgements have for items and threads."""

    def __init__(self, archive: Archive) -> None:
        self._connection = archive.db.conn
        self._ids: dict[tuple[str, str], int] = {}
        self._parents: list[tuple[int, str]] = []
        self._numbers = {"p": 0, "a": 0, "c": 0}
        self._scope = (0, 0, 0)
        self.keys: dict[str, str] = {}

    def build(self) -> None:
        """Write all threads."""
        lines = (FOLDER / "threads.txt").read_text(encoding="utf-8").splitlines()
        with self._connection:
            self._insert("instances", domain="home.test")
            self._insert("captures", kind="visit", url="", status="complete", started_at="2026-01-01T00:00:00.000000Z")
            for number, line in enumerate(lines):
                if match := _HEAD.match(line):
                    self._post(*match.groups(), title=lines[number + 1], body=_after(lines[number + 2], "| "))
                elif line.startswith("> "):
                    self._paragraph(line[2:])
                elif match := _COMMENT.match(line):
                    self._comment(*match.groups())

    def _post(
        self, key: str, language: str, community: str, domain: str, author: str, date: str, title: str, body: str
    ) -> None:
        community_id = self._community(community, domain)
        creator_id = self._person(author)
        self._key, self._author, self._date = key, author, date
        self._numbers = {"a": 0, "c": 0}
        self._parents = []
        ap_id = f"https://{domain}/post/{key}"
        post_id = self._insert(
            "posts", ap_id=ap_id, slug=slug(ap_id), community_id=community_id, creator_id=creator_id, title=title,
            url="", body=body, published_at=f"{date}T08:00:00.000000Z", deleted=0, removed=0, locked=0, nsfw=0,
            featured=0, language=language, alt_text="", embed_title="", embed_description="", thumbnail_url="",
            is_moderator=0, is_admin=0, score=10, upvotes=10, downvotes=0, restricted=0, capture_id=1,
        )  # fmt: skip
        self._scope = (post_id, community_id, creator_id)
        self.keys[ap_id] = key
        self._index(search_index.POST, post_id, body, title, creator_id)
        self._article_id = 0

    def _paragraph(self, text: str) -> None:
        post_id = self._scope[0]
        first = not self._numbers["a"]
        title = self._connection.execute("SELECT title FROM posts WHERE id = ?", [post_id]).fetchone()[0]
        if first:
            self._article_id = self._insert(
                "articles", post_id=post_id, is_body=0, is_page=1, url="", final_url="", redirects="[]", status="kept",
                reason="", robots_ignored=0, title=title, byline="", site="", published_by="", language="", licence="",
                canonical_url="", robots="", html="", words=0, extractor="", extractor_version="", capture_id=1,
            )  # fmt: skip
        self._numbers["a"] += 1
        row_id = self._insert(
            "article_paragraphs", article_id=self._article_id, number=self._numbers["a"], kind="p", level=0, text=text
        )
        self._index(search_index.PARAGRAPH, row_id, text, title if first else "", 0)

    def _comment(self, dots: str, author: str, score: str, text: str) -> None:
        post_id = self._scope[0]
        depth = len(dots)
        self._numbers["c"] += 1
        number = self._numbers["c"]
        ap_id = f"https://home.test/comment/{self._key}-{number}"
        creator_id = self._person(author)
        plain = plain_text(text)
        row_id = self._insert(
            "comments", ap_id=ap_id, post_id=post_id, parent_id=self._parents[depth - 2][0] if depth > 1 else None,
            path=f"{number:04}", position=number, depth=depth, creator_id=creator_id, body=text,
            body_text=None if plain == text else plain, published_at=f"{self._date}T{8 + number:02}:00:00.000000Z",
            deleted=0, removed=0, distinguished=0, language="und", is_moderator=0, is_admin=0, score=int(score),
            upvotes=max(0, int(score)), downvotes=0, restricted=0, capture_id=1,
        )  # fmt: skip
        del self._parents[depth - 1 :]
        self._parents.append((row_id, author))
        self.keys[ap_id] = f"{self._key}/c{number}"
        self._index(search_index.COMMENT, row_id, plain, "", creator_id)

    def _index(self, kind: int, row_id: int, body: str, title: str, creator_id: int) -> None:
        post_id, community_id, _ = self._scope
        scope = search_index.scope(post_id, community_id, creator_id, kind)
        search_index.add(self._connection, [(search_index.item_number(kind, row_id), body, title, scope)])

    def _person(self, name: str) -> int:
        return self._once("people", f"https://home.test/u/{name}", name=name, display_name="", bio="", is_bot=0)

    def _community(self, name: str, domain: str) -> int:
        return self._once(
            "communities", f"https://{domain}/c/{name}", name=name, title=name.title(), description="", nsfw=0,
            removed=0, visibility="public",
        )  # fmt: skip

    def _once(self, table: str, ap_id: str, **values: object) -> int:
        if (table, ap_id) not in self._ids:
            domain = ap_id.split("/")[2]
            if ("instances", domain) not in self._ids:
                self._ids["instances", domain] = (
                    1 if domain == "home.test" else self._insert("instances", domain=domain)
                )
            self._ids[table, ap_id] = self._insert(
                table, ap_id=ap_id, instance_id=self._ids["instances", domain], deleted=0, capture_id=1, **values
            )
        return self._ids[table, ap_id]

    def _insert(self, table: str, **values: object) -> int:
        marks = ", ".join("?" * len(values))
        cursor = self._connection.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values())
        )
        return int(cursor.lastrowid or 0)


def _after(line: str, sign: str) -> str:
    return line.removeprefix(sign) if line.startswith(sign) else ""


def item_key(keys: Mapping[str, str], kind: str, ap_id: str, paragraph: int | None) -> str:
    """What judgements call an item that was found."""
    if kind == "article":
        return f"{keys[ap_id]}/a{paragraph}"
    return f"{keys[ap_id]}/p" if kind == "post" else keys[ap_id]
