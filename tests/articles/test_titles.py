"""A title is what the head of a page and its headings agree on."""

import pytest

from thread_archive.articles.titles import title_of

TITLE = "Northern mole signal house"


@pytest.mark.parametrize(
    ("stated", "element", "headings", "sites"),
    [
        ([TITLE], "", [], []),
        ([], TITLE, [], []),
        ([], "", [TITLE], []),
        ([f"{TITLE} | The Harbour"], f"{TITLE} | The Harbour", [TITLE], ["The Harbour"]),
        ([], f"{TITLE} - Wikipedia", [], ["wikipedia"]),
        # The heading tells which part is the name of a site that nothing names.
        ([f"{TITLE} | Coast Daily"], f"{TITLE} | Coast Daily", [TITLE], []),
        ([f"{TITLE} · Coast Daily"], f"{TITLE} · Coast Daily", ["Menu", TITLE], []),
        ([f"Coast Daily: {TITLE}"], f"Coast Daily: {TITLE}", [TITLE], []),
        ([], f"The Harbour: {TITLE}", [], ["The Harbour"]),
        # A short description, a slogan, the site's own name.
        (["signal station in a harbour town"], f"{TITLE} - Wikipedia", [TITLE], []),
        (["All the news of the coast"], f"{TITLE} – Coast", [TITLE], []),
        (["The Harbour"], f"{TITLE} – The Harbour", ["The Harbour", TITLE], ["The Harbour"]),
        (["", "signal station in a harbour town"], f"The Harbour | {TITLE}", [TITLE], []),
        # What was cut off is told in full by the heading.
        (["Northern mole sig…", "Northern mole…"], "Northern mole…", [TITLE], []),
        # What nothing contradicts is believed.
        ([TITLE, "another"], "Home", [], []),
    ],
)
def test_titles(stated: list[str], element: str, headings: list[str], sites: list[str]) -> None:
    assert title_of(stated, element, headings, sites) == TITLE


def test_a_heading_without_the_subtitle_does_not_cut_it_off() -> None:
    assert title_of([f"{TITLE}: a history"], f"{TITLE}: a history", [TITLE], []) == f"{TITLE}: a history"


def test_a_page_without_any_has_none() -> None:
    assert title_of([], "", [], []) == ""


def test_a_title_of_separators_alone_ends() -> None:
    assert title_of([" - x" * 120], "", [], ["x"]) == ""


def test_the_name_of_the_site_goes_however_often_it_stands_there() -> None:
    repeated = " | ".join(["Harbour News"] * 5_000)
    text = f"{repeated} | The ferry stops | {repeated}"
    assert title_of([text], text, ["The ferry stops"], ["Harbour News"]) == "The ferry stops"
