"""Who quotes what on a page, as links both ways."""

from collections.abc import Mapping, Sequence
from html import escape

from thread_archive.pages.addresses import Addresses
from thread_archive.slugs import slug
from thread_archive.store.threadpages import QuoteRow


class Quotes:
    """
    The quotations of a page, by who quotes and by who is quoted.

    `shown` are the slugs of its comments, `letters` what paragraphs' anchors begin with, by article.
    """

    def __init__(
        self,
        rows: Sequence[QuoteRow],
        shown: frozenset[str],
        thread: str,
        addresses: Addresses,
        letters: Mapping[int, str] | None = None,
    ) -> None:
        self._by: dict[str | None, dict[str, None]] = {}
        self._of: dict[str, dict[str, None]] = {}
        self._paragraphs: dict[tuple[int, int], dict[str, None]] = {}
        self._shown, self._thread, self._addresses = shown, thread, addresses
        letters = letters or {}
        for row in rows:
            by = self.reference(row.by_ap_id, row.by_name)
            if row.target_kind == "comment" and row.target_ap_id:
                self._by.setdefault(row.by_ap_id, {})[self.reference(row.target_ap_id, row.target_name)] = None
                self._of.setdefault(row.target_ap_id, {})[by] = None
            elif row.article_id is not None and row.paragraph is not None:
                self._paragraphs.setdefault((row.article_id, row.paragraph), {})[by] = None
                passage = addresses.thread(thread, fragment=f"{letters.get(row.article_id, 'p')}{row.paragraph}")
                self._by.setdefault(row.by_ap_id, {})[f'<a href="{escape(passage)}">the article</a>'] = None
            else:
                what = "the title" if row.target_kind == "title" else "the post"
                self._by.setdefault(row.by_ap_id, {})[
                    f'<a href="{escape(addresses.thread(thread, fragment="main"))}">{what}</a>'
                ] = None

    def reference(self, ap_id: str | None, name: str) -> str:
        """A link to a comment, on this page where it is shown here; to the post without an ap_id."""
        if ap_id is None:
            return f'<a href="{escape(self._addresses.thread(self._thread, fragment="main"))}">the post</a>'
        target = slug(ap_id)
        href = f"#c-{target}" if target in self._shown else self._addresses.comment(self._thread, target)
        return f'<a href="{escape(href)}" dir="auto">{escape(name) or "someone"}</a>'

    def ties(self, ap_id: str | None) -> str:
        """Whom the comment quotes and who quotes it (the post's own quotations, without an ap_id)."""
        quotes, quoted = self._by.get(ap_id), self._of.get(ap_id or "")
        parts = [f"<span>Quotes {', '.join(quotes)}</span>"] if quotes else []
        if quoted:
            parts.append(f"<span>Quoted by {', '.join(quoted)}</span>")
        return f'<p class="ties dotted">{" ".join(parts)}</p>' if parts else ""

    def of_paragraph(self, article_id: int, number: int) -> list[str]:
        """Links to those who quote a paragraph."""
        return list(self._paragraphs.get((article_id, number), ()))

    def paragraphs(self, article_id: int) -> list[int]:
        """The numbers of the paragraphs that somebody quotes."""
        return sorted(number for article, number in self._paragraphs if article == article_id)
