"""Atom feeds (RFC 4287): of threads, of a thread's comments; of anything else that makes a Feed."""

import re
from dataclasses import dataclass

from thread_archive.pages.bodies import html_of
from thread_archive.pages.fronts import FrontView
from thread_archive.pages.rendering import Reading, environment
from thread_archive.slugs import slug
from thread_archive.store.latest import LatestComment, latest_comments
from thread_archive.store.threadpages import thread_head
from thread_archive.urls import handle

# What XML 1.0 cannot hold, not even as a reference.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry: `id` is an ap_id, `link` the absolute address of a page of ours, `html` (sanitised) may be empty."""

    id: str
    title: str
    link: str
    published: str
    updated: str
    author: str
    author_uri: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed; `self` and `alternate` (its page) are absolute addresses."""

    id: str
    title: str
    self: str
    alternate: str
    entries: tuple[Entry, ...]

    @property
    def updated(self) -> str:
        """When the entry that changed last did."""
        return max((entry.updated for entry in self.entries), default=_NEVER)


def feed_document(feed: Feed) -> str:
    """The feed as XML."""
    return _NO_XML.sub("\ufffd", environment().get_template("feed.xml").render(feed=feed))


def front_feed(view: FrontView, reading: Reading, origin: str) -> str:
    """The threads of a view; `origin` (scheme and host) makes addresses absolute."""
    addresses = reading.site.addresses
    entries = tuple(
        Entry(
            id=card.ap_id,
            title=card.title or "[no title]",
            link=origin + addresses.thread(card.slug),
            published=card.published_at,
            updated=card.captured_at,
            author=handle(card.author_ap_id, card.author_name, card.instance) or "unknown",
            author_uri=card.author_ap_id or "",
        )
        for card in view.cards
    )
    here, page = origin + addresses.feed(), origin + addresses.front()
    return feed_document(
        Feed(id=here, title=f"{reading.site.name}: threads", self=here, alternate=page, entries=entries)
    )


def thread_feed(reading: Reading, address: str, origin: str) -> str | None:
    """The latest comments of a thread, the newest first; None where there is no such thread."""
    head = thread_head(reading.connection, address, public=reading.public)
    if head is None:
        return None
    addresses, here = reading.site.addresses, head.instance

    def named(comment: LatestComment) -> str:
        return handle(comment.author_ap_id, comment.author_name, here)

    entries = tuple(
        Entry(
            id=comment.ap_id,
            title=f"{named(comment)} on {head.title or 'a thread'}",
            link=origin + addresses.comment(head.slug, slug(comment.ap_id)),
            published=comment.published_at,
            updated=comment.edited_at or comment.published_at,
            author=named(comment),
            author_uri=comment.author_ap_id,
            html=html_of(comment.body, comment.body_html),
        )
        for comment in latest_comments(reading.connection, head.id, public=reading.public)
    )
    own, page = origin + addresses.feed(head.slug), origin + addresses.thread(head.slug)
    return feed_document(Feed(id=own, title=head.title or "[no title]", self=own, alternate=page, entries=entries))
