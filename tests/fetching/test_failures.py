"""Every way in which a transfer can fail ends in an error of the program's own."""

import ssl

import httpcore
import httpx
import pytest

from thread_archive.exceptions import InstanceUnreachableError, ServerFailedError, TooLargeError
from thread_archive.fetching.failures import TRANSFER_FAILURES, ConnectFailure, explained, may_pass


def with_subclasses(*classes: type[Exception]) -> list[type[Exception]]:
    found = list(classes)
    for one in found:
        found += [each for each in one.__subclasses__() if each not in found]
    return found


HTTPCORE = [
    one for one in vars(httpcore).values() if isinstance(one, type) and issubclass(one, Exception)
]  # fmt: skip


@pytest.mark.parametrize("failure", [*with_subclasses(httpx.TransportError), *HTTPCORE, httpx.DecodingError])
def test_library_failure_is_explained(failure: type[Exception]) -> None:
    """Whatever httpx and httpcore raise for a transfer is caught and names the host, without the library's text."""
    error = failure("secret header")
    assert isinstance(error, TRANSFER_FAILURES)
    said = explained(error, host="lemmy.test", url="https://lemmy.test/", seconds=30)
    assert isinstance(said, InstanceUnreachableError)
    assert "lemmy.test" in said.message
    assert said.next
    assert said.url == "https://lemmy.test/"
    assert failure is httpx.DecodingError or "secret" not in str(said)


@pytest.mark.parametrize(
    "error", [OSError(5, "x"), ConnectionResetError(), TimeoutError(), ssl.SSLError(1, "x"), BrokenPipeError()]
)
def test_socket_failure_is_explained(error: OSError) -> None:
    """Sockets and TLS too, should a library let their errors through."""
    assert isinstance(error, TRANSFER_FAILURES)
    said = explained(error, host="lemmy.test", url="", seconds=30)
    assert ("seconds" in said.message) == isinstance(error, TimeoutError)


def test_time_out_and_broken_transfer_are_told_apart() -> None:
    """A person can tell a slow server from a broken one."""
    slow, broken = (
        explained(error, host="h", url="", seconds=1.5) for error in (httpcore.ReadTimeout(), httpcore.ReadError())
    )
    assert "within 1.5 seconds" in slow.message
    assert "broke off" in broken.message


@pytest.mark.parametrize("lasting", [True, False])
def test_only_what_may_pass_is_tried_again(lasting: bool) -> None:
    """Neither a name that does not exist nor a bad certificate gets better within seconds."""
    cause = ConnectFailure("There is no host named h.", next="Look again.", lasting=lasting)
    error = explained(cause, host="h", url="", seconds=1)
    error.__cause__ = cause
    assert str(error) == "There is no host named h. Look again."
    assert may_pass(error) is not lasting


def test_refusals_of_ours_do_not_pass() -> None:
    """Too large stays too large; a server's failure may end."""
    assert may_pass(ServerFailedError("", next=""))
    assert not may_pass(TooLargeError("", next=""))
