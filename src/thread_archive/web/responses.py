"""Answers: what may be kept how long, what the reader has already, compressed where that is understood."""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

from datasette.utils.asgi import Response

from thread_archive.web import policies

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
# A file that never changes may still be replaced by another one under the same address.
IMMUTABLE = "public, max-age=86400"
MUTABLE = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
# Less than this is not worth compressing. Level 4 takes a third of the time of 6 for 5 % more bytes.
_SMALLEST = 1000
_LEVEL = 4


def answer(request: Any, body: str | bytes, content_type: str, *, cache: str, status: int = 200) -> Response:
    """`body`, or that the reader has it already."""
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
    etag = f'W/"{hashlib.sha256(raw).hexdigest()[:24]}"'
    headers = {
        "Content-Security-Policy": policies.OURS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
    }
    if status == 200:
        headers["ETag"] = etag
        if _has(request.headers, etag):
            return Response(body=b"", status=304, headers=headers, content_type=content_type)
    if len(raw) >= _SMALLEST and _takes_gzip(request.headers):
        headers["Content-Encoding"] = "gzip"
        raw = gzipped(raw)
    return Response(body=raw, status=status, headers=headers, content_type=content_type)


def gzipped(raw: bytes) -> bytes:
    """`raw` as gzip, the same bytes every time."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    return compressor.compress(raw) + compressor.flush()


def _takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether `Accept-Encoding` (RFC 9110 §12.5.3) takes gzip."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            weight = parameters.replace(" ", "").removeprefix("q=")
            return not parameters or weight.strip("0.") != ""
    return False


def _has(headers: Mapping[str, str], etag: str) -> bool:
    """Whether `If-None-Match` (RFC 9110 §13.1.2) names this state."""
    given = [part.strip() for part in headers.get("if-none-match", "").split(",")]
    return "*" in given or any(part.removeprefix("W/") == etag.removeprefix("W/") for part in given)
