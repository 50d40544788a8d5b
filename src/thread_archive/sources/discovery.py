"""Finding out what a server runs: NodeInfo first, then the API itself, the newest dialect first."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urljoin, urlsplit

import msgspec

from thread_archive.captures import Exchange, Request
from thread_archive.exceptions import (
    BotWallError,
    ClosedDoorError,
    FetchError,
    PayloadError,
    UnsupportedSoftwareError,
)
from thread_archive.model import Site, Software
from thread_archive.payloads import decode
from thread_archive.sources import lemmy_v3, lemmy_v4
from thread_archive.sources._reading import Reader
from thread_archive.sources._steps import ELSEWHERE, OK, Steps, closed_door, is_json, is_page

# Newest first: a 1.0 server also answers a crippled v3 (no paging, no single comments, invented fields).
READERS: tuple[Reader, ...] = (lemmy_v4.READER, lemmy_v3.READER)

# Before 0.17 a comment has no path (`parent_id` instead), and lists know neither `max_depth` nor `parent_id`.
OLDEST_MINOR = 17
_OLD_VERSION = re.compile(r"v?0\.([0-9]{1,4})(?![0-9])")

_Short = Annotated[str, msgspec.Meta(max_length=200)]


class _Link(msgspec.Struct):
    href: str = ""


class _WellKnown(msgspec.Struct):
    links: list[_Link] = []


class _Software(msgspec.Struct):
    name: _Short = ""
    version: _Short = ""


class _Versioned(msgspec.Struct):
    version: str = ""


class _NodeInfo(msgspec.Struct):
    software: _Software = msgspec.field(default_factory=_Software)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a server runs, the dialect to speak with it (a key of `sources.HARVESTERS`), what it says of itself."""

    software: Software
    dialect: str
    site: Site


def discover(base: str) -> Steps[Discovery]:
    """
    Ask the server at `base` (`https://host`) what it is; at most four requests.

    Raises UnsupportedSoftwareError, naming the software where NodeInfo does, and ClosedDoorError where something does
    not let us in.
    """
    inquiry = _Inquiry(base)
    software = yield from _nodeinfo(inquiry)
    if software is not None and software.name != "lemmy":
        raise UnsupportedSoftwareError(
            f"{_host(base)} runs {software.name} {software.version}, which thread-archive cannot read yet.",
            next="It reads Lemmy 0.18, 0.19 and 1.0. Lemmy servers hold copies of the threads of the communities that "
            "they follow: give the address of the thread on one of them, as in https://INSTANCE/post/ID.",
            url=base,
        )
    if software is not None:
        _check_age(base, software.version)
    for reader in READERS:
        answer = yield from inquiry.ask(reader.site_path)
        if answer is not None:
            try:
                _check_age(base, decode(answer.body, _Versioned, source=reader.name, url=answer.url).version)
                site = reader.site(answer)
            except PayloadError:
                if software is not None:
                    raise
                inquiry.told_nothing(answer)
                continue
            return Discovery(
                software=software or Software(name="lemmy", version=site.version), dialect=reader.name, site=site
            )
    raise inquiry.failure(software)


class _Inquiry:
    """What the server at `base` was asked, and the answers in which it did not tell what it runs."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._wall: BotWallError | None = None
        self._others: list[Exchange] = []

    def ask(self, path: str) -> Steps[Exchange | None]:
        """The answer to `path` where it is one in JSON. A wall may stand before some paths only."""
        try:
            answer = yield Request(url=self.base + path)
        except BotWallError as wall:
            self._wall = wall
            return None
        if answer.status == OK and is_json(answer):
            return answer
        self.told_nothing(answer)
        return None

    def told_nothing(self, answer: Exchange) -> None:
        """Note an answer that does not tell what the server runs."""
        self._others.append(answer)

    def failure(self, software: Software | None) -> FetchError:
        """Why nobody can tell how to ask this server, which runs `software` (a Lemmy) as far as it said so."""
        door = self._wall or next(filter(None, map(closed_door, reversed(self._others))), None)
        if software is not None:
            return (door or self._silent()).running(f"Lemmy {software.version}")
        return door or self._unknown()

    def _silent(self) -> ClosedDoorError:
        """A Lemmy whose API gives something else, a web page for one."""
        answer = self._others[-1]
        what = "a web page" if is_page(answer) else "nothing that a Lemmy would"
        return ClosedDoorError(
            _host(self.base),
            f"answers its API with {what} ({answer.status})",
            next=f"Something before it may let only browsers in; try again later. {ELSEWHERE}",
            url=answer.url,
        )

    def _unknown(self) -> UnsupportedSoftwareError:
        host, last = _host(self.base), self._others[-1]
        if not is_page(last) or last.status != OK:
            return UnsupportedSoftwareError(
                f"{host} does not answer as a Lemmy server does.",
                next="Use the address of the Lemmy instance itself, as in https://INSTANCE/post/ID.",
                url=self.base,
            )
        there = _host(last.final_url or last.url)
        where = "" if there == host else f", that of {there}"
        return UnsupportedSoftwareError(
            f"{host} answers programs with a web page{where}: it is no Lemmy server, or none any more (its domain may "
            "be parked or for sale), or something before it lets only browsers in.",
            next=f"Open it in a browser; of a front end, use the instance that it shows. {ELSEWHERE}",
            url=self.base,
        )


def _check_age(base: str, version: str) -> None:
    """Raise UnsupportedSoftwareError for a Lemmy of before 0.17, which did not yet say where a comment stands."""
    found = _OLD_VERSION.match(version)
    if found is not None and int(found[1]) < OLDEST_MINOR:
        raise UnsupportedSoftwareError(
            f"{_host(base)} runs Lemmy {version}, which is too old: thread-archive reads Lemmy 0.18, 0.19 and 1.0.",
            next="A newer Lemmy server may hold a copy of the thread.",
            url=base,
        )


def _nodeinfo(inquiry: _Inquiry) -> Steps[Software | None]:
    answer = yield from inquiry.ask("/.well-known/nodeinfo")
    if answer is None:
        return None
    try:
        links = decode(answer.body, _WellKnown, source="nodeinfo", url=answer.url).links
    except PayloadError:
        return None
    # The document must be the server's own: a link elsewhere would let one host speak for another.
    paths = [path for link in links if (path := _own_path(inquiry.base, link.href))]
    answer = (yield from inquiry.ask(paths[-1])) if paths else None
    if answer is None:
        return None
    try:
        told = decode(answer.body, _NodeInfo, source="nodeinfo", url=answer.url).software
    except PayloadError:
        return None
    return Software(name=told.name.strip().lower(), version=told.version) if told.name else None


def _own_path(base: str, href: str) -> str | None:
    """The path of `href` if it leads to the server at `base` itself."""
    try:
        url = urljoin(base, href)
        return urlsplit(url).path if _host(url) == _host(base) else None
    except ValueError:
        return None


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
