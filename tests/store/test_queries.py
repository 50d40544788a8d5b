"""The query language: what a person types, taken apart; any text is a valid query."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thread_archive.store.queries import Form, Range, Term, parse_query


def terms(text: str) -> list[list[str]]:
    return [[str(term) for term in group] for group in parse_query(text).groups]


def filters(text: str) -> list[str]:
    return [str(one) for one in parse_query(text).filters]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("a b", [["a"], ["b"]]),
        ('"a  b" c', [['"a b"'], ["c"]]),
        ("a OR b c", [["a", "b"], ["c"]]),
        ("OR a OR", [["OR"], ["a"]]),
        ("a OR OR b", [["a", "b"]]),
        ("boat*", [["boat*"]]),
        ("bo*", [["bo"]]),
        ('open "quote', [["open"], ['"quote"']]),
        ("* -- \u2026", []),
        ("score:many", [['"score:many"']]),
        ("colour:red", [['"colour:red"']]),
        ("kind:coment", [['"kind:coment"']]),
        ("before:2026-13", [['"before:2026-13"']]),
        ("author:", [["author:"]]),
        ("http://home.test/post/1", [['"http://home.test/post/1"']]),
    ],
)
def test_words_phrases_and_alternatives(text: str, groups: list[list[str]]) -> None:
    assert terms(text) == groups


def test_a_minus_takes_away_words_phrases_and_what_operators_describe() -> None:
    query = parse_query('boat -sail -"dry dock" -author:ada')
    assert query.excluded == (Term(text="sail"), Term(text="dry dock", form=Form.PHRASE))
    assert [(one.name, one.value, one.negated) for one in query.filters] == [("author", "ada", True)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    {
        "score:>10": Range(low=11),
        "score:>=10": Range(low=10),
        "score:<0": Range(high=-1),
        "score:<=-3": Range(high=-3),
        "score:5": Range(low=5, high=5),
        "score:-5": Range(low=-5, high=-5),
        "score:5..": Range(low=5),
        "score:..5": Range(high=5),
        "score:-5..5": Range(low=-5, high=5),
        "depth:<3": Range(high=2),
    }.items(),
)
def test_numbers_have_bounds(text: str, numbers: Range) -> None:
    (one,) = parse_query(text).filters
    assert one.numbers == numbers


@pytest.mark.parametrize("text", ["score:..", "score:>", "score:1.5", "score:1...2", "score:99999999999", "depth:x"])
def test_what_is_no_number_is_a_word(text: str) -> None:
    assert not filters(text)
    assert terms(text)


@pytest.mark.parametrize(
    ("text", "time"),
    {"after:2026": "2026-01-01", "before:2026-03": "2026-03-01", "AFTER:2026-03-09": "2026-03-09"}.items(),
)
def test_dates_name_their_first_moment(text: str, time: str) -> None:
    (one,) = parse_query(text).filters
    assert one.time == time


def test_values_may_be_quoted() -> None:
    assert filters('community:"Small Boats" author:"ada"') == ['community:"Small Boats"', "author:ada"]


def test_a_chip_tells_its_part_and_the_query_without_it() -> None:
    query = parse_query("boat OR ship -sail author:ada score:>3")
    assert [(chip.text, chip.without, chip.is_filter) for chip in query.chips] == [
        ("boat OR ship", "-sail author:ada score:>3", False),
        ("-sail", "boat OR ship author:ada score:>3", False),
        ("author:ada", "boat OR ship -sail score:>3", True),
        ("score:>3", "boat OR ship -sail author:ada", True),
    ]


NASTY = [
    '"', '""', "'", "*", "-", "--", ":", "OR", "AND", "NOT", "NEAR(a b)", "^a", "{title} : a", "a:b:c", "\0", "a\0b",
    "a\ud800b", "score:>", "is:", '-"', 'author:"', "((((", "a" * 100_000, '"' * 100_000, "- " * 50_000,
    "a OR " * 20_000, "x* " * 5_000, "-kind:post -kind:comment -kind:article", "\u2063a\u2064", "\x02a\x03",
    "e\u0301" * 3_000, '"' + "a " * 4_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_are_valid(text: str) -> None:
    assert str(parse_query(str(parse_query(text)))) == str(parse_query(text))


@given(st.text(alphabet=st.one_of(st.sampled_from('ab OR:"-*<>.1'), st.characters())))
@example('score:"1" -"a"b:c OR d*')
@example("is:op OR a")
def test_a_query_as_text_means_the_same(text: str) -> None:
    query = parse_query(text)
    assert parse_query(str(query)) == query
    for chip in query.chips:
        assert len(parse_query(chip.without).chips) == len(query.chips) - 1
