"""
Adding threads by URL: visits to several hosts at once, every answer committed as it comes, a receipt for each URL.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from zlib import crc32

from thread_archive.archiving import linking
from thread_archive.archiving.acquaintances import Acquaintances
from thread_archive.archiving.concluding import conclude, fail
from thread_archive.archiving.deriving import derive
from thread_archive.archiving.linking import ArticleReceipt
from thread_archive.archiving.preparing import Preparation, Room
from thread_archive.archiving.progress import Progress, SilentProgress
from thread_archive.archiving.receipts import Receipt, failure
from thread_archive.archiving.visiting import Ask, Asking, Found, Options, ThreadVisit
from thread_archive.archiving.workers import Workers
from thread_archive.captures import Exchange, PageRequest
from thread_archive.erasing import Erasure, erase
from thread_archive.exceptions import ArchiveError, FetchError, TakenDownError, ThreadArchiveError, UnsupportedURLError
from thread_archive.fetching.client import Client
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.store import articles, captures, evidence, places, reading, takedowns
from thread_archive.store.archive import Archive
from thread_archive.store.captures import OpenCapture
from thread_archive.store.evidence import StoredExchange
from thread_archive.urls import ThreadURL, parse_thread_url, typed_ports, without_password
from thread_archive.withholding import withhold

# Linked pages are on any number of hosts; so many are fetched at a time.
_PAGE_LANES = 8


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    """One thread that is to be visited, under all the texts by which it was asked for."""

    url: ThreadURL
    texts: list[str]
    preparation: Preparation
    visit: ThreadVisit | None = None
    steps: Asking[list[Found]] | None = None
    capture: OpenCapture | None = None
    asked: Ask | None = None
    # What was taken out of the answer that is under way, besides what is withdrawn.
    takedowns: Erasure | None = None
    # The thread was taken down while its answers were under way.
    ruled_out: TakenDownError | None = None
    started: float = 0.0
    # The thread is written, and the page that it links to is under way.
    receipt: Receipt | None = None
    post_id: int = 0
    page: PageRequest | None = None
    # Answers of an interrupted visit that were committed: (url, logged in) → in the order they came.
    kept: dict[tuple[str, bool], deque[StoredExchange]] = field(default_factory=dict)


class Adding:
    """
    Adds threads to `archive` with `client`.

    `tokens(instance)` gives the login kept for exactly that instance (host and port), or None. `progress` is told what
    happens.
    """

    def __init__(
        self,
        archive: Archive,
        client: Client,
        *,
        options: Options | None = None,
        tokens: Callable[[str], str | None] = lambda _: None,
        clock: Clock | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._archive = archive
        self._client = client
        self._options = options or Options()
        self._tokens = tokens
        self._clock = clock or SystemClock()
        self._progress = progress or SilentProgress()
        self._acquaintances = Acquaintances(archive)
        self._room = Room()
        self._typed_ports: set[tuple[str, int]] = set()
        # What is taken out of answers besides what is withdrawn; None where nothing is listed.
        self._takedowns: Erasure | None = None
        self._workers: Workers[_Job, Exchange | Sequence[Exchange]] = Workers()
        self._waiting: dict[str, deque[_Job]] = {}
        self._active: dict[str, _Job] = {}
        self._fetching_pages = 0
        # The first error that is the program's own fault.
        self._unexpected: Exception | None = None

    def add(self, texts: Iterable[str]) -> Iterator[Receipt]:
        """
        Add the threads that `texts` name; yields a receipt for each text, as they are done.

        What goes wrong with one thread is in its receipt; raises ArchiveError where the archive cannot be used. What
        should not have happened while fetching is raised when all the others are done.
        """
        try:
            yield from self._line_up(texts)
            yield from self._start_waiting()
            while self._active or self._fetching_pages:
                self._use_the_wait()
                job, answer = self._workers.answer()
                yield from self._take(job, self._understood(answer))
            if self._unexpected is not None:
                raise self._unexpected
        finally:
            self._workers.stop()

    def _understood(
        self, answer: Exchange | Sequence[Exchange] | BaseException
    ) -> Exchange | Sequence[Exchange] | ThreadArchiveError:
        """An answer, or why there is none; what only the program can be blamed for is kept for the end."""
        if isinstance(answer, ThreadArchiveError) or not isinstance(answer, BaseException):
            return answer
        if not isinstance(answer, Exception):
            raise answer
        self._unexpected = self._unexpected or answer
        return FetchError(
            f"The program itself failed while it asked ({type(answer).__name__}).",
            next="Please report it, with the address.",
        )

    # ------------------------------------------------------------------------------------------------ which, when

    def _line_up(self, texts: Iterable[str]) -> Iterator[Receipt]:
        jobs: dict[str, _Job] = {}
        for text in texts:
            try:
                url = parse_thread_url(text)
            except UnsupportedURLError as error:
                yield failure(without_password(text), error)
                continue
            if not self._options.allow_private_network:
                url = replace(url, scheme="https")
            if url.canonical in jobs:
                jobs[url.canonical].texts.append(text)
                continue
            jobs[url.canonical] = job = _Job(url=url, texts=[text], preparation=Preparation(self._room))
            self._waiting.setdefault(url.instance, deque()).append(job)
            self._typed_ports |= typed_ports(url.instance)

    def _start_waiting(self) -> Iterator[Receipt]:
        """Start what may start: one thread a host, and so many in all."""
        for instance in list(self._waiting):
            while instance in self._waiting and instance not in self._active:
                if len(self._active) >= self._options.at_once:
                    return
                job = self._waiting[instance].popleft()
                if not self._waiting[instance]:
                    del self._waiting[instance]
                yield from self._start(job)

    def _read_takedowns(self) -> None:
        """The list as it is now: another process may have redacted something since it was read."""
        listed = takedowns.load(self._archive)
        old = self._takedowns
        if not listed or (old is not None and old.takedowns.same_as(listed)):
            return
        self._takedowns = Erasure(takedowns=listed)
        for job in self._active.values():
            if job.capture is not None:
                for stored in evidence.exchanges(self._archive, job.capture.id):
                    self._learn(evidence.load(self._archive, stored), stored.instance)

    def _learn(self, answer: Exchange, instance: str) -> None:
        """Learn from a kept answer, which was erased from already, by which numbers its server knows whom."""
        if self._takedowns is not None:
            erase(answer.body, self._takedowns, instance)

    def _start(self, job: _Job) -> Iterator[Receipt]:
        self._read_takedowns()
        now = self._clock.now()
        job.started = self._clock.monotonic()
        kind, local_id = job.url.named
        known = reading.post_by_local_id(self._archive, job.url.instance, kind, local_id)
        latest = captures.latest_capture_of(self._archive, known)
        job.capture = captures.begin_capture(self._archive, job.url.canonical, now=now, latest=latest)
        for stored in evidence.exchanges(self._archive, job.capture.id):
            job.kept.setdefault((stored.url, stored.logged_in), deque()).append(stored)
        job.visit = ThreadVisit(
            job.url,
            options=self._options,
            acquaintances=self._acquaintances,
            now=now,
            expected=lambda instance, kind, local_id: places.known_local_ids(self._archive, instance, kind, local_id),
            known=lambda instance, ap_id: places.known_post_id(self._archive, instance, ap_id),
            has_login=lambda instance: self._tokens(instance) is not None,
        )
        job.steps = job.visit.steps()
        self._active[job.url.instance] = job
        self._progress.started(job.url.canonical)
        yield from self._go_on(job, None, None)

    def _use_the_wait(self) -> None:
        """Make ready what came, a text at a time, until the next answer is there."""
        while not self._workers.has_answer and any(job.preparation.go_on() for job in self._active.values()):
            pass

    # ------------------------------------------------------------------------------------------------ answers

    def _fetch(self, ask: Ask, listed: Erasure | None) -> Exchange:
        token = self._tokens(ask.instance) if ask.request.login else None
        answer = self._client.get(ask.request, typed_ports=self._typed_ports, token=token)
        return _without_withheld(answer, ask.instance, listed)

    def _commit(self, job: _Job, ask: Ask, answer: Exchange, listed: Erasure | None) -> None:
        """
        Commit an answer from which `listed` was erased.

        A redaction may have come since it was asked for, but none comes while it is committed. Raises TakenDownError.
        """
        if job.capture is None:
            raise AssertionError("the job was not started")
        with self._archive.transaction():
            self._read_takedowns()
            if listed is not self._takedowns:
                answer = _without_withheld(answer, ask.instance, self._takedowns)
            evidence.append_exchange(self._archive, job.capture.id, ask.instance, answer, purpose=ask.purpose)

    def _take(self, job: _Job, answer: Exchange | Sequence[Exchange] | ThreadArchiveError) -> Iterator[Receipt]:
        if job.page is not None:
            yield from self._take_page(job, job.page, answer)
        elif job.ruled_out is not None:
            yield from self._go_on(job, None, job.ruled_out)
        elif isinstance(answer, Exchange):
            yield from self._go_on(job, answer, None)
        elif isinstance(answer, ThreadArchiveError):
            yield from self._go_on(job, None, answer)

    def _go_on(self, job: _Job, answer: Exchange | None, error: ThreadArchiveError | None) -> Iterator[Receipt]:
        """
        Find out what to ask next and have it asked, then commit the answer that came, while the server is already at
        it.

        What an interrupted visit had committed is not asked again.
        """
        committed, listed, harvester = job.asked, job.takedowns, job.visit.harvester if job.visit else None
        founds: list[Found] | None = None
        problem: ThreadArchiveError | None = None
        try:
            job.asked = self._next(job, answer, error)
        except StopIteration as stop:
            founds = stop.value
        except ArchiveError:
            raise
        except ThreadArchiveError as failed:
            problem = failed
        else:
            job.takedowns = self._takedowns
            self._progress.asking(job.url.canonical, job.asked.instance)
            self._workers.ask(job, job.asked.instance, partial(self._fetch, job.asked, job.takedowns))
        if answer is not None and committed is not None:
            try:
                self._commit(job, committed, answer, listed)
            except TakenDownError as ruled_out:
                founds, problem, job.ruled_out = None, problem or (None if founds is None else ruled_out), ruled_out
            else:
                self._tell(job, committed)
                if harvester is not None and founds is None and problem is None:
                    job.preparation.take(answer, harvester)
        if founds is not None or problem is not None:
            del self._active[job.url.instance]
            yield from self._start_waiting()
            yield from self._finish(job, founds, problem)

    def _next(self, job: _Job, answer: Exchange | None, error: ThreadArchiveError | None) -> Ask:
        """The next request of the visit that no interrupted one had made."""
        if job.steps is None:
            raise AssertionError("the job was not started")
        ask = job.steps.throw(error) if error is not None else job.steps.send(answer)  # type: ignore[arg-type]
        while kept := job.kept.get((ask.request.url, ask.request.login)):
            answer = evidence.load(self._archive, kept.popleft())
            self._learn(answer, ask.instance)
            ask = job.steps.send(answer)
        return ask

    def _tell(self, job: _Job, committed: Ask) -> None:
        harvester = job.visit.harvester if job.visit else None
        if harvester is not None:
            received, expected = harvester.progress
            self._progress.advanced(job.url.canonical, committed.instance, received=received, expected=expected)

    def _finish(self, job: _Job, founds: list[Found] | None, problem: ThreadArchiveError | None) -> Iterator[Receipt]:
        if job.capture is None:
            raise AssertionError("the job was not started")
        if founds is not None:
            try:
                job.receipt, job.post_id = conclude(
                    self._archive,
                    job.capture,
                    founds,
                    self._acquaintances,
                    preparation=job.preparation,
                    clock=self._clock,
                )
            except ArchiveError:
                raise
            except ThreadArchiveError as failed:
                problem = failed
        if problem is not None:
            receipt = fail(self._archive, job.capture, job.url, problem, now=self._clock.now())
            yield from self._tell_all(job, receipt)
            return
        planned = linking.plan(
            self._archive, job.post_id, fetch=self._options.article, ignore_robots=self._options.ignore_robots
        )
        if isinstance(planned, PageRequest):
            job.page = planned
            self._fetching_pages += 1
            host = linking.host_of_page(planned.url)
            self._progress.asking(job.url.canonical, host)
            lane = f"page {crc32(host.encode()) % _PAGE_LANES}"
            self._workers.ask(job, lane, partial(self._client.get_page, planned))
        else:
            yield from self._complete(job, planned)

    # ------------------------------------------------------------------------------------------------ articles

    def _take_page(
        self, job: _Job, page: PageRequest, answer: Exchange | Sequence[Exchange] | ThreadArchiveError
    ) -> Iterator[Receipt]:
        if job.capture is None or isinstance(answer, Exchange):
            raise AssertionError("a page is fetched for a thread that was written, step by step")
        self._fetching_pages -= 1
        article = linking.keep(self._archive, job.post_id, page, answer, capture_id=job.capture.id)
        yield from self._complete(job, article)

    def _complete(self, job: _Job, article: ArticleReceipt) -> Iterator[Receipt]:
        """All that the thread needs is there: derive what follows from it, and tell."""
        if job.receipt is None or job.capture is None:
            raise AssertionError("the thread was not written")
        derive(self._archive, job.post_id, job.preparation)
        with self._archive.transaction():
            # Its title and its link may have been redacted since the thread was written.
            post = articles.linked(self._archive, job.post_id)
            article = article if article.url == post.url else ArticleReceipt()
            found = linking.settled(self._archive, job.post_id, article)
            receipt = replace(job.receipt, title=post.title, article=found)
            captures.amend_receipt(self._archive, job.capture.id, receipt.as_json())
        yield from self._tell_all(job, receipt)

    def _tell_all(self, job: _Job, receipt: Receipt) -> Iterator[Receipt]:
        job.preparation.drop()
        seconds = self._clock.monotonic() - job.started
        for number, text in enumerate(job.texts):
            final = replace(
                receipt, url=without_password(text), seconds=seconds, changed=receipt.changed and number == 0
            )
            self._progress.finished(job.url.canonical, final)
            yield final


def refused(text: str) -> Receipt | None:
    """The receipt of a text that is not the address of a thread; None where it is one."""
    try:
        parse_thread_url(text)
    except UnsupportedURLError as error:
        return failure(without_password(text), error)
    return None


def _without_withheld(answer: Exchange, instance: str, listed: Erasure | None) -> Exchange:
    """The answer of `instance` without what must not be stored; raises TakenDownError."""
    body, withheld = withhold(answer.body, logged_in=answer.logged_in, takedowns=listed, instance=instance)
    return replace(answer, body=body, withheld=tuple(dict.fromkeys((*answer.withheld, *withheld))))
