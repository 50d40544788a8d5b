"""
Markdown that stands by itself: put among other texts, it reads as it did alone and changes nothing around it.

Two things reach across a document, through whatever container they stand in: HTML, which is text in Lemmy and is obeyed
by other readers, and the definitions of links and footnotes, of which the first one of a label counts everywhere.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

from thread_archive.markup.rendering import is_costly

# Each is looked at in what it stands in, several times: a pasted page of HTML is better read as code.
_MOST_SIGNS = 1_000
# As deep as texts are shown on pages, and more.
_NESTING = 100
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
_SIGN = re.compile(r"[\\`*\[\]~^]|(?<![^\W_])_|_(?![^\W_])|(?<!\S)#")
_START = re.compile(r"[>+=:|-]|(?<=\d)[.)]")
_NUMBER = re.compile(r"\d{1,9}(?=[.)])")
_TAB = 4
# What blocks begin with, and such a line with a tab in it.
_BEGINNINGS = re.compile(r"(?:[ \t>*+-]|\d{1,9}[.)])*")
_INDENTED = re.compile(r"^[ >*+\d.)-]*\t", re.MULTILINE)
_FENCES = re.compile("`{3,}")
_PLAIN_TARGET = re.compile(r"[^\s<>()\\&]+")

InlineRule = Callable[[StateInline, bool], bool]


def standalone(markdown: str) -> str:
    r"""
    `markdown` with `<` that Lemmy shows written as `&lt;`, with its links of the form `[text][label]` as
    `[text](address)`, without their definitions, with footnotes as text (`\[^1]`), and with spaces for the tabs that
    lines are indented by, which reach elsewhere further in.

    Read as CommonMark with HTML it gives the HTML that `markdown` gives without; lines end in `\n`. What cannot be
    rewritten so, or would take long to read, comes as a block of code. Takes a bounded time and never raises.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    reaches = "<" in text or "]:" in text or "[^" in text
    if not reaches and not _INDENTED.search(text):
        return text
    if is_costly(text) or sum(map(text.count, "<[`")) > _MOST_SIGNS:
        return as_code(text)
    rewritten = _rewritten(_spaced(text))
    return as_code(text) if rewritten is None or not _says_the_same(rewritten, text) else rewritten


def as_code(text: str) -> str:
    """`text` word for word, as a block of code between fences that it has none of."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in _FENCES.findall(lines)), 0)
    return f"{fence}\n{lines}\n{fence}"


def escaped(text: str) -> str:
    """Plain `text` as Markdown within a line that says just that, on one line."""
    line = _ENTITY.sub("&amp;", " ".join(text.split())).replace("\0", "\ufffd")
    return _SIGN.sub(r"\\\g<0>", line).replace("<", "&lt;")


def escaped_paragraph(text: str) -> str:
    """Plain `text` as a paragraph of Markdown that says just that, on one line."""
    line = escaped(text)
    number = _NUMBER.match(line)
    return _START.sub(r"\\\g<0>", line, count=1) if number or _START.match(line) else line


def _spaced(text: str) -> str:
    """`text` with spaces for the tabs before and between the signs that its blocks begin with; code keeps its own."""
    if not _INDENTED.search(text):
        return text
    code: dict[int, str] = {}
    for token in _reader().parse(text, {"edits": _Edits()}):
        if token.type in ("fence", "code_block") and token.map:
            code |= enumerate(token.content.split("\n"), token.map[0] + (token.type == "fence"))
    return "\n".join(_unindented(line, code.get(number)) for number, line in enumerate(text.split("\n")))


def _unindented(line: str, code: str | None) -> str:
    signs = _BEGINNINGS.match(line)
    before = len(line) - len(code) if code is not None and line.endswith(code) else signs.end() if signs else 0
    return line[:before].expandtabs(_TAB) + line[before:]


@dataclass(slots=True)
class _Edits:
    """What to change in a text: `defined` are spans of its definitions; `inline` is of the block that is being read."""

    defined: list[tuple[int, int]] = field(default_factory=list)
    inline: list[tuple[int, int, str]] = field(default_factory=list)
    # Where the text that is being read begins in its block: that of a picture is read by itself.
    base: int = 0


def _rewritten(text: str) -> str | None:
    """`text` with all edits made; None where the place of one is not found in it."""
    edits = _Edits()
    env: dict[str, Any] = {"edits": edits}
    tokens = _reader().parse(text, env)
    changes = [(start, end, "") for start, end in edits.defined]
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for token in tokens:
        if token.type == "inline":
            edits.inline.clear()
            _reader().inline.parse(token.content, _reader(), env, [])
            for start, end, new in edits.inline:
                places = _place(text, starts, token, start), _place(text, starts, token, end - 1)
                if None in places:
                    return None
                changes.append((places[0], places[1] + 1, new))  # type: ignore[operator, arg-type]
    return "".join(_changed(text, sorted(changes)))


def _changed(text: str, changes: list[tuple[int, int, str]]) -> Iterator[str]:
    done = 0
    for start, end, new in changes:
        yield text[done:start] + new
        done = max(end, done)
    yield text[done:]


def _place(text: str, starts: list[int], block: Token, offset: int) -> int | None:
    """Where in `text` stands what a block's content has at `offset`: a line of it ends as its line in `text` does."""
    before = block.content[:offset]
    row = (block.map or [0])[0] + before.count("\n")
    begins = before.rfind("\n") + 1
    line = block.content[begins:].partition("\n")[0].strip(" \t")
    indented = block.content.find(line, begins) - begins
    found = text.rfind(line, starts[row], starts[row + 1])
    return None if found < 0 else found + offset - begins - indented


def _says_the_same(rewritten: str, text: str) -> bool:
    """Whether HTML changes nothing in what was rewritten, in tables neither, and it reads as `text` does without."""
    env: dict[str, Any] = {}
    html = _with_html().render(rewritten, env)
    return (
        not env.get("references")
        and html == _without_html().render(text)
        and not any(_is_html(token) for token in _with_tables().parse(rewritten))
    )


def _is_html(token: Token) -> bool:
    return token.type.startswith("html") or any(child.type.startswith("html") for child in token.children or ())


def _parser(*, html: bool) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": html, "maxNesting": _NESTING})
    # Other readers take any address for one.
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - its signature
    made.block.ruler.at("reference", _no_footnote)
    return made


@functools.cache
def _with_html() -> MarkdownIt:
    return _parser(html=True)


@functools.cache
def _with_tables() -> MarkdownIt:
    return _parser(html=True).enable("table")


@functools.cache
def _without_html() -> MarkdownIt:
    return _parser(html=False)


@functools.cache
def _reader() -> MarkdownIt:
    """A parser that notes in `env["edits"]` what is to be changed; it leaves the inside of blocks to be asked for."""
    made = _parser(html=False)
    made.core.ruler.disable("inline")
    made.block.ruler.at("reference", _definition)
    made.inline.ruler.at("link", _addressed(link, opening=1))
    made.inline.ruler.at("image", _addressed(image, opening=2))
    made.inline.ruler.push("less", _less)
    made.inline.ruler.push("footnote", _footnote)
    return made


def _no_footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A definition of a link; that of a footnote is text."""
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("[^", at) and reference(state, start, end, silent)


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    found = _no_footnote(state, start, end, silent)
    if found and not silent:
        lines = range(start, state.line)
        state.env["edits"].defined += [(state.bMarks[n] + state.tShift[n], state.eMarks[n]) for n in lines]
    return found


def _addressed(rule: InlineRule, *, opening: int) -> InlineRule:
    """`rule`, that notes the address of what names it by a label; `opening` is how long the sign before its text is."""

    def addressed(state: StateInline, silent: bool) -> bool:
        if silent:
            return rule(state, silent)
        edits: _Edits = state.env["edits"]
        start, made, base = state.pos, len(state.tokens), edits.base
        edits.base += start + opening if opening > 1 else 0
        found = rule(state, silent)
        edits.base = base
        if found:
            closing = state.md.helpers.parseLinkLabel(state, start + opening - 1, opening == 1)
            if state.src[closing + 1 : state.pos][:1] != "(":
                new = next(token for token in state.tokens[made:] if token.type in ("link_open", "image"))
                # Its closing bracket is written anew: an edit has a place in the text.
                edits.inline.append((base + closing, base + state.pos, f"]({_target(new)})"))
        return found

    return addressed


def _target(token: Token) -> str:
    address = str(token.attrs.get("href", token.attrs.get("src", "")))
    if not _PLAIN_TARGET.fullmatch(address):
        address = f"<{_ENTITY.sub('&amp;', address)}>"
    title = str(token.attrs.get("title", ""))
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "&#10;")):
        title = _ENTITY.sub("&amp;", title).replace(sign, written) if sign == "\\" else title.replace(sign, written)
    return f'{address} "{title}"' if title else address


def _less(state: StateInline, silent: bool) -> bool:
    return _written(state, silent, "<", "&lt;")


def _footnote(state: StateInline, silent: bool) -> bool:
    return state.src.startswith("[^", state.pos) and _written(state, silent, "[", "\\[")


def _written(state: StateInline, silent: bool, sign: str, new: str) -> bool:
    """Whether a sign that no other rule wanted stands here, which is to be written otherwise."""
    if state.src[state.pos] != sign:
        return False
    if not silent:
        edits: _Edits = state.env["edits"]
        edits.inline.append((edits.base + state.pos, edits.base + state.pos + 1, new))
        state.pending += sign
    state.pos += 1
    return True
