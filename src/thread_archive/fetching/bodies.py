"""
Reading a body without trusting it, or leaving it: 292 KB of gzip can stand for 300 MB, and a decoder that is asked for
"the next piece" may give 67 MB at once.
"""

import zlib

import httpx

from thread_archive.exceptions import TooLargeError
from thread_archive.fetching.limits import KIBIBYTE, MEBIBYTE, Limits

# All that the decoder below understands; brotli and zstd would save 1.6 KB a page and cost a dependency.
ACCEPT_ENCODING = b"gzip, deflate"

AT_ONCE = MEBIBYTE
PIECE = 64 * 1024

GZIP = 16 + zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS

# A body of so many bytes is sooner received than a new connection is made.
SHORT = 16 * KIBIBYTE


def read_body(response: httpx.Response, limits: Limits, *, url: str) -> tuple[bytes, int]:
    """
    The decoded body of `response` (open, from a GuardedTransport) and its size on the wire.

    Raises TooLargeError, and httpx.DecodingError for a body that is cut short, damaged or in an encoding that was not
    asked for; what the transport raises passes through.
    """
    # h11 has made sure that this is a number.
    if int(response.headers.get("content-length", 0)) > limits.wire_bytes:
        raise _too_large(url, limits.wire_bytes)
    # One growing buffer, since a list of the chunks would cost 20 times their size where each is a byte or two. No
    # chunk size is asked for: httpx would wait until it has that much, past any deadline.
    wire = bytearray()
    for chunk in response.iter_raw():
        wire += chunk
        if len(wire) > limits.wire_bytes:
            raise _too_large(url, limits.wire_bytes)
    body = _decoded(wire, response, limits.decoded_bytes)
    if body is None:
        raise _too_large(url, limits.decoded_bytes)
    return body, len(wire)


def read_start(response: httpx.Response, limit: int) -> tuple[bytes, int]:
    """
    The first `limit` bytes of the decoded body of `response` (or all there are) and the bytes that came for it.

    Raises httpx.DecodingError as `read_body` does, but not for what is beyond the limit.
    """
    wire = bytearray()
    for chunk in response.iter_raw():
        wire += chunk
        if len(wire) >= limit:
            break
    wbits = _wbits(wire, response)
    if wbits is None:
        return bytes(wire[:limit]), len(wire)
    try:
        return zlib.decompressobj(wbits).decompress(wire, limit), len(wire)
    except zlib.error as error:
        raise httpx.DecodingError("damaged") from error


def leave(response: httpx.Response) -> tuple[bytes, int]:
    """
    Leave the body of `response` unread: no bytes of body, and what came over the network for it.

    A short one is taken off the connection all the same, so that the next request can go over it.
    """
    headers = response.headers
    if "transfer-encoding" in headers or int(headers.get("content-length", SHORT + 1)) > SHORT:
        return b"", 0
    return b"", sum(len(chunk) for chunk in response.iter_raw())


def _wbits(wire: bytearray, response: httpx.Response) -> int | None:
    """How zlib is to read `wire`, the body (or its start) of `response`; None if it is not compressed."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity") or not wire:
        return None
    if encoding in ("gzip", "x-gzip"):
        return GZIP
    if encoding == "deflate":
        # RFC 9110 means zlib by it; some servers send the bare stream. The first two bytes tell (RFC 1950, 2.2).
        is_zlib = wire[0] & 0x0F == zlib.DEFLATED and int.from_bytes(wire[:2], "big") % 31 == 0
        return ZLIB if is_zlib else RAW_DEFLATE
    raise httpx.DecodingError(f"an encoding that was not asked for ({encoding[:40]})")


def _decoded(wire: bytearray, response: httpx.Response, limit: int) -> bytes | None:
    """`wire`, the whole body of `response`, decoded; None if that is more than `limit` bytes."""
    wbits = _wbits(wire, response)
    if wbits is None:
        return bytes(wire) if len(wire) <= limit else None
    try:
        return _inflated(wire, wbits, limit)
    except zlib.error as error:
        raise httpx.DecodingError("damaged compression") from error


def _inflated(wire: bytearray, wbits: int, limit: int) -> bytes | None:
    """`wire` decompressed, or None if that is more than `limit` bytes; zlib.error if it is not one whole stream."""
    decoder = zlib.decompressobj(wbits)
    body = decoder.decompress(wire, AT_ONCE)
    if decoder.eof:
        _check_end(decoder.unused_data)
        return body if len(body) <= limit else None
    # A large one is measured first: a bomb then costs no memory, and a real page no more than its size.
    del decoder, body
    size = _measured(wire, wbits, limit)
    return None if size is None else zlib.decompress(wire, wbits, size)


def _measured(wire: bytearray, wbits: int, limit: int) -> int | None:
    """How many bytes `wire` decompresses to; None as soon as that is beyond `limit`."""
    decoder = zlib.decompressobj(wbits)
    size = used = 0
    while not decoder.eof:
        piece: bytes | bytearray = decoder.unconsumed_tail
        if not piece:
            piece = wire[used : used + PIECE]
            used += len(piece)
        grown = len(decoder.decompress(piece, PIECE))
        if not piece and not grown:
            raise zlib.error("cut short")
        size += grown
        if size > limit:
            return None
    _check_end(decoder.unused_data or wire[used:])
    return size


def _check_end(rest: bytes | bytearray) -> None:
    if rest:
        raise zlib.error("something follows its end")


def _too_large(url: str, limit: int) -> TooLargeError:
    return TooLargeError(
        f"The answer to {url} is larger than the {limit / MEBIBYTE:.3g} MiB that we accept.",
        next="Neither a Lemmy's answer nor an article is so large; check the address.",
        url=url,
    )
