"""Pseudonyms: nobody is named, in no form that names people, and all else stays as it is."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.slugs import slug
from thread_archive.snapshots.pseudonyms import NamedPerson, Pseudonyms, Usage

KEY = b"k" * 32
FINCH = NamedPerson(ap_id="https://home.test/u/Mara_Finch", name="Mara_Finch", display_name="Mara the Gardener")
OAK = NamedPerson(ap_id="https://oak.test/users/oak", name="oak", display_name="Oak")
DOT = NamedPerson(ap_id="https://home.test/u/j.dot-dash", name="j.dot-dash", display_name="花子さん")
BO = NamedPerson(ap_id="https://home.test/u/bo", name="bo")
PEOPLE = [FINCH, OAK, DOT, BO]
POST = "https://home.test/post/1"


def usage_with_ordinary_oak() -> Usage:
    usage = Usage(PEOPLE)
    for number in range(4):
        usage.add(f"thread {number}", "an oak by the river")
    usage.add("own", "Mara_Finch again")
    return usage


def pseudonyms(usage: Usage | None = None, key: bytes = KEY) -> Pseudonyms:
    return Pseudonyms(key, PEOPLE, posts=[POST], instances=["home.test", "oak.test"], usage=usage)


NAMES = pseudonyms()
MARA, TREE, J = (NAMES.person(person.ap_id)[1] for person in (FINCH, OAK, DOT))


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("Mara_Finch said so", f"{MARA} said so"),
        ("mara_finch's garden, not mara_finches", f"{MARA}'s garden, not mara_finches"),
        (r"thanks Mara\_Finch!", f"thanks {MARA}!"),
        ("hi @mara_finch@home.test.", f"hi @{MARA}."),
        ("hi @Mara_Finch: see /u/mara_finch@home.test", f"hi @{MARA}: see /u/{MARA}"),
        ("mail mara_finch@home.test", f"mail {MARA}"),
        ("o.a.k and m.a.r.a._.finch", f"{TREE} and {MARA}"),
        ("O-a-k, o·a·k, *o*ak, o\u200bak, o\u00adak, **oa**k", f"{TREE}, {TREE}, *{TREE}, {TREE}, {TREE}, **{TREE}"),
        (r"o\_ak o_ak o.ak Mara\-Finch", f"{TREE} {TREE} {TREE} {MARA}"),
        ("ｏａｋ, \u043eak, o&#8203;ak", f"{TREE}, {TREE}, {TREE}"),
        ("so-ak, o a k, b.o, e.g., o.a.k.s", None),
        ("Mara  the Gardener", None),
        ("by Mara the gardener, twice", f"by {MARA}, twice"),
        ("İzmir, by Mara the Gardener, in İstanbul", f"İzmir, by {MARA}, in İstanbul"),
        ("今日は花子さんと", f"今日は{J}と"),
        ("j.dot-dash, j.dot-dash-like", f"{J}, {J}-like"),
        ("https://news.test/an-hour-with-j.dot-dash/j.dot", f"https://news.test/an-hour-with-{J}/j.dot"),
        (r"_Mara_Finch_, __mara\_finch__ and _j.dot-dash_", f"_{MARA}_, __{MARA}__ and _{J}_"),
        ("the oak tree", f"the {TREE} tree"),
        ("post-oak.", f"post-{TREE}."),
        ("oakum bo", None),
        ("!harbour@home.test", None),
        ("https://news.test/a/1?b=2", None),
        ("https://home.test/u/Mara_Finch/comments", f"https://pseudonym.invalid/u/{MARA}"),
        ("[x](https://mirror.test/u/mara_finch@home.test)", f"[x](https://pseudonym.invalid/u/{MARA})"),
        ("https://oak.test/users/oak and https://oak.test/@oak", None),
        ("https://docs.test/user/guide", None),
        ("https://news.test/mara_finch.html", f"https://news.test/{MARA}.html"),
        (f"See {POST}.", f"See {NAMES.item(POST)}."),
        ("https://home.test/comment/7", NAMES.item("https://home.test/comment/7")),
        ("https://home.test/post/1/7", NAMES.item("https://home.test/comment/7")),
        ("https://photon.test/post/home.test/1", NAMES.item(POST)),
        ("https://elsewhere.test/post/1", None),
        (f"/t/{slug(POST)}", f"/t/{slug(NAMES.item(POST))}"),
    ],
)
def test_each_form_that_names_somebody_is_renamed_and_nothing_else(text: str, renamed: str | None) -> None:
    if renamed is None and "oak.test" in text:
        renamed = " and ".join([f"https://pseudonym.invalid/u/{TREE}"] * 2)
    assert NAMES.text(text) == (text if renamed is None else renamed)


def test_a_name_that_is_an_ordinary_word_stays_with_marks_in_it_too() -> None:
    assert pseudonyms(usage_with_ordinary_oak()).text("o.a.k, *o*ak") == "o.a.k, *o*ak"


@pytest.mark.parametrize(
    "part", ["a", "a.", "a_", "a\\_", "*a", "a\u200b", "_", "-", "aé.", "a@", "a:", "a@a.", "http://a.b/", "/post/1"]
)
def test_texts_are_rewritten_in_time_linear_in_them(part: str) -> None:
    names = Pseudonyms(KEY, PEOPLE, posts=[POST], instances=["home.test"], coarse=True)

    def seconds(length: int) -> float:
        text, start = (part * length)[:length], time.process_time()
        names.text(text)
        return time.process_time() - start

    assert seconds(80_000) < 24 * max(seconds(10_000), 0.002)


def test_a_stranger_who_is_mentioned_is_renamed_too() -> None:
    assert re.fullmatch(r"@person-[a-z2-7]{12}", NAMES.text("@stranger@far.test"))


def test_a_slug_of_a_comment_leads_nowhere_and_tells_nothing() -> None:
    old = slug("https://home.test/comment/7")
    assert old not in NAMES.text(f"https://archive.test/t/{slug(POST)}?c={old}")


def test_an_ordinary_word_stays_and_is_counted_except_where_it_can_only_be_a_name() -> None:
    names = pseudonyms(usage_with_ordinary_oak())
    assert names.text("an oak, > quoted by Mara_Finch") == f"an oak, > quoted by {MARA}"
    assert (names.remaining.names, names.remaining.occurrences) == (1, 1)
    assert names.text("> oak wrote:\n> trees") == f"> {TREE} wrote:\n> trees"
    assert names.text("@oak and @oak@oak.test") == f"@{TREE} and @{TREE}"
    assert names.remaining.occurrences == 1


def test_where_somebody_takes_part_their_name_is_theirs() -> None:
    usage = usage_with_ordinary_oak()
    for number in range(3):
        usage.takes_part(f"thread {number}", OAK.ap_id)
    assert pseudonyms(usage).text("oak") == TREE


def test_the_same_key_gives_the_same_and_another_one_others() -> None:
    assert pseudonyms().person(FINCH.ap_id) == NAMES.person(FINCH.ap_id.lower())
    assert pseudonyms(key=b"other").person(FINCH.ap_id) != NAMES.person(FINCH.ap_id)
    assert pseudonyms(key=b"other").item(POST) != NAMES.item(POST)


def test_html_keeps_its_tags_and_loses_the_names_in_texts_and_addresses() -> None:
    html = (
        '<p id="p1">Ask <a href="https://home.test/u/Mara_Finch?a=1&amp;b" rel="nofollow">@Mara_Finch@home.test</a> '
        "&amp; others: <code>oak</code></p><p><img src='x' alt='Mara the Gardener'></p>"
    )
    expected = (
        f'<p id="p1">Ask <a href="https://pseudonym.invalid/u/{MARA}" rel="nofollow">@{MARA}</a> '
        f'&amp; others: <code>{TREE}</code></p><p><img src="x" alt="{MARA}"></p>'
    )
    assert NAMES.html(html) == expected


def test_a_name_across_tags_goes_and_takes_them_along() -> None:
    assert NAMES.html("<p>Mara <b>the</b> Gardener</p><p>so <b>it</b> is</p>") == (
        f"<p>{MARA}</p><p>so <b>it</b> is</p>"
    )


FORMS = st.sampled_from(
    [
        "{n}", "@{n}", "@{n}@{h}", "{n}@{h}", "/u/{n}", "/u/{n}@{h}", "https://{h}/u/{n}", "http://{h}/u/{n}",
        "https://mirror.test/u/{n}@{h}", "[{n}](https://{h}/u/{n})", "**{n}**", "> {n} wrote:", "_{n}_ said", "`{n}`",
        "{n}'s", "({n})", "https://blog.test/{n}/a", "https://home.test/@{n}", "«{n}»", "{n}-like", "{n}.", "a,{n};b",
    ]
)  # fmt: skip
FILLER = st.text(alphabet="ab \n>*_-.,:()[]@/#\\", max_size=12)


@given(st.lists(st.tuples(FILLER, FORMS, st.sampled_from([FINCH, DOT, OAK])), min_size=1, max_size=6), st.booleans())
def test_no_name_survives_in_whatever_text_it_stands(pieces: list[tuple[str, str, NamedPerson]], is_html: bool) -> None:
    text = " ".join(
        filler + " " + form.format(n=person.name, h=re.sub(r"https://|/.*", "", person.ap_id))
        for filler, form, person in pieces
    )
    renamed = NAMES.html(f"<p>{text.replace('<', '')}</p>") if is_html else NAMES.text(text)
    for person in (FINCH, DOT, OAK):
        for name in (person.name, person.ap_id):
            pattern = rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9_]|-[a-z])"
            hosts = renamed.replace("oak.test", "")
            assert not re.search(pattern, hosts, re.IGNORECASE), (text, renamed)


@given(st.text(max_size=300))
def test_a_text_that_names_nobody_stays(text: str) -> None:
    names = Pseudonyms(KEY, [NamedPerson(ap_id="https://h.test/u/zqxj", name="zqxj")])
    if "@" not in text and "://" not in text and "u/" not in text:
        assert names.text(text) == text


@pytest.mark.parametrize(
    "piece", ["_", "a_", "a-", "a.", "@", "a@", "\\_", ">", "/u/", "https://", "Mara ", "[", "a\\"]
)
def test_long_texts_of_odd_signs_take_no_time(piece: str) -> None:
    started = time.process_time()
    NAMES.text(piece * 50_000)
    NAMES.html(f"<p>{piece.replace('<', '') * 50_000}</p>")
    assert time.process_time() - started < 5


def test_both_ways_of_writing_a_host_name_one_person() -> None:
    person = NamedPerson(ap_id="https://xn--strae-oqa.test/u/elm", name="elm")
    names = Pseudonyms(KEY, [person], posts=[POST], instances=["xn--strae-oqa.test"])
    alias = names.person(person.ap_id)[1]
    assert names.text("@elm@Straße.test, @elm@xn--strae-oqa.test") == f"@{alias}, @{alias}"


def test_threads_of_other_software_keep_their_identity() -> None:
    ap_id = "https://mbin.test/m/boats/t/7"
    names = Pseudonyms(KEY, PEOPLE, posts=[ap_id], instances=["mbin.test"])
    assert names.text(f"{ap_id}/a-title") == names.item(ap_id)
    assert names.text("https://mbin.test/m/boats/t/8/of-oak") == f"https://mbin.test/m/boats/t/8/of-{TREE}"
