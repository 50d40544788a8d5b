"""Rewriting what is read in sanitised HTML and where it leads, while its tags stay."""

from collections.abc import Callable

from thread_archive.htmltext import Attributes, Run, escaped, rewrite_html

_READ = frozenset({"alt", "cite", "href", "src", "title"})


def rename_in_html(html: str, rewrite: Callable[[str], str]) -> str:
    """
    `html` with `rewrite` done on every text and on the attributes that are read or followed.

    Where a name goes across tags, the run of text around it loses its inline tags rather than keep the name.
    """

    def run(old: Run) -> str:
        new, whole = old.each(rewrite), rewrite(old.text)
        return new.html if new.text == whole else escaped(whole)

    def attributes(old: Attributes) -> Attributes:
        return [(name, rewrite(value) if value is not None and name in _READ else value) for name, value in old]

    return rewrite_html(html, run, attributes)
