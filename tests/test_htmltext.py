"""HTML is rewritten by what a reader reads in one go."""

from hypothesis import given
from hypothesis import strategies as st

from thread_archive.htmltext import Run, escaped, rewrite_html

HTML = '<p>A <b>bold</b> &lt;word&gt;</p><ul><li>one</li><li>two<br>lines</li></ul><img alt="x &amp; y" hidden>'


def test_a_run_goes_on_over_inline_tags_and_ends_at_all_others() -> None:
    read: list[str] = []

    def run(found: Run) -> str:
        read.append(found.text)
        return found.html

    assert rewrite_html(HTML, run, list) == HTML
    assert read == ["A bold <word>", "one", "two", "lines"]


def test_each_text_of_a_run_is_rewritten_where_it_stands() -> None:
    assert rewrite_html("<p>a <i>b</i></p>", lambda run: run.each(str.upper).html, list) == "<p>A <i>B</i></p>"


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=("Cs",))))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    assert rewrite_html(f"<p>{escaped(text)}</p>", lambda run: run.html, list) == f"<p>{escaped(text)}</p>"
