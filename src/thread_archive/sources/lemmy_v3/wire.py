"""The shapes of `/api/v3`'s answers, as far as they are read: what is not named here is ignored."""

from datetime import datetime

import msgspec

from thread_archive.payloads import ApId, Count, LocalId


class Language(msgspec.Struct):
    id: int
    code: str


class Person(msgspec.Struct):
    name: str
    actor_id: ApId
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
    actor_id: str = ""
    content_warning: str | None = None


class SiteView(msgspec.Struct):
    site: SiteItself = msgspec.field(default_factory=SiteItself)
    local_site: LocalSite = msgspec.field(default_factory=LocalSite)


class SiteAnswer(msgspec.Struct):
    version: str
    site_view: SiteView
    all_languages: list[Language] = []
    admins: list[PersonView] = []


class Community(msgspec.Struct):
    name: str
    actor_id: ApId
    title: str | None = None
    description: str | None = None
    nsfw: bool = False
    deleted: bool = False
    removed: bool = False
    hidden: bool = False
    visibility: str = "Public"


class DatedCommunity(Community, kw_only=True):
    published: datetime


class CommunityView(msgspec.Struct):
    community: DatedCommunity


class CommunityAnswer(msgspec.Struct):
    community_view: CommunityView


class Counts(msgspec.Struct):
    score: Count | None = None
    upvotes: Count | None = None
    downvotes: Count | None = None


class PostCounts(Counts):
    comments: Count | None = None


class Post(msgspec.Struct):
    id: LocalId
    name: str
    ap_id: ApId
    published: datetime
    url: str | None = None
    body: str | None = None
    updated: datetime | None = None
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
    counts: PostCounts = msgspec.field(default_factory=PostCounts)
    creator_is_moderator: bool | None = None
    creator_is_admin: bool | None = None


class Moderator(msgspec.Struct):
    moderator: Person


class PostAnswer(msgspec.Struct):
    post_view: PostView
    cross_posts: list[PostView] = []
    moderators: list[Moderator] = []


class Comment(msgspec.Struct):
    id: LocalId
    ap_id: ApId
    published: datetime
    content: str = ""
    updated: datetime | None = None
    deleted: bool = False
    removed: bool = False
    distinguished: bool = False
    language_id: int = 0


class CommentView(msgspec.Struct):
    comment: Comment
    counts: Counts = msgspec.field(default_factory=Counts)
    creator: msgspec.Raw = msgspec.Raw(b"null")
    creator_is_moderator: bool | None = None
    creator_is_admin: bool | None = None


class ListAnswer(msgspec.Struct):
    comments: list[CommentView]


class CommentAnswer(msgspec.Struct):
    comment_view: CommentView


class GlimpsedComment(msgspec.Struct):
    id: LocalId
    post_id: LocalId
    ap_id: ApId
    published: datetime
    path: str = ""
    updated: datetime | None = None
    deleted: bool = False
    removed: bool = False
    # 1.0 alone has it.
    federation_pending: bool = False
    # Only whether it is there: it is read later.
    content: msgspec.Raw = msgspec.Raw()


class GlimpsedCounts(msgspec.Struct):
    child_count: Count | None = None


class Glimpse(msgspec.Struct):
    comment: GlimpsedComment
    counts: GlimpsedCounts = msgspec.field(default_factory=GlimpsedCounts)
    creator: msgspec.Raw = msgspec.Raw()


class GlimpsedList(msgspec.Struct):
    comments: list[Glimpse]


class Rows(msgspec.Struct):
    """A list whose rows are read one by one, since not all of them fit."""

    comments: list[msgspec.Raw]


class GlimpsedAnswer(msgspec.Struct):
    comment_view: Glimpse


class EmbeddedPost(msgspec.Struct):
    post: Post
    community: Community

    @property
    def post_counts(self) -> None:
        """No numbers: those beside it are the comment's."""
        return None


class EmbeddingList(msgspec.Struct):
    comments: list[EmbeddedPost]


# How 0.19 spells what 1.0 spells in snake case.
VISIBILITIES = {"Public": "public", "LocalOnly": "local_only"}


class Identity(msgspec.Struct):
    id: LocalId
    ap_id: ApId


class IdentityView(msgspec.Struct):
    post: Identity


class Resolved(msgspec.Struct):
    """What `/resolve_object` found: one of several views by its key."""

    view: IdentityView | None = msgspec.field(name="post", default=None)

    @property
    def post(self) -> Identity | None:
        """The post that was found, if it was one."""
        return self.view.post if self.view else None


class SizedPost(msgspec.Struct):
    """The post's own JSON, to know how many bytes each comment of a list will repeat."""

    post: msgspec.Raw
    community: msgspec.Raw


class SizedAnswer(msgspec.Struct):
    post_view: SizedPost
