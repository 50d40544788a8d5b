"""A page's bytes as an article, or the reason why there is none."""

import json
import resource
import time
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.corpus import LAYOUTS, MARKDOWN, page, texts
from thread_archive.articles.extracting import Extraction, article_of_body, extract
from thread_archive.articles.refusals import SENTENCES, Refusal

URL = "https://news.example/dir/story"
FERRY = next(text for text in texts() if text.name == "ferry-en")
STORY = MARKDOWN.render(FERRY.markdown)
TEASER = "<p>" + "The harbour board met on Monday to speak about the ferry and its future on the river. " * 4 + "</p>"


def read(html: str, *, url: str = URL, content_type: str = "text/html; charset=utf-8") -> Extraction:
    return extract(html.encode("utf-8", "surrogatepass"), content_type=content_type, url=url)


def document(body: str, head: str = "") -> str:
    return f"<!doctype html><html lang=en><head><title>The night ferry</title>{head}</head><body>{body}</body></html>"


def json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


HEADLINES = "".join(f"<li><a href=/{n}>Headline {n} of the day in some {n * 7} words</a></li>" for n in range(60))
BUTTONS = "<button>Accept all</button><button>Manage preferences</button>"
BANNER = (
    '<div id="onetrust-consent-sdk"><p>We and our 412 partners store and/or access information on a device, such as '
    f"cookies, for personalised advertising, on the ground of legitimate interest.</p>{BUTTONS}</div>"
)


@pytest.mark.parametrize(
    ("html", "url", "refusal"),
    [
        (document(BANNER), URL, Refusal.CONSENT_PAGE),
        (document(BANNER.replace("onetrust-consent-sdk", "wall") * 2), URL, Refusal.CONSENT_PAGE),
        (document(STORY), "https://consent.portal.example/collect?x=1", Refusal.CONSENT_PAGE),
        (
            document(
                '<div class="cmpbox">Mit Werbung weiterlesen: Wir und unsere Partner verwenden Cookies für '
                "personalisierte Werbung.</div><button>Alle akzeptieren</button>"
            ),
            URL,
            Refusal.CONSENT_PAGE,
        ),
        (document(TEASER, json_ld(isAccessibleForFree=False)), URL, Refusal.PAYWALL),
        (document(TEASER, json_ld(hasPart={"isAccessibleForFree": "False"})), URL, Refusal.PAYWALL),
        (document(TEASER + '<div class="paywall">Subscribe to continue reading</div>'), URL, Refusal.PAYWALL),
        (document(TEASER, '<meta property="article:content_tier" content="locked">'), URL, Refusal.PAYWALL),
        (document('<div id="root"></div><script src="/app.js"></script>'), URL, Refusal.EMPTY),
        (document("<nav>" + "<a href=/x>A link to somewhere</a> " * 100 + "</nav>"), URL, Refusal.NAVIGATION),
        (document("<ul>" + HEADLINES + "</ul>"), URL, Refusal.NAVIGATION),
        (document("<div>" + "<p>Short label</p>" * 60 + "</div>"), URL, Refusal.NAVIGATION),
        (document(STORY + "<script>window.isoData = {};</script>"), URL, Refusal.DISCUSSION_PAGE),
        (document(f'<article class="comment-node" id="comment-1">{STORY}</article>'), URL, Refusal.DISCUSSION_PAGE),
        (document(STORY, '<meta name="generator" content="Discourse 3.2">'), URL, Refusal.DISCUSSION_PAGE),
        (document(STORY, json_ld().replace("NewsArticle", "DiscussionForumPosting")), URL, Refusal.DISCUSSION_PAGE),
        (f"<html><body id=phpbb>{STORY}</body></html>", URL, Refusal.DISCUSSION_PAGE),
        ("", URL, Refusal.EMPTY),
    ],
)  # fmt: skip
def test_pages_that_are_no_article(html: str, url: str, refusal: Refusal) -> None:
    assert read(html, url=url) == Extraction(refusal=refusal)


@pytest.mark.parametrize(
    ("body", "content_type", "refusal"),
    [
        (b"%PDF-1.7 ...", "application/pdf", Refusal.PDF),
        (b"%PDF-1.7 ...", "text/html", Refusal.PDF),
        (b"\xff\xd8\xff\xe0", "image/jpeg", Refusal.IMAGE),
        (b"", "video/mp4", Refusal.VIDEO),
        (b"{}", "application/json", Refusal.UNSUPPORTED_TYPE),
        (bytes(range(256)) * 50 + b"\0" * 500, "text/html", Refusal.DAMAGED),
        (Random(1).randbytes(20_000), "text/plain", Refusal.DAMAGED),
        (b"   \n\n ", "text/plain", Refusal.EMPTY),
    ],
)
def test_answers_that_are_no_page(body: bytes, content_type: str, refusal: Refusal) -> None:
    assert extract(body, content_type=content_type, url=URL).refusal is refusal


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Refusal)
    assert all(refusal.sentence.endswith(".") for refusal in Refusal)


ON_COOKIES = (
    "<p>Regulators want every site to ask before it sets cookies. Accept all, reject all, manage preferences: readers "
    "have learned to press whatever goes away first, and the partners behind the banner count on it.</p>"
)


@pytest.mark.parametrize(
    "html",
    [
        document(STORY + BANNER),
        document(f"<article><h1>On cookies</h1>{ON_COOKIES}{ON_COOKIES.replace('Regulators', 'Lawyers')}</article>"),
        document(f"<article>{ON_COOKIES * 3}{STORY}</article>" + BANNER),
        document(STORY, json_ld(isAccessibleForFree=False)),
        document(STORY + "<p>Already a subscriber? Sign in.</p>"),
        document(STORY.replace("ferry", "forum"), '<meta name="generator" content="WordPress 6.4">'),
    ],
)
def test_articles_are_not_mistaken_for_walls(html: str) -> None:
    assert read(html).refusal is None


BRIEF = "<p>The bridge at the old mill is closed until Friday for repairs to its deck, the council said on Monday.</p>"


@pytest.mark.parametrize(
    "html",
    [
        document(f"<article><h1>Bridge closed</h1>{BRIEF}</article>"),
        document(f"<h1>The night ferry</h1><div>{BRIEF}</div>"),
        document(BRIEF, '<meta property="og:type" content="article">'),
        document(BRIEF, json_ld(headline="Bridge closed")),
        document("<article><h1>Bridge</h1><p>The bridge at the old mill is closed on Friday.</p></article>"),
        document(f"<h1>Town</h1><section><h2>The night ferry</h2>{BRIEF}</section>"),
        document("<article><h1>桥梁关闭</h1><p>市议会周一表示，老磨坊旁的桥梁因桥面维修将关闭至星期五。</p></article>"),
    ],
)
def test_a_short_article_is_an_article(html: str) -> None:
    article = read(html).article
    assert article is not None
    assert article.paragraphs[-1].text in html


@pytest.mark.parametrize(
    "html",
    [
        document("<main><h1>Page not found</h1><p>The page that you are looking for does not exist here.</p></main>"),
        document(
            "<article><h1>404</h1><p>We have looked everywhere, but there is nothing at this address.</p></article>"
        ),
        document(
            "<article><h1>Seite nicht gefunden</h1><p>Unter dieser Adresse gibt es nichts zu lesen.</p></article>"
        ),
        document(
            "<article><h1>Members</h1><p>Please log in with the name and password that you were given.</p></article>"
        ),
        document(f"<article>{BRIEF}<form><input type=password></form></article>"),
        document(
            "<article><h1>App</h1><p>You need to enable JavaScript to run this app on your machine.</p></article>"
        ),
        document("<article><h1>One moment</h1><p>We are checking your browser before you can enter.</p></article>"),
        document(
            "<article><h1>Access denied</h1><p>The owner of this house does not let you in from there.</p></article>"
        ),
        document(f"<div>{BRIEF}</div>"),
        document("<article><h1>Ferry</h1><p>Ferry, boats, harbour</p></article>"),
    ],
)
def test_what_a_server_says_in_few_words_is_no_article(html: str) -> None:
    assert read(html).refusal in (Refusal.EMPTY, Refusal.NAVIGATION)


def test_a_description_in_json_ld_is_not_the_title() -> None:
    head = json_ld(name="The night ferry", headline="boat between two towns")
    article = read(document(f"<h1>The night ferry</h1>{STORY}", head)).article
    assert article is not None
    assert article.title == "The night ferry"


def test_a_link_list_beside_an_article_is_left_out() -> None:
    links = "<ul>" + "".join(f"<li><a href=/{n}>Headline number {n}</a></li>" for n in range(30)) + "</ul>"
    article = read(document(f"<div class=l>{links}</div><article>{STORY}</article><div class=r>{links}</div>")).article
    assert article is not None
    assert not any("Headline number" in paragraph.text for paragraph in article.paragraphs)


def test_plain_text_becomes_paragraphs() -> None:
    article = read("A title\n\nOne line\nand its next.\n\n<b>no markup</b>", content_type="text/plain").article
    assert article is not None
    assert (article.title, article.extractor) == ("A title", "text")
    assert [block.text for block in article.paragraphs] == ["A title", "One line and its next.", "<b>no markup</b>"]


def test_a_posts_own_body_is_an_article() -> None:
    article = article_of_body("<h2>Part</h2><p>Text</p><blockquote><p>said</p></blockquote>", title="The post")
    assert (article.title, article.extractor) == ("The post", "body")
    assert [block.kind for block in article.paragraphs] == ["heading", "paragraph", "quote"]
    assert article.html.startswith('<h2 id="p1">Part</h2>')


@pytest.mark.parametrize(
    ("head", "moment", "how"),
    [
        (json_ld(datePublished="2024-03-05T08:15:00+02:00"), datetime(2024, 3, 5, 6, 15, tzinfo=UTC), "stated"),
        ('<meta name="date" content="2024-03-05">', datetime(2024, 3, 5, tzinfo=UTC), "stated"),
        ('<meta name=date content="Tue, 05 Mar 2024 08:00:00 GMT">', datetime(2024, 3, 5, 8, tzinfo=UTC), "stated"),
        ('<link rel=canonical href="https://e.example/2024/03/05/s">', datetime(2024, 3, 5, tzinfo=UTC), "heuristic"),
    ],
)  # fmt: skip
def test_a_date_says_how_it_was_found(head: str, moment: datetime, how: str) -> None:
    article = read(document(STORY, head)).article
    assert article is not None
    assert (article.published_at, article.published_by) == (moment, how)


def test_a_date_that_the_text_tells_of_is_not_taken_for_the_articles() -> None:
    story = STORY.replace("<p>", "<p>On 3 May 1998, in the winter of 1998, it was moved. ", 1)
    article = read(document(story, "")).article
    assert article is not None
    assert (article.published_at, article.published_by) == (None, "")


@pytest.mark.parametrize(
    "head",
    [
        json_ld(author=[[{"name": 5}]], datePublished={"a": 1}, headline=["x"], publisher="https://x.example"),
        '<script type="application/ld+json">{"@type": ["NewsArticle", 3], "author":</script>',
        f'<script type="application/ld+json">{"[" * 100_000}</script>',
        '<meta property="og:title" content=""><link rel=canonical href="http://[">',
        '<link rel=canonical href="javascript:alert(1)"><meta name=date content="99999-99-99">',
        '<meta name=date content="0001-01-01T00:00:00+14:00"><html lang="not a language">',
    ],
)
def test_bad_metadata_is_left_out(head: str) -> None:
    article = read(document(STORY, head)).article
    assert article is not None
    assert article.title == "The night ferry"
    assert article.published_by != "stated"
    assert article.canonical_url == ""


HOSTILE = {
    "nested divs": document("<div>" * 10_000 + STORY + "</div>" * 10_000),
    "deep divs": document("<div>" * 100 + STORY + "</div>" * 100),
    "nested emphasis": document("<p>" + "<b><i><a href=/x>" * 10_000 + "text" + STORY),
    "nested lists": document("<ul><li>x" * 10_000 + STORY),
    "nested quotes": document("<blockquote>x" * 10_000 + STORY),
    "nested tables": document("<table><tr><td>x" * 10_000 + STORY),
    "nested comments": document("<div class=comment>x" * 10_000 + STORY),
    "huge attribute": document(f'<p class="{"a " * 2_000_000}" style="{"x" * 2_000_000}">x</p>{STORY}'),
    "data image": document(f'<img src="data:image/png;base64,{"A" * 4_000_000}">{STORY}'),
    "one word": document(f"<p>{'w' * 4_000_000}</p>{STORY}"),
    "ten megabytes": document(STORY * 3_600)[:10_000_000],
    "scripts": document(f"<script>{'var x = 1; ' * 400_000}</script>{STORY}"),
    "brackets": "<" * 1_000_000,
    "comments": document("<!--" * 500_000),
    "broken": document(STORY).replace(">", "", 40),
    "nul": document(STORY.replace(" ", "\0 ")[:300] + STORY),
    "lone surrogates": document(STORY.replace("e", "\ud800", 20) + "&#xD800;&#xDFFF;"),
    "many attributes": document(f"<p {' '.join(f'a{number}=x' for number in range(1_000_000))}>{STORY}"),
    "many attributes without blanks": document(f"<p {''.join(f'a{number}=' + repr('') for number in range(500_000))}>"),
    "many attributes in odd quotes": document(f'<p q=x" {" ".join(f"a{number}" for number in range(1_000_000))}">'),
    "a long drawing": document(f'<svg><path d="{"M 1 2 " * 20_000}"/></svg>{STORY}'),
    "many tags": document("<p>word</p>" * 400_000),
    "frameset": "<frameset>" * 5_000,
    "hidden": document("<p hidden style='a:b;c:d'>some words that nobody sees</p>" * 20_000 + STORY),
    "one list": document(f"{STORY}<ul>{'<li>two words</li>' * 20_000}</ul>{STORY}"),
    "title of separators": document(STORY, f'<meta property="og:title" content="{" - x" * 100_000}">'),
    "json": document(STORY, f'<script type="application/ld+json">{json.dumps([{"a": []}] * 80_000)}</script>'),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_in_time_and_memory(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    extraction = read(HOSTILE[name])
    assert time.process_time() - started < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900_000
    assert (extraction.article is None) != (extraction.refusal is None)
    if extraction.article:
        extraction.article.html.encode("utf-8")


def test_long_values_are_not_many_attributes() -> None:
    assert read(HOSTILE["a long drawing"]).article is not None


@pytest.mark.parametrize(
    "name",
    [*(name for name in HOSTILE if "attributes" in name), "many tags", "nested divs", "nested lists", "ten megabytes"],
)
def test_more_than_any_article_has_is_not_read(name: str) -> None:
    assert read(HOSTILE[name]).refusal is Refusal.TOO_COMPLEX


@pytest.mark.parametrize("name", ["deep divs", "huge attribute", "broken", "nul", "data image", "scripts"])
def test_an_article_is_found_in_spite_of_hostile_markup(name: str) -> None:
    article = read(HOSTILE[name]).article
    assert article is not None
    assert any("The bell is the one thing that is not for sale" in block.text for block in article.paragraphs)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(LAYOUTS), st.integers(0, 6_000), st.integers(0, 6_000), st.binary(max_size=20))
def test_a_page_damaged_anywhere_gives_an_article_or_a_reason(layout: str, start: int, end: int, noise: bytes) -> None:
    made = page(FERRY, layout)
    extraction = extract(made.body[:start] + noise + made.body[end:], content_type=made.content_type, url=URL)
    assert (extraction.article is None) != (extraction.refusal is None)


def test_the_same_bytes_give_the_same_article() -> None:
    made = page(FERRY, "newspaper")
    first, second = (extract(made.body, content_type=made.content_type, url=URL) for _ in range(2))
    assert first == second
