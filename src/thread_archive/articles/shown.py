"""A page's tree without what its markup hides from every reader."""

from copy import copy

from bs4 import BeautifulSoup, Tag

from thread_archive.articles.markup import attribute, take_out

# What the style sheets of the web call text that only screen readers speak.
_FOR_SCREEN_READERS = frozenset({
    "a11y-hidden", "assistive-text", "screen-reader-only", "screen-reader-text", "screenreader-only", "sr-only",
    "visually-hidden", "visuallyhidden",
})  # fmt: skip


def without_hidden(soup: BeautifulSoup) -> BeautifulSoup:
    """
    A copy of a page's tree without what no browser shows; the very same tree where all is shown.

    `hidden`, `display: none` and `visibility: hidden` count as HTML and CSS define them. `aria-hidden` counts too: it
    marks decoration, or a second copy of what is there for all; so do the classes of text for screen readers alone.
    A `<template>` is shown where it is the shadow tree of its parent. What a control of the page opens
    (`aria-controls`) is shown to readers who want it.
    """
    visible = _around_visible(soup)
    if not any(_is_hidden(tag, visible) for tag in soup.find_all(True)):
        return soup
    page = copy(soup)
    visible = _around_visible(page)
    controls = page.find_all(True, attrs={"aria-controls": True})
    opened = {name for tag in controls for name in attribute(tag, "aria-controls").split()}
    take_out([tag for tag in page.find_all(True) if _is_hidden(tag, visible) and attribute(tag, "id") not in opened])
    return page


def _around_visible(page: BeautifulSoup) -> set[int]:
    """The identities of all elements around one that says `visibility: visible`: CSS shows it in an invisible one."""
    found: set[int] = set()
    for tag in page.find_all(True, attrs={"style": True}):
        if _declarations(attribute(tag, "style")).get("visibility") != "visible":
            continue
        for around in tag.parents:
            if id(around) in found:
                break
            found.add(id(around))
    return found


def _is_hidden(tag: Tag, visible: set[int]) -> bool:
    style = _declarations(attribute(tag, "style"))
    if "display" in style:
        gone = style["display"] == "none"
    else:
        gone = tag.has_attr("hidden") and attribute(tag, "hidden").lower() != "until-found"
    unseen = style.get("visibility") in ("hidden", "collapse") and id(tag) not in visible
    unused = tag.name == "template" and not (tag.has_attr("shadowrootmode") or tag.has_attr("shadowroot"))
    spoken = not _FOR_SCREEN_READERS.isdisjoint(attribute(tag, "class").split())
    return gone or unseen or unused or spoken or attribute(tag, "aria-hidden").lower() == "true"


def _declarations(style: str) -> dict[str, str]:
    """The declarations of a `style` attribute, of several for one property the last."""
    found = {}
    for declaration in style.lower().split(";"):
        name, _, value = declaration.partition(":")
        found[name.strip()] = value.replace("!important", "").strip()
    return found
