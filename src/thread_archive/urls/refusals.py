"""What is said of a text that is not the address of a thread; a password in it is not repeated."""

import re

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls.visible import visible

UNDERSTOOD = (
    "What is understood: https://INSTANCE/post/ID, https://INSTANCE/comment/ID, the addresses of Voyager, Photon, "
    "Tesseract, Alexandrite, Blorp, mlmym and of sites that redirect to a thread, and saved copies of those in the "
    "Wayback Machine and archive.today."
)
_SHOWN = 100
_SCHEME = re.compile(r"https?:/{1,2}", re.IGNORECASE)
_COLON, _AT = re.compile(":|%3a", re.IGNORECASE), re.compile("@|%40")
_USER_INFORMATION = re.compile(r"//[^/?#\s]*@")


def without_password(text: str) -> str:
    """
    What somebody typed as an address, fit to be shown: without user names and passwords before a host.

    A password need not be written as it should be, and an address may stand in a query, quoted or not: rather too much
    is taken for one than too little.
    """
    start = match.end() if (match := _SCHEME.match(text)) else 0
    end = max((match.end() for match in _AT.finditer(text, start)), default=start)
    if _COLON.search(text, start, end):
        text = f"{text[:start]}…@{text[end:]}"
    return _USER_INFORMATION.sub("//…@", text)


def refused(
    text: str, what: str = "is not the address of a Lemmy thread.", *, next: str = UNDERSTOOD
) -> UnsupportedURLError:
    """The error that says of `text` what it is (`what`) and what to do."""
    shown = without_password(visible(text))
    return UnsupportedURLError(f"{shown[:_SHOWN] + '…' if len(shown) > _SHOWN else shown!r} {what}", next=next)
