"""The tree of errors and the picture of it."""

import re

from thread_archive import exceptions
from thread_archive.exceptions import ThreadArchiveError


def drawn() -> dict[str, tuple[str, int | None]]:
    """Each error of the docstring's picture with its parent, and its exit code where one is written."""
    parents, found = ["Exception"], {}
    for line in exceptions.__doc__.splitlines():
        if match := re.fullmatch(r"    ([│├└─ ]*)(\w+Error)(?: +(\d) .*)?", line):
            depth = len(match[1]) // 4
            parents[depth + 1 :] = [match[2]]
            found[match[2]] = (parents[depth], int(match[3]) if match[3] else None)
    return found


def test_picture_of_the_tree_is_the_tree() -> None:
    """Every error stands below its parent, and each branch has the exit code that is written there."""
    errors = [ThreadArchiveError]
    for one in errors:
        errors += one.__subclasses__()
    picture = drawn()
    ours = {one.__name__: one for one in errors if one.__module__ == exceptions.__name__}
    assert {name: one.__base__.__name__ for name, one in ours.items()} == {
        name: parent for name, (parent, _) in picture.items()
    }
    for name, (_, code) in picture.items():
        assert code in (None, ours[name].exit_code)
