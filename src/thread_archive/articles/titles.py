"""What a page's article is called: what its head and its headings say, without the name of the site."""

import re
from collections.abc import Sequence

from thread_archive.articles.sameness import words

Name = tuple[str, ...]

# What stands between a title and the name of the site.
_BETWEEN = re.compile(r"(?<!\s)\s++(?:[-|–—:·•»«/~]|::|\|\|)\s++|(?<!\s)\s*+\|\s*+|:\s++")
_CUT_OFF = re.compile(r"(?:…|\.\.\.)$")


def title_of(stated: Sequence[str], element: str, headings: Sequence[str], sites: Sequence[str]) -> str:
    """
    The title of an article, from what Open Graph, JSON-LD and the like have `stated` (the best first), the `<title>`
    element, the page's `headings`, and the names of its `sites`; empty where all are.

    What is stated may be a slogan, or (as JSON-LD's `headline` on Wikipedia) a short description. So it is believed
    where `<title>` or a heading repeats it; otherwise what those two agree on goes before it.
    """
    names = {tuple(words(site)) for site in sites} - {()}
    texts = [_without_site(text, names) for text in stated]
    texts = [text for text in texts if text and tuple(words(text)) not in names]
    titles = [heading for heading in headings if tuple(words(heading)) not in names]
    for text in texts:
        if _CUT_OFF.search(text):
            # Its last word may be half a word.
            whole = [heading for heading in titles if begins(heading, text.rpartition(" ")[0])]
            if whole:
                return whole[0]
        elif any(begins(other, text) or begins(text, other) for other in (element, *titles)):
            return next((heading for heading in titles if _is_in(text, heading)), text)
    agreed = [heading for heading in titles if begins(element, heading) or _ends(element, heading)]
    bare = _without_site(element, names)
    return max(agreed, key=len, default="") or next((text for text in (*texts, bare, *titles) if text), "")


def begins(text: str, start: str) -> bool:
    """Whether `text` has the words of `start` first; without words there it has not."""
    said, wanted = words(text), words(start)
    return bool(wanted) and said[: len(wanted)] == wanted


def _ends(text: str, end: str) -> bool:
    """Whether most of `text` are the words of `end`, these last: the name of the site may stand first."""
    said, wanted = words(text), words(end)
    return 2 * len(wanted) > len(said) and said[-len(wanted) :] == wanted


def _is_in(text: str, heading: str) -> bool:
    """Whether `text` is `heading` with something set apart before or behind it, as the name of a site is."""
    breaks = list(_BETWEEN.finditer(text))
    if not breaks:
        return False
    first, last = breaks[0], breaks[-1]
    # Behind a mere colon stands a subtitle.
    before = "" if last[0].startswith(":") else text[: last.start()]
    return tuple(words(heading)) in {tuple(words(before)), tuple(words(text[first.end() :]))} - {()}


def _without_site(text: str, names: set[Name]) -> str:
    """A title without the name of its site at either end."""
    breaks = list(_BETWEEN.finditer(text))
    start, end = 0, len(text)
    while breaks and tuple(words(text[breaks[-1].end() : end])) in names:
        end = breaks.pop().start()
    for between in breaks:
        if tuple(words(text[start : between.start()])) not in names:
            break
        start = between.end()
    return text[start:end]
