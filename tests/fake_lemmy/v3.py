"""`/api/v3`: the whole of 0.18 and 0.19, and the crippled shim of it that 1.0 still serves."""

from fake_lemmy import shapes_v3 as shapes
from fake_lemmy.answers import Answer, refuse
from fake_lemmy.listing import page_v3, page_v4
from fake_lemmy.posts import cross_posts, found_comment, found_post, known_community, listed_posts
from fake_lemmy.query import Query
from fake_lemmy.view import View
from fake_lemmy.world import Comment


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


def shown_comment(view: View, row: Comment) -> shapes.Json:
    """The comment alone, which 0.18 gives with its text in clear even when it is withdrawn."""
    return shapes.comment_view(view, row)


def comment(view: View, query: Query) -> Answer:
    """`GET /comment`; 1.0's shim has none."""
    row = found_comment(view, query.integer("id"))
    return Answer.json({"comment_view": shown_comment(view, row), "recipient_ids": []})


def comment_list(view: View, query: Query) -> Answer:
    """`GET /comment/list`; the shim ignores `page`."""
    rows = page_v4(view, query, pascal=True)[0] if view.shim else page_v3(view, query)
    return Answer.json({"comments": [shapes.comment_view(view, row) for row in rows]})


def community(view: View, query: Query) -> Answer:
    """`GET /community`: a community that this client may see."""
    group = known_community(view, query)
    return Answer.json({"community_view": shapes.community_view(view, group), "moderators": [], "site": None})


def post_list(view: View, query: Query) -> Answer:
    """`GET /post/list` by new; from 0.19 with `next_page`, which names the last row."""
    posts = listed_posts(view, query)
    limit, page = query.integer("limit") or 10, query.integer("page") or 1
    if limit > 50:
        raise refuse("couldnt_get_posts")
    start = (page - 1) * limit
    if (cursor := query.fields.get("page_cursor")) is not None:
        start = 1 + next((at for at, item in enumerate(posts) if f"P{item.id:x}" == cursor), len(posts))
    given = posts[start : start + limit]
    body = {"posts": [shapes.post_view(view, item) for item in given]}
    if given and view.line == "0.19":
        return Answer.json(body | {"next_page": f"P{given[-1].id:x}"})
    return Answer.json(body)


def resolve_object(view: View, query: Query) -> Answer:
    """`GET /resolve_object`: what the local database knows by ap_id."""
    wanted = query.fields.get("q")
    for item in view.world.posts.values():
        if item.ap_id == wanted and view.gives_post(item):
            return Answer.json({"post": shapes.post_view(view, item)})
    for row in view.world.comments.values():
        if row.ap_id == wanted and row.live:
            return Answer.json({"comment": shapes.comment_view(view, row)})
    raise refuse("couldnt_find_object")


ROUTES = {
    "/post": post,
    "/comment": comment,
    "/comment/list": comment_list,
    "/post/list": post_list,
    "/community": community,
    "/resolve_object": resolve_object,
}
SHIM_ROUTES = {path: route for path, route in ROUTES.items() if path != "/comment"}
