"""Markdown as plain text."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fake_lemmy.captured import NAMES, truth_comments, truth_posts
from thread_archive.markup import plain_text, render_html
from thread_archive.spoilers import CLOSE, OPEN, conceal, reveal


@pytest.mark.parametrize(
    ("markdown", "text"),
    {
        "plain": "plain",
        "**bold** and _slanted_ and ***both***": "bold and slanted and both",
        "snake_case_words and 2 * 3 * 4": "snake_case_words and 2 * 3 * 4",
        "[the page](https://x.example/a_(b)) said": "the page said",
        "![a red boat](https://x.example/i.png)": "a red boat",
        "[![alt](i.png)](https://x.example)": "alt",
        "see https://x.example/a_b_c": "see https://x.example/a_b_c",
        "<https://x.example/>": "https://x.example/",
        "> quoted\n> twice\n\nanswer": "quoted\ntwice\n\nanswer",
        "# Title\ntext": "Title\ntext",
        "- one\n- [x] two\n1. three": "one\n☑ two\n\nthree",
        "~~gone~~ H~2~O x^2^": "gone H2O x2",
        "`code_with_signs` stays": "code_with_signs stays",
        "```python\nx = 1\n```": "x = 1",
        r"\*not slanted\*": "*not slanted*",
        "AT&amp;T &lt;3": "AT&T <3",
        "@mara@lemmy.example in !harbour@lemmy.example": "@mara@lemmy.example in !harbour@lemmy.example",
        "| a | b |\n|---|---|\n| 1 | 2 |": "a b\n1 2",
        "tide<br>table<br/>ledger<br />end": "tide<br>table<br/>ledger<br />end",
        "<!-- not a comment --> <p class='x'>": "<!-- not a comment --> <p class='x'>",
        "`HashMap<Harbour, Pier>` or ``a ` b``": "HashMap<Harbour, Pier> or a ` b",
        "```c\n#include <berths.h>\n```\nnext": "#include <berths.h>\n\nnext",
        "    std::vector<Buoy> b;": "std::vector<Buoy> b;",
        "[`<Pier>`](https://x.example) ![<quay>](https://x.example/i.png)": "<Pier> <quay>",
        "![](https://x.example/a/old%20quay.png)": "old quay.png",
        "| <head> | `a<b>` |\n|---|---|\n| x<br>y | &lt;cell&gt; |": "<head> a<b>\nx<br>y <cell>",
        "sand[^1] bank\n\n[^1]: the <note>": "sand[1] bank\n\nthe <note>",
        "{漢字|かん|じ} {<base>|<reading>}": "漢字(かんじ) <base>(<reading>)",
        "un**believ**able H~2~O, `a`b": "unbelievable H2O, ab",
        "a  \nb\\\nc": "a\nb\nc",
        "[file](magnet:?xt=urn:btih:0a&dn=B%C3%B6) <tel:+1>": "file (magnet:?xt=urn:btih:0a&dn=B%C3%B6) tel:+1",
        "<b>bold</b> but 1 < 2 > 0": "<b>bold</b> but 1 < 2 > 0",
    }.items(),
)
def test_signs_go_and_text_stays(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "excerpt"),
    {
        "::: spoiler Who did it\nThe *gardener*.\n:::\nSorry.": "Who did it\n▒▒▒.\n\nSorry.",
        ":::spoiler Who\nThe gardener.\n\nIn the library": "Who\n▒▒▒",
        "> ::: spoiler Who\n> The gardener.\n> :::\n\nReally?": "Who\n▒▒▒.\n\nReally?",
        "- a\n- ::: spoiler b\n  The gardener\n  :::\n- c": "a\nb\n▒▒▒\n\nc",
        ":::: spoiler Who\n::: spoiler And how\nSo.\n:::\nThe gardener.\n::::\nSorry.": "Who\n▒▒▒.\n\nSorry.",
        "::: spoiler\nThe gardener.\n:::": "Spoiler\n▒▒▒.",
        "::: spoiler Empty\n:::\nSorry.": "Empty\nSorry.",
        "Not one:\n::: warning\ntext\n:::\nmore": "Not one:\n::: warning\ntext\n:::\nmore",
    }.items(),
)
def test_words_in_spoilers_are_there_but_not_in_excerpts(markdown: str, excerpt: str) -> None:
    text = plain_text(markdown)
    assert conceal(text).strip() == excerpt
    assert "gardener" in reveal(text) or "gardener" not in markdown


def test_marks_of_spoilers_cannot_be_smuggled_in() -> None:
    assert plain_text(f"{OPEN}shown{CLOSE}, *too*") == "shown, too"
    assert plain_text(f"{OPEN}shown") == "shown"


CONTENT = st.sampled_from(
    ["HIDDEN text", "- HIDDEN", "> HIDDEN", "*HIDDEN*", "", "1. HIDDEN\n2. b", "```\nHIDDEN\n```"]
)
AROUND = st.sampled_from(["shown", "- shown", "> shown", "", "# shown", "shown\nshown", ":::", "```\nshown\n```"])
SPOILER = st.builds("{0} spoiler title\n{1}\n\n{2}\n{0}".format, st.sampled_from([":::", "::::"]), CONTENT, CONTENT)


@given(st.lists(AROUND), SPOILER, st.lists(AROUND), st.sampled_from(["", "> ", "- ", "1. ", "> - ", "- > "]))
def test_what_the_page_folds_away_no_excerpt_shows(
    before: list[str], spoiler: str, after: list[str], prefix: str
) -> None:
    rest = re.sub(r"[-1.]", " ", prefix)
    inside = "\n".join((prefix if number == 0 else rest) + line for number, line in enumerate(spoiler.split("\n")))
    markdown = "\n\n".join([*before, inside, *after])
    folded = re.findall(r"</summary>(.*?)</details>", render_html(markdown), re.DOTALL)
    if any("HIDDEN" in part for part in folded):
        assert "HIDDEN" in plain_text(markdown)
        assert "HIDDEN" not in conceal(plain_text(markdown))


def test_text_without_signs_is_the_very_same_object() -> None:
    text = "nothing to take away here, not even a comma too many"
    assert plain_text(text) is text


@given(st.text())
def test_any_text_has_a_plain_one(text: str) -> None:
    assert isinstance(plain_text(text), str)


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True), min_size=1))
def test_words_stay(words: list[str]) -> None:
    assert plain_text("**" + " ".join(words) + "** [x](y)").split() == [*words, "x"]


class Reader(HTMLParser):
    """What a browser shows of HTML, spoilers open: readings stand over their word, and brackets around them nowhere."""

    INLINE = frozenset({"a", "code", "em", "strong", "s", "sub", "sup", "span", "ruby"})

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.readings: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.within = tag if tag in ("rt", "rp") else ""
        self.text += " " if tag not in self.INLINE and not self.within else ""

    def handle_endtag(self, tag: str) -> None:
        self.within = ""
        if tag == "ruby":
            self.text += [" ", *self.readings, " "]
            self.readings.clear()
        elif tag not in self.INLINE and tag not in ("rt", "rp"):
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self.within != "rp":
            (self.readings if self.within == "rt" else self.text).append(data)


def words_shown(markdown: str, base: str = "") -> list[str]:
    reader = Reader()
    reader.feed(render_html(markdown, base=base))
    reader.close()
    return re.findall(r"\w+", "".join(reader.text))


PIECES = st.sampled_from(
    [
        *(
            "tide",
            "<br>",
            "<br/>",
            "<b>",
            "</b>",
            "<Pier, Quay>",
            "<!-- ebb -->",
            "#include <buoy.h>",
            "&lt;hull&gt;",
            "&amp;",
        ),
        *(
            " ",
            " ",
            "\n",
            "\n\n",
            "    ",
            "  \n",
            "\\\n",
            "\t",
            "- ",
            "1. ",
            "> ",
            "# ",
            "- [x] ",
            "\n| a | b |\n|---|---|\n| ",
        ),
        *("`", "``", "```", "\n```c\n", "~~~\n", "*", "**", "_", "__", "~", "~~", "^", "\\", "|", "\n---\n", "\n===\n"),
        *(
            "[",
            "](https://e.example/y)",
            "](magnet:?xt=ebb)",
            "](/post/1)",
            '](https://e.example "a title")',
            "![",
            "]",
            "[r]",
        ),
        *(
            "\n\n[r]: xmpp:a@b.example\n",
            "<tel:+1>",
            "<https://e.example/z>",
            "https://e.example/a_b",
            "www.e.example/c",
        ),
        *(
            "![](https://e.example/pier.png)",
            "![](/pictrs/quay.png)",
            "![](data:image/png;base64,AA)",
            "![ebb](https://e.example/)",
        ),
        *(
            "[^1]",
            "^[inline note]",
            "\n\n[^1]: the note\n",
            "{漢字|かん|じ}",
            "{base|reading}",
            "@mara@e.example",
            "!pier@e.example",
        ),
        *(
            "\n::: spoiler the end\n",
            "\n:::\n",
            "\n::: spoiler\n",
            '![parrot](https://e.example/p "emoji macaw")',
            "é",
            "漢",
            "ebb",
        ),
    ]
)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from(["", "https://home.example/"]))
@example("[a](/x) ![](?q) ![]() [b](//[x)", "https://home.example/")
@example("![a `b` [c](magnet:d)](https://e.example/e)", "")
@example("[](xmpp:a) [xmpp:a](xmpp:a) ![](xmpp:a)", "")
def test_the_words_that_are_shown_are_the_words_that_are_found(markdown: str, base: str) -> None:
    assert re.findall(r"\w+", reveal(plain_text(markdown))) == words_shown(markdown, base)


def test_the_words_of_captured_threads_are_found() -> None:
    for name in NAMES:
        for row in truth_comments(name) + truth_posts(name):
            body = row["body"] or ""
            assert re.findall(r"\w+", reveal(plain_text(body))) == words_shown(body)


HOSTILE = (
    "[",
    "*",
    "`",
    ">",
    "~",
    "_a",
    "[a](",
    "<a",
    "- ",
    "![[",
    "|-",
    "^a",
    "**a",
    "&#",
    "\\",
    "::: spoiler a\n",
    "- ",
    ":::\n",
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_does_not_hang_it(piece: str) -> None:
    assert isinstance(plain_text(piece * (1_000_000 // len(piece))), str)
