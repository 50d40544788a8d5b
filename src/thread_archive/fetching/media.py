"""Whether an answer is a page of text: by what its header says before it is read, and by how it begins after."""

TEXT_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})

# How files begin that servers hand out as text/html or text/plain.
_BEGINNINGS = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF87a", "a picture"),
    (b"GIF89a", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"PK\x03\x04", "a ZIP file, or a document made of one"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x28\xb5\x2f\xfd", "a compressed file"),
    (b"\xfd7zXZ\x00", "a compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file"),
    (b"Rar!\x1a\x07", "a compressed file"),
    (b"OggS\x00", "a sound or a video"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"\x7fELF", "a program"),
)
# Containers whose kind follows their length: RIFF (WebP, WAV, AVI) and ISO media (MP4, AVIF, HEIC).
_CONTAINERS = ((slice(0, 4), b"RIFF"), (slice(4, 8), b"ftyp"))

_SPACE = b" \t\r\n"
_LOOKED_AT = 1024


def is_text(content_type: str) -> bool:
    """Whether `content_type`, a header, names a page of text; an empty one does not say, so that the page is read."""
    media_type = content_type.partition(";")[0].strip().lower()
    return not media_type or media_type in TEXT_TYPES


def not_text(body: bytes) -> str:
    """What `body` is, by how it begins, if it is no text: "a PDF", "a picture"; else nothing."""
    start = body[:_LOOKED_AT]
    stripped = start.lstrip(_SPACE)
    for beginning, what in _BEGINNINGS:
        if stripped.startswith(beginning):
            return what
    if any(start[place] == mark for place, mark in _CONTAINERS):
        return "a picture, a sound or a video"
    return ""
