"""What answers tell of the dialect that their server speaks."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fake_lemmy.captured import exchanges
from thread_archive.captures import Exchange
from thread_archive.sources import belies


def opening_answers(name: str) -> list[Exchange]:
    """The recorded answers of `/api/v3` that give a post or comments, with which a visit begins."""
    given = [told for told in exchanges(name) if told["status"] == 200 and "creator" in json.dumps(told["body"])]
    return [answer(told) for told in given if told["path"].startswith(("/api/v3/post?", "/api/v3/comment/list?"))]


def answer(told: dict[str, Any]) -> Exchange:
    body = json.dumps(told["body"]).encode()
    return Exchange(url=told["path"], status=200, requested_at=datetime(2026, 1, 1, tzinfo=UTC), body=body)


@pytest.mark.parametrize(
    ("name", "other"), {"lemmy-0.18.5": False, "lemmy-0.19.20": False, "lemmy-1.0.0-beta.1": True}.items()
)
def test_each_recorded_answer_of_the_v3_that_is_left_in_1_0_shows_that_it_is_none(name: str, other: bool) -> None:
    answers = opening_answers(name)
    assert len(answers) >= 10
    assert {belies(answer, dialect="lemmy_v3") for answer in answers} == {other}


def test_a_text_that_looks_like_an_answer_is_none() -> None:
    quoted = {"body": {"comment_view": {"creator": {"instance_id": 3}, "content": '"instance_id": 0'}}, "path": ""}
    assert not belies(answer(quoted), dialect="lemmy_v3")
