"""Replacing passages in an article and in its sanitised HTML, be they broken up by emphasis and links."""

from collections.abc import Callable
from dataclasses import replace

from thread_archive.htmltext import Attributes, Run, escaped, rewrite_html
from thread_archive.model import Article


def without_passages(article: Article, rewrite: Callable[[str], str]) -> Article:
    """`article` with `rewrite` done on every text of it; the very same where that changes none."""
    html = replace_passages(article.html, rewrite)
    return replace(
        article,
        title=rewrite(article.title),
        byline=rewrite(article.byline),
        site=rewrite(article.site),
        licence=rewrite(article.licence),
        canonical_url=rewrite(article.canonical_url),
        robots=rewrite(article.robots),
        html=article.html if html == replace_passages(article.html, str) else html,
        paragraphs=tuple(replace(paragraph, text=rewrite(paragraph.text)) for paragraph in article.paragraphs),
    )


def replace_passages(html: str, rewrite: Callable[[str], str]) -> str:
    """
    `html` with `rewrite` done on what a reader reads in one go, and without attributes that it would change.

    A run of text that changes loses its emphasis and links; all else stays as it is.
    """

    def run(old: Run) -> str:
        # A passage is also looked for with single blanks, as readers see them.
        for text in (old.text, " ".join(old.text.split())):
            new = rewrite(text)
            if new != text:
                return escaped(new)
        return old.html

    def attributes(old: Attributes) -> Attributes:
        return [(name, value) for name, value in old if value is None or rewrite(value) == value]

    return rewrite_html(html, run, attributes)
