"""The words that parsed Markdown shows: the same ones in HTML, in plain text and in the texts of links."""

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from thread_archive.markup.parsing import title_parser

_TITLE = re.compile(r"\s*spoiler\s*")
_DEFAULT_TITLE = "Spoiler"


def inline_text(tokens: Sequence[Token]) -> str:
    """The words of inline tokens: what a reader sees of them, a picture as its description."""
    parts: list[str] = []
    readings: list[str] = []
    for index, token in enumerate(tokens):
        if token.type in ("text", "code_inline"):
            before = tokens[index - 1].type if index else ""
            # What is read beside a word stands behind the whole of it, and does not split it.
            if before == "rt_open":
                readings.append(token.content)
            elif before != "rp_open":
                parts.append(token.content)
        elif token.type == "ruby_close":
            parts.append(f"({''.join(readings)})")
            readings.clear()
        elif token.type == "image":
            parts.append(picture_text(token))
        elif token.type == "footnote_ref":
            parts.append(note_mark(token))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
    return "".join(parts)


def picture_text(token: Token) -> str:
    """What stands in the place of a picture: its description, else the name of its file or host."""
    described = inline_text(token.children or []).replace("\n", " ")
    if emoji := emoji_name(token):
        return described or emoji
    written = str(token.meta.get("written", token.attrs.get("src", "")))
    if token.meta.get("shows_address"):
        return beside(described, written)
    return described or _picture_name(written)


def emoji_name(token: Token) -> str:
    """The name of the custom emoji that a picture is; empty where it is none."""
    word, _, name = str(token.attrs.get("title", "")).partition(" ")
    return name or word if word == "emoji" else ""


def _picture_name(address: str) -> str:
    parts = urlsplit(address)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc or address


def beside(text: str, address: str) -> str:
    """A text and the address behind it, which nothing links to."""
    return f"{text} ({address})" if text.strip() else address


def note_mark(token: Token) -> str:
    """How a text refers to a footnote."""
    return f"[{token.meta['id'] + 1}]"


def spoiler_title(info: str) -> list[Token]:
    """The title of a spoiler as inline tokens; `info` is what stands behind its colons."""
    word = _TITLE.match(info)
    title = info[word.end() if word else 0 :].strip() or _DEFAULT_TITLE
    return title_parser().parseInline(title)[0].children or []
