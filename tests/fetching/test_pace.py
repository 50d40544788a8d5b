"""One request at a time per host, at its pace."""

import threading
import time

import pytest

from fetching.clocks import FakeClock
from fetching.servers import Asked, answer, in_turn
from thread_archive.captures import Request
from thread_archive.exceptions import RateLimitedError
from thread_archive.fetching import SystemClock
from thread_archive.fetching.pace import Pace, Patience


def test_starts_are_an_interval_apart(client_with, serve, clock: FakeClock) -> None:
    """At one request per second the first is made at once and each other a second after the one before."""
    server = serve(answer())
    client = client_with(rate=1)
    for _ in range(4):
        client.get(Request(url=server.url))
    assert clock.slept == [1, 1, 1]


def test_interval_counts_from_start_to_start(clock: FakeClock) -> None:
    """A slow answer is part of the interval, not added to it."""
    pace = Pace("lemmy.test", interval=2, clock=clock)
    for took in (1.5, 5, 0):
        with pace.turn(Patience(0), url=""):
            clock.sleep(took)
    assert clock.slept == [1.5, 0.5, 5, 0]


def test_real_requests_are_an_interval_apart(client_with, serve) -> None:
    """The same on a real clock, as the server sees it."""
    server = serve(answer())
    client = client_with(rate=10, clock=SystemClock())
    for _ in range(4):
        client.get(Request(url=server.url))
    gaps = [later.at - earlier.at for earlier, later in zip(server.asked, server.asked[1:], strict=False)]
    assert min(gaps[1:]) > 0.09  # the first gap is shorter by the time that connecting took


def test_rate_zero_does_not_wait(client_with, serve, clock: FakeClock) -> None:
    """Rate 0 is as fast as the host answers."""
    server = serve(answer())
    client = client_with(rate=0)
    for _ in range(5):
        client.get(Request(url=server.url))
    assert clock.slept == []


def ask_from_threads(client, urls: list[str]) -> None:
    threads = [threading.Thread(target=client.get, args=(Request(url=url),)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("steps", [[0.03, answer()], [answer(b"", content_length="2"), 0.03, b"{}"]])
def test_one_host_gets_one_request_at_a_time(client_with, serve, steps) -> None:
    """Many threads, one host: the next request starts when the body of the last is whole. Case makes no other host."""
    server = serve(lambda _: steps)
    client = client_with(clock=SystemClock())
    ask_from_threads(client, [server.url, server.url.replace("lemmy", "LEMMY")] * 3)
    assert len(server.asked) == 6
    assert server.most_at_once == 1


def test_all_ports_and_spellings_of_a_host_share_its_pace(client_with, serve, clock: FakeClock) -> None:
    """An article on the instance's own host waits for its turn, by http or https, with or without the root's dot."""
    servers = [serve(answer()) for _ in range(2)]
    client = client_with(rate=1)
    for server in servers:
        client.get(Request(url=server.url))
        client.get(Request(url=server.url.replace("lemmy.test", "Lemmy.Test.")))
    client.get(Request(url=servers[0].url.replace("lemmy.test", "other.test")))
    assert clock.slept == [1, 1, 1]


def test_several_hosts_are_asked_at_once(client_with, serve) -> None:
    """A slow host does not delay the others."""
    meeting = threading.Barrier(3, timeout=5)

    def together(_: Asked) -> bytes:
        meeting.wait()
        return answer()

    server = serve(together)
    names = ["one.test", "two.test", "lemmy.test"]
    ask_from_threads(client_with(clock=SystemClock()), [server.url.replace("lemmy.test", name) for name in names])
    assert len(server.asked) == 3


def test_spent_window_is_waited_for_before_the_next_request(client_with, serve, clock: FakeClock) -> None:
    """When a 200 says that nothing remains, the limit is not provoked: the next request waits for the reset."""
    spent = answer(x_ratelimit_limit="6", x_ratelimit_remaining="0", x_ratelimit_reset="12")
    server = serve(in_turn(spent, answer()))
    waits = []
    client = client_with(on_wait=lambda *wait: waits.append(wait))
    client.get(Request(url=server.url))
    assert clock.slept == []
    client.get(Request(url=server.url))
    assert clock.slept == [13]
    assert waits == [(server.url.split("/")[2], 13, "lemmy.test allows no more requests for now.")]


def test_spent_window_longer_than_patience_is_not_waited_for(client_with, serve, clock: FakeClock) -> None:
    """Then the error tells how long, and the server is not asked."""
    server = serve(answer(x_ratelimit_remaining="0", x_ratelimit_reset="100"))
    client = client_with(patience=60)
    client.get(Request(url=server.url))
    with pytest.raises(RateLimitedError, match="in 101 seconds") as caught:
        client.get(Request(url=server.url))
    assert (caught.value.retry_after, caught.value.url) == (101, server.url)
    assert (len(server.asked), clock.slept) == (1, [])


def test_waits_hold_the_host_for_other_threads_too(client_with, serve) -> None:
    """From the moment that a limit is met no other thread asks the host, however long it takes to decide on a wait."""

    class Slow:
        def uniform(self, a: float, b: float, /) -> float:
            time.sleep(0.1)
            return 0.04

    server = serve(in_turn(answer(status=429), answer()))
    ask_from_threads(client_with(clock=SystemClock(), random=Slow()), [server.url] * 3)
    assert len(server.asked) == 4
    assert server.asked[1].at - server.asked[0].at > 0.29


def test_hold_is_never_shortened(clock: FakeClock) -> None:
    """A short wait does not undo a long one, and none is longer than five minutes."""
    pace = Pace("lemmy.test", interval=0, clock=clock)
    assert pace.hold(30, "long") == 30
    assert pace.hold(1, "short") == 30
    assert pace.hold(99999, "endless") == 300


def test_system_clock_tells_aware_time() -> None:
    """Exchanges carry aware times; waiting takes as long as it says."""
    clock = SystemClock()
    assert clock.now().utcoffset().total_seconds() == 0
    before, started = clock.monotonic(), time.monotonic()
    clock.sleep(0.02)
    assert 0.02 <= clock.monotonic() - before <= time.monotonic() - started + 0.01
