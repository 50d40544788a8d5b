"""
Reading a body without trusting it: 292 KB of gzip can stand for 300 MB, and a decoder that is asked for "the next
piece" may give 67 MB at once.
"""

import zlib

import httpx

from thread_archive.exceptions import TooLargeError
from thread_archive.fetching.limits import MEBIBYTE, Limits

# All that the decoder below understands; brotli and zstd would save 1.6 KB a page and cost a dependency.
ACCEPT_ENCODING = b"gzip, deflate"

AT_ONCE = MEBIBYTE
PIECE = 64 * 1024

GZIP = 16 + zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS


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
    encoding = response.headers.get("content-encoding", "").strip().lower()
    try:
        body = _decoded(wire, encoding, limits.decoded_bytes)
    except zlib.error as error:
        raise httpx.DecodingError(f"damaged {encoding}") from error
    if body is None:
        raise _too_large(url, limits.decoded_bytes)
    return body, len(wire)


def _decoded(wire: bytearray, encoding: str, limit: int) -> bytes | None:
    """`wire` decoded, or None if that is more than `limit` bytes."""
    if encoding in ("", "identity") or not wire:
        return bytes(wire) if len(wire) <= limit else None
    if encoding in ("gzip", "x-gzip"):
        return _inflated(wire, GZIP, limit)
    if encoding == "deflate":
        # RFC 9110 means zlib by it; some servers send the bare stream. The first two bytes tell (RFC 1950, 2.2).
        is_zlib = wire[0] & 0x0F == zlib.DEFLATED and int.from_bytes(wire[:2], "big") % 31 == 0
        return _inflated(wire, ZLIB if is_zlib else RAW_DEFLATE, limit)
    raise httpx.DecodingError(f"an encoding that was not asked for ({encoding[:40]})")


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
        next="A Lemmy does not answer so; check that the address is a thread's.",
        url=url,
    )
