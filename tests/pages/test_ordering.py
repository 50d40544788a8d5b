"""Orders and pages of a discussion: whatever the tree, every comment is on one page, or below a link to its own."""

from hypothesis import given
from hypothesis import strategies as st

from thread_archive.pages.ordering import BUDGET, DEEPEST, OVERHEAD, Sort, page_of, units
from thread_archive.store.threadpages import Place


@st.composite
def trees(draw: st.DrawFn) -> list[Place]:
    """Places in thread order: each stands at most one deeper than the one before it."""
    places: list[Place] = []
    for position in range(draw(st.integers(0, 60))):
        deepest = places[-1].depth + 1 if places else 1
        places.append(
            Place(
                position=position, depth=draw(st.integers(1, deepest)), size=draw(st.integers(0, 3000)),
                score=draw(st.integers(-3, 3)), published_at=f"2026-03-01T12:{draw(st.integers(0, 59)):02}:00.000000Z",
                left_out=draw(st.booleans()) and draw(st.booleans()),
            )
        )  # fmt: skip
    return places


@st.composite
def gappy_trees(draw: st.DrawFn) -> list[Place]:
    """The same, but what is left out, and some of the others, has no name."""
    places = draw(trees())
    return [place._replace(nameless=place.left_out or draw(st.booleans())) for place in places]


def pages(places: list[Place], sort: Sort, budget: int) -> list[list[int]]:
    found, number = [], 1
    while True:
        page = page_of(units(places, sort, 1), number, budget)
        found.append([place.position for unit in page.units for place in unit.places])
        if not page.more:
            return found
        number += 1


def ancestors(places: list[Place]) -> dict[int, list[int]]:
    line: list[Place] = []
    found = {}
    for place in places:
        while line and line[-1].depth >= place.depth:
            line.pop()
        found[place.position] = [above.position for above in line]
        line.append(place)
    return found


@given(gappy_trees() | trees(), st.sampled_from(Sort), st.integers(1000, 20_000))
def test_every_comment_is_on_one_page_or_below_a_link(places: list[Place], sort: Sort, budget: int) -> None:
    shown = [position for page in pages(places, sort, budget) for position in page]
    assert len(shown) == len(set(shown))
    linked = {at for unit in units(places, sort, 1) for at in unit.deeper | unit.cut}
    assert not [place for place in places if place.nameless and place.position in linked]
    above = ancestors(places)
    for place in places:
        if place.left_out and place.position not in shown:
            continue
        assert place.position in shown or linked & set(above[place.position])


@given(trees(), st.integers(1000, 20_000))
def test_a_page_holds_whole_subtrees_and_stays_within_its_budget(places: list[Place], budget: int) -> None:
    number = 1
    while True:
        page = page_of(units(places, Sort.THREAD, 1), number, budget)
        assert len(page.units) == 1 or sum(unit.weight for unit in page.units) <= budget
        for unit in page.units:
            assert unit.places[0].depth == 1
            assert all(1 < place.depth <= 1 + DEEPEST for place in unit.places[1:])
        if not page.more:
            break
        number += 1


@given(trees())
def test_what_is_left_out_keeps_its_place_only_where_a_reply_is_shown(places: list[Place]) -> None:
    kept = [place for unit in units(places, Sort.THREAD, 1) for place in unit.places]
    below = {above for place in places if not place.left_out for above in ancestors(places)[place.position]}
    for place in kept:
        assert not place.left_out or place.position in below
    flat = [place for unit in units(places, Sort.NEW, 1) for place in unit.places]
    assert not any(place.left_out for place in flat)
    assert len(flat) == sum(not place.left_out for place in places)


@given(trees())
def test_by_score_siblings_fall_and_replies_stay_below_what_they_answer(places: list[Place]) -> None:
    parent = {at: (line[-1] if line else None) for at, line in ancestors(places).items()}
    by_position = {place.position: place for place in places}
    seen: list[int] = []
    last: dict[int | None, int] = {}
    for unit in units(places, Sort.TOP, 1):
        for place in unit.places:
            above = parent[place.position]
            assert above is None or above in seen
            assert last.get(above, place.score) >= by_position[place.position].score
            last[above] = place.score
            seen.append(place.position)


def test_a_subtree_that_is_too_long_for_a_page_is_cut_and_says_so() -> None:
    row = Place(position=0, depth=1, size=0, score=0, published_at="", left_out=False)
    places = [row] + [row._replace(position=n, depth=2) for n in range(1, 2000)]
    (unit,) = units(places, Sort.THREAD, 1)
    assert unit.cut == {0}
    assert len(unit.places) < BUDGET / OVERHEAD + 2
    assert unit.rows == 2000


def test_the_first_page_of_a_long_thread_reads_no_further_than_it_needs() -> None:
    read = 0

    def places() -> "object":
        nonlocal read
        for position in range(1_000_000):
            read += 1
            yield Place(position=position, depth=1, size=400, score=0, published_at="", left_out=False)

    assert page_of(units(places(), Sort.THREAD, 1), 1).more  # type: ignore[arg-type]
    assert read < 1000
