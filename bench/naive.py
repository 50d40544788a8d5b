"""The yardstick: what one writes in an afternoon. httpx, json, one upsert a row, triggers that keep an index."""

import json
import sqlite3
from pathlib import Path

import httpx

SCHEMA = """
CREATE TABLE IF NOT EXISTS exchanges (id INTEGER PRIMARY KEY, url TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS people (ap_id TEXT PRIMARY KEY, name TEXT, data TEXT);
CREATE TABLE IF NOT EXISTS posts (ap_id TEXT PRIMARY KEY, title TEXT, body TEXT, data TEXT);
CREATE TABLE IF NOT EXISTS comments (id INTEGER PRIMARY KEY, ap_id TEXT UNIQUE, post TEXT, parent TEXT, creator TEXT,
    body TEXT, published_at TEXT, edited_at TEXT, deleted INTEGER, removed INTEGER, score INTEGER, data TEXT);
CREATE TABLE IF NOT EXISTS revisions (ap_id TEXT, body TEXT, seen_at TEXT, UNIQUE (ap_id, body));
CREATE TABLE IF NOT EXISTS scores (ap_id TEXT, score INTEGER, upvotes INTEGER, downvotes INTEGER);
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(body, content='comments', content_rowid='id');
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON comments BEGIN
    INSERT INTO search (rowid, body) VALUES (new.id, new.body); END;
CREATE TRIGGER IF NOT EXISTS changed AFTER UPDATE ON comments BEGIN
    INSERT INTO search (search, rowid, body) VALUES ('delete', old.id, old.body);
    INSERT INTO search (rowid, body) VALUES (new.id, new.body); END;
"""


def add(port: int, db: Path) -> None:
    """Fetch the served thread from a 0.19 server, page by page, and upsert it row by row."""
    connection = sqlite3.connect(db)
    connection.executescript(SCHEMA)
    base = f"http://127.0.0.1:{port}/api/v3"
    headers = {"host": "bench.test"}
    post = _get(connection, f"{base}/post?id=1", headers)["post_view"]
    _upsert(connection, "posts", ap_id=post["post"]["ap_id"], title=post["post"]["name"], data=json.dumps(post))
    page = 1
    while True:
        url = f"{base}/comment/list?post_id=1&type_=All&sort=Old&limit=50&page={page}"
        # Past page 100 this server answers with an error, which it takes for the end.
        views = _get(connection, url, headers).get("comments", [])
        for view in views:
            _store(connection, view)
        if len(views) < 50:
            break
        page += 1
    connection.close()


def _get(connection: sqlite3.Connection, url: str, headers: dict[str, str]) -> dict:
    answer = httpx.get(url, headers=headers)
    with connection:
        connection.execute("INSERT INTO exchanges (url, body) VALUES (?, ?)", [url, answer.text])
    return json.loads(answer.text)


def _store(connection: sqlite3.Connection, view: dict) -> None:
    comment, creator, counts = view["comment"], view["creator"], view["counts"]
    _upsert(connection, "people", ap_id=creator["actor_id"], name=creator["name"], data=json.dumps(creator))
    _upsert(
        connection,
        "comments",
        ap_id=comment["ap_id"],
        post=view["post"]["ap_id"],
        parent=comment["path"],
        creator=creator["actor_id"],
        body=comment["content"],
        published_at=comment["published"],
        edited_at=comment.get("updated"),
        deleted=comment["deleted"],
        removed=comment["removed"],
        score=counts["score"],
        data=json.dumps(view),
    )
    with connection:
        connection.execute(
            "INSERT OR IGNORE INTO revisions VALUES (?, ?, datetime())", [comment["ap_id"], comment["content"]]
        )
    with connection:
        connection.execute(
            "INSERT INTO scores VALUES (?, ?, ?, ?)",
            [comment["ap_id"], counts["score"], counts["upvotes"], counts["downvotes"]],
        )


def _upsert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    updates = ", ".join(f"{name} = excluded.{name}" for name in values if name != "ap_id")
    with connection:
        connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (ap_id) DO UPDATE SET {updates}",
            list(values.values()),
        )
