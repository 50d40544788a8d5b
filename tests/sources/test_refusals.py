"""How servers say no: what is not there, what wants a login, what something before the server does not give."""

import json
from datetime import UTC, datetime

import pytest

from thread_archive.captures import Exchange
from thread_archive.exceptions import AccessDeniedError, ClosedDoorError, ServerFailedError, ThreadGoneError
from thread_archive.sources._steps import contradicts, is_absent, refuse


def told(status: int, body: object, *, logged_in: bool = False, kind: str = "application/json") -> Exchange:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Exchange(
        url="https://home.test/api/v3/comment?id=7",
        status=status,
        requested_at=datetime(2026, 1, 1, tzinfo=UTC),
        body=raw.encode(),
        headers={"content-type": kind},
        logged_in=logged_in,
    )


NOT_THERE = {
    "0.16, a diesel of before 2.0": (404, "NotFound"),
    "0.17, a person": (400, {"error": "couldnt_find_that_username_or_email"}),
    "0.18, in plain text": (404, "Record not found"),
    "0.18, with a line break": (404, "Record not found\n"),
    "0.18, a post": (404, {"error": "couldnt_find_post"}),
    "0.19.0–0.19.3, a comment": (404, {"error": "unknown", "message": "Record not found"}),
    "0.19.4, a comment": (400, {"error": "couldnt_find_comment"}),
    "the library's words as a code": (404, {"error": "NotFound"}),
    "a code as the message": (400, {"error": "unknown", "message": "couldnt_find_comment"}),
    "0.19, a person": (400, {"error": "couldnt_find_person"}),
    "0.19, a community": (404, {"error": "couldnt_find_community"}),
    "0.19, an object": (400, {"error": "couldnt_find_object"}),
    "1.0": (404, {"error": "not_found", "cause": "Record not found"}),
    "1.0, an object": (400, {"error": "resolve_object_failed", "cause": "x"}),
    "without a message": (404, {"error": "not_found", "message": None}),
}
FAILED = {
    "a database that fails": (400, {"error": "unknown", "message": "connection to server was lost"}),
    "unknown without a word": (400, {"error": "unknown"}),
    "a message that only quotes it": (400, {"error": "unknown", "message": "Record not found in cache, timed out"}),
    "another code with that message": (400, {"error": "couldnt_get_comments", "message": "Record not found"}),
    "a failed database in plain text": (400, "connection pool timed out"),
}


@pytest.mark.parametrize(("status", "body"), NOT_THERE.values(), ids=NOT_THERE)
def test_not_found_is_understood_in_the_words_of_all_versions(status: int, body: object) -> None:
    answer = told(status, body)
    assert is_absent(answer)
    assert isinstance(refuse(answer, "the thread"), ThreadGoneError)


@pytest.mark.parametrize(("status", "body"), FAILED.values(), ids=FAILED)
def test_another_failure_is_not_taken_for_not_found(status: int, body: object) -> None:
    answer = told(status, body)
    assert not is_absent(answer)
    assert isinstance(refuse(answer, "the thread"), ServerFailedError)


def test_what_a_thread_says_about_records_is_no_refusal() -> None:
    assert not is_absent(told(200, {"error": "not_found"}))


@pytest.mark.parametrize(
    ("status", "code"), [(400, "instance_is_private"), (400, "not_logged_in"), (401, "incorrect_login")]
)
def test_a_login_is_advised_where_the_lemmy_itself_asks_for_one(status: int, code: str) -> None:
    refused = refuse(told(status, {"error": code}), "the thread")
    assert type(refused) is AccessDeniedError
    assert "thread-archive login home.test" in refused.next
    again = refuse(told(status, {"error": code}, logged_in=True), "the thread")
    assert "refuses the login" in again.message


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "password"), (403, "proxy or firewall"), (410, "gone for good"), (451, "legal reasons")],
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [("", "text/html"), ("<h1>No</h1>", "text/html"), ("no", "text/plain"), ('{"ch":"a","pow":2}', "application/json")],
)
def test_a_closed_door_is_named_and_no_login_is_advised(
    status: int, words: str, body: str, kind: str, logged_in: bool
) -> None:
    refused = refuse(told(status, body, kind=kind, logged_in=logged_in), "the thread")
    assert isinstance(refused, ClosedDoorError)
    assert refused.exit_code == 3
    for part in ("home.test", words, str(status)):
        assert part in refused.message
    assert "login" not in refused.next
    assert "Another Lemmy server may hold a copy" in refused.next
    known = refused.running("Lemmy 0.19.12")
    assert known.message.startswith("home.test runs Lemmy 0.19.12 and ")
    assert (type(known), known.next, known.url) == (type(refused), refused.next, refused.url)


def test_what_the_law_withholds_is_no_contradiction() -> None:
    assert not contradicts(told(451, "<p>Unavailable for legal reasons</p>", kind="text/html"))
