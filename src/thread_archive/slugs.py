"""Public addresses of posts and comments, made of their identity alone, so that a link never rots."""

from base64 import b32encode
from hashlib import sha256

_BYTES = 10


def slug(ap_id: str) -> str:
    """The first 80 bits of the SHA-256 of an ap_id in base32, lower case: 16 characters of a-z and 2-7."""
    return b32encode(sha256(ap_id.encode("utf-8", "surrogatepass")).digest()[:_BYTES]).decode("ascii").lower()
