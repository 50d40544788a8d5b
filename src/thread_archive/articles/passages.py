"""Replacing passages in an article and in its sanitised HTML, be they broken up by emphasis and links."""

from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

from thread_archive.model import Article

# A passage may begin before one of these and end after it.
_INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong"}
    | {"sub", "sup", "u"}
)


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
    writer = _Writer(rewrite)
    writer.feed(html)
    writer.close()
    writer.end_run()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Copies HTML; `pieces` and `texts` are of the run that is being read, with its tags and without."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._rewrite = rewrite
        self.parts: list[str] = []
        self._pieces: list[str] = []
        self._texts: list[str] = []

    def end_run(self) -> None:
        """Write the run that was read."""
        text = "".join(self._texts)
        new = self._rewrite(text)
        if new == text:
            # A passage is looked for with single blanks, as readers see them.
            flat = " ".join(text.split())
            new = self._rewrite(flat)
            self.parts += self._pieces if new == flat else [escape(new, quote=False)]
        else:
            self.parts.append(escape(new, quote=False))
        self._pieces.clear()
        self._texts.clear()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = [(name, value) for name, value in attrs if value is None or self._rewrite(value) == value]
        written = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in kept)
        self._tag(tag, f"<{tag}{written}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._tag(tag, f"</{tag}>")

    def _tag(self, tag: str, written: str) -> None:
        if tag in _INLINE:
            self._pieces.append(written)
            return
        self.end_run()
        self.parts.append(written)

    def handle_data(self, data: str) -> None:
        self._pieces.append(escape(data, quote=False))
        self._texts.append(data)
