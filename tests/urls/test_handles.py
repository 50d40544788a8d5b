"""What an actor's ap_id says of its name."""

import pytest

from thread_archive.urls import fitting_name, handle, is_same_server, name_in


@pytest.mark.parametrize(
    ("ap_id", "name"),
    [
        ("https://home.test/u/ada", "ada"),
        ("https://home.test/u/ada/", "ada"),
        ("https://home.test/u/1234567890", "1234567890"),
        ("https://home.test/c/boats", "boats"),
        ("https://mbin.test/m/boats", "boats"),
        ("https://social.test/users/ada", "ada"),
        ("https://social.test/@ada", "ada"),
        ("https://home.test/u/%C3%A5da", "åda"),
        # What names nobody: numbers, ids of Misskey, UUIDs, other paths.
        ("https://social.test/ap/users/116233408", ""),
        ("https://social.test/users/116233408", ""),
        ("https://misskey.test/users/9fyx0c8b2q", ""),
        ("https://misskey.test/users/507f1f77bcf86cd799439011", ""),
        ("https://home.test/u/ada/followers", ""),
        ("https://blog.test/?author=1", ""),
        ("https://home.test/post/1", ""),
        ("https://home.test/u/ada?as=/u/tobias#/u/ines", "ada"),
        ("https://home.test?/u/ada", ""),
        ("no address", ""),
    ],
)
def test_the_name_in_an_ap_id_is_read_from_its_path(ap_id: str, name: str) -> None:
    assert name_in(ap_id) == name


@pytest.mark.parametrize(
    ("ap_id", "told", "shown"),
    [
        ("https://home.test/u/tobias", "hitler", "tobias"),
        ("https://home.test/u/tobias", "tоbias", "tobias"),
        ("https://home.test/u/tobias", "Tobias", "Tobias"),
        ("https://home.test/u/tobias", "", "tobias"),
        ("https://home.test/u/%C3%A5da", "a\u030ada", "a\u030ada"),
        ("https://social.test/ap/users/77", "tobias", "tobias"),
        ("https://misskey.test/users/9fyx0c8b2q", "tobias", "tobias"),
        ("https://home.test/c/harbour", "evilname", "harbour"),
    ],
)
def test_a_name_that_does_not_fit_the_ap_id_is_not_shown(ap_id: str, told: str, shown: str) -> None:
    assert fitting_name(ap_id, told) == shown


def test_who_is_not_of_the_server_at_hand_is_named_with_theirs() -> None:
    assert handle("https://home.test/u/ada", "ada", "home.test") == "ada"
    assert handle("https://home.test/u/ada", "ada", "other.test") == "ada@home.test"
    assert handle("https://home.test/u/ada", "ada") == "ada@home.test"
    assert handle(None, "A byline") == "A byline"
    assert handle(None, None) == ""


def test_www_makes_no_other_server() -> None:
    assert is_same_server("www.home.test", "home.test")
    assert is_same_server("home.test:8536", "home.test:8536")
    assert not is_same_server("home.test", "home.test:8536")
    assert not is_same_server("home.test", "evilhome.test")
