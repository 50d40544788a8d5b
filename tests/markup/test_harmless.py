"""No text of a comment runs, loads or styles anything in the page that shows it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_lemmy.captured import NAMES, truth_comments, truth_posts
from thread_archive.markup import render_html, rendering

TAGS = {
    *("a", "blockquote", "br", "code", "details", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "rp", "rt"),
    *("ruby", "s", "section", "span", "strong", "sub", "summary", "sup"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"href", "title", "class", "rel", "start", "dir"}
DIRECTIONS = {"auto", "ltr"}
CLASSES = {
    *("spoiler", "task", "image", "mention", "community", "emoji", "footnote", "footnotes", "left", "center", "right")
}
SCHEMES = ("http://", "https://", "mailto:")


class Inspector(HTMLParser):
    """An independent parser that takes note of all that is not on the list."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.faults.append(f"{name}={value}")
            if name == "href" and not (value or "").lower().startswith(SCHEMES):
                self.faults.append(f"href={value}")
            if name == "dir" and value not in DIRECTIONS:
                self.faults.append(f"dir={value}")
            if name == "class" and not set((value or "").split()) <= CLASSES:
                self.faults.append(f"class={value}")
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> out of place")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")


def faults(markdown: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(render_html(markdown, base="https://home.example/comment/1"))
    inspector.close()
    return inspector.faults + [f"<{tag}> open" for tag in inspector.open]


RAW = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/a.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<object data=data:text/html,<script>alert(1)</script>>",
    "<embed src=//x.example/a.swf>",
    "<base href=//x.example/>",
    "<link rel=stylesheet href=//x.example/a.css>",
    "<meta http-equiv=refresh content=0;url=//x.example>",
    "<style>*{background:url(//x.example/a)}</style>",
    '<div style="background:url(javascript:alert(1))">x</div>',
    '<p style="position:fixed;inset:0">x</p>',
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    '<a href="java\tscript:alert(1)">x</a>',
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=javascript:alert(1)?>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script>",
    "<title><script>alert(1)</script>",
    "<p id=main name=location>x</p>",
    "<form action=//x.example><button>x</button></form>",
    "\x00<script>alert(1)</script>",
    "<\x00script>alert(1)</script>",
    "<script\x0c>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
)
ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "java&#x0A;script:alert(1)",
    "javascript\\:alert(1)",
    "javascript%3Aalert(1)",
    "vbscript:msgbox(1)",
    "VBSCRIPT:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:image/png;base64,AAAA",
    "file:///etc/passwd",
    "blob:https://x.example/1",
    "//x.example/a",
    "\\\\x.example\\a",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
    "ws://x.example",
    "about:blank",
    "javascript://%0aalert(1)",
    "javascript:https://x.example",
    "jar:javascript:alert(1)",
    "#javascript:alert(1)",
    "?javascript:alert(1)",
    'https://x.example/" onmouseover=alert(1) x="',
    "https://x.example/'onmouseover='alert(1)",
    "https://x.example/`onmouseover=alert(1)",
    'https://x.example/"><script>alert(1)</script>',
    "https://x.example/&quot; onmouseover=alert(1)",
    "https://x.example/%22onmouseover=alert(1)",
    "https://x.example/&#34;onmouseover=alert(1)",
    "http:javascript:alert(1)",
    "https:javascript:alert(1)",
    "h\u200bttps:javascript:alert(1)",
    "\u202ejavascript:alert(1)",
    "javascript\u200b:alert(1)",
    "\ufeffjavascript:alert(1)",
    "ｊavascript:alert(1)",
)
FRAMES = (
    "{}",
    "[x]({})",
    "[x](<{}>)",
    "![x]({})",
    "![{}](https://x.example/i.png)",
    "<{}>",
    "[x][1]\n\n[1]: {}",
    '[x]({} "t")',
    '[x](https://x.example "{}")',
    '![x](https://x.example/i.png "{}")',
    '![x](https://x.example/i.png "emoji {}")',
    "::: spoiler {}\n{}\n:::",
    "{{{}|{}}}",
    "[^1]\n\n[^1]: {}",
    "^[{}]",
    "| {} |\n|---|\n| {} |",
    "```{}\n{}\n```",
    "`{}`",
    "~~{}~~",
    "H~{}~",
    "x^{}^",
    "# {}",
    "- [ ] {}",
    "> {}",
    "@a@b.example{}",
    "!a@b.example{}",
    "https://x.example/{}",
    "www.x.example/{}",
    "[![{}]({})]({})",
    "[{}](https://x.example)",
    "/c/a@b.example{}",
)


@pytest.mark.parametrize("frame", FRAMES)
def test_no_attack_gets_through_in_any_place(frame: str) -> None:
    for attack in RAW + ADDRESSES:
        markdown = frame.replace("{{", "{").replace("}}", "}").replace("{}", attack)
        assert faults(markdown) == [], markdown


def test_attacks_are_shown_as_text() -> None:
    assert render_html("<script>alert(1)</script>") == '<p dir="auto">&lt;script&gt;alert(1)&lt;/script&gt;</p>\n'
    assert render_html("[x](javascript:alert(1))") == '<p dir="auto">[x](javascript:alert(1))</p>\n'


def test_captured_threads_are_harmless() -> None:
    for name in NAMES:
        for row in truth_comments(name) + truth_posts(name):
            assert faults(row["body"] or "") == [], row["body"]


FRAGMENTS = st.sampled_from(
    [*RAW, *ADDRESSES, *"<>\"'&[]()!`*_~^{}|:\\/\n ", "\n\n", "](", "![", "::: spoiler ", "\n:::\n", "@a@b.c", "</a>"]
)


@given(st.lists(st.one_of(FRAGMENTS, st.sampled_from(FRAMES), st.text(max_size=5)), max_size=12).map("".join))
def test_no_mixture_of_attacks_gets_through(markdown: str) -> None:
    assert faults(markdown) == []


def test_the_inspector_sees_what_it_looks_for() -> None:
    for html in (
        "<script>",
        '<a href="javascript:x">',
        '<p style="x">',
        '<p onclick="x">',
        '<p dir="rtl">',
        "<!--x-->",
        '<p class="x">',
        "<p>",
    ):
        inspector = Inspector()
        inspector.feed(html)
        assert inspector.faults or inspector.open


@pytest.mark.parametrize("attack", [*RAW, *(f'<a href="{address}">x</a>' for address in ADDRESSES)])
def test_the_allow_list_alone_would_hold(attack: str) -> None:
    """Should the parser ever let HTML through."""
    inspector = Inspector()
    inspector.feed(rendering._cleaner().clean(attack))
    assert inspector.faults == []
