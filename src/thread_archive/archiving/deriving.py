"""
After a thread is written: the HTML, links and quotes of the texts that changed, and the post's own body as an article.

What older rules made of texts that did not change, their plain text too, is made anew at the same time.

A step of its own, in a transaction of its own: readers who come in between see the same texts.
"""

from collections.abc import Iterator
from typing import cast

from thread_archive.analysis.quotes import Matcher, Quote, Target
from thread_archive.archiving.preparing import Preparation
from thread_archive.articles.extracting import article_of_body
from thread_archive.articles.sameness import same_text, words
from thread_archive.markup import RENDERER_VERSION, Rendered, base_of, links_in_html, normalised, render, render_html
from thread_archive.model import Article, Link
from thread_archive.store import article_writing, articles, derivations
from thread_archive.store.archive import Archive
from thread_archive.store.articles import Linked, StoredArticle
from thread_archive.store.derivations import Derived, DerivedQuote, DueText

# Raised when quotes are found, or bodies judged, by other rules; what an older version derived is then derived again.
_RULES_VERSION = 2
VERSION = _RULES_VERSION * 1000 + RENDERER_VERSION
# From here on a post's own body is an article.
LEAST_WORDS = 150


def derive(archive: Archive, post_id: int, preparation: Preparation | None = None) -> bool:
    """
    Derive what is due of the thread of the row `post_id`; returns whether anything was.

    `preparation` is that of the visit that has just brought it.
    """
    if not any(derivations.is_due(archive, post_id, VERSION)):
        return False
    with archive.transaction():
        post = articles.linked(archive, post_id)
        post_due, _ = derivations.is_due(archive, post_id, VERSION)
        if post_due:
            _judge_body(archive, post)
        stored = articles.stored_articles(archive, post_id)
        if post_due:
            for article in stored:
                derivations.write_article_links(archive, post_id, article.article_id, links_in_html(article.html))
        derived = _derived(archive, post, stored, preparation or Preparation(), post_due=post_due)
        derivations.write_all(archive, post_id, derived, VERSION)
    return True


def _judge_body(archive: Archive, post: Linked) -> None:
    """Decide whether the post's own body is an article, and whether the linked page is the same one."""
    article: Article | None = None
    if len(words(post.body)) >= LEAST_WORDS:
        article = article_of_body(render_html(post.body, base=base_of(post.ap_id)), title=post.title)
    page = next((page for page in articles.stored_articles(archive, post.post_id) if page.is_page), None)
    is_page_too = page is not None and article is not None and same_text(page.text, _text(article))
    article_writing.write_body(archive, post.post_id, article, is_page_too=is_page_too)


def _text(article: Article) -> str:
    return "\n".join(paragraph.text for paragraph in article.paragraphs)


def _derived(
    archive: Archive, post: Linked, stored: list[StoredArticle], preparation: Preparation, *, post_due: bool
) -> Iterator[Derived]:
    paragraphs = [
        Target(key=("article", paragraph_id), text=text)
        for article in stored
        for paragraph_id, text in article.paragraphs
    ]
    base = base_of(post.ap_id)
    if post_due:
        page = [target for target in paragraphs if not any(article.is_body for article in stored)]
        rendered = render(post.body, base=base)
        yield Derived(
            comment_id=None,
            text=_unless_same(rendered.text, post.body),
            html=None if rendered.plain else rendered.html,
            links=[*_own_link(post), *rendered.links],
            quotes=[_quote(quote) for quote in Matcher(page).find(post.body)] if page else [],
        )
    heads = [Target(key=("title", None), text=post.title)]
    if not any(article.is_body for article in stored):
        heads.append(Target(key=("post", None), text=post.body))
    matcher = Matcher([*heads, *paragraphs], ready=preparation.texts)
    # The texts above the one at hand, by depth; what is withdrawn, or was never got, says nothing.
    above: list[tuple[int, Target]] = []
    for comment in derivations.texts(archive, post.post_id, VERSION):
        while above and above[-1][0] >= comment.depth:
            above.pop()
        if comment.body:
            if comment.due:
                rendered = preparation.render(comment.body, base=base)
                yield _of_comment(comment, rendered, [target for _, target in reversed(above)], matcher)
            above.append((comment.depth, Target(key=("comment", comment.comment_id), text=comment.body)))


def _of_comment(comment: DueText, rendered: Rendered, above: list[Target], matcher: Matcher) -> Derived:
    return Derived(
        comment_id=comment.comment_id,
        text=_unless_same(rendered.text, comment.body),
        html=None if rendered.plain else rendered.html,
        links=rendered.links,
        quotes=[_quote(quote) for quote in matcher.find(comment.body, above)],
    )


def _unless_same(text: str, body: str) -> str | None:
    return None if text == body else text


def _own_link(post: Linked) -> list[Link]:
    address = normalised(post.url) if post.url else None
    if address is None:
        return []
    return [Link(kind="link", url=address.url, domain=address.domain, text=post.title, position=None)]


def _quote(quote: Quote) -> DerivedQuote:
    kind, row_id = cast(tuple[str, int | None], quote.target)
    return DerivedQuote(
        start=quote.start,
        end=quote.end,
        marked=quote.marked,
        target_kind=kind,
        target_id=row_id,
        target_start=quote.target_start,
        target_end=quote.target_end,
        score=quote.score,
    )
