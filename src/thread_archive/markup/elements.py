"""What Lemmy's Markdown looks like in HTML where that is not what markdown-it makes of it."""

import functools
import re
from collections.abc import Callable, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from thread_archive.markup.parsing import parser
from thread_archive.markup.words import emoji_name, note_mark, picture_text, spoiler_title

# A page has one outline: h1 is the thread, h2 and h3 are ours.
_HEADINGS = {"h1": "h4", "h2": "h5"}
_LEAST_HEADING = "h6"
_STYLE = re.compile(r"text-align:(left|center|right)")

Rule = Callable[[RendererHTML, Sequence[Token], int, OptionsDict, EnvType], str]


@functools.cache
def markdown() -> MarkdownIt:
    """The parser with our way of rendering."""
    made = parser()
    for name, rule in _RULES.items():
        made.add_render_rule(name, rule)
    return made


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    token.tag = _HEADINGS.get(token.tag, _LEAST_HEADING)
    return renderer.renderToken(tokens, index, options, env)


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A link: a picture from elsewhere would tell its server who reads the page."""
    token = tokens[index]
    address, title, text = str(token.attrs["src"]), str(token.attrs.get("title", "")), escape(picture_text(token))
    if emoji_name(token):
        return f'<span class="emoji">{text}</span>'
    if not address or token.meta.get("linked"):
        return f'<span class="image">{text}</span>'
    shown = f' title="{escape(title)}"' if title else ""
    return f'<a class="image" href="{escape(address)}"{shown}>{text}</a>'


def _cell(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """An alignment by class, as a strict Content-Security-Policy allows no style."""
    style = _STYLE.fullmatch(str(tokens[index].attrs.get("style", "")))
    shown = f' class="{style[1]}"' if style else ""
    return f'<{tokens[index].tag}{shown} dir="auto">'


def _spoiler(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    if token.nesting < 0:
        return "</details>\n"
    title = renderer.renderInline(spoiler_title(token.info), options, env)
    return f'<details class="spoiler"><summary dir="auto">{title}</summary>\n'


def _note(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A footnote's number without an anchor, whose name would have to be unique among all comments of a page."""
    return f'<sup class="footnote">{note_mark(tokens[index])}</sup>'


def _code(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """Code without the name of its language: nothing here colours it, and the Markdown keeps the name."""
    return f'<pre dir="ltr"><code>{escape(tokens[index].content)}</code></pre>\n'


def _fixed(html: str) -> Rule:
    return lambda renderer, tokens, index, options, env: html


_RULES: dict[str, Rule] = {
    "heading_open": _heading,
    "heading_close": _heading,
    "image": _image,
    "th_open": _cell,
    "td_open": _cell,
    "container_spoiler_open": _spoiler,
    "container_spoiler_close": _spoiler,
    "fence": _code,
    "code_block": _code,
    "footnote_ref": _note,
    "footnote_block_open": _fixed('<section class="footnotes">\n<ol>\n'),
    "footnote_block_close": _fixed("</ol>\n</section>\n"),
    "footnote_open": _fixed('<li dir="auto">'),
    "footnote_close": _fixed("</li>\n"),
    "footnote_anchor": _fixed(""),
}
