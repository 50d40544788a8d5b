"""Finding out what a server runs: NodeInfo first, then the API itself, the newest dialect first."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urljoin, urlsplit

import msgspec

from thread_archive.captures import Request
from thread_archive.exceptions import PayloadError, UnsupportedSoftwareError
from thread_archive.model import Site, Software
from thread_archive.payloads import decode
from thread_archive.sources import lemmy_v3, lemmy_v4
from thread_archive.sources._reading import Reader
from thread_archive.sources._steps import OK, Steps, is_json

# Newest first: a 1.0 server also answers a crippled v3 (no paging, no single comments, invented fields).
READERS: tuple[Reader, ...] = (lemmy_v4.READER, lemmy_v3.READER)

_Short = Annotated[str, msgspec.Meta(max_length=200)]


class _Link(msgspec.Struct):
    href: str = ""


class _WellKnown(msgspec.Struct):
    links: list[_Link] = []


class _Software(msgspec.Struct):
    name: _Short = ""
    version: _Short = ""


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

    Raises UnsupportedSoftwareError, naming the software where NodeInfo does.
    """
    software = yield from _nodeinfo(base)
    if software is not None and software.name != "lemmy":
        raise UnsupportedSoftwareError(
            f"{_host(base)} runs {software.name} {software.version}, which thread-archive cannot read yet.",
            next="It reads Lemmy 0.18, 0.19 and 1.0. Lemmy servers hold copies of the threads of the communities that "
            "they follow: give the address of the thread on one of them, as in https://INSTANCE/post/ID.",
            url=base,
        )
    for reader in READERS:
        answer = yield Request(url=base + reader.site_path)
        if answer.status == OK and is_json(answer):
            try:
                site = reader.site(answer)
            except PayloadError:
                if software is not None:
                    raise
                continue
            return Discovery(
                software=software or Software(name="lemmy", version=site.version), dialect=reader.name, site=site
            )
    raise UnsupportedSoftwareError(
        f"{_host(base)} does not answer as a Lemmy server does.",
        next="Use the address of the Lemmy instance itself, as in https://INSTANCE/post/ID.",
        url=base,
    )


def _nodeinfo(base: str) -> Steps[Software | None]:
    answer = yield Request(url=f"{base}/.well-known/nodeinfo")
    if answer.status != OK or not is_json(answer):
        return None
    try:
        links = decode(answer.body, _WellKnown, source="nodeinfo", url=answer.url).links
    except PayloadError:
        return None
    # The document must be the server's own: a link elsewhere would let one host speak for another.
    paths = [path for link in links if (path := _own_path(base, link.href))]
    if not paths:
        return None
    answer = yield Request(url=f"{base}{paths[-1]}")
    if answer.status != OK or not is_json(answer):
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
