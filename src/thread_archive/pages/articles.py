"""An article on its thread's page: its own text, and in its margin who quotes which paragraph."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from thread_archive.pages.bodies import directed, lang
from thread_archive.pages.quotations import Quotes
from thread_archive.store.threadpages import ArticleRow
from thread_archive.urls import host_in

# The first tag of block N. A row of a table cannot hold a note itself: its first cell does.
_BLOCK = re.compile(r'<([a-z][a-z0-9]{0,20})\b[^<>]{0,500}\bid="p(\d{1,9})"[^<>]{0,500}>(?:\s*<t[dh]\b[^<>]{0,200}>)?')
_HEADING = re.compile(r"<(/?)h([1-6])(?=[\s>])")
_SHOWN_IN_A_NOTE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """
    A text with its notes; `html` is empty where there is none, and `reason` then says why.

    `heading` is empty for the post's own body; `source` is where the page was found, `copies` where others keep it.
    """

    heading: str
    byline: str
    site: str
    published_at: str | None
    fetched_at: str | None
    source: str
    licence: str
    words: int
    reason: str
    html: Markup
    lang: Markup

    @property
    def copies(self) -> str:
        """The Wayback Machine's list of copies of the source."""
        return wayback(self.source)


def wayback(url: str) -> str:
    """Where web.archive.org lists its copies of a page."""
    return f"https://web.archive.org/web/*/{quote(url, safe=':/?&=%~+,;@!$()*')}" if url else ""


def anchor_letters(rows: Sequence[ArticleRow]) -> dict[int, str]:
    """
    What the anchors of articles' paragraphs begin with: `p`, but `b` for the post's own body where a page stands
    beside it, since both have a first paragraph.
    """
    return {row.id: "b" if len(rows) > 1 and not row.is_page else "p" for row in rows}


def article_view(row: ArticleRow, quotes: Quotes, *, letter: str, is_withdrawn: bool) -> ArticleView:
    """The view of an article; a withdrawn post shows no body."""
    html = "" if row.status == "withdrawn" or (row.is_body and not row.is_page and is_withdrawn) else row.html
    notes = {number: _note(quotes.of_paragraph(row.id, number)) for number in quotes.paragraphs(row.id)}
    source = row.final_url or row.url
    return ArticleView(
        heading=(row.title or host_in(source)) if row.is_page else "",
        byline=row.byline,
        site=row.site or host_in(source),
        published_at=row.published_at,
        fetched_at=row.fetched_at,
        source=source if row.is_page else "",
        licence=row.licence,
        words=row.words,
        reason=row.reason,
        html=Markup(with_notes(outlined(directed(html), 3 if row.is_page else 2), notes, letter)),  # noqa: S704 - sanitised when it was stored
        lang=Markup(lang(row.language or "und")),  # noqa: S704 - checked there
    )


def outlined(html: str, top: int) -> str:
    """`html` with its headings from level `top` on, none deeper than one below what it stands under."""
    line: list[int] = []

    def heading(match: re.Match[str]) -> str:
        if not match[1]:
            level = int(match[2])
            while line and line[-1] >= level:
                line.pop()
            line.append(level)
        return f"<{match[1]}h{min(top + len(line) - 1, 6)}"

    return _HEADING.sub(heading, html)


def with_notes(html: str, notes: Mapping[int, str], letter: str = "p") -> str:
    """`html` with each note put at the beginning of the block with its number, and anchors that begin with `letter`."""
    if not notes and letter == "p":
        return html

    def block(match: re.Match[str]) -> str:
        tag = match[0] if letter == "p" else match[0].replace(f'id="p{match[2]}"', f'id="{letter}{match[2]}"', 1)
        return tag + notes.get(int(match[2]), "")

    return _BLOCK.sub(block, html)


def _note(links: list[str]) -> str:
    shown = ", ".join(links[:_SHOWN_IN_A_NOTE])
    rest = len(links) - _SHOWN_IN_A_NOTE
    others = f" and {rest} more" if rest > 0 else ""
    return f'<span class="quoted" role="note" dir="ltr"><span class="from">Quoted by</span> {shown}{others}</span>'
