"""
Which of a page's own blocks are the article that an extractor found.

trafilatura tells an article from its surroundings better than anything else, but loses some of its quotes, headings and
lists, and what it writes has lost the page's structure. So its text only chooses: blocks of the page that are in
it are kept, and with them the quotes, headings, lists and code that stand between those.
"""

from collections import Counter

from thread_archive.articles.blocks import Blocks
from thread_archive.articles.sameness import SHINGLE, shingles, words
from thread_archive.model import Paragraph

# A block is in the text if so much of it is; the text is in the blocks if so many of its words are (the rest being what
# the page itself calls a promotion or a share bar).
IN_TEXT = 0.8
COVERED = 0.9
# So many blocks before the first long one, and after the last, may be short ones of the article (headings, a date).
MARGIN = 2
# Among so many blocks at the start a title may stand; beside the names, a byline has no more words than these.
HEAD = 8
BESIDE_NAMES = 6
_FILLING = frozenset({"heading", "quote", "item", "code", "row"})


def chosen(page: Blocks, found: Blocks, *, title: str = "", byline: str = "") -> frozenset[int] | None:
    """
    The numbers (from 0) of the blocks of `page` that make up the article `found`; None if they do not hold most
    of its words.

    What stands before its `title`, the title itself and the `byline` are left out: an article has them beside its text.
    """
    kept = _in_text(page.paragraphs, found.paragraphs)
    if not kept:
        return None
    mine = Counter(word for number in kept for word in words(page.paragraphs[number].text))
    wanted = Counter(words(found.text))
    if (mine & wanted).total() < COVERED * wanted.total():
        return None
    return frozenset(_trimmed(page, sorted(kept | _between(page, kept)), words(title), words(byline)))


def _in_text(page: tuple[Paragraph, ...], found: tuple[Paragraph, ...]) -> set[int]:
    """Long blocks by their shingles, short ones by being a whole block there, each as often as it is found."""
    text = shingles([word for paragraph in found for word in words(paragraph.text)])
    whole = Counter(tuple(words(paragraph.text)) for paragraph in found)
    kept: set[int] = set()
    short: dict[int, tuple[str, ...]] = {}
    seen: set[tuple[str, ...]] = set()
    for number, paragraph in enumerate(page):
        key = tuple(words(paragraph.text))
        if len(key) < SHINGLE:
            short[number] = key
            continue
        runs = shingles(list(key))
        # A page may hold its text twice, for small screens and for large ones.
        repeated = key in seen and whole[key] < 2
        if len(runs & text) >= IN_TEXT * len(runs) and not repeated:
            kept.add(number)
            seen.add(key)
    if not kept:
        return kept
    first, last = min(kept) - MARGIN, max(kept) + MARGIN
    return kept | {number for number, key in short.items() if whole[key] and first <= number <= last}


def _between(page: Blocks, kept: set[int]) -> set[int]:
    """Quotes, headings and the like that stand between blocks that are kept."""
    filled: set[int] = set()
    following = max(kept)
    for number in range(max(kept), min(kept), -1):
        if number in kept:
            following = number
            continue
        paragraph = page.paragraphs[number]
        # A heading belongs to what follows it.
        alone = paragraph.kind == "heading" and following != number + 1
        if paragraph.kind in _FILLING and not alone and not _is_linked(page, number):
            filled.add(number)
            following = number
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
    while len(kept) > 1 and (_is_linked(page, kept[0]) or _is_byline(words(page.paragraphs[kept[0]].text), byline)):
        kept = kept[1:]
    while len(kept) > 1 and _is_linked(page, kept[-1]):
        kept = kept[:-1]
    return kept


def _is_linked(page: Blocks, number: int) -> bool:
    return page.linked[number] > len(page.paragraphs[number].text) / 2


def _is_byline(said: list[str], byline: list[str]) -> bool:
    """Whether words name the authors and say little else (or nothing at all)."""
    return not said or (bool(byline) and len(said) <= len(byline) + BESIDE_NAMES and set(byline) <= set(said))
