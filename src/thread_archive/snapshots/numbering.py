"""
New row numbers for what a snapshot holds, by what things are and not by when they came into the archive.

Threads by ap_id, comments by thread and place, people, communities and instances by name: two archives of the same
threads give the same numbers. Kept in temporary tables `X_rows(new, old, …)` of the archive's connection.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from itertools import count

from thread_archive.model import MissingReason
from thread_archive.snapshots.columns import Wording
from thread_archive.store.restrictions import UNCONFIRMED
from thread_archive.store.rows import path_label

_TABLES = """
CREATE TEMP TABLE posts_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE, capture INTEGER NOT NULL,
                              silent INTEGER NOT NULL, gap TEXT NOT NULL);
CREATE TEMP TABLE comments_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL, post INTEGER NOT NULL,
                                 silent INTEGER NOT NULL DEFAULT 0, gap TEXT);
CREATE TEMP TABLE people_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE, capture INTEGER NOT NULL,
                               silent INTEGER NOT NULL);
CREATE TEMP TABLE communities_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE, capture INTEGER NOT NULL);
CREATE TEMP TABLE instances_rows (new INTEGER PRIMARY KEY, old INTEGER UNIQUE);
CREATE TEMP TABLE articles_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE, post INTEGER NOT NULL,
                                 is_body INTEGER NOT NULL);
CREATE TEMP TABLE article_paragraphs_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE,
                                           article INTEGER NOT NULL);
CREATE TEMP TABLE links_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL, post INTEGER NOT NULL, comment INTEGER,
                              paragraph INTEGER);
CREATE TEMP TABLE quotes_rows (new INTEGER PRIMARY KEY, old INTEGER NOT NULL, post INTEGER NOT NULL, comment INTEGER,
                               target_comment INTEGER, target_paragraph INTEGER)
"""
NUMBERED = (
    "posts",
    "comments",
    "people",
    "communities",
    "instances",
    "articles",
    "article_paragraphs",
    "links",
    "quotes",
)
_LATEST = "(SELECT max(id) FROM captures WHERE post_id = post.id AND status IN ('complete', 'partial'))"
# Items that speak: what was taken back, left out or lost neither links nor quotes.
_SPEAKS = "NOT {row}.silent AND {row}.gap IS NULL AND NOT {item}.deleted AND NOT {item}.removed"


def number(
    connection: sqlite3.Connection,
    post_ids: Collection[int],
    *,
    silent: Collection[int],
    left_out: Mapping[str, str],
    wording: Wording,
) -> None:
    """
    Number what belongs to these threads; `silent` are the rows of people whose texts are left out.

    A comment of which a condition of `left_out` holds is a gap, for its reason: its place is kept, and nothing of it.
    """
    drop(connection)
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("CREATE TEMP TABLE silent_people (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO temp.silent_people VALUES (?)", [(person,) for person in sorted(silent)])
    _number_posts(connection, post_ids, wording)
    _number_comments(connection, left_out)
    _number_actors(connection, wording)
    _number_instances(connection, wording)
    _number_articles(connection)
    _number_links(connection)
    if not wording.pseudonymised:
        _number_quotes(connection)


def left_out(*, restricted: bool, purged: bool, unconfirmed: bool) -> dict[str, str]:
    """By condition, the reason (as SQL) for which comments are gaps that are not for everybody."""
    of_login = {} if restricted else {"restricted = 1": "(SELECT gap FROM temp.posts_rows WHERE new = post)"}
    if not unconfirmed:
        of_login |= {UNCONFIRMED: f"'{MissingReason.UNCONFIRMED}'"}
    if purged:
        return of_login
    # What nobody shows any more, nor tells why, stays out until somebody does.
    return of_login | {
        "purged_at IS NOT NULL": f"'{MissingReason.PURGED}'",
        "gone_at IS NOT NULL": f"'{MissingReason.UNEXPLAINED}'",
    }


class Paths:
    """
    The `path` of each comment by its new number, which have to be asked for in their order: 1, 2, 3 …

    In thread order a comment's ancestors are the last ones of each depth above it. Raises ValueError where the order is
    another one.
    """

    def __init__(self) -> None:
        self._above = [""]
        self._labels = enumerate(_labels(), 1)

    def __call__(self, number: int, depth: int) -> str:
        """The path of the comment of this number and depth."""
        expected, label = next(self._labels)
        if number != expected:
            raise ValueError(f"comment {number} comes in place of {expected}")
        path = self._above[depth - 1] + label
        self._above[depth:] = (f"{path}/",)
        return path


def _labels() -> Iterator[str]:
    """`path_label` of 1, 2, 3 …: of each 36 in a row only the last sign differs."""
    yield from (path_label(number) for number in range(1, 36))
    for high in count(1):
        beginning = path_label(high * 36)[:-1]
        for digit in "0123456789abcdefghijklmnopqrstuvwxyz":
            yield beginning + digit


def drop(connection: sqlite3.Connection) -> None:
    """Take the temporary tables away."""
    for table in (*(f"{name}_rows" for name in NUMBERED), "silent_people"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _number_posts(connection: sqlite3.Connection, post_ids: Collection[int], wording: Wording) -> None:
    connection.execute("CREATE TEMP TABLE wanted_posts (id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO temp.wanted_posts VALUES (?)", [(post_id,) for post_id in post_ids])
    connection.execute(
        f"""INSERT INTO temp.posts_rows (new, old, capture, silent, gap)
            SELECT row_number() OVER (ORDER BY {wording.post("post.ap_id")}), post.id,
                   coalesce({_LATEST}, post.capture_id),
                   EXISTS (SELECT 1 FROM temp.silent_people WHERE id = post.creator_id),
                   CASE WHEN post.nsfw THEN '{MissingReason.HIDDEN_NSFW}' ELSE '{MissingReason.HIDDEN_COMMUNITY}' END
            FROM main.posts AS post JOIN temp.wanted_posts AS wanted ON wanted.id = post.id"""
    )
    connection.execute("DROP TABLE temp.wanted_posts")


def _number_comments(connection: sqlite3.Connection, left_out: Mapping[str, str]) -> None:
    # What few comments are is set afterwards, by the indexes that name those few.
    connection.execute(
        """INSERT INTO temp.comments_rows (old, post)
           SELECT comment.id, row.new
           FROM temp.posts_rows AS row CROSS JOIN main.comments AS comment ON comment.post_id = row.old
           ORDER BY row.new, comment.position"""
    )
    connection.execute("CREATE UNIQUE INDEX temp.comments_rows_old ON comments_rows(old)")
    connection.execute(
        """UPDATE temp.comments_rows SET silent = 1
           WHERE old IN (SELECT comment.id FROM temp.silent_people AS person
                         CROSS JOIN main.comments AS comment ON comment.creator_id = person.id)"""
    )
    for condition, reason in left_out.items():
        connection.execute(
            f"""UPDATE temp.comments_rows SET gap = {reason}
                WHERE gap IS NULL AND old IN (SELECT id FROM main.comments WHERE ap_id IS NOT NULL AND {condition})"""
        )


def _number_actors(connection: sqlite3.Connection, wording: Wording) -> None:
    connection.execute(
        f"""INSERT INTO temp.people_rows (new, old, capture, silent)
            SELECT row_number() OVER (ORDER BY {wording.person("person.ap_id")}), person.id, min(author.post),
                   EXISTS (SELECT 1 FROM temp.silent_people WHERE id = person.id)
            FROM (SELECT comment.creator_id AS id, min(row.post) AS post
                  FROM temp.comments_rows AS row CROSS JOIN main.comments AS comment ON comment.id = row.old
                  WHERE row.gap IS NULL GROUP BY comment.creator_id
                  UNION ALL
                  SELECT post.creator_id, row.new
                  FROM temp.posts_rows AS row CROSS JOIN main.posts AS post ON post.id = row.old) AS author
            JOIN main.people AS person ON person.id = author.id GROUP BY person.id"""
    )
    by = wording.fine("community.ap_id", "pseudonymous_community(community.ap_id)")
    connection.execute(
        f"""INSERT INTO temp.communities_rows (new, old, capture)
           SELECT row_number() OVER (ORDER BY {by}), community.id, min(row.new)
           FROM temp.posts_rows AS row CROSS JOIN main.posts AS post ON post.id = row.old
           JOIN main.communities AS community ON community.id = post.community_id GROUP BY community.id"""
    )


def _number_instances(connection: sqlite3.Connection, wording: Wording) -> None:
    """Instances that something in the snapshot belongs to; those of authors not where these have pseudonyms."""
    used = ["0"]
    if not wording.coarse:
        used += ["EXISTS (SELECT 1 FROM temp.communities_rows JOIN main.communities AS it ON it.id = old {})"]
    if not wording.pseudonymised:
        used += [
            "EXISTS (SELECT 1 FROM temp.people_rows JOIN main.people AS it ON it.id = old {})",
            "EXISTS (SELECT 1 FROM main.cross_posts AS it JOIN temp.posts_rows ON old = it.post_id {})",
            "EXISTS (SELECT 1 FROM main.local_ids AS it JOIN temp.comments_rows ON old = it.comment_id {})",
            "EXISTS (SELECT 1 FROM main.local_ids AS it JOIN temp.posts_rows ON old = it.post_id {})",
        ]
    condition = " OR ".join(part.format("WHERE it.instance_id = instance.id") for part in used)
    connection.execute(
        f"""INSERT INTO temp.instances_rows (new, old)
            SELECT row_number() OVER (ORDER BY instance.domain), instance.id
            FROM main.instances AS instance WHERE {condition}"""
    )
    if wording.pseudonymised:
        connection.execute("INSERT INTO temp.instances_rows (old) VALUES (NULL)")


def _number_articles(connection: sqlite3.Connection) -> None:
    # A body that its author took back, or wants out of archives, is no article; a page of the same text may be one.
    connection.execute(
        """INSERT INTO temp.articles_rows (new, old, post, is_body)
           SELECT row_number() OVER (ORDER BY row.new, article.is_page), article.id, row.new,
                  article.is_body AND NOT (row.silent OR post.deleted OR post.removed)
           FROM temp.posts_rows AS row CROSS JOIN main.posts AS post ON post.id = row.old
           CROSS JOIN main.articles AS article ON article.post_id = row.old
           WHERE article.is_page OR NOT (row.silent OR post.deleted OR post.removed)"""
    )
    connection.execute(
        """INSERT INTO temp.article_paragraphs_rows (new, old, article)
           SELECT row_number() OVER (ORDER BY row.new, paragraph.number), paragraph.id, row.new
           FROM temp.articles_rows AS row
           CROSS JOIN main.article_paragraphs AS paragraph ON paragraph.article_id = row.old"""
    )


def _number_links(connection: sqlite3.Connection) -> None:
    speaks = _SPEAKS.format(row="comment_row", item="comment")
    connection.execute(
        f"""INSERT INTO temp.links_rows (new, old, post, comment, paragraph)
            SELECT row_number() OVER (ORDER BY row.new, comment_row.new, paragraph_row.new, link.position, link.kind,
                                      link.url, link.text),
                   link.id, row.new, comment_row.new, paragraph_row.new
            FROM temp.posts_rows AS row CROSS JOIN main.links AS link ON link.post_id = row.old
            JOIN main.posts AS post ON post.id = row.old
            LEFT JOIN temp.comments_rows AS comment_row ON comment_row.old = link.comment_id
            LEFT JOIN main.comments AS comment ON comment.id = link.comment_id
            LEFT JOIN temp.article_paragraphs_rows AS paragraph_row ON paragraph_row.old = link.paragraph_id
            WHERE CASE WHEN link.comment_id IS NOT NULL THEN {speaks}
                       WHEN link.paragraph_id IS NOT NULL THEN paragraph_row.new IS NOT NULL
                       ELSE NOT row.silent AND NOT post.deleted AND NOT post.removed END"""
    )


def _number_quotes(connection: sqlite3.Connection) -> None:
    by, of = (_SPEAKS.format(row=f"{name}_row", item=name) for name in ("comment", "target"))
    connection.execute(
        f"""INSERT INTO temp.quotes_rows (new, old, post, comment, target_comment, target_paragraph)
            SELECT row_number() OVER (ORDER BY row.new, comment_row.new, quote.start, quote.end, quote.target_kind,
                                      target_row.new, paragraph_row.new, quote.target_start, quote.target_end,
                                      quote.marked, quote.score),
                   quote.id, row.new, comment_row.new, target_row.new, paragraph_row.new
            FROM temp.posts_rows AS row CROSS JOIN main.quotes AS quote ON quote.post_id = row.old
            JOIN main.posts AS post ON post.id = row.old
            LEFT JOIN temp.comments_rows AS comment_row ON comment_row.old = quote.comment_id
            LEFT JOIN main.comments AS comment ON comment.id = quote.comment_id
            LEFT JOIN temp.comments_rows AS target_row ON target_row.old = quote.target_comment_id
            LEFT JOIN main.comments AS target ON target.id = quote.target_comment_id
            LEFT JOIN temp.article_paragraphs_rows AS paragraph_row ON paragraph_row.old = quote.target_paragraph_id
            WHERE CASE WHEN quote.comment_id IS NOT NULL THEN {by}
                       ELSE NOT row.silent AND NOT post.deleted AND NOT post.removed END
              AND CASE WHEN quote.target_comment_id IS NOT NULL THEN {of}
                       WHEN quote.target_paragraph_id IS NOT NULL THEN paragraph_row.new IS NOT NULL
                       ELSE NOT row.silent AND NOT post.deleted AND NOT post.removed END"""
    )
