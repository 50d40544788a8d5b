"""
How well articles are extracted: `python bench/extraction.py` prints word-level figures over the corpus of
`fixtures/articles`, ours beside trafilatura's own
output, readability-lxml (dependency group `bench`) and the plain rule of Beautiful Soup.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from articles.corpus import Page, pages, score, trafilatura_alone
from thread_archive.articles.blocks import blocks_of_html
from thread_archive.articles.extracting import extract
from thread_archive.articles.markup import parse
from thread_archive.articles.pages import decode
from thread_archive.articles.readable import blocks_by_rule, by_trafilatura
from thread_archive.articles.sameness import words
from thread_archive.model import Paragraph

URL = "https://news.example/2024/page"


def ours(page: Page) -> tuple[Paragraph, ...]:
    article = extract(page.body, content_type=page.content_type, url=URL).article
    return article.paragraphs if article else ()


def bare_trafilatura(page: Page) -> tuple[Paragraph, ...]:
    found = by_trafilatura(decode(page.body, page.content_type), URL, recall=False)
    return found.blocks.paragraphs if found else ()


def readability(page: Page) -> tuple[Paragraph, ...]:
    from readability import Document

    return blocks_of_html(Document(decode(page.body, page.content_type)).summary()).paragraphs


def rule(page: Page) -> tuple[Paragraph, ...]:
    return blocks_by_rule(parse(decode(page.body, page.content_type))).paragraphs


def kept(paragraphs: tuple[Paragraph, ...], wanted: tuple[str, ...], kind: str) -> int:
    """How many of the gold headings or quotes are there, marked as what they are."""
    found = Counter(tuple(words(paragraph.text)) for paragraph in paragraphs if paragraph.kind == kind)
    return sum(1 for text in wanted if found[tuple(words(text))])


def plain_trafilatura(page: Page) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(kind="paragraph", text=line) for line in trafilatura_alone(page).splitlines())


def measure(name: str, extractor: Callable[[Page], tuple[Paragraph, ...]], corpus: list[Page]) -> list[float]:
    """Print the figures of an extractor; returns the F1 of each page."""
    started = time.process_time()
    results = [extractor(page) for page in corpus]
    spent = time.process_time() - started
    pairs = list(zip(corpus, results, strict=True))
    scores = [score("\n".join(paragraph.text for paragraph in paragraphs), page) for page, paragraphs in pairs]
    long = [result.f1 for page, result in zip(corpus, scores, strict=True) if len(page.words) > 1_500]
    worst = min(range(len(corpus)), key=lambda number: scores[number].f1)
    headings = sum(kept(paragraphs, page.headings, "heading") for page, paragraphs in pairs)
    quotes = sum(kept(paragraphs, page.quotes, "quote") for page, paragraphs in pairs)
    figures = (
        f"{fmean(result.precision for result in scores):.3f}",
        f"{fmean(result.recall for result in scores):.3f}",
        f"{fmean(result.f1 for result in scores):.3f}",
        f"{fmean(long):.3f}",
        f"{scores[worst].f1:.3f}",
        f"{headings}/{sum(len(page.headings) for page in corpus)}",
        f"{quotes}/{sum(len(page.quotes) for page in corpus)}",
        f"{sum(not paragraphs for paragraphs in results)}",
        f"{1_000 * spent / len(corpus):.0f}",
    )
    print(f"{name:<20}", *(f"{figure:>9}" for figure in figures), f" {corpus[worst].name}")
    return [result.f1 for result in scores]


def main() -> None:
    logging.disable(logging.WARNING)
    corpus = list(pages())
    languages = len({page.text.language for page in corpus})
    print(f"{len(corpus)} pages, {languages} languages, {sum(len(page.words) for page in corpus):,} words of gold text")
    columns = ("precision", "recall", "F1", "F1 long", "F1 worst", "headings", "quotes", "empty", "ms/page")
    print(" " * 20, *(f"{column:>9}" for column in columns), " worst page")
    # What is imported late and compiled at first use is not a page's cost.
    for extractor in (ours, plain_trafilatura, bare_trafilatura, readability, rule):
        extractor(corpus[0])
    own = measure("thread-archive", ours, corpus)
    alone = measure("trafilatura alone", plain_trafilatura, corpus)
    measure("trafilatura's HTML", bare_trafilatura, corpus)
    measure("readability-lxml", readability, corpus)
    measure("BeautifulSoup rule", rule, corpus)
    better = sum(mine > other for mine, other in zip(own, alone, strict=True))
    worse = sum(mine < other for mine, other in zip(own, alone, strict=True))
    print(f"thread-archive beside trafilatura alone, by F1: better on {better} pages, worse on {worse}")


if __name__ == "__main__":
    main()
