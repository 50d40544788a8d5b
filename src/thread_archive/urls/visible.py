"""Text without what nobody sees in it, which chats, word processors and web pages put into what people copy."""

import re

# Unicode's Default_Ignorable_Code_Point (soft hyphen, zero width space, byte order mark, direction marks, variation
# selectors, tags, fillers), but not the two that turn text around: what is read then is not what is written.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202c\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Joiners mean something between letters of a script that joins them: the name of a host may hold one.
_SCRIPT = "\u0300-\u1fff\u2c00-\u2fef\u3040-\ufdff"
_JOINERS = re.compile(f"(?<![{_SCRIPT}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_SCRIPT}])")


def visible(text: str) -> str:
    """`text` without invisible characters."""
    return text if text.isascii() else _JOINERS.sub("", _INVISIBLE.sub("", text))
