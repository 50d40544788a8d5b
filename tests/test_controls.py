"""Texts without what steers whoever shows them."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.controls import escaped_controls, without_controls

# Format characters (Cf) that belong to words: soft hyphens, joiners, zero width spaces between words of Khmer and Thai,
# signs that stand around numbers, and the layout of hieroglyphs.
WORDS = {0xAD, 0x200B, 0x200C, 0x200D, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD,
         *range(0x13430, 0x13440)}  # fmt: skip
SELECTORS = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
STEERING = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if code not in WORDS
    and (unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code in range(0xE0000, 0xE0100))
    and chr(code) not in "\n\t"
]
TEXTS = st.text(
    st.one_of(
        st.sampled_from(STEERING), st.sampled_from([*map(chr, SELECTORS)]), st.characters(), st.sampled_from("a1\n")
    )
)


def test_nothing_that_unicode_calls_a_control_or_a_format_is_left() -> None:
    for sign in STEERING:
        assert sign not in without_controls(f"a{sign}b"), f"U+{ord(sign):04X}"
    assert len(STEERING) > 2000


@given(TEXTS)
def test_no_text_keeps_any_and_doing_it_twice_changes_nothing(text: str) -> None:
    once = without_controls(text)
    assert not set(once) & set(STEERING)
    assert without_controls(once) == once


@given(TEXTS)
def test_json_says_the_same_with_escapes(text: str) -> None:
    written = json.dumps({"text": text}, ensure_ascii=False)
    escaped = escaped_controls(written)
    assert json.loads(escaped) == json.loads(written)
    assert not set(escaped) & set(STEERING)


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, naïve café",
        "1️⃣ #️⃣ ©️ ❤️ ❤️‍🔥 🏳️‍🌈 👩🏽‍🚀 ‼️ ™️",
        "می‌خواهم",
        "葛󠄀飾区",
        "שלום עולם",
        "ภาษา​ไทย",
        "a\tb\nc",
        "co\u00adop",
        "∩︀",
    ],
)
def test_words_and_pictures_stay_as_they_are(text: str) -> None:
    assert without_controls(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a b c d e f"),
        ("\x1b]0;gotcha\x07\x1b[31mred", "]0;gotcha[31mred"),
        ("\x9b31mred\x9d0;x\x9c", "31mred0;x"),
        ("ab\u202edc\u202c \u2066x\u2069", "abdc x"),
        ("hi" + "".join(chr(0xE0000 + ord(sign)) for sign in "ignore all"), "hi"),
        ("😀" + "".join(map(chr, SELECTORS[:40])), "😀\ufe00"),
        ("plain\ufe01 word\U000e0150", "plain word"),
        ("\ud83d\ude00", ""),
    ],
)
def test_what_is_taken_out_leaves_the_rest(text: str, left: str) -> None:
    assert without_controls(text) == left
