"""Objects found in recorded answers, of v3 or v4, and the rows they stand for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fake_lemmy.world import Comment, Community, Person, Post

Json = dict[str, Any]

# Numbers that depend on the moment of recording: kept, not computed.
COMMUNITY_VOLATILE = {"last_refreshed_at", "hot_rank"}
POST_VOLATILE = {"hot_rank", "hot_rank_active"}
VIEW_MARKS = {
    "my_vote", "subscribed", "saved", "read", "can_mod", "unread_comments", "post_actions", "comment_actions",
    "community_actions", "person_actions",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Seen:
    """Objects found in recorded bodies, the latest of each; views keep what stands beside an object."""

    persons: dict[int, Json] = field(default_factory=dict)
    communities: dict[int, Json] = field(default_factory=dict)
    community_counts: dict[int, Json] = field(default_factory=dict)
    moderators: dict[int, list[int]] = field(default_factory=dict)
    posts: dict[int, Json] = field(default_factory=dict)
    post_counts: dict[int, Json] = field(default_factory=dict)
    comments: dict[int, Json] = field(default_factory=dict)
    comment_counts: dict[int, Json] = field(default_factory=dict)
    marks: dict[tuple[str, int], Json] = field(default_factory=dict)
    sites: dict[str, Json] = field(default_factory=dict)
    users: int = 1

    def read(self, exchange: Json, own: str) -> None:
        """Takes in one exchange of the `own` API. The shim's invented values are passed over."""
        body, path = exchange["body"], exchange["path"]
        if exchange["status"] != 200 or not isinstance(body, dict):
            return
        if path.startswith("/nodeinfo/"):
            self.users = body["usage"]["users"]["total"]
        if "site_view" in body:
            self.sites[path.split("/")[2]] = body
        if not path.startswith(own):
            return
        for view in views(body):
            self._view(view, logged_in=exchange.get("logged_in", False))
        if moderators := body.get("moderators"):
            group = moderators[0]["community"]["id"]
            self.moderators[group] = [entry["moderator"]["id"] for entry in moderators]
            self.persons |= {entry["moderator"]["id"]: entry["moderator"] for entry in moderators}

    def _view(self, view: Json, *, logged_in: bool) -> None:
        group = view.get("community")
        marks = {name: view[name] for name in VIEW_MARKS & view.keys()} if logged_in else {}
        if group:
            self.communities[group["id"]] = group
        if "post" in view:
            self.posts[view["post"]["id"]] = view["post"]
        if "creator" in view:
            self.persons[view["creator"]["id"]] = view["creator"]
            if group and view.get("creator_is_moderator"):
                self.moderators.setdefault(group["id"], [view["creator"]["id"]])
        if "comment" in view:
            row = view["comment"]
            self.comments[row["id"]] = row
            self.comment_counts[row["id"]] = view.get("counts") or row
            self.marks[("comment", row["id"])] = marks
        elif "post" in view:
            self.post_counts[view["post"]["id"]] = view.get("counts") or view["post"]
            self.marks[("post", view["post"]["id"])] = marks
        elif group:
            self.community_counts[group["id"]] = view.get("counts") or group
            self.marks[("community", group["id"])] = marks


def views(value: Any) -> Iterator[Json]:
    """Every object that has an author, post or community beside others, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from views(item)
    elif isinstance(value, dict):
        group = value.get("community")
        of_group = isinstance(group, dict) and not value.keys().isdisjoint({"creator", "counts", "tags"})
        if of_group or ("comment" in value and "creator" in value):
            yield value
        for item in value.values():
            yield from views(item)


def zoned(time: str | None) -> str | None:
    """A recorded time as rows hold it: with its zone, which 0.18 leaves out, and six digits of the second."""
    if time is None:
        return None
    second, _, digits = time.removesuffix("Z").partition(".")
    return f"{second}.{digits:0<6}Z"


def first(row: Json, *names: str) -> Any:
    """The value under whichever of the names is there."""
    return next((row[name] for name in names if name in row), None)


def person_of(row: Json) -> Person:
    """A recorded person as a row."""
    return Person(
        id=row["id"], ap_id=first(row, "ap_id", "actor_id"), name=row["name"], local=row["local"],
        display_name=row.get("display_name"), bio=row.get("bio"), bot=row["bot_account"], deleted=row["deleted"],
        instance_id=row["instance_id"], published=str(zoned(first(row, "published_at", "published"))),
        updated=zoned(first(row, "updated_at", "updated")), posts=row.get("post_count", 0),
        comments=row.get("comment_count", 0), refreshed=row.get("last_refreshed_at"),
    )  # fmt: skip


def community_of(row: Json, counts: Json, moderators: list[int], *, partial: bool) -> Community:
    """A recorded community as a row; where the world is `partial`, with its recorded counts."""
    visibility = {"Public": "public", "LocalOnly": "local_only_private"}
    volatile = {name: counts[name] for name in COMMUNITY_VOLATILE & counts.keys()}
    word: str = row.get("visibility", "public")
    return Community(
        id=row["id"], ap_id=first(row, "ap_id", "actor_id"), name=row["name"], title=row["title"],
        sidebar=first(row, "sidebar", "description"), local=row["local"], visibility=visibility.get(word, word),
        hidden=row.get("hidden", False), nsfw=row["nsfw"], instance_id=row["instance_id"], moderators=moderators,
        published=str(zoned(first(row, "published_at", "published"))),
        updated=zoned(first(row, "updated_at", "updated")),
        subscribers=counts.get("subscribers", 1), subscribers_local=counts.get("subscribers_local", 1),
        active={span: counts.get(f"users_active_{span}", 0) for span in ("day", "week", "month", "half_year")},
        post_count=counts.get("posts") if partial else None,
        comment_count=counts.get("comments") if partial else None,
        more={"community" if "ap_id" in row else "counts": volatile},
    )  # fmt: skip


def post_of(row: Json, counts: Json, truth: Json | None) -> Post:
    """A recorded post as a row, with the text of its truth, and the recorded count where there is no truth."""
    known = truth or {}
    return Post(
        id=row["id"], ap_id=row["ap_id"], title=row["name"], creator_id=row["creator_id"],
        community_id=row["community_id"], url=row.get("url"), body=known.get("body", row.get("body")),
        published=str(zoned(first(row, "published_at", "published"))),
        updated=zoned(first(row, "updated_at", "updated")), local=row["local"], deleted=row["deleted"],
        removed=row["removed"], locked=row["locked"], nsfw=row["nsfw"], featured_community=row["featured_community"],
        featured_local=row["featured_local"], language_id=row["language_id"], alt_text=row.get("alt_text"),
        upvotes=counts.get("upvotes", 1), downvotes=counts.get("downvotes", 0), embed_title=row.get("embed_title"),
        embed_description=row.get("embed_description"), thumbnail_url=row.get("thumbnail_url"),
        url_content_type=row.get("url_content_type"), comment_count=None if truth else counts.get("comments"),
        newest_comment=None if truth else zoned(first(counts, "newest_comment_time_at", "newest_comment_time")),
        more={"counts": {name: counts[name] for name in POST_VOLATILE & counts.keys()}},
    )  # fmt: skip


def comment_of(row: Json, counts: Json) -> Comment:
    """A recorded comment as a row."""
    return Comment(
        id=row["id"], ap_id=row["ap_id"], path=row["path"], content=row["content"], post_id=row["post_id"],
        creator_id=row["creator_id"], published=str(zoned(first(row, "published_at", "published"))),
        updated=zoned(first(row, "updated_at", "updated")), local=row["local"], deleted=row["deleted"],
        removed=row["removed"], distinguished=row["distinguished"], language_id=row["language_id"],
        upvotes=counts["upvotes"], downvotes=counts["downvotes"], hot_rank=counts.get("hot_rank", 0),
    )  # fmt: skip


def comment_of_truth(row: Json, creators: dict[str, int], hot_rank: float) -> Comment:
    """A row of the database as a row; its descendants are counted anew."""
    return Comment(
        id=row["id"], ap_id=row["ap_id"], path=row["path"], content=row["body"], post_id=row["post_id"],
        creator_id=creators[row["creator"]], published=str(zoned(row["published_at"])),
        updated=zoned(row["updated_at"]), local=row["local"], deleted=row["deleted"], removed=row["removed"],
        distinguished=row["distinguished"], language_id=row["language_id"], upvotes=row["upvotes"],
        downvotes=row["downvotes"], hot_rank=hot_rank,
    )  # fmt: skip
