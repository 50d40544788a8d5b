"""How much of a server's answer we are willing to take."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Bounds on one request: bytes of body on the wire and decoded, seconds for one answer (from the look-up of the
    host to the last byte), redirects followed.

    The defaults are those of an API page: Lemmy's v3 repeats the post in every comment, so that 300 comments on
    a 50,000-character post make about 15 MB, and a server need not compress.
    """

    wire_bytes: int = 32 * MEBIBYTE
    decoded_bytes: int = 32 * MEBIBYTE
    seconds: float = 30.0
    redirects: int = 5
