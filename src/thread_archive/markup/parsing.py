"""
Lemmy's Markdown as tokens: CommonMark with what lemmy-ui adds to it, each link with its place.

Links carry in `meta`: `at`, the offset in their block's content, and `kind`.
"""

import functools
import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, image, link
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

from thread_archive.markup.bare import START, address_at

# markdown-it drops what is nested deeper than its own limit, without a word.
DEEPEST = 60
# Characters that some rule below starts or ends with; fewer stops than markdown-it's own set make it faster.
_STOP = re.compile(rf"[\n!&*<@\[\\\]^_`{{~]|{START}")
_SPOILER = re.compile(r"\s*spoiler(?:\s.*)?")
_RUBY = re.compile(r"\{([^{}|\n]{1,200})\|([^{}\n]{1,200})\}")
_TASKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}

InlineRule = Callable[[StateInline, bool], bool]


class TooNestedError(Exception):
    """Quotes or lists lie deeper in one another than DEEPEST."""


@functools.cache
def parser() -> MarkdownIt:
    """The parser of comments and posts: made once, as that takes longer than most comments."""
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 10})
    markdown.enable(["table", "strikethrough"])
    markdown.use(sub_plugin).use(superscript_plugin).use(footnote_plugin)
    markdown.use(container_plugin, "spoiler", validate=_is_spoiler)
    markdown.block.ruler.before("table", "depth", _depth)
    inline = markdown.inline.ruler
    inline.at("text", _text)
    inline.after("text", "bare", _bare)
    for name, rule in (("link", link), ("image", image), ("autolink", autolink)):
        inline.at(name, _placed(rule))
    inline.after("image", "ruby", _ruby)
    markdown.core.ruler.after("inline", "tasks", _tasks)
    # Never of use here: HTML is text, and bare addresses have a rule of their own.
    markdown.disable(["html_block", "html_inline", "linkify"])
    return markdown


@functools.cache
def title_parser() -> MarkdownIt:
    """The parser of spoilers' titles: emphasis, code, strikethrough, as in lemmy-ui."""
    return MarkdownIt("zero").enable(["emphasis", "backticks", "strikethrough"])


def _is_spoiler(params: str, markup: str) -> bool:  # noqa: ARG001 (the plugin's signature)
    # lemmy-ui wants a title; one without is hidden all the same, as its author meant.
    return _SPOILER.fullmatch(params) is not None


def _depth(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001 (a rule's signature)
    if state.level > DEEPEST:
        raise TooNestedError
    return False


def _text(state: StateInline, silent: bool) -> bool:
    stop = _STOP.search(state.src, state.pos, state.posMax)
    end = stop.start() if stop else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def _bare(state: StateInline, silent: bool) -> bool:
    if state.linkLevel or state.src[state.pos] not in "@!/hHw":
        return False
    found = address_at(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": found.url}
        opening.meta = {"at": state.pos, "kind": found.kind}
        if found.kind != "link":
            opening.attrs["class"] = found.kind
        state.push("text", "", 0).content = state.src[state.pos : found.end]
        state.push("link_close", "a", -1)
        state.env["links"] = True
    state.pos = found.end
    return True


def _placed(rule: InlineRule) -> InlineRule:
    """`rule`, with the place of what it makes noted on it, and whether that lies within a link."""

    def placed(state: StateInline, silent: bool) -> bool:
        at, made = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            # Text that was pending comes first.
            for token in state.tokens[made : made + 2]:
                if token.type in ("link_open", "image"):
                    token.meta = {"at": at, "linked": state.linkLevel > 0}
                    break
            state.env["links"] = True
        return True

    return placed


def _ruby(state: StateInline, silent: bool) -> bool:
    """`{base|reading}`, and `{ab|A|B}` with a reading for each character, as markdown-it-ruby has it."""
    match = _RUBY.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        readings = match[2].split("|")
        bases = list(match[1])
        if len(bases) != len(readings) or not all(readings):
            bases, readings = [match[1]], [match[2].replace("|", "")]
        state.push("ruby_open", "ruby", 1)
        for base, reading in zip(bases, readings, strict=True):
            state.push("text", "", 0).content = base
            for tag, content in (("rp", "("), ("rt", reading), ("rp", ")")):
                state.push(f"{tag}_open", tag, 1)
                state.push("text", "", 0).content = content
                state.push(f"{tag}_close", tag, -1)
        state.push("ruby_close", "ruby", -1)
    state.pos = match.end()
    return True


def _tasks(state: StateCore) -> None:
    """`- [x] done` as a box of text: a form's control in a comment would be one that does nothing."""
    for index, token in enumerate(state.tokens[2:], 2):
        box = _TASKS.get(token.content[:4]) if token.type == "inline" else None
        if box and token.children and state.tokens[index - 2].type == "list_item_open":
            first = token.children[0]
            if first.type == "text" and first.content.startswith("["):
                first.content = box + first.content[4:]
                state.tokens[index - 2].attrSet("class", "task")
