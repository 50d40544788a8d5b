"""Numbers of things, as people read them."""

from thread_archive.counting import counted


def test_one_of_a_thing_is_told_in_the_singular() -> None:
    assert [counted(number, "comment") for number in (0, 1, 2, 1234)] == [
        "0 comments",
        "1 comment",
        "2 comments",
        "1,234 comments",
    ]
