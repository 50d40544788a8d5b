"""Who quotes whom."""

import pytest

from thread_archive.analysis.quotes import Matcher, Quote, Target

PARENT = (
    "The council has lied to us all. Nobody was surprised, least of all the bakers on the quay who had seen it "
    "before. I wrote to the paper twice."
)
BAKERS = "Nobody was surprised, least of all the bakers on the quay who had seen it before."
PARAGRAPH = "Engineers found cracks in eleven of the forty steel hangers, and nobody had looked for thirty years."


def find(body: str, *above: str, shared: tuple[str, ...] = ()) -> list[Quote]:
    """Targets are named for their place: a number above, -1 and so on for what heads the thread."""
    matcher = Matcher([Target(key=-1 - number, text=text) for number, text in enumerate(shared)])
    return matcher.find(body, [Target(key=number, text=text) for number, text in enumerate(above)])


def passages(body: str, *above: str, shared: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    return [(body[quote.start : quote.end], quote.target) for quote in find(body, *above, shared=shared)]


def test_a_quote_says_where_it_stands_and_where_it_is_from() -> None:
    body = f"> {BAKERS}\n\nI was."
    assert find(body, PARENT) == [
        Quote(
            start=2,
            end=2 + len(BAKERS),
            target=0,
            target_start=PARENT.index(BAKERS),
            target_end=PARENT.index(BAKERS) + len(BAKERS),
            score=100.0,
            marked=True,
        )
    ]


@pytest.mark.parametrize(
    "quoted",
    [
        "nobody was surprised — least of all the bakers, on the quay, who had seen it before…",
        "Nobody was *surprised*, least of all **the bakers on the quay** who had seen it before.",
        "Nobody was surprised, least of all [the bakers](https://x.example/b_(quay)) on the quay, who had seen it",
        "… least of all the bakers on the quay who had seen it before",
        "Nobody was surprised, least of all the bakers on the qu",
        "Nobody was astonished, least of all the bakers on the quay who had seen it before.",
        "Nobody was surprised, least of all the two bakers on the quay who had seen it before.",
        "Nobody was surprised, least of all the bakers on the quay who had se\u00aden it be\u200bfore.",
        "Nobody was surprised, least of\n> all the bakers\n> on the quay who had seen it before.",
        "Nobody was surprised, least of\nall the bakers on the quay who had seen it before.",
        "mara wrote:\n> Nobody was surprised, least of all the bakers on the quay who had seen it before.",
    ],
)
def test_a_quote_is_found_however_it_is_written(quoted: str) -> None:
    (quote,) = find(f"> {quoted}\n\nI was.", PARENT)
    assert quote.marked
    assert quote.score >= 85
    assert PARENT[quote.target_start : quote.target_end] in BAKERS


def test_accents_count_as_they_look_not_as_they_are_composed() -> None:
    parent = "Le fromager coûte plus cher que la recette, c'est bien connu dans ce métier."
    apart = parent.replace("û", "u\u0302").replace("é", "e\u0301")
    body = f"{apart} Ah bon ?"
    assert passages(body, parent) == [(apart, 0)]


@pytest.mark.parametrize(
    ("parent", "quoted"),
    [
        ("老板说，门锁早就生锈了，钥匙也不知道放在哪里。我不信。", "老板说,门锁早就生锈了,钥匙也不知道放在哪里。"),
        (
            "待つことには慣れていますから。高校生が卒業する春に、駅は閉じられることになっている。",
            "高校生が卒業する春に、駅は閉じられることになっている。",
        ),
        ("เดือนหน้าไปด้วยกันไหม เรือของลุงยังว่างอยู่สองที่ ไปเถอะ", "เรือของลุงยังว่างอยู่สองที่ ไปเถอะ"),
        ("हर सुबह नाव नदी के उस पार चिट्ठियाँ और रोटी लेकर जाती है।", "हर सुबह नाव नदी के उस पार चिट्ठियाँ और रोटी लेकर जाती है"),
    ],
)  # fmt: skip
def test_scripts_of_their_own_are_quoted_too(parent: str, quoted: str) -> None:
    ((passage, target),) = passages(f"> {quoted}\n\nOK", parent)
    assert target == 0
    assert passage.rstrip("。") == quoted.rstrip("。")
    assert passages(f"{quoted}\n\nOK", parent) == [(passage, 0)]


def test_a_sentence_repeated_without_a_mark_is_found() -> None:
    body = f"{BAKERS} Except for me."
    (quote,) = find(body, PARENT)
    assert (body[quote.start : quote.end], quote.marked) == (BAKERS, False)
    assert passages("The council has lied to us all. And it will again.", PARENT) == [
        ("The council has lied to us all.", 0)
    ]


def test_a_short_paragraph_that_is_answered_in_the_next_is_found() -> None:
    parent = "I was there. What did you see that night? I saw nothing."
    assert passages("What did you see that night?\n\nNothing.", parent) == [("What did you see that night?", 0)]


def test_a_quote_goes_to_the_end_of_its_sentence_past_a_word_that_differs() -> None:
    parent = "Every Tuesday, before the sun rises, two mules climb the old road with two hundred books."
    body = "> Every Monday, before the sun rises, two mules climb the old road with two hundred volumes.\n\nTuesday!"
    assert passages(body, parent) == [(body[2:].partition("\n")[0], 0)]


def test_a_quote_ends_where_only_common_words_are_the_same() -> None:
    parent = "least of all the bakers on the quay who had seen it before, then as now on the market"
    body = "> least of all the bakers on the quay who had seen it before, I say that on the whole they had not"
    assert passages(body, parent) == [("least of all the bakers on the quay who had seen it before", 0)]


def test_common_words_in_the_place_of_others_do_not_part_a_quote() -> None:
    parent = (
        "It was one of the worst. The council listened to the bakers on the quay with great patience and then closed "
        "the old harbour bridge to everybody but the bakers."
    )
    body = (
        "> The council listened to the bakers on the quay one of the and then closed the old harbour bridge to "
        "everybody but the bakers.\n\nWell."
    )
    assert passages(body, parent) == [(body[2:].partition("\n")[0], 0)]


def test_nobody_is_asked_further_up_than_lemmy_lets_threads_go() -> None:
    assert passages(f"> {BAKERS}", *["Yes."] * 49, PARENT) == [(BAKERS, 49)]
    assert passages(f"> {BAKERS}", *["Yes."] * 50, PARENT) == []


def test_a_clause_in_quotation_marks_is_found_and_without_them_is_not() -> None:
    assert passages("You say “least of all the bakers on the quay”, but why?", PARENT) == [
        ("least of all the bakers on the quay", 0)
    ]
    assert passages("You say that least of all the bakers on the quay wanted it, but why?", PARENT) == []


def test_each_paragraph_of_a_block_is_a_quote_and_so_is_each_level() -> None:
    body = f"> > {BAKERS}\n>\n> I wrote to the paper twice.\n\nAnd what did it say?\n\n> {PARAGRAPH}\n\nOh."
    assert passages(body, "I wrote to the paper twice.", PARENT, shared=("Post", PARAGRAPH)) == [
        (BAKERS, 1),
        ("I wrote to the paper twice.", 0),
        (PARAGRAPH, -2),
    ]


def test_a_block_that_matches_in_part_gives_that_part() -> None:
    body = f"> Somebody who is not here said a long thing about ferries. {BAKERS}\n\nYes."
    assert passages(body, PARENT) == [(BAKERS, 0)]


def test_a_block_that_matches_nothing_is_left_out() -> None:
    assert find("> Premature optimisation is the root of all evil, as somebody wrote about goto.\n\nSo.", PARENT) == []


@pytest.mark.parametrize(
    ("quoted", "found"),
    [
        ("I wrote to the paper", True),
        ("the paper", True),
        ("paper", False),
        ("I wrote to a paper", False),
        ("it", False),
    ],
)
def test_a_short_block_counts_where_every_word_is_the_parents(quoted: str, found: bool) -> None:
    assert bool(find(f"> {quoted}\n\nWhy?", PARENT)) == found


def test_a_short_block_is_not_sought_in_the_article_where_a_comment_is_answered() -> None:
    assert find("> forty steel hangers\n\nWhy?", "Oh no.", shared=(PARAGRAPH,)) == []
    assert passages("> forty steel hangers\n\nWhy?", shared=(PARAGRAPH,)) == [("forty steel hangers", -1)]


def test_who_says_it_comes_before_who_quotes_it_and_the_nearest_before_the_rest() -> None:
    body = f"> {PARAGRAPH}\n\nThirty years!"
    assert passages(body, f"> {PARAGRAPH}\n\nReally?", shared=(PARAGRAPH,)) == [(PARAGRAPH, -1)]
    assert passages(body, f'It says "{PARAGRAPH}" there.', shared=(PARAGRAPH,)) == [(PARAGRAPH, -1)]
    assert passages(body, PARAGRAPH, PARAGRAPH, shared=(PARAGRAPH,)) == [(PARAGRAPH, 0)]
    assert passages(body, f"> {PARAGRAPH}\n\nReally?") == [(PARAGRAPH, 0)]


def test_what_is_nearer_to_the_words_comes_before_what_is_nearer_in_the_tree() -> None:
    assert passages(f"> {PARAGRAPH}", PARAGRAPH.replace("eleven", "twelve"), shared=(PARAGRAPH,)) == [(PARAGRAPH, -1)]


@pytest.mark.parametrize(
    ("body", "parent"),
    {
        "phrase": ("At the end of the day it is what it is, I say.", "Look, at the end of the day it is what it is."),
        "agreement": ("I completely agree with you. Always have.", "I completely agree with you."),
        "agreement alone": ("I completely agree with you.", "I completely agree with you."),
        "agreement at the end": ("Yes.\n\nI completely agree with you.", "I completely agree with you."),
        "thanks": ("Thank you for sharing this! I liked it.", "Thank you for sharing this. It was long."),
        "address": (
            "The link https://x.example/why/shared/caches/on/network/drives/are/slow/at/all is dead.",
            "See https://x.example/why/shared/caches/on/network/drives/are/slow/at/all too.",
        ),
        "destination": (
            "[dead](https://x.example/why/shared/caches/on/network/drives/are/slow/at/all)",
            "[this](https://x.example/why/shared/caches/on/network/drives/are/slow/at/all)",
        ),
        "code": (
            "Same:\n\n```sh\nfor name in one two three four five six; do make clean; done\n```\n\nfails",
            "Try\n\n```sh\nfor name in one two three four five six; do make clean; done\n```\n\nplease",
        ),
        "signature": (
            "They do.\n\nSent from my wooden telephone, please excuse my typos",
            "Do they?\n\nSent from my wooden telephone, please excuse my typos",
        ),
        "emoji": ("🐝" * 60 + " indeed", "🐝" * 60),
        "name": (
            "What could the International Telecommunication Union in Geneva even say?",
            "Ask the International Telecommunication Union in Geneva for it.",
        ),
        "number": ("4", "4"),
        "shuffled": (
            "I wrote on the quay to the bakers, who had seen all before the paper was surprised twice.",
            PARENT,
        ),
    }.values(),
)  # fmt: skip
def test_what_people_share_by_chance_is_no_quote(body: str, parent: str) -> None:
    assert find(body, parent) == []
    assert find(body, "Well.", shared=("A post", parent)) == []


def test_a_body_that_is_its_parents_is_one_quote() -> None:
    assert passages(PARENT, PARENT) == [(PARENT, 0)]


def test_a_matcher_that_forgot_a_parent_finds_the_same() -> None:
    matcher = Matcher()
    body, above = f"> {BAKERS}", [Target(key="p", text=PARENT)]
    first = matcher.find(body, above)
    for number in range(3):
        matcher.find(f"{number} other words " * 9_000)
    assert matcher.find(body, above) == first != []
