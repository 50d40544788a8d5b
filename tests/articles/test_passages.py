"""Passages are replaced in HTML as a reader reads it."""

import pytest

from thread_archive.articles.passages import replace_passages


def without_secret(text: str) -> str:
    return text.replace("a secret", "[redacted]")


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>It is <b>a</b> secret &amp; more.</p>", "<p>It is [redacted] &amp; more.</p>"),
        ("<p>It is a\n  secret.</p><p>It is <i>none</i>.</p>", "<p>It is [redacted].</p><p>It is <i>none</i>.</p>"),
        ('<p><a href="/a secret">x</a> <img src="y" alt="a secret"></p>', '<p><a>x</a> <img src="y"></p>'),
        ("<li>a</li><li>secret</li>", "<li>a</li><li>secret</li>"),
        ("<p>1 &lt; 2 &amp;amp; <br>3</p>", "<p>1 &lt; 2 &amp;amp; <br>3</p>"),
    ],
)
def test_a_passage_goes_be_it_broken_by_tags_or_lines_and_the_rest_stays(html: str, left: str) -> None:
    assert replace_passages(html, without_secret) == left
