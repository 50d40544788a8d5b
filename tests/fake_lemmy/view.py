"""What one client may see of a World."""

from dataclasses import dataclass, field
from typing import Any

from fake_lemmy.world import Account, Comment, Community, Post, World

OPEN = frozenset({"public", "local_only_public"})


@dataclass(slots=True, kw_only=True)
class View:
    """
    A World as `account` (None: anybody) sees it. `shim` is 1.0's partial `/api/v3`. `memo` keeps objects that
    are rendered once per answer.
    """

    world: World
    account: Account | None = None
    shim: bool = False
    memo: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The instance's line of versions."""
        return self.world.instance.line

    def marks(self, kind: str, ident: int) -> dict[str, Any]:
        """What this account sees added to a view."""
        return self.account.marks.get((kind, ident), {}) if self.account else {}

    def sees_community(self, community: Community, *, unlisted: bool) -> bool:
        """Whether the community is open to this client; `unlisted` says whether an unlisted one counts as open."""
        if self.account and self.account.member:
            return True
        if self.line == "1.0":
            return community.visibility in OPEN or (unlisted and community.visibility == "unlisted")
        return not community.hidden and community.visibility == "public"

    def fetches_community(self, community: Community) -> bool:
        """Whether what is in the community is given over ActivityPub, where a hidden one is no secret."""
        return community.visibility in OPEN | {"unlisted"}

    def sees_nsfw(self) -> bool:
        """Whether 1.0 lists NSFW threads' comments to this client."""
        if self.account:
            return self.account.show_nsfw
        return self.world.instance.content_warning is not None

    def moderates(self, community_id: int) -> bool:
        """Whether the client is a moderator there."""
        return self.account is not None and self.account.person_id in self.world.communities[community_id].moderators

    def gives_post(self, post: Post) -> bool:
        """Whether `/post` gives it: to moderators all; 1.0 gives everybody a deleted post that has comments."""
        if self.moderates(post.community_id):
            return True
        if not self.sees_community(self.world.communities[post.community_id], unlisted=True):
            return False
        if self.line == "1.0":
            return not post.removed and (not post.deleted or self.world.comment_count(post) > 0)
        return post.live

    def withholds(self, comment: Comment) -> bool:
        """Whether the text is blanked: not in 0.18, nor in 0.19.0–0.19.3, nor in 1.0 for moderators."""
        if comment.live or self.line == "0.18" or self.world.instance.leak_withdrawn:
            return False
        return self.line == "0.19" or not self.moderates(self.world.posts[comment.post_id].community_id)

    def blanks(self, post: Post) -> bool:
        """Whether 1.0's `/post` blanks the body; lists embed it in clear all the same."""
        return self.line == "1.0" and not post.live and not self.moderates(post.community_id)
