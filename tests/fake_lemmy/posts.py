"""Single objects and lists of posts: what is found, and the refusal where it is not."""

from fake_lemmy.answers import refuse, unknown_row
from fake_lemmy.query import Query
from fake_lemmy.view import View
from fake_lemmy.world import Comment, Community, Post

EARLY = (0, 19, 4)


def found_comment(view: View, ident: int | None) -> Comment:
    """The comment of that id, tombstone or not."""
    row = view.world.comments.get(ident) if ident is not None else None
    if row is None or row.lost:
        raise unknown_row(view.line, "couldnt_find_comment", early=view.world.instance.number < EARLY)
    post = view.world.posts[row.post_id]
    if not view.sees_community(view.world.communities[post.community_id], unlisted=True):
        raise unknown_row(view.line, "couldnt_find_comment", early=view.world.instance.number < EARLY)
    return row


def found_post(view: View, query: Query) -> Post:
    """The post asked for by `id` or `comment_id`."""
    ident, comment_id = query.integer("id"), query.integer("comment_id")
    if ident is None and comment_id is None:
        raise refuse("not_found", 404, cause="NotFound") if view.line == "1.0" else refuse("couldnt_find_post")
    if ident is None:
        ident = found_comment(view, comment_id).post_id
    early = view.world.instance.number < EARLY
    post = view.world.posts.get(ident)
    if post is None:
        raise unknown_row(view.line, "couldnt_find_post", early=early)
    if not view.gives_post(post):
        if view.line == "0.18":
            raise refuse("couldnt_find_post", 404)
        raise unknown_row(view.line, "couldnt_find_post", early=early)
    return post


def cross_posts(view: View, post: Post) -> list[Post]:
    """Live posts of the same link, at most ten."""
    if post.url is None:
        return []
    same = (other for other in view.world.posts.values() if other.url == post.url and other.id != post.id)
    return [other for other in same if other.live and view.gives_post(other)][:10]


def known_community(view: View, query: Query) -> Community:
    """The community of that `name`, which may say at which host, or `id`; private ones are not there for others."""
    ident, name = query.integer("id"), query.fields.get("name")
    for group in view.world.communities.values():
        host = group.ap_id.split("/")[2]
        is_named = name == f"{group.name}@{host}" or (group.local and name == group.name)
        if (group.id == ident or is_named) and (group.hidden or view.sees_community(group, unlisted=True)):
            return group
    raise unknown_row(view.line, "couldnt_find_community", early=view.world.instance.number < EARLY)


def found_community(view: View, query: Query) -> Community | None:
    """The community that a list of posts is asked for."""
    ident, name = query.integer("community_id"), query.fields.get("community_name")
    for group in view.world.communities.values():
        host = group.ap_id.split("/")[2]
        if group.id == ident or name == f"{group.name}@{host}" or (group.local and name == group.name):
            return group
    return None


def listed_posts(view: View, query: Query) -> list[Post]:
    """Live posts, the newest first; v3 puts a community's featured ones before them and leaves NSFW out."""
    group = found_community(view, query)
    posts = [
        post
        for post in view.world.posts.values()
        if post.live
        and not post.nsfw
        and (group is None or post.community_id == group.id)
        and view.sees_community(view.world.communities[post.community_id], unlisted=group is not None)
    ]
    posts.sort(key=lambda post: post.published, reverse=True)
    if group is not None and view.line != "1.0":
        posts.sort(key=lambda post: not post.featured_community)
    return posts
