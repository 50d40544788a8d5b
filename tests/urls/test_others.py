"""What is no thread is told what it is, and what to do instead."""

import pytest

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls import parse_thread_url


def refusal(text: str) -> UnsupportedURLError:
    with pytest.raises(UnsupportedURLError) as refused:
        parse_thread_url(text)
    assert "https://INSTANCE/post/ID" in refused.value.next
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        "!news@lemmy.example", "see !news@lemmy.example.", "/c/news", "c/news@lemmy.example", "https://lemmy.example/c/news",
        "lemmy.example/c/news@other.example", "https://lemmy.example/c/news?sort=New", "https://mbin.example/m/boats/newest",
        "https://piefed.example/c/boats@lemmy.example", "https://lemmy.example/feeds/c/news.xml?sort=New",
        "https://lemmyverse.link/c/news@lemmy.example", "https://lemmyverse.link/lemmy.example/c/news",
        "https://vger.example/posts/lemmy.example/c/news", "https://blorp.example/home/c/news@lemmy.example",
        "https://web.archive.org/web/2023/https://lemmy.example/c/news", "<https://lemmy.example/c/news>",
    ],
)  # fmt: skip
def test_a_community_is_told_from_a_thread(text: str) -> None:
    error = refusal(text)
    assert "names a community, not a thread" in error.message
    assert "Whole communities cannot be archived yet: give the addresses of its threads" in error.next


@pytest.mark.parametrize(
    "text",
    [
        "@mara@lemmy.example", "/u/mara", "u/mara@b.example", "https://lemmy.example/u/mara",
        "lemmy.example/u/mara@b.example",
        "https://mbin.example/u/mara/threads", "https://mastodon.example/@mara", "https://mastodon.example/users/mara",
        "https://lemmyverse.link/u/mara@lemmy.example",
    ],
)  # fmt: skip
def test_a_person_is_told_from_a_thread(text: str) -> None:
    assert "names a person, not a thread" in refusal(text).message


@pytest.mark.parametrize(
    ("text", "what"),
    {
        "https://mbin.example/d/news.example": "a list of threads",
        "https://piefed.example/topic/sea": "a list of threads",
        "https://lemmy.example/": "a server",
        "lemmy.example/": "a server",
        "https://me:word@lemmy.example/post/1": "a user name or a password",
        "https://lemmy.example@evil.example/post/1": "a user name or a password",
        "https://archive.ph/AbCdE": "does not tell which page",
        "https://archive.today/o/AbCdE": "does not tell which page",
        "https://ghostarchive.org/archive/AbCdE": "does not tell which page",
        "https://mastodon.example/@mara/1234": "is not the address of a Lemmy thread",
        "m/s": "is not the address of a Lemmy thread",
        "mara@lemmy.example": "is not the address of a Lemmy thread",
    }.items(),
)
def test_other_addresses_are_told_what_they_are(text: str, what: str) -> None:
    assert what in refusal(text).message


def test_beside_a_thread_communities_and_people_do_not_matter() -> None:
    text = "https://lemmy.example/c/news @mara@lemmy.example https://lemmy.example/post/1"
    assert parse_thread_url(text).canonical == "https://lemmy.example/post/1"
