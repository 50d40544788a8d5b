"""What the views in Lemmy's answers say, in every dialect, as the model's values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from thread_archive.exceptions import PayloadError
from thread_archive.model import Comment, Community, CrossPost, Person, Post, Site, Votes
from thread_archive.sources._values import clean, language_tag, utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """
    Turns the views of one answer into the model's values.

    `person` reads somebody in it, `visibilities` says how 1.0 calls what the dialect does. `moderators` are for 0.18,
    which marks none; None where it did not tell who they are.
    """

    person: Callable[[msgspec.Raw], Person]
    visibilities: Mapping[str, str]
    site: Site
    moderators: frozenset[str] | None = None

    def comments(self, views: list[Any]) -> tuple[Comment, ...]:
        """The comments that can be read."""
        return tuple(comment for view in views if (comment := self._readable(view)) is not None)

    def _readable(self, view: Any) -> Comment | None:
        try:
            return self._comment(view)
        except PayloadError:
            # A time that is out of range, which `glimpse` passes over too.
            return None

    def _comment(self, view: Any) -> Comment:
        comment, creator = view.comment, self._creator(view)
        return Comment(
            local_id=comment.id,
            ap_id=comment.ap_id,
            body="" if comment.deleted or comment.removed else clean(comment.content),
            creator=creator,
            published_at=utc(comment.published),
            edited_at=utc(comment.updated) if comment.updated else None,
            deleted=comment.deleted,
            removed=comment.removed,
            distinguished=comment.distinguished,
            language=language_tag(self.site.languages, comment.language_id),
            is_moderator=self._is_moderator(view.creator_is_moderator, creator),
            is_admin=self._is_admin(view.creator_is_admin, creator),
            votes=_votes(view.counts),
        )

    def _creator(self, view: Any) -> Person | None:
        try:
            return self.person(view.creator)
        except PayloadError:
            return None

    def _is_moderator(self, marked: bool | None, creator: Person | None) -> bool | None:
        if marked is not None or self.moderators is None or creator is None:
            return marked
        return creator.ap_id in self.moderators

    def _is_admin(self, marked: bool | None, creator: Person | None) -> bool:
        if marked is not None or creator is None:
            return bool(marked)
        return creator.is_admin or creator.ap_id in self.site.admins

    def post(self, told: Any) -> Post:
        """The post of the answer to `GET /post`."""
        view = told.post_view
        creator = read_person(view.creator) if view.creator is not None else None
        moderators = {item.moderator.actor_id for item in told.moderators}
        marked = view.creator_is_moderator
        return self._bare_post(
            view.post,
            view.community,
            creator=creator,
            is_moderator=creator is not None and creator.ap_id in moderators if marked is None else marked,
            is_admin=self._is_admin(view.creator_is_admin, creator),
            votes=_votes(view.counts),
            comments=view.counts.comments,
            cross_posts=tuple(
                CrossPost(
                    ap_id=other.post.ap_id,
                    title=clean(other.post.name),
                    community_ap_id=other.community.actor_id,
                    community_name=clean(other.community.name),
                )
                for other in told.cross_posts
                if not (other.post.deleted or other.post.removed)
            ),
        )

    def embedded(self, view: Any) -> Post:
        """The post as a comment list embeds it."""
        counts = view.post_counts
        return self._bare_post(
            view.post,
            view.community,
            creator=None,
            embedded=True,
            votes=_votes(counts) if counts else None,
            comments=counts.comments if counts else None,
        )

    def _bare_post(
        self,
        post: Any,
        community: Any,
        *,
        creator: Person | None,
        embedded: bool = False,
        is_moderator: bool | None = None,
        is_admin: bool | None = None,
        votes: Votes | None = None,
        comments: int | None = None,
        cross_posts: tuple[CrossPost, ...] = (),
    ) -> Post:
        withdrawn = post.deleted or post.removed
        hidden = withdrawn and embedded
        return Post(
            local_id=post.id,
            ap_id=post.ap_id,
            title="" if hidden else clean(post.name),
            url="" if hidden else clean(post.url),
            body="" if withdrawn else clean(post.body),
            creator=creator,
            community=_community(community, self.visibilities),
            published_at=utc(post.published),
            edited_at=utc(post.updated) if post.updated else None,
            deleted=post.deleted,
            removed=post.removed,
            locked=post.locked,
            nsfw=post.nsfw,
            featured=post.featured_community or post.featured_local,
            local=post.local,
            language=language_tag(self.site.languages, post.language_id),
            alt_text="" if withdrawn else clean(post.alt_text),
            embed_title="" if withdrawn else clean(post.embed_title),
            embed_description="" if withdrawn else clean(post.embed_description),
            thumbnail_url="" if hidden else clean(post.thumbnail_url),
            is_moderator=is_moderator,
            is_admin=is_admin,
            votes=votes,
            comments=comments,
            cross_posts=cross_posts,
        )


def _votes(counts: Any) -> Votes | None:
    if None in (counts.score, counts.upvotes, counts.downvotes):
        return None
    return Votes(score=counts.score, upvotes=counts.upvotes, downvotes=counts.downvotes)


def read_person(person: Any) -> Person:
    """An account; of one that was deleted only its name."""
    return Person(
        ap_id=person.actor_id,
        name=clean(person.name),
        display_name="" if person.deleted else clean(person.display_name),
        bio="" if person.deleted else clean(person.bio),
        bot=person.bot_account,
        deleted=person.deleted,
        is_admin=person.admin,
    )


def _community(community: Any, visibilities: Mapping[str, str]) -> Community:
    withdrawn = community.deleted or community.removed
    return Community(
        ap_id=community.actor_id,
        name=clean(community.name),
        title="" if withdrawn else clean(community.title),
        description="" if withdrawn else clean(community.description),
        nsfw=community.nsfw,
        deleted=community.deleted,
        removed=community.removed,
        visibility="hidden" if community.hidden else visibilities.get(community.visibility, community.visibility),
    )
