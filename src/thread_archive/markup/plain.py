"""Lemmy's Markdown as plain text, for the index: what a reader sees, without signs."""

import re
from html import unescape

from thread_archive.spoilers import CLOSE, MARKS, OPEN, hide, reveal

# Text without any of these has nothing to take away. Searched one by one: together they would take three times as long.
_SIGNS = re.compile(rf"[*_`~^<>\[\]\\&#|:+={OPEN}{CLOSE}-]")
_NUMBERED = re.compile(r"\n\s*\d{1,9}[.)]")
_NUMBER = re.compile(r"\s*\d{1,9}[.)]")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*\n?", re.MULTILINE)
_SPOILER = re.compile(r"^((?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*):{3,}[ \t]*spoiler\b[ \t]*([^\n]*)$", re.MULTILINE)
_SPOILER_END = re.compile(r"\n[ \t>]*:{3,}[ \t]*$", re.MULTILINE)
_MARK = re.compile(f"({MARKS})")
# Block quotes, headings and list marks may stand before one another.
_BLOCK = re.compile(
    r"^[ \t]*(?:(?:>[ \t]?|#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,9}[.)][ \t]+))+", re.MULTILINE
)
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|[ \t:|-]*$", re.MULTILINE)
_PIPE = re.compile(r"[ \t]*\|[ \t]*")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,2000})\]\((?:[^()\s]|\([^()\s]{0,500}\)){0,2000}(?:[ \t]+\"[^\"\n]{0,500}\")?\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>|<!--[^>]{0,2000}-->")
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=[^\s*_])|(?<=[^\s*_])(\*{1,3}|_{1,3})(?!\w)|(?<=\w)\*\*|\*\*(?=\w)")
_PAIRED = re.compile(r"~~([^~\n]{1,5000})~~|~([^~\s]{1,500})~|\^([^^\s]{1,500})\^|`{1,2}([^`\n]{1,5000})`{1,2}")
_BLANKS = re.compile(r"[ \t]{2,}")
_LINES = re.compile(r"\n[ \t]*\n\s*")
# Stands for an escaped sign while signs are taken away (a private-use area of Unicode).
_HIDDEN = 0xF0000


def plain_text(markdown: str) -> str:
    """
    The text of `markdown` as a reader sees it: link texts without their addresses, images by their alt text, spoilers
    open, with the marks of `spoilers.hide`.

    The same string where there is nothing to take away. Never raises; takes time linear in the length.
    """
    if not (_SIGNS.search(markdown) or _NUMBER.match(markdown) or _NUMBERED.search(markdown)):
        return markdown
    text = reveal(markdown)
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: chr(_HIDDEN + ord(match[1])), text)
    if "`" in text or "~" in text:
        text = _FENCE.sub("", text)
    if ":::" in text:
        text = _SPOILER_END.sub(CLOSE, _SPOILER.sub(rf"\1\2{OPEN}", text))
    if "|" in text:
        text = _PIPE.sub(" ", _TABLE_RULE.sub("", text))
    text = _BLOCK.sub("", _RULE.sub("", text))
    if "](" in text:
        # Twice: a picture may be the text of a link.
        text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))
    if "<" in text:
        text = _TAG.sub("", _AUTOLINK.sub(r"\1", text))
    if "~" in text or "^" in text or "`" in text:
        text = _PAIRED.sub(lambda match: next(group for group in match.groups() if group is not None), text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub("", text)
    if "&" in text:
        text = unescape(text)
    if text != markdown:
        text = _LINES.sub("\n\n", _BLANKS.sub(" ", text)).strip()
    if "\\" in markdown:
        text = text.translate({_HIDDEN + code: chr(code) for code in range(0x21, 0x7F)})
    return _hide_spoilers(text) if OPEN in text or CLOSE in text else text


def _hide_spoilers(text: str) -> str:
    """Words within spoilers hidden; until here, a mark stood at either end of each."""
    depth, parts = 0, []
    for part in _MARK.split(text):
        if part == OPEN:
            depth += 1
        elif part == CLOSE:
            depth = max(depth - 1, 0)
        else:
            parts.append(hide(part) if depth else part)
    return "".join(parts)
