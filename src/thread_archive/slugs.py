"""Public addresses of posts and comments, made of their identity alone, so that a link never rots."""

from hashlib import sha256

_BYTES = 10
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
# Ten bits at a time: a page has hundreds of these, and base64.b32encode takes five times as long.
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)


def slug(ap_id: str) -> str:
    """The first 80 bits of the SHA-256 of an ap_id in base32, lower case: 16 characters of a-z and 2-7."""
    bits = int.from_bytes(sha256(ap_id.encode("utf-8", "surrogatepass")).digest()[:_BYTES])
    pairs = _PAIRS
    return (
        f"{pairs[bits >> 70]}{pairs[bits >> 60 & 1023]}{pairs[bits >> 50 & 1023]}{pairs[bits >> 40 & 1023]}"
        f"{pairs[bits >> 30 & 1023]}{pairs[bits >> 20 & 1023]}{pairs[bits >> 10 & 1023]}{pairs[bits & 1023]}"
    )
