"""Hosts have one name, however they are written."""

import pytest

from thread_archive.archiving.visiting import home_of
from thread_archive.urls import host_in, host_of, parse_thread_url, with_a_labels

# What browsers make of them: the WHATWG URL standard, by way of UTS 46.
NAMES = {
    "straße.example": "xn--strae-oqa.example",
    "strasse.example": "strasse.example",
    "STRASSE.example": "strasse.example",
    "Straße.Example.": "xn--strae-oqa.example",
    "βόλος.example": "xn--nxasmm1c.example",
    "βόλοσ.example": "xn--nxasmq6b.example",
    "ΒΌΛΟΣ": "xn--nxasmq6b",
    "STRAẞE.example": "xn--strae-oqa.example",
    "stra%C3%9Fe.example": "xn--strae-oqa.example",
    "☃.example": "xn--n3h.example",
    "bücher.example": "xn--bcher-kva.example",
    "bu\u0308cher.example": "xn--bcher-kva.example",
    "日本語。example": "xn--wgv71a119e.example",
    "ｌｅｍｍｙ.example": "lemmy.example",
    "lem\u00admy.example": "lemmy.example",
    "💩.example": "xn--ls8h.example",
    "نامه\u200cای.example": "xn--mgba3gch31f060k.example",
    "xn--strae-oqa.example": "xn--strae-oqa.example",
    "a_b.bücher.example": "a_b.xn--bcher-kva.example",
}


@pytest.mark.parametrize(("written", "name"), NAMES.items())
def test_a_host_is_named_as_browsers_name_it(written: str, name: str) -> None:
    assert host_of(f"https://{written}/post/1") == name
    assert parse_thread_url(f"https://{written}/post/1").canonical == f"https://{name}/post/1"


@pytest.mark.parametrize(
    "host",
    [
        "℀.example",
        "a\u200db.example",
        "ab\u0338=.example",
        "-ü.example",
        "a%40b.example",
        "a%2Fb.example",
        "ü" * 80 + ".example",
    ],
)
def test_what_browsers_refuse_is_no_host(host: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        host_of(f"https://{host}/")


def test_both_ways_of_writing_a_host_are_one_instance() -> None:
    written, labels = "https://Straße.example:8443/post/1", "https://xn--strae-oqa.example:8443/post/1"
    assert parse_thread_url(written) == parse_thread_url(labels)
    assert host_in(written) == host_in(labels) == home_of(written) == "xn--strae-oqa.example:8443"


def test_a_host_in_an_ap_id_that_is_no_name_stays_as_it_is_written() -> None:
    assert host_in("https://℀.Example/u/x") == "℀.example"


@pytest.mark.parametrize(
    ("url", "asked"),
    {
        "https://Straße.example:8443/a?b=ü#c": "https://xn--strae-oqa.example:8443/a?b=ü#c",
        "https://me@💩.example/": "https://me@xn--ls8h.example/",
        "https://lemmy.example/ü": "https://lemmy.example/ü",
        "/ü": "/ü",
        "https://lemmy.example/": "https://lemmy.example/",
    }.items(),
)
def test_only_the_host_of_an_address_is_put_into_a_labels(url: str, asked: str) -> None:
    assert with_a_labels(url) == asked
