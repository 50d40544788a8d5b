"""
Characters that show nothing and steer whoever shows a text: what a terminal obeys, what turns the direction of lines,
what hides words in words.

Text from outside is printed and exported without them.
"""

import re

# What ends a line for some readers and not for others; within a text each is a blank.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ENDS = re.compile("\r\n?")
# A variation selector (Unicode 23.4) chooses the look of the sign before it: of a digit, of what is no letter of ours,
# never of another selector. In rows they hide bytes behind one sign.
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_VARIED = "0-9#*\u00a9\u00ae\u203c\u2049\u2100-\ud7ff\uf900-\ufdff\ufe10-\ufefe\uff00-\uffef\U00010000-\U000dffff"
_STEERING = re.compile(
    # Controls (Cc) but tab and newline, and halves of characters that are none (Cs).
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
    # Marks, embeddings, overrides and isolates of direction (UAX #9), and what was meant for digits and shapes.
    "\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    # Separators and byte order marks that nobody sees; annotations between lines; shorthand and music.
    "\u180e\u2028\u2029\ufeff\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    # Tags: ASCII that is not shown; and the rest of the plane that shows nothing.
    f"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]|(?<![{_VARIED}])[{_SELECTORS}]"
)


def without_controls(text: str) -> str:
    r"""
    `text` without characters that steer whoever shows it. Tabs stay, and so do ends of lines, as `\n`; other breaks
    become blanks.

    What is made of what this gives is the same again.
    """
    return _STEERING.sub("", _BREAKS.sub(" ", _ENDS.sub("\n", text)))


def escaped_controls(json_text: str) -> str:
    r"""The same JSON value (RFC 8259 §7) with every character that steers written as `\u` and four digits."""
    return _STEERING.sub(_escaped, json_text)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
