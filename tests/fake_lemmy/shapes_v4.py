"""Objects and views as 1.0's `/api/v4` writes them."""

from typing import Any

from fake_lemmy.shapes_v3 import some
from fake_lemmy.view import View
from fake_lemmy.world import Comment, Community, Person, Post, stamp

Json = dict[str, Any]


def person(view: View, who: Person) -> Json:
    """A person; whether banned is said in the view."""
    return some(
        id=who.id,
        name=who.name,
        display_name=who.display_name,
        bio=who.bio,
        ap_id=who.ap_id,
        local=who.local,
        deleted=who.deleted,
        bot_account=who.bot,
        published_at=stamp(who.published),
        updated_at=stamp(who.updated),
        last_refreshed_at=stamp(who.refreshed or who.published),
        instance_id=who.instance_id,
        post_count=who.posts,
        comment_count=who.comments,
        **who.more,
    )


def community(view: View, group: Community) -> Json:
    """A community with its counts."""
    world = view.world
    live = list(world.live_posts(group))
    return some(
        id=group.id,
        name=group.name,
        title=group.title,
        sidebar=group.sidebar,
        removed=group.removed,
        deleted=group.deleted,
        nsfw=group.nsfw,
        local=group.local,
        local_removed=False,
        posting_restricted_to_mods=False,
        instance_id=group.instance_id,
        ap_id=group.ap_id,
        published_at=stamp(group.published),
        updated_at=stamp(group.updated),
        visibility=group.visibility,
        subscribers=group.subscribers,
        subscribers_local=group.subscribers_local,
        posts=len(live) if group.post_count is None else group.post_count,
        comments=sum(map(world.comment_count, live)) if group.comment_count is None else group.comment_count,
        report_count=0,
        unresolved_report_count=0,
        **{"last_refreshed_at": stamp(group.published)} | group.active_users | group.more.get("community", {}),
    )


def post(view: View, item: Post, *, blank: bool = False) -> Json:
    """A post with its counts; lists embed it unblanked even when it is withdrawn."""
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
        published_at=stamp(item.published),
        updated_at=stamp(item.updated),
        embed_title=item.embed_title,
        embed_description=item.embed_description,
        thumbnail_url=item.thumbnail_url,
        ap_id=item.ap_id,
        local=item.local,
        language_id=item.language_id,
        featured_community=item.featured_community,
        featured_local=item.featured_local,
        url_content_type=item.url_content_type,
        alt_text=item.alt_text,
        newest_comment_time_at=stamp(view.world.newest_comment(item)),
        comments=view.world.comment_count(item),
        score=item.upvotes - item.downvotes,
        upvotes=item.upvotes,
        downvotes=item.downvotes,
        report_count=0,
        unresolved_report_count=0,
        federation_pending=False,
        **item.more.get("post", {}),
    )


def comment(view: View, row: Comment) -> Json:
    """A comment with its counts; a tombstone's text is empty."""
    return some(
        id=row.id,
        creator_id=row.creator_id,
        post_id=row.post_id,
        content="" if view.withholds(row) else row.content,
        removed=row.removed,
        deleted=row.deleted,
        locked=row.locked,
        published_at=stamp(row.published),
        updated_at=stamp(row.updated),
        ap_id=row.ap_id,
        local=row.local,
        path=row.path,
        distinguished=row.distinguished,
        language_id=row.language_id,
        score=row.upvotes - row.downvotes,
        upvotes=row.upvotes,
        downvotes=row.downvotes,
        child_count=view.world.child_count(row),
        report_count=0,
        unresolved_report_count=0,
        federation_pending=row.federation_pending,
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
    """What a view says of its author."""
    return {
        "creator_is_admin": creator_id in view.world.instance.admins,
        "creator_is_moderator": creator_id in view.world.communities[community_id].moderators,
        "creator_banned": view.world.persons[creator_id].banned,
        "creator_banned_from_community": False,
        "can_mod": False,
    }


def comment_view(view: View, row: Comment, *, slim: bool = False) -> Json:
    """A comment with its author; unless `slim`, with its post and community too."""
    community_id = view.world.posts[row.post_id].community_id
    shown = {
        "comment": comment(view, row),
        "creator": once(view, "person", row.creator_id),
        **standing(view, row.creator_id, community_id),
        **view.marks("comment", row.id),
    }
    if not slim:
        shown["post"] = once(view, "post", row.post_id)
        shown["community"] = once(view, "community", community_id)
        shown["tags"] = []
    return shown


def post_view(view: View, item: Post) -> Json:
    """A post with its author and community."""
    return {
        "post": post(view, item, blank=view.blanks(item)),
        "creator": once(view, "person", item.creator_id),
        "community": once(view, "community", item.community_id),
        **standing(view, item.creator_id, item.community_id),
        "tags": [],
        **view.marks("post", item.id),
    }


def community_view(view: View, group: Community) -> Json:
    """A community as `/post` gives it."""
    shown = once(view, "community", group.id)
    return {"community": shown, "can_mod": False, "tags": [], **view.marks("community", group.id)}


def moderator_views(view: View, group: Community) -> list[Json]:
    """The community's moderators."""
    shown = once(view, "community", group.id)
    return [{"community": shown, "moderator": once(view, "person", who)} for who in group.moderators]
