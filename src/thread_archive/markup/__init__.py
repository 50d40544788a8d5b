"""Lemmy's Markdown: as plain text for the index, as safe HTML for pages, and the links in it."""

from thread_archive.markup.addresses import base_of, normalised
from thread_archive.markup.isolation import as_code, escaped, escaped_paragraph, standalone
from thread_archive.markup.links import links_in_html
from thread_archive.markup.rendering import (
    RENDERER_VERSION,
    Rendered,
    cleaned,
    cost_of,
    find_links,
    plain_text,
    render,
    render_html,
)

__all__ = [
    "RENDERER_VERSION",
    "Rendered",
    "as_code",
    "base_of",
    "cleaned",
    "cost_of",
    "escaped",
    "escaped_paragraph",
    "find_links",
    "links_in_html",
    "normalised",
    "plain_text",
    "render",
    "render_html",
    "standalone",
]
