"""
What can be made of a visit's answers while a server is at the next one, so that little is left to do after the last.

It saves time and nothing else: what is not ready is made when it is needed, and is the same then.
"""

from collections import deque
from dataclasses import dataclass

from thread_archive.analysis.readiness import Readiness
from thread_archive.captures import Exchange
from thread_archive.exceptions import PayloadError
from thread_archive.markup import Rendered, base_of, render
from thread_archive.model import Page, Site
from thread_archive.sources import Harvester
from thread_archive.spoilers import reveal
from thread_archive.store.evidence import digest_of

# About 12 MB of what is made of them.
_CHARACTERS = 500_000
# A thread with more comments gains little, and needs the memory for its tree.
_LONGEST = 6_000


@dataclass(slots=True)
class Room:
    """How many more characters of comments may be held ready, by all visits that share it."""

    left: int = _CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """With what an answer was read: two equal ones read the same page in it."""

    dialect: str
    site: Site
    moderators: frozenset[str] | None


class Preparation:
    """
    What was made ready of one visit: pages, and the HTML, links and words of comments.

    `texts` are for a Matcher. Each thing is handed out once.
    """

    def __init__(self, room: Room | None = None) -> None:
        self.texts = Readiness()
        self._room = room or Room(left=0)
        self._held = 0
        self._is_full = False
        self._pages: dict[tuple[str, bytes], tuple[Understanding, Page]] = {}
        self._rendered: dict[str, Rendered] = {}
        self._base = ""
        self._moderators: frozenset[str] | None = None
        self._bodies: dict[tuple[str, int], str] = {}
        self._waiting: deque[tuple[str, list[str]]] = deque()

    def take(self, answer: Exchange, harvester: Harvester) -> None:
        """Read an answer that `harvester` asked for."""
        # Where the archive has the thread little will have to be written, often nothing.
        if self._is_full or harvester.place.expected or harvester.progress[1] > _LONGEST:
            return
        reader, site = harvester.reader, harvester.place.site
        try:
            if reader.gives_post(answer):
                self._moderators = reader.moderators(answer)
            page = reader.read(answer, site=site, moderators=self._moderators)
        except PayloadError:
            # Whoever needs the answer will say so.
            return
        size = sum(len(comment.body) for comment in page.comments)
        self._is_full = size > self._room.left
        if self._is_full or not page.comments:
            return
        self._room.left -= size
        self._held += size
        understanding = Understanding(dialect=reader.name, site=site, moderators=self._moderators)
        self._pages[answer.url, digest_of(answer.body)] = understanding, page
        self._base = base_of(harvester.post.ap_id) if harvester.post else ""
        instance, sightings = harvester.place.instance, harvester.tally.sightings
        bodies = {(instance, comment.local_id): comment.body for comment in page.comments if comment.body}
        self._bodies.update(bodies)
        for (_, local_id), body in bodies.items():
            path = sightings[local_id].path if local_id in sightings else ()
            above = [self._bodies.get((instance, label), "") for label in reversed(path[:-1])]
            self._waiting.append((body, [text for text in above if text]))

    def go_on(self) -> bool:
        """Make the next comment's text ready; returns whether there was one."""
        if not self._waiting:
            return False
        body, above = self._waiting.popleft()
        self.texts.add(body, above)
        self._rendered[body] = render(body, base=self._base)
        return True

    def page(self, url: str, digest: bytes, understanding: Understanding) -> Page | None:
        """What the answer to `url` with that body says, if it was read, and with that understanding."""
        read_with, page = self._pages.pop((url, digest), (None, None))
        return page if read_with == understanding else None

    def plain_text(self, body: str) -> str:
        """
        The plain text of `body` where it is ready, else `body` as it was written.

        It is asked for while the archive is locked: what is not ready is made with all else that is derived.
        """
        ready = self._rendered.get(body)
        return ready.text if ready else reveal(body)

    def render(self, body: str, *, base: str) -> Rendered:
        """The HTML and links of `body`, as `markup.render` makes them."""
        ready = self._rendered.pop(body, None) if base == self._base else None
        return ready or render(body, base=base)

    def drop(self) -> None:
        """Give the room back, and forget everything."""
        self._room.left += self._held
        self._held = 0
        self._is_full = False
        self.texts.clear()
        for held in (self._pages, self._rendered, self._bodies, self._waiting):
            held.clear()
