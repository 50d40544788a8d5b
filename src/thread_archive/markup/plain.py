"""The words of parsed Markdown as plain text, for the index."""

from collections.abc import Sequence

from markdown_it.token import Token

from thread_archive.markup.words import inline_text, spoiler_title
from thread_archive.spoilers import hide, reveal

# What stands between two texts, the widest of what lies between them: nothing, a cell, a line, a paragraph.
_GAPS = ("", " ", "\n", "\n\n")
_CELL, _LINE, _PARAGRAPH = 1, 2, 3
_ENDS = {
    **dict.fromkeys(("td_close", "th_close"), _CELL),
    **dict.fromkeys(("tr_close", "thead_close", "heading_close", "list_item_close", "container_spoiler_close"), _LINE),
}
_CODE = ("fence", "code_block")


def text_of(tokens: Sequence[Token]) -> str:
    """
    The words of settled tokens as a reader sees them: link texts without their addresses, pictures by what describes
    them, spoilers open, each word in them with the marks of `spoilers.hide`.
    """
    parts: list[str] = []
    depth = gap = 0
    for token in tokens:
        text = ""
        if token.type == "inline":
            text = inline_text(token.children or [])
        elif token.type in _CODE:
            text = token.content.strip("\n")
        elif token.type == "container_spoiler_open":
            text = inline_text(spoiler_title(token.info))
        if text:
            # Marks that its author wrote could give away what is hidden.
            text = reveal(text)
            parts += (_GAPS[gap] if parts else "", hide(text) if depth else text)
            gap = 0
        gap = max(gap, _gap_behind(token))
        depth += token.nesting if token.type.startswith("container_spoiler") else 0
    return "".join(parts)


def _gap_behind(token: Token) -> int:
    if token.type == "inline" or (token.nesting > 0 and not token.type.startswith("container")):
        return 0
    # A paragraph in a tight list has no tags of its own, and a spoiler's title is a line.
    return _LINE if token.hidden or token.nesting > 0 else _ENDS.get(token.type, _PARAGRAPH)
