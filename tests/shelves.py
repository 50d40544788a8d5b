"""Archives to look at: captured threads with an article, quotes and a restricted comment put beside them by hand."""

from pathlib import Path
from random import Random

from fake_lemmy import Reply, Server, World, grow, manifest, thread, world_from
from runs import add, archive_in, v3
from thread_archive.slugs import slug
from thread_archive.store.archive import Archive

CAPTURED = "lemmy-0.19.20"
PARAGRAPHS = (
    ("h2", "heading", "What the water took"),
    ("p", "paragraph", "The harbour kept its ledgers dry for two hundred years, in a room above the ice house."),
    ("p", "paragraph", "In the winter of 1953 the river came up to see about them, and stayed for nine days."),
    ("blockquote", "quote", "Nobody thought of the second shelf, said the clerk."),
    ("p", "paragraph", "Since then the ledgers have stood in the school, where children draw ships in their margins."),
)
URL = "https://paper.test/2026/what-the-water-took"


def captured(folder: Path, name: str = "archive.db", *, version: str = CAPTURED) -> Path:
    """An archive with the captured threads of one server."""
    with Server(world_from(version)) as server, archive_in(folder, name) as archive:
        base = manifest(version)["base"]
        add(archive, server, *(f"{base}/post/{number}" for number in manifest(version)["posts"].values()))
    return folder / name


def written(folder: Path, name: str = "archive.db") -> Path:
    """An archive with one thread by hand: `slug_of(written)` has an article, quotes, and all that can be marked."""
    world = thread(
        v3("home.test"),
        [
            Reply(text="> came up to see about them\n\nThat was my grandfather's boat."),
            Reply(text="He never said so.", to=1),
            Reply(text="Taken back.", to=1, fields={"deleted": True}),
            Reply(text="Removed.", fields={"removed": True}),
            Reply(text="<script>alert(1)</script> & <b>bold</b>", to=2),
            Reply(text="Only for members: the combination is 1953.", to=1),
        ],
        post={"url": URL, "title": "What the water took", "body": "A good read, in the local paper."},
    )
    with Server(world) as server, archive_in(folder, name) as archive:
        add(archive, server, "http://home.test/post/1")
        with archive.transaction() as connection:
            connection.execute("UPDATE comments SET restricted = 1 WHERE body LIKE 'Only for members%'")
        furnish(archive)
    return folder / name


def furnish(archive: Archive) -> None:
    """Put an article beside the first thread, and quotes of it: by its first comment, and of that by its second."""
    html = "".join(f'<{tag} id="p{number}">{text}</{tag}>' for number, (tag, _, text) in enumerate(PARAGRAPHS, 1))
    with archive.transaction() as connection:
        (capture,) = connection.execute("SELECT max(id) FROM captures").fetchone()
        (post,) = connection.execute("SELECT min(id) FROM posts").fetchone()
        connection.execute("DELETE FROM article_paragraphs")
        connection.execute("DELETE FROM articles")
        connection.execute(
            """INSERT INTO articles (id, post_id, is_body, is_page, url, final_url, redirects, status, reason,
                   robots_ignored, title, byline, site, published_at, published_by, language, licence, canonical_url,
                   robots, html, words, extractor, extractor_version, fetched_at, capture_id)
               VALUES (1, ?, 0, 1, ?, ?, '[]', 'stored', '', 0, 'What the water took', 'Ines Quill', 'The Harbour Paper',
                   '2026-02-27T08:00:00.000000Z', 'stated', 'en', 'CC BY 4.0', '', '', ?, 60, 'trafilatura', '2',
                   '2026-03-01T13:00:00.000000Z', ?)""",
            [post, URL, URL, html, capture],
        )
        connection.executemany(
            "INSERT INTO article_paragraphs (article_id, number, kind, level, text) VALUES (1, ?, ?, 0, ?)",
            [(number, kind, text) for number, (_, kind, text) in enumerate(PARAGRAPHS, 1)],
        )
        first, second = (row[0] for row in connection.execute(
            "SELECT id FROM comments WHERE post_id = ? AND body <> '' ORDER BY position LIMIT 2", [post]
        ))  # fmt: skip
        (third,) = connection.execute("SELECT id FROM article_paragraphs WHERE number = 3").fetchone()
        quote = """INSERT INTO quotes (post_id, comment_id, start, end, marked, target_kind, target_comment_id,
                       target_paragraph_id, target_start, target_end, score) VALUES (?, ?, 2, 27, 1, ?, ?, ?, 39, 64, 100)"""
        connection.execute(quote, [post, first, "article", None, third])
        connection.execute(quote, [post, second, "comment", first, None])


def long(folder: Path, comments: int, name: str = "archive.db", *, seed: int = 7) -> Path:
    """An archive with one grown thread."""
    world: World = grow(thread(v3("home.test")), comments, Random(seed), length=(20, 400))
    with Server(world) as server, archive_in(folder, name) as archive:
        add(archive, server, "http://home.test/post/1")
    return folder / name


SLUG = slug("http://home.test/post/1")
