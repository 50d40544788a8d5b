"""How much of a server's answer we are willing to take."""

from dataclasses import dataclass

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits(Limits):
    """
    Bounds on one linked page; those of Limits hold for each step of it (a redirect, a robots.txt, the page).

    - `seconds_in_all`: for robots.txt, redirects, waits and retries together: an article never holds up its thread
    - `robots_bytes`: how much of a robots.txt is read; the rest of a longer one is ignored (RFC 9309, 2.5)
    - `crawl_delay`: the longest Crawl-delay, in seconds, that is kept; beyond it is for crawlers of whole sites
    """

    wire_bytes: int = 10 * MEBIBYTE
    decoded_bytes: int = 10 * MEBIBYTE
    seconds_in_all: float = 60.0
    robots_bytes: int = 500 * KIBIBYTE
    crawl_delay: float = 10.0
