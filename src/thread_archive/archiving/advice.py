"""What helps where a thread was not given, as far as its address tells it."""

from thread_archive.exceptions import (
    AccessDeniedError,
    FetchError,
    InstanceUnreachableError,
    ServerFailedError,
    ThreadArchiveError,
    ThreadGoneError,
    UnsupportedSoftwareError,
)
from thread_archive.sources import Discovery
from thread_archive.urls import ThreadURL

_SILENT = (AccessDeniedError, InstanceUnreachableError, ServerFailedError, UnsupportedSoftwareError)
# What a saved copy could help with, if it were read.
_LOST = (*_SILENT, ThreadGoneError)
_CALLED = {"mbin": "Mbin or kbin", "piefed": "PieFed"}
_UNREAD = "which thread-archive cannot read yet"


def unlike(url: ThreadURL, discovery: Discovery) -> FetchError:
    """The error for an address that only other software writes, of a server that turned out to run Lemmy."""
    software = discovery.software
    return ThreadGoneError(
        f"{url.instance} runs {software.name} {software.version}, which has no addresses like {url.path}.",
        next="Give the address that the thread has there now, as in https://INSTANCE/post/ID.",
        url=url.canonical,
    )


def advised(error: ThreadArchiveError, url: ThreadURL) -> ThreadArchiveError:
    """`error` with what the address of the thread tells besides: a saved copy, or the community's home."""
    if url.copy and isinstance(error, _LOST):
        return error.saying(_of_copy(error, url), next=_COPY_HELP)
    if url.software and isinstance(error, _SILENT):
        return error.saying(_of_software(error, url), next=_of_home(error, url))
    return error


_COPY_HELP = (
    "Other Lemmy servers keep the threads of servers that are gone: look for its title on one of them, and give the "
    "address that the thread has there."
)


def _of_copy(error: FetchError, url: ThreadURL) -> str:
    gone = f"{url.instance} is gone, or cannot be reached now. " if isinstance(error, InstanceUnreachableError) else ""
    return f"{gone}{error.message} The saved copy of the thread on {url.copy} is not read yet."


def _of_software(error: FetchError, url: ThreadURL) -> str:
    """The message of `error`, and what the address alone tells where the server did not tell it."""
    if _UNREAD in error.message:
        return error.message
    return f"{error.message} By its address it runs {_CALLED[url.software]}, {_UNREAD}."


def _of_home(error: FetchError, url: ThreadURL) -> str:
    if not url.community_home:
        return error.next
    return f"{error.next} The community is at home on {url.community_home}: look for the thread there."
