"""
Which of a page's own blocks are the article that an extractor found.

trafilatura tells an article from its surroundings better than anything else, but loses some of its quotes, headings and
lists, and what it writes has lost the page's structure. So its text only chooses: blocks of the page that are in it are
kept. What it lost is put back where it must be of the same text: between kept blocks, in a container of theirs, being
neither a caption, a widget, a list of links nor a second copy. What it took for the end of the text, though standing in
a box of its own, is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from bs4 import Tag

from thread_archive.articles.blocks import Blocks
from thread_archive.articles.markup import attribute
from thread_archive.articles.sameness import SHINGLE, words
from thread_archive.articles.signs import SENTENCE_END
from thread_archive.articles.surroundings import PARTS, Place

Key = tuple[str, ...]
Sign = tuple[object, ...]

# A block is in the text if so much of it is; the text is in the blocks if so many of its words are (the rest being what
# the page itself calls a promotion or a share bar).
IN_TEXT = 0.8
COVERED = 0.9
# So many blocks before the first long one, and after the last, may be short ones of the article (headings, a date).
MARGIN = 2
# A text that repeats so much of its words is there twice.
TWICE = 0.4
# Among so many blocks at the start a title may stand; beside the names, a byline has no more words than these.
HEAD = 8
BESIDE_NAMES = 6
# A container that holds so much of the text holds the text itself.
MUCH = 0.2
MOST = 0.4
# A paragraph between others that is no shorter than this, and set as they are, is one of them.
LEAST = 12
_FILLING = frozenset({"heading", "quote", "item", "code", "row"})


def chosen(
    page: Blocks, found: Sequence[str], around: Mapping[int, Place], *, title: str = "", byline: str = ""
) -> frozenset[int] | None:
    """
    The numbers (from 0) of the blocks of `page` that make up the article whose lines were `found`; None if they do not
    hold most of its words. `around` is the place of each element of the page.

    What stands before its `title`, the title itself and the `byline` are left out: an article has them beside its text.
    """
    keys = [tuple(words(paragraph.text)) for paragraph in page.paragraphs]
    where = [around[id(tag)] for tag in page.within]
    lines = _once([tuple(words(line)) for line in found])
    kept = _in_text(keys, lines)
    if not kept:
        return None
    wanted = Counter(word for line in lines for word in line)
    uncluttered = {number for number in kept if not where[number].clutter}
    for choice in (uncluttered, kept):
        mine = Counter(word for number in choice for word in keys[number])
        if (mine & wanted).total() >= COVERED * wanted.total():
            text = _without_tail(page, keys, where, choice)
            added = _between(page, keys, where, text, title=tuple(words(title)))
            return frozenset(_trimmed(page, sorted(text | added), words(title), words(byline)))
    return None


def _once(lines: list[Key]) -> list[Key]:
    """
    The lines of a text, once where they are there twice.

    A page may hold its text twice, for small screens and for large ones, or to be printed. What repeats less than
    `TWICE` of the words is of the text itself: a refrain, a quotation.
    """
    much = TWICE * sum(map(len, lines))
    before: set[Key] = set()
    said: set[Key] = set()
    again: set[int] = set()
    # Short lines first: a copy may be one line that holds all others.
    for number in sorted(range(len(lines)), key=lambda number: len(lines[number])):
        line = lines[number]
        if len(line) >= SHINGLE and (line in before or (len(line) >= much and _is_said(line, said))):
            again.add(number)
        before.add(line)
        said.update(_shingles(line))
    if sum(len(lines[number]) for number in again) < much:
        return lines
    return [line for number, line in enumerate(lines) if number not in again]


def _is_said(line: Key, said: Set[Key]) -> bool:
    """Whether so much of a long line is among the shingles that were `said`."""
    runs = _shingles(line)
    return bool(runs) and sum(run in said for run in runs) >= IN_TEXT * len(runs)


def _in_text(keys: list[Key], text: list[Key]) -> set[int]:
    """
    Long blocks by their shingles, short ones by being a whole block there; each as often as it is there.

    The blocks that are there as such go first, and short ones before long ones, which may hold all of them.
    """
    whole = Counter(text)
    left = Counter(_shingles([word for line in text for word in line]))
    long = [number for number, key in enumerate(keys) if len(key) >= SHINGLE]
    kept: set[int] = set()
    for number in sorted(long, key=lambda number: (whole[keys[number]] == 0, len(keys[number]))):
        runs = Counter(_shingles(keys[number]))
        common = runs & left
        if common.total() >= IN_TEXT * runs.total():
            kept.add(number)
            left.subtract(common)
    if not kept:
        return kept
    first, last = min(kept) - MARGIN, max(kept) + MARGIN
    short = (number for number, key in enumerate(keys) if 0 < len(key) < SHINGLE)
    return kept | {number for number in short if whole[keys[number]] and first <= number <= last}


def _between(page: Blocks, keys: list[Key], where: list[Place], kept: set[int], *, title: Key) -> set[int]:
    """Quotes, headings and the like that stand between blocks that are kept, and in the same container as some."""
    prose = [number for number in kept if len(keys[number]) >= SHINGLE]
    containers = {id(where[number].container) for number in prose}
    likes = {_like(page.within[number]) for number in prose}
    said = {keys[number] for number in kept if len(keys[number]) >= SHINGLE} | {title}
    much = TWICE * sum(len(keys[number]) for number in kept)
    shown = {run for number in kept for run in _shingles(keys[number])}
    filled: set[int] = set()
    following = max(kept)
    for number in range(max(kept), min(kept), -1):
        if number in kept:
            following = number
            continue
        paragraph, place = page.paragraphs[number], where[number]
        # A heading belongs to what follows it.
        alone = paragraph.kind == "heading" and following != number + 1
        outside = id(place.container) not in containers or place.clutter or place.beside
        whole = len(keys[number]) >= LEAST or bool(SENTENCE_END.search(paragraph.text))
        wanted = paragraph.kind in _FILLING or (whole and _like(page.within[number]) in likes)
        copied = keys[number] in said or (len(keys[number]) >= much and _is_said(keys[number], shown))
        if alone or outside or not wanted or copied or _is_linked(page, number):
            continue
        filled.add(number)
        following = number
        if len(keys[number]) >= SHINGLE or paragraph.kind != "paragraph":
            said.add(keys[number])
    return filled


def _trimmed(page: Blocks, kept: list[int], title: list[str], byline: list[str]) -> list[int]:
    """Without the title and what is before it, the byline, and links at either end."""
    for position, number in enumerate(kept[:HEAD]):
        said = words(page.paragraphs[number].text)
        # The page's `<title>` may go on with the name of the site; the byline may follow in the same block.
        heads = page.paragraphs[number].level == 1 and said == title[: len(said)]
        if said and title and (heads or (said[: len(title)] == title and _is_byline(said[len(title) :], byline))):
            kept = kept[position + 1 :] or kept
            break
    start, end = 0, len(kept)
    while end - start > 1 and (
        _is_linked(page, kept[start]) or _is_byline(words(page.paragraphs[kept[start]].text), byline)
    ):
        start += 1
    while end - start > 1 and _is_linked(page, kept[end - 1]):
        end -= 1
    return kept[start:end]


def _is_linked(page: Blocks, number: int) -> bool:
    return page.linked[number] > len(page.paragraphs[number].text) / 2


def _is_byline(said: list[str], byline: list[str]) -> bool:
    """Whether words name the authors and say little else (or nothing at all)."""
    return not said or (bool(byline) and len(said) <= len(byline) + BESIDE_NAMES and set(byline) <= set(said))


def _without_tail(page: Blocks, keys: list[Key], where: list[Place], kept: set[int]) -> set[int]:
    """
    Without what follows the text: comments, boxes on the author and the subscription, other articles.

    Of the text is what stands in a container that holds much of it, or is set like such a one. Where that would not be
    even `MOST` of the words, nothing tells text and boxes apart.
    """
    sizes: Counter[int] = Counter()
    for number in kept:
        sizes[id(where[number].container)] += len(keys[number])
    much = MUCH * sizes.total()
    large = {id(where[number].container): where[number].container for number in kept}
    large = {key: container for key, container in large.items() if sizes[key] >= much}
    signs = {sign for container in large.values() for sign in _signs(container)}
    of_text = (number for number in kept if not signs.isdisjoint(_all_signs(page.within[number], where[number])))
    last = max(of_text, default=len(keys))
    text = {number for number in kept if number <= last}
    return text if sum(len(keys[number]) for number in text) >= MOST * sizes.total() else kept


def _all_signs(tag: Tag, place: Place) -> set[Sign]:
    """The signs of a block's container, and of what is put around the block within that."""
    signs = _signs(place.container)
    while tag is not place.container and tag.parent is not None:
        if tag.name not in PARTS:
            signs |= _signs(tag)
        tag = tag.parent
    return signs


def _signs(container: Tag) -> set[Sign]:
    """What containers that are set alike have in common: themselves, tag and class, or tag and parent."""
    signs: set[Sign] = {(id(container),), (container.name, id(container.parent))}
    if name := attribute(container, "class"):
        signs.add((container.name, name))
    return signs


def _like(tag: Tag) -> tuple[str, str]:
    """What is set in the same way has the same of this."""
    return tag.name, attribute(tag, "class")


def _shingles(said: Sequence[str]) -> list[Key]:
    """All runs of SHINGLE words, each as often as it is there."""
    return [tuple(said[start : start + SHINGLE]) for start in range(len(said) - SHINGLE + 1)]
