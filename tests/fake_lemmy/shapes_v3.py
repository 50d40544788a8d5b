"""Objects and views as 0.18, 0.19 and 1.0's partial `/api/v3` write them."""

from typing import Any

from fake_lemmy.view import View
from fake_lemmy.world import Comment, Community, Person, Post
from fake_lemmy.world import stamp as exact

Json = dict[str, Any]


def some(**fields: Any) -> Json:
    """The fields that are not None: Lemmy leaves a null out."""
    return {name: value for name, value in fields.items() if value is not None}


def stamp(view: View, time: str | None) -> str | None:
    """A time as this version writes it: 0.18 leaves the zone out."""
    written = exact(time)
    return written.removesuffix("Z") if written and view.line == "0.18" else written


def person(view: View, who: Person) -> Json:
    """A person. 1.0's shim has no instance ids."""
    admin = {"admin": who.id in view.world.instance.admins} if view.line == "0.18" else {}
    return some(
        id=who.id,
        name=who.name,
        display_name=who.display_name,
        bio=who.bio,
        actor_id=who.ap_id,
        local=who.local,
        deleted=who.deleted,
        bot_account=who.bot,
        banned=who.banned,
        published=stamp(view, who.published),
        updated=stamp(view, who.updated),
        instance_id=0 if view.shim else who.instance_id,
        **admin,
        **who.more,
    )


def community(view: View, group: Community) -> Json:
    """A community. The shim loses the sidebar."""
    visibility = "Public" if view.shim or group.visibility == "public" else "LocalOnly"
    return some(
        id=group.id,
        name=group.name,
        title=group.title,
        description=None if view.shim else group.sidebar,
        removed=group.removed,
        deleted=group.deleted,
        nsfw=group.nsfw,
        local=group.local,
        hidden=False if view.shim else group.hidden,
        posting_restricted_to_mods=False,
        instance_id=group.instance_id,
        actor_id=group.ap_id,
        published=stamp(view, group.published),
        updated=stamp(view, group.updated),
        visibility=None if view.line == "0.18" else visibility,
        **({} if view.shim else group.more.get("community", {})),
    )


def post(view: View, item: Post, *, blank: bool = False) -> Json:
    """A post; lists embed it unblanked even when it is withdrawn."""
    newer = {} if view.line == "0.18" else {"url_content_type": item.url_content_type, "alt_text": item.alt_text}
    return some(
        id=item.id,
        name=item.title,
        url=item.url,
        body="" if blank and item.body is not None else item.body,
        creator_id=item.creator_id,
        community_id=item.community_id,
        removed=item.removed,
        locked=item.locked,
        deleted=item.deleted,
        nsfw=item.nsfw,
        published=stamp(view, item.published),
        updated=stamp(view, item.updated),
        embed_title=item.embed_title,
        embed_description=item.embed_description,
        thumbnail_url=item.thumbnail_url,
        ap_id=item.ap_id,
        local=item.local,
        language_id=item.language_id,
        featured_community=item.featured_community,
        featured_local=item.featured_local,
        **newer,
        **item.more.get("post", {}),
    )


def comment(view: View, row: Comment) -> Json:
    """A comment; a tombstone's text is empty where the version blanks it."""
    return some(
        id=row.id,
        creator_id=row.creator_id,
        post_id=row.post_id,
        content="" if view.withholds(row) else row.content,
        removed=row.removed,
        deleted=row.deleted,
        published=stamp(view, row.published),
        updated=stamp(view, row.updated),
        ap_id=row.ap_id,
        local=row.local,
        path=row.path,
        distinguished=row.distinguished,
        language_id=row.language_id,
        **row.more,
    )


def once(view: View, kind: str, ident: int) -> Json:
    """An object that many rows of one answer embed."""
    if (kind, ident) not in view.memo:
        world = view.world
        if kind == "person":
            made = person(view, world.persons[ident])
        elif kind == "community":
            made = community(view, world.communities[ident])
        else:
            made = post(view, world.posts[ident])
        view.memo[kind, ident] = made
    return view.memo[kind, ident]


def standing(view: View, creator_id: int, community_id: int) -> Json:
    """What 0.19 says of the author beside every item; 0.18 says nothing."""
    if view.line == "0.18":
        return {}
    return {
        "creator_is_moderator": creator_id in view.world.communities[community_id].moderators,
        "creator_is_admin": creator_id in view.world.instance.admins,
        "banned_from_community": False,
    }


def comment_counts(view: View, row: Comment) -> Json:
    """The counts beside a comment."""
    older = {"id": row.id, "hot_rank": row.hot_rank} if view.line == "0.18" else {}
    return {
        "comment_id": row.id,
        "score": row.upvotes - row.downvotes,
        "upvotes": row.upvotes,
        "downvotes": row.downvotes,
        "published": stamp(view, row.published),
        "child_count": view.world.child_count(row),
        **older,
    }


def comment_view(view: View, row: Comment) -> Json:
    """A comment with its author, post (the whole of it, each time) and community."""
    community_id = view.world.posts[row.post_id].community_id
    return {
        "comment": comment(view, row),
        "creator": once(view, "person", row.creator_id),
        "post": once(view, "post", row.post_id),
        "community": once(view, "community", community_id),
        "counts": comment_counts(view, row),
        "creator_banned_from_community": False,
        "subscribed": "NotSubscribed",
        "saved": False,
        "creator_blocked": False,
        **standing(view, row.creator_id, community_id),
        **view.marks("community", community_id),
        **view.marks("comment", row.id),
    }


def post_counts(view: View, item: Post) -> Json:
    """The counts beside a post; the shim invents the newest comment's time."""
    newest = view.world.newest_comment(item) or item.published
    if view.shim:
        newest = f"{view.world.instance.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    counts = {
        "post_id": item.id,
        "comments": view.world.comment_count(item),
        "score": item.upvotes - item.downvotes,
        "upvotes": item.upvotes,
        "downvotes": item.downvotes,
        "published": stamp(view, item.published),
        "newest_comment_time": stamp(view, newest),
    }
    if view.line == "0.18":
        counts |= {
            "id": item.id,
            "community_id": item.community_id,
            "creator_id": item.creator_id,
            "featured_community": item.featured_community,
            "featured_local": item.featured_local,
            "newest_comment_time_necro": stamp(view, view.world.newest_by_others(item) or item.published),
            "hot_rank": 0,
            "hot_rank_active": 0,
        }
    return {**counts, **item.more.get("counts", {})}


def post_view(view: View, item: Post) -> Json:
    """A post with its author and community."""
    hidden = {} if view.line == "0.18" else {"hidden": False}
    return {
        "post": post(view, item, blank=view.blanks(item)),
        "creator": once(view, "person", item.creator_id),
        "community": once(view, "community", item.community_id),
        "counts": post_counts(view, item),
        "creator_banned_from_community": False,
        "subscribed": "NotSubscribed",
        "saved": False,
        "read": False,
        "creator_blocked": False,
        "unread_comments": 0 if view.shim else view.world.comment_count(item),
        **hidden,
        **standing(view, item.creator_id, item.community_id),
        **view.marks("community", item.community_id),
        **view.marks("post", item.id),
    }


def community_counts(view: View, group: Community) -> Json:
    """A community's counts: of posts and comments that nobody has withdrawn."""
    world = view.world
    live = list(world.live_posts(group))
    posts = len(live) if group.post_count is None else group.post_count
    comments = sum(map(world.comment_count, live)) if group.comment_count is None else group.comment_count
    own = {"id": group.id - 1, "hot_rank": 0} if view.line == "0.18" else {"subscribers_local": group.subscribers_local}
    return {
        "community_id": group.id,
        "subscribers": group.subscribers,
        "posts": posts,
        "comments": comments,
        "published": stamp(view, group.published),
        **group.active_users,
        **own,
        **group.more.get("counts", {}),
    }


def community_view(view: View, group: Community) -> Json:
    """A community as `/post` gives it."""
    banned = {} if view.line == "0.18" else {"banned_from_community": False}
    return {
        "community": once(view, "community", group.id),
        "subscribed": "NotSubscribed",
        "blocked": False,
        "counts": community_counts(view, group),
        **banned,
        **view.marks("community", group.id),
    }


def moderator_views(view: View, group: Community) -> list[Json]:
    """The community's moderators; the shim names none."""
    if view.shim:
        return []
    shown = once(view, "community", group.id)
    return [{"community": shown, "moderator": once(view, "person", who)} for who in group.moderators]
