"""What the archive's takedown list names, kept out of what a snapshot brings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from thread_archive.model import Comment, Person, Post
from thread_archive.takedowns import MARK, Takedowns


def without_listed(batches: Iterable[Sequence[Comment]], takedowns: Takedowns) -> Iterator[Sequence[Comment]]:
    """The comments with a mark for the text of those that are listed, or whose author is; mentions too."""
    for batch in batches:
        yield [_comment(comment, takedowns) for comment in batch] if takedowns else batch


def _comment(comment: Comment, takedowns: Takedowns) -> Comment:
    listed = takedowns.covers(comment.ap_id) or takedowns.covers(comment.creator.ap_id)
    return replace(comment, body=_text(comment.body, takedowns, listed), creator=_person(comment.creator, takedowns))


def post_without_listed(post: Post, takedowns: Takedowns) -> Post:
    """The post, with a mark for its texts where its author is listed."""
    if not takedowns:
        return post
    listed = post.creator is not None and takedowns.covers(post.creator.ap_id)
    return replace(
        post,
        title=_text(post.title, takedowns, listed),
        body=_text(post.body, takedowns, listed),
        alt_text=_text(post.alt_text, takedowns, listed),
        creator=_person(post.creator, takedowns) if post.creator else None,
    )


def _text(text: str, takedowns: Takedowns, listed: bool) -> str:
    return MARK if listed and text else takedowns.rewrite(text)


def _person(person: Person, takedowns: Takedowns) -> Person:
    if not takedowns.covers(person.ap_id):
        return replace(person, bio=takedowns.rewrite(person.bio))
    alias = takedowns.alias(person.ap_id)
    return Person(ap_id=alias.ap_id, name=alias.name)
