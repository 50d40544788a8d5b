"""Extraction measured over the corpus of fixtures/articles: floors, below which it must not fall."""

from collections import Counter
from statistics import fmean

import pytest

from articles.corpus import LAYOUTS, Page, pages, score, trafilatura_alone
from thread_archive.articles.extracting import extract
from thread_archive.articles.readable import by_trafilatura
from thread_archive.articles.sameness import words
from thread_archive.model import Article

URL = "https://news.example/2024/page"


@pytest.fixture(scope="module")
def read() -> list[tuple[Page, Article]]:
    found = [(page, extract(page.body, content_type=page.content_type, url=URL)) for page in pages()]
    assert [page.name for page, extraction in found if extraction.article is None] == []
    return [(page, extraction.article) for page, extraction in found if extraction.article]


def text_of(article: Article) -> str:
    return "\n".join(paragraph.text for paragraph in article.paragraphs)


def test_the_corpus_is_varied(read: list[tuple[Page, Article]]) -> None:
    assert len(read) >= 50
    assert {page.text.language for page, _ in read} >= {"en", "de", "fr", "es", "ru", "zh", "ar"}
    assert {page.layout for page, _ in read} == set(LAYOUTS)
    assert sum(len(page.words) > 1_500 for page, _ in read) >= 4


def test_the_words_of_articles_are_found_and_few_others(read: list[tuple[Page, Article]]) -> None:
    scores = {page.name: score(text_of(article), page) for page, article in read}
    assert fmean(found.f1 for found in scores.values()) >= 0.98
    assert min(found.recall for found in scores.values()) >= 0.99
    assert {name: found.f1 for name, found in scores.items() if found.f1 < 0.9} == {}


def test_on_no_page_is_ours_worse_than_trafilatura_alone(read: list[tuple[Page, Article]]) -> None:
    worse = {}
    for page, article in read:
        ours, alone = score(text_of(article), page).f1, score(trafilatura_alone(page), page).f1
        if ours < alone:
            worse[page.name] = (ours, alone)
    assert worse == {}


def test_headings_and_quotes_are_kept_as_what_they_are(read: list[tuple[Page, Article]]) -> None:
    lost = []
    for page, article in read:
        found = Counter((paragraph.kind, *words(paragraph.text)) for paragraph in article.paragraphs)
        wanted = [("heading", text) for text in page.headings] + [("quote", text) for text in page.quotes]
        lost += [(page.name, kind, text) for kind, text in wanted if not found[kind, *words(text)]]
    assert lost == []


def test_trafilatura_alone_would_lose_quotes(read: list[tuple[Page, Article]]) -> None:
    page = next(page for page, _ in read if page.layout == "tables" and page.quotes)
    alone = by_trafilatura(page.body.decode("utf-8", "replace"), URL, recall=False)
    assert alone is not None
    assert not any(paragraph.kind == "quote" for paragraph in alone.blocks.paragraphs)


def test_what_pages_state_of_themselves_is_read(read: list[tuple[Page, Article]]) -> None:
    for page, article in read:
        assert article.title.startswith(page.text.title), page.name
        if page.layout in ("newspaper", "soup", "magazine"):
            assert article.byline == page.text.byline, page.name
            assert article.published_by == "stated", page.name
            assert article.published_at is not None, page.name
        if page.layout == "newspaper":
            assert article.site == page.text.site
            assert article.language == page.text.language
            assert article.canonical_url == f"https://news.example/2024/{page.text.name}"
            assert article.robots == "index, max-image-preview:large"
        if page.layout == "blog":
            assert article.licence == "https://licences.example/by/4.0/"
