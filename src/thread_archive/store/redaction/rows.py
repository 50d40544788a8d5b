"""Erasing from the rows of people, posts, comments and their revisions; structure, times and votes stay."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from thread_archive.erasing import Erasure
from thread_archive.store import derivations
from thread_archive.store.redaction.changes import Changes, ErasedItem
from thread_archive.store.redaction.survey import Covered
from thread_archive.store.rows import COMMENT_STATE, POST_STATE, state_digest
from thread_archive.takedowns import MARK

# What somebody wrote is marked as redacted, what only goes with it (links, previews) leaves no trace.
_SPOKEN = frozenset({"title", "body"})
POST_TEXTS = ("title", "body", "url", "alt_text", "embed_title", "embed_description", "thumbnail_url")
_REVISED_POST_TEXTS = tuple(name for name in POST_TEXTS if name in POST_STATE)


class RowEraser:
    """One redaction's way through the content tables, inside the caller's transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        erasure: Erasure,
        covered: Covered,
        plain_text: Callable[[str], str],
        changes: Changes,
    ) -> None:
        self._connection = connection
        self._erasure = erasure
        self._covered = covered
        self._plain_text = plain_text
        self._threads: dict[int, str] = dict(connection.execute("SELECT id, ap_id FROM posts"))
        self.changes = changes

    def erase_items(self) -> None:
        """Erase from posts, comments and what stands beside them; before people, who are told by their old names."""
        self._posts()
        self._comments()
        self._revisions("post", POST_STATE, _REVISED_POST_TEXTS)
        self._revisions("comment", COMMENT_STATE, ("body",))
        self._cross_posts()
        self._links()
        self._receipts()

    def erase_actors(self) -> None:
        """Erase from people and communities."""
        self._people()
        self._communities()

    # ------------------------------------------------------------------------------------------------ items

    def _new(self, name: str, value: str, *, covered: bool, ap_id: str | None) -> str:
        if not value or not covered:
            return self._erasure.rewrite(value, ap_id)
        return MARK if name in _SPOKEN else ""

    def _body_text(self, body: str) -> str | None:
        text = self._plain_text(body)
        return None if text == body else text

    def _posts(self) -> None:
        rows = self._connection.execute(
            f"""SELECT post.id, post.ap_id, person.ap_id, {", ".join(f"post.{name}" for name in POST_TEXTS)}
                FROM posts AS post LEFT JOIN people AS person ON person.id = post.creator_id"""
        ).fetchall()
        for row_id, ap_id, author, *old in rows:
            covered = row_id in self._covered.posts
            new = [
                self._new(name, value, covered=covered, ap_id=ap_id)
                for name, value in zip(POST_TEXTS, old, strict=True)
            ]
            if new == old:
                continue
            self._connection.execute(
                f"UPDATE posts SET {_assignments(POST_TEXTS)}, body_text = ? WHERE id = ?",
                [*new, self._body_text(new[1]), row_id],
            )
            derivations.forget_post(self._connection, row_id)
            self.changes.posts.add(row_id)
            self._changed("post", ap_id, row_id, author, " ".join(filter(None, old[:3])))

    def _comments(self) -> None:
        cursor = self._connection.execute(
            """SELECT comment.id, comment.ap_id, comment.post_id, person.ap_id, comment.body FROM comments AS comment
               LEFT JOIN people AS person ON person.id = comment.creator_id WHERE comment.body <> ''"""
        )
        todo: list[tuple[int, str]] = []
        by_thread: dict[int, list[int]] = {}
        for row_id, ap_id, post_id, author, old in cursor:
            new = self._new("body", old, covered=row_id in self._covered.comments, ap_id=ap_id)
            if new != old:
                todo.append((row_id, new))
                by_thread.setdefault(post_id, []).append(row_id)
                self._changed("comment", ap_id, post_id, author, old)
        for post_id, row_ids in by_thread.items():
            derivations.forget_comments(self._connection, post_id, row_ids)
        for row_id, new in todo:
            self._connection.execute(
                "UPDATE comments SET body = ?, body_text = ? WHERE id = ?", [new, self._body_text(new), row_id]
            )

    def _changed(self, kind: str, ap_id: str, post_id: int, author: str | None, text: str) -> None:
        self.changes.threads.add(post_id)
        self.changes.items.append(
            ErasedItem(kind=kind, ap_id=ap_id, thread=self._threads[post_id], author=author, text=text)
        )

    def _revisions(self, kind: str, state: Sequence[str], texts: Sequence[str]) -> None:
        covered = self._covered.posts if kind == "post" else self._covered.comments
        current = {
            "post": f"SELECT {', '.join(state)} FROM posts WHERE id = ?",
            "comment": f"SELECT {', '.join(state)} FROM comments WHERE id = ?",
        }[kind]
        item = "item.id" if kind == "post" else "item.post_id"
        rows = self._connection.execute(
            f"""SELECT revision.{kind}_id, revision.digest, item.ap_id, {item},
                       {", ".join(f"revision.{name}" for name in state)}
                FROM {kind}_revisions AS revision JOIN {kind}s AS item ON item.id = revision.{kind}_id"""
        ).fetchall()
        for row_id, digest, ap_id, post_id, *values in rows:
            old = dict(zip(state, values, strict=True))
            new = dict(old)
            for name in texts:
                new[name] = self._new(name, old[name], covered=row_id in covered, ap_id=ap_id)
            if new == old:
                continue
            self.changes.threads.add(post_id)
            values = list(new.values())
            now_is = self._connection.execute(current, [row_id]).fetchone()
            if self._revise(kind, row_id, digest, state, values) or tuple(values) == now_is:
                self.changes.merged.add(post_id)

    def _revise(self, kind: str, row_id: int, digest: str, state: Sequence[str], values: list[Any]) -> bool:
        """Write a revision anew; returns whether it became the same as another one."""
        new_digest = state_digest(values)
        where = f"{kind}_id = ? AND digest = ?"
        same = self._connection.execute(f"SELECT 1 FROM {kind}_revisions WHERE {where}", [row_id, new_digest])
        if same.fetchone():
            self._connection.execute(f"DELETE FROM {kind}_revisions WHERE {where}", [row_id, digest])
            return True
        self._connection.execute(
            f"UPDATE {kind}_revisions SET {_assignments(state)}, digest = ? WHERE {where}",
            [*values, new_digest, row_id, digest],
        )
        return False

    # ------------------------------------------------------------------------------------------------ beside items

    def _cross_posts(self) -> None:
        rows = self._connection.execute("SELECT post_id, ap_id, title FROM cross_posts").fetchall()
        for post_id, ap_id, old in rows:
            # Beside a post whose link is erased, they tell what it linked to.
            covered = (
                post_id in self._covered.posts or self._erasure.kind(ap_id) is not None or ap_id in self._erasure.met
            )
            new = self._new("title", old, covered=covered, ap_id=ap_id)
            if new != old:
                self._connection.execute(
                    "UPDATE cross_posts SET title = ? WHERE post_id = ? AND ap_id = ?", [new, post_id, ap_id]
                )
                self._changed("cross_post", ap_id, post_id, None, old)

    def _links(self) -> None:
        """Links of changed items went with them; what is left is how an address was written differently."""
        rows = self._connection.execute("SELECT id, url, text FROM links").fetchall()
        for row_id, *texts in rows:
            if any(self._erasure.rewrite(text) != text for text in texts):
                self._connection.execute("DELETE FROM links WHERE id = ?", [row_id])
                self.changes.other += 1

    def _receipts(self) -> None:
        rows = self._connection.execute(
            "SELECT id, post_id, receipt FROM captures WHERE receipt IS NOT NULL"
        ).fetchall()
        for row_id, post_id, old in rows:
            receipt = json.loads(old)
            self._receipt(receipt, covered=post_id in self._covered.posts)
            new = json.dumps(receipt, ensure_ascii=False)
            if new != old:
                self._connection.execute("UPDATE captures SET receipt = ? WHERE id = ?", [new, row_id])
                self.changes.other += 1

    def _receipt(self, receipt: dict[str, Any], *, covered: bool) -> None:
        """Erase from a receipt, of which a part that a snapshot brought may have any shape."""
        receipt["title"] = self._new("title", _text(receipt.get("title")), covered=covered, ap_id=None)
        for article in _objects([receipt.get("article")]):
            for name in ("url", "reason", "title"):
                if article.get(name):
                    article[name] = self._new(name, _text(article[name]), covered=covered, ap_id=None) or None
        for error in _objects([one.get("error") for one in (receipt, *_objects(receipt.get("sources")))]):
            for name in ("message", "next"):
                if error.get(name):
                    error[name] = self._erasure.rewrite(_text(error[name]))

    # ------------------------------------------------------------------------------------------------ who and where

    def _people(self) -> None:
        rows = self._connection.execute("SELECT id, ap_id, name, display_name, bio FROM people").fetchall()
        for row_id, ap_id, name, *old in rows:
            if row_id in self._covered.people:
                self._rename(row_id, ap_id, (name, *old))
                continue
            self._claims("person", row_id, ap_id, ("display_name", "bio"))
            new = [self._erasure.rewrite(value) for value in old]
            if new != old:
                self._connection.execute("UPDATE people SET display_name = ?, bio = ? WHERE id = ?", [*new, row_id])
                self._item("person", ap_id, " ".join(filter(None, old)))

    def _rename(self, row_id: int, ap_id: str, old: tuple[str, ...]) -> None:
        alias = self._erasure.takedowns.alias(ap_id)
        self._connection.execute(
            "UPDATE person_claims SET name = ?, display_name = '', bio = '' WHERE person_id = ?", [alias.name, row_id]
        )
        if (ap_id, *old) == (alias.ap_id, alias.name, "", ""):
            return
        same = self._connection.execute(
            "SELECT id FROM people WHERE ap_id = ? AND id <> ?", [alias.ap_id, row_id]
        ).fetchone()
        if same is not None:
            for table in ("posts", "comments"):
                self._connection.execute(f"UPDATE {table} SET creator_id = ? WHERE creator_id = ?", [same[0], row_id])
            for table in ("person_claims", "optouts"):
                self._connection.execute(f"DELETE FROM {table} WHERE person_id = ?", [row_id])
            self._connection.execute("DELETE FROM people WHERE id = ?", [row_id])
        else:
            self._connection.execute(
                "UPDATE people SET ap_id = ?, name = ?, display_name = '', bio = '' WHERE id = ?",
                [alias.ap_id, alias.name, row_id],
            )
        self._item("person", ap_id, " ".join(filter(None, old)))

    def _communities(self) -> None:
        rows = self._connection.execute("SELECT id, ap_id, title, description FROM communities").fetchall()
        for row_id, ap_id, *old in rows:
            self._claims("community", row_id, ap_id, ("title", "description"))
            new = [self._erasure.rewrite(value) for value in old]
            if new != old:
                self._connection.execute(
                    "UPDATE communities SET title = ?, description = ? WHERE id = ?", [*new, row_id]
                )
                self._item("community", ap_id, " ".join(filter(None, old)))

    def _claims(self, kind: str, row_id: int, ap_id: str, texts: Sequence[str]) -> None:
        """Erase from what other servers say of somebody who is not covered, or of a community."""
        rows = self._connection.execute(
            f"SELECT instance_id, {', '.join(texts)} FROM {kind}_claims WHERE {kind}_id = ?", [row_id]
        ).fetchall()
        for instance_id, *old in rows:
            new = [self._erasure.rewrite(value) for value in old]
            if new != old:
                self._connection.execute(
                    f"UPDATE {kind}_claims SET {_assignments(texts)} WHERE {kind}_id = ? AND instance_id = ?",
                    [*new, row_id, instance_id],
                )
                self._item(kind, ap_id, " ".join(filter(None, old)))

    def _item(self, kind: str, ap_id: str, text: str) -> None:
        self.changes.items.append(ErasedItem(kind=kind, ap_id=ap_id, thread=None, author=None, text=text))


def _objects(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _assignments(names: Sequence[str]) -> str:
    return ", ".join(f"{name} = ?" for name in names)
