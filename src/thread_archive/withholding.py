"""
What must not be stored: the one pure function between the network and the archive.

Lemmy hands out text that was taken back: 0.18.3–0.18.5 in `GET /comment`, 0.19.0–0.19.3 in lists, and every
version in the post that each listed comment embeds. An object that says `deleted` or `removed` therefore loses
its text before anything is written; so does all that an answer holds only because somebody was logged in. The rest
of the answer stays byte for byte, which is why this works on tokens and not on decoded values.

A server or a proxy may also repeat the login that it was asked with. That is taken out as soon as the answer is there
(`without_login`), so that nothing else ever sees it.
"""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from thread_archive.erasing import Erasure, erase
from thread_archive.exceptions import TakenDownError
from thread_archive.jsontext import Cut, TooNestedError, child_pointer, key_of, splice, strings
from thread_archive.payloads import parsed, well_formed

# Text of comments, posts, people and communities that are withdrawn.
TEXTS = frozenset(
    {
        "alt_text",
        "bio",
        "body",
        "content",
        "description",
        "display_name",
        "embed_description",
        "embed_title",
        "matrix_user_id",
        "sidebar",
        "summary",
        "title",
    }
)
# A withdrawn post's title and link stay where the server itself still shows the post (1.0 does for posts deleted by
# their author), not where the post is only embedded in something else.
POST_TEXTS = TEXTS | {"name", "url", "thumbnail_url", "embed_video_url"}
SHOWN_POST = "/post_view/post"

# What an object of ActivityPub is, and where it belongs.
_ACTIVITY = ("type", "id", "inReplyTo", "audience")

LOGIN_ONLY = frozenset(
    {
        "banned_from_community",
        "blocked",
        "can_mod",
        "comment_actions",
        "community_actions",
        "creator_blocked",
        "hidden",
        "instance_actions",
        "local_user_view",
        "my_user",
        "my_vote",
        "person_actions",
        "post_actions",
        "read",
        "saved",
        "subscribed",
        "unread_comments",
    }
)

# One search for each that begins with letters: six times as fast as one for both.
_DELETED = re.compile(rb'deleted"\s*+:\s*+true')
_REMOVED = re.compile(rb'removed"\s*+:\s*+true')
# A key may be written with escapes, which no Lemmy does; such a body is read token by token. Behind its last escape a
# key that counts has six letters at most: looked for without that bound, many escapes take the square of their number.
_ESCAPED_KEY = re.compile(rb'\\u00[0-9a-fA-F]{2}[a-z]{0,6}+"\s*+:\s*+true')
_TOKEN = re.compile(rb'("(?:[^"\\]++|\\.)*+")(\s*+:)?|[{}\[\],]|true', re.DOTALL)
_PLAIN_TEXT_BYTES = 1000
# A shorter token is no secret, and would be found in any text.
_SHORTEST_TOKEN = 8


@dataclass(slots=True)
class _Frame:
    """An object or array that is being read: where it stands and what was seen in it so far."""

    pointer: str
    is_object: bool
    key: str = ""
    index: int = 0
    withdrawn: bool = False
    texts: list[tuple[str, int, int]] = field(default_factory=list)
    login_start: int = -1

    def child(self) -> str:
        return child_pointer(self.pointer, self.key if self.is_object else self.index)


def withhold(
    body: bytes, *, logged_in: bool = False, takedowns: Erasure | None = None, instance: str = ""
) -> tuple[bytes, tuple[str, ...]]:
    """
    Blank what must not be stored in an answer's `body` (decoded bytes).

    Returns the bytes to store and the JSON pointers (RFC 6901) that were blanked: withdrawn text becomes `""`, what
    only a login adds becomes `null`. The pointer `""` says that the whole body was withheld: it was not JSON, or JSON
    deeper than any Lemmy's, so that nobody could tell what in it is withdrawn; or it was a post or comment by
    ActivityPub, whose text is not needed and which no redaction would reach: of that one only what it is, and where it
    belongs, is kept. Short plain text (0.18's error messages) is kept.

    With `takedowns` it also loses what the owner took down; `instance` is who answered. Raises TakenDownError where
    the answer shows a thread that is to stay out.
    """
    kept, pointers = _without_withdrawn(body, logged_in=logged_in)
    activity = _activity(kept)
    if activity is not None:
        return activity, ("",)
    if takedowns is None:
        return kept, pointers
    erased = erase(kept, takedowns, instance)
    for ap_id in sorted(erased.threads):
        raise TakenDownError(ap_id)
    return erased.body, tuple(dict.fromkeys(pointers + erased.pointers))


def _activity(body: bytes) -> bytes | None:
    """
    What is kept of a post or comment as ActivityPub has it; None where the body is none.

    It is asked for to see whether it is there and where it belongs: of its author only the host is kept.
    """
    if b'"attributedTo"' not in body:
        return None
    try:
        told = parsed(body)
    except ValueError:
        return None
    if not isinstance(told, dict) or "attributedTo" not in told:
        return None
    kept = {name: told[name] for name in _ACTIVITY if isinstance(told.get(name), str)}
    scheme, _, rest = str(told["attributedTo"]).partition("://")
    kept["attributedTo"] = f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}" if rest else ""
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")


def without_login(body: bytes, token: str) -> tuple[bytes, tuple[str, ...]]:
    """
    Blank in an answer's `body` the strings that hold `token`, the login that it was asked for with.

    Returns what `withhold` does; a body that is not JSON, or holds the token in a name, is withheld as a whole.
    """
    if not holds_login(body, token):
        return body, ()
    if well_formed(body):
        try:
            kept, pointers = splice(body, _cuts_of_login(body, token))
        except TooNestedError:
            return b"", ("",)
        if not holds_login(kept, token):
            return kept, pointers
    return b"", ("",)


def holds_login(text: bytes, token: str) -> bool:
    """Whether `text` holds `token`, as it is or as JSON or a URL writes it."""
    return len(token) >= _SHORTEST_TOKEN and _written(token).search(text) is not None


def _cuts_of_login(body: bytes, token: str) -> list[Cut]:
    return [
        Cut(start, end, pointer, b'""') for pointer, start, end in strings(body) if holds_login(body[start:end], token)
    ]


@lru_cache(maxsize=16)
def _written(token: str) -> re.Pattern[bytes]:
    # Letters and digits are never written otherwise; they begin nearly every token, and make the search fast.
    ways = (
        character if character.isalnum() else rf"(?:\\?{re.escape(character)}|(?i:(?:\\u00|%){ord(character):02x}))"
        for character in token
    )
    return re.compile("".join(ways).encode())


def _without_withdrawn(body: bytes, *, logged_in: bool) -> tuple[bytes, tuple[str, ...]]:
    if not well_formed(body):
        if len(body) <= _PLAIN_TEXT_BYTES and body.lstrip()[:1] not in b"<{[":
            return body, ()
        return (b"", ("",)) if body else (b"", ())
    if not logged_in and not _may_be_withdrawn(body):
        return body, ()
    try:
        return splice(body, _cuts(body, logged_in=logged_in))
    except TooNestedError:
        return b"", ("",)


def _may_be_withdrawn(body: bytes) -> bool:
    return any(mark.search(body) for mark in (_DELETED, _REMOVED, _ESCAPED_KEY))


def _cuts(body: bytes, *, logged_in: bool) -> list[Cut]:
    cuts: list[Cut] = []
    stack: list[_Frame] = [_Frame(pointer="", is_object=False)]
    for match in _TOKEN.finditer(body):
        top, token = stack[-1], match[0]
        if match[1] is not None:
            _string(top, match, logged_in=logged_in)
        elif token in (b"{", b"["):
            # The bottom frame stands for the document itself, so that its child has the pointer "".
            stack.append(_Frame(pointer=top.child() if len(stack) > 1 else "", is_object=token == b"{"))
        elif token in (b"}", b"]"):
            _end_member(top, match.start(), cuts)
            cuts.extend(_texts_of(stack.pop()))
        elif token == b",":
            _end_member(top, match.start(), cuts)
            top.index += 1
        elif top.key in ("deleted", "removed") and top.is_object:
            top.withdrawn = True
    return cuts


def _string(top: _Frame, match: re.Match[bytes], *, logged_in: bool) -> None:
    if match[2] is None:
        if top.is_object and top.key in POST_TEXTS:
            top.texts.append((top.key, match.start(1), match.end(1)))
        return
    top.key = key_of(match[1])
    if logged_in and top.key in LOGIN_ONLY and not (top.key == "hidden" and top.pointer.endswith("/community")):
        top.login_start = match.end()


def _end_member(top: _Frame, end: int, cuts: list[Cut]) -> None:
    if top.login_start >= 0:
        cuts.append(Cut(top.login_start, end, f"{top.pointer}/{top.key}", b"null"))
        top.login_start = -1
    if top.is_object:
        top.key = ""


def _texts_of(frame: _Frame) -> list[Cut]:
    if not frame.withdrawn:
        return []
    is_embedded_post = frame.pointer.endswith("/post") and frame.pointer != SHOWN_POST
    names = POST_TEXTS if is_embedded_post else TEXTS
    return [
        Cut(start, end, f"{frame.pointer}/{key}", b'""')
        for key, start, end in frame.texts
        if key in names and end - start > len(b'""')
    ]
