"""Texts of posts and comments as HTML."""

import re

from thread_archive.markup import render_html
from thread_archive.store.threadpages import CommentRow, ThreadHead

_HEADING, _HEADING_END = re.compile(r"<h[1-6]\b"), re.compile("</h[1-6]>")
# Of sanitised HTML: in an attribute no "<" stands as it is.
_BLOCK = re.compile(r"<(p|h[1-6]|li|blockquote|t[dh]|caption|d[td]|figcaption|summary)(?=[\s>])(?![^<>]*\sdir=)")
_CODE = re.compile(r"<pre(?=[\s>])(?![^<>]*\sdir=)")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")


def html_of(body: str, body_html: str | None) -> str:
    """Sanitised HTML: what the archive holds, or what `body` gives where it holds none."""
    if body_html is None:
        return render_html(body)
    # What an older release made says of no block from which side it is read.
    return body_html if ' dir="' in body_html else directed(body_html)


def lang(language: str) -> str:
    """The attribute that says in which language a text is; empty where nobody said."""
    return f' lang="{language}"' if language != "und" and _TAG.fullmatch(language) else ""


def directed(html: str) -> str:
    """`html` from elsewhere whose blocks say for themselves from which side they are read, and code from the left."""
    return _CODE.sub(r'<pre dir="ltr"', _BLOCK.sub(r'<\1 dir="auto"', html))


def gone(*, deleted: bool, removed: bool) -> str:
    """What stands in the place of a text that was taken back; empty where it was not."""
    if deleted:
        return "Deleted by its author."
    return "Removed by a moderator." if removed else ""


def text_html(item: ThreadHead | CommentRow) -> str:
    """The text of an item, or what became of it, in its box."""
    why = gone(deleted=bool(item.deleted), removed=bool(item.removed))
    if why:
        return f'<div class="body md gone">{why}</div>'
    html = html_of(item.body, item.body_html)
    if "<h" in html:
        # A comment's headings would tear holes into the outline of the page, whatever their levels.
        html = _HEADING_END.sub("</p>", _HEADING.sub('<p class="heading"', html))
    return f'<div class="body md"{lang(item.language)}>{html}</div>'
