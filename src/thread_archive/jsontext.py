"""JSON as text: where its strings stand, and putting others in their place, so that the rest stays byte for byte."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(rb'("(?:[^"\\]++|\\.)*+")(\s*+:)?|[{}\[\],]', re.DOTALL)
# Only whether a string is a member's name. One that nothing ends is read once, to the end.
_NAMED = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"(\s*+:)?)?', re.DOTALL)
# Twenty times the longest of any Lemmy. Each value has one, so that a name of a megabyte, or values a thousand deep,
# would make each value cost as much.
MAX_POINTER = 2_000
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class TooNestedError(Exception):
    """A value lies so deep, or under so long names, that its pointer has more than MAX_POINTER characters."""


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """Bytes `start` to `end`, at the JSON pointer `pointer`, and what stands there instead."""

    start: int
    end: int
    pointer: str
    replacement: bytes


@dataclass(slots=True)
class _Frame:
    pointer: str
    is_object: bool
    key: str = ""
    index: int = 0


def child_pointer(pointer: str, key: str | int) -> str:
    """The pointer (RFC 6901) of a member of what `pointer` points at; raises TooNestedError."""
    name = key.replace("~", "~0").replace("/", "~1") if isinstance(key, str) else str(key)
    if len(pointer) + len(name) > MAX_POINTER:
        raise TooNestedError
    return f"{pointer}/{name}"


def key_of(quoted: bytes) -> str:
    """The member's name that a string token with its quotes writes."""
    text = quoted[1:-1].decode("utf-8", "replace")
    if "\\" not in text:
        return text
    try:
        name: str = json.loads(quoted)
    except ValueError:
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return name


def cuts_at(body: bytes, replacements: Mapping[str, bytes]) -> Iterator[Cut]:
    """
    Cuts for the strings of the well-formed JSON `body` whose pointers `replacements` names; doubled keys all.

    Raises TooNestedError.
    """
    for pointer, start, end in strings(body):
        if pointer in replacements:
            yield Cut(start, end, pointer, replacements[pointer])


def strings(body: bytes) -> Iterator[tuple[str, int, int]]:
    """
    (pointer, start, end) of each string of the well-formed JSON `body` that is a value, with its quotes.

    Raises TooNestedError.
    """
    stack: list[_Frame] = [_Frame(pointer="", is_object=False)]
    for match in _TOKEN.finditer(body):
        top = stack[-1]
        if match[2] is not None:
            top.key = key_of(match[1])
            continue
        token = match[0]
        if token in (b"}", b"]"):
            stack.pop()
        elif token == b",":
            top.index += 1
        else:
            where: str | int = top.key if top.is_object else top.index
            # The bottom frame stands for the document itself, which has the pointer "".
            pointer = child_pointer(top.pointer, where) if len(stack) > 1 else ""
            if token in (b"{", b"["):
                stack.append(_Frame(pointer=pointer, is_object=token == b"{"))
            else:
                yield pointer, match.start(1), match.end(1)


def count_names(body: bytes) -> int:
    """How many members the objects of the well-formed JSON `body` have, those of the same name each by itself."""
    return sum(map(bool, _NAMED.findall(body)))


def names(body: bytes) -> Iterator[tuple[str, str, int, int]]:
    """(pointer, name, start, end) of each member's name in the well-formed JSON `body`, with its quotes."""
    stack: list[_Frame] = [_Frame(pointer="", is_object=False)]
    for match in _TOKEN.finditer(body):
        top, token = stack[-1], match[0]
        if match[2] is not None:
            top.key = key_of(match[1])
            yield child_pointer(top.pointer, top.key), top.key, match.start(1), match.end(1)
        elif token in (b"{", b"["):
            where: str | int = top.key if top.is_object else top.index
            pointer = child_pointer(top.pointer, where) if len(stack) > 1 else ""
            stack.append(_Frame(pointer=pointer, is_object=token == b"{"))
        elif token in (b"}", b"]"):
            stack.pop()
        elif token == b",":
            top.index += 1


def overwritten(body: bytes) -> Iterator[Cut]:
    """
    Cuts that make nothing of each member of the well-formed JSON `body` that a later one of the same name overwrites.

    Decoders believe the last one (ours do), so that nobody reads what the others say.
    """
    stack: list[_Frame] = [_Frame(pointer="", is_object=False)]
    members: list[dict[str, tuple[int, int, str]]] = [{}]
    start = -1

    def end_member(end: int) -> Iterator[Cut]:
        top = stack[-1]
        if not top.is_object or start < 0:
            return
        if (earlier := members[-1].get(top.key)) is not None:
            yield Cut(*earlier, b"null")
        members[-1][top.key] = (start, end, child_pointer(top.pointer, top.key))

    starts: list[int] = []
    for match in _TOKEN.finditer(body):
        top, token = stack[-1], match[0]
        if match[2] is not None:
            top.key, start = key_of(match[1]), match.end()
        elif token in (b"{", b"["):
            where: str | int = top.key if top.is_object else top.index
            pointer = child_pointer(top.pointer, where) if len(stack) > 1 else ""
            starts.append(start)
            stack.append(_Frame(pointer=pointer, is_object=token == b"{"))
            members.append({})
            start = -1
        elif token in (b"}", b"]"):
            yield from end_member(match.start())
            stack.pop()
            members.pop()
            start = starts.pop()
        elif token == b",":
            yield from end_member(match.start())
            top.index, start = top.index + 1, -1


def splice(body: bytes, cuts: Iterable[Cut]) -> tuple[bytes, tuple[str, ...]]:
    """`body` with the cuts made, and the pointers of those that changed something."""
    parts: list[bytes] = []
    pointers: list[str] = []
    position = 0
    for cut in sorted(cuts):
        if cut.start < position:  # inside something that is cut as a whole
            continue
        if body[cut.start : cut.end].strip() == cut.replacement:
            continue
        parts += (body[position : cut.start], cut.replacement)
        pointers.append(cut.pointer)
        position = cut.end
    parts.append(body[position:])
    return b"".join(parts), tuple(pointers)


def quoted(text: str) -> bytes:
    """`text` as a JSON string."""
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()
