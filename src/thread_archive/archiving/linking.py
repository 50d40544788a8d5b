"""The page that a post links to: whether it is fetched, what came of it, and the same again from the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from thread_archive.archiving.deriving import derive
from thread_archive.articles.candidates import wayback_links, why_not_an_article
from thread_archive.articles.extracting import Extraction, extract
from thread_archive.articles.passages import without_passages
from thread_archive.articles.refusals import Refusal
from thread_archive.captures import Exchange, PageRequest
from thread_archive.erasing import Erasure, erase
from thread_archive.exceptions import FetchError, ThreadArchiveError
from thread_archive.fetching.client import Client
from thread_archive.store import article_writing, articles, captures, evidence, takedowns
from thread_archive.store.archive import Archive
from thread_archive.store.article_writing import Fetched, Written
from thread_archive.store.articles import Linked, StoredPage
from thread_archive.store.evidence import StoredExchange
from thread_archive.store.redaction.exchanges import WHOLE
from thread_archive.store.visits import Replay
from thread_archive.takedowns import MARK
from thread_archive.urls import host_in, host_of

ARTICLE = "article"
# A page's tree takes up to some hundred megabytes.
_ONE_AT_A_TIME = Lock()
ReadPages = Mapping[tuple[int, bytes], Extraction | None]
"""What kept pages give, each by the row id of its exchange and the digest of its body."""
_NOT_MODIFIED = 304
_FINE = 200
_WAYBACK = "web.archive.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReceipt:
    """
    What became of the article beside a thread.

    `status` is `stored`, `updated`, `unchanged`, `failed`, `skipped` (the link is no article's), `not_fetched` (nobody
    asked for it), `body` (the post's own body is the article) or `none`; `url` is the post's link.
    """

    status: str = "none"
    url: str = ""
    reason: str = ""
    title: str = ""
    words: int = 0

    def as_json(self) -> dict[str, object]:
        """The contract's object."""
        return {"status": self.status, "url": self.url or None, "reason": self.reason or None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """What came of a request for a page: an Exchange for each step, and what the last one says where it is a page."""

    exchanges: Sequence[Exchange]
    extraction: Extraction | None


def fetch(client: Client, request: PageRequest) -> PageAnswer:
    """Fetch a page and read it, in any thread: neither holds up whoever writes. Raises what the client does."""
    exchanges = client.get_page(request)
    with _ONE_AT_A_TIME:
        return PageAnswer(exchanges=exchanges, extraction=_extracted(exchanges[-1]))


def plan(archive: Archive, post_id: int, *, fetch: bool, ignore_robots: bool) -> ArticleReceipt | PageRequest:
    """What to fetch for the post of the row `post_id`, or what to say because there is nothing to fetch."""
    post = articles.linked(archive, post_id)
    known = articles.stored_page(archive, post_id)
    if not post.url or post.withdrawn:
        return ArticleReceipt()
    if MARK in post.url:
        return ArticleReceipt(status="skipped", url=post.url, reason="A part of the link was redacted.")
    why_not = why_not_an_article(post.url, instances=articles.known_instances(archive, host_of_page(post.url)))
    if why_not is not None:
        return ArticleReceipt(status="skipped", url=post.url, reason=f"The link {why_not}.")
    if not fetch:
        return _not_asked_for(post, known)
    same = known is not None and known.url == post.url and known.words > 0
    return PageRequest(
        url=post.url,
        etag=known.etag if known and same else "",
        last_modified=known.last_modified if known and same else "",
        ignore_robots=ignore_robots,
    )


def _not_asked_for(post: Linked, known: StoredPage | None) -> ArticleReceipt:
    if known is not None and known.url == post.url and known.words:
        reason = "The page was kept on an earlier visit and not asked for this time."
        return ArticleReceipt(status="not_fetched", url=post.url, reason=reason, title=known.title, words=known.words)
    return ArticleReceipt(status="not_fetched", url=post.url, reason="Linked pages were not asked for.")


def settled(archive: Archive, post_id: int, receipt: ArticleReceipt) -> ArticleReceipt:
    """The receipt after the post's own body was looked at: it may be the article, or the same one."""
    found = next((found for found in articles.stored_articles(archive, post_id) if found.is_body), None)
    if found is None:
        return receipt
    if found.is_page:
        return replace(receipt, reason=receipt.reason or "The post's own body is the same text.")
    if receipt.status == "none":
        post = articles.linked(archive, post_id)
        return ArticleReceipt(status="body", title=post.title, words=len(found.text.split()))
    return receipt


def keep(
    archive: Archive,
    post_id: int,
    request: PageRequest,
    fetched: PageAnswer | ThreadArchiveError,
    *,
    capture_id: int,
) -> ArticleReceipt:
    """
    Commit what came of a request, and the article; says what became of it.

    Nothing is kept where the post no longer links there: it was withdrawn, or redacted, while the page was under way.
    """
    with archive.transaction():
        post = articles.linked(archive, post_id)
        if post.url != request.url or post.withdrawn:
            return ArticleReceipt()
        if isinstance(fetched, ThreadArchiveError):
            return _failed(archive, post, fetched.message, capture_id=capture_id)
        answer, extraction = fetched.exchanges, fetched.extraction
        if extraction is not None and extraction.refusal is Refusal.DISCUSSION_PAGE:
            # What was withdrawn in somebody else's thread would come in by this door.
            answer = [*answer[:-1], _blanked(answer[-1])]
        if listed := takedowns.load(archive):
            answer, extraction = _without_listed(answer, extraction, Erasure(takedowns=listed))
        rows = [
            evidence.append_exchange(archive, capture_id, host_of_page(exchange.url), exchange, purpose=ARTICLE)
            for exchange in answer
        ]
        how = Fetched(
            url=post.url,
            final_url=answer[-1].url,
            redirects=[exchange.url for exchange in answer[1:-1]],
            exchange_id=rows[-1],
            fetched_at=answer[-1].requested_at,
            robots_ignored=request.ignore_robots,
        )
        return _written(archive, post, answer[-1], extraction, how, capture_id=capture_id)


def _without_listed(
    answer: Sequence[Exchange], extraction: Extraction | None, erasure: Erasure
) -> tuple[list[Exchange], Extraction | None]:
    """
    A page without those who are to stay out: the same as a redaction makes of one that is kept already.

    Where its text names them the raw page goes as a whole: it may write the name so that nobody finds it there.
    """
    kept = [_erased(exchange, erasure) for exchange in answer]
    if extraction is None or extraction.article is None:
        return kept, extraction
    article = without_passages(extraction.article, erasure.rewrite)
    if article != extraction.article:
        kept = [_blanked(exchange) for exchange in kept]
    return kept, replace(extraction, article=article)


def _erased(exchange: Exchange, erasure: Erasure) -> Exchange:
    erased = erase(exchange.body, erasure, host_of_page(exchange.url))
    return replace(
        exchange,
        url=erasure.rewrite(exchange.url),
        final_url=erasure.rewrite(exchange.final_url),
        headers={name: erasure.rewrite(value) for name, value in exchange.headers.items()},
        body=erased.body,
        withheld=(*exchange.withheld, *erased.pointers),
    )


def _blanked(exchange: Exchange) -> Exchange:
    """Keep of an answer only that it was given."""
    return replace(exchange, body=b"", withheld=WHOLE)


def host_of_page(url: str) -> str:
    """The host of a page's address, as instances are named; as it is written where nothing can be called so."""
    try:
        return host_of(url)
    except ValueError:
        return host_in(url)


def _extracted(answer: Exchange) -> Extraction | None:
    """What the page says; None where there is no page."""
    if answer.status != _FINE:
        return None
    return extract(answer.body, content_type=answer.headers.get("content-type", ""), url=answer.url)


def _written(
    archive: Archive,
    post: Linked,
    answer: Exchange,
    extraction: Extraction | None,
    fetched: Fetched,
    *,
    capture_id: int,
) -> ArticleReceipt:
    if answer.status == _NOT_MODIFIED:
        known = articles.stored_page(archive, post.post_id)
        article_writing.clear_failure(archive, post.post_id)
        title, words = (known.title, known.words) if known else ("", 0)
        return ArticleReceipt(status=str(Written.UNCHANGED), url=post.url, title=title, words=words)
    if extraction is None:
        reason = f"{host_of_page(answer.url)} answered with the error {answer.status}."
        return _failed(archive, post, reason, capture_id=capture_id)
    if extraction.article is None:
        reason = extraction.refusal.sentence if extraction.refusal else "The page gave no article."
        return _failed(archive, post, reason, capture_id=capture_id)
    written = article_writing.write_page(archive, post.post_id, extraction.article, fetched, capture_id=capture_id)
    words = sum(len(paragraph.text.split()) for paragraph in extraction.article.paragraphs)
    return ArticleReceipt(status=str(written), url=post.url, title=extraction.article.title, words=words)


def _failed(archive: Archive, post: Linked, reason: str, *, capture_id: int) -> ArticleReceipt:
    copies = wayback_links(articles.texts_that_link_to(archive, post.post_id, _WAYBACK), post.url)
    if copies:
        reason = f"{reason} The discussion links to a copy: {copies[0]}"
    article_writing.note_failure(archive, post.post_id, post.url, reason, capture_id=capture_id)
    return ArticleReceipt(status="failed", url=post.url, reason=reason)


def read_pages(archive: Archive, post_id: int) -> ReadPages:
    """Read all that was fetched of a thread's linked page again: for `rewrite_pages`, before the archive is locked."""
    return {
        (visit.exchanges[-1].id, visit.exchanges[-1].digest): _extracted(_page(archive, visit.exchanges[-1]))
        for visit in evidence.page_visits(archive, post_id=post_id)
    }


def _page(archive: Archive, stored: StoredExchange) -> Exchange:
    return replace(evidence.load(archive, stored), headers=evidence.headers(archive, stored.id))


def rewrite_pages(archive: Archive, post_id: int, replay: Replay, pages: ReadPages) -> None:
    """
    Write anew, inside the caller's transaction, what `pages` say that was fetched of a thread's linked page.

    A page that is not among them, or was redacted since, is read in here. What an attempt that brought no page ran into
    is in no evidence, and stays as it was noted.
    """
    for visit in evidence.page_visits(archive, post_id=post_id):
        last = visit.exchanges[-1]
        if last.status != _FINE:
            continue
        key = (last.id, last.digest)
        extraction = pages[key] if key in pages else _extracted(_page(archive, last))
        if extraction is None or extraction.article is None:
            continue
        fetched = Fetched(
            url=visit.exchanges[0].url,
            final_url=last.url,
            redirects=[exchange.url for exchange in visit.exchanges[1:-1]],
            exchange_id=last.id,
            fetched_at=last.requested_at,
        )
        article_writing.write_page(
            archive, post_id, extraction.article, fetched, capture_id=visit.capture_id, replay=replay
        )
    post = articles.linked(archive, post_id)
    if post.withdrawn:
        article_writing.empty_page(archive.db.conn, post_id, capture_id=post.capture_id)


def fetch_article(
    archive: Archive, client: Client, post_id: int, *, ignore_robots: bool, now: datetime
) -> ArticleReceipt:
    """Fetch the linked page of a thread now, or again; derive what follows, and say what became of it."""
    planned = plan(archive, post_id, fetch=True, ignore_robots=ignore_robots)
    if isinstance(planned, ArticleReceipt):
        receipt = planned
    else:
        capture_id = captures.begin_page_capture(archive, planned.url, post_id, now=now)
        fetched: PageAnswer | FetchError
        try:
            fetched = fetch(client, planned)
        except FetchError as error:
            fetched = error
        receipt = keep(archive, post_id, planned, fetched, capture_id=capture_id)
    derive(archive, post_id)
    return settled(archive, post_id, receipt)
