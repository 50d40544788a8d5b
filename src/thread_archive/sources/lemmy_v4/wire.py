"""
The shapes of `/api/v4`'s answers, as far as they are read: what is not named here is ignored.

Attributes are called as in `/api/v3`, so that one reader reads both; `field(name=…)` says what 1.0 calls them.
"""

from datetime import datetime

import msgspec
from msgspec import field

from thread_archive.payloads import ApId, Count, LocalId


class Language(msgspec.Struct):
    id: int
    code: str


class Person(msgspec.Struct):
    name: str
    actor_id: ApId = field(name="ap_id")
    display_name: str | None = None
    bio: str | None = None
    bot_account: bool = False
    deleted: bool = False
    admin: bool = False


class PersonView(msgspec.Struct):
    person: Person


class LocalSite(msgspec.Struct):
    private_instance: bool = False


class SiteItself(msgspec.Struct):
    actor_id: str = field(name="ap_id", default="")
    content_warning: str | None = None


class SiteView(msgspec.Struct):
    site: SiteItself = field(default_factory=SiteItself)
    local_site: LocalSite = field(default_factory=LocalSite)


class SiteAnswer(msgspec.Struct):
    version: str
    site_view: SiteView
    all_languages: list[Language] = []
    admins: list[PersonView] = []


class Community(msgspec.Struct):
    name: str
    actor_id: ApId = field(name="ap_id")
    title: str | None = None
    description: str | None = field(name="sidebar", default=None)
    nsfw: bool = False
    deleted: bool = False
    removed: bool = False
    hidden: bool = False
    visibility: str = "public"


class DatedCommunity(Community, kw_only=True):
    published: datetime = field(name="published_at")


class CommunityView(msgspec.Struct):
    community: DatedCommunity


class CommunityAnswer(msgspec.Struct):
    community_view: CommunityView


class Post(msgspec.Struct):
    id: LocalId
    name: str
    ap_id: ApId
    published: datetime = field(name="published_at")
    comments: Count | None = None
    score: Count | None = None
    upvotes: Count | None = None
    downvotes: Count | None = None
    url: str | None = None
    body: str | None = None
    updated: datetime | None = field(name="updated_at", default=None)
    deleted: bool = False
    removed: bool = False
    locked: bool = False
    nsfw: bool = False
    featured_community: bool = False
    featured_local: bool = False
    local: bool = False
    language_id: int = 0
    alt_text: str | None = None
    embed_title: str | None = None
    embed_description: str | None = None
    thumbnail_url: str | None = None


class PostView(msgspec.Struct):
    post: Post
    community: Community
    creator: Person | None = None
    creator_is_moderator: bool = False
    creator_is_admin: bool = False

    @property
    def counts(self) -> Post:
        """The numbers, which 1.0 keeps in the post itself."""
        return self.post


class Moderator(msgspec.Struct):
    moderator: Person


class PostAnswer(msgspec.Struct):
    post_view: PostView
    cross_posts: list[PostView] = []
    moderators: list[Moderator] = []


class Comment(msgspec.Struct):
    id: LocalId
    ap_id: ApId
    published: datetime = field(name="published_at")
    content: str = ""
    score: Count | None = None
    upvotes: Count | None = None
    downvotes: Count | None = None
    updated: datetime | None = field(name="updated_at", default=None)
    deleted: bool = False
    removed: bool = False
    distinguished: bool = False
    language_id: int = 0


class CommentView(msgspec.Struct):
    comment: Comment
    creator: msgspec.Raw = msgspec.Raw(b"null")
    creator_is_moderator: bool = False
    creator_is_admin: bool = False

    @property
    def counts(self) -> Comment:
        """The numbers, which 1.0 keeps in the comment itself."""
        return self.comment


class ListAnswer(msgspec.Struct):
    comments: list[CommentView] = field(name="items")


class CommentAnswer(msgspec.Struct):
    comment_view: CommentView


class GlimpsedComment(msgspec.Struct):
    id: LocalId
    post_id: LocalId
    ap_id: ApId
    published: datetime = field(name="published_at")
    path: str = ""
    child_count: Count | None = None
    updated: datetime | None = field(name="updated_at", default=None)
    deleted: bool = False
    removed: bool = False
    federation_pending: bool = False
    # Only whether it is there: it is read later.
    content: msgspec.Raw = msgspec.Raw()


class Glimpse(msgspec.Struct):
    comment: GlimpsedComment
    creator: msgspec.Raw = msgspec.Raw()

    @property
    def counts(self) -> GlimpsedComment:
        """The numbers, which 1.0 keeps in the comment itself."""
        return self.comment


class GlimpsedList(msgspec.Struct):
    comments: list[Glimpse] = field(name="items")


class Rows(msgspec.Struct):
    """A list whose rows are read one by one, since not all of them fit."""

    comments: list[msgspec.Raw] = field(name="items")


class Cursor(msgspec.Struct):
    """Where a list goes on."""

    next_page: str | None = None


class GlimpsedAnswer(msgspec.Struct):
    comment_view: Glimpse


class EmbeddedPost(msgspec.Struct):
    post: Post
    community: Community

    @property
    def post_counts(self) -> Post:
        """The numbers, which 1.0 keeps in the post itself."""
        return self.post


class EmbeddingList(msgspec.Struct):
    comments: list[EmbeddedPost] = field(name="items")


class Identity(msgspec.Struct):
    id: LocalId
    ap_id: ApId


class Resolved(msgspec.Struct):
    """What `/resolve_object` found: a flat view; a comment's view holds its post too."""

    post: Identity | None = None
    comment: Identity | None = None


class Context(msgspec.Struct):
    """ActivityPub's collection of a local post and every comment under it (1.0)."""

    items: list[str] = field(name="orderedItems")


VISIBILITIES: dict[str, str] = {}
