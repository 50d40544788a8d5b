"""
What hides in a spoiler, marked word by word: a search finds it, no excerpt shows it.

An excerpt may begin or end inside a spoiler, so that marks around the whole would be cut off. Hence each word has its
own pair, of which a cut loses at most one.
"""

import re

# Invisible wherever a text is shown as it is, allowed in XML, and separators to FTS5, which takes private-use
# characters and noncharacters for parts of words. In plain text they stand for nothing else.
OPEN, CLOSE = "\u2063", "\u2064"
MARKS = f"[{OPEN}{CLOSE}]"
SHOWN = "▒▒▒"
"""What an excerpt has in place of hidden words."""

# A token of FTS5's unicode61: letters, digits, private use, and the diacritics it keeps with their letter. What it does
# not know may split a word in two, which marks twice and hides the same.
_WORD = re.compile("(?:[^\\W_]|[\u0300-\u0331]|[\ue000-\uf8ff])+")
_HIDDEN = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*(?:{CLOSE}|$)|^[^{OPEN}{CLOSE}]*{CLOSE}")
_RUN = re.compile(rf"{SHOWN}(?:\W*{SHOWN})+")


def hide(text: str) -> str:
    """`text` with each word marked as hidden."""
    return _WORD.sub(rf"{OPEN}\g<0>{CLOSE}", text)


def conceal(excerpt: str) -> str:
    """`excerpt`, cut anywhere between two words out of text with marks, with SHOWN for what is hidden."""
    if OPEN not in excerpt and CLOSE not in excerpt:
        return excerpt
    return _RUN.sub(SHOWN, _HIDDEN.sub(SHOWN, excerpt))


def reveal(text: str) -> str:
    """`text` without marks, for whoever wants all of it."""
    return text.replace(OPEN, "").replace(CLOSE, "")
