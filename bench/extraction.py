"""
How well articles are extracted: `python bench/extraction.py` prints word-level figures over the corpus of
`fixtures/articles`, ours beside readability-lxml (dependency group `bench`) and the plain rule of Beautiful Soup.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from articles.corpus import Page, pages, score
from thread_archive.articles.blocks import Blocks, blocks_of_html
from thread_archive.articles.extracting import extract
from thread_archive.articles.markup import parse
from thread_archive.articles.pages import decode
from thread_archive.articles.readable import blocks_by_rule
from thread_archive.articles.sameness import words
from thread_archive.model import Paragraph

URL = "https://news.example/2024/page"


def ours(page: Page) -> tuple[Paragraph, ...]:
    article = extract(page.body, content_type=page.content_type, url=URL).article
    return article.paragraphs if article else ()


def readability(page: Page) -> tuple[Paragraph, ...]:
    from readability import Document

    return blocks_of_html(Document(decode(page.body, page.content_type)).summary()).paragraphs


def rule(page: Page) -> tuple[Paragraph, ...]:
    blocks: Blocks = blocks_by_rule(parse(decode(page.body, page.content_type)))
    return blocks.paragraphs


def kept(paragraphs: tuple[Paragraph, ...], wanted: tuple[str, ...], kind: str) -> int:
    """How many of the gold headings or quotes are there, marked as what they are."""
    found = Counter(tuple(words(paragraph.text)) for paragraph in paragraphs if paragraph.kind == kind)
    return sum(1 for text in wanted if found[tuple(words(text))])


def measure(name: str, extractor: Callable[[Page], tuple[Paragraph, ...]], corpus: list[Page]) -> None:
    scores, headings, quotes, empty = [], 0, 0, 0
    started = time.process_time()
    results = [extractor(page) for page in corpus]
    spent = time.process_time() - started
    for page, paragraphs in zip(corpus, results, strict=True):
        scores.append((page, score("\n".join(paragraph.text for paragraph in paragraphs), page)))
        headings += kept(paragraphs, page.headings, "heading")
        quotes += kept(paragraphs, page.quotes, "quote")
        empty += not paragraphs
    long = [result.f1 for page, result in scores if len(page.words) > 1_500]
    worst_page, worst = min(scores, key=lambda pair: pair[1].f1)
    print(
        f"{name:<18} {fmean(s.precision for _, s in scores):9.3f} {fmean(s.recall for _, s in scores):7.3f}"
        f" {fmean(s.f1 for _, s in scores):6.3f} {fmean(long):6.3f} {worst.f1:6.3f}"
        f" {headings:4}/{sum(len(page.headings) for page in corpus):<4} {quotes:4}/{sum(len(page.quotes) for page in corpus):<4}"
        f" {empty:5} {1_000 * spent / len(corpus):8.0f}  {worst_page.name}"
    )


def main() -> None:
    logging.disable(logging.WARNING)
    corpus = list(pages())
    languages = {page.text.language for page in corpus}
    print(
        f"{len(corpus)} pages, {len(languages)} languages, {sum(len(page.words) for page in corpus):,} words of gold text"
    )
    print(
        f"{'':<18} {'precision':>9} {'recall':>7} {'F1':>6} {'long':>6} {'worst':>6} {'headings':>9} {'quotes':>9} {'empty':>5} {'ms/page':>8}  worst page"
    )
    # What is imported late and compiled at first use is not a page's cost.
    for extractor in (ours, readability, rule):
        extractor(corpus[0])
    measure("thread-archive", ours, corpus)
    measure("readability-lxml", readability, corpus)
    measure("BeautifulSoup rule", rule, corpus)


if __name__ == "__main__":
    main()
