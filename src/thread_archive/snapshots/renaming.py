"""Rewriting what is read in sanitised HTML and where it leads, while its tags stay."""

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser

_INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong"}
    | {"sub", "sup", "u"}
)
_READ = frozenset({"alt", "cite", "href", "src", "title"})


def rename_in_html(html: str, rewrite: Callable[[str], str]) -> str:
    """
    `html` with `rewrite` done on every text and on the attributes that are read or followed.

    Where a name goes across tags, the run of text around it loses its inline tags rather than keep the name.
    """
    writer = _Writer(rewrite)
    writer.feed(html)
    writer.close()
    writer.end_run()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Copies HTML; `pieces` is the run that is being read, rewritten text by text, `texts` what it said before."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._rewrite = rewrite
        self.parts: list[str] = []
        self._pieces: list[str] = []
        self._old: list[str] = []
        self._new: list[str] = []

    def end_run(self) -> None:
        """Write the run that was read."""
        if len(self._old) > 1:
            whole = self._rewrite("".join(self._old))
            if whole != "".join(self._new):
                self._pieces = [escape(whole, quote=False)]
        self.parts += self._pieces
        for kept in (self._pieces, self._old, self._new):
            kept.clear()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        written = ""
        for name, value in attrs:
            if value is None:
                written += f" {name}"
            else:
                written += f' {name}="{escape(self._rewrite(value) if name in _READ else value)}"'
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
        new = self._rewrite(data)
        self._pieces.append(escape(new, quote=False))
        self._old.append(data)
        self._new.append(new)
