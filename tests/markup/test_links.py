"""Links in Markdown and in articles."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_lemmy.captured import NAMES, truth_comments, truth_posts
from thread_archive.markup import find_links, links_in_html, normalised, plain_text, render
from thread_archive.model import Link


def described(links: list[Link]) -> list[tuple[str, str, str]]:
    return [(link.kind, link.url, link.text) for link in links]


@pytest.mark.parametrize(
    ("markdown", "links"),
    {
        "[the *page*](https://x.example/a) said": [("link", "https://x.example/a", "the page")],
        "see https://x.example, or www.y.example.": [
            ("link", "https://x.example/", "https://x.example"),
            ("link", "https://www.y.example/", "www.y.example"),
        ],
        "<https://x.example/?a=1&utm_source=b>": [("link", "https://x.example/?a=1", "https://x.example/?a=1&utm_source=b")],
        "[a][1] and [1]\n\n[1]: https://x.example/r": [
            ("link", "https://x.example/r", "a"),
            ("link", "https://x.example/r", "1"),
        ],
        "![a boat](https://x.example/i.png)": [("image", "https://x.example/i.png", "a boat")],
        "[![boat](https://x.example/i.png)](https://y.example/)": [
            ("link", "https://y.example/", "boat"),
            ("image", "https://x.example/i.png", "boat"),
        ],
        "@mara@lemmy.example and !harbour@lemmy.example": [
            ("mention", "https://lemmy.example/u/mara", "@mara@lemmy.example"),
            ("community", "https://lemmy.example/c/harbour", "!harbour@lemmy.example"),
        ],
        "@mara@lemmy-alpha:8540, !harbour@lemmy-alpha": [
            ("mention", "https://lemmy-alpha:8540/u/mara", "@mara@lemmy-alpha:8540"),
        ],
        "[@mara@y.example](https://y.example/@mara) [!a@y.example](https://y.example/c/a)": [
            ("mention", "https://y.example/@mara", "@mara@y.example"),
            ("community", "https://y.example/c/a", "!a@y.example"),
        ],
        "[here](/c/a@y.example) https://z.example/u/mara@y.example": [
            ("community", "https://y.example/c/a", "here"),
            ("mention", "https://y.example/u/mara", "https://z.example/u/mara@y.example"),
        ],
        "`https://x.example` \\https://y.example\n\n    https://z.example": [],
        "```\n@a@b.example\n```": [],
        "mail <a@x.example>, [x](mailto:a@x.example), [y](javascript:x), [z](/post/1), user@x.example": [],
        "::: spoiler https://t.example\nhttps://x.example\n:::": [("link", "https://x.example/", "https://x.example")],
        "| a |\n|---|\n| https://x.example |": [("link", "https://x.example/", "https://x.example")],
        "a[^1]\n\n[^1]: https://x.example": [("link", "https://x.example/", "https://x.example")],
        "plain text": [],
    }.items(),
)  # fmt: skip
def test_every_link_is_found(markdown: str, links: list[tuple[str, str, str]]) -> None:
    assert described(find_links(markdown)) == links


def test_relative_links_belong_to_the_page_they_are_written_on() -> None:
    (link,) = find_links("[a](/post/1)", base="https://x.example/comment/2")
    assert link.url == "https://x.example/post/1"


EMPHASIS = ("*", "**", "***", "_", "__", "_*", "**_", "~", "~~", "~~_", "^", "^_", "*^", "~~**")
ADDRESSES = (
    "https://e.example/y",
    "https://e.example",
    "www.e.example/y",
    "https://e.example/a_b",
    "https://e.example/~user/a",
    "https://e.example/a_(b)",
    "https://e.example/a?b=c_d#e",
    "https://e.example/web/*/https://f.example",
)


@pytest.mark.parametrize("mark", EMPHASIS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_emphasis_is_linked_without_the_marks_around_it(mark: str, address: str) -> None:
    for frame in ("{}", "({})", '"{}"', "{}.", "{}, more", "{}: more", "a {}", "{}”", "- {}", "::: spoiler t\n{}\n:::"):
        rendered = render(frame.format(mark + address + mark[::-1]))
        assert [link.text for link in rendered.links] == [address], rendered.html
        assert not set(re.findall(r">([^<]*)<", rendered.html)) & {mark, mark[::-1]}, rendered.html


@pytest.mark.parametrize("mark", EMPHASIS)
@pytest.mark.parametrize(
    "source", ["[y](https://e.example/y_)", "<https://e.example/y_>", "![y](https://e.example/y_)"]
)
def test_a_link_in_emphasis_leads_where_its_brackets_say(mark: str, source: str) -> None:
    assert [link.url for link in find_links(mark + source + mark[::-1])] == ["https://e.example/y_"]


@pytest.mark.parametrize(
    ("markdown", "url"),
    {
        "https://e.example/Foo_": "https://e.example/Foo_",
        "www.e.example/Foo_.": "https://www.e.example/Foo_",
        "https://e.example/a~": "https://e.example/a~",
        "_a_ and https://e.example/Foo_": "https://e.example/Foo_",
        "snake_case https://e.example/Foo_": "https://e.example/Foo_",
        "_https://e.example/Foo__": "https://e.example/Foo_",
        "_see https://e.example/Foo_(bar)_": "https://e.example/Foo_(bar)",
        "2^3 https://e.example/a^b": "https://e.example/a%5Eb",
        "https://e.example/a**": "https://e.example/a",
        "(https://e.example/a_(b))": "https://e.example/a_(b)",
        "**https://e.example/y**です": "https://e.example/y",
        "_https://e.example/y_—so": "https://e.example/y",
        "见https://e.example/y": "https://e.example/y",
    }.items(),
)
def test_marks_that_end_no_emphasis_belong_to_the_address(markdown: str, url: str) -> None:
    assert [link.url for link in find_links(markdown)] == [url]


def test_no_address_starts_within_a_word() -> None:
    for word in ("xhttps://e.example", "a_www.e.example", "snake_@a@e.example", "a__!b@e.example", "user@e.example"):
        assert find_links(word) == []


OTHER = (
    "magnet:?xt=urn:btih:0a&dn=Harbour%20map&tr=udp%3A%2F%2Ft.example%3A80",
    "xmpp:boats@muc.example?join",
    "tel:+1-555-0100",
    "irc://irc.example:6697/#boats",
    "gemini://e.example/~mara/",
    "matrix:r/boats:e.example",
    "geo:37.78,-122.39",
    "ftp://e.example/f_g",
    "javascript:alert('x')",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/png;base64,AAAA",
    "vbscript:x",
    "file:///etc/passwd",
    "HTTPS:e.example",
    "https://[e.example/",
    "xmpp:böte@e.example",
)


@pytest.mark.parametrize("address", OTHER)
@pytest.mark.parametrize(
    "frame", ["[words]({})", "[words](<{}>)", "<{}>", "![words]({})", "[words][r]\n\n[r]: {}", "*[words]({} 'title')*"]
)
def test_an_address_of_another_scheme_links_to_nothing_and_is_read_beside_its_text(address: str, frame: str) -> None:
    markdown = frame.format(address)
    rendered = render(markdown, base="https://home.example/")
    assert "href" not in rendered.html
    assert rendered.links == ()
    assert address in unescape(rendered.html)
    assert address in rendered.text == plain_text(markdown)
    assert "words" in rendered.text or "words" not in frame


def test_an_address_that_is_its_own_text_stands_once() -> None:
    for markdown in ("<tel:+1>", "[tel:+1](tel:+1)", "[](tel:+1)", "![](tel:+1)"):
        assert plain_text(markdown) == "tel:+1"


BEFORE = st.lists(
    st.sampled_from(
        [
            "word ",
            "*em* ",
            "`[code](` ",
            "&amp; ",
            "\\[a\\] ",
            "é ",
            "\n",
            "\n\n",
            "🚢",
            "[a](https://before.example) ",
            "~~x~~ ",
        ]
    ),
    max_size=6,
).map("".join)
FRAMES = st.sampled_from(
    [
        "{}",
        "> {}",
        "> > {}",
        "- {}",
        "  1. {}",
        "# {}",
        "a\n\n{}",
        "| a |\n|---|\n| {} |",
        "::: spoiler t\n{}\n:::",
        "a\r\nb {}",
        "- [ ] {}",
    ]
)
SOURCES = st.sampled_from(
    [
        "https://here.example",
        "[x](https://here.example)",
        "![x](https://here.example)",
        "<https://here.example>",
        "www.here.example",
        "^https://here.example^",
        "~[x](https://here.example)~",
        "@a@here.example",
        "!a@here.example",
        "/c/a@here.example",
        "[x][r]\n\n[r]: https://here.example",
    ]
)


@given(BEFORE, FRAMES, SOURCES)
def test_positions_are_exact(before: str, frame: str, source: str) -> None:
    if "|" in frame and ("\n" in before + source or "`" in before):
        return
    before = before.strip("\n") + " "
    markdown = frame.format(before + source)
    links = [link for link in find_links(markdown) if link.domain == "here.example"]
    # Some of what stands before makes code of it.
    for link in links:
        assert markdown[link.position :].startswith(source.strip("^~"))
    if frame == "{}" and "`" not in before:
        assert links


def test_links_of_captured_threads_are_where_they_say() -> None:
    found = 0
    for name in NAMES:
        for row in truth_comments(name) + truth_posts(name):
            for link in find_links(row["body"] or ""):
                shown = row["body"][link.position :]
                assert shown.startswith((link.text, f"[{link.text}]", f"![{link.text}]"))
                found += 1
    assert found > 50


PARTS = st.sampled_from(
    [
        "a",
        " ",
        "\n",
        "[",
        "]",
        "](",
        ")",
        "![",
        "`",
        "*",
        "_",
        "<",
        ">",
        "\\",
        "/",
        "https://a.example",
        "http://",
        "www.",
        "@a@b.example",
        "!a@b.example",
        "/c/",
        "[r]: https://r.example",
        "[r]",
        "&amp;",
        '"t"',
    ]
)


@given(st.lists(PARTS, max_size=20).map("".join))
def test_the_html_links_to_what_is_listed(markdown: str) -> None:
    rendered = render(markdown)
    hrefs = {link.url for link in links_in_html(rendered.html)}
    assert hrefs <= {link.url for link in rendered.links}


@pytest.mark.parametrize(
    ("url", "form"),
    {
        "HTTPS://WWW.Example.COM:443": "https://www.example.com/",
        "http://example.com:80/A/b?B=c#D": "http://example.com/A/b?B=c#D",
        "http://example.com:8080/": "http://example.com:8080/",
        "https://münchen.example/straße?q=ü": "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%BC",
        "https://x.example/a%20b%2Fc": "https://x.example/a%20b%2Fc",
        "https://x.example/a b\"<>": "https://x.example/a%20b%22%3C%3E",
        "https://user:secret@x.example/": "https://x.example/",
        "https://x.example./": "https://x.example/",
        "https://x.example/?utm_source=a&UTM_Medium=b&id=1&fbclid=c&gclid=d&mc_cid=e": "https://x.example/?id=1",
        "https://x.example/?utm_source=a": "https://x.example/",
        "https://x.example/?utmost=a&q=fbclid": "https://x.example/?utmost=a&q=fbclid",
        "https://x.example/a#:~:text=quoted": "https://x.example/a",
        "https://x.example/a#part:~:text=quoted": "https://x.example/a#part",
        "http://[2001:DB8::1]/": "http://[2001:db8::1]/",
    }.items(),
)  # fmt: skip
def test_one_place_has_one_address(url: str, form: str) -> None:
    address = normalised(url)
    assert address is not None
    assert address.url == form


@pytest.mark.parametrize(
    "url",
    ["", "x", "/a", "//x.example", "ftp://x.example/", "javascript:alert(1)", "http://", "https:///a", "http://[::1",
     "http://a b/", "https://x.example:99999/", "https://-x.example/", "https://\ud800.example/",
     "https://" + "a" * 300, "https://x.example/" + "a" * 8_000],
)  # fmt: skip
def test_what_is_no_web_address_has_none(url: str) -> None:
    assert normalised(url) is None


@given(st.text(max_size=40))
def test_a_normal_form_is_its_own(text: str) -> None:
    address = normalised(f"https://x.example/{text}")
    if address is not None:
        again = normalised(address.url)
        assert again is not None
        assert again.url == address.url


def test_domains_leave_out_www() -> None:
    assert [link.domain for link in find_links("https://www.x.example/ https://wwwx.example/")] == [
        "x.example",
        "wwwx.example",
    ]


def test_links_of_an_article_tell_their_paragraph() -> None:
    html = (
        '<p id="p1">No link, <a>no</a> <a href="/relative">address</a>.</p>'
        '<blockquote id="p2"><a href="https://x.example/?a=1&amp;b=2">'
        'one &amp; <em>two</em></a></blockquote><p id="p3"><a class="image" href="https://x.example/i.png">boat</a>'
        '<a href="https://x.example/u/mara@y.example">mara</a><a href="mailto:a@x.example">mail</a>'
        '<img src="https://x.example/j.png" alt="a > b"></p>'
    )
    links = links_in_html(html)
    assert described(links) == [
        ("link", "https://x.example/?a=1&b=2", "one & two"),
        ("image", "https://x.example/i.png", "boat"),
        ("mention", "https://y.example/u/mara", "mara"),
        ("image", "https://x.example/j.png", "a > b"),
    ]
    assert [link.position for link in links] == [2, 3, 3, 3]


HOSTILE = (
    "<a href=",
    '<a href="',
    "<a ",
    "<",
    "<a href='https://x.example'>",
    "<p id=p1>",
    "&amp;",
    "<!--",
    "<td><a href=x>",
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_html_does_not_hang(piece: str) -> None:
    assert isinstance(links_in_html(piece * (100_000 // len(piece))), list)


@given(st.text())
def test_any_html_has_a_list_of_links(html: str) -> None:
    assert isinstance(links_in_html(html), list)
