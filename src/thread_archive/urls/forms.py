"""
The forms in which servers and front ends write the address of a thread: tables, from which the documentation's are
made too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# PostgreSQL's largest id; Lemmy's own end at 2^31 - 1.
MAX_ID = 2**63 - 1

NUMBER = r"[1-9][0-9]{0,18}"
NAMED_HOST = r"(?:[\w-]{1,63}\.)+[\w-]{1,63}\.?(?::[0-9]{1,5})?"
HOST = rf"{NAMED_HOST}|localhost(?::[0-9]{{1,5}})?|\[[0-9a-fA-F:.]{{2,45}}\](?::[0-9]{{1,5}})?"
COMMENT_PATH = rf"(?:0\.)?(?:{NUMBER}\.){{0,200}}"
# A community's or person's name, and the host that it is at home on where that is another.
_NAME = rf"[^/@]{{1,300}}(?:@(?P<home>{NAMED_HOST}))?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    One way of writing: who uses it, an example, and what its path must match (groups `host`, `post`, `comment`).

    `query` tells which parameters hold the ids, by group; `software` is what alone writes so, where that is not Lemmy:
    the group `path` is then the address that it gives such a thread, and `home` the host that the community is at home
    on.
    """

    used_by: str
    example: str
    path: re.Pattern[str]
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    software: str = ""


def _form(used_by: str, example: str, path: str, *, software: str = "", **query: str) -> Form:
    filled = path.replace("HOST", f"(?P<host>{HOST})").replace("POST", f"(?P<post>{NUMBER})").replace("NAME", _NAME)
    filled = (
        filled.replace("/API/", r"/(?:v[1-4]|alpha)/")
        .replace("PATH", COMMENT_PATH)
        .replace("COMMENT", f"(?P<comment>{NUMBER})")
    )
    return Form(
        used_by=used_by,
        example=example,
        path=re.compile(filled),
        query={group: tuple(names.split()) for group, names in query.items()},
        software=software,
    )


FORMS: tuple[Form, ...] = (
    _form("lemmy-ui, Thunder, mlmym, ap_ids", "https://lemmy.example/post/123", r"/post/POST"),
    _form("lemmy-ui 0.19, 1.0", "https://lemmy.example/post/123/456", r"/post/POST/COMMENT"),
    _form("lemmy-ui 0.16, PieFed", "https://lemmy.example/post/123/comment/456", r"/post/POST/comment/COMMENT"),
    _form("lemmy-ui, mlmym, ap_ids of comments", "https://lemmy.example/comment/456", r"/comment/COMMENT"),
    _form("ActivityPub", "https://lemmy.example/post/123/context", r"/post/POST/(?:context|replies)"),
    _form("Photon, Tesseract", "https://photon.example/post/lemmy.example/123", r"/post/HOST/POST"),
    _form("Tesseract", "https://tesseract.example/post/lemmy.example/123/456", r"/post/HOST/POST/COMMENT"),
    _form("Photon, Tesseract", "https://photon.example/comment/lemmy.example/456", r"/comment/HOST/COMMENT"),
    _form(
        "Alexandrite, mlmym, lemmyverse.link, threadiverse.link, vger.to, lemsha.re",
        "https://lemmyverse.link/lemmy.example/post/123",
        r"/HOST/post/POST",
    ),
    _form("mlmym", "https://old.example/lemmy.example/post/123/456", r"/HOST/post/POST/COMMENT"),
    _form(
        "Alexandrite, lemmyverse.link",
        "https://alexandrite.example/lemmy.example/comment/456",
        r"/HOST/comment/COMMENT",
    ),
    _form(
        "Voyager",
        "https://vger.example/posts/lemmy.example/c/news/comments/123",
        r"/[a-z]+/(?:[^/@]{1,100}@)?HOST/c/[^/]{1,300}/comments/POST",
    ),
    _form(
        "Voyager",
        "https://vger.example/posts/lemmy.example/c/news/comments/123/455.456",
        r"/[a-z]+/(?:[^/@]{1,100}@)?HOST/c/[^/]{1,300}/comments/POST/(?:thread/)?PATHCOMMENT",
    ),
    _form(
        "the API of Lemmy and PieFed: posts",
        "https://lemmy.example/api/v3/post?id=123",
        r"/api/API/post",
        post="id",
        comment="comment_id",
    ),
    _form(
        "the API of Lemmy and PieFed: comments",
        "https://lemmy.example/api/v4/comment?id=456",
        r"/api/API/comment",
        comment="id",
    ),
    _form(
        "the API of Lemmy and PieFed: lists",
        "https://lemmy.example/api/v3/comment/list?post_id=123",
        r"/api/API/(?:post|comment)/(?:(?:like/)?list(?:/slim)?|replies)",
        post="post_id",
        comment="parent_id comment_id",
    ),
)

# What other software writes: its servers are asked what they run, which is then told.
FOREIGN_FORMS: tuple[Form, ...] = (
    _form(
        "PieFed",
        "https://piefed.example/c/boats/p/123/a-title",
        r"(?P<path>/c/NAME/p/POST(?:/[^/]{1,300})?)(?:/[^/]{1,300}){0,3}",
        software="piefed",
    ),
    _form(
        "Mbin, kbin",
        "https://mbin.example/m/boats/t/123/a-title/comment/456",
        r"(?P<path>/m/NAME/[tp]/POST/[^/]{1,300}/(?:comment|reply)/COMMENT)(?:/[^/]{1,300}){0,3}",
        software="mbin",
    ),
    _form(
        "Mbin, kbin",
        "https://mbin.example/m/boats/t/123/a-title",
        r"(?P<path>/m/NAME/[tp]/POST)(?:/[^/]{1,300}){0,3}",
        software="mbin",
    ),
    _form(
        "Mbin's API",
        "https://mbin.example/api/entry/123",
        r"(?P<path>/api/(?:entry|post)/POST)(?:/comments)?",
        software="mbin",
    ),
    _form("Mbin's API", "https://mbin.example/api/comments/456", r"(?P<path>/api/comments/COMMENT)", software="mbin"),
)


# What holds the address of a thread rather than being one, and what people put around it: the rest of the table.
_CARRIERS: tuple[tuple[str, str], ...] = (
    ("Photon", "https://photon.example/post/lemmy.example/123?thread=0.455.456"),
    ("Blorp", "https://blorp.example/home/posts/https%3A%2F%2Flemmy.example%2Fpost%2F123"),
    ("lemsha.re", "https://lemsha.re/https://lemmy.example/post/123"),
    ("searches, redirects", "https://lemmy.example/search?q=https%3A%2F%2Flemmy.example%2Fpost%2F123"),
    ("Wayback Machine", "https://web.archive.org/web/2026/https://lemmy.example/post/123"),
    ("Wayback Machine", "https://web.archive.org/web/*/lemmy.example/post/123"),
    ("archive.today and its other domains", "https://archive.ph/newest/https://lemmy.example/post/123"),
    ("Voyager, Thunder", "vger://lemmy.example/post/123"),
    ("browsers", "view-source:https://lemmy.example/post/123"),
    ("without a scheme", "lemmy.example/post/123"),
    ("with words around it", "[A title](https://lemmy.example/post/123), said Mara."),
)


def forms_table() -> str:
    """FORMS, and what may be around them, as a Markdown table."""
    return _table([*((form.used_by, form.example) for form in FORMS), *_CARRIERS])


def foreign_forms_table() -> str:
    """FOREIGN_FORMS as a Markdown table."""
    return _table((form.used_by, form.example) for form in FOREIGN_FORMS)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {used_by} | `{example}` |" for used_by, example in rows]
    return "\n".join(["| used by | example |", "|---|---|", *lines])
