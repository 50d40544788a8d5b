"""
The archive's tables: made and changed by numbered migrations only.

`DESCRIPTIONS` has a sentence for every table and column; documentation and Datasette take theirs from it.
`APPLICATION_ID` in the file's header marks it as ours, `user_version` counts the migrations it has had.
"""

from sqlite_utils import Database, Migrations

# "TARC" in ASCII; SQLite keeps it in bytes 68..71 of the file.
APPLICATION_ID = 0x54415243

migrations = Migrations("thread_archive")


@migrations()
def m001_threads(db: Database) -> None:
    """Threads, the evidence for them, what was replaced, and the search index."""
    for statement in M001.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


M001 = """
CREATE TABLE instances (
    id INTEGER PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    base_url TEXT,
    software TEXT,
    version TEXT,
    dialect TEXT,
    site_exchange_id INTEGER REFERENCES exchanges(id) DEFERRABLE INITIALLY DEFERRED,
    checked_at TEXT
);
CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    post_id INTEGER REFERENCES posts(id) DEFERRABLE INITIALLY DEFERRED,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    owner TEXT,
    home TEXT,
    plan TEXT,
    receipt TEXT
);
CREATE INDEX captures_post_id ON captures(post_id);
CREATE INDEX captures_open ON captures(url) WHERE status = 'open';
CREATE TABLE exchange_bodies (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    purpose TEXT NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    final_url TEXT,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    logged_in INTEGER NOT NULL,
    wire_bytes INTEGER NOT NULL,
    withheld TEXT,
    body_id INTEGER NOT NULL REFERENCES exchange_bodies(id)
);
CREATE INDEX exchanges_capture_id ON exchanges(capture_id);
CREATE INDEX exchanges_body_id ON exchanges(body_id);
CREATE INDEX exchanges_discovery ON exchanges(instance_id, url) WHERE purpose = 'discovery';
CREATE TABLE communities (
    id INTEGER PRIMARY KEY,
    ap_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    nsfw INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    visibility TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id)
);
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    ap_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    bio TEXT NOT NULL,
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    is_bot INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id)
);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    ap_id TEXT NOT NULL UNIQUE,
    community_id INTEGER NOT NULL REFERENCES communities(id),
    creator_id INTEGER REFERENCES people(id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    body_text TEXT,
    body_html TEXT,
    published_at TEXT NOT NULL,
    edited_at TEXT,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    nsfw INTEGER NOT NULL,
    featured INTEGER NOT NULL,
    language TEXT NOT NULL,
    alt_text TEXT NOT NULL,
    embed_title TEXT NOT NULL,
    embed_description TEXT NOT NULL,
    thumbnail_url TEXT NOT NULL,
    is_moderator INTEGER NOT NULL,
    is_admin INTEGER NOT NULL,
    score INTEGER,
    upvotes INTEGER,
    downvotes INTEGER,
    advertised INTEGER,
    restricted INTEGER NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id)
);
CREATE INDEX posts_community_id ON posts(community_id);
CREATE INDEX posts_creator_id ON posts(creator_id);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    ap_id TEXT UNIQUE,
    post_id INTEGER NOT NULL REFERENCES posts(id),
    parent_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    path TEXT NOT NULL,
    position INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    creator_id INTEGER REFERENCES people(id),
    body TEXT NOT NULL,
    body_text TEXT,
    body_html TEXT,
    published_at TEXT NOT NULL,
    edited_at TEXT,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    distinguished INTEGER NOT NULL,
    language TEXT NOT NULL,
    is_moderator INTEGER NOT NULL,
    is_admin INTEGER NOT NULL,
    score INTEGER,
    upvotes INTEGER,
    downvotes INTEGER,
    missing_reason TEXT,
    gone_at TEXT,
    restricted INTEGER NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id)
);
CREATE INDEX comments_thread_order ON comments(post_id, position);
CREATE INDEX comments_parent_id ON comments(parent_id);
CREATE INDEX comments_creator_id ON comments(creator_id);
CREATE TABLE cross_posts (
    post_id INTEGER NOT NULL REFERENCES posts(id),
    ap_id TEXT NOT NULL,
    title TEXT NOT NULL,
    community_ap_id TEXT NOT NULL,
    community_name TEXT NOT NULL,
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    PRIMARY KEY (post_id, ap_id)
) WITHOUT ROWID;
CREATE TABLE local_ids (
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    kind TEXT NOT NULL,
    local_id INTEGER NOT NULL,
    post_id INTEGER REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    withdrawn TEXT,
    PRIMARY KEY (instance_id, kind, local_id)
) WITHOUT ROWID;
CREATE INDEX local_ids_comment_id ON local_ids(comment_id);
CREATE TABLE post_revisions (
    post_id INTEGER NOT NULL REFERENCES posts(id),
    digest TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    edited_at TEXT,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    nsfw INTEGER NOT NULL,
    featured INTEGER NOT NULL,
    language TEXT NOT NULL,
    alt_text TEXT NOT NULL,
    embed_title TEXT NOT NULL,
    embed_description TEXT NOT NULL,
    PRIMARY KEY (post_id, digest)
) WITHOUT ROWID;
CREATE TABLE comment_revisions (
    comment_id INTEGER NOT NULL REFERENCES comments(id),
    digest TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    body TEXT NOT NULL,
    edited_at TEXT,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    distinguished INTEGER NOT NULL,
    language TEXT NOT NULL,
    PRIMARY KEY (comment_id, digest)
) WITHOUT ROWID;
CREATE TABLE scores (
    post_id INTEGER REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    score INTEGER NOT NULL,
    upvotes INTEGER NOT NULL,
    downvotes INTEGER NOT NULL
);
CREATE INDEX scores_comment_id ON scores(comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX scores_post_id ON scores(post_id) WHERE post_id IS NOT NULL;
CREATE TABLE search_items (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    post_id INTEGER REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED
);
CREATE VIEW search_content AS
SELECT
    item.id AS id,
    CASE item.kind
        WHEN 'post' THEN coalesce(post.body_text, post.body)
        ELSE coalesce(comment.body_text, comment.body)
    END AS body,
    CASE item.kind WHEN 'post' THEN post.title ELSE '' END AS title,
    't' || thread.id || ' c' || thread.community_id || ' u' || coalesce(
        CASE item.kind WHEN 'post' THEN post.creator_id ELSE comment.creator_id END, 0
    ) || ' k' || item.kind AS scope
FROM search_items AS item
LEFT JOIN posts AS post ON post.id = item.post_id
LEFT JOIN comments AS comment ON comment.id = item.comment_id
LEFT JOIN posts AS thread ON thread.id = coalesce(item.post_id, comment.post_id);
CREATE VIRTUAL TABLE search_fts USING fts5(
    body, title, scope, content='search_content', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
"""

# How many migrations there are: what `user_version` of an up-to-date archive says.
VERSION = 1
