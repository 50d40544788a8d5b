"""Any way of writing a thread."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls import (
    FORMS,
    Form,
    ThreadURL,
    forms_table,
    host_in,
    host_of,
    local_id_in,
    parse_thread_url,
    typed_ports,
    without_password,
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
def test_every_form_in_the_table_is_understood(form: Form) -> None:
    url = parse_thread_url(form.example)
    assert url.instance == "lemmy.example"
    assert (url.post_id, url.comment_id) == (
        123 if "123" in form.example else None,
        456 if "456" in form.example else None,
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
@pytest.mark.parametrize("tail", ["/", "?scrollToComments=true", "#top", "/?a=b&c=%20#x", "?thread=", "///"])
def test_queries_fragments_and_trailing_slashes_do_not_matter(form: Form, tail: str) -> None:
    assert parse_thread_url(form.example + tail) == parse_thread_url(form.example)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
@pytest.mark.parametrize(
    "around",
    [
        "{}", " {}\n", "<{}>", "https://web.archive.org/web/2026/{}", "web.archive.org/web/20260101000000id_/{}",
        "https://web.archive.org/web/2025im_/https://web.archive.org/web/2024/{}",
    ],
)  # fmt: skip
def test_archived_and_wrapped_addresses_mean_the_same(form: Form, around: str) -> None:
    assert parse_thread_url(around.format(form.example)) == parse_thread_url(form.example)
    bare = form.example.removeprefix("https://")
    assert parse_thread_url(around.format(bare)) == parse_thread_url(form.example)


@pytest.mark.parametrize(
    ("text", "canonical"),
    {
        "https://Lemmy.EXAMPLE./post/1": "https://lemmy.example/post/1",
        "https://lemmy.example:443/post/1": "https://lemmy.example/post/1",
        "http://lemmy.example:8536/post/1": "http://lemmy.example:8536/post/1",
        "https://bücher.example/post/1": "https://xn--bcher-kva.example/post/1",
        "http://[::1]:8080/comment/7": "http://[::1]:8080/comment/7",
        "https://photon.example/post/lemmy.example/1#9": "https://lemmy.example/post/1/9",
        "https://lemmy.example/post/1#comment-9": "https://lemmy.example/post/1/9",
        "https://photon.example/post/lemmy.example/1?thread=0.8.9": "https://lemmy.example/post/1/9",
        "https://photon.example/post/lemmy.example/1?sort=new&thread=0.8.9#top": "https://lemmy.example/post/1/9",
        "https://photon.example/post/lemmy.example/1?thread=0.8.9#9": "https://lemmy.example/post/1/9",
        "https://photon.example/post/lemmy.example/1?thread=0.8.x": "https://lemmy.example/post/1",
        "https://vger.example/posts/someone@lemmy.example/c/news@b.example/comments/1/thread/9": (
            "https://lemmy.example/post/1/9"
        ),
        "localhost:8536/post/1": "https://localhost:8536/post/1",
    }.items(),
)
def test_addresses_have_one_canonical_form(text: str, canonical: str) -> None:
    assert parse_thread_url(text).canonical == canonical


@pytest.mark.parametrize("label", ["old", "photon", "a", "m", "p"])
def test_a_front_ends_host_falls_back_to_its_parent(label: str) -> None:
    url = parse_thread_url(f"https://{label}.lemmy.example/post/1")
    assert (url.instance, url.fallback) == (f"{label}.lemmy.example", "lemmy.example")


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "lemmy.example", "https://lemmy.example/", "https://lemmy.example/c/news", "file:///etc/passwd",
        "javascript:alert(1)//lemmy.example/post/1", "https://user:pass@lemmy.example/post/1", "https://x/post/0",
        "https://lemmy.example/post/-1", "https://lemmy.example/post/١", "https://lemmy.example/post/9223372036854775808",
        "https://lemmy.example/post/" + "9" * 5000, "https://lemmy.example:99999/post/1", "https://lemmy.example/post/1\0",
        "https://lemmy.example\\@evil.example/post/1", "https://lemmy\u202e.example/post/1", "https://[::1/post/1",
        "https://a b/post/1", "ftp://lemmy.example/post/1", "x" * 100_000, "https://mastodon.example/users/x/statuses/1",
        "https://lemmy.example/post/%00", "https://-.example/post/1", "\udcff/post/1",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line_that_says_what_is_understood(text: str) -> None:
    with pytest.raises(UnsupportedURLError) as refused:
        parse_thread_url(text)
    assert "https://INSTANCE/post/ID" in refused.value.next
    assert "\n" not in str(refused.value)
    assert len(refused.value.message) < 500


@given(st.text() | st.from_regex(r"https?://[a-z.]+/(post|comment)/[0-9/]+.*"))
@example("https://٠.example/post/1")
@example("http://[/post/1")
@example("https://a..b/post/1")
def test_any_text_is_a_thread_or_an_unsupported_url(text: str) -> None:
    try:
        url = parse_thread_url(text)
    except UnsupportedURLError:
        return
    again = parse_thread_url(url.canonical)
    assert (again.canonical, again.instance) == (url.canonical, url.instance)
    assert isinstance(url, ThreadURL)


def test_the_documentations_table_has_every_form() -> None:
    table = forms_table()
    assert all(form.example in table and form.used_by in table for form in FORMS)


@pytest.mark.parametrize(
    ("ap_id", "found"),
    {
        "https://lemmy.example/comment/5": ("lemmy.example", 5),
        "https://lemmy.example/post/5": None,
        "https://lemmy.example/comment/5/x": None,
        "https://mastodon.example/users/x/statuses/5": None,
        "http://h.example:8536/comment/7": ("h.example:8536", 7),
    }.items(),
)
def test_lemmys_own_ap_ids_hold_the_local_id(ap_id: str, found: tuple[str, int] | None) -> None:
    assert local_id_in(ap_id, "comment") == found


@pytest.mark.parametrize(
    ("ap_id", "host"),
    {
        "https://Lemmy.Example/u/Mara": "lemmy.example",
        "http://h.example:8536/comment/7": "h.example:8536",
        "https://[x/y": "[x",
        "acct:mara": "",
    }.items(),
)
def test_the_host_in_an_ap_id_is_taken_as_it_is_written_whatever_that_is(ap_id: str, host: str) -> None:
    assert host_in(ap_id) == host


@pytest.mark.parametrize(
    ("instance", "ports"),
    {
        "lemmy.example": set(),
        "lemmy.example:8536": {("lemmy.example", 8536)},
        "[::1]:8536": {("::1", 8536)},
        "[::1]": set(),
    }.items(),
)
def test_only_a_port_that_stands_there_was_typed(instance: str, ports: set[tuple[str, int]]) -> None:
    assert typed_ports(instance) == ports


def test_a_host_without_a_name_is_no_host() -> None:
    with pytest.raises(ValueError, match="host"):
        host_of("https:///post/1")


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@lemmy.example/post/1", "me:hunter2@lemmy.example/post/1", "https://hunter2@lemmy.example/post/1",
        "https://web.archive.org/web/2026/https://me:hunter2@lemmy.example/post/1", "ftp://me:hun@ter2@lemmy.example/",
        "https://lemmyverse.link/me:hunter2@lemmy.example/post/1", "//hunter2@lemmy.example",
        "https://me:p/hunter2@lemmy.example/post/1", "https://me:p#hunter2@lemmy.example/post/1",
        "https://me:p hunter2@lemmy.example/post/1", "me:p/hunter2@lemmy.example/post/1",
        "HTTPS://me:p?hunter2\n@lemmy.example/post/1", "https://x.example/?url=https%3A%2F%2Fme%3Ahunter2%40lemmy.example",
        "https://x.example/?x=//me:p/hunter2@lemmy.example", "git://me:p/hunter2@lemmy.example/post/1",
    ],
)  # fmt: skip
def test_a_refusal_does_not_repeat_a_password(text: str) -> None:
    with pytest.raises(UnsupportedURLError) as refused:
        parse_thread_url(text)
    assert "hunter2" not in f"{refused.value} {without_password(text)}" and "ter2" not in str(refused.value)
    assert "…@lemmy.example" in str(refused.value)


def test_of_an_address_as_much_is_shown_as_holds_no_password() -> None:
    assert without_password("https://me:p/hunter2@lemmy.example/post/1?x") == "https://…@lemmy.example/post/1?x"
    assert without_password("https://hunter2@lemmy.example/post/1") == "https://…@lemmy.example/post/1"


@pytest.mark.parametrize(
    "text",
    ["https://lemmy.example/u/name@other.example", "https://lemmy.example/post/1?at=a@b", "http://[::1]:8536/c/x?a:b"],
)
def test_what_is_no_password_is_shown(text: str) -> None:
    assert without_password(text) == text
