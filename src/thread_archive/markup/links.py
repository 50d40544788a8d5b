"""The links in parsed Markdown and in the HTML of articles."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import accumulate

import nh3
from markdown_it.token import Token

from thread_archive.markup.addresses import actor_of, leads_nowhere, normalised, resolved
from thread_archive.markup.words import beside, inline_text, picture_text
from thread_archive.model import Link

_LINES = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")
# How lemmy-ui writes mentions and communities when it completes them: a link to the profile whose text is the name.
_ACTORS = {"@": "mention", "!": "community"}
_ACTOR_TEXT = re.compile(r"[@!][\w.%+-]+(?:@[\w.:-]+)?")
# nh3 writes every tag the same way: attributes in double quotes, in which quotes and ampersands are entities.
_TAG = re.compile(r'<(?P<end>/?)(?P<tag>[a-z0-9]+)(?P<attributes>(?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_BLOCK_ID = re.compile(r"p([0-9]{1,9})")


def settle(tokens: Sequence[Token], base: str) -> None:
    """
    Give every link and picture the address it leads to.

    An address that nothing may link to (`magnet:`, `xmpp:`, `data:` …) stands as text beside the text of its link; one
    on a page that is not known is left out.
    """
    for token in tokens:
        if token.children:
            _settle(token.children, base)


def _settle(tokens: Sequence[Token], base: str) -> None:
    opened: int | None = None
    for index, token in enumerate(tokens):
        if token.type == "link_open":
            href = str(token.attrs["href"])
            if actor := actor_of(href):
                token.meta["kind"] = actor.kind
            address = None if leads_nowhere(href) else resolved(href, base)
            token.hidden = address is None
            opened = index if token.hidden else None
            token.attrs["href"] = address or href
        elif token.type == "link_close" and opened is not None:
            _unlink(tokens, opened, index)
            opened = None
        elif token.type == "image":
            written = str(token.attrs["src"])
            nowhere = leads_nowhere(written)
            token.meta |= {"written": written, "shows_address": nowhere}
            token.attrs["src"] = "" if nowhere or not written else resolved(written, base) or ""
            _settle(token.children or [], base)


def _unlink(tokens: Sequence[Token], start: int, end: int) -> None:
    """Make text of a link's end: its address, unless a page that is not known has it, or it stands there already."""
    href, closing = str(tokens[start].attrs["href"]), tokens[end]
    text = inline_text(tokens[start + 1 : end])
    is_shown = not leads_nowhere(href) or text == href
    closing.type, closing.tag, closing.nesting = "text", "", 0
    closing.content = "" if is_shown else beside(text, href)[len(text) :]


def links_of(tokens: Sequence[Token], markdown: str) -> Iterator[Link]:
    """The links of settled tokens of `markdown`, in the order in which they stand (those of footnotes last)."""
    starts: list[int] = []
    for block in tokens:
        for index, token in enumerate(block.children or ()):
            found = _link(block.children or [], index) if token.type in ("link_open", "image") else None
            if found is None:
                continue
            starts = starts or [0, *accumulate(len(line) for line in _LINES.findall(markdown))]
            url, kind, text = found
            if address := normalised(url):
                yield Link(
                    kind=kind if address.kind == "link" or kind == "image" else address.kind,
                    url=address.url,
                    domain=address.domain,
                    text=text,
                    position=_position(block, token, markdown, starts),
                )


def _link(tokens: Sequence[Token], index: int) -> tuple[str, str, str] | None:
    """The (address, kind, text) of a token that opens a link or is a picture; None where it leads nowhere."""
    token = tokens[index]
    if token.type == "image":
        url = str(token.attrs["src"])
        return (url, "image", picture_text(token)) if url else None
    if token.hidden:
        return None
    end = next(place for place in range(index, len(tokens)) if tokens[place].type == "link_close")
    text = inline_text(tokens[index + 1 : end]).replace("\n", " ")
    kind = token.meta.get("kind") or (_ACTORS[text[0]] if _ACTOR_TEXT.fullmatch(text) else "link")
    return str(token.attrs["href"]), kind, text


def _position(block: Token, token: Token, markdown: str, starts: Sequence[int]) -> int:
    """Where in `markdown` a token stands: exactly, or at the start of its line where signs of the block hide it."""
    at = int(token.meta["at"])
    if block.map is None:
        return max(markdown.find(block.content), 0) + at
    before = block.content[:at]
    row = min(block.map[0] + before.count("\n"), len(starts) - 2)
    start, end = starts[row], starts[row + 1]
    column = len(before) - (before.rfind("\n") + 1)
    line = block.content[at - column :].partition("\n")[0]
    found = markdown.find(line, start, end)
    return start if found < 0 else found + column


def links_in_html(html: str) -> list[Link]:
    """
    The links in an article's HTML; `position` is the number n of the block `pn` in which one stands, 0 before any.

    Any HTML will do: it is brought into one form first.
    """
    cleaner = nh3.clean(html, attributes={"a": {"href", "class"}, "img": {"src", "alt"}, "*": {"id"}}, link_rel=None)
    found: list[Link] = []
    block, opened, address, start = 0, "", "", 0
    for match in _TAG.finditer(cleaner):
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(match["attributes"])}
        if number := _BLOCK_ID.fullmatch(attributes.get("id", "")):
            block = int(number[1])
        if match["tag"] == "img":
            found += _made("image", attributes.get("src", ""), attributes.get("alt", ""), block)
        elif match["tag"] == "a" and not match["end"]:
            opened = "image" if "image" in attributes.get("class", "").split() else "link"
            address, start = attributes.get("href", ""), match.end()
        elif match["tag"] == "a" and opened:
            found += _made(opened, address, unescape(_TAG.sub("", cleaner[start : match.start()])), block)
            opened = ""
    return found


def _made(kind: str, url: str, text: str, position: int) -> list[Link]:
    address = normalised(url)
    if address is None:
        return []
    kind = address.kind if kind == "link" else kind
    return [Link(kind=kind, url=address.url, domain=address.domain, text=" ".join(text.split()), position=position)]
