"""
Lemmy's Markdown as tokens: CommonMark with what lemmy-ui adds to it, each link with its place.

Links carry in `meta`: `at`, the offset in their block's content, and `kind`.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, image, link
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.utils import WHITESPACE_RE

from thread_archive.markup.addresses import leads_nowhere
from thread_archive.markup.bare import START, address_at

# markdown-it drops what is nested deeper than its own limit, without a word.
DEEPEST = 60
# Characters that some rule below starts or ends with; fewer stops than markdown-it's own set make it faster.
_STOP = re.compile(rf"[\n!&*<@\[\\\]^_`{{~]|{START}")
_SPOILER = re.compile(r"\s*spoiler(?:\s.*)?")
_RUBY = re.compile(r"\{([^{}|\n]{1,200})\|([^{}\n]{1,200})\}")
BLOCKS = ("p", "li", "blockquote", "th", "td", *(f"h{level}" for level in range(1, 7)))
"""What stands from right to left where its first letter does."""
_TASKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}

InlineRule = Callable[[StateInline, bool], bool]


class TooNestedError(Exception):
    """Quotes or lists lie deeper in one another than DEEPEST."""


class _Markdown(MarkdownIt):
    """A parser that leaves addresses which nothing may link to as they are written: they are shown."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 (the parser's name)
        return url if leads_nowhere(url) else super().normalizeLink(url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 (the parser's name)
        return link if leads_nowhere(link) else super().normalizeLinkText(link)


@functools.cache
def parser() -> MarkdownIt:
    """The parser of comments and posts: made once, as that takes longer than most comments."""
    markdown = _Markdown("commonmark", {"html": False, "maxNesting": DEEPEST + 10})
    markdown.enable(["table", "strikethrough"])
    markdown.use(footnote_plugin)
    markdown.use(container_plugin, "spoiler", validate=_is_spoiler)
    markdown.block.ruler.before("table", "depth", _depth)
    inline = markdown.inline.ruler
    inline.at("text", _text)
    inline.after("text", "bare", _bare)
    for name, rule in (("link", link), ("image", image), ("autolink", autolink)):
        inline.at(name, _placed(rule))
    inline.after("image", "ruby", _ruby)
    inline.after("emphasis", "sub", _raised("~", "sub"))
    inline.after("emphasis", "sup", _raised("^", "sup"))
    markdown.core.ruler.after("inline", "tasks", _tasks)
    markdown.core.ruler.push("directions", _directions)
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
    found = address_at(state.src, state.pos, state.posMax, functools.partial(_opened, state))
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


def _opened(state: StateInline) -> Counter[str]:
    """The marks that may have begun emphasis at the parser's place, and have not ended it."""
    opened: Counter[str] = Counter(state.env.get("raised", ""))
    for delimiter in state.delimiters:
        mark = chr(delimiter.marker)
        # What strikes through is noted by the pair.
        count = 2 if mark == "~" else 1
        if delimiter.close and opened[mark]:
            opened[mark] -= count
        elif delimiter.open:
            opened[mark] += count
    return opened


def _raised(mark: str, name: str) -> InlineRule:
    """
    `x^2^` or `H~2~O`: no space stands in it unless a backslash goes before.

    markdown-it-sup and markdown-it-sub, which lemmy-ui has, take all in it for text, and look for addresses later.
    """

    def raised(state: StateInline, silent: bool) -> bool:
        start, end = state.pos, state.posMax
        if silent or state.src[start] != mark:
            return False
        closing = _closing(state, mark)
        if closing is None or WHITESPACE_RE.search(state.src[start + 1 : closing]):
            return False
        state.push(f"{name}_open", name, 1)
        inner = len(state.tokens)
        state.pos, state.posMax = start + 1, closing
        state.md.inline.tokenize(state)
        for token in state.tokens[inner:]:
            if token.content == "\\ ":
                token.content = " "
        state.push(f"{name}_close", name, -1)
        state.pos, state.posMax = closing + 1, end
        return True

    return raised


def _closing(state: StateInline, mark: str) -> int | None:
    """Where what `mark` begins at the parser's place ends; None where it does not, or is empty."""
    start = state.pos
    state.env["raised"] = mark
    state.pos += 1
    while state.pos < state.posMax and state.src[state.pos] != mark:
        state.md.inline.skipToken(state)
    found = state.pos
    state.pos = start
    del state.env["raised"]
    return found if start + 1 < found < state.posMax else None


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


def _directions(state: StateCore) -> None:
    """Let each block's own first letter say from which side it is read, as markdown-it-bidi does."""
    for token in state.tokens:
        if token.nesting > 0 and token.tag in BLOCKS:
            token.attrSet("dir", "auto")
