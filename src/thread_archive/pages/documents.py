"""Threads and lists of them as JSON, for machines: docs/reference/pages.md says what is promised."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from thread_archive.pages.addresses import with_query
from thread_archive.pages.fronts import FrontView
from thread_archive.pages.rendering import Reading
from thread_archive.store.reading import Item, items
from thread_archive.store.threadlists import ThreadCard
from thread_archive.store.threadpages import thread_head, visits


def front_document(view: FrontView, reading: Reading) -> str:
    """A page of the list of threads; `next` is the address of the following one, or null."""
    following = with_query(reading.site.addresses.data(), view.query(page=str(view.page + 1)))
    document = {
        "threads": [_card(card, reading) for card in view.cards],
        "count": view.count,
        "page": view.page,
        "next": following if view.more else None,
    }
    return json.dumps(document, ensure_ascii=False)


def _card(card: ThreadCard, reading: Reading) -> dict[str, Any]:
    return {
        "slug": card.slug,
        "ap_id": card.ap_id,
        "title": card.title,
        "url": card.url,
        "community": card.community_ap_id,
        "instance": card.instance,
        "author": card.author_ap_id,
        "author_name": card.author_name,
        "published_at": card.published_at,
        "score": card.score,
        "comments": card.comments,
        "status": card.status,
        "captured_at": card.captured_at,
        "page": reading.site.addresses.thread(card.slug),
    }


def thread_document(reading: Reading, address: str, *, tree: bool = False) -> str | None:
    """
    A thread: its objects are those of `show --json`, in `items` one after another in thread order, or as a `tree` in
    which each has its `replies`, with the `article` beside it. None where there is no such thread.
    """
    head = thread_head(reading.connection, address, public=reading.public)
    if head is None:
        return None
    told = visits(reading.connection, head.id)
    about: dict[str, Any] = {
        "slug": head.slug,
        "ap_id": head.ap_id,
        "title": head.title,
        "status": told.status if told else None,
        "captured_at": told.captured_at if told else None,
        "page": reading.site.addresses.thread(head.slug),
    }
    found = items(reading.connection, head.id, public=reading.public)
    if tree:
        post, *second = islice(found, 2)
        article = second.pop() if second and second[0].kind == "article" else None
        about["article"] = article.fields if article else None
        inner = "".join(_nested(chain([post, *second], found)))
    else:
        inner = "[" + ",\n".join(map(_object, found)) + "]"
    return f'{_json(about)[:-1]}, "{"tree" if tree else "items"}": {inner}}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _object(item: Item) -> str:
    return _json(item.fields)


def _nested(found: Iterable[Item]) -> Iterator[str]:
    """The same objects, one within another: without recursion, as a thread may be deeper than that goes."""
    line: list[int] = []
    first = True
    for item in found:
        while line and line[-1] >= item.depth:
            line.pop()
            first = False
            yield "]}"
        if line and not first:
            yield ",\n"
        yield f'{_object(item)[:-1]}, "replies": ['
        line.append(item.depth)
        first = True
    yield "]}" * len(line)
