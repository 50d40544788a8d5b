"""A server's answer as text, and what it is: by its header and by its first bytes."""

import codecs
import re
from enum import StrEnum

import charset_normalizer


class Media(StrEnum):
    """What kind of thing an answer is."""

    HTML = "html"
    TEXT = "text"
    PDF = "pdf"
    IMAGE = "image"
    VIDEO = "video"
    OTHER = "other"


_TYPES = {
    "text/html": Media.HTML,
    "application/xhtml+xml": Media.HTML,
    "text/plain": Media.TEXT,
    "text/markdown": Media.TEXT,
    "application/pdf": Media.PDF,
    "application/x-pdf": Media.PDF,
}
_FAMILIES = {"image": Media.IMAGE, "video": Media.VIDEO, "audio": Media.VIDEO}
# What says nothing, or may still be a web page.
_VAGUE = frozenset({"", "application/octet-stream", "application/xml", "text/xml", "text/plain", "unknown/unknown"})
_SIGNATURES = (
    (re.compile(rb"\s{0,20}%PDF-"), Media.PDF),
    (
        re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|....ftyp(?:avif|heic|mif1)", re.DOTALL),
        Media.IMAGE,
    ),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3|OggS|ID3|RIFF....(?:AVI |WAVE)|fLaC", re.DOTALL), Media.VIDEO),
)
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,2000}-->\s*){0,5}<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_IN_HEADER = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_IN_MARKUP = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE
)
# Where browsers look for a declaration (1,024 bytes), and some more: pages do put it late.
_MARKUP_HEAD = 8_192
_SAMPLE = 65_536
# The encodings of the web (WHATWG Encoding Standard) by Python's names, each as browsers read it: what is called
# Latin-1 is windows-1252, GB 2312 is GB 18030. Python's other codecs (utf-7, unicode_escape, …) stay closed.
_BROADER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-9": "cp1254",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "utf-16": "utf-16-le",
}
_ALLOWED = frozenset(
    {
        "utf-8",
        "utf-16-le",
        "utf-16-be",
        "gb18030",
        "big5",
        "big5hkscs",
        "euc_jp",
        "iso2022_jp",
        "cp932",
        "cp949",
        "koi8-r",
        "koi8-u",
        "cp866",
        "cp874",
        "mac-roman",
        "mac-cyrillic",
    }
    | {f"cp125{digit}" for digit in range(9)}
    | {f"iso8859-{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)}
)
# Their bytes are valid UTF-8 as well, so a declaration must be believed before UTF-8 is tried.
_BELIEVED_FIRST = frozenset({"utf-16-le", "utf-16-be", "iso2022_jp"})
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# A text in which more than this share could not be decoded is in another encoding than it says.
_TOLERATED = 0.01


def media_of(content_type: str, body: bytes) -> Media:
    """What an answer is: the header's word, unless its first bytes are those of something else."""
    head = body[:4_096]
    for signature, media in _SIGNATURES:
        if signature.match(head):
            return media
    mime = content_type.partition(";")[0].strip().lower()
    if mime in _VAGUE and _HTML_START.match(head):
        return Media.HTML
    if mime == "" and b"\0" not in head:
        return Media.HTML if b"</" in head or b"<p" in head.lower() else Media.TEXT
    return _TYPES.get(mime) or _FAMILIES.get(mime.partition("/")[0], Media.OTHER)


def decode(body: bytes, content_type: str = "") -> str:
    """
    The text of `body`, whatever its header and its markup say of its encoding; never raises.

    In the order of the WHATWG Encoding Standard (byte order mark, header, markup), but for two things: what is valid
    UTF-8 is UTF-8 whatever it is called, and a declaration under which the bytes make no sense is not believed.
    What cannot be decoded becomes U+FFFD; control characters and lone surrogates are dropped.
    """
    return printable(_decoded(body, content_type))


def printable(text: str) -> str:
    """`text` without NUL, other controls, lone surrogates and noncharacters, its line breaks all alike."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(body: bytes, content_type: str) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _declared(body, content_type)
    order = [name for name in declared if name in _BELIEVED_FIRST]
    order += ["utf-8", *(name for name in declared if name not in _BELIEVED_FIRST)]
    for encoding in order:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    for encoding in order[1:] + order[:1]:
        text = body.decode(encoding, "replace")
        if text.count("�") <= _TOLERATED * len(text):
            return text
    guess = charset_normalizer.from_bytes(body[:_SAMPLE]).best()
    return body.decode((guess and _known(guess.encoding)) or "cp1252", "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    """Python's names of the encodings that header and markup name, if they are of the web."""
    labels = [match[1] for match in [_IN_HEADER.search(content_type)] if match]
    labels += [match[1].decode("ascii", "replace") for match in [_IN_MARKUP.search(body[:_MARKUP_HEAD])] if match]
    return list(dict.fromkeys(name for name in map(_known, labels) if name))


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    name = _BROADER.get(name, name)
    return name if name in _ALLOWED else None
