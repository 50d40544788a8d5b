"""
A Capture is one visit to a thread; an Exchange is one request of it and its answer.

Exchanges are the evidence: they are kept as they came (less what `withholding` blanks), and everything
else in the archive can be made from them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

JSON = "application/json"
ACTIVITY_JSON = "application/activity+json"

# What an answer's headers can tell later: its type, language and age, who cached it, what its authors allow, and how
# fast we may ask.
KEPT_HEADERS = frozenset(
    {
        "age",
        "cache-control",
        "content-language",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "server",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-robots-tag",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET to make: an absolute `url`, the media type to ask for, and whether to make it with the person's login."""

    url: str
    accept: str = JSON
    login: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """
    A linked page to fetch. `etag` and `last_modified` are what those headers said at an earlier visit: a page that is
    still the same is then answered with 304 and no body. `ignore_robots` is for a person to decide, never a default.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    ignore_robots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    One request and its answer.

    `body` is decoded (no content encoding) and empty where there was none; `wire_bytes` is what crossed the
    network for it. `final_url` differs from `url` after redirects. `headers` holds KEPT_HEADERS only, in
    lower case. `withheld` lists the JSON pointers (RFC 6901) whose values were blanked before storing.
    """

    url: str
    status: int
    requested_at: datetime
    body: bytes
    method: str = "GET"
    final_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    logged_in: bool = False
    wire_bytes: int = 0
    withheld: tuple[str, ...] = ()
