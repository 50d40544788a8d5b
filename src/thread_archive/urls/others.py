"""What else people take for the address of a thread: communities, people, servers, pages that tell no address."""

import re
from collections.abc import Iterable
from itertools import chain

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls.forms import NAMED_HOST
from thread_archive.urls.hosts import host_of
from thread_archive.urls.refusals import refused
from thread_archive.urls.threads import archive_at, held, plain_path, split
from thread_archive.urls.visible import visible

_THREADS = "as in https://INSTANCE/post/ID"
_NAME = r"[^/@\s]{1,300}"
# Before a name front ends say in which part of them one is, and on which instance; behind it stand pages about it.
_BEFORE, _BEHIND = rf"(?:/[a-z]{{1,20}})?(?:/{NAMED_HOST})?", r"(?:/[a-z_-]{1,30}){0,3}"
_COMMUNITY = re.compile(rf"{_BEFORE}/(?:c|m|community|magazine)/{_NAME}(?:@{NAMED_HOST})?{_BEHIND}")
_PERSON = re.compile(rf"{_BEFORE}/(?:(?:u|user|users|profile|accounts)/@?|@){_NAME}(?:@{NAMED_HOST})?{_BEHIND}")
_LIST = re.compile(rf"{_BEFORE}/(?:d|f|domain|topic|tag|multi)/{_NAME}{_BEHIND}")
_COMMUNITY_NAME = re.compile(rf"!{_NAME}@{NAMED_HOST}|/?[cm]/{_NAME}@{NAMED_HOST}|/[cm]/{_NAME}")
_PERSON_NAME = re.compile(rf"@{_NAME}@{NAMED_HOST}|/?u/{_NAME}@{NAMED_HOST}|/u/{_NAME}")


def explained(text: str, addresses: Iterable[str]) -> UnsupportedURLError:
    """The error for `text`, which names no thread: where an address in it tells what it is, that is said."""
    names = (word.strip(".,;:?()[]<>\"'*_") for word in visible(text).split())
    for kind in chain(map(_kind, addresses), map(_kind_of_name, names)):
        if kind is not None:
            return refused(text, kind[0], next=kind[1])
    return refused(text)


_IS_COMMUNITY = (
    "names a community, not a thread.",
    f"Whole communities cannot be archived yet: give the addresses of its threads, {_THREADS}.",
)
_IS_PERSON = (
    "names a person, not a thread.",
    f"All that a person wrote cannot be archived at once yet: give the addresses of the threads, {_THREADS}.",
)
_IS_LIST = ("names a list of threads, not a thread.", f"Give the addresses of the threads in it, {_THREADS}.")
_IS_SERVER = ("names a server, not a thread.", f"Give the addresses of threads there, {_THREADS}.")
_HAS_PASSWORD = (
    "holds a user name or a password, which no thread's address does.",
    f"Give the address without what stands before the @, {_THREADS}.",
)
_TELLS_NO_ADDRESS = (
    "is a saved page whose address does not tell which page it is of.",
    f"Open it, and give the address of the thread that is shown there, {_THREADS}.",
)


def _kind(address: str) -> tuple[str, str] | None:
    parts = split(address)
    if parts is None:
        return None
    if "@" in parts.netloc:
        return _HAS_PASSWORD
    try:
        host = host_of(parts.geturl())
    except ValueError:
        return None
    path = plain_path(parts)
    if not path and not parts.query:
        return _IS_SERVER
    if archive_at(host):
        pages = [page for page in held(parts, host) if split(page)]
        return _kind(pages[0]) if pages else _TELLS_NO_ADDRESS
    if _COMMUNITY.fullmatch(path):
        return _IS_COMMUNITY
    if _PERSON.fullmatch(path):
        return _IS_PERSON
    return _IS_LIST if _LIST.fullmatch(path) else None


def _kind_of_name(word: str) -> tuple[str, str] | None:
    if _COMMUNITY_NAME.fullmatch(word):
        return _IS_COMMUNITY
    return _IS_PERSON if _PERSON_NAME.fullmatch(word) else None
