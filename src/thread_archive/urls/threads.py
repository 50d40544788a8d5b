"""A thread by its address: in one of the forms, or held in the address of a front end or of a saved copy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from thread_archive.urls.forms import COMMENT_PATH, FOREIGN_FORMS, FORMS, HOST, MAX_ID, NUMBER, Form
from thread_archive.urls.hosts import host_of
from thread_archive.urls.refusals import refused

MAX_LENGTH = 2_000
# How deep an address may be held in others.
_DEPTH = 4
# What says that a host serves a front end of the instance on the parent domain.
FRONT_END_LABELS = ("old", "p", "photon", "a", "alexandrite", "m", "t", "tesseract", "v", "voyager", "vger")
# Of http and https any number of slashes: archives fold two into one. The other schemes stand for https.
SCHEME = r"https?:/{1,4}|(?:vger|thunder|lemmy|intent|feed|web\+ap|web\+lemmy)://"
# Invisible characters and what turns text around have no place in an address.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SCHEME = re.compile(SCHEME, re.IGNORECASE)
_WEB = re.compile(r"https?:/{1,4}", re.IGNORECASE)
_ENCODED = re.compile(r"https?%(?:25)*3a", re.IGNORECASE)
_BARE = re.compile(rf"(?:{HOST})(?=[/?#])", re.IGNORECASE)
_COMMENT_FRAGMENT = re.compile(rf"(?:comment[-_]|entry-comment-|post-comment-|c)?({NUMBER})")
# Photon's `?thread=` holds the path of the comment that is looked at: the last label is the comment itself.
_COMMENT_QUERY = re.compile(rf"{COMMENT_PATH}({NUMBER})")
_ID_QUERY = re.compile(rf"({NUMBER})(?:[^0-9].*)?", re.DOTALL)
_WAYBACK = re.compile(r"(?:[a-z0-9-]+\.)?archive\.org")
_WAYBACK_PATH = re.compile(
    r"/+(?:web|save|wayback)/+(?:(?:\*|[0-9]{1,14}\*?(?:-[0-9]{0,14}\*?)?(?:[a-z]{2}_)*|(?:[a-z]{2}_)+)/+)?",
    re.IGNORECASE,
)
_TODAY = re.compile(r"archive\.(?:today|ph|is|li|fo|md|vn)")
_TODAY_PATH = re.compile(
    r"/+(?:(?:newest|oldest|timegate|timemap|submit|o/[a-z0-9]+|[0-9]{4}[0-9.:-]*)/+)*", re.IGNORECASE
)
_OTHER_ARCHIVES = re.compile(
    r"(?:.+\.)?(?:ghostarchive\.org|megalodon\.jp|arquivo\.pt|mementoweb\.org|archive-it\.org|perma\.cc)"
)
# Parameters that hold the address of the page which a search, a redirect or a reader is about.
_ABOUT = frozenset({"q", "url", "uri", "u", "link", "target", "term", "href", "to", "ap_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadURL:
    """
    A thread on an instance, by its local id or by that of one of its comments.

    `instance` is the host in lower-case A-labels, with its port where that is not the scheme's own; `fallback` is the
    host to try if that one is only a front end. `copy` is the archive whose saved copy was named; it makes no
    difference to which thread it is. `software` is what alone writes such an address, where that is not Lemmy, `path`
    how it writes it there, and `community_home` the host that the address says the community is at home on.
    """

    scheme: str
    instance: str
    post_id: int | None = None
    comment_id: int | None = None
    fallback: str | None = None
    software: str = ""
    path: str = ""
    community_home: str = field(default="", compare=False)
    copy: str = field(default="", compare=False)

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
        if self.path:
            return f"{self.base}{self.path}"
        if self.post_id is None:
            return f"{self.base}/comment/{self.comment_id}"
        if self.comment_id is None:
            return f"{self.base}/post/{self.post_id}"
        return f"{self.base}/post/{self.post_id}/{self.comment_id}"


def thread_at(address: str) -> ThreadURL:
    """
    The thread at a web address as it stands in data: in one of the forms, or held in the path of another.

    What only its query or fragment names is no thread: any page may be told there where somebody came from.
    Raises UnsupportedURLError.
    """
    found = find(address.strip(), everywhere=False)
    if found is None:
        raise refused(address)
    return found


def find(address: str, *, everywhere: bool = True, depth: int = _DEPTH) -> ThreadURL | None:
    """
    The thread at `address`, with or without a scheme; None where there is none.

    With `everywhere` it may be held in its query or fragment too.
    """
    parts = split(address)
    if parts is None:
        return None
    try:
        host = host_of(parts.geturl())
    except ValueError:
        return None
    archive = archive_at(host)
    if archive is None and (own := _own(parts, host)):
        return own
    if depth == 0:
        return None
    for inner in held(parts, host):
        if found := find(inner, everywhere=everywhere, depth=depth - 1):
            return replace(_with_comment_of(found, parts, depth), copy=archive or found.copy)
    if everywhere:
        named = {found for inner in _told(parts) if (found := find(inner, depth=depth - 1))}
        if len(named) == 1:
            return replace(named.pop(), copy=archive or "")
    return None


def split(address: str) -> SplitResult | None:
    """The parts of a web address with or without a scheme; None where it is none, or longer than MAX_LENGTH."""
    if len(address) > MAX_LENGTH or _UNSAFE.search(address):
        return None
    match = _SCHEME.match(address)
    if match is None and not _BARE.match(address):
        return None
    scheme = "http" if match and match[0].lower().startswith("http:") else "https"
    try:
        return urlsplit(f"{scheme}://{address[match.end() if match else 0 :]}")
    except ValueError:
        return None


def archive_at(host: str) -> str | None:
    """The host of an archive of web pages; None for any other."""
    is_archive = _WAYBACK.fullmatch(host) or _TODAY.fullmatch(host) or _OTHER_ARCHIVES.fullmatch(host)
    return host if is_archive else None


def plain_path(parts: SplitResult) -> str:
    """The path without escapes, repeated slashes and one at the end."""
    return re.sub(r"/{2,}", "/", unquote(parts.path)).rstrip("/")


def _own(parts: SplitResult, host: str) -> ThreadURL | None:
    """The thread in one of the forms."""
    path = plain_path(parts)
    if _UNSAFE.search(path):
        return None
    for form in (*FORMS, *FOREIGN_FORMS):
        match = form.path.fullmatch(path)
        if match and (made := _made(parts, host, form, match.groupdict())):
            return made
    return None


def _made(parts: SplitResult, host: str, form: Form, groups: dict[str, str | None]) -> ThreadURL | None:
    post, comment = (groups.get(kind) or _in_query(parts, form, kind) for kind in ("post", "comment"))
    comment = comment or (_comment_beside(parts) if not form.query else None)
    post_id, comment_id = (int(digits) if digits else None for digits in (post, comment))
    if (post_id is None and comment_id is None) or max(post_id or 0, comment_id or 0) > MAX_ID:
        return None
    if (named := groups.get("host")) is not None:
        try:
            # The front end's own scheme says nothing about the instance's.
            return ThreadURL(
                scheme="https", instance=host_of(f"https://{named}"), post_id=post_id, comment_id=comment_id
            )
        except ValueError:
            return None
    return ThreadURL(
        scheme=parts.scheme,
        instance=host,
        post_id=post_id,
        comment_id=comment_id,
        fallback=None if form.software else _parent_of(host),
        software=form.software,
        path=groups.get("path") or "",
        community_home=groups.get("home") or "",
    )


def _in_query(parts: SplitResult, form: Form, group: str) -> str | None:
    """The digits of the id of `group` in the parameters that the form has for it."""
    values = parse_qs(parts.query)
    found = (_ID_QUERY.fullmatch(values[name][-1]) for name in form.query.get(group, ()) if name in values)
    return next((match[1] for match in found if match), None)


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


def held(parts: SplitResult, host: str) -> Iterator[str]:
    """The addresses that the path of another may hold, in the order in which they are to be tried."""
    inside = parts._replace(scheme="", netloc="").geturl()
    prefix = None
    if _WAYBACK.fullmatch(host):
        prefix = _WAYBACK_PATH.match(inside)
    elif _TODAY.fullmatch(host):
        prefix = _TODAY_PATH.match(inside)
    if prefix is not None:
        rest = inside[prefix.end() :]
        yield _decoded(rest) if _ENCODED.match(rest) else rest
    if literal := _WEB.search(parts.path):
        yield inside[literal.start() :]
    yield from _encoded_in(parts)
    # A redirect to `/HOST/any/path`.
    yield inside.lstrip("/")


def _encoded_in(parts: SplitResult) -> Iterator[str]:
    """The addresses that stand in the path with their slashes escaped, as Blorp and feeds write them."""
    for segment in parts.path.split("/"):
        if start := _ENCODED.search(segment):
            yield _decoded(segment[start.start() :])


def _decoded(text: str) -> str:
    for _ in range(3):
        if _WEB.match(text):
            break
        text = unquote(text)
    return text


def _with_comment_of(thread: ThreadURL, parts: SplitResult, depth: int) -> ThreadURL:
    """`thread` with the comment that Blorp's address holds behind that of the post, if the same server numbers it."""
    encoded = list(_encoded_in(parts))
    if thread.comment_id is not None or len(encoded) < 2:
        return thread
    comment = find(encoded[-1], depth=depth - 1)
    if comment is None or comment.instance != thread.instance:
        return thread
    return replace(thread, comment_id=comment.comment_id)


def _told(parts: SplitResult) -> Iterator[str]:
    """The addresses that the query and the fragment hold."""
    if _WEB.match(parts.query):
        yield parts.query
    for name, values in parse_qs(parts.query).items():
        for value in values:
            if start := _WEB.search(value):
                yield value[start.start() :]
            elif name.lower() in _ABOUT:
                yield _decoded(value)
    fragment = unquote(parts.fragment)
    if start := _WEB.search(fragment):
        yield fragment[start.start() :]


def local_id_in(ap_id: str, kind: str) -> tuple[str, int] | None:
    """The (host, local id) in the ap_id that Lemmy makes for a `post` or `comment`; None for any other."""
    match = re.fullmatch(rf"https?://[^/]+/{kind}/({NUMBER})", ap_id)
    if match is None or int(match[1]) > MAX_ID:
        return None
    try:
        return host_of(ap_id), int(match[1])
    except ValueError:
        return None
