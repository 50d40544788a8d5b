"""HTML that somebody else put into a snapshot: whether it is of the kind that we store."""

from collections.abc import Callable
from html.parser import HTMLParser

Tag = tuple[str, tuple[tuple[str, str | None], ...]]


def is_foreign(html: str, clean: Callable[[str], str]) -> bool:
    """Whether `clean`, through which all went that we store, would take away or change any of the tags of `html`."""
    cleaned = clean(html)
    return cleaned != html and tags_of(cleaned) != tags_of(html)


def tags_of(html: str) -> list[Tag]:
    """The tags of `html` with their attributes, and marks for what is neither a tag nor text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.tags


class _Reader(HTMLParser):
    """Notes tags alone: how a text's signs are written may differ, and where a line breaks before code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(sorted(attrs, key=lambda attribute: attribute[0]))))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        # We write it as an entity: here something begins that does not end, and that browsers read otherwise.
        if "<" in data:
            self.tags.append(("<", ()))

    def handle_comment(self, _: str) -> None:
        self.tags.append(("!", ()))

    def handle_decl(self, _: str) -> None:
        self.tags.append(("!", ()))

    def handle_pi(self, _: str) -> None:
        self.tags.append(("?", ()))

    def unknown_decl(self, _: str) -> None:
        self.tags.append(("!", ()))
