"""`/api/v4` of 1.0."""

from fake_lemmy import shapes_v4 as shapes
from fake_lemmy.answers import Answer, refuse
from fake_lemmy.listing import cursor_of, page_v4
from fake_lemmy.posts import cross_posts, found_comment, found_post, known_community, listed_posts
from fake_lemmy.query import Query
from fake_lemmy.view import View


def post(view: View, query: Query) -> Answer:
    """`GET /post`: the post without its comments."""
    item = found_post(view, query)
    group = view.world.communities[item.community_id]
    return Answer.json(
        {
            "post_view": shapes.post_view(view, item),
            "community_view": shapes.community_view(view, group),
            "moderators": shapes.moderator_views(view, group),
            "cross_posts": [shapes.post_view(view, other) for other in cross_posts(view, item)],
        }
    )


def comment(view: View, query: Query) -> Answer:
    """`GET /comment`."""
    return Answer.json({"comment_view": shapes.comment_view(view, found_comment(view, query.integer("id")))})


def comment_list(view: View, query: Query) -> Answer:
    """`GET /comment/list`."""
    rows, links = page_v4(view, query)
    return Answer.json({"items": [shapes.comment_view(view, row) for row in rows], **links})


def slim_list(view: View, query: Query) -> Answer:
    """`GET /comment/list/slim`: rows without post and community."""
    rows, links = page_v4(view, query)
    return Answer.json({"items": [shapes.comment_view(view, row, slim=True) for row in rows], **links})


def community(view: View, query: Query) -> Answer:
    """`GET /community`: a community that this client may see."""
    return Answer.json({"community_view": shapes.community_view(view, known_community(view, query)), "moderators": []})


def post_list(view: View, query: Query) -> Answer:
    """`GET /post/list` by new."""
    posts, limit = listed_posts(view, query), query.integer("limit") or 20
    cursor, start, links = query.fields.get("page_cursor"), 0, {}
    if cursor is not None:
        start = 1 + next((at for at, item in enumerate(posts) if cursor_of(item.id) == cursor), len(posts))
        links["prev_page"] = cursor_of(-1)
    given = posts[start : start + limit]
    if len(given) == limit:
        links["next_page"] = cursor_of(given[-1].id)
    return Answer.json({"items": [shapes.post_view(view, item) for item in given], **links})


def resolve_object(view: View, query: Query) -> Answer:
    """`GET /resolve_object`: what the local database knows, as a flat tagged union."""
    wanted = query.fields.get("q", "")
    for item in view.world.posts.values():
        if item.ap_id == wanted and view.gives_post(item):
            return Answer.json({"type_": "post", **shapes.post_view(view, item)})
    for row in view.world.comments.values():
        if row.ap_id == wanted and row.live:
            return Answer.json({"type_": "comment", **shapes.comment_view(view, row)})
    for group in view.world.communities.values():
        if wanted in (group.ap_id, f"!{group.name}@{group.ap_id.split('/')[2]}"):
            return Answer.json({"type_": "community", **shapes.community_view(view, group)})
    words = f"error sending request for url ({wanted})"
    raise refuse("resolve_object_failed", cause="ResolveObjectFailed", message=words)


ROUTES = {
    "/post": post,
    "/comment": comment,
    "/comment/list": comment_list,
    "/comment/list/slim": slim_list,
    "/post/list": post_list,
    "/community": community,
    "/resolve_object": resolve_object,
}
