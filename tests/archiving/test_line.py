"""Whose turn it is: one thread of a host at a time, so many in all, each once."""

from hypothesis import given
from hypothesis import strategies as st

from thread_archive.archiving.line import Line, Wanted
from thread_archive.urls import parse_thread_url


def line_of(*texts: str, at_once: int = 8) -> Line:
    line = Line(at_once=at_once)
    for text in texts:
        line.join(parse_thread_url(text), text)
    return line


def begun(line: Line) -> list[Wanted]:
    return list(iter(line.next, None))


def names(wanted: list[Wanted]) -> list[str]:
    return [one.url.canonical.removeprefix("https://") for one in wanted]


def test_a_thread_that_several_texts_name_is_visited_once_for_all_of_them() -> None:
    (wanted,) = begun(line_of("https://one.test/post/1", "one.test/post/1?sort=New", "https://one.test/post/1"))
    assert wanted.texts == ["https://one.test/post/1", "one.test/post/1?sort=New", "https://one.test/post/1"]


def test_one_of_a_host_begins_and_the_next_when_it_has_left() -> None:
    line = line_of("one.test/post/1", "one.test/post/2", "two.test/post/3")
    first, other = begun(line)
    assert names([first, other]) == ["one.test/post/1", "two.test/post/3"]
    line.leave(other)
    assert begun(line) == []
    line.leave(first)
    assert names(begun(line)) == ["one.test/post/2"]


def test_no_more_begin_than_are_wanted_at_once() -> None:
    line = line_of(*(f"host-{number}.test/post/1" for number in range(5)), at_once=2)
    first, _ = begun(line)
    line.leave(first)
    assert names(begun(line)) == ["host-2.test/post/1"]


def test_ports_that_were_typed_are_known() -> None:
    assert line_of("one.test:8536/post/1", "two.test/post/1").typed_ports == {("one.test", 8536)}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=30), st.integers(1, 4), st.randoms())
def test_whatever_the_order_every_thread_has_its_turn_once(
    threads: list[tuple[int, int]], at_once: int, chance: object
) -> None:
    line = line_of(*(f"host-{host}.test/post/{number}" for host, number in threads), at_once=at_once)
    visited: list[Wanted] = []
    under_way = begun(line)
    while under_way:
        assert len(under_way) <= at_once
        assert len({wanted.url.instance for wanted in under_way}) == len(under_way)
        left = under_way.pop(chance.randrange(len(under_way)))  # type: ignore[attr-defined]
        visited.append(left)
        line.leave(left)
        under_way += begun(line)
    assert sorted(names(visited)) == sorted({f"host-{host}.test/post/{number}" for host, number in threads})
