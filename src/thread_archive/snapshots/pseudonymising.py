"""Who is to be called what in a snapshot with pseudonyms, and the SQL functions through which every text passes."""

import sqlite3
from collections.abc import Collection
from pathlib import Path

from thread_archive.exceptions import InputError
from thread_archive.snapshots.pseudonyms import NamedPerson, Pseudonyms, Usage

_LEAST_KEY, _LARGEST_KEY = 16, 1_000_000
_CHOSEN = "(SELECT value FROM json_each(?))"
_AUTHORS = f"""SELECT post_id, creator_id FROM comments WHERE post_id IN {_CHOSEN} AND creator_id IS NOT NULL
               UNION SELECT id, creator_id FROM posts WHERE id IN {_CHOSEN} AND creator_id IS NOT NULL"""
_TEXTS = f"""SELECT post.ap_id, post.title || char(10) || coalesce(post.body_text, post.body) FROM posts AS post
             WHERE post.id IN {_CHOSEN}
             UNION ALL
             SELECT post.ap_id, coalesce(comment.body_text, comment.body) FROM comments AS comment
             JOIN posts AS post ON post.id = comment.post_id WHERE post.id IN {_CHOSEN}
             UNION ALL
             SELECT post.ap_id, paragraph.text FROM article_paragraphs AS paragraph
             JOIN articles AS article ON article.id = paragraph.article_id
             JOIN posts AS post ON post.id = article.post_id WHERE post.id IN {_CHOSEN}"""


def read_key(path: Path) -> bytes:
    """The key in the file at `path`; raises InputError where it is too short to be one, or is none."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).", next="Give the file of a key.") from error
    if not _LEAST_KEY <= len(key) <= _LARGEST_KEY:
        raise InputError(
            f"{path} is no key: it has {len(key)} bytes.", next=f"`head -c 32 /dev/urandom > {path.name}` makes one."
        )
    return key


# Texts may call people by what any server calls them.
_NAMES = """SELECT id, ap_id, name, display_name FROM people
            UNION SELECT person.id, person.ap_id, claim.name, claim.display_name
            FROM person_claims AS claim JOIN people AS person ON person.id = claim.person_id"""


def pseudonyms_for(
    connection: sqlite3.Connection, posts: Collection[int], key: bytes, *, coarse: bool = False
) -> Pseudonyms:
    """
    The pseudonyms of all who wrote in the threads of these rows; reads every text of theirs, to know the words.

    With `coarse` texts lose the names of the servers that the archive knows, too.
    """
    chosen = f"[{','.join(str(post) for post in posts)}]"
    authors = connection.execute(_AUTHORS, [chosen, chosen]).fetchall()
    people = dict(connection.execute("SELECT id, ap_id FROM people"))
    ap_ids = dict(connection.execute(f"SELECT id, ap_id FROM posts WHERE id IN {_CHOSEN}", [chosen]))
    wrote = {person for _, person in authors}
    named = [
        NamedPerson(ap_id=ap_id, name=name, display_name=display_name)
        for row_id, ap_id, name, display_name in connection.execute(_NAMES)
        if row_id in wrote
    ]
    usage = Usage(named)
    for post, person in authors:
        usage.takes_part(ap_ids[post], people[person])
    for ap_id, text in connection.execute(_TEXTS, [chosen, chosen, chosen]):
        usage.add(ap_id, text)
    instances = [domain for (domain,) in connection.execute("SELECT domain FROM instances")]
    return Pseudonyms(key, named, posts=ap_ids.values(), instances=instances, usage=usage, coarse=coarse)


def register(connection: sqlite3.Connection, names: Pseudonyms) -> None:
    """Give the connection the functions that `columns.Wording` writes."""
    functions = {
        "text": names.text,
        "html": names.html,
        "item": names.item,
        "community": lambda ap_id: names.community(ap_id)[0],
        "community_name": lambda ap_id: names.community(ap_id)[1],
        "person": lambda ap_id: names.person(ap_id)[0],
        "name": lambda ap_id: names.person(ap_id)[1],
    }
    for name, function in functions.items():
        connection.create_function(
            f"pseudonymous_{name}",
            1,
            lambda value, function=function: None if value is None else function(value),
            deterministic=True,
        )
