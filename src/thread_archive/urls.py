"""
Any way of writing a thread: the addresses of lemmy-ui, of the other front ends, and of archived copies of those.

The forms are one table, `FORMS`; the documentation's table is made from it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from thread_archive.exceptions import UnsupportedURLError

MAX_LENGTH = 2_000
# PostgreSQL's largest id; Lemmy's own end at 2^31 - 1.
MAX_ID = 2**63 - 1

_NUMBER = r"[1-9][0-9]{0,18}"
_HOST = (
    r"(?:[\w-]{1,63}\.)+[\w-]{1,63}(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](?::[0-9]{1,5})?"
)
_COMMENT_PATH = rf"(?:0\.)?(?:{_NUMBER}\.){{0,200}}"
# What says that a host serves a front end of the instance on the parent domain.
FRONT_END_LABELS = ("old", "p", "photon", "a", "alexandrite", "m", "t", "tesseract", "v", "voyager", "vger")
_ARCHIVED = re.compile(r"(?:https?://)?(?:web\.)?archive\.org/web/[0-9]{1,14}(?:[a-z]{2}_)?/", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
# Invisible characters and what turns text around have no place in an address.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

UNDERSTOOD = (
    "What is understood: https://INSTANCE/post/ID, https://INSTANCE/comment/ID, the addresses of Voyager, Photon, "
    "Tesseract, Alexandrite, mlmym and lemmyverse.link, and web.archive.org copies of those."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadURL:
    """
    A thread on an instance, by its local id or by that of one of its comments.

    `instance` is the host in lower-case A-labels, with its port where that is not the scheme's own; `fallback` is the
    host to try if that one is only a front end.
    """

    scheme: str
    instance: str
    post_id: int | None = None
    comment_id: int | None = None
    fallback: str | None = None

    @property
    def base(self) -> str:
        """Where the API is asked: `https://host`."""
        return f"{self.scheme}://{self.instance}"

    @property
    def named(self) -> tuple[str, int]:
        """What the thread is named by on its instance: `post` or `comment`, and the local id."""
        return ("comment", self.comment_id or 0) if self.post_id is None else ("post", self.post_id)

    @property
    def canonical(self) -> str:
        """The one address for all ways of writing this; reading it gives an equal value."""
        if self.post_id is None:
            return f"{self.base}/comment/{self.comment_id}"
        if self.comment_id is None:
            return f"{self.base}/post/{self.post_id}"
        return f"{self.base}/post/{self.post_id}/{self.comment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way of writing: who uses it, an example, and what its path must match (groups `host`, `post`, `comment`)."""

    used_by: str
    example: str
    path: re.Pattern[str]


def _form(used_by: str, example: str, path: str) -> Form:
    filled = path.replace("HOST", f"(?P<host>{_HOST})").replace("POST", f"(?P<post>{_NUMBER})")
    filled = filled.replace("PATH", _COMMENT_PATH).replace("COMMENT", f"(?P<comment>{_NUMBER})")
    return Form(used_by=used_by, example=example, path=re.compile(filled))


FORMS: tuple[Form, ...] = (
    _form("lemmy-ui, Thunder, mlmym, ap_ids", "https://lemmy.example/post/123", r"/post/POST"),
    _form("lemmy-ui 0.19, 1.0", "https://lemmy.example/post/123/456", r"/post/POST/COMMENT"),
    _form("lemmy-ui 0.16", "https://lemmy.example/post/123/comment/456", r"/post/POST/comment/COMMENT"),
    _form("lemmy-ui, mlmym, ap_ids of comments", "https://lemmy.example/comment/456", r"/comment/COMMENT"),
    _form("Photon, Tesseract", "https://photon.example/post/lemmy.example/123", r"/post/HOST/POST"),
    _form("Tesseract", "https://tesseract.example/post/lemmy.example/123/456", r"/post/HOST/POST/COMMENT"),
    _form("Photon, Tesseract", "https://photon.example/comment/lemmy.example/456", r"/comment/HOST/COMMENT"),
    _form("Alexandrite, lemmyverse.link, mlmym", "https://lemmyverse.link/lemmy.example/post/123", r"/HOST/post/POST"),
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
)
_SCHEME = re.compile(r"https?:/{1,2}", re.IGNORECASE)
_COLON, _AT = re.compile(":|%3a", re.IGNORECASE), re.compile("@|%40")
_USER_INFORMATION = re.compile(r"//[^/?#\s]*@")
_COMMENT_FRAGMENT = re.compile(rf"(?:comment-|c)?({_NUMBER})")
# Photon's `?thread=` holds the path of the comment that is looked at: the last label is the comment itself.
_COMMENT_QUERY = re.compile(rf"{_COMMENT_PATH}({_NUMBER})")


def parse_thread_url(text: str) -> ThreadURL:
    """
    The thread that `text` names, in any of FORMS, with or without a scheme, archived by the Wayback Machine or not.

    A query and a fragment that name no comment, and a trailing slash, do not matter. Raises UnsupportedURLError.
    """
    address = text.strip().removeprefix("<").removesuffix(">")
    if len(address) > MAX_LENGTH or _UNSAFE.search(address):
        raise _refused(text)
    for _ in range(3):
        archived = _ARCHIVED.match(address)
        if archived is None:
            break
        address = address[archived.end() :]
    if "://" not in address:
        # Wayback and some proxies fold the two slashes into one.
        address = re.sub(r"^(https?):/(?=[^/])", r"\1://", address)
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = "https", address
    if scheme.lower() not in ("http", "https"):
        raise _refused(text)
    try:
        parts = urlsplit(f"{scheme.lower()}://{rest}")
        instance = host_of(parts.geturl())
    except ValueError as error:
        raise _refused(text) from error
    path = re.sub(r"/{2,}", "/", unquote(parts.path)).rstrip("/")
    if _UNSAFE.search(path):
        raise _refused(text)
    for form in FORMS:
        if match := form.path.fullmatch(path):
            return _made(parts, instance, match.groupdict(), text)
    raise _refused(text)


def _made(parts: SplitResult, instance: str, groups: Mapping[str, str | None], text: str) -> ThreadURL:
    named, post = groups.get("host"), groups.get("post")
    comment = groups.get("comment") or _comment_beside(parts)
    post_id, comment_id = (int(digits) if digits else None for digits in (post, comment))
    if max(post_id or 0, comment_id or 0) > MAX_ID:
        raise _refused(text)
    if named is not None:
        try:
            # The front end's own scheme says nothing about the instance's.
            return ThreadURL(
                scheme="https", instance=host_of(f"https://{named}"), post_id=post_id, comment_id=comment_id
            )
        except ValueError as error:
            raise _refused(text) from error
    return ThreadURL(
        scheme=parts.scheme, instance=instance, post_id=post_id, comment_id=comment_id, fallback=_parent_of(instance)
    )


def _comment_beside(parts: SplitResult) -> str | None:
    """The comment that the fragment names, else the query: its local id in digits."""
    if anchor := _COMMENT_FRAGMENT.fullmatch(parts.fragment):
        return anchor[1]
    path = _COMMENT_QUERY.fullmatch(parse_qs(parts.query).get("thread", [""])[-1])
    return path[1] if path else None


def _parent_of(instance: str) -> str | None:
    """The instance that a front end on `old.instance` and the like belongs to; None where the host is no such."""
    label, _, parent = instance.partition(".")
    return parent if label in FRONT_END_LABELS and "." in parent else None


def host_of(url: str) -> str:
    """
    The host of a web address in lower-case A-labels (RFC 5890), with its port unless that is the scheme's own.

    IPv6 addresses keep their brackets, a trailing dot goes. Raises ValueError where there is none, or with user
    information.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("user information in an address")
    host, port = (parts.hostname or "").rstrip("."), parts.port
    if ":" in host:
        host = f"[{host}]"
    else:
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise ValueError("no host name")
    if port in (None, {"http": 80, "https": 443}.get(parts.scheme)):
        return host
    if not port:
        raise ValueError("no port")
    return f"{host}:{port}"


def host_in(ap_id: str) -> str:
    """The host, with its port, in an ap_id or an address as it is written there, but in lower case; it may be none."""
    return ap_id.partition("://")[2].partition("/")[0].lower()


def typed_ports(instance: str) -> frozenset[tuple[str, int]]:
    """The (host, port) of an instance that is named with a port, IPv6 without brackets; nothing for one that is not."""
    host, colon, port = instance.rpartition(":")
    return frozenset({(host.strip("[]"), int(port))} if colon and port.isdigit() else ())


def local_id_in(ap_id: str, kind: str) -> tuple[str, int] | None:
    """The (host, local id) in the ap_id that Lemmy makes for a `post` or `comment`; None for any other."""
    match = re.fullmatch(rf"https?://[^/]+/{kind}/({_NUMBER})", ap_id)
    if match is None or int(match[1]) > MAX_ID:
        return None
    try:
        return host_of(ap_id), int(match[1])
    except ValueError:
        return None


def without_password(text: str) -> str:
    """
    What somebody typed as an address, fit to be shown: without user names and passwords before a host.

    A password need not be written as it should be, and an address may stand in a query, quoted or not: rather too much
    is taken for one than too little.
    """
    start = match.end() if (match := _SCHEME.match(text)) else 0
    end = max((match.end() for match in _AT.finditer(text, start)), default=start)
    if _COLON.search(text, start, end):
        text = f"{text[:start]}…@{text[end:]}"
    return _USER_INFORMATION.sub("//…@", text)


def _refused(text: str) -> UnsupportedURLError:
    shown = without_password(text)
    shown = shown if len(shown) <= 100 else shown[:100] + "…"
    return UnsupportedURLError(f"{shown!r} is not the address of a Lemmy thread.", next=UNDERSTOOD)


def forms_table() -> str:
    """FORMS as a Markdown table."""
    rows = [f"| {form.used_by} | `{form.example}` |" for form in FORMS]
    focused = "| Photon | `https://photon.example/post/lemmy.example/123?thread=0.455.456` |"
    wayback = f"| Wayback Machine | `https://web.archive.org/web/2026/{FORMS[0].example}` |"
    bare = "| without a scheme | `lemmy.example/post/123` |"
    return "\n".join(["| used by | example |", "|---|---|", *rows, focused, wayback, bare])
