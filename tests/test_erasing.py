"""Erasing from answers: whole items and people wherever they stand, passages elsewhere, all else byte for byte."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.erasing import Erasure, erase
from thread_archive.exceptions import TakenDownError
from thread_archive.takedowns import COMMENT, MENTION, PERSON, POST, Takedowns, handle, here, quotation
from thread_archive.withholding import withhold

HOST = "home.test"
ALICE = f"https://{HOST}/u/alice"


def listed(*entries: tuple[str, str]) -> Takedowns:
    empty = Takedowns(b"salt", {})
    return Takedowns(b"salt", {empty.digest(name): kind for kind, name in entries})


def alice() -> Erasure:
    return Erasure(takedowns=listed((PERSON, ALICE), (MENTION, handle("alice", HOST)), (MENTION, here("alice"))))


def erased(value: Any, erasure: Erasure) -> Any:
    return json.loads(erase(json.dumps(value).encode(), erasure, HOST).body)


def test_a_person_loses_all_but_the_numbers_and_times() -> None:
    person = {"id": 7, "name": "alice", "bio": "b", "avatar": "a", "actor_id": ALICE, "published": "2026-01-01T00:00Z"}
    found = erased({"moderators": [{"moderator": person}]}, alice())["moderators"][0]["moderator"]
    name = found["actor_id"].rpartition("/")[2]
    assert re.fullmatch(rf"https://{HOST}/u/redacted-[0-9a-f]{{16}}", found["actor_id"])
    assert found == {**person, "name": name, "actor_id": found["actor_id"], "bio": "", "avatar": ""}


def test_an_item_is_its_authors_by_the_creator_beside_it() -> None:
    view = {"comment": {"id": 1, "content": "mine"}, "post": {"id": 2, "name": "t"}, "creator": {"actor_id": ALICE}}
    found = erased({"comments": [view]}, alice())["comments"][0]
    assert (found["comment"]["content"], found["post"]["name"]) == ("[redacted]", "t")


def test_whatever_stands_in_a_taken_down_thread_goes_with_it() -> None:
    post = {"ap_id": "https://home.test/post/1", "name": "t", "creator_id": 3}
    view = {"comment": {"content": "mine"}, "post": post}
    found = erased({"comments": [view]}, Erasure(takedowns=listed((POST, post["ap_id"]))))["comments"][0]
    assert (found["comment"]["content"], found["post"]["name"]) == ("[redacted]", "[redacted]")


def test_an_item_without_its_creator_is_known_by_the_number_that_an_earlier_answer_told() -> None:
    erasure = alice()
    erased({"post_view": {"post": {"id": 2, "name": "t"}, "creator": {"id": 7, "actor_id": ALICE}}}, erasure)
    embedding = {"comments": [{"post": {"id": 2, "creator_id": 7, "name": "t", "body": "b"}}]}
    found = erased(embedding, erasure)["comments"][0]["post"]
    assert (found["name"], found["body"]) == ("[redacted]", "[redacted]")
    other = json.loads(erase(json.dumps(embedding).encode(), erasure, "mirror.test").body)
    assert other == embedding, "numbers mean something else on another server"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("thanks @alice@home.test.", "thanks [redacted]."),
        ("thanks [@alice@home.test](https://home.test/u/alice)!", "thanks [redacted]!"),
        ("see https://home.test/u/alice and https://other.test/u/alice@home.test", "see [redacted] and [redacted]"),
        ("see /u/alice@home.test or https://home.test/@alice", "see [redacted] or [redacted]"),
        ("@ALICE@Home.Test", "[redacted]"),
        ("@alice@elsewhere.test, @malice@home.test, alice, https://home.test/u/alicette", None),
        ('ask [Alice](https://home.test/u/alice "her page"), [her](</u/alice>)', "ask [redacted], [redacted]"),
        (
            "ask /u/alice, not r/u/alice or /u/alice@elsewhere.test",
            "ask [redacted], not r/u/alice or /u/alice@elsewhere.test",
        ),
        ("[a](https://home.test/u/%61lice?x) https://toot.test/%40alice%40home.test", "[redacted] [redacted]"),
        ("https://kbin.test/u/@alice@home.test/reply?of=@alice@home.test", "[redacted]"),
        ("https://home.test/profile/alice, https://home.test/users/alice/", "[redacted], [redacted]"),
        ("https://x.test/50%25?by=@bob@home.test [alice](https://x.test/alice)", None),
    ],
)
def test_mentions_of_a_listed_person_go_and_those_of_others_stay(text: str, left: str | None) -> None:
    assert alice().rewrite(text) == (text if left is None else left)


@given(
    st.text(alphabet='\\@/u:%a.-_!()[]<>" ', max_size=60), st.sampled_from(["", "@alice@home.test", ALICE, "/u/alice"])
)
def test_mentions_erased_once_are_erased(text: str, mention: str) -> None:
    once = alice().rewrite(text + mention + text)
    assert alice().rewrite(once) == once


def test_names_with_backslashes_are_the_same_names() -> None:
    erasure = Erasure(takedowns=listed((MENTION, handle("a_b", HOST))))
    assert (
        erasure.rewrite("ask @a\\_b@home.test or [a\\_b](https://home.test/u/a\\_b)") == "ask [redacted] or [redacted]"
    )


@pytest.mark.parametrize("part", ["[", "https://", "@a", "a.", "\\_", "/u/a", "[a](https://x.test/", "%40", "!a@"])
def test_mentions_are_looked_for_in_time_linear_in_the_text(part: str) -> None:
    def seconds(length: int) -> float:
        text, start = part * (length // len(part)), time.process_time()
        alice().rewrite(text)
        return time.process_time() - start

    assert seconds(400_000) < 16 * max(seconds(50_000), 0.01)


def test_a_listed_quotation_goes_from_the_item_that_it_is_listed_for_wherever_it_stands_in_it() -> None:
    erasure = Erasure(takedowns=listed(*quotation("https://x.test/comment/2", "some words"), (COMMENT, "x")))
    assert (
        erasure.rewrite("> some words\n\nno; Some words.", "https://x.test/comment/2")
        == "> [redacted]\n\nno; [redacted]."
    )
    assert erasure.rewrite("> some words", "https://x.test/comment/3") == "> some words"
    assert erasure.rewrite("> some words") == "> some words"


def test_what_is_beside_the_erased_post_in_its_answer_does_not_tell_what_it_linked_to() -> None:
    other = {"post": {"id": 9, "ap_id": "https://x.test/post/9", "creator_id": 3, "name": "t", "url": "u"}}
    answer = {"post_view": {"post": {"id": 1, "creator_id": 7}, "creator": {"id": 7, "actor_id": ALICE}}}
    erasure = alice()
    found = erased({**answer, "cross_posts": [other]}, erasure)["cross_posts"][0]["post"]
    assert (found["name"], found["url"]) == ("[redacted]", "")
    assert "https://x.test/post/9" not in erasure.met


def test_a_pattern_leaves_structure_and_names_alone() -> None:
    erasure = Erasure(takedowns=listed(), pattern=re.compile("2026|alice|home"))
    value = {
        "comment": {"content": "alice in 2026", "published": "2026-01-01T00:00Z", "ap_id": f"https://{HOST}/comment/1"},
        "creator": {"name": "alice", "actor_id": ALICE, "bio": "I am alice"},
        "post": {"name": "alice", "creator_id": 3},
    }
    found = erased(value, erasure)
    assert found["comment"] == {**value["comment"], "content": "[redacted] in [redacted]"}
    assert found["creator"] == {**value["creator"], "bio": "I am [redacted]"}
    assert found["post"]["name"] == "[redacted]"


def test_a_taken_down_thread_raises_but_not_where_it_is_only_a_cross_post() -> None:
    post = {"id": 1, "ap_id": "https://home.test/post/1", "name": "t", "creator_id": 3}
    erasure = Erasure(takedowns=listed((POST, post["ap_id"])))
    with pytest.raises(TakenDownError):
        withhold(json.dumps({"post_view": {"post": post}}).encode(), takedowns=erasure, instance=HOST)
    beside = {"post_view": {"post": {"name": "other", "ap_id": "x"}}, "cross_posts": [{"post": post}]}
    body, pointers = withhold(json.dumps(beside).encode(), takedowns=erasure, instance=HOST)
    assert json.loads(body)["cross_posts"][0]["post"]["name"] == "[redacted]"
    assert pointers == ("/cross_posts/0/post/name",)


def test_doubled_and_escaped_keys_do_not_get_past() -> None:
    body = b'{"comment": {"ap_id": "https://h.test/comment/1", "content": "secret", "c\\u006fntent": "secret"}}'
    erasure = Erasure(takedowns=listed((COMMENT, "https://h.test/comment/1")))
    assert b"secret" not in erase(body, erasure, HOST).body


def test_what_is_no_json_goes_as_a_whole_where_it_holds_a_passage() -> None:
    erasure = Erasure(takedowns=listed(), pattern=re.compile("secret"))
    assert erase(b"<p>a secret</p>", erasure, HOST).body == b""
    assert erase(b"<p>none</p>", erasure, HOST).body == b"<p>none</p>"
    assert erase(b'"a secret"', erasure, HOST).body == b'"a [redacted]"'


TEXT = st.text(min_size=1, max_size=12)
AP_IDS = st.sampled_from(
    [ALICE, "https://home.test/u/bob", "https://home.test/comment/1", "https://home.test/comment/2"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "name", "comment", "post", "creator", "creator_id", "x~/y"]), inner
        )
        | st.builds(lambda ap_id, rest: {"ap_id": ap_id, **rest}, AP_IDS, st.dictionaries(TEXT, inner, max_size=3))
    ),
    max_leaves=25,
)


@given(VALUES)
def test_erasing_twice_is_erasing_once_and_keeps_every_member(value: Any) -> None:
    erasure = Erasure(
        takedowns=listed((PERSON, ALICE), (COMMENT, "https://home.test/comment/1")), pattern=re.compile("[0-9]")
    )
    body = json.dumps(value).encode()
    once = erase(body, erasure, HOST)
    assert erase(once.body, erasure, HOST).body == once.body
    assert _shape(json.loads(once.body)) == _shape(value)
    if not once.pointers:
        assert once.body == body


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return "" if isinstance(value, str) else value


@pytest.mark.parametrize(
    "body",
    [
        '{"comment": {"content": "hi @alice@home.test", "content": "fine"}}',
        '{"comment": {"c\\u006fntent": "hi @alice@home.test", "content": "fine"}}',
        '{"comment": {"content": "secret alice@home.test", "ap_id": "x"}, "comment": {"content": "fine"}}',
        '{"a": [{"b": {"x": ["@alice@home.test"]}, "b": 1}]}',
        '{"creator": {"bio": "alice@home.test", "bio": {"x": 1}, "bio": ""}}',
    ],
)
def test_a_member_that_a_later_one_overwrites_is_erased_and_the_later_one_stays(body: str) -> None:
    erased_ = erase(body.encode(), alice(), HOST)
    assert b"alice" not in erased_.body
    assert json.loads(erased_.body) == json.loads(body)
    assert erased_.pointers
    assert erase(erased_.body, alice(), HOST).body == erased_.body


def test_names_of_members_that_name_a_listed_person_are_rewritten_and_so_is_where_they_stand() -> None:
    body = json.dumps({"seen": {"alice@home.test": "by @alice@home.test", "kate@home.test": "k"}}).encode()
    found = erase(body, alice(), HOST)
    assert json.loads(found.body) == {"seen": {"[redacted]": "by [redacted]", "kate@home.test": "k"}}
    assert "alice" not in " ".join(found.pointers)
