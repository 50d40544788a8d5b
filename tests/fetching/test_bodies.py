"""Bodies: decoded within bounds, or refused."""

import functools
import gzip
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetching.memory import printed_by
from fetching.servers import answer
from thread_archive.captures import Request
from thread_archive.exceptions import InstanceUnreachableError, TooLargeError
from thread_archive.fetching import Limits
from thread_archive.fetching.bodies import MEBIBYTE, leave, read_body, read_start

RAW_DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BARE = RAW_DEFLATE.compress(b'{"a": 1}') + RAW_DEFLATE.flush()
SMALL = Limits(wire_bytes=2000, decoded_bytes=5000)


class Pieces(httpx.SyncByteStream):
    """A body that arrives in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.taken = 0

    def __iter__(self):
        for piece in self.pieces:
            self.taken += 1
            yield piece


def read(body: bytes | Pieces, encoding: str = "", limits: Limits = SMALL, **headers: str) -> tuple[bytes, int]:
    stream = body if isinstance(body, Pieces) else Pieces(body)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    answered = httpx.Response(200, headers=headers | {"content-encoding": encoding}, stream=stream)
    return read_body(answered, limits, url="https://lemmy.test/")


packed = functools.partial(gzip.compress, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("", b'{"a": 1}'),
        ("identity", b'{"a": 1}'),
        ("gzip", packed(b'{"a": 1}')),
        ("x-gzip", packed(b'{"a": 1}')),
        ("GZip ", packed(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("deflate", BARE),
    ],
)
def test_each_encoding_that_is_asked_for_is_decoded(encoding: str, wire: bytes) -> None:
    """gzip, both things called deflate, and none; the size on the wire is counted before decoding."""
    assert read(wire, encoding) == (b'{"a": 1}', len(wire))


@given(st.binary(max_size=4000), st.integers(1, 40), st.sampled_from(["", "gzip", "deflate"]))
def test_pieces_make_no_difference(body: bytes, size: int, encoding: str) -> None:
    """However the network cuts a body, it is the same."""
    wire = {"": bytes, "gzip": packed, "deflate": zlib.compress}[encoding](body)
    pieces = Pieces(*(wire[start : start + size] for start in range(0, len(wire), size)))
    limits = Limits(wire_bytes=8000, decoded_bytes=4000)
    assert read(pieces, encoding, limits) == (body, len(wire))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("size", [3 * MEBIBYTE, 3 * MEBIBYTE + 77, MEBIBYTE, MEBIBYTE + 1])
def test_large_body_is_whole(encoding: str, size: int) -> None:
    """What is measured before it is decoded comes out the same; exactly the limit is allowed, a byte more is not."""
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    wire = {"gzip": packed, "deflate": zlib.compress}[encoding](body)
    assert read(wire, encoding, Limits(decoded_bytes=size))[0] == body
    with pytest.raises(TooLargeError):
        read(wire, encoding, Limits(decoded_bytes=size - 1))


@pytest.mark.parametrize("tail", [1, 77, 65536])
def test_large_bare_deflate_is_whole(tail: int) -> None:
    """A bare stream has no trailer: its last bytes may come out after all input has gone in."""
    body = b"a" * (2 * MEBIBYTE + tail)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    wire = packer.compress(body) + packer.flush()
    assert read(wire, "deflate", Limits())[0] == body


def test_wire_limit_stops_reading() -> None:
    """An endless body is left as soon as it is too long, not read to its end."""
    endless = Pieces(*[b"x" * 500] * 100)
    with pytest.raises(TooLargeError, match="larger than") as caught:
        read(endless)
    assert endless.taken == 5
    assert caught.value.url == "https://lemmy.test/"


def test_announced_size_beyond_the_limit_is_not_read() -> None:
    """Content-Length alone is enough to refuse."""
    body = Pieces(b"x" * 10)
    with pytest.raises(TooLargeError):
        read(body, content_length="2001")
    assert body.taken == 0


@pytest.mark.parametrize("size", [4999, 5000, 5001])
def test_decoded_limit_is_exact(size: int) -> None:
    """The limit itself is allowed; a byte more is not."""
    wire = packed(b"x" * size)
    if size <= 5000:
        assert len(read(wire, "gzip")[0]) == size
    else:
        with pytest.raises(TooLargeError):
            read(wire, "gzip")


@pytest.mark.parametrize(
    ("wire", "encoding"),
    [
        (packed(b"x" * 900)[:-1], "gzip"),
        (packed(bytes(range(256)))[:40], "gzip"),
        (packed(b"x") + b"more", "gzip"),
        (packed(b"x") + packed(b"y"), "gzip"),
        (b"<html>", "gzip"),
        (zlib.compress(b"x" * 900)[:-2], "deflate"),
        (BARE[:-3], "deflate"),
        (b"x", "br"),
        (b"x", "zstd"),
        (packed(packed(b"x")), "gzip, gzip"),
    ],
)
def test_damaged_body_is_an_error(wire: bytes, encoding: str) -> None:
    """Cut short, followed by something, not what it says, or not what was asked for: never half a body."""
    with pytest.raises(httpx.DecodingError):
        read(wire, encoding)


LARGE = packed(bytes(range(256)) * 8192)


@pytest.mark.parametrize("wire", [LARGE[:-1], LARGE[:-9], LARGE[:-3000], LARGE + b"x", LARGE + bytes(99999)])
def test_damaged_large_body_is_an_error(wire: bytes) -> None:
    """The way that measures first notices it too."""
    with pytest.raises(httpx.DecodingError):
        read(wire, "gzip", Limits())


def test_empty_body_needs_no_decoding() -> None:
    """An answer without a body may still name an encoding."""
    assert read(b"", "gzip") == (b"", 0)


@pytest.mark.parametrize(
    "broken",
    [
        answer(b"{}", content_length="10"),
        answer(packed(b"x" * 900)[:-4], content_encoding="gzip", connection="close"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_broken_transfer_is_an_error(client, serve, broken: bytes) -> None:
    """What does not follow HTTP, or ends before it should, is asked for three times more and then reported."""
    server = serve(lambda _: [broken, None])
    with pytest.raises(InstanceUnreachableError, match=r"lemmy\.test"):
        client.get(Request(url=server.url))
    assert len(server.asked) == 4


def response(stream: httpx.SyncByteStream, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers={name.replace("_", "-"): text for name, text in headers.items()}, stream=stream)


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 9000])
def test_start_of_a_body_is_its_first_bytes(encoding: str, size: int) -> None:
    """As many as are asked for, or all; encoded or not."""
    body = (bytes(range(256)) * 40)[:size]
    wire = {"": bytes, "gzip": packed, "deflate": zlib.compress}[encoding](body)
    assert read_start(response(Pieces(wire), content_encoding=encoding), 1000)[0] == body[:1000]


def test_start_of_an_endless_body_is_enough() -> None:
    """What follows is not waited for."""
    endless = Pieces(*[b"x" * 300] * 100)
    assert read_start(response(endless), 1000) == (b"x" * 1000, 1200)
    assert endless.taken == 4


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"content_length": "9"}, 3),
        ({"content_length": "99999999"}, 0),
        ({}, 0),
        ({"content_length": "9", "transfer_encoding": "chunked"}, 0),
    ],
)
def test_only_a_short_body_is_taken_off_the_connection(headers: dict[str, str], taken: int) -> None:
    """One that says so: the next answer can then follow it. Nothing of it is kept."""
    body = Pieces(b"xxx", b"xxx", b"xxx")
    assert leave(response(body, **headers)) == (b"", 3 * taken)
    assert body.taken == taken


BOMB = """
import sys
import httpx
from thread_archive.exceptions import TooLargeError
from thread_archive.fetching.bodies import read_body
from thread_archive.fetching.limits import Limits
from fetching.memory import peak
from fetching.test_bodies import Pieces
wire = sys.stdin.buffer.read()
before = peak()
try:
    read_body(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(wire)), Limits(), url="")
except TooLargeError:
    print(peak() - before)
"""


def test_bomb_costs_no_memory(bomb: bytes) -> None:
    """300 KB that stand for 300 MB are refused before the process has grown by 30 MB."""
    assert printed_by(BOMB, stdin=bomb) < 30 * MEBIBYTE
