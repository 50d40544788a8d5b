"""What must not be stored is blanked; all else stays byte for byte."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thread_archive.withholding import withhold, without_login


def blanked(value: Any, **options: bool) -> tuple[Any, tuple[str, ...]]:
    body, pointers = withhold(json.dumps(value).encode(), **options)
    return json.loads(body), pointers


@pytest.mark.parametrize("mark", ["deleted", "removed"])
def test_text_of_what_is_marked_is_blanked_and_pointed_at(mark: str) -> None:
    value = {"comments": [{"comment": {"id": 1, "content": "secret", mark: True}}, {"comment": {"content": "open"}}]}
    found, pointers = blanked(value)
    assert found["comments"][0]["comment"] == {"id": 1, "content": "", mark: True}
    assert found["comments"][1]["comment"]["content"] == "open"
    assert pointers == ("/comments/0/comment/content",)


def test_a_withdrawn_post_that_is_only_embedded_loses_its_title_and_link_too() -> None:
    post = {"name": "t", "url": "https://x.example", "body": "b", "removed": True}
    embedded, _ = blanked({"comments": [{"post": post}]})
    assert embedded["comments"][0]["post"] == {"name": "", "url": "", "body": "", "removed": True}
    shown, _ = blanked({"post_view": {"post": post}})
    assert shown["post_view"]["post"] == {"name": "t", "url": "https://x.example", "body": "", "removed": True}


def test_the_mark_may_come_before_or_after_the_text_and_with_spaces() -> None:
    for body in (b'{"deleted" : true, "content": "x"}', b'{"content": "x", "deleted":\ttrue}'):
        assert b'"x"' not in withhold(body)[0]


def test_keys_written_with_escapes_do_not_get_past() -> None:
    assert b"secret" not in withhold(b'{"del\\u0065ted": true, "c\\u006fntent": "secret"}')[0]


def test_what_only_a_login_adds_becomes_null() -> None:
    value = {"my_user": {"email": "a@b.example"}, "comments": [{"my_vote": 1, "comment": {"content": "x"}}]}
    found, pointers = blanked(value, logged_in=True)
    assert found == {"my_user": None, "comments": [{"my_vote": None, "comment": {"content": "x"}}]}
    assert pointers == ("/my_user", "/comments/0/my_vote")
    assert blanked(value)[0] == value


def test_a_body_that_is_not_json_is_withheld_as_a_whole() -> None:
    assert withhold(b"<html>" + b"x" * 5000) == (b"", ("",))
    assert withhold(b'{"content": "cut off') == (b"", ("",))
    assert withhold(b"rate_limit_error") == (b"rate_limit_error", ())


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi/+Oi==.c2VjcmV0"


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        TOKEN.replace("/", "\\/"),
        TOKEN.replace("=", "\\u003D").replace("+", "\\u002b"),
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="/").replace("%3D", "%3d"),
    ],
)
def test_a_login_that_is_repeated_is_blanked_with_the_text_around_it(written: str) -> None:
    body = f'{{"error": "bad Bearer {written}", "seen": [1, {{"a/b": "{written}"}}, "x"]}}'
    assert without_login(body.encode(), TOKEN) == (
        b'{"error": "", "seen": [1, {"a/b": ""}, "x"]}',
        ("/error", "/seen/1/a~1b"),
    )


@pytest.mark.parametrize("body", [f'{{"{TOKEN}": {{"content": "x"}}}}', f"no {TOKEN}", f'{{"cut off": "{TOKEN}'])
def test_an_answer_whose_login_no_string_holds_is_withheld_as_a_whole(body: str) -> None:
    assert without_login(body.encode(), TOKEN) == (b"", ("",))


@pytest.mark.parametrize("token", [TOKEN, "1", "content"])
def test_an_answer_without_the_login_stays_as_it_is(token: str) -> None:
    body = b'{"content": "eyJhbGciOiJIUzI1NiJ9.1", "deleted": false}'
    assert without_login(body, token) == (body, ())


TEXT = st.text(min_size=1, max_size=20)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "body", "name", "deleted", "removed", "comment", "post", "title", "id"]), inner
        )
    ),
    max_leaves=20,
)


def texts_of_withdrawn(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in texts_of_withdrawn(item)]
    if not isinstance(value, dict):
        return []
    inner = [text for item in value.values() for text in texts_of_withdrawn(item)]
    if value.get("deleted") is True or value.get("removed") is True:
        inner += [value[key] for key in ("content", "body", "title") if isinstance(value.get(key), str)]
    return inner


@given(OBJECTS)
def test_no_text_of_anything_withdrawn_remains_and_doing_it_twice_changes_nothing(value: Any) -> None:
    body, pointers = withhold(json.dumps(value).encode())
    if pointers != ("",):
        assert not any(texts_of_withdrawn(json.loads(body)))
        assert withhold(body) == (body, ())


@given(OBJECTS)
def test_an_answer_without_marks_stays_byte_for_byte(value: Any) -> None:
    body = json.dumps(value, indent=1).replace("true", "false").encode()
    if body[:1] in b"{[":
        assert withhold(body) == (body, ())


def test_of_a_post_by_activitypub_nothing_is_kept_but_what_it_is_and_where_it_belongs() -> None:
    page = b'{"@context": [], "type": "Page", "attributedTo": "https://home.test/u/mara", "content": "Gulls"}'
    assert withhold(page) == (b'{"type": "Page", "attributedTo": "https://home.test"}', ("",))
    note = b'{"type": "Note", "inReplyTo": ["x"], "audience": "https://home.test/c/x", "attributedTo": {"id": "mara"}}'
    assert withhold(note) == (b'{"type": "Note", "audience": "https://home.test/c/x", "attributedTo": ""}', ("",))
    tombstone = b'{"@context": [], "type": "Tombstone", "id": "https://home.test/post/1"}'
    assert withhold(tombstone) == (tombstone, ())


def test_a_text_that_quotes_activitypub_is_kept() -> None:
    answer = b'{"comment": {"content": "it says \\"attributedTo\\": nobody", "more": {"attributedTo": 1}}}'
    assert withhold(answer) == (answer, ())


def test_json_deeper_than_any_lemmy_s_is_withheld_as_a_whole_where_it_would_have_to_be_told_where_texts_stand() -> None:
    names = b'{"' + b"k" * 3_000 + b'":'
    deep = b'{"deleted":true,"content":"secret","more":' + names + b'{"content":"x"}' + b"}}"
    assert withhold(deep) == (b"", ("",))
    assert withhold(deep.replace(b"true", b"null"))[1] == ()


@pytest.mark.parametrize("key", [rb"\u0064eleted", rb"delete\u0064", rb"d\u0065l\u0065t\u0065d", rb"\u0072emoved"])
def test_a_key_with_escapes_marks_what_is_withdrawn_wherever_they_stand(key: bytes) -> None:
    assert withhold(b'{"content":"secret","' + key + b'" :\n true}')[1] == ("/content",)
