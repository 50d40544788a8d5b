"""HTML rewritten by the run: what a reader reads in one go, be it broken up by emphasis and links. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

# A word may begin before one of these and end after it.
_INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong"}
    | {"sub", "sup", "u"}
)

Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Run:
    """The texts of a run and the inline tags between them, as pairs of which one half is empty: (tag, text)."""

    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """What is read."""
        return "".join(text for _, text in self.pieces)

    @property
    def html(self) -> str:
        """The run as HTML."""
        return "".join(tag or escaped(text) for tag, text in self.pieces)

    def each(self, rewrite: Callable[[str], str]) -> "Run":
        """The run with `rewrite` done on text by text."""
        return Run(tuple((tag, rewrite(text) if text else "") for tag, text in self.pieces))


def escaped(text: str) -> str:
    """Text as HTML writes it between tags."""
    return escape(text, quote=False)


def rewrite_html(html: str, run: Callable[[Run], str], attributes: Callable[[Attributes], Attributes]) -> str:
    """Sanitised `html` with what `run` makes of every run, and with what `attributes` leaves of those of each tag."""
    writer = _Writer(run, attributes)
    writer.feed(html)
    writer.close()
    writer.end_run()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Copies HTML; `pieces` are of the run that is being read."""

    def __init__(self, run: Callable[[Run], str], attributes: Callable[[Attributes], Attributes]) -> None:
        super().__init__(convert_charrefs=True)
        self._run = run
        self._attributes = attributes
        self.parts: list[str] = []
        self._pieces: list[tuple[str, str]] = []

    def end_run(self) -> None:
        """Write the run that was read."""
        if self._pieces:
            self.parts.append(self._run(Run(tuple(self._pieces))))
            self._pieces.clear()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        written = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in self._attributes(attrs)
        )
        self._tag(tag, f"<{tag}{written}>")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._tag(tag, f"</{tag}>")

    def _tag(self, tag: str, written: str) -> None:
        if tag in _INLINE:
            self._pieces.append((written, ""))
            return
        self.end_run()
        self.parts.append(written)

    def handle_data(self, data: str) -> None:
        self._pieces.append(("", data))
