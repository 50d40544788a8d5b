"""Posts and comments as ActivityPub objects, and 1.0's `context` collections; their HTML is a plain paragraph."""

import html
from typing import Any

from fake_lemmy.answers import ACTIVITY, Answer, refuse, unknown_row
from fake_lemmy.view import View
from fake_lemmy.world import Comment, Post

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://join-lemmy.org/context.json", "https://www.w3.org/ns/activitystreams"]
OLD_CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]


def activity(view: View, body: dict[str, Any], status: int = 200) -> Answer:
    """A body of ActivityPub with its context."""
    context = OLD_CONTEXT if view.line == "0.18" else CONTEXT
    return Answer.json({"@context": context, **body}, status, ACTIVITY)


def text(markdown: str | None) -> dict[str, Any]:
    """Text as HTML and as its markdown source."""
    if markdown is None:
        return {}
    source = {"content": markdown, "mediaType": "text/markdown"}
    return {"content": f"<p>{html.escape(markdown)}</p>\n", "mediaType": "text/html", "source": source}


def dated(view: View, item: Post | Comment) -> dict[str, Any]:
    """Times, which 0.18 writes with an offset."""
    zone = "+00:00" if view.line == "0.18" else "Z"
    times = {"published": item.published, "updated": item.updated}
    return {name: time.removesuffix("Z") + zone for name, time in times.items() if time}


def page(view: View, post: Post) -> dict[str, Any]:
    """A post as a `Page`."""
    group = view.world.communities[post.community_id].ap_id
    return {
        "type": "Page",
        "id": post.ap_id,
        "attributedTo": view.world.persons[post.creator_id].ap_id,
        "to": [group, PUBLIC],
        "cc": [],
        "audience": group,
        "name": post.title,
        "attachment": [{"type": "Link", "href": post.url}] if post.url else [],
        "sensitive": post.nsfw,
        **text(post.body),
        **dated(view, post),
    }


def note(view: View, comment: Comment) -> dict[str, Any]:
    """A comment as a `Note`."""
    post = view.world.posts[comment.post_id]
    parent = view.world.comments.get(int(comment.labels[-2]))
    return {
        "type": "Note",
        "id": comment.ap_id,
        "attributedTo": view.world.persons[comment.creator_id].ap_id,
        "to": [PUBLIC],
        "audience": view.world.communities[post.community_id].ap_id,
        "inReplyTo": parent.ap_id if parent else post.ap_id,
        "distinguished": comment.distinguished,
        **text(comment.content),
        **dated(view, comment),
    }


def given(view: View, kind: str, ident: int) -> Answer:
    """`/post/ID` or `/comment/ID`: 308 to its home, 410 where it was withdrawn, not found in a private community."""
    item: Post | Comment | None = (view.world.posts if kind == "post" else view.world.comments).get(ident)
    if item is None:
        raise unknown_row(view.line, f"couldnt_find_{kind}")
    post = item if isinstance(item, Post) else view.world.posts[item.post_id]
    if not view.fetches_community(view.world.communities[post.community_id]):
        raise unknown_row(view.line, f"couldnt_find_{kind}")
    if not item.local:
        return Answer(status=308, headers={"location": item.ap_id})
    if not item.live:
        return activity(view, {"type": "Tombstone", "id": item.ap_id}, 410)
    return activity(view, page(view, item) if isinstance(item, Post) else note(view, item))


def context(view: View, ident: int) -> Answer:
    """`/post/ID/context` of 1.0: the ap_ids of a local post and its comments that nobody has withdrawn."""
    post = view.world.posts.get(ident)
    if view.line != "1.0":
        return Answer(status=404)
    if post is None or not post.local:
        raise refuse("not_found", 404, cause="NotFound")
    rows = sorted((row for row in view.world.under(post.id) if row.live), key=lambda row: row.id)
    items = [post.ap_id, *(row.ap_id for row in rows)]
    name = f"{view.world.instance.base}/post/{ident}/context"
    return activity(view, {"type": "OrderedCollection", "id": name, "totalItems": len(items), "orderedItems": items})
