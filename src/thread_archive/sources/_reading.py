"""
What Lemmy's answers mean, in every dialect: each dialect brings its `wire` module of shapes.

0.18 writes times without a zone and marks moderators only in the post's answer; 0.19 and 1.0 mark them in every item. A
list (but for 1.0's slim one) embeds the whole post in each of its comments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from thread_archive.captures import Exchange
from thread_archive.model import Comment, Community, CrossPost, Page, Person, Post, Sighting, Site, Votes
from thread_archive.payloads import decode
from thread_archive.sources._paths import parse_path
from thread_archive.sources._steps import OK
from thread_archive.sources._values import clean, language_tag, utc

# How many people are remembered who were read already, and in how many bytes of JSON at most.
_PEOPLE = 1_000
_PERSON_BYTES = 2_000


class Reader:
    """
    Reads the answers of one dialect: `name` (`lemmy_v3`), the `prefix` of its paths, its `wire` shapes.

    All methods raise PayloadError where an answer does not fit; errors and answers to anything else say nothing.
    """

    def __init__(self, *, name: str, prefix: str, wire: ModuleType) -> None:
        self.name = name
        self.wire = wire
        self.site_path = f"{prefix}/site"
        self.post_path = f"{prefix}/post"
        self.comment_path = f"{prefix}/comment"
        self.community_path = f"{prefix}/community"
        self.resolve_path = f"{prefix}/resolve_object"
        self.list_paths = (f"{prefix}/comment/list", f"{prefix}/comment/list/slim")
        self._people: dict[bytes, Person] = {}

    def decode(self, answer: Exchange, shape: str) -> Any:
        """The body of `answer` as `wire.<shape>`."""
        return decode(answer.body, getattr(self.wire, shape), source=self.name, url=answer.url)

    def site(self, answer: Exchange) -> Site:
        """What `GET /site` says."""
        told = self.decode(answer, "SiteAnswer")
        return Site(
            version=told.version,
            languages={language.id: language.code for language in told.all_languages},
            admins=frozenset(view.person.actor_id for view in told.admins),
            content_warning=bool(told.site_view.site.content_warning),
            private=told.site_view.local_site.private_instance,
        )

    def gives_post(self, answer: Exchange) -> bool:
        """Whether `answer` is that to `GET /post` and has one."""
        return answer.status == OK and self.is_post_path(answer.url)

    def is_post_path(self, url: str) -> bool:
        """Whether `url` is that of `GET /post`."""
        return urlsplit(url).path == self.post_path

    def moderators(self, answer: Exchange) -> frozenset[str]:
        """The ap_ids of the community's moderators that `GET /post` lists."""
        if not self.gives_post(answer):
            return frozenset()
        return frozenset(item.moderator.actor_id for item in self.decode(answer, "PostAnswer").moderators)

    def read(self, answer: Exchange, *, site: Site, moderators: frozenset[str] | None = None) -> Page:
        """
        Everything that `answer` says of a thread.

        `moderators` mark the items of 0.18, which marks none; None where it did not tell who they are.
        """
        if answer.status != OK:
            return Page()
        path = urlsplit(answer.url).path
        page = _Page(reader=self, url=answer.url, site=site, moderators=moderators)
        if path == self.site_path:
            return Page(site=self.site(answer))
        if path == self.post_path:
            return Page(post=page.post(self.decode(answer, "PostAnswer")))
        if path == self.comment_path:
            return Page(comments=page.comments([self.decode(answer, "CommentAnswer").comment_view]))
        if path in self.list_paths:
            return Page(comments=page.comments(self.decode(answer, "ListAnswer").comments))
        return Page()

    def glimpse(self, answer: Exchange) -> list[Sighting]:
        """The comments of a list's or a single comment's answer, without their text."""
        path = urlsplit(answer.url).path
        if answer.status == OK and path in self.list_paths:
            views = self.decode(answer, "GlimpsedList").comments
        elif answer.status == OK and path == self.comment_path:
            views = [self.decode(answer, "GlimpsedAnswer").comment_view]
        else:
            return []
        return [
            Sighting(
                local_id=view.comment.id,
                post_id=view.comment.post_id,
                ap_id=view.comment.ap_id,
                path=parse_path(view.comment.path, view.comment.id, source=self.name),
                published_at=utc(view.comment.published),
                edited_at=utc(view.comment.updated) if view.comment.updated else None,
                deleted=view.comment.deleted,
                removed=view.comment.removed,
                child_count=view.counts.child_count,
            )
            for view in views
        ]

    def embedded_post(self, answer: Exchange, *, site: Site) -> Post | None:
        """
        The post as a comment list embeds it: all there is where `GET /post` refuses.

        Without its author, and on 0.18 and 0.19 without votes and counts.
        """
        if answer.status != OK or urlsplit(answer.url).path != self.list_paths[0]:
            return None
        views = self.decode(answer, "EmbeddingList").comments
        page = _Page(reader=self, url=answer.url, site=site)
        return page.embedded(views[0]) if views else None

    def person(self, raw: bytes | msgspec.Raw, *, url: str) -> Person:
        """Somebody in the answer to `url`: in a thread most comments are by people who wrote another one."""
        key = bytes(raw)
        person = self._people.get(key)
        if person is None:
            person = _person(decode(raw, self.wire.Person, source=self.name, url=url))
            if len(self._people) >= _PEOPLE:
                self._people.clear()
            if len(key) <= _PERSON_BYTES:
                self._people[key] = person
        return person


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Turns the views of one answer into the model's values."""

    reader: Reader
    url: str
    site: Site
    moderators: frozenset[str] | None = None

    def comments(self, views: list[Any]) -> tuple[Comment, ...]:
        return tuple(self._comment(view) for view in views)

    def _comment(self, view: Any) -> Comment:
        comment, creator = view.comment, self.reader.person(view.creator, url=self.url)
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

    def _is_moderator(self, marked: bool | None, creator: Person) -> bool | None:
        return creator.ap_id in self.moderators if marked is None and self.moderators is not None else marked

    def _is_admin(self, marked: bool | None, creator: Person) -> bool:
        return creator.is_admin or creator.ap_id in self.site.admins if marked is None else marked

    def post(self, told: Any) -> Post:
        view = told.post_view
        creator = _person(view.creator)
        moderators = {item.moderator.actor_id for item in told.moderators}
        marked = view.creator_is_moderator
        return self.bare_post(
            view.post,
            view.community,
            creator=creator,
            is_moderator=creator.ap_id in moderators if marked is None else marked,
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
        counts = view.post_counts
        return self.bare_post(
            view.post,
            view.community,
            creator=None,
            embedded=True,
            votes=_votes(counts) if counts else None,
            comments=counts.comments if counts else None,
        )

    def bare_post(
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
            community=_community(community, self.reader.wire.VISIBILITIES),
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


def _votes(counts: Any) -> Votes:
    return Votes(score=counts.score, upvotes=counts.upvotes, downvotes=counts.downvotes)


def _person(person: Any) -> Person:
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
