"""
What one imagined Lemmy server holds: plain rows, in no version's wire form.

Times are RFC 3339 in UTC with microseconds (`2026-11-24T06:36:04.643811Z`), kept as text so that a test can
also hold impossible ones. A count that is `None` is computed as the real servers do. `more` adds keys to the wire
form: at once for a person or comment, by object (`{"post": {…}, "counts": {…}}`) for a post or community.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

EPOCH = "2026-01-01T00:00:00.000000Z"


def stamp(time: str | None) -> str | None:
    """A time as the servers write it: six digits of the second, or three, or none, whichever is exact."""
    return time and re.sub(r"(?:\.000000|(?<=\.\d{3})000)Z$", "Z", time)


def utc_now() -> datetime:
    """The clock of an Instance that was given none."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Person:
    """An account as others see it. `posts` and `comments` are 1.0's counts on the person."""

    id: int
    ap_id: str
    name: str
    local: bool = True
    display_name: str | None = None
    bio: str | None = None
    bot: bool = False
    deleted: bool = False
    banned: bool = False
    instance_id: int = 1
    published: str = EPOCH
    updated: str | None = None
    refreshed: str | None = None
    posts: int = 0
    comments: int = 0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Community:
    """
    A community. `visibility` is 1.0's word (`public`, `unlisted`, `local_only_public`, `local_only_private`,
    `private`); 0.19 knows it as Public or LocalOnly. `hidden` is the admin's switch of 0.18 and 0.19.
    """

    id: int
    ap_id: str
    name: str
    title: str
    sidebar: str | None = None
    local: bool = True
    visibility: str = "public"
    hidden: bool = False
    nsfw: bool = False
    removed: bool = False
    deleted: bool = False
    instance_id: int = 1
    published: str = EPOCH
    updated: str | None = None
    moderators: list[int] = field(default_factory=list)
    subscribers: int = 1
    subscribers_local: int = 1
    active: dict[str, int] = field(default_factory=dict)
    post_count: int | None = None
    comment_count: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def active_users(self) -> dict[str, int]:
        """Active users by the four spans that the servers count, as their fields."""
        return {f"users_active_{span}": self.active.get(span, 0) for span in ("day", "week", "month", "half_year")}


@dataclass(slots=True, kw_only=True)
class Post:
    """A post. `comment_count` and `newest_comment` are computed from the comments where they are None."""

    id: int
    ap_id: str
    title: str
    creator_id: int
    community_id: int
    url: str | None = None
    body: str | None = None
    published: str = EPOCH
    updated: str | None = None
    local: bool = True
    deleted: bool = False
    removed: bool = False
    locked: bool = False
    nsfw: bool = False
    featured_community: bool = False
    featured_local: bool = False
    language_id: int = 0
    upvotes: int = 1
    downvotes: int = 0
    alt_text: str | None = None
    embed_title: str | None = None
    embed_description: str | None = None
    thumbnail_url: str | None = None
    url_content_type: str | None = None
    comment_count: int | None = None
    newest_comment: str | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether neither author nor moderator has withdrawn it."""
        return not (self.deleted or self.removed)


@dataclass(slots=True, kw_only=True)
class Comment:
    """
    A stored comment; `path` is `0.` + ancestors' ids + its own. An `unlisted` row is counted and left out of lists,
    and `/comment` gives it; a `lost` one is counted and never given at all (ActivityPub's `context` names both).
    """

    id: int
    ap_id: str
    path: str
    content: str
    post_id: int
    creator_id: int
    published: str = EPOCH
    updated: str | None = None
    local: bool = True
    deleted: bool = False
    removed: bool = False
    distinguished: bool = False
    locked: bool = False
    federation_pending: bool = False
    language_id: int = 0
    upvotes: int = 1
    downvotes: int = 0
    hot_rank: float = 0
    child_count: int | None = None
    lost: bool = False
    unlisted: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether neither author nor moderator has withdrawn it."""
        return not (self.deleted or self.removed)

    @property
    def labels(self) -> list[str]:
        """The path's parts, with the root's `0`."""
        return self.path.split(".")


@dataclass(slots=True, kw_only=True)
class Account:
    """
    Someone who can log in. `totp` is the one code that is right, if any is asked. `marks` adds to a view what
    this account sees in it, by `(kind, id)`, such as `("comment", 5): {"my_vote": 1}`.
    """

    person_id: int
    name: str
    password: str
    token: str
    totp: str | None = None
    show_nsfw: bool = True
    member: bool = True
    marks: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)


@cache
def _number(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(part) for part in found.groups()) if found else (0, 19, 20)


@dataclass(slots=True, kw_only=True)
class Instance:
    """
    A server and its settings. `domain` holds the port where there is one; `version` decides what the server
    does, `advertised` what it says it is. `rate_limit` is requests per that many seconds; `page_cap` the last
    page that v3 gives (10 in 0.19.14, 100 from 0.19.15). `seed` decides in which order v3 gives what its sort holds
    for equal. `/site` is a recorded one (or that of `sites`, by line of versions) with these settings and `site_more`
    written in.
    """

    domain: str
    version: str = "0.19.20"
    advertised: str | None = None
    scheme: str = "http"
    private: bool = False
    content_warning: str | None = None
    default_time_range: int | None = None
    default_listing: str = "local"
    rate_limit: tuple[int, int] | None = None
    page_cap: int | None = None
    omit_withdrawn: bool | None = None
    leak_withdrawn: bool | None = None
    languages: list[tuple[int, str, str]] | None = None
    admins: list[int] = field(default_factory=list)
    users: int = 1
    counts: dict[str, int] = field(default_factory=dict)
    sites: dict[str, dict[str, Any]] = field(default_factory=dict)
    site_more: dict[str, Any] = field(default_factory=dict)
    now: Callable[[], datetime] = utc_now
    seed: int = 0

    def __post_init__(self) -> None:
        if self.omit_withdrawn is None:
            self.omit_withdrawn = (0, 18, 3) <= self.number < (0, 19)
        if self.leak_withdrawn is None:
            self.leak_withdrawn = (0, 19) <= self.number < (0, 19, 4)
        if self.page_cap is None and (0, 19, 14) <= self.number < (1,):
            self.page_cap = 10 if self.number == (0, 19, 14) else 100

    @property
    def number(self) -> tuple[int, ...]:
        """The version's three numbers."""
        return _number(self.version)

    @property
    def line(self) -> str:
        """`0.18`, `0.19` or `1.0`: whose shapes and errors it has."""
        return "1.0" if self.number >= (1,) else f"0.{self.number[1]}"

    @property
    def base(self) -> str:
        """Scheme and domain, without a slash at the end."""
        return f"{self.scheme}://{self.domain}"


@dataclass(slots=True, kw_only=True)
class World:
    """One Instance and its rows, by local id."""

    instance: Instance
    persons: dict[int, Person] = field(default_factory=dict)
    communities: dict[int, Community] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    _index: tuple[int, dict[int, list[Comment]], Counter[int]] | None = None

    def indexed(self) -> tuple[int, dict[int, list[Comment]], Counter[int]]:
        """Comments by post and descendants by comment; made again when the number of rows has changed."""
        if self._index is None or self._index[0] != len(self.comments):
            by_post: dict[int, list[Comment]] = defaultdict(list)
            descendants: Counter[int] = Counter()
            for comment in self.comments.values():
                by_post[comment.post_id].append(comment)
                descendants.update(int(label) for label in comment.labels[1:-1])
            self._index = len(self.comments), by_post, descendants
        return self._index

    def under(self, post_id: int) -> list[Comment]:
        """Every stored comment of a post."""
        return self.indexed()[1].get(post_id, [])

    def child_count(self, comment: Comment) -> int:
        """All stored descendants, withdrawn ones too: what the servers' triggers count (0.19 and 1.0)."""
        return self.indexed()[2][comment.id] if comment.child_count is None else comment.child_count

    def comment_count(self, post: Post) -> int:
        """What the post advertises: rows neither deleted nor removed."""
        if post.comment_count is not None:
            return post.comment_count
        return sum(comment.live for comment in self.under(post.id))

    def newest_comment(self, post: Post) -> str | None:
        """The time of the post's newest comment."""
        return post.newest_comment or max((c.published for c in self.under(post.id)), default=None)

    def newest_by_others(self, post: Post) -> str | None:
        """The time of the newest comment that is not the post's author's own (0.18 sorts by it)."""
        theirs = (c.published for c in self.under(post.id) if c.creator_id != post.creator_id)
        return post.newest_comment or max(theirs, default=None)

    def live_posts(self, community: Community) -> Iterator[Post]:
        """The posts that count for a community."""
        return (post for post in self.posts.values() if post.community_id == community.id and post.live)

    def purge(self, comment_id: int) -> None:
        """Takes a row away as an admin's purge does: the paths of its descendants still name it."""
        del self.comments[comment_id]

    def purge_post(self, post_id: int) -> None:
        """Takes a post away as an admin's purge does, and all its comments with it."""
        del self.posts[post_id]
        for comment in [row for row in self.comments.values() if row.post_id == post_id]:
            del self.comments[comment.id]

    def account(self, token: str | None) -> Account | None:
        """Whose token this is."""
        return next((account for account in self.accounts if token and account.token == token), None)
