"""Hosts that are down: what can be done without is not asked of them again and again, each time with all retries."""

import pytest

from fetching.clocks import FakeClock
from fetching.servers import answer, in_turn
from thread_archive.captures import Request
from thread_archive.exceptions import (
    BotWallError,
    FetchError,
    InstanceUnreachableError,
    RateLimitedError,
    ServerFailedError,
    TooLargeError,
)
from thread_archive.fetching import Client, Limits

DOWN = answer(b"origin is unreachable", 523)


def fail(client: Client, url: str, *, unless_down: bool = True) -> FetchError:
    with pytest.raises(FetchError) as failed:
        client.get(Request(url=url), unless_down=unless_down)
    return failed.value


def test_a_host_that_failed_twice_is_left_alone_for_a_minute(client, serve, clock: FakeClock) -> None:
    server = serve(DOWN)
    for _ in range(2):
        assert isinstance(fail(client, server.url), ServerFailedError)
    assert len(server.asked) == 8
    clock.sleep(40)
    error = fail(client, server.url)
    assert isinstance(error, InstanceUnreachableError)
    assert error.url == server.url
    assert error.message == (
        f"lemmy.test:{server.port} was not asked, since it failed 40 seconds ago: "
        "lemmy.test answered with the error 523."
    )
    assert error.next == "It is tried again in 20 seconds; add the thread again when it is back."
    assert len(server.asked) == 8


def test_it_is_tried_again_once_and_after_a_longer_while_each_time(client, serve, clock: FakeClock) -> None:
    server = serve(DOWN)
    fail(client, server.url)
    fail(client, server.url)
    waits = []
    for _ in range(7):
        asked, since = len(server.asked), clock.monotonic()
        while len(server.asked) == asked:
            clock.sleep(10)
            fail(client, server.url)
        assert len(server.asked) == asked + 1
        waits.append(clock.monotonic() - since)
    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_any_answer_ends_the_outage(client, serve, clock: FakeClock) -> None:
    server = serve(in_turn(*[DOWN] * 8, answer(b"no such thing", 404), DOWN))
    fail(client, server.url)
    fail(client, server.url)
    clock.sleep(60)
    assert client.get(Request(url=server.url), unless_down=True).status == 404
    # It is asked with all its retries, as ever.
    fail(client, server.url)
    assert len(server.asked) == 13


def test_one_request_that_fails_is_not_the_host(client, serve) -> None:
    server = serve(in_turn(*[DOWN] * 4, answer(), *[DOWN] * 4, answer()))
    for _ in range(2):
        assert isinstance(fail(client, server.url), ServerFailedError)
        assert client.get(Request(url=server.url), unless_down=True).status == 200


def test_what_cannot_be_done_without_is_asked_with_all_retries(client, serve) -> None:
    server = serve(DOWN)
    for _ in range(3):
        assert isinstance(fail(client, server.url, unless_down=False), ServerFailedError)
    assert len(server.asked) == 12


def test_later_requests_may_fail_for_reasons_of_their_own(client, serve) -> None:
    server = serve(in_turn(*[DOWN] * 12, answer()))
    for _ in range(3):
        fail(client, server.url, unless_down=False)
    assert client.get(Request(url=server.url), unless_down=True).status == 200


def test_an_answer_to_a_later_request_ends_the_outage_too(client, serve) -> None:
    server = serve(in_turn(*[DOWN] * 8, answer()))
    fail(client, server.url)
    fail(client, server.url)
    client.get(Request(url=server.url))
    assert client.get(Request(url=server.url), unless_down=True).status == 200


@pytest.mark.parametrize(
    ("other", "error"),
    [(answer(status=429, retry_after="900"), RateLimitedError), (answer(b"x" * 2_000), TooLargeError)],
)
def test_an_answer_that_is_not_taken_is_an_answer(
    client_with, serve, clock: FakeClock, other: bytes, error: type
) -> None:
    server = serve(in_turn(*[DOWN] * 4, other, *[DOWN] * 4, answer()))
    client = client_with(limits=Limits(decoded_bytes=1_000), patience=100)
    fail(client, server.url)
    assert isinstance(fail(client, server.url), error)
    clock.sleep(300)
    fail(client, server.url)
    assert client.get(Request(url=server.url), unless_down=True).status == 200


def test_an_outage_is_of_one_server_on_one_port(client, serve) -> None:
    server, other = serve(DOWN), serve(answer())
    fail(client, server.url)
    fail(client, server.url)
    assert client.get(Request(url=other.url), unless_down=True).status == 200


def test_a_name_that_nobody_knows_is_an_outage_too(client_with, clock: FakeClock) -> None:
    looked_up = []

    def resolver(host: str, port: int) -> list[tuple[str, int]]:
        looked_up.append(host)
        raise OSError(-2, "Name or service not known")

    client = client_with(resolver=resolver)
    for _ in range(5):
        fail(client, "https://gone.test/")
    assert looked_up == ["gone.test"] * 2


def test_a_host_behind_a_wall_is_left_alone_too(client, serve, clock: FakeClock) -> None:
    """What does not let programs in need not be asked for each thread of a community."""
    server = serve(answer(b"", 403, cf_mitigated="challenge"))
    for _ in range(2):
        assert isinstance(fail(client, server.url), BotWallError)
    assert isinstance(fail(client, server.url), InstanceUnreachableError)
    assert (len(server.asked), clock.slept) == (2, [])
