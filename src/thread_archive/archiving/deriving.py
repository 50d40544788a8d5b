"""
After a thread is written: the HTML, links and quotes of the texts that changed, and the post's own body as an article.

What older rules made of texts that did not change, their plain text too, is made anew at the same time.

All of it is made while nobody is kept from writing, and written piece by piece, each in a transaction of its own that
first makes sure that the texts are still those that were read. Readers who come in between see the same texts.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import cast

from thread_archive.analysis.quotes import Matcher, Quote, Target
from thread_archive.analysis.readiness import DEEPEST
from thread_archive.archiving.preparing import Preparation
from thread_archive.articles.extracting import article_of_body
from thread_archive.articles.sameness import same_text, words
from thread_archive.markup import (
    RENDERER_VERSION,
    Rendered,
    base_of,
    cost_of,
    links_in_html,
    normalised,
    render,
    render_html,
)
from thread_archive.model import Article, Link
from thread_archive.store import article_writing, articles, derivations
from thread_archive.store.archive import Archive
from thread_archive.store.articles import Linked, StoredArticle
from thread_archive.store.derivations import Derived, DerivedQuote, DueText, Texts

# Raised when quotes are found, or bodies judged, by other rules; what an older version derived is then derived again.
_RULES_VERSION = 2
VERSION = _RULES_VERSION * 1000 + RENDERER_VERSION
# From here on a post's own body is an article.
LEAST_WORDS = 150
# What deriving one thread may cost a visit: several times what the longest threads cost.
BUDGET = 250_000_000
# What is made before it is written: about half a second of work, or so many texts.
_PIECE, _TEXTS = 2_000_000, 500


class Derivation:
    """
    What is due of the thread of the row `post_id`, derived in `steps` of about half a second: others may have their
    turn in between.

    `preparation` is that of the visit that has just brought it. `budget` bounds the work, which is counted from the
    texts alone (`markup.cost_of`), so that it ends at the same text on any machine; None is no bound. Texts that it
    does not reach stay due, and are shown as far as that can be done without: `left` counts them.
    """

    def __init__(
        self, archive: Archive, post_id: int, preparation: Preparation | None = None, *, budget: int | None = BUDGET
    ) -> None:
        self.left = 0
        self._archive = archive
        self._post_id = post_id
        self._preparation = preparation or Preparation()
        self._budget = budget
        self._cost = 0

    def steps(self) -> Iterator[None]:
        """Do the work; what a step made is written when it ends."""
        while any(derivations.is_due(self._archive, self._post_id, VERSION)):
            self.left = 0
            # Where somebody changed a text meanwhile, what it is now is due.
            if (yield from self._wrote_all()):
                return

    def _wrote_all(self) -> Generator[None, None, bool]:
        """Returns False as soon as the texts are no longer those that were read."""
        archive, post_id = self._archive, self._post_id
        texts = Texts(archive, post_id)
        post = articles.linked(archive, post_id)
        post_due, _ = derivations.is_due(archive, post_id, VERSION)
        if post_due:
            article, is_page_too = _judged(archive, post)
            with archive.transaction():
                if not texts.unchanged():
                    return False
                article_writing.write_body(archive, post_id, article, is_page_too=is_page_too)
            texts = Texts(archive, post_id)
            yield
        stored = articles.stored_articles(archive, post_id)
        links = {article.article_id: links_in_html(article.html) for article in stored} if post_due else {}
        for piece in _pieces(self._derived(post, stored, post_due=post_due)):
            with archive.transaction():
                if not texts.unchanged():
                    return False
                for article_id, found in links.items():
                    derivations.write_article_links(archive, post_id, article_id, found)
                derivations.write(archive, post_id, piece, VERSION)
            links.clear()
            texts.note()
            yield
        with archive.transaction():
            if not texts.unchanged():
                return False
            derivations.close(archive, post_id, VERSION, all_done=not self.left)
        return True

    def _affords(self, cost: int) -> bool:
        """Whether the budget reaches for one more text."""
        self._cost += cost
        return self._budget is None or self._cost <= self._budget

    def _derived(self, post: Linked, stored: list[StoredArticle], *, post_due: bool) -> Iterator[tuple[int, Derived]]:
        """What follows from each text that is due, with what it cost."""
        paragraphs = [
            Target(key=("article", paragraph_id), text=text)
            for article in stored
            for paragraph_id, text in article.paragraphs
        ]
        base = base_of(post.ap_id)
        if post_due:
            cost = cost_of(post.body)
            if not self._affords(cost):
                # Its comments are made of the same budget.
                self.left = derivations.due(self._archive, post.post_id, VERSION)
                return
            page = [target for target in paragraphs if not any(article.is_body for article in stored)]
            yield cost, _of_post(post, render(post.body, base=base), page)
        heads = [Target(key=("title", None), text=post.title)]
        if not any(article.is_body for article in stored):
            heads.append(Target(key=("post", None), text=post.body))
        matcher = Matcher([*heads, *paragraphs], ready=self._preparation.texts)
        # The texts above the one at hand, by depth; what is withdrawn, or was never got, says nothing.
        above: list[tuple[int, Target]] = []
        for comment in derivations.texts(self._archive, post.post_id, VERSION):
            while above and above[-1][0] >= comment.depth:
                above.pop()
            if not comment.body:
                continue
            if comment.due:
                nearest = [target for _, target in above[: -DEEPEST - 1 : -1]]
                cost = cost_of(comment.body) + sum(len(target.text) for target in nearest)
                if self._affords(cost):
                    rendered = self._preparation.render(comment.body, base=base)
                    yield cost, _of_comment(comment, rendered, nearest, matcher)
                else:
                    self.left += 1
            above.append((comment.depth, Target(key=("comment", comment.comment_id), text=comment.body)))


def derive(
    archive: Archive, post_id: int, preparation: Preparation | None = None, *, budget: int | None = BUDGET
) -> int:
    """Derive at once what is due of a thread, as Derivation does; returns how many texts the budget did not reach."""
    derivation = Derivation(archive, post_id, preparation, budget=budget)
    for _ in derivation.steps():
        pass
    return derivation.left


def _pieces(derived: Iterable[tuple[int, Derived]]) -> Iterator[list[Derived]]:
    piece: list[Derived] = []
    total = 0
    for cost, item in derived:
        piece.append(item)
        total += cost
        if total >= _PIECE or len(piece) >= _TEXTS:
            yield piece
            piece, total = [], 0
    if piece:
        yield piece


def _judged(archive: Archive, post: Linked) -> tuple[Article | None, bool]:
    """The post's own body where it is an article, and whether the linked page is the same one."""
    article: Article | None = None
    if len(words(post.body)) >= LEAST_WORDS:
        article = article_of_body(render_html(post.body, base=base_of(post.ap_id)), title=post.title)
    page = next((page for page in articles.stored_articles(archive, post.post_id) if page.is_page), None)
    return article, page is not None and article is not None and same_text(page.text, _text(article))


def _text(article: Article) -> str:
    return "\n".join(paragraph.text for paragraph in article.paragraphs)


def _of_post(post: Linked, rendered: Rendered, page: list[Target]) -> Derived:
    return Derived(
        comment_id=None,
        text=_unless_same(rendered.text, post.body),
        html=None if rendered.plain else rendered.html,
        links=[*_own_link(post), *rendered.links],
        quotes=[_quote(quote) for quote in Matcher(page).find(post.body)] if page else [],
    )


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
