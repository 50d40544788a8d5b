"""
The archive's tables: made and changed by numbered migrations only.

`DESCRIPTIONS` has a sentence for every table and column; documentation and Datasette take theirs from it.
`APPLICATION_ID` in the file's header marks it as ours, `user_version` counts the migrations it has had.
"""

import re
import sqlite3
from contextlib import closing

from sqlite_utils import Database, Migrations

from thread_archive.slugs import slug
from thread_archive.store.optouts import asks_out
from thread_archive.store.scripts import apart, apart_in_sql
from thread_archive.urls import fitting_name

# "TARC" in ASCII; SQLite keeps it in bytes 68..71 of the file.
APPLICATION_ID = 0x54415243

migrations = Migrations("thread_archive")


@migrations()
def m001_threads(db: Database) -> None:
    """Threads, the evidence for them, what was replaced, and the search index."""
    _execute(db, M001)


@migrations()
def m002_articles(db: Database) -> None:
    """Articles, links and quotes; addresses of pages."""
    _execute(db, M002)
    for row_id, ap_id in db.conn.execute("SELECT id, ap_id FROM posts").fetchall():
        db.conn.execute("UPDATE posts SET slug = ? WHERE id = ?", [slug(ap_id), row_id])
    db.conn.execute("CREATE UNIQUE INDEX posts_slug ON posts(slug)")


@migrations()
def m003_smaller(db: Database) -> None:
    """What follows from a row's number is no longer stored beside it; articles in the search index."""
    _execute(db, M003)


@migrations()
def m004_withdrawals(db: Database) -> None:
    """What the owner took out of the archive and keeps out, and what the owner set."""
    _execute(db, M004)


@migrations()
def m005_search(db: Database) -> None:
    """What a search asks for of people and of the few rows that are unlike the rest; scripts without spaces."""
    texts = db.conn.execute("SELECT id, body, title FROM search_content")
    marked = [(row_id,) for row_id, *told in texts if any(apart(text) != text for text in told)]
    _execute(db, M005)
    if marked:
        db.conn.executemany("UPDATE search_items SET apart = 1 WHERE id = ?", marked)
        db.conn.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")


@migrations()
def m006_indexes(db: Database) -> None:
    """What points at a paragraph or at a post, found without reading all that points at comments."""
    _execute(db, M006)


@migrations()
def m007_purges(db: Database) -> None:
    """What its server erased for good, what it no longer shows and nobody told why, and what has no place there."""
    _execute(db, M007)


@migrations()
def m008_claims(db: Database) -> None:
    """What each server says of people and communities, who is believed, and who asks not to be archived."""
    _execute(db, M008)
    for table in ("people", "communities"):
        wrong = [
            (fitting_name(ap_id, name), row_id)
            for row_id, ap_id, name in db.conn.execute(f"SELECT id, ap_id, name FROM {table}").fetchall()
            if fitting_name(ap_id, name) != name
        ]
        db.conn.executemany(f"UPDATE {table} SET name = ? WHERE id = ?", wrong)
    asking = [
        (row_id, seen_at)
        for row_id, bio, seen_at in db.conn.execute(
            """SELECT person.id, person.bio, capture.started_at FROM people AS person
               JOIN captures AS capture ON capture.id = person.capture_id WHERE person.bio LIKE '%#no%'"""
        ).fetchall()
        if asks_out(bio)
    ]
    db.conn.executemany("INSERT INTO optouts (person_id, asked_at) VALUES (?, ?)", asking)


@migrations()
def m009_imports(db: Database) -> None:
    """Imports, found without reading all captures; times that a server told and that were still to come."""
    _execute(db, M009)


@migrations()
def m010_attestations(db: Database) -> None:
    """Who says so, where it is neither the thread's home nor the ap_id's own host; and what both do not know."""
    _execute(db, M010)


def make(connection: sqlite3.Connection, *, version: int) -> None:
    """Make the tables of schema `version` in a new database, in the caller's transaction."""
    database = Database(connection, execute_plugins=False)
    later = [migration.name for migration in migrations.pending(database)][version:]
    migrations.apply(database, stop_before=later)


def objects(connection: sqlite3.Connection) -> set[tuple[str, str, str, str | None]]:
    """All that a schema is made of: type, name, table, and the statement that made it."""
    return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())


def lacking(connection: sqlite3.Connection) -> list[str]:
    """
    The names of tables, views and indexes of an up-to-date archive that this one lacks, or has in another form.

    What its owner put beside them is not looked at.
    """
    with closing(sqlite3.connect(":memory:")) as new:
        make(new, version=VERSION)
        expected = _forms(new)
    found = _forms(connection)
    return sorted(name for name, form in expected.items() if found.get(name) != form)


def _forms(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """By name, what each is: its type and, where that says anything, its statement without what releases differ in."""
    return {
        name: (kind, "" if _is_others(name) else re.sub(r"[\s\"']", "", sql or ""))
        for kind, name, _, sql in objects(connection)
    }


def _is_others(name: str) -> bool:
    """Whether it is sqlite-utils or SQLite that says how it is made, or the owner who chose its tokenizer."""
    return name == "_sqlite_migrations" or name.startswith(("search_fts", "sqlite_"))


def _execute(db: Database, statements: str) -> None:
    for statement in statements.split(";\n"):
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

M002 = """
ALTER TABLE posts ADD COLUMN slug TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN derived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN derived INTEGER NOT NULL DEFAULT 0;
CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES posts(id),
    is_body INTEGER NOT NULL,
    is_page INTEGER NOT NULL,
    url TEXT NOT NULL,
    final_url TEXT NOT NULL,
    redirects TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    robots_ignored INTEGER NOT NULL,
    exchange_id INTEGER REFERENCES exchanges(id) DEFERRABLE INITIALLY DEFERRED,
    title TEXT NOT NULL,
    byline TEXT NOT NULL,
    site TEXT NOT NULL,
    published_at TEXT,
    published_by TEXT NOT NULL,
    language TEXT NOT NULL,
    licence TEXT NOT NULL,
    canonical_url TEXT NOT NULL,
    robots TEXT NOT NULL,
    html TEXT NOT NULL,
    words INTEGER NOT NULL,
    extractor TEXT NOT NULL,
    extractor_version TEXT NOT NULL,
    fetched_at TEXT,
    capture_id INTEGER NOT NULL REFERENCES captures(id)
);
CREATE UNIQUE INDEX articles_post_id ON articles(post_id, is_page);
CREATE TABLE article_paragraphs (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles(id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    level INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE UNIQUE INDEX article_paragraphs_article_id ON article_paragraphs(article_id, number);
CREATE TABLE article_revisions (
    article_id INTEGER NOT NULL REFERENCES articles(id),
    digest TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    byline TEXT NOT NULL,
    html TEXT NOT NULL,
    fetched_at TEXT,
    PRIMARY KEY (article_id, digest)
) WITHOUT ROWID;
CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    paragraph_id INTEGER REFERENCES article_paragraphs(id),
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    domain TEXT NOT NULL,
    text TEXT NOT NULL,
    position INTEGER
);
CREATE INDEX links_post_id ON links(post_id);
CREATE INDEX links_comment_id ON links(comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX links_domain ON links(domain);
CREATE TABLE quotes (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    marked INTEGER NOT NULL,
    target_kind TEXT NOT NULL,
    target_comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    target_paragraph_id INTEGER REFERENCES article_paragraphs(id),
    target_start INTEGER NOT NULL,
    target_end INTEGER NOT NULL,
    score REAL NOT NULL
);
CREATE INDEX quotes_post_id ON quotes(post_id);
CREATE INDEX quotes_comment_id ON quotes(comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX quotes_target_comment_id ON quotes(target_comment_id) WHERE target_comment_id IS NOT NULL;
CREATE INDEX quotes_target_paragraph_id ON quotes(target_paragraph_id) WHERE target_paragraph_id IS NOT NULL
"""

# An item's number (of the index, of votes) is its row's id times four plus its kind: 0 post, 1 comment, 2 paragraph.
M003 = """
DROP VIEW search_content;
ALTER TABLE search_items RENAME TO old_items;
CREATE TABLE search_items (
    id INTEGER PRIMARY KEY,
    kind TEXT GENERATED ALWAYS AS (CASE id % 4 WHEN 0 THEN 'post' WHEN 1 THEN 'comment' ELSE 'article' END) VIRTUAL,
    post_id INTEGER GENERATED ALWAYS AS (CASE id % 4 WHEN 0 THEN id / 4 END) VIRTUAL REFERENCES posts(id),
    comment_id INTEGER GENERATED ALWAYS AS (CASE id % 4 WHEN 1 THEN id / 4 END) VIRTUAL
        REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    paragraph_id INTEGER GENERATED ALWAYS AS (CASE id % 4 WHEN 2 THEN id / 4 END) VIRTUAL
        REFERENCES article_paragraphs(id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO search_items (id) SELECT id FROM old_items ORDER BY id;
DROP TABLE old_items;
ALTER TABLE local_ids RENAME TO old_local_ids;
CREATE TABLE local_ids (
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    of_comment INTEGER NOT NULL,
    local_id INTEGER NOT NULL,
    post_id INTEGER REFERENCES posts(id),
    comment_id INTEGER REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    withdrawn TEXT,
    kind TEXT GENERATED ALWAYS AS (CASE of_comment WHEN 1 THEN 'comment' ELSE 'post' END) VIRTUAL,
    PRIMARY KEY (instance_id, of_comment, local_id)
) WITHOUT ROWID;
INSERT INTO local_ids (instance_id, of_comment, local_id, post_id, comment_id, withdrawn)
SELECT instance_id, kind = 'comment', local_id, post_id, comment_id, withdrawn FROM old_local_ids;
DROP TABLE old_local_ids;
CREATE INDEX local_ids_comment_id ON local_ids(comment_id) WHERE comment_id IS NOT NULL;
ALTER TABLE scores RENAME TO old_scores;
CREATE TABLE scores (
    item INTEGER NOT NULL,
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    score INTEGER NOT NULL,
    upvotes INTEGER NOT NULL,
    downvotes INTEGER NOT NULL,
    post_id INTEGER GENERATED ALWAYS AS (CASE item % 4 WHEN 0 THEN item / 4 END) VIRTUAL REFERENCES posts(id),
    comment_id INTEGER GENERATED ALWAYS AS (CASE item % 4 WHEN 1 THEN item / 4 END) VIRTUAL
        REFERENCES comments(id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (item, instance_id, capture_id)
) WITHOUT ROWID;
INSERT OR REPLACE INTO scores (item, instance_id, capture_id, score, upvotes, downvotes)
SELECT coalesce(post_id * 4, comment_id * 4 + 1), instance_id, capture_id, score, upvotes, downvotes
FROM old_scores ORDER BY rowid;
DROP TABLE old_scores;
CREATE VIEW search_content AS
SELECT
    item.id AS id,
    CASE item.kind
        WHEN 'post' THEN
            CASE WHEN article.id IS NULL THEN coalesce(thread.body_text, thread.body) ELSE '' END
        WHEN 'comment' THEN coalesce(comment.body_text, comment.body)
        ELSE paragraph.text
    END AS body,
    CASE item.kind
        WHEN 'post' THEN thread.title
        WHEN 'comment' THEN ''
        ELSE CASE WHEN paragraph.number = 1 THEN shown.title ELSE '' END
    END AS title,
    't' || thread.id || ' c' || thread.community_id || ' u' || coalesce(
        CASE item.kind
            WHEN 'comment' THEN comment.creator_id
            WHEN 'post' THEN thread.creator_id
            ELSE CASE WHEN shown.is_body THEN thread.creator_id END
        END, 0
    ) || ' k' || item.kind AS scope
FROM search_items AS item
LEFT JOIN comments AS comment ON comment.id = item.comment_id
LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = item.paragraph_id
LEFT JOIN articles AS shown ON shown.id = paragraph.article_id
LEFT JOIN posts AS thread ON thread.id = coalesce(item.post_id, comment.post_id, shown.post_id)
LEFT JOIN articles AS article ON item.kind = 'post' AND article.post_id = item.post_id AND article.is_body = 1
"""

M004 = """
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE takedowns (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    added_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE redaction_log (
    id INTEGER PRIMARY KEY,
    redacted_at TEXT NOT NULL,
    scope TEXT NOT NULL,
    target_digest TEXT NOT NULL,
    reason TEXT NOT NULL,
    items INTEGER NOT NULL,
    quotes_left INTEGER NOT NULL
)
"""

# Letters that stand apart in what is indexed, see `scripts`; and in a post's own body, by paragraph, its author.
M005 = f"""
CREATE INDEX people_name ON people(name COLLATE NOCASE);
CREATE INDEX posts_restricted ON posts(id) WHERE restricted = 1;
CREATE INDEX comments_restricted ON comments(id) WHERE restricted = 1;
CREATE INDEX comments_withdrawn ON comments(id) WHERE deleted + removed > 0;
ALTER TABLE search_items ADD COLUMN apart INTEGER;
DROP VIEW search_content;
CREATE VIEW search_content AS
SELECT
    id,
    CASE WHEN apart THEN {apart_in_sql("body")} ELSE body END AS body,
    CASE WHEN apart THEN {apart_in_sql("title")} ELSE title END AS title,
    scope
FROM (
    SELECT
        item.id AS id,
        item.apart AS apart,
        CASE item.kind
            WHEN 'post' THEN
                CASE WHEN article.id IS NULL THEN coalesce(thread.body_text, thread.body) ELSE '' END
            WHEN 'comment' THEN coalesce(comment.body_text, comment.body)
            ELSE paragraph.text
        END AS body,
        CASE item.kind
            WHEN 'post' THEN thread.title
            WHEN 'comment' THEN ''
            ELSE CASE WHEN paragraph.number = 1 THEN shown.title ELSE '' END
        END AS title,
        't' || thread.id || ' c' || thread.community_id || ' u' || coalesce(
            CASE item.kind
                WHEN 'comment' THEN comment.creator_id
                WHEN 'post' THEN thread.creator_id
                ELSE CASE WHEN shown.is_body THEN thread.creator_id END
            END, 0
        ) || ' k' || item.kind AS scope
    FROM search_items AS item
    LEFT JOIN comments AS comment ON comment.id = item.comment_id
    LEFT JOIN article_paragraphs AS paragraph ON paragraph.id = item.paragraph_id
    LEFT JOIN articles AS shown ON shown.id = paragraph.article_id
    LEFT JOIN posts AS thread ON thread.id = coalesce(item.post_id, comment.post_id, shown.post_id)
    LEFT JOIN articles AS article ON item.kind = 'post' AND article.post_id = item.post_id AND article.is_body = 1
)
"""

# Few rows have any of these, and comments, which are many, have none: writing them costs next to nothing more.
M006 = """
CREATE INDEX links_paragraph_id ON links(paragraph_id) WHERE paragraph_id IS NOT NULL;
CREATE INDEX search_items_paragraph_id ON search_items(paragraph_id) WHERE paragraph_id IS NOT NULL;
CREATE INDEX local_ids_post_id ON local_ids(post_id) WHERE post_id IS NOT NULL
"""

# Few rows have any of these.
M007 = """
ALTER TABLE posts ADD COLUMN purged_at TEXT;
ALTER TABLE posts ADD COLUMN purged_by TEXT;
ALTER TABLE posts ADD COLUMN gone_at TEXT;
ALTER TABLE comments ADD COLUMN purged_at TEXT;
ALTER TABLE comments ADD COLUMN purged_by TEXT;
ALTER TABLE comments ADD COLUMN misplaced INTEGER NOT NULL DEFAULT 0;
CREATE INDEX posts_purged ON posts(id) WHERE purged_at IS NOT NULL;
CREATE INDEX posts_gone ON posts(id) WHERE gone_at IS NOT NULL;
CREATE INDEX comments_purged ON comments(id) WHERE purged_at IS NOT NULL;
CREATE INDEX comments_gone ON comments(id) WHERE gone_at IS NOT NULL;
CREATE INDEX comments_misplaced ON comments(post_id) WHERE misplaced
"""

# Claims are of the hosts that are not believed; few people ask not to be archived.
M008 = """
ALTER TABLE people ADD COLUMN told_by INTEGER REFERENCES instances(id);
ALTER TABLE communities ADD COLUMN told_by INTEGER REFERENCES instances(id);
CREATE TABLE person_claims (
    person_id INTEGER NOT NULL REFERENCES people(id),
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    bio TEXT NOT NULL,
    is_bot INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    PRIMARY KEY (person_id, instance_id)
) WITHOUT ROWID;
CREATE TABLE community_claims (
    community_id INTEGER NOT NULL REFERENCES communities(id),
    instance_id INTEGER NOT NULL REFERENCES instances(id),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    nsfw INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    visibility TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    PRIMARY KEY (community_id, instance_id)
) WITHOUT ROWID;
CREATE TABLE optouts (
    person_id INTEGER PRIMARY KEY REFERENCES people(id),
    asked_at TEXT NOT NULL,
    lifted_at TEXT
)
"""

# Few rows have any of these.
M009 = """
CREATE INDEX captures_snapshots ON captures(post_id) WHERE kind = 'snapshot';
ALTER TABLE posts ADD COLUMN clamped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN clamped INTEGER NOT NULL DEFAULT 0;
CREATE INDEX comments_clamped ON comments(post_id) WHERE clamped
"""

# Few rows have any of these.
M010 = """
ALTER TABLE posts ADD COLUMN attested_by TEXT;
ALTER TABLE comments ADD COLUMN attested_by TEXT;
ALTER TABLE comments ADD COLUMN unconfirmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX comments_attested ON comments(post_id) WHERE attested_by IS NOT NULL;
CREATE INDEX comments_unconfirmed ON comments(post_id) WHERE unconfirmed = 1
"""

# How many migrations there are: what `user_version` of an up-to-date archive says.
VERSION = 10
