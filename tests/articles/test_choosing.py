"""Of trafilatura's choice what is of the same text is put back, and nothing beside it."""

import pytest

from thread_archive.articles.extracting import extract

FIRST = (
    "The old ferry stopped running on a Tuesday, and for the first week nobody quite believed that it would stay so.",
    "By the second week the baker had begun to drive around the bay, which takes fifty minutes when the road is dry.",
)
LAST = (
    "Children who went to school on the other side were given rooms there, and came home on Fridays with the mail.",
    "What follows is the account of that winter as the harbour office kept it, in a ledger with green covers.",
)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(between: str, after: str = "") -> str:
    text = f"{paragraphs(*FIRST)}{between}{paragraphs(*LAST)}"
    page = f"<html><head><title>A winter</title></head><body><div><div>{text}</div>{after}</div></body></html>"
    article = extract(page.encode(), content_type="text/html; charset=utf-8", url="https://news.example/a").article
    assert article is not None
    found = "\n".join(paragraph.text for paragraph in article.paragraphs)
    assert [found.count(sentence) for sentence in (*FIRST, *LAST)] == [1, 1, 1, 1]
    return found


@pytest.mark.parametrize(
    ("between", "wanted"),
    [
        ("<h2>The second week</h2>", "The second week"),
        ("<blockquote><p>We waited on the pier.</p></blockquote>", "We waited on the pier."),
        ("<ul><li>One lamp</li><li>Two ropes</li></ul>", "Two ropes"),
        ("<div class=list><ul><li>One lamp</li><li>Two ropes</li></ul></div>", "Two ropes"),
        ("<table><tr><th>Day</th><td>Boats</td></tr><tr><th>Monday</th><td>4</td></tr></table>", "Monday 4"),
    ],
)
def test_what_is_lost_within_the_text_is_put_back(between: str, wanted: str) -> None:
    assert wanted in read(between)


@pytest.mark.parametrize(
    "between",
    [
        "<div class=quiz><h3>How well do you know it?</h3><ul><li>INTRUDER</li><li>See all</li></ul></div>",
        "<div class=video-player><h3>Caption settings</h3><ul><li>INTRUDER</li><li>Georgia</li></ul></div>",
        "<div><h3>Your opinion</h3><ul><li>INTRUDER</li><li>No</li></ul></div>",
        "<section><h4>Menu</h4><ol><li>INTRUDER</li><li>Culture</li></ol></section>",
        "<ul class=menu><li>INTRUDER</li><li>Culture</li></ul>",
        "<aside><blockquote>INTRUDER</blockquote></aside>",
        "<figure><img src=/a.png><figcaption>INTRUDER</figcaption></figure>",
        "<ul><li><a href=/1>INTRUDER</a></li><li><a href=/2>Another story</a></li></ul>",
        '<p class="photo-caption">The INTRUDER is seen here on the pier beside the lamp, in a photograph.</p>',
    ],
)
def test_what_stands_beside_the_text_is_not_put_back(between: str) -> None:
    assert "INTRUDER" not in read(between)


@pytest.mark.parametrize("tag", ["div", "li"])
def test_a_second_copy_is_left_out(tag: str) -> None:
    copy = f"<{tag}>{' '.join((*FIRST, *LAST))}</{tag}>"
    read("", after=copy)
    read("", after=f"<div class=print-view>{paragraphs(*FIRST, *LAST)}</div>")


@pytest.mark.parametrize("box", ["div class=hidden", "div class=print-only", "section", "details", "amp-list"])
def test_a_second_copy_that_trafilatura_takes_for_text_is_left_out(box: str) -> None:
    copy = paragraphs(*FIRST, *LAST)
    for again in (f"<{box}>{copy}</{box.split()[0]}>", f"<{box}>{' '.join((*FIRST, *LAST))}</{box.split()[0]}>"):
        text = f"<article><h1>A winter</h1>{copy}{again}</article>"
        page = f"<html><head><title>A winter</title></head><body>{text}</body></html>"
        article = extract(page.encode(), content_type="text/html; charset=utf-8", url="https://news.example/a").article
        assert article is not None
        found = "\n".join(paragraph.text for paragraph in article.paragraphs)
        assert [found.count(sentence) for sentence in (*FIRST, *LAST)] == [1, 1, 1, 1]


def test_a_refrain_stays_as_often_as_it_is_sung() -> None:
    verses = [
        f"{verse} the boats went out to the banks at dawn, and {verse.lower()} they came home at night."
        for verse in ("First", "Then", "Later", "Last")
    ]
    refrain = "Row, brothers, row, the stream runs fast, the rapids are near."
    song = paragraphs(*(line for verse in verses for line in (verse, refrain)))
    page = f"<html><head><title>Rowing</title></head><body><article><h1>Rowing</h1>{song}</article></body></html>"
    article = extract(page.encode(), content_type="text/html; charset=utf-8", url="https://news.example/a").article
    assert article is not None
    assert sum(paragraph.text == refrain for paragraph in article.paragraphs) == 4


def test_a_repeated_quote_of_the_text_is_left_out() -> None:
    read(f"<blockquote>{FIRST[0]}</blockquote>")


def test_boxes_after_the_text_are_left_out() -> None:
    box = "<h3>Join us</h3><p>INTRUDERS may write to the desk.</p><p>Thank you for all.</p>"
    assert "INTRUDER" not in read("", after=f"<section class=box>{box}</section>")


def test_later_parts_of_the_text_that_are_set_like_the_first_stay() -> None:
    part = "<h2>Part two</h2><p>In the spring the new boat came, and the school bell rang on both sides again.</p>"
    assert "Part two" in read("", after=f"<div>{part}<p>It was painted green, as the ledger had been.</p></div>")
