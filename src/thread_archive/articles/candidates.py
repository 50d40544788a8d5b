"""Which links may lead to an article at all, and where the Wayback Machine has a copy of one."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote, urlsplit

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls import MAX_LENGTH, host_of, thread_at

_IMAGES = frozenset({
    "apng", "avif", "bmp", "gif", "heic", "ico", "jfif", "jpeg", "jpg", "jxl", "png", "svg", "tif", "tiff",
    "webp",
})  # fmt: skip
_VIDEOS = frozenset({
    "3gp", "avi", "flac", "gifv", "m3u8", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "ogg", "ogv",
    "opus", "wav", "webm", "wmv",
})  # fmt: skip
# Hosts (and those below them) that serve nothing but videos, or nothing but images.
_VIDEO_HOSTS = frozenset({
    "bilibili.com", "dailymotion.com", "nebula.tv", "odysee.com", "redgifs.com", "rumble.com", "streamable.com",
    "tiktok.com", "twitch.tv", "v.redd.it", "vimeo.com", "youtu.be", "youtube.com", "youtube-nocookie.com",
})  # fmt: skip
_IMAGE_HOSTS = frozenset({
    "i.imgur.com", "i.redd.it", "imgur.com", "pbs.twimg.com",
})  # fmt: skip
_PICTRS = re.compile(r"/pictrs/image/[^/]+$")
_COMMUNITY_OR_PERSON = re.compile(r"/[cu]/[\w.-]{1,255}(?:@[\w.:-]{1,255})?/?")
_WAYBACK = re.compile(
    r"https?://(?:web\.)?archive\.org/web/([0-9]{4,14})(?:[a-z]{2}_)?/([^\s<>\"\]]{1,2000})", re.IGNORECASE
)


def why_not_an_article(url: str, *, instances: Collection[str] | None = None) -> str | None:
    """
    Why the page at `url` is not worth fetching as an article, in words that follow “the link”; None if it may be one.

    Blogs, too, have addresses like `/post/123`. With `instances`, only the hosts among them count as Lemmy's by such a
    form; the page itself tells the rest (`Refusal.DISCUSSION_PAGE`).
    """
    try:
        parts = urlsplit(url.strip())
        if len(url) > MAX_LENGTH or parts.scheme.lower() not in ("http", "https"):
            return "is not a web address"
        host = host_of(url.strip())
    except ValueError:
        return "is not a web address"
    extension = parts.path.rpartition("/")[2].rpartition(".")[2].lower()
    if extension in _IMAGES or _PICTRS.search(parts.path) or _within(host, _IMAGE_HOSTS):
        return "leads to an image"
    if extension in _VIDEOS or _within(host, _VIDEO_HOSTS):
        return "leads to a video or a sound"
    if _is_lemmy_page(url, host, unquote(parts.path), instances):
        return "leads to another Lemmy page"
    return None


def _within(host: str, domains: frozenset[str]) -> bool:
    labels = host.partition(":")[0].split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def _is_lemmy_page(url: str, host: str, path: str, instances: Collection[str] | None) -> bool:
    try:
        thread = thread_at(url)
    except UnsupportedURLError:
        return bool(_COMMUNITY_OR_PERSON.fullmatch(path)) and (instances is None or host in instances)
    if thread.instance != host or instances is None:
        return True
    return host in instances or thread.fallback in instances


def wayback_links(texts: Iterable[str], url: str) -> tuple[str, ...]:
    """The Wayback Machine's copies of `url` that any of `texts` (Markdown or plain) links to, the newest first."""
    wanted = _bare(url)
    found: dict[str, str] = {}
    for text in texts:
        for match in _WAYBACK.finditer(text):
            original = _without_markup(match[2])
            if _bare(original) == wanted:
                found[f"https://web.archive.org/web/{match[1]}/{original}"] = match[1].ljust(14, "0")
    return tuple(sorted(found, key=lambda link: (found[link], link), reverse=True))


def _without_markup(address: str) -> str:
    """An address without what follows it in a sentence or closes a link of Markdown."""
    while address and (address[-1] in ".,;:!?'*_" or (address[-1] == ")" and address.count("(") < address.count(")"))):
        address = address[:-1]
    return address


def _bare(url: str) -> str:
    """An address without what often differs between two ways of writing it: scheme, `www.`, fragment, last slash."""
    address = re.sub(r"^(?:https?:/{1,2})?(?:www\.)?", "", url.partition("#")[0].strip(), flags=re.IGNORECASE)
    host, slash, path = address.partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/")
