"""
A text as it appears: what a person reads, or a browser follows, each character with its place in what was written.

Entities and percent-encoding are decoded, Markdown's backslashes and marks and all unseen characters are gone, and
letters are in their plain form (NFKC: full-width, circled, bold ones). Takes time in proportion to the text.
"""

import re
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape

# Something may be encoded twice (`%2540`, `&amp;#64;`), or once each way.
_MOST_DECODINGS = 4
_CODED = re.compile(
    r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};)|(?:%[0-9a-fA-F]{2})++|\\u[0-9a-fA-F]{4}"
)
_MAY_BE_CODED = re.compile(r"[&%]|\\u")
_BLANK = re.compile(r"\s")
# Marks of Markdown that go, and what Unicode calls default-ignorable; control characters show nothing either.
_UNSEEN = re.compile(
    "[\\\\*~^`\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
_LONE_ACCENT = re.compile(f"[{_ACCENTS}]")
# So many at once: to sort more of them takes quadratic time.
_CLUSTER = re.compile(f"(?s:.)[{_ACCENTS}]{{1,16}}|[^\x00-\x7f]")
_SPELLED = re.compile(
    r"[ \t]?[\[({<][ \t]?(?:(?P<at>@|at)|\.|dot)[ \t]?[\])}>][ \t]?|[ \t]dot[ \t]|[ \t]\.[ \t]?(?=\w)", re.IGNORECASE
)
# What of a link is not read: where it leads, and its brackets; and tags, which are shown or not.
_LINK = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,200}+>|<!--[^<>\n]{0,200}+>"
    r"|\]\(<?[^()<>\s]{0,2000}+>?(?:[ \t]++(?:\"[^\"\n]{0,500}+\"|'[^'\n]{0,500}+'))?\)|\]\[[^\[\]\n]{0,200}+\]|[\[\]]"
)
_MAY_LINK = re.compile(r"\][(\[]|<[/!a-zA-Z]")
# NFKC does not know these: letters in boxes and flags, dots, slashes and dashes of other scripts.
_PLAIN = {
    first + number: chr(ord("a") + number) for first in (0x1F150, 0x1F170, 0x1F1E6) for number in range(26)
} | str.maketrans("\u3002\u2044\u2215\u2010\u2012\u2013\u2014\u2015\u2212", ".//------")
# Letters that look like those of ASCII (the commonest of Unicode's confusables.txt).
_LOOKALIKES = {
    ord(letter): plain
    for plain, letters in {
        "a": "аɑαᴀАΑꓮ", "b": "вьƅЬʙᏏВΒꓐ", "c": "сᴄϲСϹꓚ", "d": "ԁᴅժꓓ", "e": "еҽεᴇЕΕꓰ", "f": "ꜰϝꓝ", "g": "ɡցɢԍꓖ",
        "h": "һհʜНΗꓧ", "i": "іıιɩɪІΙӀ", "j": "јᴊϳЈꓙ", "k": "кκᴋКΚꓗ", "l": "ӏʟꓡ", "m": "мᴍМΜꓟ", "n": "ոηɴпΝꓠ",
        "o": "оοօᴏОΟꓳ", "p": "рρᴘРΡꓑ", "q": "ԛ", "r": "гʀꓣ", "s": "ѕꜱЅꓢ", "t": "тτᴛТΤꓔ", "u": "սυμᴜꓴ", "v": "ѵνᴠꓦ",
        "w": "ԝωᴡꓪ", "x": "хχХΧꓫ", "y": "уүγʏУΥꓬ", "z": "ζᴢΖꓜ",
    }.items()
    for letter in letters
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Appearance:
    """A text as it appears; `starts` and `ends` say of each character where what it was made of begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in what was written stands what is read from `start` to `end` (which are not the same)."""
        return self.starts[start], self.ends[end - 1]

    def without_links(self) -> "Appearance":
        """The texts of links and elements alone, as they are read in one go with what stands around them."""
        return _replaced(self, _LINK, lambda _: "") if _MAY_LINK.search(self.text) else self


def appearance(written: str) -> Appearance:
    """What `written`, be it Markdown, an address or plain text, looks like."""
    seen = Appearance(written, range(len(written)), range(1, len(written) + 1))
    for _ in range(_MOST_DECODINGS):
        decoded = _replaced(seen, _CODED, _decoded) if _MAY_BE_CODED.search(seen.text) else seen
        if decoded is seen:
            break
        seen = decoded
    seen = _replaced(seen, _UNSEEN, lambda _: "")
    # Nearly every text is in its plain form, which is quickly seen.
    if plain_letters(seen.text) != seen.text:
        seen = _replaced(seen, _CLUSTER, lambda match: plain_letters(match[0]))
    return _replaced(seen, _SPELLED, lambda match: "@" if match["at"] else ".")


def skimmed(written: str) -> str:
    """`written` without unseen signs and in plain letters, quickly and without places; what is encoded stays so."""
    return plain_letters(_UNSEEN.sub("", written))


def plain_letters(letters: str) -> str:
    """Letters in their plain form: composed, of usual width, without accents that belong to no letter."""
    if letters.isascii():
        return letters
    return _LONE_ACCENT.sub("", unicodedata.normalize("NFKC", letters).translate(_PLAIN))


def look_alike(name: str) -> str:
    """`name` with ASCII's letters for those of other scripts that look like them; the same where there are none."""
    return name if name.isascii() else name.translate(_LOOKALIKES)


def _decoded(match: re.Match[str]) -> str:
    code = match[0]
    if code.startswith("&"):
        return unescape(code)
    if code.startswith("\\"):
        return bytes.fromhex(code[2:]).decode("utf-16-be", "replace")
    # A blank in an address does not end it.
    return _BLANK.sub("+", bytes.fromhex(code.replace("%", "")).decode("utf-8", "replace"))


def _replaced(seen: Appearance, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]) -> Appearance:
    """`seen` with what `new` makes of each match; the very same where that is what stands there."""
    parts: list[str] = []
    starts, ends, at = array("l"), array("l"), 0
    for match in pattern.finditer(seen.text):
        piece, (start, end) = new(match), match.span()
        if piece == match[0]:
            continue
        parts += (seen.text[at:start], piece)
        starts.extend(seen.starts[at:start])
        ends.extend(seen.ends[at:start])
        starts.extend([seen.starts[start]] * len(piece))
        ends.extend([seen.ends[end - 1]] * len(piece))
        at = end
    if not parts:
        return seen
    starts.extend(seen.starts[at:])
    ends.extend(seen.ends[at:])
    return Appearance("".join([*parts, seen.text[at:]]), starts, ends)
