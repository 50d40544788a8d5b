"""
What Lemmy's answers mean, in every dialect: each dialect brings its `wire` module of shapes.

0.18 writes times without a zone and marks moderators only in the post's answer; 0.19 and 1.0 mark them in every item. A
list (but for 1.0's slim one) embeds the whole post in each of its comments.
"""

from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from thread_archive.captures import Exchange
from thread_archive.exceptions import PayloadError
from thread_archive.model import Page, Person, Post, Sighting, Site
from thread_archive.payloads import REPORT, as_far_as_it_fits, decode
from thread_archive.sources._paths import parse_path
from thread_archive.sources._steps import OK
from thread_archive.sources._values import utc
from thread_archive.sources._views import Views, read_person
from thread_archive.urls import host_in

# How many people are remembered who were read already, and in how many bytes of JSON at most.
_PEOPLE = 1_000
_PERSON_BYTES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpsed:
    """The comments that an answer shows, without their text; `unreadable` rows of it are none that we could tell."""

    sightings: list[Sighting]
    unreadable: int = 0

    @property
    def rows(self) -> int:
        """How many rows the answer has."""
        return len(self.sightings) + self.unreadable


class Reader:
    """
    Reads the answers of one dialect: `name` (`lemmy_v3`), the `prefix` of its paths, its `wire` shapes.

    What does not fit costs nothing but itself: a member that has a default is read as if it were not there, a row of a
    list is passed over. All methods raise PayloadError where nothing of an answer fits; errors and answers to anything
    else say nothing.
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

    def fitting(self, answer: Exchange, shape: str) -> Any:
        """The body of `answer` as `wire.<shape>`, as far as it fits."""
        try:
            return self.decode(answer, shape)
        except PayloadError:
            return as_far_as_it_fits(answer.body, getattr(self.wire, shape), source=self.name, url=answer.url)

    def _rows(self, answer: Exchange, shape: str, row: str) -> tuple[list[Any], int]:
        """The rows of a list, `wire.<shape>`, each a `wire.<row>` as far as it fits; and how many do not at all."""
        try:
            return self.decode(answer, shape).comments, 0
        except PayloadError as error:
            misfit = error
        rows = self.decode(answer, "Rows").comments
        read = []
        for raw in rows:
            try:
                read.append(as_far_as_it_fits(raw, getattr(self.wire, row), source=self.name, url=answer.url))
            except PayloadError as error:
                misfit = error
        if not read:
            raise misfit
        return read, len(rows) - len(read)

    def site(self, answer: Exchange) -> Site:
        """What `GET /site` says."""
        told = self.decode(answer, "SiteAnswer")
        return Site(
            version=told.version,
            host=host_in(told.site_view.site.actor_id),
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
        return frozenset(item.moderator.actor_id for item in self.fitting(answer, "PostAnswer").moderators)

    def read(self, answer: Exchange, *, site: Site, moderators: frozenset[str] | None = None) -> Page:
        """
        Everything that `answer` says of a thread.

        `moderators` mark the items of 0.18, which marks none; None where it did not tell who they are.
        """
        if answer.status != OK:
            return Page()
        path = urlsplit(answer.url).path
        page = self._views(answer, site, moderators)
        if path == self.site_path:
            return Page(site=self.site(answer))
        if path == self.post_path:
            return Page(post=page.post(self.fitting(answer, "PostAnswer")))
        if path == self.comment_path:
            return Page(comments=page.comments([self.fitting(answer, "CommentAnswer").comment_view]))
        if path in self.list_paths:
            return Page(comments=page.comments(self._rows(answer, "ListAnswer", "CommentView")[0]))
        return Page()

    def glimpse(self, answer: Exchange) -> Glimpsed:
        """The comments of a list's or a single comment's answer, without their text."""
        path, unreadable = urlsplit(answer.url).path, 0
        if answer.status == OK and path in self.list_paths:
            views, unreadable = self._rows(answer, "GlimpsedList", "Glimpse")
        elif answer.status == OK and path == self.comment_path:
            views = [self.fitting(answer, "GlimpsedAnswer").comment_view]
        else:
            return Glimpsed(sightings=[])
        sightings: list[Sighting] = []
        for view in views:
            try:
                sightings.append(_sighting(view))
            except PayloadError:
                if len(views) == 1:
                    raise
                unreadable += 1
        if len(sightings) > 1 and all(sighting.misplaced for sighting in sightings):
            raise PayloadError(
                f"The answer to {answer.url} shows comments, and of none its place in the tree.",
                next=REPORT,
                source=self.name,
                path="$.comment.path",
            )
        return Glimpsed(sightings=sightings, unreadable=unreadable)

    def embedded_post(self, answer: Exchange, *, site: Site) -> Post | None:
        """
        The post as a comment list embeds it: all there is where `GET /post` refuses.

        Without its author, and on 0.18 and 0.19 without votes and counts.
        """
        if answer.status != OK or urlsplit(answer.url).path != self.list_paths[0]:
            return None
        views = self.decode(answer, "EmbeddingList").comments
        page = self._views(answer, site)
        return page.embedded(views[0]) if views else None

    def _views(self, answer: Exchange, site: Site, moderators: frozenset[str] | None = None) -> Views:
        person = partial(self.person, url=answer.url)
        return Views(person=person, visibilities=self.wire.VISIBILITIES, site=site, moderators=moderators)

    def person(self, raw: bytes | msgspec.Raw, *, url: str) -> Person:
        """Somebody in the answer to `url`: in a thread most comments are by people who wrote another one."""
        key = bytes(raw)
        person = self._people.get(key)
        if person is None:
            person = read_person(decode(raw, self.wire.Person, source=self.name, url=url))
            if len(self._people) >= _PEOPLE:
                self._people.clear()
            if len(key) <= _PERSON_BYTES:
                self._people[key] = person
        return person


def _sighting(view: Any) -> Sighting:
    comment = view.comment
    path = parse_path(comment.path, comment.id)
    return Sighting(
        local_id=comment.id,
        post_id=comment.post_id,
        ap_id=comment.ap_id,
        path=path or (comment.id,),
        published_at=utc(comment.published),
        edited_at=utc(comment.updated) if comment.updated else None,
        deleted=comment.deleted,
        removed=comment.removed,
        child_count=view.counts.child_count or 0,
        misplaced=not path,
        incomplete=view.counts.child_count is None or not (_is(comment.content, b'"') and _is(view.creator, b"{")),
        pending=comment.federation_pending,
    )


def _is(raw: msgspec.Raw, sign: bytes) -> bool:
    """Whether a member that is not decoded is of the kind that begins with `sign`: a text or an object."""
    return memoryview(raw)[:1] == sign
