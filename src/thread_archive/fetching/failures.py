"""What went wrong between us and a server, said in the program's own errors, and whether asking again may help."""

import httpcore
import httpx

from thread_archive.exceptions import FetchError, InstanceUnreachableError, ServerFailedError

TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError)

# Everything that httpx, httpcore, the sockets and TLS raise for a transfer that did not come off.
TRANSFER_FAILURES = (
    httpx.TransportError,
    httpx.DecodingError,
    httpx.StreamError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,  # ssl.SSLError is one
)


class ConnectFailure(httpcore.ConnectError):
    """
    A connection that could not be made, with what to tell the person; `lasting` where trying again does not help.

    It goes through httpcore, which strips the causes of exceptions, so it carries all that is needed.
    """

    def __init__(self, message: str, *, next: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.next = next
        self.lasting = lasting


def explained(error: Exception, *, host: str, url: str, seconds: float) -> InstanceUnreachableError:
    """
    The error to report for `error`, one of TRANSFER_FAILURES, met while asking `host` within `seconds`.

    The text of `error` is left out: libraries quote headers in it, and a header may be a login.
    """
    again = "Try again later; the server, or the network on the way, may be overloaded."
    if isinstance(error, ConnectFailure):
        return InstanceUnreachableError(error.message, next=error.next, url=url)
    if isinstance(error, TIMEOUTS):
        return InstanceUnreachableError(
            f"{host} did not give a whole answer within {seconds:.3g} seconds.", next=again, url=url
        )
    if isinstance(error, httpx.DecodingError):
        return InstanceUnreachableError(f"The answer of {host} arrived damaged ({error}).", next=again, url=url)
    return InstanceUnreachableError(f"The connection to {host} broke off.", next=again, url=url)


def may_pass(error: FetchError) -> bool:
    """Whether the same request may succeed a little later: not for an unknown name, nor where TLS fails."""
    if isinstance(error, InstanceUnreachableError):
        return not (isinstance(error.__cause__, ConnectFailure) and error.__cause__.lasting)
    return isinstance(error, ServerFailedError)
