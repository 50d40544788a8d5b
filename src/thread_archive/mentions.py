"""
Where a text names somebody together with their server, however it is written: handles and addresses.

Who is meant is for the caller to know: it is asked of each name and host that are read together. Pure, and in time
proportional to the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unicodedata import normalize

from thread_archive.appearance import appearance, look_alike, skimmed
from thread_archive.scripts import UNSPACED
from thread_archive.urls import host_in

Span = tuple[int, int]

# A text without any of these names nobody's server.
_MAY_NAME = re.compile(r"[@/]|[:=][^\s:=]|[ \t][aA][tT][ \t]+[\w-]+[ \t]?(?:\.|dot\b|[\[({<])|[\[({<][ \t]?[aA][tT]\b")
_MAY_BE_CODED = re.compile(r"[&%]|\\u[0-9a-fA-F]")
_MAY_BE_HANDLE = re.compile(r"@|[ \t][aA][tT][ \t]+[\w-]+\.\w")
_MAY_BE_MATRIX = re.compile(r":[^\W_]")
# As long as Lemmy's names and DNS's hosts may be.
_NAME, _HOST = r"[\w.-]{1,255}+", r"[\w.-]{1,253}(?::[0-9]{1,5}\b)?"
# What may stand between a name, its sign and its host.
_AROUND = r"[ \t\"'()|{}“”‘’«»]{0,4}"
_HANDLE = re.compile(
    rf"(?<![\w.-])(?P<name>{_NAME})(?:{_AROUND}@{_AROUND}|[ \t]{{1,3}}at[ \t]{{1,3}}(?=[\w-]+\.\w))"
    rf"(?=(?P<host>{_HOST}))",
    re.IGNORECASE,
)
_SIGN_BEFORE = re.compile(r"(?:\b(?:acct|mailto|xmpp):)?(?:[@!]|/?\bu/@?)?$", re.IGNORECASE)
# Matrix (its specification, "User identifiers").
_MATRIX = re.compile(rf"(?<![\w.-])(?P<name>{_NAME}):(?=(?P<host>{_HOST}))")
# What an address may be made of; where one is told in brackets, a quotation or a table, it ends.
_STRETCH = re.compile(r"(?:[^\s<>\[\]\"|]++|\[[0-9a-fA-F.]{0,4}:[0-9a-fA-F:.]{1,40}\])++")
_WORD = re.compile(r"[\w.-]++")
_SCHEME = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}+:/(?=/)", re.IGNORECASE)
_HOSTLIKE = re.compile(r"(?=.*[^\W\d_])[\w-]+(?:\.[\w-]+)*\.(?:xn--[\w-]+|[^\W\d_]{2,})\.?|\d{1,3}(?:\.\d{1,3}){3}")
_PORT = re.compile(r":[0-9]{1,5}(?![\w.-])")
# What may stand behind a name in an address, and is no host's end.
_ENDING = re.compile(
    r"\.(?:atom|rss|xml|json|jsonld|activity|html?|php|aspx?|cgi|png|jpe?g|gif|webp|avif|svg|csv|txt|ics|mp4|webm)",
    re.IGNORECASE,
)
# What says in an address that a person's name follows, or that a community's does.
_PEOPLE = frozenset({"u", "user", "users", "profile", "profiles", "account", "accounts", "person", "people", "author"})
_ASKED = frozenset({"username", "user_name", "person_name", "creator", "to", "from", "mention", "acct", "resource"})
_ASKED_HERE = frozenset({"username", "user_name", "person_name", "creator"})
_COMMUNITIES = frozenset({"c", "m", "community", "communities", "magazine", "community_name"})
# Parts that addresses of all servers have: somebody of such a name is meant only where the address says "a person".
_ROUTES = frozenset(
    {"api", "v1", "v2", "v3", "v4", "post", "posts", "comment", "comments", "search", "feeds", "inbox", "outbox", "all"}
    | {"local", "pictrs", "image", "images", "modlog", "login", "signup", "settings", "instances", "list", "site", "q"}
    | {"web", "page", "sort", "type", "new", "hot", "top", "active", "media", "avatar", "avatars", "files", "https"}
    | {"http", "www", "t", "p", "s", "d", "i", "id", "redirect", "url", "share", "view", "static", "assets", "index"}
    | _PEOPLE
    | _ASKED
    | _COMMUNITIES
)
# Names that other front ends have on the server of the people they show.
_FRONTS = re.compile(r"(?:www|old|new|m|a|p|v|app|photon|voyager|alexandrite|mlmym|tesseract|next|blorp)\.")
_TRAILING = ".,;:!?*~')}"
_EMPHASIS_BEGINS = re.compile(r"(?<![\w@])_++(?=\S)")
_EMPHASIS_ENDS = re.compile(r"(?<=[^\s_])_++(?!\w)")
_LAST_UNSPACED = re.compile(rf"\A.*[{UNSPACED}]", re.DOTALL)
_FIRST_UNSPACED = re.compile(f"[{UNSPACED}].*", re.DOTALL)
# So far from an address's beginning its parts are looked at; no page links to a longer one.
_LONGEST = 8_000
_DEFAULT_PORTS = (":80", ":443")
_MOST_PARTS_OF_NAME = 4
_MOST_BEFORE = 2_000
_LONGEST_SIGN = 12

Asked = Callable[[str, str | None], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    What is asked of what is read: `person(name, host)` (host None: of whatever server the text stands on), and
    `address(url)` of an address as a whole, without scheme, query and fragment.
    """

    person: Asked
    address: Callable[[str], bool]


def mentions(text: str, question: Question) -> list[Span]:
    """The places in `text` that name whom `question` affirms: in order, apart from each other."""
    if _MAY_BE_CODED.search(text) is None and _MAY_NAME.search(skimmed(text)) is None:
        return []
    seen = appearance(text)
    addresses = list(_addresses(seen.text))
    found = [seen.place(*span) for address in addresses for span in _in_address(seen.text, address, question)]
    found += [seen.place(*span) for span in _handles(seen.text, question, addresses)]
    read = seen.without_links()
    if read is not seen:
        found += [read.place(*span) for span in _handles(read.text, question, [])]
    return _apart([_whole(text, *span) for span in found])


def _apart(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


# ---------------------------------------------------------------------------------------------------------- handles


def _handles(text: str, question: Question, addresses: list[Span]) -> Iterator[Span]:
    """`name@host` in its forms, each as far as it goes: with the whole address in which it stands."""
    begins = [start for start, _ in addresses]
    for pattern, may_be in ((_HANDLE, _MAY_BE_HANDLE), (_MATRIX, _MAY_BE_MATRIX)):
        if may_be.search(text) is None:
            continue
        for match in pattern.finditer(text):
            host = _host_read(match["host"])
            start, end = _sign_before(text, match.start("name")), match.end() + len(host)
            emphasised = "_" in match["name"] and _is_emphasised(text, start, end, match["name"])
            names = _names_before(match["name"], emphasised=emphasised)
            if not any(_affirmed(question, name, host) for name in names):
                continue
            index = bisect_right(begins, match.start("name")) - 1
            if index >= 0 and addresses[index][1] > match.start("name") and _is_address(text, addresses[index]):
                start, end = min(start, addresses[index][0]), max(end, addresses[index][1])
            yield start, end


def _sign_before(text: str, at: int) -> int:
    """Where the sign begins that goes with the handle at `at`."""
    beginning = max(at - _LONGEST_SIGN, 0)
    found = _SIGN_BEFORE.search(text[beginning:at])
    return beginning + found.start() if found else at


def _host_read(host: str) -> str:
    """The host that begins what stands after the sign: not the end of a sentence, nor what follows without a space."""
    name, colon, port = host.partition(":")
    read = _FIRST_UNSPACED.sub("", name)
    return f"{read}{colon}{port}" if read == name and not name.endswith((".", "-")) else read.rstrip(".-")


def _is_emphasised(text: str, start: int, end: int, name: str) -> bool:
    """Whether an underscore at the `name` of the handle at `start` is a mark of emphasis, and no part of it."""
    if name.endswith("_") and (name.startswith("_") or _begins_emphasis(text, start)):
        return True
    if not text.startswith("_", start) and not text.startswith("_", max(start - 1, 0)):
        return False
    return _EMPHASIS_ENDS.search(text[start : end + _MOST_BEFORE].partition("\n")[0], 1) is not None


def _names_before(word: str, *, emphasised: bool) -> Iterator[str]:
    """What may be the name in a word before the sign: all of it, without marks of emphasis, after a point in it."""
    yield word
    word = _LAST_UNSPACED.sub("", word)
    yield word
    stripped = word.strip("_.") if emphasised else word.strip(".")
    yield stripped
    for _ in range(_MOST_PARTS_OF_NAME):
        _, point, stripped = stripped.partition(".")
        if not point:
            return
        yield stripped


def _affirmed(question: Question, name: str, host: str) -> bool:
    # In A-labels once, and not for each name.
    written = dict.fromkeys(host_in(f"https://{each}") for each in (host, look_alike(host)))
    hosts = [each for one in written for each in _hosts(one)]
    return any(question.person(each, host) for each in _spellings(name) for host in hosts)


def _spellings(name: str) -> tuple[str, ...]:
    """A name as it is written, as it looks, and as it is when its accents are letters of their own."""
    if name.isascii():
        return (name,) if name else ()
    return name, look_alike(name), normalize("NFD", name)


def _hosts(host: str) -> Iterator[str]:
    """What a written host may stand for: with and without its port, its front end, the mark of emphasis behind it."""
    host = host.lower()
    name, colon, _ = host.partition(":")
    if colon and not host.endswith(_DEFAULT_PORTS):
        yield host
    name = name.rstrip(".")
    yield name
    if name.endswith("_") or name.startswith("_"):
        name = name.strip("_").rstrip(".")
        yield name
    if front := _FRONTS.match(name):
        yield name[front.end() :]


# -------------------------------------------------------------------------------------------------------- addresses


def _addresses(text: str) -> Iterator[Span]:
    """The stretches of a text that may be an address, without what ends a sentence."""
    for match in _STRETCH.finditer(text):
        stretch = match[0]
        if "/" not in stretch and "?" not in stretch:
            continue
        begin = match.start()
        # Front ends show a text in brackets right before its address; and brackets are no part of an address.
        inner = stretch.lstrip("('{,;*_~“„«!")
        begin += len(stretch) - len(inner)
        # An underscore at the end belongs to a name, unless it ends emphasis.
        trailing = _TRAILING
        if stretch.rstrip(_TRAILING).endswith("_") and _begins_emphasis(text, begin):
            trailing += "_"
        for start in range(begin, match.end(), _LONGEST):
            end = min(start + _LONGEST, match.end())
            yield start, (end if end < match.end() else start + max(len(text[start:end].rstrip(trailing)), 1))


def _begins_emphasis(text: str, before: int) -> bool:
    line = text[max(before - _MOST_BEFORE, 0) : before + 1].rpartition("\n")[2]
    return _EMPHASIS_BEGINS.search(line) is not None


def _is_address(text: str, span: Span) -> bool:
    return _SCHEME.search(text, *span) is not None or text.startswith("//", span[0])


def _in_address(text: str, span: Span, question: Question) -> Iterator[Span]:
    """The address at `span`, from its scheme or host to its end, where it names who is asked for."""
    start, end = span
    scheme = _SCHEME.search(text, start, end)
    begin: int | None = scheme.start() if scheme else None
    host, port, marker, is_placed, is_above, between = "", "", "", False, 0, start
    for number, match in enumerate(_WORD.finditer(text, start, end)):
        word, at = match[0], match.start()
        gap, between = text[between:at], match.end()
        if gap == ":" and host and word.isdigit():
            continue
        if text.startswith("@", match.end(), end):
            marker = word
            continue
        if _is_host_place(gap, text, at, start, placed=is_placed):
            host, port, is_placed, marker = word, _port(text, match.end()), True, ""
            begin = at - 2 if begin is None and gap.endswith("//") else begin
            begin = at if begin is None else begin
            continue
        name = _name_after(word)
        if _names(question, name, word, host + port, marker, gap, is_relative=number == 1 + is_above):
            first = begin if begin is not None else start
            yield first, end
            return
        found_port = _port(text, match.end())
        if (_HOSTLIKE.fullmatch(word) and _ENDING.search(word) is None) or (found_port and not number):
            host, port, marker = word, found_port, ""
            begin = at if begin is None else begin
            continue
        marker = word.lower()
        # `../../u/name` begins with nothing but points.
        is_above += is_above == number and not word.strip(".")
    if scheme and _address_is_asked_for(text[scheme.end() + 1 : end], question):
        yield scheme.start(), end


def _is_host_place(gap: str, text: str, at: int, start: int, *, placed: bool) -> bool:
    if "://" in gap or (gap == "//" and not placed and at - 2 == start) or gap.endswith("(//"):
        return True
    # After the sign of a handle or of who logs in; not in `/@name`.
    return gap == "@" and at - 2 >= start and (text[at - 2].isalnum() or text[at - 2] in "_.-")


def _port(text: str, at: int) -> str:
    found = _PORT.match(text, at)
    return found[0] if found else ""


def _name_after(word: str) -> str:
    """The name that a part of an address may be: without an ending like `.atom`, or what follows without a space."""
    ending = _ENDING.search(word)
    read = _FIRST_UNSPACED.sub("", word[: ending.start()] if ending else word) or word
    return read.strip(".")


def _names(question: Question, name: str, word: str, host: str, marker: str, gap: str, *, is_relative: bool) -> bool:
    is_marked = marker in _PEOPLE | _ASKED or gap.endswith("/@")
    if not is_marked and (marker in _COMMUNITIES or name.lower() in _ROUTES or name.isdigit()):
        return False
    names = dict.fromkeys((word.strip("."), name, name.rstrip(".")))
    if host:
        return any(_affirmed(question, each, host) for each in names)
    if not (is_marked and is_relative) and not (marker in _ASKED_HERE and gap == "="):
        return False
    return any(question.person(spelling, None) for each in names for spelling in _spellings(each))


def _address_is_asked_for(address: str, question: Question) -> bool:
    address = re.split(r"[?#]", address, maxsplit=1)[0].rpartition("://")[2]
    return question.address(address.rstrip("/"))


# ----------------------------------------------------------------------------------------------- what goes with one


def _whole(text: str, start: int, end: int) -> Span:
    """A place with the link of Markdown that leads there, or the definition of one, and the marks around it."""
    before = text[max(start - _MOST_BEFORE, 0) : start]
    opening = _OPENING.search(before)
    closing = _CLOSING.match(text, end)
    if opening and closing:
        bracket = _bracket_before(before, opening.start())
        if bracket >= 0:
            return start - len(before) + bracket, closing.end()
    if defined := _DEFINITION.search(before):
        ended = _DEFINED.match(text, end)
        return start - len(before) + defined.start("from"), ended.end() if ended else end
    if before.endswith("<") and text.startswith(">", end):
        return start - 1, end + 1
    if _MARKS.search(text, start, end):
        left, right = before.rstrip("*~^`"), _MARKS_AFTER.match(text, end)
        return start - len(before) + len(left), right.end() if right else end
    return start, end


_OPENING = re.compile(r"\]\(\s{0,3}<?$")
_CLOSING = re.compile(r"[^\s()<>]{0,200}+>?(?:\s{1,3}(?:\"[^\"\n]{0,500}+\"|'[^'\n]{0,500}+'))?\s{0,3}\)")
_DEFINITION = re.compile(r"(?:^|\n)[ >]{0,20}(?P<from>\[[^\[\]\n]{1,500}+\]:\s{0,3}<?)$")
_DEFINED = re.compile(r">?(?:[ \t]{1,3}\n?[ \t]{0,3}(?:\"[^\"\n]{0,500}+\"|'[^'\n]{0,500}+'))?")
_MARKS = re.compile(r"[*~^`]")
_MARKS_AFTER = re.compile(r"[*~^`]++")


def _bracket_before(before: str, closing: int) -> int:
    """Where the bracket opens (with a picture's sign) that closes at `closing`; -1 where none does."""
    depth = 0
    for at in range(closing, -1, -1):
        if before[at] in "[]" and not (at and before[at - 1] == "\\"):
            depth += 1 if before[at] == "]" else -1
            if not depth:
                return at - 1 if at and before[at - 1] == "!" else at
    return -1
