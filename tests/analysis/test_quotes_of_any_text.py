"""What holds of quotes in any text, and what hostile text costs."""

import re
import time
import tracemalloc
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thread_archive.analysis.quotes import Matcher, Quote, Target

LATIN = ["the", "of", "and", "a", "harbour", "ferry", "council", "bakery", "lantern", "quay", "don't", "3.5", "_x_"]
OTHERS = ["茶", "馆", "老", "板", "море", "лодка", "«да»", "&", "cafe\u0301", "İ"]
WORDS = st.sampled_from([*LATIN, *OTHERS])
SENTENCE = st.lists(WORDS, min_size=1, max_size=14).map(lambda words: " ".join(words) + ". ")
TEXT = st.lists(SENTENCE, max_size=6).map("".join)
# On a busy machine an example takes its time.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.text(alphabet=st.characters(codec=None), max_size=200)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A body that is made of pieces of what it answers, marked or not, and of other words."""
    above, shared = draw(st.lists(TEXT, max_size=4)), draw(st.lists(TEXT, max_size=4))
    pieces = []
    for text in draw(st.lists(st.sampled_from([*above, *shared, ""]), max_size=4)):
        first = draw(st.integers(0, max(0, len(text) - 1)))
        sign = draw(st.sampled_from(["> ", "", "> > ", '"', "- "]))
        pieces.append(sign + text[first : first + draw(st.integers(20, 120))])
        pieces.append(draw(SENTENCE))
    return draw(st.sampled_from(["\n", "\n\n", " "])).join(pieces), above, shared


def find(body: str, above: list[str], shared: list[str]) -> list[Quote]:
    matcher = Matcher([Target(key=("shared", number), text=text) for number, text in enumerate(shared)])
    return matcher.find(body, [Target(key=("above", number), text=text) for number, text in enumerate(above)])


@UNHURRIED
@given(conversations())
def test_quotes_lie_within_both_texts_in_order_and_not_over_one_another(case: tuple[str, list[str], list[str]]) -> None:
    body, above, shared = case
    until = 0
    for quote in find(body, above, shared):
        assert until <= quote.start < quote.end <= len(body)
        until = quote.end
        where, number = quote.target  # type: ignore[misc]  # the keys of `find`
        text = (above if where == "above" else shared)[number]
        assert 0 <= quote.target_start < quote.target_end <= len(text)
        assert 85 <= quote.score <= 100


@UNHURRIED
@given(conversations(), st.randoms(use_true_random=False))
def test_the_order_of_targets_says_whose_words_count_not_which(
    case: tuple[str, list[str], list[str]], random: Random
) -> None:
    body, above, shared = case
    found = [(quote.start, quote.end, quote.score, quote.marked) for quote in find(body, above, shared)]
    random.shuffle(above)
    random.shuffle(shared)
    assert [(quote.start, quote.end, quote.score, quote.marked) for quote in find(body, above, shared)] == found


@UNHURRIED
@given(conversations())
def test_asking_again_gives_the_same(case: tuple[str, list[str], list[str]]) -> None:
    body, above, shared = case
    matcher = Matcher([Target(key=number, text=text) for number, text in enumerate(shared)])
    targets = [Target(key=-1 - number, text=text) for number, text in enumerate(above)]
    first = matcher.find(body, targets)
    for target in targets:
        matcher.find(target.text, targets)
    assert matcher.find(body, targets) == first


@UNHURRIED
@given(st.lists(st.from_regex(r"[a-m]{1,9}", fullmatch=True)), st.lists(st.from_regex(r"[n-z]{1,9}", fullmatch=True)))
def test_texts_that_share_no_word_give_nothing(ours: list[str], theirs: list[str]) -> None:
    text = " ".join(theirs)
    assert find(f"> {' '.join(ours)}\n\n{' '.join(ours)}", [text], [text]) == []


@UNHURRIED
@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_text_can_be_asked_about(body: str, parent: str, post: str) -> None:
    for quote in find(f"> {parent}\n\n{body}", [parent, body], [post]):
        assert 0 <= quote.start < quote.end


FEW_WORDS = " ".join(Random(1).choices(["alpha", "beta", "gamma", "of", "the", "in", "a"], k=180_000))
NUMBERS = " ".join(str(Random(2).randrange(10**6) + step) for step in range(0, 300_000, 2))
HOSTILE = {
    "one word": "a " * 500_000,
    "few words": FEW_WORDS,
    "marks": ">" * 1_000_000,
    "levels": ">" * 10_000 + " " + NUMBERS[:900],
    "levels and lines": (">" * 5_000 + " hello\n") * 200,
    "marked lines": "> a\n" * 250_000,
    "short marked paragraphs": "> lovely ships\n\n" * 62_500,
    "marked paragraphs": "\n\n".join("> " + NUMBERS[at : at + 60] for at in range(0, 900_000, 60)),
    "marked paragraphs of few words": "\n\n".join("> " + FEW_WORDS[at : at + 60] for at in range(0, 700_000, 60)),
    "short strange paragraphs": "\n\n".join(f"> {FEW_WORDS[at : at + 20]} zeta" for at in range(0, 700_000, 30)),
    "a word in ten replaced": re.sub(r"((?:\w+ ){9})\w+ ", r"\1other ", NUMBERS),
    "backticks": "`" * 1_000_000,
    "fences": "```\n" * 250_000,
    "links": "](" * 500_000,
    "entities": "&a" * 500_000,
    "accents": "e" + "\u0301" * 1_000_000,
    "few characters": "的是不了人" * 200_000,
    "lines": "\n" * 1_000_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("other", ["itself", "few words", "numbers"])
def test_a_megabyte_of_hostile_text_is_soon_over(body: str, other: str) -> None:
    text = {"itself": body, "few words": FEW_WORDS, "numbers": NUMBERS}[other]
    started = time.process_time()
    find(body, [text, text], [text, *(text[at : at + 500] for at in range(0, 100_000, 500))])
    # A second or two where it is worst; minutes where anything is quadratic.
    assert time.process_time() - started < 10


def test_a_very_long_passage_with_differences_comes_in_pieces_and_without_them_whole() -> None:
    text = NUMBERS[:40_000]
    pieces = find("> " + re.sub(r"((?:\w+ ){9})\w+ ", r"\1other ", text), [text], [])
    assert len(pieces) > 2
    assert all(piece.end - piece.start < 12_000 for piece in pieces)
    assert len(find("> " + text, [text], [])) == 1


def test_a_long_thread_takes_no_more_memory_than_a_short_one() -> None:
    matcher = Matcher()
    tracemalloc.start()
    try:
        for number in range(1_000):
            words = " ".join(f"{number}{step}" for step in range(150))
            matcher.find(words, [Target(key=number, text=words[::-1])])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # All of it would take three times as much.
    assert kept < 20_000_000
