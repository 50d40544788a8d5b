"""Whether an answer is a page of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.fetching.media import is_text, not_text


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/html", True),
        ("text/html; charset=utf-8", True),
        ("Application/XHTML+XML", True),
        ("text/plain;format=flowed", True),
        ("", True),
        (" ; charset=utf-8", True),
        ("application/pdf", False),
        ("text/htmlx", False),
        ("image/svg+xml", False),
        ("application/octet-stream", False),
        ("multipart/x-mixed-replace; boundary=text/html", False),
    ],
)
def test_header_tells_pages_from_files(content_type: str, text: bool) -> None:
    """By the type alone, whatever its parameters; without one the content has to tell."""
    assert is_text(content_type) is text


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"%PDF-1.4", "a PDF"),
        (b"\r\n  %PDF-1.4", "a PDF"),
        (b"\x89PNG\r\n\x1a\n....", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"GIF89a....", "a picture"),
        (b"PK\x03\x04", "a ZIP"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a picture, a sound"),
        (b"\0\0\0\x20ftypavif", "a picture, a sound"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    ],
)
def test_beginning_tells_what_a_file_is(body: bytes, what: str) -> None:
    """The common kinds that are handed out as text."""
    assert what in not_text(body)


@given(st.text(), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "koi8-r", "gb18030", "shift_jis"]))
def test_text_is_text_in_any_encoding(text: str, encoding: str) -> None:
    """A page that begins with a tag is a page; half of its bytes may be NUL."""
    assert not_text(f"<p>{text}".encode(encoding, errors="replace")) == ""


@pytest.mark.parametrize(
    "body", [b"", b" ", b"%PD", b"About %PDF- files", b"GIF8 is a prefix", b"PKs and others", b"RIF"]
)
def test_likeness_is_not_enough(body: bytes) -> None:
    """Only the whole mark, at the beginning."""
    assert not_text(body) == ""
