"""What an answer is, and its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.articles.pages import Media, decode, media_of


@pytest.mark.parametrize(
    ("content_type", "body", "media"),
    [
        ("text/html; charset=utf-8", b"<p>x", Media.HTML),
        ("application/xhtml+xml", b"<?xml version='1.0'?><html>", Media.HTML),
        ("application/xml", b"<?xml version='1.0'?>\n<!DOCTYPE html><html>", Media.HTML),
        ("application/octet-stream", b"\xef\xbb\xbf <!doctype html>", Media.HTML),
        ("text/plain", b"<!doctype html><html>", Media.HTML),
        ("text/plain", b"just words", Media.TEXT),
        ("", b"<div>hello</div>", Media.HTML),
        ("", b"hello", Media.TEXT),
        ("text/html", b"%PDF-1.7", Media.PDF),
        ("application/pdf", b"", Media.PDF),
        ("text/html", b"\x89PNG\r\n\x1a\n", Media.IMAGE),
        ("image/webp", b"", Media.IMAGE),
        ("video/mp4", b"", Media.VIDEO),
        ("text/html", b"\0\0\0 ftypmp42", Media.VIDEO),
        ("audio/mpeg", b"", Media.VIDEO),
        ("application/json", b"{}", Media.OTHER),
        ("application/zip", b"PK", Media.OTHER),
        ("application/rss+xml", b"<rss>", Media.OTHER),
    ],
)
def test_what_it_is(content_type: str, body: bytes, media: Media) -> None:
    assert media_of(content_type, body) is media


@pytest.mark.parametrize(
    ("text", "encoding", "header", "markup"),
    [
        ("Größe", "utf-8", "text/html; charset=utf-8", ""),
        ("Größe", "utf-8", "text/html; charset=iso-8859-1", ""),  # said wrongly by many servers
        ("Größe “x”", "cp1252", "text/html; charset=ISO-8859-1", ""),
        ("Größe “x”", "cp1252", "text/html", '<meta charset="latin1">'),
        ("Привет", "cp1251", 'text/html; charset="windows-1251"', ""),
        ("Привет", "koi8-r", "text/html", '<META http-equiv=Content-Type content="text/html; charset=koi8-r">'),
        ("山脚下", "gb18030", "text/html", "<meta charset=gb2312>"),
        ("港町の時計", "shift_jis", "text/html", "<meta charset=Shift_JIS>"),
        ("港町の時計", "iso2022_jp", "text/html; charset=iso-2022-jp", ""),
        ("مدرسة", "cp1256", "text/html; charset=windows-1256", ""),
        ("Größe", "utf-16", "text/html", ""),
        ("Größe", "utf-16-le", "text/html; charset=utf-16", ""),
        ("Größe", "utf-8-sig", "text/html; charset=windows-1251", ""),
    ],
)
def test_encodings(text: str, encoding: str, header: str, markup: str) -> None:
    assert text in decode((markup + text).encode(encoding), header)


def test_a_declaration_under_which_the_bytes_make_no_sense_is_not_believed() -> None:
    text = "Поезд останавливается там, только если кто-нибудь поднимет руку. Так было семьдесят лет. " * 20
    assert "Поезд" in decode(text.encode("cp1251"), "text/html; charset=utf-8")


def test_one_bad_byte_costs_one_sign() -> None:
    text = ("Größe und Maß. " * 50).encode() + b"\xff" + b"Ende"
    assert decode(text, "text/html; charset=utf-8").endswith("�Ende")


@pytest.mark.parametrize("label", ["utf-7", "unicode_escape", "idna", "rot13", "hex", "no-such", "zlib", "\u0130"])
def test_encodings_that_are_not_of_the_web_stay_closed(label: str) -> None:
    assert decode(b"+ADw-script+AD4- \\u0041", f"text/html; charset={label}") == "+ADw-script+AD4- \\u0041"


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_become_printable_text(body: bytes, header: str) -> None:
    text = decode(body, f"text/html; charset={header}")
    text.encode("utf-8")
    assert not set(text) & {"\0", "\x1b", "\x7f", "\r"}
