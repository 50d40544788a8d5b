"""What the archive's takedown list names, kept out of what a snapshot brings: as a redaction would leave it here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from thread_archive.articles.passages import without_passages
from thread_archive.model import Comment, Community, CrossPost, Person, Post
from thread_archive.snapshots.receiving import SharedPage
from thread_archive.takedowns import MARK, Takedowns


def without_listed(batches: Iterable[Sequence[Comment]], takedowns: Takedowns) -> Iterator[Sequence[Comment]]:
    """The comments with a mark for the text of those that are listed, or whose author is; mentions too."""
    for batch in batches:
        yield [_comment(comment, takedowns) for comment in batch] if takedowns else batch


def _comment(comment: Comment, takedowns: Takedowns) -> Comment:
    creator = comment.creator
    listed = takedowns.covers(comment.ap_id) or (creator is not None and takedowns.covers(creator.ap_id))
    return replace(
        comment,
        body=_spoken(comment.body, takedowns, listed, comment.ap_id),
        creator=_person(creator, takedowns) if creator else None,
    )


def post_without_listed(post: Post, takedowns: Takedowns) -> Post:
    """The post; where its author is listed, with a mark for its words and without what goes with them."""
    if not takedowns:
        return post
    listed = post.creator is not None and takedowns.covers(post.creator.ap_id)
    return replace(
        post,
        title=_spoken(post.title, takedowns, listed, post.ap_id),
        body=_spoken(post.body, takedowns, listed, post.ap_id),
        url=_beside(post.url, takedowns, listed),
        alt_text=_beside(post.alt_text, takedowns, listed),
        embed_title=_beside(post.embed_title, takedowns, listed),
        embed_description=_beside(post.embed_description, takedowns, listed),
        thumbnail_url=_beside(post.thumbnail_url, takedowns, listed),
        cross_posts=tuple(_cross_post(cross, takedowns, listed) for cross in post.cross_posts),
        creator=_person(post.creator, takedowns) if post.creator else None,
        community=_community(post.community, takedowns),
    )


def page_without_listed(page: SharedPage, takedowns: Takedowns) -> SharedPage:
    """The linked page without mentions of who is listed."""
    if not takedowns:
        return page
    article = without_passages(page.article, takedowns.rewrite)
    return replace(page, article=article, url=takedowns.rewrite(page.url), final_url=takedowns.rewrite(page.final_url))


def receipt_without_listed(receipt: dict[str, Any], post: Post, takedowns: Takedowns) -> dict[str, Any]:
    """The receipt of a visit to `post`, from which everything else was kept out: its article's address tells too."""
    article = receipt.get("article")
    if not takedowns or not article:
        return receipt
    told = {name: _beside(article.get(name) or "", takedowns, not post.url) or None for name in ("url", "reason")}
    return receipt | {"article": article | told}


def _spoken(text: str, takedowns: Takedowns, listed: bool, ap_id: str) -> str:
    return MARK if listed and text else takedowns.rewrite(text, ap_id)


def _beside(text: str, takedowns: Takedowns, listed: bool) -> str:
    return "" if listed else takedowns.rewrite(text)


def _cross_post(cross: CrossPost, takedowns: Takedowns, listed: bool) -> CrossPost:
    return replace(cross, title=_spoken(cross.title, takedowns, listed or takedowns.covers(cross.ap_id), cross.ap_id))


def _community(community: Community, takedowns: Takedowns) -> Community:
    return replace(
        community,
        title=takedowns.rewrite(community.title),
        description=takedowns.rewrite(community.description),
    )


def _person(person: Person, takedowns: Takedowns) -> Person:
    if not takedowns.covers(person.ap_id):
        return replace(person, display_name=takedowns.rewrite(person.display_name), bio=takedowns.rewrite(person.bio))
    alias = takedowns.alias(person.ap_id)
    return Person(ap_id=alias.ap_id, name=alias.name)
