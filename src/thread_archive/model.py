"""
What a Lemmy server says, as frozen values: the same for every version and dialect.

Names are Lemmy's own. Times are aware UTC. `ap_id` (a URL) is what identifies a thing everywhere;
`local_id` is the integer by which one server knows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MissingReason(StrEnum):
    """Why a comment that a server named or counted is not in the archive."""

    PURGED = "purged"
    HIDDEN_NSFW = "hidden_nsfw"
    HIDDEN_COMMUNITY = "hidden_community"
    OMITTED_BY_VERSION = "omitted_by_version"
    PAGE_LIMIT = "page_limit"
    NOT_FEDERATED = "not_federated"
    FEDERATION_PENDING = "federation_pending"
    OTHER_THREAD = "other_thread"
    UNCONFIRMED = "unconfirmed"
    UNEXPLAINED = "unexplained"


# What is not there for these reasons is nowhere to be had, and counted by nobody: a thread that lacks nothing else is
# whole.
GONE_FOR_GOOD = frozenset({MissingReason.PURGED, MissingReason.OTHER_THREAD})

# One sentence a reason: the receipt's, the page's and the documentation's.
MISSING_REASONS: Mapping[MissingReason, str] = {
    MissingReason.PURGED: "the server erased it for good, or never shows it; replies to it still name it",
    MissingReason.HIDDEN_NSFW: "Lemmy 1.0 shows comments of NSFW threads only to logged-in accounts",
    MissingReason.HIDDEN_COMMUNITY: "the community is hidden from visitors who are not logged in",
    MissingReason.OMITTED_BY_VERSION: "Lemmy 0.18 leaves deleted and removed comments out of its lists",
    MissingReason.PAGE_LIMIT: "the server gives only the first pages of its lists, in every order",
    MissingReason.NOT_FEDERATED: "the thread's home names it, but no server that we asked has a copy",
    MissingReason.FEDERATION_PENDING: "Lemmy 1.0 does not list it until the community's own server accepts it",
    MissingReason.OTHER_THREAD: "it is named or answered in this thread, and belongs to another one",
    MissingReason.UNCONFIRMED: "only other servers show it; the thread's home and its own host gave none",
    MissingReason.UNEXPLAINED: "the server counts or names it and does not give it, and we do not know why",
}


class TakenBack(StrEnum):
    """What became of a post that its server no longer gives: a Tombstone stands for it, or it was erased for good."""

    WITHDRAWN = "withdrawn"
    PURGED = "purged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What a host runs, in its own words: `name` in lower case, `version` as given (it can be anything)."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    What a server says of itself: its version and its own numbering of languages (id → BCP 47 tag).

    `host` is the one that it calls itself by, with its port; empty where it does not say.
    """

    version: str
    host: str = ""
    languages: Mapping[int, str] = field(default_factory=dict)
    admins: frozenset[str] = frozenset()
    content_warning: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account, `ap_id` being its profile's URL."""

    ap_id: str
    name: str
    display_name: str = ""
    bio: str = ""
    bot: bool = False
    deleted: bool = False
    is_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """A community, `ap_id` being its URL; its host is the home of its threads."""

    ap_id: str
    name: str
    title: str = ""
    description: str = ""
    nsfw: bool = False
    deleted: bool = False
    removed: bool = False
    visibility: str = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What one server counts; servers disagree."""

    score: int
    upvotes: int
    downvotes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossPost:
    """Another post of the same link, as the server lists it beside a post."""

    ap_id: str
    title: str
    community_ap_id: str
    community_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """
    The opening item of a thread as one server gave it; `body` is Markdown, empty where withdrawn.

    `creator`, `votes` and `comments` (the server's count of live ones) are None where the post is known only from
    what a comment list embeds.
    """

    local_id: int
    ap_id: str
    title: str
    body: str
    creator: Person | None
    community: Community
    published_at: datetime
    url: str = ""
    edited_at: datetime | None = None
    deleted: bool = False
    removed: bool = False
    locked: bool = False
    nsfw: bool = False
    featured: bool = False
    local: bool = False
    language: str = "und"
    alt_text: str = ""
    embed_title: str = ""
    embed_description: str = ""
    thumbnail_url: str = ""
    is_moderator: bool | None = None
    is_admin: bool | None = None
    votes: Votes | None = None
    comments: int | None = None
    cross_posts: tuple[CrossPost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """
    A reply as one server gave it; where it stands is in its Sighting.

    `creator` and `votes` are None where what the server tells of them cannot be read, `is_moderator` where 0.18, which
    marks no comments, does not tell who the moderators are.
    """

    local_id: int
    ap_id: str
    body: str
    creator: Person | None
    published_at: datetime
    edited_at: datetime | None
    deleted: bool
    removed: bool
    distinguished: bool
    language: str
    is_moderator: bool | None
    is_admin: bool
    votes: Votes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """
    A block of an article's text.

    `kind` is `heading`, `paragraph`, `item` (of a list), `quote`, `code` or `row` (of a table); `level` is a heading's
    1 to 6, how deep a list item or a quote is nested (from 1), else 0. `text` is plain and has no line breaks but in
    code.
    """

    kind: str
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """
    The readable text of a linked page, or of a post's own body.

    `html` is sanitised, and its block number n (from 1) has the id `pn`: the text of `paragraphs[n - 1]`.
    `published_by` says how the date was found: `stated` by the page's own metadata, `heuristic`, or empty without one.
    `language` is a BCP 47 tag or empty; what a page does not tell is empty.
    """

    title: str
    html: str
    paragraphs: tuple[Paragraph, ...]
    extractor: str
    extractor_version: str
    byline: str = ""
    site: str = ""
    published_at: datetime | None = None
    published_by: str = ""
    language: str = ""
    licence: str = ""
    canonical_url: str = ""
    robots: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    An address in a text: `kind` is `link`, `image`, `mention` or `community` (then `url` is the profile's).

    `url` is in its one form (`markup.normalised`), `domain` its host without `www.`, `text` what stands for it.
    `position` is the offset of its first character in the Markdown, or in an article the number of its paragraph; None
    for a post's own link.
    """

    kind: str
    url: str
    domain: str
    text: str
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    A comment as one server listed it, without its text: what the shape of the tree and the proof need.

    `path` holds that server's local ids, root first, its own last; `child_count` is how many descendants
    (at any depth, tombstones included) the server says it has. `misplaced` says that the server's own path makes no
    sense, so that it stands on the post; `incomplete` that it told only a part of the comment; `pending` that 1.0 waits
    for the community's server to accept it.
    """

    local_id: int
    post_id: int
    ap_id: str
    path: tuple[int, ...]
    published_at: datetime
    edited_at: datetime | None
    deleted: bool
    removed: bool
    child_count: int
    misplaced: bool = False
    incomplete: bool = False
    pending: bool = False

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back, by its author or by a moderator."""
        return self.deleted or self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that one answer said: any part may be empty."""

    post: Post | None = None
    comments: tuple[Comment, ...] = ()
    site: Site | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingItem:
    """A comment that was named but not given, by whichever of its names is known."""

    instance: str
    local_id: int | None = None
    ap_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """`count` comments that are not there, for one reason; `items` names those that somebody named."""

    reason: MissingReason
    count: int
    items: tuple[MissingItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """
    What one server gave of a thread, as far as asking went: the proof's side of a capture.

    `advertised` is the server's own count of live comments, None where it shows no post; `drift` is by how many that
    is too high, by all that the server itself lists. `complete` says that the thread was listed to its end.
    `misplaced` comments have a path that makes no sense, of `incomplete` ones it told only a part, `unreadable` rows of
    lists were passed over, and of the answers to the URLs `unread` nothing made sense.
    `purged` are local ids of comments that an earlier visit got there and that the server, asked for each alone, no
    longer has. `taken_back` says why the post itself is not given any more.
    """

    post_id: int
    post_ap_id: str
    community_ap_id: str
    advertised: int | None
    received: int
    tombstones: int
    complete: bool
    missing: tuple[Missing, ...] = ()
    asked_for: str | None = None
    drift: int = 0
    misplaced: int = 0
    incomplete: int = 0
    unreadable: int = 0
    unread: frozenset[str] = frozenset()
    purged: tuple[int, ...] = ()
    taken_back: TakenBack | None = None

    @property
    def gaps(self) -> dict[int, MissingReason]:
        """Why the places that paths name by a local id are empty."""
        return {item.local_id: entry.reason for entry in self.missing for item in entry.items if item.local_id}

    @property
    def lost(self) -> int:
        """How many comments are known to exist and were not given."""
        return sum(item.count for item in self.missing)
