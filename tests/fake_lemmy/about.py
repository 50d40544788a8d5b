"""What a server says of itself: nodeinfo and `/site`."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

from fake_lemmy import shapes_v3, shapes_v4
from fake_lemmy.answers import Answer
from fake_lemmy.query import Query
from fake_lemmy.view import View
from fake_lemmy.world import World

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDED = {
    "0.18": "http://lemmy18.test:8535",
    "0.19": "http://lemmy19.test:8536",
    "1.0": "http://lemmy10.test:8537",
    "1.0-shim": "http://lemmy10.test:8537",
}


def totals(world: World) -> dict[str, int]:
    """How much of its own the server says to hold; 0.18 and later count rows that nobody has withdrawn."""
    computed = {
        "comments": sum(comment.live and comment.local for comment in world.comments.values()),
        "posts": sum(post.live and post.local for post in world.posts.values()),
        "communities": sum(group.local for group in world.communities.values()),
        "users": world.instance.users,
    }
    return computed | world.instance.counts


def nodeinfo(world: World, path: str) -> Answer:
    """`/.well-known/nodeinfo`, the document it names, and the redirects to that."""
    old = world.instance.line == "0.18"
    home = "/nodeinfo/2.0.json" if old else "/nodeinfo/2.1"
    if path == "/.well-known/nodeinfo":
        rel = f"http://nodeinfo.diaspora.software/ns/schema/{'2.0' if old else '2.1'}"
        answer = Answer.json({"links": [{"rel": rel, "href": world.instance.base + home}]})
        answer.headers["cache-control"] = "public, max-age=259200"
        return answer
    if path == home:
        answer = Answer.json(nodeinfo_document(world, old=old))
        answer.headers["cache-control"] = "public, max-age=3600"
        return answer
    if not old and path in ("/nodeinfo/2.0.json", "/nodeinfo/2.1.json", "/version"):
        return Answer(status=307, headers={"location": home})
    return Answer(status=404)


def nodeinfo_document(world: World, *, old: bool) -> dict[str, Any]:
    """The nodeinfo document: schema 2.0 in 0.18, 2.1 later."""
    counts, instance = totals(world), world.instance
    software: dict[str, Any] = {"name": "lemmy", "version": instance.advertised or instance.version}
    newer: dict[str, Any] = {}
    if not old:
        software |= {"homepage": "https://join-lemmy.org/", "repository": "https://github.com/LemmyNet/lemmy"}
        newer = {"metadata": {}, "services": {"inbound": [], "outbound": []}}
    return {
        "version": "2.0" if old else "2.1",
        "software": software,
        "protocols": ["activitypub"],
        "openRegistrations": True,
        "usage": {
            "users": {"total": counts["users"], "activeHalfyear": 0, "activeMonth": 0},
            "localPosts": counts["posts"],
            "localComments": counts["comments"],
        },
        **newer,
    }


@functools.cache
def template(kind: str) -> str:
    """A recorded `/site` answer, as text."""
    return (FIXTURES / "sites" / f"{kind}.json").read_text("utf-8")


def merge(into: dict[str, Any], extra: dict[str, Any]) -> None:
    """Overlays nested objects, in place; None takes a key away."""
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value


def site(view: View, query: Query) -> Answer:
    """`/site` of any version: the recorded one with this instance's settings written in. Private ones answer too."""
    instance = view.world.instance
    kind = "1.0-shim" if view.shim else view.line
    if kind in instance.sites:
        body = copy.deepcopy(instance.sites[kind])
    else:
        body = json.loads(template(kind).replace(RECORDED[kind], instance.base))
    body["version"] = instance.advertised or instance.version
    local = body["site_view"]["local_site"]
    local["private_instance"] = instance.private
    local["default_post_listing_type"] = instance.default_listing if kind == "1.0" else instance.default_listing.title()
    if instance.default_time_range is not None and kind == "1.0":
        local["default_post_time_range_seconds"] = instance.default_time_range
    if instance.content_warning is not None:
        body["site_view"]["site"]["content_warning"] = instance.content_warning
    (local if kind == "1.0" else body["site_view"]["counts"]).update(totals(view.world))
    if instance.rate_limit and not view.shim:
        body["site_view"]["local_site_rate_limit"] |= limits(kind, *instance.rate_limit)
    if instance.languages is not None:
        body["all_languages"] = [{"id": i, "code": code, "name": name} for i, code, name in instance.languages]
        body["discussion_languages"] = [i for i, _, _ in instance.languages]
    body["admins"] = [admin(view, kind, who) for who in instance.admins]
    merge(body, copy.deepcopy(instance.site_more))
    return Answer.json(body)


def limits(kind: str, requests: int, seconds: int) -> dict[str, int]:
    """The rate limit for reading, in the names of v3 (`*_per_second` means per that many seconds) or 1.0."""
    if kind == "1.0":
        return {"message_max_requests": requests, "message_interval_seconds": seconds}
    return {"message": requests, "message_per_second": seconds}


def admin(view: View, kind: str, who: int) -> dict[str, Any]:
    """One entry of `admins`."""
    found = view.world.persons[who]
    if kind == "1.0":
        shown = shapes_v4.person(view, found)
        return {"person": shown, "is_admin": True, "banned": False, "ban_expires_at": None, "person_actions": None}
    counts = {"person_id": who, "post_count": found.posts, "comment_count": found.comments}
    shown = shapes_v3.person(view, found)
    if kind == "0.18":
        return {"person": shown, "counts": counts | {"id": who - 1, "post_score": 0, "comment_score": 0}}
    return {"person": shown, "counts": counts, "is_admin": not view.shim}
