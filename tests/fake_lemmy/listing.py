"""
Which comments a list holds, and in what order: the heart of each version's traps.

Order, v3: parent path (tree mode), `distinguished` first (0.19), then the sort's keys, with no tie-break by id.
1.0 turns every key round together, skips `distinguished` for new and old, and its cursor stands for "keys
strictly after this row's", so that ties are lost at the edge of a page (Lemmy 1.0.0-beta.1, pagination.rs).
"""

import base64
from dataclasses import dataclass
from datetime import UTC, timedelta
from random import Random
from typing import Any

from fake_lemmy.answers import refuse, unknown_row
from fake_lemmy.query import MAX_DEPTH_ROWS, MAX_LIMIT, Query
from fake_lemmy.view import View
from fake_lemmy.world import Comment


@dataclass(slots=True, kw_only=True)
class Listing:
    """What is asked of a list of comments. `tree` is the mode that `max_depth` switches on."""

    post_id: int | None
    parent: Comment | None
    max_depth: int | None
    sort: str
    type_: str | None

    @property
    def tree(self) -> bool:
        """Whether `limit` and `page` are ignored."""
        return self.max_depth is not None

    @property
    def rooted(self) -> bool:
        """Whether it is about one thread."""
        return self.post_id is not None or self.parent is not None


def asked(view: View, query: Query, *, pascal: bool) -> Listing:
    """Reads the parameters that all versions share; refuses an unknown parent."""
    sorts = ["Hot", "Top", "New", "Old"] + ([] if view.line == "0.18" else ["Controversial"])
    types = ["All", "Local", "Subscribed", "ModeratorView"]
    if not pascal:
        sorts, types = [word.lower() for word in sorts], ["all", "local", "subscribed", "moderator_view", "suggested"]
    sort, type_ = query.word("sort", sorts), query.word("type_", types)
    parent_id = query.integer("parent_id")
    parent = None if parent_id is None else view.world.comments.get(parent_id)
    if parent_id is not None and (parent is None or parent.lost):
        early = view.world.instance.number < (0, 19, 4)
        raise unknown_row(view.line, "couldnt_find_comment", early=early)
    max_depth = query.integer("max_depth")
    return Listing(
        post_id=query.integer("post_id"), parent=parent, max_depth=max_depth, sort=sort or "hot", type_=type_
    )


def selected(view: View, listing: Listing, time_range: int | None = None) -> list[Comment]:
    """The rows that match, in no order; `time_range` is 1.0's, in seconds (None or 0: all)."""
    world, instance = view.world, view.world.instance
    if listing.post_id is not None:
        rows = world.under(listing.post_id)
    elif listing.parent is not None:
        rows = world.under(listing.parent.post_id)
    else:
        rows = list(world.comments.values())
    rows = [row for row in rows if not (row.lost or row.unlisted) and shows(view, listing, row)]
    if listing.parent is not None:
        path = listing.parent.path
        rows = [row for row in rows if row.path == path or row.path.startswith(f"{path}.")]
    if listing.max_depth is not None:
        deepest = listing.max_depth + (len(listing.parent.labels) if listing.parent else 1)
        rows = [row for row in rows if len(row.labels) <= deepest]
    if instance.omit_withdrawn:
        rows = [row for row in rows if row.live]
    if time_range:
        since = (instance.now().astimezone(UTC) - timedelta(seconds=time_range)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        rows = [row for row in rows if row.published > since]
    return rows


def shows(view: View, listing: Listing, row: Comment) -> bool:
    """Whether this client may see the row in a list: its community, and in 1.0 NSFW and pending rows."""
    post = view.world.posts[row.post_id]
    community = view.world.communities[post.community_id]
    if not view.sees_community(community, unlisted=False):
        return False
    of_thread = view.line == "1.0" and listing.post_id is not None
    kind = listing.type_ or view.world.instance.default_listing
    if kind == "local" and not community.local and not of_thread:
        return False
    if view.line != "1.0":
        return True
    return not row.federation_pending and (view.sees_nsfw() or not (post.nsfw or community.nsfw))


def sort_keys(sort: str, row: Comment) -> tuple[Any, ...]:
    """The sort's own keys."""
    score = row.upvotes - row.downvotes
    if sort in ("new", "old"):
        return (row.published,)
    if sort == "hot":
        return (row.hot_rank, score)
    if sort == "top":
        return (score,)
    return (min(row.upvotes, row.downvotes),)


def ordered_v3(view: View, listing: Listing, rows: list[Comment], *, limit: int = 0, page: int = 0) -> list[Comment]:
    """
    The rows in v3's order. Ties come as the database likes: alike within one answer, differently in the next query.

    PostgreSQL sorts by another method as `LIMIT` and `OFFSET` grow, and promises no order of equal keys. What one
    answer holds whole it reads in the order of the rows.
    """
    rows = sorted(rows, key=lambda row: row.id)
    if len(rows) > (limit or MAX_DEPTH_ROWS):
        parent = listing.parent.id if listing.parent else 0
        Random(f"{view.world.instance.seed} {listing.sort} {listing.max_depth} {parent} {limit} {page}").shuffle(rows)
    rows.sort(key=lambda row: sort_keys(listing.sort, row), reverse=listing.sort != "old")
    if listing.rooted and view.line != "0.18":
        rows.sort(key=lambda row: not row.distinguished)
    replaced = view.line == "0.18" and listing.sort == "top"
    if listing.tree and listing.rooted and not replaced:
        rows.sort(key=lambda row: row.labels[:-1])
    return rows


def page_v3(view: View, query: Query, *, pascal: bool = True) -> list[Comment]:
    """One page of `/api/v3/comment/list` in 0.18 and 0.19."""
    listing = asked(view, query, pascal=pascal)
    limit, page = query.integer("limit"), query.integer("page")
    limit, page = 10 if limit is None else limit, 1 if page is None else page
    cap = view.world.instance.page_cap
    if not listing.tree and (not 1 <= limit <= MAX_LIMIT or page < 1 or (cap is not None and page > cap)):
        raise refuse("couldnt_get_comments")
    rows = selected(view, listing)
    if listing.tree:
        return ordered_v3(view, listing, rows)[:MAX_DEPTH_ROWS]
    return ordered_v3(view, listing, rows, limit=limit, page=page)[(page - 1) * limit : page * limit]


def page_v4(view: View, query: Query, *, pascal: bool = False) -> tuple[list[Comment], dict[str, str]]:
    """One page of 1.0's list, and the cursors that go with it; `pascal` is the shim, which has none."""
    listing = asked(view, query, pascal=pascal)
    limit = query.integer("limit")
    if limit is not None and not 1 <= limit <= MAX_LIMIT:
        raise refuse("invalid_fetch_limit", cause="InvalidFetchLimit")
    size = MAX_DEPTH_ROWS if listing.tree else limit or 20
    time_range = query.integer("time_range_seconds")
    rows = selected(view, listing, view.world.instance.default_time_range if time_range is None else time_range)

    def keys(row: Comment) -> tuple[Any, ...]:
        path = (row.labels[:-1],) if listing.tree and listing.rooted else ()
        spoken = (row.distinguished,) if listing.rooted and listing.sort not in ("new", "old") else ()
        return path + spoken + sort_keys(listing.sort, row)

    down = listing.sort != "old"
    rows.sort(key=lambda row: row.id)
    rows.sort(key=keys, reverse=down)
    cursor = None if pascal else query.fields.get("page_cursor")
    if cursor is not None:
        edge = keys(row_of(view, cursor))
        rows = [row for row in rows if (keys(row) < edge if down else keys(row) > edge)]
    rows = rows[:size]
    links = {"prev_page": cursor_of(-1)} if cursor is not None else {}
    if len(rows) == size:
        links["next_page"] = cursor_of(rows[-1].id)
    return rows, links


def cursor_of(ident: int, width: int = 9) -> str:
    """An opaque cursor for a row; another `width` gives another that means the same."""
    return "B" + base64.urlsafe_b64encode(f"{ident:0{width}d}".encode()).decode()


def row_of(view: View, cursor: str) -> Comment:
    """The row a cursor stands for; refuses what is no cursor."""
    try:
        ident = int(base64.urlsafe_b64decode(cursor.removeprefix("B")))
    except ValueError:
        words = "invalid utf-8 sequence of 1 bytes from index 2"
        raise refuse("unknown", cause=words, message=words) from None
    if ident not in view.world.comments:
        raise refuse("couldnt_parse_pagination_token", cause="CouldntParsePaginationToken")
    return view.world.comments[ident]
