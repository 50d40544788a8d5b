"""Which links may lead to an article."""

import pytest

from thread_archive.articles.candidates import wayback_links, why_not_an_article


@pytest.mark.parametrize(
    ("url", "part"),
    {
        "https://news.example/2024/a-story": None,
        "http://news.example/story.html?id=1#part": None,
        "https://news.example/report.pdf": None,
        "https://blog.example/post/about-123": None,
        "https://notyoutube.com/watch": None,
        "https://news.example/a.JPG?w=10": "image",
        "https://lemmy.example/pictrs/image/abc-def": "image",
        "https://i.redd.it/x": "image",
        "https://v.example/clip.webm": "video",
        "https://www.youtube.com/watch?v=x": "video",
        "https://youtu.be/x": "video",
        "https://lemmy.example/post/123": "Lemmy",
        "https://lemmy.example/post/123/456": "Lemmy",
        "https://lemmy.example/comment/5": "Lemmy",
        "https://photon.example/post/lemmy.example/9": "Lemmy",
        "https://lemmy.example/c/news@other.example": "Lemmy",
        "https://lemmy.example/u/mara": "Lemmy",
        "ftp://x.example/": "web address",
        "javascript:alert(1)": "web address",
        "magnet:?xt=x": "web address",
        "https://": "web address",
        "https://user:word@x.example/": "web address",
        "https://x.example/" + "a" * 3_000: "web address",
        "http://[::1": "web address",
        "": "web address",
    }.items(),
)
def test_links(url: str, part: str | None) -> None:
    reason = why_not_an_article(url)
    assert (reason is None) if part is None else (reason is not None and part in reason)


def test_where_instances_are_known_a_blog_may_number_its_posts() -> None:
    instances = {"lemmy.example"}
    assert why_not_an_article("https://blog.example/post/123", instances=instances) is None
    assert why_not_an_article("https://blog.example/c/news", instances=instances) is None
    assert why_not_an_article("https://lemmy.example/post/123", instances=instances)
    assert why_not_an_article("https://old.lemmy.example/post/123", instances=instances)
    # A form that names an instance is of a front end, wherever that is.
    assert why_not_an_article("https://photon.example/post/lemmy.example/9", instances=instances)


def test_copies_in_the_wayback_machine_are_found_the_newest_first() -> None:
    url = "https://www.news.example/a_(b)?x=1"
    texts = (
        "archived: [copy](https://web.archive.org/web/20240101/https://news.example/a_(b)?x=1) and more",
        "see http://archive.org/web/20250203040506if_/http://www.news.example/a_(b)?x=1.",
        "another page: https://web.archive.org/web/2024/https://news.example/other",
        "<https://web.archive.org/web/20240101/https://news.example/a_(b)?x=1>",
    )
    assert wayback_links(texts, url) == (
        "https://web.archive.org/web/20250203040506/http://www.news.example/a_(b)?x=1",
        "https://web.archive.org/web/20240101/https://news.example/a_(b)?x=1",
    )


def test_no_copy_no_link() -> None:
    assert wayback_links(["https://news.example/a", "https://web.archive.org/web/"], "https://news.example/a") == ()
