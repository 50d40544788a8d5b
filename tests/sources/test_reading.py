"""People in answers: the same bytes are the same person, and are read once."""

import json

import pytest

from thread_archive.exceptions import PayloadError
from thread_archive.sources import reader

READER = reader("lemmy_v3")
URL = "http://home.test/api/v3/comment/list"


def person(number: int, **more: object) -> bytes:
    told = {"id": number, "name": f"mara{number}", "actor_id": f"http://home.test/u/mara{number}", "instance_id": 1}
    return json.dumps({**told, "deleted": False, "bot_account": False, **more}).encode()


def test_somebody_who_wrote_again_is_read_once() -> None:
    assert READER.person(person(1), url=URL) is READER.person(person(1), url=URL)


def test_somebody_who_changed_is_read_anew() -> None:
    before, after = (READER.person(person(2, display_name=name), url=URL) for name in ("Mara", "Mara F."))
    assert (before.display_name, after.display_name) == ("Mara", "Mara F.")


def test_neither_many_people_nor_long_ones_are_remembered_without_end() -> None:
    first, long = person(3), person(4, bio="x" * 5_000)
    known, described = READER.person(first, url=URL), READER.person(long, url=URL)
    assert READER.person(long, url=URL) is not described
    for number in range(10, 2_010):
        READER.person(person(number), url=URL)
    assert READER.person(first, url=URL) is not known
    assert (READER.person(first, url=URL), READER.person(long, url=URL)) == (known, described)


def test_who_makes_no_sense_is_said_with_the_address_that_told_of_them_each_time() -> None:
    for url in (URL, f"{URL}?page=2"):
        with pytest.raises(PayloadError) as failed:
            READER.person(b'{"id": 1, "name": 7}', url=url)
        assert f"{url} does" in failed.value.message
