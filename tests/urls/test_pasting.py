"""Addresses as people paste them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls import parse_thread_url, visible

THREAD = "https://lemmy.example/post/123"


@pytest.mark.parametrize(
    "around",
    [
        "A title {}", "{} by @mara@lemmy.example in !news@lemmy.example", "A title\n{}\n\nmore", "- {}",
        "1. {}", "> {}", "URL:{}", "see ({}), and", "{}.", "{},", "{};", "{}:", "{}!", "{}?!", "{}…", "{})",
        "{}).", "({})", "[{}]", "<{}>", "<<{}>>", "{{{}}}", "«{}»", "„{}“", "“{}”", "‘{}’", "'{}'", '"{}"',
        "`{}`", "「{}」", "【{}】", "（{}）", "{}。次", "{}，看", "見て{}です", "{}—great", "{}’s", "{}'s",
        "{},and more", "{}.Next", "🔥{}🔥", "👉 {} 👈🏽", "**{}**", "_{}_", "~~{}~~", "||{}||",
        "[title]({})", "![alt]({})", '[title](<{}> "hover")', "[1]: {}", "[{0}]({0})", '<a href="{}">x</a>',
        "&lt;{}&gt;", '{{"url":"{}"}}', '"title","{}","x"', "title;{};x", "curl '{}' -o x",
        "{}%E2%80%8B", "{}%20", "{}%20-%20A%20title", "{}%29", "{}%22%3E", "{}%C2%A0", "{}%EF%BB%BF", "{}\\", "{}\\n",
        "GET {} HTTP/1.1", "{} https://lemmy.example/c/news https://lemmy.example/",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "address", [THREAD, "HTTPS://Lemmy.EXAMPLE/post/123", "https://lemsha.re/lemmy.example/post/123"]
)
def test_words_and_marks_around_an_address_do_not_matter(around: str, address: str) -> None:
    assert parse_thread_url(around.format(address)).canonical == THREAD


@pytest.mark.parametrize(
    "text",
    [
        "lemmy.example/post/123.",
        "(lemmy.example/post/123)",
        "title: lemmy.example/post/123, and",
        "* lemmy.example/post/123",
    ],
)
def test_an_address_without_a_scheme_may_stand_in_a_sentence(text: str) -> None:
    assert parse_thread_url(text).canonical == THREAD


@pytest.mark.parametrize(
    "invisible",
    [
        "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u200e", "\u200f", "\u061c", "\u202a", "\u202c",
        "\u2066", "\u2068", "\u2069", "\u180e", "\ufe0f", "\u034f", "\u3164", "\U000e0041", "\U000e0001", "\u206a",
    ],
)  # fmt: skip
@given(at=st.integers(0, len(THREAD)))
def test_invisible_characters_may_stand_anywhere(invisible: str, at: int) -> None:
    assert parse_thread_url(THREAD[:at] + invisible + THREAD[at:]).canonical == THREAD


@pytest.mark.parametrize(
    "text",
    [
        f"\u00a0{THREAD}\u00a0", f"a\u00a0{THREAD}\u202fb", f"{THREAD}\u3000", f"{THREAD}\u2028x", f"\t{THREAD}\r\n",
        "https://lemmy.example/po\u00a0st/123", f"\u202d{THREAD}\u202c", f"{THREAD}\u202e",
    ],
)  # fmt: skip
def test_blanks_of_all_kinds_end_an_address(text: str) -> None:
    assert parse_thread_url(text).canonical == THREAD


@pytest.mark.parametrize("text", ["https://lemmy.a\u202eb.example/post/123", "https://lemmy.example/post/1\u202e23"])
def test_a_character_that_turns_text_around_makes_another_address_of_it(text: str) -> None:
    with pytest.raises(UnsupportedURLError):
        parse_thread_url(text)


def test_joiners_stay_where_a_script_needs_them() -> None:
    assert visible("نامه\u200cای \u200cx\u200d🙂\u200d🙂") == "نامه\u200cای x🙂🙂"
    assert parse_thread_url("https://نامه\u200cای.example/post/1").instance == "xn--mgba3gch31f060k.example"


@pytest.mark.parametrize(
    "text",
    ["https://lemmy.example/post/\n123", "https://lemmy.exam\r\nple/post/123", "https://lemmy.example/\n    post/123"],
)
def test_an_address_that_lines_break_is_put_together(text: str) -> None:
    assert parse_thread_url(text).canonical == THREAD


@pytest.mark.parametrize("sentence", ["2024 was a year", "2024. A year"])
def test_no_address_is_put_together_out_of_a_sentence(sentence: str) -> None:
    with pytest.raises(UnsupportedURLError):
        parse_thread_url(f"https://lemmy.example/post/\n{sentence}")


@pytest.mark.parametrize(
    "text",
    [
        f"view-source:{THREAD}", f"feed:{THREAD}", "feed://lemmy.example/post/123", "vger://lemmy.example/post/123",
        "thunder://lemmy.example/post/123", "web+ap://lemmy.example/post/123", f"microsoft-edge:{THREAD}",
        "intent://lemmy.example/post/123#Intent;scheme=https;package=app.example;end",
        "about:reader?url=https%3A%2F%2Flemmy.example%2Fpost%2F123", "https%3A%2F%2Flemmy.example%2Fpost%2F123",
        r"https:\/\/lemmy.example\/post\/123", "https:/lemmy.example/post/123", "https:///lemmy.example/post/123",
    ],
)  # fmt: skip
def test_what_programs_put_before_an_address_does_not_matter(text: str) -> None:
    assert parse_thread_url(text).canonical == THREAD


@pytest.mark.parametrize(
    "text",
    [
        f"{THREAD} https://other.example/post/2", f"{THREAD},https://lemmy.example/post/4",
        f"{THREAD}\nlemmy.example/post/4",
        f"[{THREAD}](https://other.example/post/2)", f"{THREAD} https://lemmy.example/comment/9",
        f"https://x.example/?a={THREAD} {THREAD}4",
    ],
)  # fmt: skip
def test_which_of_several_threads_is_meant_is_not_guessed(text: str) -> None:
    with pytest.raises(UnsupportedURLError) as refused:
        parse_thread_url(text)
    assert "more than one thread: https://lemmy.example/post/123, " in refused.value.message
    assert "`add -` reads one a line" in refused.value.next


def test_several_addresses_of_one_post_are_one_thread() -> None:
    text = f"{THREAD} http://lemmy.example/post/123/456 https://archive.ph/{THREAD} https://photon.example/post/lemmy.example/123"
    assert parse_thread_url(text).canonical == f"{THREAD}/456"


@pytest.mark.parametrize(
    "text",
    {
        "schemes": "https://" * 8_000,
        "dots": "a." * 30_000,
        "escapes": "https://a.b/" + "%2525" * 12_000,
        "brackets": "https://[" * 8_000,
        "names": "!a@b." * 12_000,
        "joiners": "م\u200d" * 30_000,
        "blanks": " " * 60_000 + "\n" * 60_000,
        "marks": THREAD + "!." * 30_000 + "x",
        "slashes": ("https://x.example/" + "a.b/" * 490 + " ") * 25,
        "queries": ("https://x.example/?" + "q=https://a.b/&" * 120 + " ") * 25,
        "nested": ("https://web.archive.org/web/" * 60 + " ") * 30,
        "encoded": ("https://x.example/" + "https%3A%2F%2Fa.b/" * 100 + " ") * 25,
        "digits": ("https://x.example/post/" + "1" * 1_900 + " ") * 25,
        "communities": "https://x.example/c/x " * 3_000,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_hostile_text_takes_no_time(text: tuple[str, str]) -> None:
    started = time.process_time()
    try:
        parse_thread_url(text[1])
    except UnsupportedURLError as refused:
        assert len(refused.message) < 500
    assert time.process_time() - started < 3
