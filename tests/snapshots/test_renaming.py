"""Names are replaced in HTML as a reader reads it."""

import pytest

from thread_archive.snapshots.renaming import rename_in_html


@pytest.mark.parametrize(
    ("html", "renamed"),
    [
        ("<p>Ask <b>mara</b> &amp; <i>tell</i></p>", "<p>Ask <b>someone</b> &amp; <i>tell</i></p>"),
        ("<p>Ask m<b>ar</b>a</p><p><i>x</i></p>", "<p>Ask someone</p><p><i>x</i></p>"),
        ('<a href="/u/mara" rel="mara">x</a>', '<a href="/u/someone" rel="mara">x</a>'),
    ],
)
def test_a_name_goes_and_tags_stay_but_for_those_that_it_goes_across(html: str, renamed: str) -> None:
    assert rename_in_html(html, lambda text: text.replace("mara", "someone")) == renamed
