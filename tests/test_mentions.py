"""Listed people are found however a text writes them, in time proportional to the text; other people are left alone."""

import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.markup import render
from thread_archive.takedowns import MARK, MENTION, PERSON, Takedowns, handle, here

BOB = "http://home.test/u/bob"
# What a reader of the archive could be shown: 49 that were seen to get past, and more of each kind.
SPELLINGS = [
    "@bob@home.test",
    "[@bob@home.test](http://home.test/u/bob)",
    "http://HOME.test/u/bob",
    "http://home.test./u/bob",
    "http://home.test:80/u/bob",
    "http://home.test:8536/u/bob",
    "http://home.test/u/bob/",
    "http://home.test//u/bob",
    "http://home.test//u//bob",
    "http://www.home.test/u/bob",
    "http://old.home.test/u/bob",
    "http://me@home.test/u/bob",
    "http://me:word@home.test/u/bob",
    "http://home.test/u/%62ob",
    "http://home.test/u/%2562ob",
    "http://home.test%2Fu%2Fbob",
    "http://home.test/u/b%E2%80%8Bob",
    "http://home.test/api/v3/user?username=bob",
    "http://home.test/api/v3/user?username=bob@home.test",
    "http://home.test/api/v3/search?q=x&type_=Users&creator=bob",
    "http://home.test/inbox?to=bob%40home.test",
    "acct:bob@home.test",
    "mailto:bob@home.test",
    "https://matrix.to/#/@bob:home.test",
    "@bob:home.test",
    "&#64;bob&#64;home.test",
    "bob&#64;home.test",
    "bob&#x40;home&period;test",
    "@bob&commat;home.test",
    "&amp;#64;bob&amp;#64;home.test",
    "@b\u200bob@home.test",
    "@b&#8203;ob@home.test",
    "@b\u00adob@ho\u2060me.test",
    "@b\U000e0062ob@home.test",
    "\uff20bob\uff20home.test",
    "@ｂｏｂ@home.test",
    "@𝗯𝗼𝗯@home.test",
    "@ⓑⓞⓑ@home。test",
    "@b\u043eb@home.test",
    "@bob@h\u043eme.test",
    "@b\u0336o\u0336b\u0336@home.test",
    "@bob@HOME.TEST",
    "@bob @home.test",
    "bob @ home.test",
    "bob at home.test",
    "bob [at] home [dot] test",
    "bob(at)home.test",
    "**@bob**@home.test",
    "@b**o**b@home.test",
    "_@bob_@home.test",
    "__@bob@home.test__",
    "~~@bob~~@home.test",
    "`@bob@home.test`",
    "@bob\\@home.test",
    "@bo\\b@home\\.test",
    "[@bob](https://x.test/)@home.test",
    "@bob[@home.test][x]",
    "u/bob@home.test",
    "!bob@home.test",
    "/c/bob@home.test",
    "https://other.test/u/bob@home.test",
    "https://other.test/search?q=bob@home.test",
    "https://web.archive.org/web/2026/http://home.test/u/bob",
    "https://web.archive.org/web/2026/http:/home.test/u/bob",
    "https://web.archive.org/web/2026/http%3A%2F%2Fhome.test%2Fu%2Fbob",
    "https://archive.test/home.test/u/bob",
    "https://lemmyverse.link/u/bob@home.test",
    "https://photon.test/u/home.test/bob",
    "web+lemmy://home.test/u/bob",
    "lemmy://u/bob@home.test",
    "home.test/u/bob",
    "[x](//home.test/u/bob)",
    "[x](/u/bob)",
    "[x](../u/bob)",
    "[x](u/bob)",
    "[x](<http://home.test/u/bob>)",
    '[x](http://home.test/u/bob "a title")',
    "[a [b] ![c](https://x.test/c.png)](http://home.test/u/bob)",
    "[x]: http://home.test/u/bob",
    "<http://home.test/u/bob>",
    "![a](http://home.test/u/bob.png)",
    "x.bob@home.test",
    "[x](/search?creator=bob)",
    "[x](?username=bob)",
    "http://home.test/u/%20bob",
    "_ask @bob_@home.test or so_",
    "_see http://home.test/u/bob_",
    "_bob@home.test says so_",
    "@_bob_@home.test",
    "matrix:u/bob:home.test?action=chat",
    "bob:home.test",
    "bob @ home . test",
    "bob at home dot test",
    "@bob@home .test",
    '"@bob"@home.test',
    "(@bob)@home.test",
    "||@bob||@home.test",
    "<b>@bob</b>@home.test",
    "@bob<!-- -->@home.test",
    "bob\\u0040home.test",
    "看@bob@home.test看",
    "看http://home.test/u/bob看",
    "http://home.test/u/bob?page=2",
    "http://home.test/#/u/bob",
    "http://home.test/@bob",
    "http://home.test/user/bob",
    "http://home.test/users/bob",
    "http://home.test/u/bob.atom",
    "http://home.test/feeds/u/bob.xml",
    "http://home.test/feeds/u/bob.xml?sort=New",
    "http://home.test/pictrs/image/bob.png",
]
INNOCENT = [
    "bob",
    "@bob",
    "Bob said so at home",
    "bob, home.test",
    "@bob: home.test is down",
    "bobby@home.test",
    "@bob@other.test",
    "@kate@home.test asks bob",
    "bob@home.test.example",
    "bob@sub.home.test",
    "not.bob.there@home.test",
    "http://home.test/",
    "http://home.test/post/1",
    "http://home.test/u/bobby",
    "http://home.test/c/bob",
    "http://home.test/post/12/bob-says",
    "http://home.test/u/bob@other.test",
    "http://home.test/u/other.test/bob",
    "http://home.test/search?q=http://other.test/u/bob",
    "http://other.test/u/bob",
    "http://other.test:8080/u/bob",
    "http://other.test/(x)/u/bob",
    "http://other.test/users/bob/statuses/1",
    "http://home.test.evil/u/bob",
    "http://evilhome.test/u/bob",
    "http://[::1]/u/bob",
    "localhost:80/u/bob",
    "r/u/bob",
    "see http://home.test/ @bob",
    "[bob](http://home.test/)",
    "[http://home.test](bob)",
    "username=bob",
    "@bob_@home.test",
    "@_bob@home.test",
    "http://home.test/u/bob_ and http://home.test/u/_bob",
    "bob dot home.test at noon",
]


def listed(*people: str) -> Takedowns:
    empty = Takedowns(b"salt", {})
    digests: dict[str, str] = {}
    for ap_id in people:
        host, _, name = ap_id.removeprefix("http://").partition("/u/")
        for kind, entry in ((PERSON, ap_id), (MENTION, handle(name, host)), (MENTION, here(name))):
            digests[empty.digest(entry)] = kind
    return Takedowns(b"salt", digests)


TAKEDOWNS = listed(BOB)


def shown(markdown: str) -> str:
    """All that a page made of `markdown` shows or leads to."""
    made = render(markdown, base="http://elsewhere.test/comment/1")
    return " ".join([made.html, made.text, *(part for link in made.links for part in (link.url, link.text))])


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("around", ["{}", "ask {} about it", "> - {}\n\nhello", "|a|b|\n|-|-|\n|{}|c|"])
def test_however_a_listed_person_is_written_nothing_of_them_is_left(spelling: str, around: str) -> None:
    left = TAKEDOWNS.rewrite(around.format(spelling))
    assert MARK in left
    assert "bob" not in shown(left).lower()
    assert "%62" not in left


@pytest.mark.parametrize("text", INNOCENT)
def test_other_people_and_a_bare_name_are_left_alone(text: str) -> None:
    assert TAKEDOWNS.rewrite(text) == text


@pytest.mark.parametrize("name", ["post", "api", "1", "search"])
def test_a_person_called_as_a_part_of_every_address_is_meant_only_where_an_address_says_so(name: str) -> None:
    takedowns = listed(f"http://home.test/u/{name}")
    kept = "http://home.test/post/1 http://home.test/api/v3/search?q=x"
    assert takedowns.rewrite(kept) == kept
    assert takedowns.rewrite(f"http://home.test/u/{name} @{name}@home.test") == f"{MARK} {MARK}"


def test_an_address_of_a_person_that_follows_no_rule_is_known_as_a_whole() -> None:
    empty = Takedowns(b"salt", {})
    takedowns = Takedowns(b"salt", {empty.digest("https://toot.test/ap/users/123"): PERSON})
    assert takedowns.rewrite("at https://TOOT.test/ap/users/123?x#y.") == f"at {MARK}."
    assert takedowns.rewrite("https://toot.test/ap/users/1234") == "https://toot.test/ap/users/1234"


def test_a_name_with_accents_is_the_same_name_however_they_are_composed() -> None:
    for written in ("ren\u00e9", "rene\u0301"):
        takedowns = listed(f"http://home.test/u/{written}")
        assert takedowns.rewrite("@ren\u00e9@home.test, @rene\u0301@home.test") == f"{MARK}, {MARK}"
        assert takedowns.rewrite("@rene@home.test") == "@rene@home.test"


def test_what_stands_around_a_mention_stays() -> None:
    assert TAKEDOWNS.rewrite("ask **@bob**@home.test, or [her](http://x.test/a).") == (
        f"ask {MARK}, or [her](http://x.test/a)."
    )
    assert TAKEDOWNS.rewrite("(see http://home.test/u/bob?x=1).") == f"(see {MARK})."


# ------------------------------------------------------------------------------------------------ composed spellings

LOOKS = {"b": "bBｂ𝐛вь\U0001f171", "o": "oOｏ𝐨оο", "@": "@＠", ".": ".．。", "a": "aａ"}
BETWEEN = ["", "", "", "\u200b", "\u00ad", "\ufe0f", "\u2060"]
ENCODINGS: list[Callable[[str], str]] = [
    lambda sign: sign,
    lambda sign: sign,
    lambda sign: f"&#{ord(sign)};",
    lambda sign: f"&#x{ord(sign):X};",
    lambda sign: quote(sign, safe="") if not sign.isalnum() else "".join(f"%{byte:02x}" for byte in sign.encode()),
    lambda sign: quote(quote(sign, safe=""), safe=""),
]
NAME = st.lists(st.sampled_from(LOOKS["b"]), min_size=2, max_size=2).flatmap(
    lambda ends: st.sampled_from(LOOKS["o"]).map(lambda middle: ends[0] + middle + ends[1])
)


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """The handle or an address of bob@home.test, in look-alikes, unseen signs and encodings of any kind."""
    name = "".join(
        draw(st.sampled_from(BETWEEN)) * bool(number) + draw(st.sampled_from(ENCODINGS))(letter)
        for number, letter in enumerate(draw(NAME))
    )
    at = draw(st.sampled_from(ENCODINGS))(draw(st.sampled_from(LOOKS["@"])))
    host = draw(st.sampled_from(["home.test", "HOME.Test", "home．test", "home&period;test", "home%2etest"]))
    form = draw(
        st.sampled_from(
            [
                "{name}{at}{host}",
                "@{name}{at}{host}",
                "**@{name}**{at}{host}",
                "/u/{name}{at}{host}",
                "http://{host}/u/{name}",
                "http://{host}:80//u/{name}/?x",
                "https://w.test/web/2026/http://{host}/u/{name}",
                "https://other.test/u/{name}{at}{host}",
                "http://{host}/api/v3/user?username={name}",
            ]
        )
    )
    return form.format(name=name, at=at, host=host)


@given(spellings(), st.sampled_from(["{}", "a {} b", "({})", "[x]({})", "> {}", "*{}*", '"{}"', "{}, {}", "a\n{}\nb"]))
def test_no_spelling_that_is_composed_gets_past(spelling: str, around: str) -> None:
    left = TAKEDOWNS.rewrite(around.replace("{}", spelling))
    assert spelling not in left
    assert MARK in left
    assert TAKEDOWNS.rewrite(left) == left


OTHERS = st.sampled_from(["bobby", "kate", "bo", "abob", "bob-", "bob_", "b0b", "böb"])
HOSTS = st.sampled_from(["home.test", "other.test", "home.testing", "nothome.test", "home.test.x.test"])


@given(
    st.lists(st.tuples(OTHERS | st.just("bob"), HOSTS).filter(lambda who: who != ("bob", "home.test")), max_size=6),
    st.sampled_from(
        ["@{}@{}", "{}@{}", "https://x.test/u/{}@{}", "http://{1}/u/{0}", "http://{1}/u/{0}.atom", "!{}@{}"]
    ),
    st.sampled_from([" ", ", ", "\n\n", " bob ", " http://home.test/ "]),
)
def test_nobody_else_is_touched(people: list[tuple[str, str]], form: str, between: str) -> None:
    text = between.join(form.format(*who) for who in people)
    assert TAKEDOWNS.rewrite(text) == text


# ---------------------------------------------------------------------------------------------------------- its cost

PARTS = [
    "\\a", "@", "a@", "a.", "@a@b.c ", "/u/a", "http://a.b/", "a.b/", "[a](", "](", '](x "', "&#64;", "%40", ":a@",
    "a@b.c/", "://", "x/", "(", "u/", "é@é.c ", "[x](/u/b) ", " at ", "[at]", "b\u0336", "\u0336", "&amp;", "*", "[",
    "看", "[1:", "[::1]", "<", "../",
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_the_cost_grows_as_the_text_does(part: str) -> None:
    def seconds(length: int) -> float:
        text, start = (part * length)[:length], time.process_time()
        Takedowns.rewrite(listed(BOB), "@" + text)
        return time.process_time() - start

    # Eight times as long; a quadratic step would take 64 times as long.
    assert seconds(64_000) < 24 * max(min(seconds(8_000), seconds(8_000)), 0.002)
