"""Any way of writing a thread."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thread_archive.exceptions import UnsupportedURLError
from thread_archive.urls import (
    FOREIGN_FORMS,
    FORMS,
    Form,
    ThreadURL,
    foreign_forms_table,
    forms_table,
    host_in,
    host_of,
    local_id_in,
    parse_thread_url,
    thread_at,
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


def test_the_documentations_tables_have_every_form() -> None:
    table = forms_table() + foreign_forms_table()
    assert all(form.example in table and form.used_by in table for form in (*FORMS, *FOREIGN_FORMS))
    written = re.findall(r"`(.+)`", forms_table())
    assert all(parse_thread_url(example).instance == "lemmy.example" for example in written)


HELD = "https://lemmy.example/post/123"
ENCODED = "https%3A%2F%2Flemmy.example%2Fpost%2F123"


@pytest.mark.parametrize(
    "address",
    [
        "https://web.archive.org/web/*/lemmy.example/post/123", f"https://web.archive.org/web/*/{HELD}*",
        f"https://web.archive.org/web/2023*/{HELD}", "https://web.archive.org/web/20230801000000*/lemmy.example/post/123",
        f"https://web.archive.org/web/{HELD}", "web.archive.org/web/lemmy.example/post/123", f"http://archive.org/web/2/{HELD}",
        "https://web.archive.org/web/20230801065606id_/https:/lemmy.example/post/123", f"https://web.archive.org/save/{HELD}",
        "https://web.archive.org/web/20230801065606if_/http:/lemmy.example:80/post/123",
        f"https://web.archive.org/web/20230801-20240101*/{HELD}", f"https://web.archive.org/web/2023/{ENCODED}",
        "https://archive.org/wayback/available?url=lemmy.example/post/123", f"https://wayback.archive.org/web/2023/{HELD}",
        *(f"https://archive.{domain}/{HELD}" for domain in ("today", "ph", "is", "li", "fo", "md", "vn")),
        f"https://archive.ph/newest/{HELD}", f"https://archive.is/oldest/{HELD}", f"https://archive.fo/o/AbCdE/{HELD}",
        f"https://archive.today/2023.08.01-065606/{HELD}", f"https://archive.li/20230801065606/{HELD}",
        "https://archive.md/lemmy.example/post/123", "https://archive.vn/newest/lemmy.example/post/123",
        f"https://archive.ph/?run=1&url={ENCODED}", f"https://archive.ph/search/?q={ENCODED}",
        f"https://ghostarchive.org/search?term={HELD}", "https://megalodon.jp/2023-0801-0656-05/https://lemmy.example:443/post/123",
        f"https://web.archive.org/web/2023/https://archive.ph/{HELD}",
    ],
)  # fmt: skip
def test_saved_copies_are_of_the_thread_that_their_address_tells(address: str) -> None:
    url = parse_thread_url(address)
    assert (url.instance, url.post_id, url.comment_id) == ("lemmy.example", 123, None)
    assert url.copy == host_of(f"https://{address.partition('://')[2] or address}")
    assert url == parse_thread_url(HELD) or url.scheme == "http"


@pytest.mark.parametrize(
    "address",
    [
        f"https://lemsha.re/{HELD}", f"lemsha.re/{HELD}", "lemsha.re/lemmy.example/post/123", f"https://lemsha.re/{ENCODED}",
        "https://vger.to/lemmy.example/post/123", "https://go.getvoyager.app/lemmy.example/post/123",
        f"https://blorp.example/home/posts/{ENCODED}", f"https://blorp.example/home/c/news@x.example/posts/{ENCODED}",
        f"https://blorp.example/post/{ENCODED.lower()}", f"https://blorp.example/post/{ENCODED.replace('%', '%25')}",
        f"https://blorp.example/home/posts/{ENCODED}/comments/https%3A%2F%2Fother.example%2Fcomment%2F456",
        f"https://redirect.example/link?target={HELD}", f"https://redirect.example/url?q={ENCODED}&sa=D",
        f"https://other.example/search?q={ENCODED}&type=All", f"https://other.example/api/v3/resolve_object?q={ENCODED}",
        "https://redirect.example/?url=lemmy.example%2Fpost%2F123", f"https://app.example/#/open/{ENCODED}",
        f"https://proxy.example/{HELD}", f"https://redirect.example/?{HELD}",
    ],
)  # fmt: skip
def test_front_ends_and_redirects_hold_the_address_of_a_thread(address: str) -> None:
    assert parse_thread_url(address) == parse_thread_url(HELD)


def test_of_two_threads_that_a_redirect_tells_none_is_taken() -> None:
    with pytest.raises(UnsupportedURLError):
        parse_thread_url(f"https://redirect.example/?url={HELD}&next={HELD}4")


def test_a_comment_that_the_same_server_numbers_is_told_behind_the_post() -> None:
    comment = "https%3A%2F%2Flemmy.example%2Fcomment%2F456"
    url = parse_thread_url(f"https://blorp.example/home/c/news/posts/{ENCODED}/comments/{comment}")
    assert url.canonical == "https://lemmy.example/post/123/456"


@pytest.mark.parametrize(
    ("address", "canonical"),
    {
        "/api/v3/post?auth=x&id=123": "/post/123",
        "/api/v3/post?comment_id=456": "/comment/456",
        "/api/v3/comment?id=456": "/comment/456",
        "/api/v3/comment/list?post_id=123&limit=50": "/post/123",
        "/api/v3/comment/list?post_id=123&parent_id=456": "/post/123/456",
        "/api/v3/comment/list?post_id=123&amp;parent_id=456": "/post/123/456",
        "/api/v4/comment/list?parent_id=456&max_depth=8": "/comment/456",
        "/api/v4/comment/list/slim?post_id=123": "/post/123",
        "/api/v3/post/like/list?post_id=123": "/post/123",
        "/api/alpha/post/replies?post_id=123": "/post/123",
        "/post/123#comment_456": "/post/123/456",
    }.items(),
)
def test_addresses_of_the_api_name_threads(address: str, canonical: str) -> None:
    assert parse_thread_url(f"https://lemmy.example{address}").canonical == f"https://lemmy.example{canonical}"


@pytest.mark.parametrize(
    "address", ["/api/v3/post", "/api/v3/post?id=0", "/api/v3/post?id=x", "/api/v3/comment/list?id=1"]
)
def test_an_address_of_the_api_that_names_none_is_refused(address: str) -> None:
    with pytest.raises(UnsupportedURLError):
        parse_thread_url(f"https://lemmy.example{address}")


@pytest.mark.parametrize("form", FOREIGN_FORMS, ids=lambda form: form.example)
def test_what_other_software_writes_is_told_by_its_form(form: Form) -> None:
    url = parse_thread_url(form.example)
    assert url.software == form.software
    assert "123" in form.example or url.post_id is None
    assert url.comment_id == (456 if "456" in form.example else None)
    assert parse_thread_url(url.canonical) == url


@pytest.mark.parametrize(
    ("address", "software", "post", "comment", "home"),
    [
        ("https://piefed.example/c/boats/p/1", "piefed", 1, None, ""),
        ("https://piefed.example/c/boats@lemmy.example/p/1/a-title#comment_9", "piefed", 1, 9, "lemmy.example"),
        ("https://threadiverse.link/piefed.example/c/boats/p/1/a-title", "piefed", 1, None, ""),
        ("https://web.archive.org/web/2025/https://piefed.example/c/boats/p/1/a-title", "piefed", 1, None, ""),
        ("https://piefed.example/post/1/comment/9", "", 1, 9, ""),
        ("https://mbin.example/m/boats@lemmy.example/t/1/-/comment/9", "mbin", 1, 9, "lemmy.example"),
        ("https://mbin.example/m/boats/t/1/a-title/newest#entry-comment-9", "mbin", 1, 9, ""),
        ("https://mbin.example/m/boats/p/1/a-title/reply/9", "mbin", 1, 9, ""),
    ],
)
def test_threads_of_other_software_are_known_by_their_numbers(
    address: str, software: str, post: int, comment: int | None, home: str
) -> None:
    url = parse_thread_url(address)
    assert (url.software, url.post_id, url.comment_id, url.community_home) == (software, post, comment, home)


@pytest.mark.parametrize(
    "address",
    [
        f"https://news.example/a-story?ref={HELD}",
        f"https://news.example/a-story#{HELD}",
        f"A title {HELD}",
        "https://lemmy.exam\tple/post/123",
    ],
)
def test_in_data_an_address_is_taken_for_itself(address: str) -> None:
    assert parse_thread_url(address) == thread_at(HELD)
    with pytest.raises(UnsupportedURLError):
        thread_at(address)


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
