"""
Values of the model as rows of the archive, and the other way round: pure.

A row is a tuple in the order of its `…_COLUMNS`. `…_STATE` names the columns that make a revision: what an author or a
moderator can change. Votes, marks and places are not part of it.
"""

import hashlib
import json
from collections.abc import Sequence

from thread_archive.model import Comment, Community, Person, Post
from thread_archive.store.times import stamp, stamp_or_none
from thread_archive.urls import fitting_name

Value = str | int | None
Row = tuple[Value, ...]

PERSON_COLUMNS = ("ap_id", "name", "display_name", "bio", "instance_id", "is_bot", "deleted")
COMMUNITY_COLUMNS = (
    "ap_id",
    "name",
    "title",
    "description",
    "instance_id",
    "nsfw",
    "deleted",
    "removed",
    "visibility",
)
POST_COLUMNS = (
    "ap_id",
    "community_id",
    "creator_id",
    "title",
    "url",
    "body",
    "published_at",
    "edited_at",
    "deleted",
    "removed",
    "locked",
    "nsfw",
    "featured",
    "language",
    "alt_text",
    "embed_title",
    "embed_description",
    "thumbnail_url",
    "is_moderator",
    "is_admin",
    "score",
    "upvotes",
    "downvotes",
    "advertised",
    "restricted",
)
POST_STATE = (
    "title",
    "url",
    "body",
    "edited_at",
    "deleted",
    "removed",
    "locked",
    "nsfw",
    "featured",
    "language",
    "alt_text",
    "embed_title",
    "embed_description",
)
COMMENT_COLUMNS = (
    "ap_id",
    "post_id",
    "parent_id",
    "path",
    "position",
    "depth",
    "creator_id",
    "body",
    "published_at",
    "edited_at",
    "deleted",
    "removed",
    "distinguished",
    "language",
    "is_moderator",
    "is_admin",
    "score",
    "upvotes",
    "downvotes",
    "missing_reason",
    "gone_at",
    "restricted",
)
COMMENT_STATE = ("body", "edited_at", "deleted", "removed", "distinguished", "language")
PLACE_COLUMNS = ("parent_id", "path", "position", "depth")

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Two at a time: every comment has a label, and each division takes as long as all else about it.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


def person_row(person: Person, instance_id: int) -> Row:
    """A person by PERSON_COLUMNS; one whom the ap_id calls otherwise by that name."""
    return (
        person.ap_id,
        fitting_name(person.ap_id, person.name),
        person.display_name,
        person.bio,
        instance_id,
        int(person.bot),
        int(person.deleted),
    )


def community_row(community: Community, instance_id: int) -> Row:
    """A community by COMMUNITY_COLUMNS; one that the ap_id calls otherwise by that name."""
    return (
        community.ap_id,
        fitting_name(community.ap_id, community.name),
        community.title,
        community.description,
        instance_id,
        int(community.nsfw),
        int(community.deleted),
        int(community.removed),
        community.visibility,
    )


def _mark(told: bool | None) -> int | None:
    return None if told is None else int(told)


def post_row(post: Post, *, community_id: int, creator_id: int | None, restricted: bool) -> Row:
    """A post by POST_COLUMNS; NULL stands for what the server does not tell."""
    votes = post.votes
    return (
        post.ap_id,
        community_id,
        creator_id,
        post.title,
        post.url,
        post.body,
        stamp(post.published_at),
        stamp_or_none(post.edited_at),
        int(post.deleted),
        int(post.removed),
        int(post.locked),
        int(post.nsfw),
        int(post.featured),
        post.language,
        post.alt_text,
        post.embed_title,
        post.embed_description,
        post.thumbnail_url,
        _mark(post.is_moderator),
        _mark(post.is_admin),
        votes.score if votes else None,
        votes.upvotes if votes else None,
        votes.downvotes if votes else None,
        post.comments,
        int(restricted),
    )


def comment_row(
    comment: Comment, place: Row, *, creator_id: int | None, deleted: bool, removed: bool, restricted: bool
) -> Row:
    """
    A comment by COMMENT_COLUMNS; `place` is (post_id, parent_id, path, position, depth).

    NULL stands for a mark that the server does not tell.
    """
    votes = comment.votes
    return (
        comment.ap_id,
        *place,
        creator_id,
        "" if deleted or removed else comment.body,
        stamp(comment.published_at),
        stamp_or_none(comment.edited_at),
        int(deleted),
        int(removed),
        int(comment.distinguished),
        comment.language,
        _mark(comment.is_moderator),
        int(comment.is_admin),
        votes.score if votes else None,
        votes.upvotes if votes else None,
        votes.downvotes if votes else None,
        None,
        None,
        int(restricted),
    )


def gap_row(place: Row, published_at: str, reason: str) -> Row:
    """The row, by COMMENT_COLUMNS, that keeps the place of a comment which is named and not to be had."""
    return (None, *place, None, "", published_at, None, 0, 0, 0, "und", 0, 0, None, None, None, reason, None, 0)


def state_digest(state: Sequence[Value]) -> str:
    """What a revision is known by: the first 128 bits of the SHA-256 of its state (canonical JSON), in hexadecimal."""
    canonical = json.dumps(list(state), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def path_label(row_id: int) -> str:
    """
    A row id as a label of `comments.path`: base 36 behind its own length, so that text order is number order.

    A subtree is what lies from `path` to `path + "~"`.
    """
    digits = ""
    while row_id:
        row_id, pair = divmod(row_id, len(_PAIRS))
        digits = _PAIRS[pair] + digits
    digits = digits.lstrip("0")
    return _DIGITS[len(digits)] + digits
