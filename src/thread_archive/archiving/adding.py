"""
Adding threads by URL: visits to several hosts at once, every answer committed as it comes, a receipt for each URL.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from zlib import crc32

from thread_archive.archiving import linking
from thread_archive.archiving.acquaintances import Acquaintances
from thread_archive.archiving.asking import Ask
from thread_archive.archiving.boundary import boundary
from thread_archive.archiving.concluding import conclude, fail
from thread_archive.archiving.confirming import confirmed
from thread_archive.archiving.deriving import Derivation
from thread_archive.archiving.intake import Intake
from thread_archive.archiving.line import Line, Wanted
from thread_archive.archiving.linking import ArticleReceipt, PageAnswer
from thread_archive.archiving.preparing import Preparation, Room
from thread_archive.archiving.progress import Progress, SilentProgress
from thread_archive.archiving.receipts import Problem, Receipt, failure
from thread_archive.archiving.stages import Linked, OpenVisit, Outcome, Settling
from thread_archive.archiving.visiting import Found, Options, ThreadVisit
from thread_archive.archiving.workers import Workers
from thread_archive.captures import Exchange, PageRequest
from thread_archive.exceptions import (
    ArchiveError,
    TakenDownError,
    ThreadArchiveError,
    UnexpectedError,
    UnsupportedURLError,
)
from thread_archive.fetching.client import Client
from thread_archive.fetching.clock import Clock, SystemClock
from thread_archive.sources import Harvester
from thread_archive.store import articles, captures, places, reading, threads
from thread_archive.store.archive import Archive
from thread_archive.urls import parse_thread_url, without_password

# Linked pages are on any number of hosts; so many are fetched at a time.
_PAGE_LANES = 8


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
        self._line = Line(at_once=self._options.at_once)
        self._intake = Intake(archive, client, tokens)
        self._workers: Workers[OpenVisit | Linked, Exchange | PageAnswer] = Workers()
        self._visits: list[OpenVisit] = []
        self._over: deque[Outcome] = deque()
        self._settling: deque[Settling] = deque()
        self._pages = 0

    def add(self, texts: Iterable[str]) -> Iterator[Receipt]:
        """
        Add the threads that `texts` name; yields a receipt for each text, as they are done.

        What goes wrong with one thread is in its receipt, also what nobody foresaw; raises ArchiveError where the
        archive cannot be used.
        """
        try:
            yield from self._line_up(texts)
            while True:
                over = self._over.popleft() if self._over else None
                # Before a thread is written, so that the next one's server is at work meanwhile.
                self._begin()
                if over is not None:
                    yield from self._finish(over)
                elif self._over:
                    continue
                elif self._settling and not self._workers.has_answer:
                    yield from self._derive_on()
                elif self._visits or self._pages:
                    yield from self._take_next()
                else:
                    break
        finally:
            self._workers.stop()

    # ------------------------------------------------------------------------------------------------ which, when

    def _line_up(self, texts: Iterable[str]) -> Iterator[Receipt]:
        for text in texts:
            try:
                url = parse_thread_url(text)
            except UnsupportedURLError as error:
                yield failure(without_password(text), error)
                continue
            if not self._options.allow_private_network:
                url = replace(url, scheme="https")
            self._line.join(url, text)

    def _begin(self) -> None:
        """Begin what may begin, until one is over at once: an interrupted visit may have had all its answers."""
        while not self._over and (wanted := self._line.next()) is not None:
            visit = self._visit(wanted)
            self._visits.append(visit)
            self._progress.started(visit.name)
            self._go_on(visit, None)

    def _visit(self, wanted: Wanted) -> OpenVisit:
        url, now, started = wanted.url, self._clock.now(), self._clock.monotonic()
        known = reading.post_by_local_id(self._archive, url.instance, *url.named)
        latest = captures.latest_capture_of(self._archive, known)
        capture = captures.begin_capture(self._archive, url.canonical, now=now, latest=latest)
        visit = ThreadVisit(
            url,
            options=self._options,
            acquaintances=self._acquaintances,
            now=now,
            expected=partial(places.known_local_ids, self._archive),
            known=partial(places.known_post_id, self._archive),
            recorded=partial(threads.recorded, self._archive),
            confirm=partial(confirmed, self._archive, plain_http=self._options.allow_private_network),
            has_login=lambda instance: self._tokens(instance) is not None,
        )
        return OpenVisit(
            wanted=wanted,
            capture=capture,
            visit=visit,
            steps=visit.steps(),
            kept=self._intake.open(capture),
            preparation=Preparation(self._room),
            started=started,
        )

    # ------------------------------------------------------------------------------------------------ answers

    def _take_next(self) -> Iterator[Receipt]:
        """Take the next answer, whoever waits for it, and make the time until it is there useful."""
        while not self._workers.has_answer and any(self._made_ready(visit) for visit in self._visits):
            pass
        asker, answer = self._workers.answer()
        understood = self._understood(answer)
        if isinstance(asker, OpenVisit):
            if not isinstance(understood, PageAnswer):
                self._go_on(asker, asker.ruled_out or understood)
        elif not isinstance(understood, Exchange):
            yield from self._take_page(asker, understood)

    def _made_ready(self, visit: OpenVisit) -> bool:
        """Make something of a visit ready; what cannot be done now is done, and told of, when it is needed."""
        try:
            with boundary():
                return visit.preparation.go_on()
        except UnexpectedError:
            visit.preparation.drop()
            return False

    def _understood(self, answer: Exchange | PageAnswer | BaseException) -> Exchange | PageAnswer | ThreadArchiveError:
        """An answer, or why there is none."""
        if not isinstance(answer, BaseException):
            return answer
        try:
            with boundary():
                raise answer
        except ThreadArchiveError as error:
            return error

    def _go_on(self, visit: OpenVisit, answer: Exchange | ThreadArchiveError | None) -> None:
        """
        Find out what to ask next and have it asked, then commit the answer that came, while the server is already at
        it.
        """
        answered, harvester = visit.under_way, visit.visit.harvester
        if isinstance(answer, Exchange) and answered is not None:
            visit.answered.add(answered.ask.instance)
        founds: list[Found] | None = None
        problem: ThreadArchiveError | None = None
        try:
            with boundary():
                ask = self._next(visit, answer)
            if isinstance(ask, Ask):
                self._ask(visit, ask)
            else:
                founds = ask
        except ArchiveError:
            raise
        except ThreadArchiveError as error:
            problem = error
        if isinstance(answer, Exchange) and answered is not None:
            try:
                self._intake.commit(visit.capture, answer, answered)
            except TakenDownError as ruled_out:
                # What is under way is waited for before the visit is over.
                problem, visit.ruled_out = problem or (None if founds is None else ruled_out), ruled_out
            else:
                self._tell(visit, answered.ask)
                if harvester is not None and founds is None and problem is None:
                    self._make_ready(visit, answer, harvester)
        if founds is not None or problem is not None:
            self._visits.remove(visit)
            self._intake.close(visit.capture)
            self._line.leave(visit.wanted)
            self._over.append(Outcome(visit=visit, founds=founds or [], problem=problem))

    def _make_ready(self, visit: OpenVisit, answer: Exchange, harvester: Harvester) -> None:
        try:
            with boundary():
                visit.preparation.take(answer, harvester)
        except UnexpectedError:
            visit.preparation.drop()

    def _next(self, visit: OpenVisit, answer: Exchange | ThreadArchiveError | None) -> Ask | list[Found]:
        """The next request of the visit that no interrupted one had made; what it found where there is none."""
        try:
            if isinstance(answer, ThreadArchiveError):
                ask = visit.steps.throw(answer)
            else:
                ask = next(visit.steps) if answer is None else visit.steps.send(answer)
            while stored := visit.kept.next(ask.request):
                ask = visit.steps.send(self._intake.load(stored, ask.instance))
        except StopIteration as stop:
            founds: list[Found] = stop.value
            return founds
        return ask

    def _ask(self, visit: OpenVisit, ask: Ask) -> None:
        url = visit.wanted.url
        # Without its home the thread is kept in part; without the server that was asked, not at all. And a home that is
        # at it goes on, even where it fails at something.
        unless_down = ask.instance not in {url.instance, url.fallback, *visit.answered}
        visit.under_way = self._intake.under_way(ask, unless_down=unless_down)
        self._progress.asking(visit.name, ask.instance)
        fetch = partial(self._intake.fetch, visit.under_way, self._line.typed_ports)
        self._workers.ask(visit, ask.instance, fetch)

    def _tell(self, visit: OpenVisit, answered: Ask) -> None:
        if visit.visit.harvester is not None:
            received, expected = visit.visit.harvester.progress
            self._progress.advanced(visit.name, answered.instance, received=received, expected=expected)

    # ------------------------------------------------------------------------------------------------ threads

    def _finish(self, over: Outcome) -> Iterator[Receipt]:
        """Write the thread, and have the page fetched that it links to; or say why there is none."""
        visit, problem = over.visit, over.problem
        if problem is None:
            try:
                with boundary():
                    receipt, post_id = conclude(
                        self._archive,
                        visit.capture,
                        over.founds,
                        self._acquaintances,
                        preparation=visit.preparation,
                        clock=self._clock,
                    )
            except ArchiveError:
                raise
            except ThreadArchiveError as error:
                problem = error
        if problem is not None:
            receipt = fail(self._archive, visit.capture, visit.wanted.url, problem, now=self._clock.now())
            yield from self._tell_all(visit, receipt)
            return
        yield from self._settled(visit, receipt, lambda: self._linked(visit, receipt, post_id))

    def _settled(self, visit: OpenVisit, receipt: Receipt, step: Callable[[], Receipt | None]) -> Iterator[Receipt]:
        """Do a step with a thread that is written; tell its receipt unless more is to be done."""
        try:
            with boundary():
                told = step()
        except ArchiveError:
            raise
        except ThreadArchiveError as error:
            told = replace(receipt, error=Problem.of(error))
        if told is not None:
            yield from self._tell_all(visit, told)

    def _linked(self, visit: OpenVisit, receipt: Receipt, post_id: int) -> Receipt | None:
        """Have the page fetched that the thread links to; the whole receipt where there is none to fetch."""
        page = linking.plan(
            self._archive, post_id, fetch=self._options.article, ignore_robots=self._options.ignore_robots
        )
        if not isinstance(page, PageRequest):
            self._settle(visit, receipt, post_id, page)
            return None
        self._pages += 1
        host = linking.host_of_page(page.url)
        self._progress.asking(visit.name, host)
        linked = Linked(visit=visit, receipt=receipt, post_id=post_id, page=page)
        lane = f"page {crc32(host.encode()) % _PAGE_LANES}"
        self._workers.ask(linked, lane, partial(linking.fetch, self._client, page))
        return None

    def _take_page(self, linked: Linked, answer: PageAnswer | ThreadArchiveError) -> Iterator[Receipt]:
        self._pages -= 1
        visit, post_id = linked.visit, linked.post_id

        def keep() -> None:
            article = linking.keep(self._archive, post_id, linked.page, answer, capture_id=visit.capture.id)
            self._settle(visit, linked.receipt, post_id, article)

        yield from self._settled(visit, linked.receipt, keep)

    def _settle(self, visit: OpenVisit, receipt: Receipt, post_id: int, article: ArticleReceipt) -> None:
        """All that the thread needs is there: what follows from it is derived while no answer waits to be taken."""
        derivation = Derivation(self._archive, post_id, visit.preparation)
        self._settling.append(
            Settling(
                visit=visit,
                receipt=receipt,
                post_id=post_id,
                article=article,
                derivation=derivation,
                steps=derivation.steps(),
            )
        )

    def _derive_on(self) -> Iterator[Receipt]:
        """Derive a piece more of the thread whose turn it is; tell its receipt once there is no more to derive."""
        settling = self._settling.popleft()
        is_over = True

        def go_on() -> Receipt | None:
            nonlocal is_over
            is_over = next(settling.steps, self) is self
            return self._completed(settling) if is_over else None

        yield from self._settled(settling.visit, settling.receipt, go_on)
        if not is_over:
            self._settling.append(settling)

    def _completed(self, settling: Settling) -> Receipt:
        """The whole receipt of a thread."""
        with self._archive.transaction():
            # Its title and its link may have been redacted since the thread was written.
            post = articles.linked(self._archive, settling.post_id)
            article = settling.article if settling.article.url == post.url else ArticleReceipt()
            receipt = replace(
                settling.receipt,
                title=post.title,
                article=linking.settled(self._archive, settling.post_id, article),
                underived=settling.derivation.left,
            )
            captures.amend_receipt(self._archive, settling.visit.capture.id, receipt.as_json())
        return receipt

    def _tell_all(self, visit: OpenVisit, receipt: Receipt) -> Iterator[Receipt]:
        visit.preparation.drop()
        seconds = self._clock.monotonic() - visit.started
        for number, text in enumerate(visit.wanted.texts):
            final = replace(
                receipt, url=without_password(text), seconds=seconds, changed=receipt.changed and number == 0
            )
            self._progress.finished(visit.name, final)
            yield final


def refused(text: str) -> Receipt | None:
    """The receipt of a text that is not the address of a thread; None where it is one."""
    try:
        parse_thread_url(text)
    except UnsupportedURLError as error:
        return failure(without_password(text), error)
    return None
